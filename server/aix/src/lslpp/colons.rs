//! `lslpp -lc`: the colon form of `-l`. Its lines begin with a path that the header does not name `[log GLPI]`.

use super::State;
use crate::{
    Unreadable,
    text::{filled, table},
};
use serde::{Deserialize, Serialize};

/// A fileset as `lslpp -lc` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledColons {
    /// The database that knows of it: `/usr/lib/objrepos`.
    pub path: String,
    /// Its name.
    pub fileset: String,
    /// Its level, as printed.
    pub level: String,
    /// The fix it came with.
    pub ptf_id: Option<String>,
    /// Its state.
    pub state: State,
    /// `F` for a fileset.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it is; can have colons.
    pub description: Option<String>,
    /// What locks it; empty as a rule.
    pub efix_locked: Option<String>,
}

const HEADER: &str = "#Fileset:Level:PTF Id:State:Type:Description:EFIX Locked";

/// Reads `lslpp -lc`, with or without its header.
///
/// # Errors
/// A line that does not have a path and seven fields behind it.
pub fn installed_colons(output: &str) -> Result<Vec<InstalledColons>, Unreadable> {
    table(
        "lslpp -lc",
        output,
        |line| line.starts_with('#'),
        |line| {
            // The description is what lies between the fields counted from the left and the last one.
            let (line, efix_locked) = line.rsplit_once(':')?;
            let mut fields = line.splitn(7, ':');
            let mut field = || fields.next().map(str::trim);
            Some(InstalledColons {
                path: field().filter(|path| path.starts_with('/'))?.to_owned(),
                fileset: filled(field()?)?,
                level: filled(field()?)?,
                ptf_id: filled(field()?),
                state: filled(field()?)?.into(),
                kind: filled(field()?),
                description: filled(field()?),
                efix_locked: filled(efix_locked),
            })
        },
    )
}

/// Prints as `lslpp -lc` does, with the header.
#[must_use]
pub fn print_installed_colons(filesets: &[InstalledColons]) -> String {
    fn text(field: &Option<String>) -> &str {
        field.as_deref().unwrap_or_default()
    }
    let mut out = format!("{HEADER}\n");
    for row in filesets {
        let InstalledColons { path, fileset, level, ptf_id, state, kind, description, efix_locked } = row;
        let (ptf_id, state, kind) = (text(ptf_id), state.word(), text(kind));
        out +=
            &format!("{path}:{fileset}:{level}:{ptf_id}:{state}:{kind}:{}:{}\n", text(description), text(efix_locked));
    }
    out
}
