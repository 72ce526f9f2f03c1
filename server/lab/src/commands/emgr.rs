//! `emgr` (nimadm.md §6.8): interim fixes, listed and removed.

use super::{Context, Output, flags::Flags};
use crate::{
    LabError,
    model::{Efix, Host, System},
};
use aix::efix::{self, Style};

/// (unconfirmed text)
const USAGE: &str = "Usage: emgr -l [ -L Label | -n Number ] [ -v Level ] | -r { -L Label | -n Number } [ -p ] | -P";
const RULE: &str = "=============================================================================";

pub(super) fn emgr(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let good = |flags: &Flags<'_>| {
        let one = flags.value('L').is_some() || flags.value('n').is_some();
        flags.count("lrP") == 1
            && (!flags.has('r') || one)
            && flags.value('v').is_none_or(|level| matches!(level, "1" | "2" | "3"))
    };
    let Some(flags) = Flags::alone(args, "lrpPXL:n:v:").filter(good) else {
        out.error(USAGE);
        return Ok(1);
    };
    if flags.has('r') {
        return remove(context, &flags, out);
    }
    let host = context.host()?;
    let (_, system) = host.rootvg()?;
    let mut shown = rows(system);
    shown.retain(|(row, _)| asked(&flags, row));
    if flags.has('P') {
        packages(&shown, out);
    } else if matches!(flags.value('v'), Some("2" | "3")) && !shown.is_empty() {
        shown.iter().for_each(|(row, efix)| detail(row, efix, &host, out));
    } else if shown.is_empty() && flags.count("Ln") > 0 {
        return Ok(unknown(&flags, out));
    } else {
        print(system, &shown.into_iter().map(|(row, _)| row).collect::<Vec<_>>(), out);
    }
    Ok(0)
}

/// `emgr -l`, and `lslpp -e`.
pub(super) fn list(system: &System, out: &mut Output) {
    print(system, &rows(system).into_iter().map(|(row, _)| row).collect::<Vec<_>>(), out);
}

fn print(system: &System, rows: &[efix::Efix], out: &mut Output) {
    let level = system.level();
    // 7.3 draws the rule without gaps, which broke parsers.
    let style = if (level.version, level.release) >= (7, 3) { Style::Aix73 } else { Style::Aix72 };
    if !rows.is_empty() {
        // Some releases begin with an empty line.
        out.line("");
    }
    out.stdout += &efix::print(rows, style);
}

fn rows(system: &System) -> Vec<(efix::Efix, &Efix)> {
    let row = |(id, efix)| (row(id, efix), efix);
    (1..).zip(&system.efixes).map(row).collect()
}

fn row(id: u32, efix: &Efix) -> efix::Efix {
    efix::Efix {
        id,
        state: efix.state.trim_matches('*').to_owned(),
        label: efix.label.clone(),
        install_time: efix.installed.clone(),
        updated_by: None,
        about: Some(efix.title.clone()).filter(|title| !title.is_empty()),
    }
}

fn asked(flags: &Flags<'_>, row: &efix::Efix) -> bool {
    flags.value('L').is_none_or(|label| label == row.label)
        && flags.value('n').is_none_or(|number| number.parse() == Ok(row.id))
}

/// (unconfirmed text)
fn unknown(flags: &Flags<'_>, out: &mut Output) -> u8 {
    let what = flags.value('L').or(flags.value('n')).unwrap_or_default();
    out.error(format!("emgr: 0645-070 The specified efix, {what}, is not installed."));
    1
}

/// `emgr -lv3` (unconfirmed layout).
fn detail(row: &efix::Efix, efix: &Efix, host: &Host, out: &mut Output) {
    let state = if row.reboot_required() { "REBOOT REQUIRED" } else { "STABLE" };
    let (date, time) = row.install_time.split_once(' ').unwrap_or((&row.install_time, ""));
    out.line(format!(
        "{RULE}
EFIX ID: {}
EFIX LABEL: {}
INSTALL DATE: {date}
INSTALL TIME: {time}
STATUS: {state}
ABSTRACT: {}
MACHINE ID: {}

PACKAGES LOCKED:",
        row.id, row.label, efix.title, host.hardware.cpuid
    ));
    efix.locks.iter().for_each(|locked| out.line(format!("   {locked}")));
    out.line("");
}

/// `emgr -P` (unconfirmed layout).
fn packages(shown: &[(efix::Efix, &Efix)], out: &mut Output) {
    let locks: Vec<_> =
        shown.iter().flat_map(|(row, efix)| efix.locks.iter().map(|locked| (locked, &row.label))).collect();
    if locks.is_empty() {
        out.line("There are no locked packages on this system.");
        return;
    }
    out.line("");
    out.line("PACKAGE                                                  INSTALLER   LABEL");
    out.line("======================================================== =========== ==========");
    for (locked, label) in locks {
        out.line(format!("{locked:<56} {:<11} {label}", "installp"));
    }
}

/// Takes a fix away; its filesets are not locked any more. Real fixes of the kernel need a reboot for that (simplified).
fn remove(context: &Context, flags: &Flags<'_>, out: &mut Output) -> Result<u8, LabError> {
    let preview = flags.has('p');
    let removed = context.store.update(&context.host, |host| {
        let system = host.system_mut()?;
        let found = (1..).zip(&system.efixes).position(|(id, efix)| asked(flags, &row(id, efix)));
        let taken = found.map(|at| if preview { system.efixes[at].clone() } else { system.efixes.remove(at) });
        Ok::<_, LabError>(taken)
    })?;
    let Some(efix) = removed else { return Ok(unknown(flags, out)) };
    let done = if preview { "PREVIEW" } else { "REMOVE" };
    // (unconfirmed text)
    out.line(format!(
        "
+-----------------------------------------------------------------------------+
Efix Manager Initialization
+-----------------------------------------------------------------------------+
Initializing log /var/adm/ras/emgr.log ...

+-----------------------------------------------------------------------------+
Processing Efix Label \"{}\"
+-----------------------------------------------------------------------------+

+-----------------------------------------------------------------------------+
Operation Summary
+-----------------------------------------------------------------------------+
Log file is /var/adm/ras/emgr.log

EFIX NUMBER       LABEL               OPERATION              RESULT
===========       ==============      =================      ==============
1                 {:<19} {done:<22} SUCCESS

Return Status = SUCCESS",
        efix.label, efix.label
    ));
    Ok(0)
}
