//! What in the estate endangers a migration, from what was seen. Pure: facts in, findings out.
//!
//! A finding never moves a migration. It says what a person should know before the cutover, the rollback or the next boot turns it
//! into damage. What could not be asked is no finding, and ends none: a host that is silent says neither that something is wrong
//! nor that it is right again. So every kind knows where its evidence comes from, and [`merge`] keeps what was not looked at.
//!
//! Disks are compared by PVID wherever a reboot may lie in between; their names are for today.

use aix::{DiskName, ObjectName, Phase, Pvid, bootlist, lspv::PhysicalVolume, ps, uptime};
use app::model::{BootlistPolicy, Gravity, Interlock, InterlockKind, Snapshot, State, Timestamp};
use std::{collections::HashMap, time::Duration};
use time::OffsetDateTime;

/// MiB in the cache volume group below which a run may fail for want of space; after nimadm.md §3.3, /usr alone grows by 1 to 3 GiB.
const CACHE_WARN: u64 = 2048;
const CACHE_ALARM: u64 = 512;
/// Phases that need the cache.
const CACHED: std::ops::RangeInclusive<u8> = 2..=9;
/// Uptime is told in minutes, and clocks differ a little.
const CLOCKS: time::Duration = time::Duration::minutes(3);
/// How long before its end the rollback window is spoken of.
const SOON: time::Duration = time::Duration::days(2);

/// The migration.
#[derive(Debug)]
pub struct Case<'a> {
    /// Where it stands.
    pub state: State,
    /// NIM name of the client.
    pub client: &'a str,
    /// The client just before the start.
    pub before: Option<&'a Snapshot>,
    /// Who sets the bootlist.
    pub policy: BootlistPolicy,
    /// The target disks as asked for.
    pub targets: &'a [DiskName],
    /// Their PVIDs, once known.
    pub pvids: &'a [Pvid],
    /// The phase it is in.
    pub phase: Option<Phase>,
    /// The cache volume group.
    pub cache_vg: Option<&'a str>,
    /// When nimadm ended.
    pub cloned_at: Option<OffsetDateTime>,
    /// When it was cut over.
    pub cutover_at: Option<OffsetDateTime>,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Facts {
    /// The client; none where it does not answer.
    pub client: Option<Snapshot>,
    /// The master's processes and the migration's own among them; none where it does not answer.
    pub processes: Option<(Vec<ps::Process>, Vec<u64>)>,
    /// MiB free in the cache volume group; none where that is not known.
    pub cache_free: Option<u64>,
}

/// What is too long.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A clone older than this has missed too much.
    pub clone_max_age: Duration,
    /// How long after the cutover the old system is kept for a rollback.
    pub rollback_window: Duration,
}

/// Whether a state is watched.
#[must_use]
pub fn is_watched(state: State) -> bool {
    matches!(state, State::Running | State::Held | State::CloneReady | State::Awake | State::Verified)
}

/// Whether the cache volume group is worth asking for.
#[must_use]
pub fn needs_cache(case: &Case<'_>) -> bool {
    let in_phase = case.phase.is_some_and(|phase| CACHED.contains(&phase.number()));
    matches!(case.state, State::Running | State::Held) && in_phase && case.cache_vg.is_some()
}

/// Everything that is wrong now.
#[must_use]
pub fn findings(case: &Case<'_>, facts: &Facts, now: OffsetDateTime, limits: &Limits) -> Vec<Interlock> {
    let client = facts.client.as_ref();
    let found = match case.state {
        State::Running | State::Held => vec![
            client.and_then(|client| bootlist_drift(case, client)),
            client.and_then(|client| target_disk(case, client)),
            foreign_nimadm(case, facts),
            cache_space(case, facts),
        ],
        State::CloneReady | State::Awake => vec![
            client.and_then(|client| bootlist_drift(case, client)),
            client.and_then(|client| target_disk(case, client)),
            client.and_then(|client| rebooted(case, client)),
            foreign_nimadm(case, facts),
            clone_age(case, now, limits),
        ],
        State::Verified => vec![
            client.and_then(|client| next_boot(case, client)),
            client.and_then(|client| old_rootvg(case, client)),
            rollback_window(case, now, limits),
        ],
        _ => Vec::new(),
    };
    let since = Timestamp::from_unix_millis(Timestamp::from(now).unix_millis());
    found
        .into_iter()
        .flatten()
        .map(|(kind, severity, text, advice)| Interlock { kind, severity, text, advice, since })
        .collect()
}

type Found = (InterlockKind, Gravity, String, String);

fn alarm(kind: InterlockKind, text: String, advice: impl Into<String>) -> Option<Found> {
    Some((kind, Gravity::Alarm, text, advice.into()))
}

fn warn(kind: InterlockKind, text: String, advice: impl Into<String>) -> Option<Found> {
    Some((kind, Gravity::Warn, text, advice.into()))
}

fn shown(boot: &[bootlist::BootDevice]) -> String {
    let devices = bootlist::devices(boot).join(" ");
    if devices.is_empty() { "nothing".to_owned() } else { devices }
}

/// Before the cutover the next boot must start the old system, unless nimadm was to set the bootlist itself.
fn bootlist_drift(case: &Case<'_>, now: &Snapshot) -> Option<Found> {
    let before = case.before?;
    let found = bootlist::devices(&now.boot);
    let as_before = found == bootlist::devices(&before.boot);
    let to_clone = found.first().is_some_and(|device| is_clone(case, now, device));
    let by_nimadm = case.policy == BootlistPolicy::Nimadm;
    if by_nimadm && as_before && case.state == State::CloneReady {
        let text = format!("nimadm was to point the bootlist to the clone, and it still reads {}.", shown(&now.boot));
        return warn(
            InterlockKind::BootlistDrift,
            text,
            "The next reboot starts the old system. A cutover sets it right.",
        );
    }
    if as_before || (by_nimadm && to_clone) {
        return None;
    }
    let (was, is) = (shown(&before.boot), shown(&now.boot));
    let text = format!("Somebody has changed the bootlist of {}: it reads {is}, and read {was}.", case.client);
    let boots = if to_clone && case.state == State::CloneReady { "the clone, unapproved" } else { "something else" };
    let advice = format!(
        "The next reboot would start {boots}, and a cutover is refused. Find out who changed it; to set it back: bootlist -m normal {was}."
    );
    alarm(InterlockKind::BootlistDrift, text, advice)
}

/// Whether a device of today's bootlist is a disk of the clone.
fn is_clone(case: &Case<'_>, now: &Snapshot, device: &str) -> bool {
    match now.disks.iter().find(|pv| pv.disk.as_str() == device) {
        Some(pv) if !case.pvids.is_empty() => pv.pvid.as_ref().is_some_and(|pvid| case.pvids.contains(pvid)),
        Some(pv) => case.targets.contains(&pv.disk),
        None => false,
    }
}

/// The target disks are there, and hold the clone or, before it is made, nothing.
fn target_disk(case: &Case<'_>, now: &Snapshot) -> Option<Found> {
    let by_pvid = case
        .pvids
        .iter()
        .map(|pvid| (format!("The disk with PVID {pvid}"), now.disks.iter().find(|pv| pv.pvid.as_ref() == Some(pvid))));
    // A disk without a PVID gets one from alt_disk_copy: until then its name is all there is.
    let by_name = case.targets.iter().map(|disk| (disk.to_string(), now.disks.iter().find(|pv| pv.disk == *disk)));
    let disks: Vec<_> = if case.pvids.is_empty() { by_name.collect() } else { by_pvid.collect() };
    let advice = "Do not cut over. Find out who took the disk; cancel the migration and launch it again.";
    disks.into_iter().find_map(|(what, disk)| {
        let Some(disk) = disk else {
            let text = format!("{what} is not on {} any more.", case.client);
            return alarm(InterlockKind::TargetDisk, text, advice);
        };
        match vg(disk) {
            Some("altinst_rootvg") => None,
            None if case.state != State::CloneReady => None,
            vg => {
                let holds = vg.unwrap_or("nothing");
                let text = format!("{what} ({}) holds {holds}, not altinst_rootvg.", disk.disk);
                alarm(InterlockKind::TargetDisk, text, advice)
            }
        }
    })
}

fn vg(disk: &PhysicalVolume) -> Option<&str> {
    disk.vg.as_ref().map(ObjectName::as_str)
}

/// A nimadm for the client that does not come from the migration's job.
fn foreign_nimadm(case: &Case<'_>, facts: &Facts) -> Option<Found> {
    let (processes, own) = facts.processes.as_ref()?;
    let parents: HashMap<u64, u64> = processes.iter().map(|process| (process.pid, process.ppid)).collect();
    let is_own = |process: &ps::Process| {
        // A table of processes has no cycles, but it may be read while it changes.
        let up = std::iter::successors(Some(process.pid), |pid| parents.get(pid).copied()).take(64);
        up.into_iter().any(|pid| own.contains(&pid))
    };
    let foreign = processes.iter().find(|process| {
        ps::nimadm_client(&process.cmd).is_some_and(|client| client.as_str() == case.client) && !is_own(process)
    })?;
    let command: String = foreign.cmd.chars().take(300).collect();
    let text = format!(
        "The master runs a nimadm for {} that is not nimdeck's: process {}, {command}",
        case.client, foreign.pid
    );
    let advice = "Two nimadms on one client destroy each other's work. Find out whose it is and end one of them.";
    alarm(InterlockKind::ForeignNimadm, text, advice)
}

fn cache_space(case: &Case<'_>, facts: &Facts) -> Option<Found> {
    let (free, vg) = (facts.cache_free.filter(|_| needs_cache(case))?, case.cache_vg?);
    let text = format!(
        "Volume group {vg} on the master has less than {} free.",
        if free < CACHE_ALARM { "512 MiB" } else { "2 GiB" }
    );
    let advice = "File systems of the cache grow in phases 5 and 6, and a full one fails the run: add a disk with extendvg, or free space.";
    match free {
        free if free < CACHE_ALARM => alarm(InterlockKind::CacheSpace, text, advice),
        free if free < CACHE_WARN => warn(InterlockKind::CacheSpace, text, advice),
        _ => None,
    }
}

fn clone_age(case: &Case<'_>, now: OffsetDateTime, limits: &Limits) -> Option<Found> {
    let age = now - case.cloned_at?;
    (age > limits.clone_max_age).then_some(())?;
    let text = format!(
        "The clone is {} days old, and what was changed on {} since is not in it.",
        age.whole_days(),
        case.client
    );
    warn(InterlockKind::CloneAge, text, "Cut over soon, or cancel and clone again.")
}

fn rebooted(case: &Case<'_>, now: &Snapshot) -> Option<Found> {
    let (cloned, before) = (case.cloned_at?, case.before?);
    let booted =
        OffsetDateTime::from(now.at) - time::Duration::minutes(i64::try_from(uptime::minutes(&now.uptime)?).ok()?);
    (booted > cloned + CLOCKS).then_some(())?;
    let from = now.boot_disk.as_deref().unwrap_or("an unknown disk");
    let text = format!("{} has rebooted since it was cloned, from {from}.", case.client);
    if pvid_of(now, now.boot_disk.as_deref()) == pvid_of(before, before.boot_disk.as_deref()) {
        return warn(
            InterlockKind::Rebooted,
            text,
            "What changed with the reboot is not in the clone. Ask why it was done.",
        );
    }
    let advice = "It does not run the system that was cloned, and a cutover is refused. Find out why.";
    alarm(InterlockKind::Rebooted, text, advice)
}

fn pvid_of<'a>(client: &'a Snapshot, disk: Option<&str>) -> Option<&'a Pvid> {
    client.disks.iter().find(|pv| Some(pv.disk.as_str()) == disk)?.pvid.as_ref()
}

/// After the cutover the next boot must start the new system.
fn next_boot(case: &Case<'_>, now: &Snapshot) -> Option<Found> {
    let first = bootlist::devices(&now.boot).first().copied().unwrap_or("-").to_owned();
    if is_clone(case, now, &first) {
        return None;
    }
    let text =
        format!("The bootlist of {} reads {}, and the new system is not on it first.", case.client, shown(&now.boot));
    let disks: Vec<_> =
        now.disks.iter().filter(|pv| is_clone(case, now, pv.disk.as_str())).map(|pv| pv.disk.as_str()).collect();
    let advice = format!(
        "The next reboot would not start the new system. To set it right: bootlist -m normal {}; to go back on purpose: roll back.",
        disks.join(" ")
    );
    alarm(InterlockKind::BootlistDrift, text, advice)
}

/// The way back is the former rootvg, whole.
fn old_rootvg(case: &Case<'_>, now: &Snapshot) -> Option<Found> {
    let before = case.before?;
    let sources = before.disks.iter().filter(|pv| vg(pv) == Some("rootvg")).filter_map(|pv| pv.pvid.as_ref());
    let lost = sources.into_iter().find_map(|pvid| {
        let disk = now.disks.iter().find(|pv| pv.pvid.as_ref() == Some(pvid));
        match disk {
            None => Some(format!("its disk with PVID {pvid} is gone")),
            Some(disk) if vg(disk) == Some("old_rootvg") => None,
            Some(disk) => Some(format!("{} (PVID {pvid}) holds {}", disk.disk, vg(disk).unwrap_or("nothing"))),
        }
    })?;
    let text = format!("The old system of {} cannot be booted any more: {lost}.", case.client);
    alarm(
        InterlockKind::OldRootvg,
        text,
        "There is no way back by a rollback. If that was meant, finalise; else restore from a backup.",
    )
}

fn rollback_window(case: &Case<'_>, now: OffsetDateTime, limits: &Limits) -> Option<Found> {
    let window = time::Duration::try_from(limits.rollback_window).ok()?;
    let ends = case.cutover_at?.checked_add(window)?;
    // A window of a day is not ending soon from its first hour on.
    let soon = SOON.min(window / 4);
    let at = Timestamp::from(ends).readable();
    if now >= ends {
        let text = format!("The time for a rollback was over at {at} UTC.");
        return warn(InterlockKind::RollbackWindow, text, "Finalise to give the old disk back, or keep it on purpose.");
    }
    (now >= ends - soon).then_some(())?;
    let text = format!("The time for a rollback is over at {at} UTC.");
    warn(InterlockKind::RollbackWindow, text, "Roll back before, or finalise to give the old disk back.")
}

/// What a look came to, beside what was known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// What is wrong now.
    pub now: Vec<Interlock>,
    /// Alarms that are new.
    pub appeared: Vec<Interlock>,
    /// Alarms that are over.
    pub cleared: Vec<Interlock>,
}

/// Puts a look beside what was known: what goes on keeps its beginning, what could not be looked at stays.
#[must_use]
pub fn merge(case: &Case<'_>, facts: &Facts, known: &[Interlock], found: Vec<Interlock>) -> Merged {
    let seen = |kind: InterlockKind| match kind {
        InterlockKind::BootlistDrift
        | InterlockKind::TargetDisk
        | InterlockKind::Rebooted
        | InterlockKind::OldRootvg => facts.client.is_some(),
        InterlockKind::ForeignNimadm => facts.processes.is_some(),
        InterlockKind::CacheSpace => facts.cache_free.is_some() || !needs_cache(case),
        InterlockKind::CloneAge | InterlockKind::RollbackWindow => true,
    };
    let mut now: Vec<_> = found
        .into_iter()
        .map(|new| match known.iter().find(|old| (old.kind, old.severity) == (new.kind, new.severity)) {
            Some(old) => Interlock { since: old.since, ..new },
            None => new,
        })
        .collect();
    let unseen = known.iter().filter(|old| !seen(old.kind)).cloned();
    now.extend(unseen);
    let alarms = |of: &[Interlock], not_in: &[Interlock]| -> Vec<Interlock> {
        let is_in =
            |one: &Interlock| not_in.iter().any(|other| (other.kind, other.severity) == (one.kind, one.severity));
        of.iter().filter(|one| one.severity == Gravity::Alarm && !is_in(one)).cloned().collect()
    };
    let (appeared, cleared) = (alarms(&now, known), alarms(known, &now));
    Merged { now, appeared, cleared }
}

#[cfg(test)]
mod tests;
