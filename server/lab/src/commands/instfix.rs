//! `instfix` (nimadm.md §6.10): which technology levels and service packs are complete.
//!
//! A keyword is complete where none of its filesets is below it, and `-v` lists exactly these filesets: both views come from the
//! same rows.

use super::{Output, flags::Flags, oslevel};
use crate::{
    LabError, filesets,
    model::{Host, State, System},
};
use aix::{
    Level,
    instfix::{self, Fix, FixFileset, Status},
};

/// (unconfirmed text)
const USAGE: &str = "Usage: instfix -i [-c] [-q] [-t Type] [-v] [-k Keyword | -f File]";
/// As `aix`'s fixture has it from public code.
const HEADER: &str = "Keyword:Fileset:ReqLevel:InstLevel:Status:Abstract";

/// A technology level or service pack, and what it is called in the fix database.
struct Keyword {
    name: String,
    about: String,
    level: Level,
}

pub(super) fn instfix(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (_, system) = host.rootvg()?;
    let Some(flags) = Flags::alone(args, "icqvk:t:").filter(|flags| flags.has('i')) else {
        out.error(USAGE);
        return Ok(1);
    };
    let mut keywords = keywords(system);
    if let Some(wanted) = flags.value('k') {
        let wanted: Vec<_> = wanted.split_whitespace().collect();
        keywords.retain(|keyword| wanted.contains(&keyword.name.as_str()));
        for unknown in wanted.iter().filter(|name| !keywords.iter().any(|keyword| keyword.name == **name)) {
            // (unconfirmed text)
            out.error(format!("    There was no data for {unknown} in the fix database."));
        }
        if keywords.is_empty() {
            return Ok(1);
        }
    }
    if flags.value('t').is_some_and(|kind| kind == "p") {
        keywords.retain(|keyword| keyword.name.ends_with("_AIX_ML"));
    }
    let rows: Vec<Vec<_>> = keywords.iter().map(|keyword| rows(system, keyword)).collect();
    let whole = |rows: &[FixFileset]| !rows.iter().any(|row| row.status == Status::Below);
    if flags.has('c') {
        if !flags.has('q') {
            out.line(HEADER);
        }
        out.stdout += &instfix::print_filesets(&rows.concat());
    } else {
        for (keyword, rows) in keywords.iter().zip(&rows) {
            if flags.has('v') {
                print_verbose(keyword, rows, out);
            }
            let fix = Fix { keyword: keyword.name.clone(), complete: whole(rows) };
            out.stdout += &instfix::print(&[fix]);
        }
    }
    // A fix asked for by name that is not complete is a failure; a list is none.
    let failed = flags.value('k').is_some() && !rows.iter().all(|rows| whole(rows));
    Ok(u8::from(failed))
}

/// (unconfirmed layout)
fn print_verbose(keyword: &Keyword, rows: &[FixFileset], out: &mut Output) {
    out.line(format!("{} Abstract: {}", keyword.name, keyword.about));
    for FixFileset { fileset, required, installed, status, .. } in rows {
        let verdict = match (status, installed) {
            (Status::NotInstalled, _) | (_, None) => "not installed on the system".to_owned(),
            (_, Some(level)) => format!("{level} is applied on the system"),
        };
        out.line(format!("    Fileset {fileset}:{required} {verdict}."));
    }
}

/// The levels that a system knows of: the technology levels, the base line before them or, on 6.1, behind them, then the
/// service packs.
fn keywords(system: &System) -> Vec<Keyword> {
    let heard = oslevel::heard(system);
    let Level { version, release, .. } = system.level();
    let tls = 0..=heard.first().map_or(0, |level| level.tl);
    let mut keywords: Vec<_> = tls
        .map(|tl| filesets::level(version, release, tl, 0, 0))
        .map(|level| Keyword {
            name: format!("{}_AIX_ML", oslevel::tl(level)),
            about: format!("AIX {} Update", oslevel::tl(level)),
            level,
        })
        .collect();
    let base = Keyword {
        name: format!("{version}.{release}.0.0_AIX_ML"),
        about: format!("AIX {version}.{release}.0.0 Release"),
        level: filesets::level(version, release, 0, 0, 0),
    };
    keywords.insert(if version < 7 { keywords.len() } else { 0 }, base);
    keywords.extend(heard.iter().rev().map(|level| Keyword {
        name: format!("{version}{release}-{:02}-{:02}{:04}_SP", level.tl, level.sp, level.build),
        about: format!("AIX {level} Service Pack"),
        level: *level,
    }));
    keywords
}

/// What a level wants of each fileset, and what is there.
fn rows(system: &System, keyword: &Keyword) -> Vec<FixFileset> {
    let row = |(name, _): &filesets::Fileset| {
        let found = system.filesets.get(*name);
        let required = filesets::level_of(name, keyword.level);
        let status = match found {
            None => Status::NotInstalled,
            // Its root part is missing, whatever its level says.
            Some(found) if found.state == State::Broken || found.level < required => Status::Below,
            Some(found) if found.level == required => Status::Equal,
            Some(_) => Status::Above,
        };
        FixFileset {
            keyword: keyword.name.clone(),
            fileset: (*name).to_owned(),
            required: required.to_string(),
            installed: found.map(|found| found.level.to_string()),
            status,
            about: keyword.about.clone(),
        }
    };
    filesets::BASE.iter().map(row).collect()
}
