//! `installp` beyond installing: what is applied, committing it, and cleaning up after a failure (nimadm.md §3.2 S6).

use super::{Context, Output, flags::Flags, lslpp::matches};
use crate::{
    LabError, filesets,
    model::{Host, Installed, State},
};

/// (unconfirmed text)
const USAGE: &str =
    "Usage: installp -c [-g] [-p] [-X] [-V Number] { FilesetName ... | all } | -s [FilesetName ... | all] | -C";
const RULE: &str = "+-----------------------------------------------------------------------------+";

/// A fileset and its level.
type Row = (String, String);

pub(super) fn installp(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    // A commit must name what; a clean-up takes all.
    let good = |flags: &Flags<'_>| {
        flags.count("csC") == 1 && !(flags.has('c') && flags.operands.is_empty()) && !(flags.has('C') && flags.has('g'))
    };
    match Flags::read(args, "csCgpXNV:e:").filter(good) {
        Some(flags) if flags.has('s') => status(&context.host()?, &flags.operands, out),
        Some(flags) if flags.has('c') => commit(context, &flags, out),
        Some(flags) if flags.operands.is_empty() => clean_up(context, flags.has('p'), out),
        _ => {
            out.error(USAGE);
            Ok(1)
        }
    }
}

/// The filesets in a state, of those asked for.
fn in_state(host: &Host, state: State, asked: &[&str]) -> Result<Vec<Row>, LabError> {
    let wanted = |name: &str| asked.iter().all(|word| *word == "all") || asked.iter().any(|word| matches(word, name));
    let found = |(name, found): (&String, &Installed)| {
        (found.state == state && wanted(name)).then(|| (name.clone(), found.level.to_string()))
    };
    Ok(host.rootvg()?.1.filesets.iter().filter_map(found).collect())
}

/// Nothing to do is a message and no failure: people put `installp -s` into scripts to see that nothing is left (unconfirmed code).
fn none(what: &str, out: &mut Output) -> u8 {
    // (unconfirmed text)
    out.error(format!(
        "0503-459 installp:  No filesets were found in the Software Vital\n        Product Database {what}."
    ));
    0
}

fn status(host: &Host, asked: &[&str], out: &mut Output) -> Result<u8, LabError> {
    let applied = in_state(host, State::Applied, asked)?;
    if applied.is_empty() {
        return Ok(none("in the APPLIED state", out));
    }
    // (unconfirmed layout)
    out.line("Part    Name                                     Level           State");
    out.line("-".repeat(76));
    for (name, level) in applied {
        for part in parts(&name) {
            out.line(format!("{part:<7} {name:<40} {level:<15} APPLIED"));
        }
    }
    Ok(0)
}

fn commit(context: &Context, flags: &Flags<'_>, out: &mut Output) -> Result<u8, LabError> {
    let preview = flags.has('p');
    let done = context.store.update(&context.host, |host| {
        let applied = in_state(host, State::Applied, &flags.operands)?;
        let system = host.system_mut()?;
        for (name, _) in applied.iter().filter(|_| !preview) {
            if let Some(installed) = system.filesets.get_mut(name) {
                installed.state = State::Committed;
            }
        }
        Ok::<_, LabError>(applied)
    })?;
    if done.is_empty() {
        return Ok(none("that could be committed", out));
    }
    summary("COMMIT", "COMMITTING", &done, preview, out);
    Ok(0)
}

/// Takes away what is left of filesets whose installation failed: they are not installed any more.
fn clean_up(context: &Context, preview: bool, out: &mut Output) -> Result<u8, LabError> {
    let done = context.store.update(&context.host, |host| {
        let broken = in_state(host, State::Broken, &[])?;
        let system = host.system_mut()?;
        if !preview {
            for (name, _) in &broken {
                system.filesets.remove(name);
            }
        }
        Ok::<_, LabError>(broken)
    })?;
    if done.is_empty() {
        // (unconfirmed text)
        out.error("0503-439 installp:  No filesets were found in the Software Vital\n        Product Database that could be cleaned up.");
        return Ok(0);
    }
    summary("CLEANUP", "CLEANING UP", &done, preview, out);
    Ok(0)
}

fn parts(name: &str) -> &'static [&'static str] {
    if filesets::has_root(name) { &["USR", "ROOT"] } else { &["USR"] }
}

/// The end of an installp session (nimadm.md §2.6 has its table).
fn summary(event: &str, doing: &str, rows: &[Row], preview: bool, out: &mut Output) {
    if preview {
        out.line("*******************************************************************************");
        out.line(format!("installp PREVIEW:  {event} operation will not actually occur."));
        out.line("*******************************************************************************");
    } else {
        for (name, level) in rows {
            out.line(format!("installp:  {doing} software for:\n        {name} {level}\n"));
        }
        out.line(format!("Finished processing all filesets.  (Total time:  {} secs).", rows.len()));
    }
    out.line(format!("\n{RULE}\n                                Summaries:\n{RULE}\n"));
    out.line("Installation Summary\n--------------------");
    out.line("Name                        Level           Part        Event       Result");
    out.line("-".repeat(79));
    for (name, level) in rows {
        for part in parts(name) {
            let result = if preview { "" } else { "SUCCESS" };
            out.line(format!("{name:<27} {level:<16}{part:<12}{event:<12}{result}").trim_end());
        }
    }
}
