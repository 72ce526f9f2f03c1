//! `oslevel` (nimadm.md §6.6): what the installed filesets amount to.
//!
//! The level is stored nowhere. A fileset that lags or broke pulls it down, and `-l` names that fileset: the same rule
//! answers both, so they cannot contradict each other.

use super::{Output, flags::Flags};
use crate::{
    LabError, filesets,
    model::{Host, System},
};
use aix::{
    Level, OsLevel,
    oslevel::{self, Behind},
};

/// (unconfirmed text)
const USAGE: &str = "Usage: oslevel [-r [-l RecommendedLevel | -q] | -s [-l ServicePack | -q]] [-f]";

pub(super) fn oslevel(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (_, system) = host.rootvg()?;
    let flags = Flags::alone(args, "rsqfl:").filter(|flags| flags.count("rs") < 2 && flags.count("ql") < 2);
    let Some(flags) = flags else {
        out.error(USAGE);
        return Ok(1);
    };
    let level = system.level();
    let (technology, service) = (flags.has('r'), flags.has('s'));
    if let Some(wanted) = flags.value('l') {
        return Ok(lagging(system, wanted, service, out));
    }
    if flags.has('q') {
        known(system, service, out);
    } else if service {
        out.stdout += &oslevel::print(&level.into());
    } else if technology {
        out.line(tl(level));
    } else {
        out.line(format!("{}.{}.0.0", level.version, level.release));
    }
    Ok(0)
}

/// `7200-05`.
pub(super) fn tl(level: Level) -> String {
    format!("{}{}00-{:02}", level.version, level.release, level.tl)
}

/// The levels a system has heard of, newest first: those of its own base system and before.
pub(super) fn heard(system: &System) -> Vec<Level> {
    let Some(base) = system.filesets.get("bos.rte") else { return Vec::new() };
    let Level { version, release, .. } = system.level();
    filesets::known(version, release).filter(|known| filesets::level_of("bos.rte", *known) <= base.level).collect()
}

fn known(system: &System, service: bool, out: &mut Output) {
    let levels = heard(system);
    if service {
        let levels: Vec<_> = levels.into_iter().map(OsLevel::from).collect();
        out.stdout += &oslevel::print_known(&levels);
        return;
    }
    out.line("Known Recommended Maintenance Levels");
    out.line("------------------------------------");
    let newest = levels.first().map_or(0, |level| level.tl);
    let Level { version, release, .. } = system.level();
    (0..=newest).rev().for_each(|at| out.line(tl(filesets::level(version, release, at, 0, 0))));
}

fn lagging(system: &System, wanted: &str, service: bool, out: &mut Output) -> u8 {
    let level = system.level();
    let same = |wanted: &Level| (wanted.version, wanted.release) == (level.version, level.release);
    let parts = if service { 3..=4 } else { 2..=2 };
    let whole = parts.contains(&wanted.split('-').count());
    let Some(wanted) = wanted.parse::<Level>().ok().filter(|found| whole && same(found)) else {
        // (unconfirmed text)
        out.error(format!("oslevel: {wanted} is not a known level of this version and release."));
        return 1;
    };
    let row = |(fileset, actual, recommended): (&str, &aix::Vrmf, aix::Vrmf)| Behind {
        fileset: fileset.to_owned(),
        actual: *actual,
        recommended,
    };
    let rows: Vec<_> = filesets::behind(&system.filesets, wanted).into_iter().map(row).collect();
    out.stdout += &oslevel::print_behind(&rows);
    0
}
