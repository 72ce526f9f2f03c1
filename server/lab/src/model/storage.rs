//! What administrators do to storage: mounting, varying, exporting, resizing; and where partitions lie.
//!
//! The rules are LVM's: what is open stays, rootvg stays. Texts without a source are (unconfirmed).

use super::{
    Host, LogicalVolume, VgId, VolumeGroup,
    migration::{Refused, no_space, no_such_vg},
};

/// A physical partition in use: volume, logical partition from 1, copy from 1.
pub(crate) type Used<'a> = (&'a LogicalVolume, u32, u32);

fn says<T>(text: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Says(text.into()))
}

impl Host {
    /// What lies on each disk of a volume group, from its first partition on: mirrored volumes a copy a disk, others one disk
    /// after the other.
    pub(crate) fn layout<'a>(&self, vg: &'a VolumeGroup) -> Vec<(&'a str, Vec<Used<'a>>)> {
        let mut disks: Vec<(&str, Vec<Used<'_>>)> = vg.disks.iter().map(|disk| (disk.as_str(), Vec::new())).collect();
        let room: Vec<_> = vg.disks.iter().map(|disk| self.disk_pps(disk, vg) as usize).collect();
        for lv in &vg.lvs {
            for lp in 1..=lv.lps {
                for copy in 1..=lv.copies {
                    let wanted = if lv.copies > 1 { copy as usize - 1 } else { 0 };
                    let found = (wanted..disks.len()).find(|at| disks[*at].1.len() < room[*at]);
                    if let Some((_, used)) = found.and_then(|at| disks.get_mut(at)) {
                        used.push((lv, lp, copy));
                    }
                }
            }
        }
        disks
    }

    /// A volume by name, with the name of its group, among the groups the running system has on.
    pub(crate) fn volume(&self, name: &str) -> Option<(&str, &VolumeGroup, &LogicalVolume)> {
        let groups = self.named_groups().ok()?;
        groups.into_iter().filter(|(_, vg)| vg.varied_on).find_map(|(group, vg)| {
            let lv = vg.lvs.iter().find(|lv| lv.name == name)?;
            Some((group, vg, lv))
        })
    }

    /// Where the volume with this mount point is, mounted or not: its group and its place in it.
    fn place(&self, mount: &str) -> Option<(usize, usize)> {
        let mut groups = self.groups.iter().enumerate().filter(|(_, vg)| vg.varied_on);
        groups.find_map(|(group, vg)| {
            let at = vg.lvs.iter().position(|lv| vg.known_mount(lv).as_deref() == Some(mount))?;
            Some((group, at))
        })
    }

    /// The volume that has this mount point, mounted or not.
    fn file_system(&mut self, mount: &str) -> Option<&mut LogicalVolume> {
        let (group, at) = self.place(mount)?;
        self.groups.get_mut(group)?.lvs.get_mut(at)
    }

    /// Unmounts a file system, of its own or of another host.
    pub(crate) fn unmount(&mut self, mount: &str) -> Result<(), Refused> {
        let mounts: Vec<_> = self.groups.iter().flat_map(VolumeGroup::mounts).map(|(_, mount)| mount).collect();
        if mount == "/ALT_MIG_SPOT" && self.spot_mount.take().is_some() {
            return Ok(());
        }
        let before = self.nfs_mounts.len();
        self.nfs_mounts.retain(|known| known.mount != mount);
        if self.nfs_mounts.len() < before {
            return Ok(());
        }
        if !mounts.iter().any(|known| known == mount) {
            return says(format!("umount: 0506-347 Cannot find anything to unmount: {mount}"));
        }
        let below = format!("{}/", mount.trim_end_matches('/'));
        let system = matches!(mount, "/" | "/usr" | "/var" | "/tmp");
        if system || mounts.iter().any(|known| known.starts_with(&below)) {
            return says(format!("umount: 0506-349 Cannot unmount {mount}: The requested resource is busy."));
        }
        if let Some(lv) = self.file_system(mount) {
            lv.unmounted = true;
        }
        Ok(())
    }

    /// Mounts a file system that is known.
    pub(crate) fn mount(&mut self, mount: &str) -> Result<(), Refused> {
        match self.file_system(mount) {
            Some(lv) if lv.unmounted => {
                lv.unmounted = false;
                Ok(())
            }
            Some(_) => says(format!("mount: 0506-324 Cannot mount {mount}: The requested resource is busy.")),
            None => says(format!("mount: 0506-334 {mount} is not a known file system.")),
        }
    }

    /// Removes a file system that is not mounted, and its volume; the volume's name.
    pub(crate) fn remove_file_system(&mut self, mount: &str) -> Result<String, Refused> {
        match self.file_system(mount) {
            None => return says(format!("rmfs: 0506-936 Cannot remove file system {mount}: it is not known.")),
            Some(lv) if !lv.unmounted => {
                return says(format!("rmfs: 0506-921 {mount} is currently mounted."));
            }
            Some(_) => {}
        }
        let Some((group, at)) = self.place(mount) else { return says(no_such_vg("rmfs", mount)) };
        let vg = &mut self.groups[group];
        let name = vg.lvs.remove(at).name;
        if vg.system.is_none() && vg.lvs.iter().all(|lv| lv.kind == "jfs2log") {
            vg.lvs.clear();
        }
        Ok(name)
    }

    /// Brings a file system to a size in partitions; the size it has then, in 512-byte blocks.
    pub(crate) fn resize(&mut self, mount: &str, blocks: impl Fn(u64) -> Option<u64>) -> Result<u64, Refused> {
        let Some((group, at)) = self.place(mount) else {
            return says(format!("chfs: 0506-932 {mount} is not a known file system."));
        };
        let (vg, lv) = (&self.groups[group], &self.groups[group].lvs[at]);
        let pp = u64::from(vg.pp_mib) * 2048;
        let Some(wanted) = blocks(u64::from(lv.lps) * pp) else { return says("chfs: 0506-900 the size is not valid.") };
        let lps = u32::try_from(wanted.div_ceil(pp)).unwrap_or(u32::MAX).max(1);
        if u64::from(lps) * pp / 2048 < u64::from(lv.used_mib) {
            return says(format!("chfs: There is not enough free space to shrink the file system {mount}."));
        }
        let more = lps.saturating_sub(lv.lps).saturating_mul(lv.copies);
        if more > self.free_pps(vg) {
            return says(no_space());
        }
        if let Some(lv) = self.file_system(mount) {
            lv.lps = lps;
        }
        Ok(u64::from(lps) * pp)
    }

    /// A group that may be worked on: known, and not the one that runs.
    fn other_group(&self, command: &str, name: &str) -> Result<VgId, Refused> {
        let Some(group) = self.group(name)? else { return says(no_such_vg(command, name)) };
        if group.id == self.running {
            return says(format!("0516-010 {command}: {name} is the volume group of the running system."));
        }
        Ok(group.id.clone())
    }

    /// `varyoffvg`: nothing in it may be mounted.
    pub(crate) fn vary_off(&mut self, name: &str) -> Result<(), Refused> {
        let id = self.other_group("varyoffvg", name)?;
        let Some(group) = self.group_mut(&id) else { return Ok(()) };
        if !group.varied_on {
            return says(format!("0516-015 varyoffvg: Volume group {name} is not varied on."));
        }
        if group.mounts().next().is_some() {
            return says(
                "0516-012 lvaryoffvg: Logical volume must be closed.  If the logical\n\tvolume contains a filesystem, the umount command will close\n\tthe LV device.\n0516-942 varyoffvg: Unable to vary off volume group.",
            );
        }
        group.varied_on = false;
        group.mounted_under = None;
        Ok(())
    }

    /// `varyonvg`: the volumes can be mounted then; they are not.
    pub(crate) fn vary_on(&mut self, name: &str) -> Result<(), Refused> {
        let id = self.other_group("varyonvg", name)?;
        if let Some(group) = self.group_mut(&id).filter(|group| !group.varied_on) {
            group.varied_on = true;
            group.mounted_under = Some(if group.system.is_some() { "/alt_inst".to_owned() } else { String::new() });
            group.lvs.iter_mut().for_each(|lv| lv.unmounted = true);
        }
        Ok(())
    }

    /// `exportvg`: out of the ODM, and still on its disks. A clone that was never finished is nothing then.
    pub(crate) fn export_group(&mut self, name: &str) -> Result<(), Refused> {
        let id = self.other_group("exportvg", name)?;
        if self.group_mut(&id).is_some_and(|group| group.varied_on) {
            return says(format!(
                "0516-764 exportvg: The volume group must be varied off\n\tbefore exporting.\n\t{name}"
            ));
        }
        self.forget_group(&id)?;
        self.groups.retain(|vg| vg.id != id || vg.system.as_ref().is_none_or(|system| system.complete));
        Ok(())
    }

    /// `importvg`: a group that is on a disk and that the ODM does not know gets a name, and is on.
    pub(crate) fn import_group(&mut self, name: &str, disk: &str) -> Result<(), Refused> {
        let taken = self.group(name)?.is_some() || self.owner(disk)?.is_some();
        let found = self.groups.iter().find(|vg| vg.system.is_none() && vg.disks.iter().any(|member| member == disk));
        let Some(id) = found.filter(|_| !taken).map(|vg| vg.id.clone()) else {
            return says(format!("0516-304 importvg: Unable to import a volume group from {disk}."));
        };
        self.system_mut()?.odm.insert(id, name.to_owned());
        self.vary_on(name)
    }

    /// `syncvg -v`: every copy is up to date.
    pub(crate) fn synchronise(&mut self, name: &str) -> Result<(), Refused> {
        let Some(id) = self.group_id(name)? else { return says(no_such_vg("syncvg", name)) };
        self.group_mut(&id).into_iter().flat_map(|vg| &mut vg.lvs).for_each(|lv| lv.stale = false);
        Ok(())
    }

    /// `rmdev -dl`: the device goes until `cfgmgr` finds it again.
    pub(crate) fn remove_disk(&mut self, name: &str) -> Result<(), Refused> {
        if self.owner(name)?.is_some_and(|(_, vg)| vg.varied_on) {
            return says(format!(
                "Method error (/usr/lib/methods/ucfgdevice):\n\t0514-062 Cannot perform the requested function because the\n\t\tspecified device is busy.\n\t{name}"
            ));
        }
        let Some(at) = self.disks.iter().position(|disk| disk.name == name) else {
            return says(format!(
                "rmdev: 0514-521 Cannot find information in the predefined device\n\tconfiguration database for the customized device {name}."
            ));
        };
        let disk = self.disks.remove(at);
        self.unconfigured.push(disk);
        Ok(())
    }

    /// `cfgmgr`.
    pub(crate) fn configure(&mut self) {
        self.disks.append(&mut self.unconfigured);
        self.disks.sort_by_key(|disk| disk.name.trim_start_matches("hdisk").parse::<u32>().unwrap_or(u32::MAX));
    }

    /// `mkvg`: an empty group of free disks.
    pub(crate) fn make_group(&mut self, name: &str, pp_mib: u32, disks: &[String], id: VgId) -> Result<(), Refused> {
        if self.group(name)?.is_some() {
            return says("0516-360 mkvg: The device name is already used; choose a\n\tdifferent name.\n0516-862 mkvg: Unable to create volume group.".to_string());
        }
        for disk in disks {
            if self.disk(disk).is_none() {
                return says(format!(
                    "0516-306 mkvg: Unable to find physical volume {disk} in the Device\n\tConfiguration Database.\n0516-862 mkvg: Unable to create volume group."
                ));
            }
            if let Some((owner, _)) = self.owner(disk)? {
                return says(format!(
                    "0516-1398 mkvg: The physical volume {disk}, appears to belong to\nanother volume group ({owner}). Use the force option to add this physical volume\nto a volume group.\n0516-862 mkvg: Unable to create volume group."
                ));
            }
        }
        self.groups.retain(|vg| !vg.disks.iter().any(|disk| disks.contains(disk)));
        let unit = self.hardware.cpuid.get(..8).unwrap_or_default().to_ascii_lowercase();
        for disk in self.disks.iter_mut().filter(|disk| disks.contains(&disk.name)) {
            let number = disk.name.bytes().fold(11_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
            disk.pvid.get_or_insert_with(|| format!("{unit}{number:08x}"));
        }
        self.groups.push(VolumeGroup {
            id: id.clone(),
            pp_mib,
            disks: disks.to_vec(),
            lvs: Vec::new(),
            varied_on: true,
            mounted_under: Some(String::new()),
            system: None,
        });
        self.system_mut()?.odm.insert(id, name.to_owned());
        Ok(())
    }

    /// `chpv -C`: what a disk says about an earlier owner goes, so that nothing can be booted from it.
    pub(crate) fn clear_owner(&mut self, disk: &str) -> Result<(), Refused> {
        if self.disk(disk).is_none() {
            return says(format!(
                "0516-306 chpv: Unable to find physical volume {disk} in the Device\n\tConfiguration Database."
            ));
        }
        if let Some((name, _)) = self.owner(disk)? {
            return says(format!("0516-1010 chpv: {disk} belongs to the volume group {name}."));
        }
        self.groups.retain(|vg| !vg.disks.iter().any(|member| member == disk));
        Ok(())
    }
}
