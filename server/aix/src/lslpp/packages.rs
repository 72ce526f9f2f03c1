//! `lslpp -Lc`: the colon form of `-L`. Also `-Lqc`, without the header, and `nim -o showres -a lslpp_flags=Lc`.

use super::State;
use crate::{
    Unreadable,
    text::{filled, table},
};
use serde::{Deserialize, Serialize};

/// A fileset as `lslpp -Lc` describes it. AIX prints a blank where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the header that AIX prints")]
pub struct Package {
    pub package_name: String,
    pub fileset: String,
    pub level: String,
    pub state: Option<String>,
    pub ptf_id: Option<String>,
    /// The state by its letter: what other forms call the state.
    pub fix_state: Option<State>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub description: Option<String>,
    pub destination_dir: Option<String>,
    pub uninstaller: Option<String>,
    pub message_catalog: Option<String>,
    pub message_set: Option<String>,
    pub message_number: Option<String>,
    pub parent: Option<String>,
    pub automatic: Option<bool>,
    pub efix_locked: Option<bool>,
    pub install_path: Option<String>,
    /// Year and week, `2520`; an RPM package has a date with colons.
    pub build_date: Option<String>,
}

const HEADER: &str = "#Package Name:Fileset:Level:State:PTF Id:Fix State:Type:Description:Destination Dir.:Uninstaller:Message Catalog:Message Set:Message Number:Parent:Automatic:EFIX Locked:Install Path:Build Date";
const FIELDS: usize = 18;

/// Reads `lslpp -Lc`, with or without its header.
///
/// # Errors
/// A line without the fields up to the description, or in which the two of them that are 0 or 1 are something else: a
/// description with a colon in it moves the fields behind it.
pub fn packages(output: &str) -> Result<Vec<Package>, Unreadable> {
    table("lslpp -Lc", output, |line| line.starts_with('#'), read)
}

fn read(line: &str) -> Option<Package> {
    let fields: Vec<_> = line.splitn(FIELDS, ':').collect();
    let field = |index: usize| fields.get(index).and_then(|field| filled(field));
    let flag = |index: usize| match fields.get(index).map(|field| field.trim()) {
        None | Some("") => Some(None),
        Some("0") => Some(Some(false)),
        Some("1") => Some(Some(true)),
        Some(_) => None,
    };
    (fields.len() >= 8).then_some(())?;
    Some(Package {
        package_name: field(0)?,
        fileset: field(1)?,
        level: field(2)?,
        state: field(3),
        ptf_id: field(4),
        fix_state: field(5).map(State::from),
        kind: field(6),
        description: field(7),
        destination_dir: field(8),
        uninstaller: field(9),
        message_catalog: field(10),
        message_set: field(11),
        message_number: field(12),
        parent: field(13),
        automatic: flag(14)?,
        efix_locked: flag(15)?,
        install_path: field(16),
        build_date: field(17),
    })
}

/// Prints as `lslpp -Lc` does, with the header.
#[must_use]
pub fn print_packages(packages: &[Package]) -> String {
    let lines = packages.iter().map(|package| format!("{}\n", fields(package).join(":")));
    format!("{HEADER}\n{}", lines.collect::<String>())
}

fn fields(package: &Package) -> [&str; FIELDS] {
    let flag = |flag: Option<bool>| flag.map_or(" ", |flag| if flag { "1" } else { "0" });
    fn text(field: &Option<String>) -> &str {
        field.as_deref().unwrap_or(" ")
    }
    [
        &package.package_name,
        &package.fileset,
        &package.level,
        text(&package.state),
        text(&package.ptf_id),
        package.fix_state.as_ref().map_or(" ", State::letter),
        text(&package.kind),
        text(&package.description),
        text(&package.destination_dir),
        text(&package.uninstaller),
        text(&package.message_catalog),
        text(&package.message_set),
        text(&package.message_number),
        text(&package.parent),
        flag(package.automatic),
        flag(package.efix_locked),
        text(&package.install_path),
        text(&package.build_date),
    ]
}
