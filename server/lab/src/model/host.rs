//! One LPAR: its hardware, disks and volume groups, and whether it is up.

use super::{System, VgId, VolumeGroup, nim::Nim};
use crate::{LabError, scenario::Scenario};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A host, `DIR/hosts/NAME/host.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) hardware: Hardware,
    pub(crate) disks: Vec<Disk>,
    pub(crate) groups: Vec<VolumeGroup>,
    /// Disks the next boot tries, in order.
    pub(crate) bootlist: Vec<String>,
    /// The volume group whose system runs.
    pub(crate) running: VgId,
    pub(crate) power: Power,
    /// Since when it runs, milliseconds since 1970.
    pub(crate) booted_at: i64,
    /// What is mounted at `/ALT_MIG_SPOT`: `nim1:/export/nim/spot/…/usr`.
    pub(crate) spot_mount: Option<String>,
    /// NIM objects; on the master only.
    pub(crate) nim: Option<Nim>,
    /// Directories it exports by NFS beyond those of its NIM resources: `/alt_inst` and below while nimadm works without a cache.
    #[serde(default)]
    pub(crate) exports: Vec<String>,
    /// NFS mounts of a master that works without a cache.
    #[serde(default)]
    pub(crate) nfs_mounts: Vec<NfsMount>,
    /// What is wrong with the host, or will go wrong in its next migration.
    #[serde(default)]
    pub(crate) scenario: Scenario,
    /// Disks whose devices were removed; they are still there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unconfigured: Vec<Disk>,
    /// Subsystems that were stopped.
    #[serde(default)]
    pub(crate) stopped: BTreeSet<String>,
}

/// A directory of another host, mounted here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NfsMount {
    /// `lpar71:/alt_inst/usr`.
    pub(crate) remote: String,
    /// `/lpar71_alt/alt_inst/usr`.
    pub(crate) mount: String,
}

/// What `prtconf` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hardware {
    /// `IBM,8286-42A`.
    pub(crate) model: String,
    pub(crate) serial: String,
    /// POWER generation: 7 to 10.
    pub(crate) power: u8,
    /// `00F9C87A4C00`, as `uname -m`.
    pub(crate) cpuid: String,
    pub(crate) memory_mib: u32,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Disk {
    pub(crate) name: String,
    /// Written on first use.
    pub(crate) pvid: Option<String>,
    pub(crate) size_mib: u32,
    /// Its true size, while a scenario makes it smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) full_size_mib: Option<u32>,
    /// MPIO paths; 1 prints no `pathid`.
    pub(crate) paths: u32,
}

/// Whether anybody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Power {
    /// Up.
    Running,
    /// Down until then, milliseconds since 1970; then it boots.
    Booting(i64),
    /// Nothing bootable was found, or what was found does not run here.
    Hung,
}

impl Host {
    /// A disk by name.
    pub(crate) fn disk(&self, name: &str) -> Option<&Disk> {
        self.disks.iter().find(|disk| disk.name == name)
    }

    /// The running rootvg and its system.
    pub(crate) fn rootvg(&self) -> Result<(&VolumeGroup, &System), LabError> {
        self.groups
            .iter()
            .find(|vg| vg.id == self.running)
            .and_then(|vg| Some((vg, vg.system.as_ref()?)))
            .ok_or_else(|| self.inconsistent("no rootvg runs"))
    }

    /// The running system's ODM and everything else, for changing it.
    pub(crate) fn system_mut(&mut self) -> Result<&mut System, LabError> {
        let error = self.inconsistent("no rootvg runs");
        self.groups.iter_mut().find(|vg| vg.id == self.running).and_then(|vg| vg.system.as_mut()).ok_or(error)
    }

    /// The volume groups that the running system knows, with their names, its own first.
    pub(crate) fn named_groups(&self) -> Result<Vec<(&str, &VolumeGroup)>, LabError> {
        let (_, system) = self.rootvg()?;
        let mut named: Vec<_> =
            self.groups.iter().filter_map(|vg| Some((system.odm.get(&vg.id)?.as_str(), vg))).collect();
        named.sort_by_key(|(_, vg)| vg.id != self.running);
        Ok(named)
    }

    /// A volume group by the name the running system gives it.
    pub(crate) fn group(&self, name: &str) -> Result<Option<&VolumeGroup>, LabError> {
        Ok(self.named_groups()?.into_iter().find_map(|(known, vg)| (known == name).then_some(vg)))
    }

    /// The identifier behind a name.
    pub(crate) fn group_id(&self, name: &str) -> Result<Option<VgId>, LabError> {
        Ok(self.group(name)?.map(|vg| vg.id.clone()))
    }

    /// A volume group by identifier, for changing it.
    pub(crate) fn group_mut(&mut self, id: &VgId) -> Option<&mut VolumeGroup> {
        self.groups.iter_mut().find(|vg| vg.id == *id)
    }

    /// The volume group of a disk as the running system sees it; none where its ODM knows nothing.
    pub(crate) fn owner(&self, disk: &str) -> Result<Option<(&str, &VolumeGroup)>, LabError> {
        Ok(self.named_groups()?.into_iter().find(|(_, vg)| vg.disks.iter().any(|member| member == disk)))
    }

    /// Partitions of a disk in a volume group; one goes to the descriptor area.
    pub(crate) fn disk_pps(&self, disk: &str, vg: &VolumeGroup) -> u32 {
        self.disk(disk).map_or(0, |disk| (disk.size_mib / vg.pp_mib).saturating_sub(1))
    }

    /// Partitions of a volume group.
    pub(crate) fn total_pps(&self, vg: &VolumeGroup) -> u32 {
        vg.disks.iter().map(|disk| self.disk_pps(disk, vg)).sum()
    }

    /// Partitions nothing uses.
    pub(crate) fn free_pps(&self, vg: &VolumeGroup) -> u32 {
        self.total_pps(vg).saturating_sub(vg.used_pps())
    }

    /// Partitions used on one disk: mirrored volumes fill every disk alike, others fill disks in order.
    pub(crate) fn used_on(&self, disk: &str, vg: &VolumeGroup) -> u32 {
        let count = u32::try_from(vg.disks.len()).unwrap_or(1).max(1);
        let mirrored: u32 = vg.lvs.iter().filter(|lv| lv.copies > 1).map(|lv| lv.pps() / count).sum();
        let mut single: u32 = vg.lvs.iter().filter(|lv| lv.copies == 1).map(|lv| lv.lps).sum();
        for member in &vg.disks {
            let here = single.min(self.disk_pps(member, vg).saturating_sub(mirrored));
            if member == disk {
                return mirrored + here;
            }
            single -= here;
        }
        0
    }

    /// The object to complain with when the stored model cannot be true.
    pub(crate) fn inconsistent(&self, what: &'static str) -> LabError {
        LabError::Inconsistent { host: self.name.clone(), what }
    }
}
