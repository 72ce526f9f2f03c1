//! Rule 1: the running rootvg and what boots are never touched. Pure.
//!
//! Judged at the launch and once more on what the client says in the moment before each start: an hour, or a night, may lie between.

use super::readings;
use aix::{DiskName, ObjectName, Pvid, bootlist::BootDevice, lspv::PhysicalVolume};
use app::model::Snapshot;

/// The volume group of a clone.
pub const CLONE: &str = "altinst_rootvg";

/// Whether a migration may be started right now: rule 1, once more, on what the client says this moment. Gives the PVIDs
/// of the target disks; none for a disk that gets its first one from alt_disk_copy.
///
/// # Errors
/// Why it must not be started.
pub fn to_start(snapshot: &Snapshot, targets: &[DiskName]) -> Result<Vec<Option<Pvid>>, String> {
    readings::disks_and_bootlist(snapshot)?;
    // nimadm would refuse, and the clean-up of that would remove the clone of somebody else.
    if let Some(clone) = snapshot.disks.iter().find(|pv| readings::in_vg(pv, CLONE)) {
        return Err(format!("{} holds {CLONE} already: it is an earlier clone", clone.disk));
    }
    targets
        .iter()
        .map(|target| {
            let volume = snapshot.disks.iter().find(|pv| pv.disk == *target);
            let volume = volume.ok_or_else(|| format!("{target} is not on the client any more"))?;
            match not_free(volume, &snapshot.boot) {
                Some(why) => Err(format!("{target} {why}")),
                None => Ok(volume.pvid.clone()),
            }
        })
        .collect()
}

/// Whether a run in steps may go on: its clone is where the step before left it, and no boot would start from it.
///
/// # Errors
/// Why it must not go on.
pub fn to_go_on(snapshot: &Snapshot, targets: &[DiskName], pvids: &[Pvid]) -> Result<(), String> {
    readings::disks_and_bootlist(snapshot)?;
    for (at, target) in targets.iter().enumerate() {
        let same = |pv: &&PhysicalVolume| match pvids.get(at) {
            Some(pvid) => pv.pvid.as_ref() == Some(pvid),
            None => pv.disk == *target,
        };
        let volume = snapshot.disks.iter().find(same);
        let volume = volume.ok_or_else(|| format!("{target} is not on the client any more"))?;
        if volume.disk != *target {
            return Err(format!("{target} is called {} now: the client has changed its disks", volume.disk));
        }
        if snapshot.boot.iter().any(|boot| boot.device == volume.disk.as_str()) {
            return Err(format!("{target} is in the bootlist of the running system"));
        }
        // A disk that was not needed stays empty.
        if volume.vg.as_ref().is_some_and(|vg| vg.as_str() != "altinst_rootvg") {
            return Err(format!(
                "{target} holds {} instead of the clone",
                volume.vg.as_ref().map_or("-", ObjectName::as_str)
            ));
        }
    }
    Ok(())
}

/// Who made the clone that a client holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloneOwner {
    /// There is no clone.
    Nobody,
    /// This migration.
    This,
    /// Somebody else, with these disks.
    Other(Vec<DiskName>),
}

/// Who made the clone. It is this migration's only where each of its disks is one of the migration's targets and held no clone before
/// the start: `nimadm -C` removes whatever altinst_rootvg it finds.
#[must_use]
pub fn clone_of(now: &Snapshot, before: Option<&Snapshot>, targets: &[DiskName], pvids: &[Pvid]) -> CloneOwner {
    let held_one = |volume: &PhysicalVolume| {
        let same = |old: &&PhysicalVolume| match (&old.pvid, &volume.pvid) {
            (Some(old), Some(new)) => old == new,
            _ => old.disk == volume.disk,
        };
        before.is_some_and(|before| before.disks.iter().find(same).is_some_and(|old| readings::in_vg(old, CLONE)))
    };
    // Disks that had no PVID before are known by their names; nothing was written on them without a start.
    let is_target = |volume: &PhysicalVolume| match &volume.pvid {
        Some(pvid) if !pvids.is_empty() => pvids.contains(pvid),
        _ => targets.contains(&volume.disk),
    };
    let clone: Vec<_> = now.disks.iter().filter(|volume| readings::in_vg(volume, CLONE)).collect();
    if clone.is_empty() {
        return CloneOwner::Nobody;
    }
    let own = |volume: &&PhysicalVolume| before.is_some() && is_target(volume) && !held_one(volume);
    let foreign: Vec<_> = clone.into_iter().filter(|volume| !own(volume)).map(|volume| volume.disk.clone()).collect();
    if foreign.is_empty() { CloneOwner::This } else { CloneOwner::Other(foreign) }
}

/// Why a disk cannot be a target; none where it can.
#[must_use]
pub fn not_free(volume: &PhysicalVolume, bootlist: &[BootDevice]) -> Option<String> {
    if bootlist.iter().any(|boot| boot.device == volume.disk.as_str()) {
        return Some("is in the bootlist of the running system".to_owned());
    }
    match volume.vg.as_ref().map(ObjectName::as_str) {
        None => None,
        Some("rootvg") => Some("is a disk of the running rootvg".to_owned()),
        Some(vg) => Some(format!("belongs to volume group {vg}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::look::fixture::snapshot;

    const OLD: &str = "hdisk0 00f9c87a12345678 rootvg active\n";
    const BOOT: &str = "hdisk0 blv=hd5 pathid=0\n";
    const BOTH: &str = "hdisk0 blv=hd5 pathid=0\nhdisk1 blv=hd5 pathid=0\n";

    fn disk(name: &str) -> DiskName {
        name.parse().unwrap()
    }

    #[test]
    fn only_a_free_disk_may_be_written_to() {
        let start = |second: &str, boot: &str| to_start(&snapshot(&format!("{OLD}{second}"), boot), &[disk("hdisk1")]);
        let pvid: Pvid = "00f9c87a12345679".parse().unwrap();
        assert_eq!(start("hdisk1 00f9c87a12345679 None\n", BOOT), Ok(vec![Some(pvid)]));
        assert_eq!(start("hdisk1 none None\n", BOOT), Ok(vec![None]), "it gets its first PVID from alt_disk_copy");
        let refused = |second: &str, boot: &str| start(second, boot).unwrap_err();
        assert!(refused("hdisk2 00f9c87a12345679 None\n", BOOT).contains("not on the client any more"));
        assert!(refused("hdisk1 00f9c87a12345679 rootvg active\n", BOOT).contains("running rootvg"));
        assert!(refused("hdisk1 00f9c87a12345679 datavg\n", BOOT).contains("datavg"));
        assert!(refused("hdisk1 00f9c87a12345679 altinst_rootvg\n", BOOT).contains("altinst_rootvg"));
        assert!(refused("hdisk1 00f9c87a12345679 None\n", BOTH).contains("bootlist"));
        // One bad disk among good ones is enough.
        let free = snapshot(&format!("{OLD}hdisk1 00f9c87a12345679 None\n"), BOOT);
        assert!(to_start(&free, &[disk("hdisk1"), disk("hdisk0")]).is_err());
    }

    #[test]
    fn h6_what_cannot_be_read_is_not_sent_past() {
        let whole = || snapshot(&format!("{OLD}hdisk1 00f9c87a12345679 None\n"), BOOT);
        let start = |look: &Snapshot| to_start(look, &[disk("hdisk1")]);
        assert!(start(&whole()).is_ok());
        let cases: [(Snapshot, &str); 4] = [
            (Snapshot { boot: Vec::new(), bootlist: String::new(), ..whole() }, "bootlist"),
            (snapshot(&format!("{OLD}hdisk1 none None\n"), "garbage\n"), "garbage"),
            (snapshot(&format!("{OLD}hdisk1 none None\n"), "hdisk7 blv=hd5\n"), "no disk that lspv lists"),
            (snapshot("hdisk1 00f9c87a12345679 None\n", BOOT), "lspv"),
        ];
        let pvids = ["00f9c87a12345679".parse().unwrap()];
        for (look, says) in cases {
            assert!(start(&look).unwrap_err().contains(says), "{says}");
            assert!(to_go_on(&look, &[disk("hdisk1")], &pvids).unwrap_err().contains(says), "{says}");
        }
    }

    #[test]
    fn m11_a_clone_is_this_migrations_only_on_its_own_disks() {
        let free = snapshot(&format!("{OLD}hdisk1 00f9c87a12345679 None\nhdisk2 00f9c87a1234567a None\n"), BOOT);
        let now = |rest: &str| snapshot(&format!("{OLD}{rest}"), BOOT);
        let pvid: Pvid = "00f9c87a12345679".parse().unwrap();
        let of =
            |now: &Snapshot, before: Option<&Snapshot>, pvids: &[Pvid]| clone_of(now, before, &[disk("hdisk1")], pvids);
        let own = now("hdisk1 00f9c87a12345679 altinst_rootvg\nhdisk2 00f9c87a1234567a None\n");
        assert_eq!(of(&own, Some(&free), std::slice::from_ref(&pvid)), CloneOwner::This);
        assert_eq!(of(&own, Some(&free), &[]), CloneOwner::This, "a disk without a PVID of old is known by its name");
        assert_eq!(of(&free, Some(&free), std::slice::from_ref(&pvid)), CloneOwner::Nobody);
        let other = now("hdisk1 00f9c87a12345679 None\nhdisk2 00f9c87a1234567a altinst_rootvg\n");
        let theirs = |disks: &[&str]| CloneOwner::Other(disks.iter().map(|name| disk(name)).collect());
        assert_eq!(of(&other, Some(&free), std::slice::from_ref(&pvid)), theirs(&["hdisk2"]));
        // The disk has another name since, and the name is another disk's.
        let renamed = now("hdisk1 00f9c87a1234567a altinst_rootvg\nhdisk2 00f9c87a12345679 None\n");
        assert_eq!(of(&renamed, Some(&free), std::slice::from_ref(&pvid)), theirs(&["hdisk1"]));
        assert_eq!(
            of(&own, Some(&own), std::slice::from_ref(&pvid)),
            theirs(&["hdisk1"]),
            "it was there before the start"
        );
        assert_eq!(of(&own, None, std::slice::from_ref(&pvid)), theirs(&["hdisk1"]), "nothing was ever started");
        let capture = clone_of(&own, Some(&free), &[], &[]);
        assert_eq!(capture, theirs(&["hdisk1"]), "an operation without target disks makes no clone");
        let start = to_start(&other, &[disk("hdisk1")]).unwrap_err();
        assert!(start.contains("earlier clone"), "{start}");
    }

    #[test]
    fn a_run_in_steps_goes_on_only_with_its_own_clone() {
        let pvids: Vec<Pvid> = vec!["00f9c87a12345679".parse().unwrap()];
        let on =
            |second: &str, boot: &str| to_go_on(&snapshot(&format!("{OLD}{second}"), boot), &[disk("hdisk1")], &pvids);
        assert_eq!(on("hdisk1 00f9c87a12345679 altinst_rootvg active\n", BOOT), Ok(()));
        assert_eq!(on("hdisk1 00f9c87a12345679 None\n", BOOT), Ok(()), "a disk that was not needed");
        let refused = |second: &str, boot: &str| on(second, boot).unwrap_err();
        assert!(refused("hdisk1 00f9c87a12345680 altinst_rootvg\n", BOOT).contains("not on the client any more"));
        assert!(refused("hdisk2 00f9c87a12345679 altinst_rootvg\n", BOOT).contains("is called hdisk2 now"));
        assert!(refused("hdisk1 00f9c87a12345679 datavg active\n", BOOT).contains("datavg"));
        assert!(refused("hdisk1 00f9c87a12345679 rootvg active\n", BOOT).contains("rootvg"));
        assert!(refused("hdisk1 00f9c87a12345679 altinst_rootvg\n", BOTH).contains("bootlist"));
        // A disk without a PVID of old is known by its name alone.
        let now = snapshot(&format!("{OLD}hdisk1 00f9c87a12345679 altinst_rootvg\n"), BOOT);
        assert_eq!(to_go_on(&now, &[disk("hdisk1")], &[]), Ok(()));
    }
}
