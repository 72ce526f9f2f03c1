//! Installed filesets as the rows that `lslpp` prints, and that NIM prints of clients, SPOTs and lpp_sources.
//!
//! Every row is a value of the `aix` crate, written by its printer: what the lab prints is what the parser reads.

use super::Output;
use crate::{
    filesets,
    model::{Installed, State, System},
};
use aix::{
    Vrmf,
    lslpp::{self, Listed, Package},
};

/// The product a fileset belongs to: `bos.alt_disk_install` for `bos.alt_disk_install.rte`.
fn package(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(package, _)| package)
}

/// Whether an interim fix locks a fileset.
pub(super) fn locked(system: &System, name: &str) -> bool {
    system.efixes.iter().any(|efix| efix.locks.iter().any(|locked| locked == name))
}

/// The state of a fileset. A broken one says so whatever locks it.
pub(super) fn state(installed: &Installed, locked: bool) -> lslpp::State {
    match installed.state {
        State::Broken => lslpp::State::Broken,
        _ if locked => lslpp::State::EfixLocked,
        State::Applied => lslpp::State::Applied,
        State::Committed => lslpp::State::Committed,
    }
}

/// A row of `lslpp -L`.
pub(super) fn listed(name: &str, installed: &Installed, locked: bool) -> Listed {
    Listed {
        fileset: name.to_owned(),
        level: installed.level.to_string(),
        state: state(installed, locked),
        kind: Some("F".to_owned()),
        description: Some(filesets::title(name).to_owned()).filter(|title| !title.is_empty()),
    }
}

/// A row of `lslpp -Lc`.
pub(super) fn row(name: &str, title: &str, level: Vrmf, state: lslpp::State, build: u16) -> Package {
    Package {
        package_name: package(name).to_owned(),
        fileset: name.to_owned(),
        level: level.to_string(),
        state: None,
        ptf_id: None,
        efix_locked: Some(state == lslpp::State::EfixLocked),
        fix_state: Some(state),
        kind: None,
        description: Some(title.to_owned()).filter(|title| !title.is_empty()),
        destination_dir: None,
        uninstaller: None,
        message_catalog: None,
        message_set: None,
        message_number: None,
        parent: None,
        automatic: Some(false),
        install_path: Some("/".to_owned()),
        build_date: Some(format!("{build:04}")),
    }
}

/// A line of `lslpp -Lc`, which `nim -o showres -a lslpp_flags=Lc` prints too.
pub(super) fn colon_line(name: &str, title: &str, vrmf: Vrmf, build: u16) -> String {
    let row = row(name, title, vrmf, lslpp::State::Committed, build);
    without_headings(&lslpp::print_packages(&[row]), 1).trim_end_matches('\n').to_owned()
}

/// The header above such lines.
pub(super) const COLON_HEADER: &str = "#Package Name:Fileset:Level:State:PTF Id:Fix State:Type:Description:Destination Dir.:Uninstaller:Message Catalog:Message Set:Message Number:Parent:Automatic:EFIX Locked:Install Path:Build Date";

/// `nim -o lslpp`: the table of `lslpp -L` without its legend.
pub(super) fn listing<'a>(shown: impl IntoIterator<Item = (&'a String, &'a Installed)>, out: &mut Output) {
    let rows: Vec<_> = shown.into_iter().map(|(name, installed)| listed(name, installed, false)).collect();
    out.stdout += &lslpp::print_listing(&rows);
}

/// What a printer printed, without its first lines: the `-q` of AIX's tables.
pub(super) fn without_headings(text: &str, lines: usize) -> String {
    text.split_inclusive('\n').skip(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_printers_own() {
        assert_eq!(lslpp::print_packages(&[]), format!("{COLON_HEADER}\n"));
    }
}
