//! Disks by what stays: PVIDs, never the names of the day. Pure.

use aix::{DiskName, ObjectName, Pvid};
use app::model::Snapshot;

/// Today's names of the disks with these PVIDs, in that order.
///
/// # Errors
/// A disk is gone or does not hold `vg`, or none is known at all: a bootlist of no disks is no bootlist.
pub fn holding(client: &Snapshot, pvids: &[Pvid], vg: &str) -> Result<Vec<DiskName>, String> {
    if pvids.is_empty() {
        return Err(format!("no disk of {vg} is known"));
    }
    pvids
        .iter()
        .map(|pvid| {
            let volume = client.disks.iter().find(|pv| pv.pvid.as_ref() == Some(pvid));
            let volume = volume.ok_or_else(|| format!("the disk with PVID {pvid} is not on the client any more"))?;
            match volume.vg.as_ref().map_or("None", ObjectName::as_str) {
                held if held == vg => Ok(volume.disk.clone()),
                held => Err(format!("{} (PVID {pvid}) holds {held}, not {vg}", volume.disk)),
            }
        })
        .collect()
}

/// The PVIDs of the disks of the running rootvg.
#[must_use]
pub fn of_rootvg(client: &Snapshot) -> Vec<Pvid> {
    let rootvg = client.disks.iter().filter(|pv| pv.vg.as_ref().is_some_and(|vg| vg.as_str() == "rootvg"));
    rootvg.filter_map(|pv| pv.pvid.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::look::fixture::snapshot;

    #[test]
    fn disks_are_found_by_pvid_under_whatever_name() {
        let pvids: Vec<Pvid> = ["00f9c87a12345679", "00f9c87a12345678"].map(|pvid| pvid.parse().unwrap()).into();
        let names = |lspv: &str, pvids: &[Pvid]| {
            holding(&snapshot(lspv, ""), pvids, "old_rootvg")
                .map(|d| d.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let now = "hdisk5 00f9c87a12345678 old_rootvg\nhdisk1 00f9c87a12345679 old_rootvg\n";
        assert_eq!(names(now, &pvids).unwrap(), ["hdisk1", "hdisk5"]);
        for other in ["hdisk1 00f9c87a12345679 None", "hdisk1 00f9c87a12345679 datavg active", "hdisk1 none None"] {
            assert!(names(other, &pvids[..1]).is_err(), "{other}");
        }
        assert!(names(now, &[]).is_err(), "a bootlist of no disks");
    }
}
