//! Rule 1: the running rootvg and what boots are never touched. Pure.
//!
//! Judged at the launch and once more on what the client says in the moment before each start: an hour, or a night, may lie between.

use aix::{DiskName, ObjectName, Pvid, bootlist::BootDevice, lspv::PhysicalVolume};
use app::model::Snapshot;

/// Whether a migration may be started right now: rule 1, once more, on what the client says this moment. Gives the PVIDs
/// of the target disks; none for a disk that gets its first one from alt_disk_copy.
///
/// # Errors
/// Why it must not be started.
pub fn to_start(snapshot: &Snapshot, targets: &[DiskName]) -> Result<Vec<Option<Pvid>>, String> {
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
