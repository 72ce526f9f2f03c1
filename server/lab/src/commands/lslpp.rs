//! `lslpp` (nimadm.md §6.7): the installed filesets.
//!
//! `-l` shows a fileset once for each of its parts. A broken one has lost its root part, and is BROKEN in `/usr`: whoever
//! looks only at the last line of a name would miss it.

use super::{
    Output, emgr,
    flags::Flags,
    software::{listed, locked, row, state, without_headings},
};
use crate::{
    LabError, filesets,
    model::{Host, Installed, State, System},
};
use aix::lslpp;

/// (unconfirmed text)
const USAGE: &str = "Usage: lslpp {-l | -L} [-c] [-q] [FilesetName ... | all] | -e";
const USR: &str = "/usr/lib/objrepos";
const ROOT: &str = "/etc/objrepos";
const LEGEND: &str = "

State codes:
 A -- Applied.
 B -- Broken.
 C -- Committed.
 E -- EFIX Locked.
 O -- Obsolete.  (partially migrated to newer version)
 ? -- Inconsistent State...Run lppchk -v.

Type codes:
 F -- Installp Fileset
 P -- Product
 C -- Component
 T -- Feature
 R -- RPM Package
 E -- Interim Fix
";

/// Filesets by name.
type Shown<'a> = Vec<(&'a str, &'a Installed)>;

pub(super) fn lslpp(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (_, system) = host.rootvg()?;
    let Some(flags) = Flags::read(args, "lLcqae").filter(|flags| flags.count("lLe") == 1) else {
        out.error(USAGE);
        return Ok(1);
    };
    if flags.has('e') {
        emgr::list(system, out);
        return Ok(0);
    }
    let wanted: Vec<_> = flags.operands.iter().copied().filter(|word| *word != "all").collect();
    let all = system.filesets.iter().map(|(name, installed)| (name.as_str(), installed));
    let shown: Shown<'_> =
        all.filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|pattern| matches(pattern, name))).collect();
    let missing = wanted.iter().filter(|pattern| !shown.iter().any(|(name, _)| matches(pattern, name)));
    let missing: Vec<_> = missing.collect();
    for pattern in &missing {
        out.error(format!("lslpp: 0504-132  Fileset {pattern} not installed."));
    }
    let code = u8::from(!missing.is_empty());
    if shown.is_empty() {
        return Ok(code);
    }
    let (text, headings) = match (flags.has('L'), flags.has('c')) {
        (true, true) => (packages(system, &shown), 1),
        (true, false) => (table(system, &shown), 2),
        (false, true) => (parts_in_colons(system, &shown), 1),
        (false, false) => (parts(system, &shown), 2),
    };
    let quiet = flags.has('q');
    out.stdout += &without_headings(&text, if quiet { headings } else { 0 });
    if flags.has('L') && !flags.has('c') && !quiet {
        out.stdout.push_str(LEGEND);
    }
    Ok(code)
}

/// A name against a pattern with `*` and `?`.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = pattern.get(1..).unwrap_or_default();
            (0..=name.len()).filter_map(|at| name.get(at..)).any(|end| matches(rest, end))
        }
        Some(letter) => {
            let mut letters = name.chars();
            letters.next().is_some_and(|found| letter == '?' || letter == found)
                && matches(pattern.get(letter.len_utf8()..).unwrap_or_default(), letters.as_str())
        }
    }
}

fn table(system: &System, shown: &Shown<'_>) -> String {
    let rows: Vec<_> = shown.iter().map(|(name, found)| listed(name, found, locked(system, name))).collect();
    lslpp::print_listing(&rows)
}

fn packages(system: &System, shown: &Shown<'_>) -> String {
    let build = system.level().build;
    let row = |(name, found): &(&str, &Installed)| {
        row(name, filesets::title(name), found.level, state(found, locked(system, name)), build)
    };
    lslpp::print_packages(&shown.iter().map(row).collect::<Vec<_>>())
}

/// Every part of the filesets: those below `/usr`, then those of root.
fn each<T>(shown: &Shown<'_>, part: impl Fn(&'static str, &str, &Installed) -> T) -> Vec<T> {
    let root = shown.iter().filter(|(name, found)| filesets::has_root(name) && found.state != State::Broken);
    let usr = shown.iter().map(|(name, found)| part(USR, name, found));
    usr.chain(root.map(|(name, found)| part(ROOT, name, found))).collect()
}

fn parts(system: &System, shown: &Shown<'_>) -> String {
    let rows = each(shown, |path, name, found| lslpp::Installed {
        path: Some(path.to_owned()),
        fileset: name.to_owned(),
        level: found.level.to_string(),
        state: state(found, locked(system, name)),
        description: Some(filesets::title(name).to_owned()).filter(|title| !title.is_empty()),
    });
    lslpp::print_installed(&rows)
}

fn parts_in_colons(system: &System, shown: &Shown<'_>) -> String {
    let rows = each(shown, |path, name, found| lslpp::InstalledColons {
        path: path.to_owned(),
        fileset: name.to_owned(),
        level: found.level.to_string(),
        ptf_id: None,
        state: state(found, locked(system, name)),
        kind: Some("F".to_owned()),
        description: Some(filesets::title(name).to_owned()).filter(|title| !title.is_empty()),
        efix_locked: locked(system, name).then(|| "EFIXLOCKED".to_owned()),
    });
    lslpp::print_installed_colons(&rows)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_are_a_shells() {
        for (pattern, name) in [("bos.rte", "bos.rte"), ("bos*", "bos.rte"), ("*", "x"), ("b?s.*te", "bos.rte")] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("bos", "bos.rte"), ("bos.*", "bos"), ("?", ""), ("*x", "y")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
