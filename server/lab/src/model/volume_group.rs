//! Volume groups and their logical volumes.

use super::System;
use serde::{Deserialize, Serialize};

/// The identifier written on the disks of a volume group, 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct VgId(pub(crate) String);

/// A volume group. It has no name: see the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VolumeGroup {
    pub(crate) id: VgId,
    /// Size of a physical partition, MiB.
    pub(crate) pp_mib: u32,
    /// Its disks, by name.
    pub(crate) disks: Vec<String>,
    pub(crate) lvs: Vec<LogicalVolume>,
    pub(crate) varied_on: bool,
    /// Where its file systems are mounted: nothing in front for a running rootvg or a data volume group, `/alt_inst` for a
    /// clone that is awake.
    pub(crate) mounted_under: Option<String>,
    /// What is installed there, where it is a rootvg.
    pub(crate) system: Option<System>,
}

/// A logical volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogicalVolume {
    pub(crate) name: String,
    /// `boot`, `paging`, `jfs2log`, `jfs2`, `sysdump`.
    pub(crate) kind: String,
    /// Logical partitions.
    pub(crate) lps: u32,
    /// 2 where mirrored.
    pub(crate) copies: u32,
    /// Mount point where its own system runs.
    pub(crate) mount: Option<String>,
    /// Used space of its file system, MiB.
    pub(crate) used_mib: u32,
    /// Whether somebody unmounted it while its group is mounted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unmounted: bool,
    /// Whether a copy is not up to date, until `syncvg`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stale: bool,
}

impl VolumeGroup {
    /// Partitions in use.
    pub(crate) fn used_pps(&self) -> u32 {
        self.lvs.iter().map(LogicalVolume::pps).sum()
    }

    /// The mounted file systems: logical volume and mount point.
    pub(crate) fn mounts(&self) -> impl Iterator<Item = (&LogicalVolume, String)> {
        self.lvs.iter().filter_map(|lv| Some((lv, self.mount_point(lv)?)))
    }

    /// Where a logical volume is mounted now.
    pub(crate) fn mount_point(&self, lv: &LogicalVolume) -> Option<String> {
        self.mounted_under.as_deref()?;
        if lv.unmounted { None } else { self.known_mount(lv) }
    }

    /// The mount point of a logical volume, mounted or not: where its group is mounted below another directory, there.
    pub(crate) fn known_mount(&self, lv: &LogicalVolume) -> Option<String> {
        let under = self.mounted_under.as_deref().unwrap_or_default();
        Some(match (under, lv.mount.as_deref()?) {
            ("", mount) => mount.to_owned(),
            (under, "/") => under.to_owned(),
            (under, mount) => format!("{under}{mount}"),
        })
    }

    /// `open/syncd` or `closed/syncd`: a clone that is awake has its file systems open, and neither paging nor dump; a log is open with
    /// the first file system that uses it.
    pub(crate) fn lv_state(&self, lv: &LogicalVolume) -> &'static str {
        let running = self.mounted_under.as_deref() == Some("");
        let open = match lv.kind.as_str() {
            "boot" => false,
            "jfs2" => self.mount_point(lv).is_some(),
            "jfs2log" => self.mounts().next().is_some(),
            _ => running,
        };
        match (open, lv.stale) {
            (true, false) => "open/syncd",
            (false, false) => "closed/syncd",
            (true, true) => "open/stale",
            (false, true) => "closed/stale",
        }
    }
}

impl LogicalVolume {
    /// Physical partitions.
    pub(crate) fn pps(&self) -> u32 {
        self.lps * self.copies
    }
}
