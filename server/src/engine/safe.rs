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
