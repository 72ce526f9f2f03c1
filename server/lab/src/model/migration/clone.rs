//! The clone: altinst_rootvg from its making to its last name (nimadm.md §2.1, §2.9, §2.11, §1.9).

use super::{Job, Refused, cache, client, clone_of, clone_system, work};
use crate::{
    LabError,
    model::{Host, LogicalVolume, Site, System, VgId, VolumeGroup},
};

/// LVM names end here; rootvg names that grow longer by `alt_` are cut (simplified: a real alt_disk_copy wants an image.data
/// that renames them, nimadm.md §1.8).
const LV_NAME_LIMIT: usize = 15;

/// The name of a volume's clone: `alt_hd5`.
pub(crate) fn alt_name(name: &str) -> String {
    format!("alt_{name}").chars().take(LV_NAME_LIMIT).collect()
}

/// The real words for a disk that is not free (nimadm.md §2.1).
pub(crate) fn disk_in_vg(disk: &str) -> String {
    format!("0505-126 alt_disk_install: target disk {disk} has a volume group assigned to it.")
}

pub(super) fn make(job: &Job, site: &mut Site) -> Result<(), Refused> {
    let work = work(site)?.clone();
    let spot = site.master.nim.as_ref().and_then(|nim| nim.resource("spot", &job.spot));
    let spot = spot.map(|spot| format!("{}:{}", site.master.name, spot.location));
    let client = client(site)?;
    if client.group("altinst_rootvg")?.is_some() {
        // (unconfirmed text, nimadm.md §2.1)
        return Err(Refused::Says("0505-111 alt_disk_install: altinst_rootvg already exists.".to_owned()));
    }
    for disk in &job.disks {
        // Also where the ODM knows nothing of it: data of somebody else. A rootvg that was given up is written over.
        let foreign = |vg: &VolumeGroup| vg.system.is_none() && vg.disks.contains(disk);
        if client.owner(disk)?.is_some() || client.groups.iter().any(foreign) {
            return Err(Refused::Says(disk_in_vg(disk)));
        }
    }
    let (running, system) = client.rootvg()?;
    let copies = u32::try_from(job.disks.len()).unwrap_or(1);
    let copy = |lv: &LogicalVolume| LogicalVolume {
        name: alt_name(&lv.name),
        copies: lv.copies.min(copies),
        stale: false,
        ..lv.clone()
    };
    let mut odm = system.odm.clone();
    odm.insert(running.id.clone(), "old_rootvg".to_owned());
    odm.insert(job.clone.clone(), "rootvg".to_owned());
    let source = job.image.as_ref().map_or(system, |(_, image)| &image.system);
    let group = VolumeGroup {
        id: job.clone.clone(),
        pp_mib: work.pp_mib,
        disks: job.disks.clone(),
        lvs: work.volumes.iter().map(copy).collect(),
        varied_on: true,
        mounted_under: Some("/alt_inst".to_owned()),
        system: Some(System { odm, boot_image: false, complete: false, ..source.clone() }),
    };
    if client.total_pps(&group) < group.used_pps() {
        // (unconfirmed text, nimadm.md §2.1)
        let disks = job.disks.join(" ");
        return Err(Refused::Says(format!("0505-116 alt_disk_install: target disk(s) {disks} are not large enough.")));
    }
    for (disk, pvid) in job.disks.iter().zip(&job.pvids) {
        if let Some(disk) = client.disks.iter_mut().find(|known| known.name == *disk) {
            disk.pvid.get_or_insert_with(|| pvid.clone());
        }
    }
    // What was on the disk, a rootvg that was given up for instance, is written over.
    client.groups.retain(|vg| !vg.disks.iter().any(|disk| job.disks.contains(disk)));
    client.groups.push(group);
    client.system_mut()?.odm.insert(job.clone.clone(), "altinst_rootvg".to_owned());
    client.spot_mount = spot;
    Ok(())
}

pub(super) fn write_boot_image(job: &Job, site: &mut Site) -> Result<(), Refused> {
    if job.disks.is_empty() {
        if let Some(system) = &mut work(site)?.system {
            system.boot_image = true;
        }
        return Ok(());
    }
    clone_system(site)?.boot_image = true;
    Ok(())
}

pub(super) fn write_back(job: &Job, site: &mut Site) -> Result<(), Refused> {
    // (unconfirmed text)
    let empty = format!("0505-151 nimadm: The cache file systems of {} are empty.", job.subject);
    let migrated = work(site)?.system.clone().ok_or(Refused::Says(empty))?;
    cache::grow_clone(site)?;
    let system = clone_system(site)?;
    // What a clone knows of volume groups, and its boot image, were never in the cache.
    *system = System { odm: system.odm.clone(), boot_image: system.boot_image, complete: false, ..migrated };
    Ok(())
}

pub(super) fn finish(_: &Job, site: &mut Site) -> Result<(), Refused> {
    clone_system(site)?.complete = true;
    let id = clone_of(site.work.as_ref(), site.client.as_ref())?.id.clone();
    if let Some(group) = client(site)?.group_mut(&id) {
        for lv in &mut group.lvs {
            if let Some(name) = lv.name.strip_prefix("alt_") {
                lv.name = name.to_owned();
            }
        }
        group.varied_on = false;
        group.mounted_under = None;
    }
    Ok(())
}

pub(super) fn drop(site: &mut Site) -> Result<(), Refused> {
    let Some(client) = &mut site.client else { return Ok(()) };
    if let Some(id) = client.group_id("altinst_rootvg")? {
        client.forget_group(&id)?;
        client.groups.retain(|vg| vg.id != id);
    }
    client.bootlist_to_running();
    Ok(())
}

pub(super) fn wake(disk: &str, site: &mut Site) -> Result<(), Refused> {
    client(site)?.wake(disk, false)
}

impl Host {
    /// Takes a volume group that does not run out of the ODM. Its disks keep what is on them, and a firmware that is told
    /// to can still boot it (nimadm.md §1.9), until somebody writes over it.
    pub(crate) fn forget_group(&mut self, id: &VgId) -> Result<(), LabError> {
        if *id == self.running {
            return Err(self.inconsistent("the running rootvg cannot be removed"));
        }
        if let Some(group) = self.group_mut(id) {
            group.varied_on = false;
            group.mounted_under = None;
        }
        self.system_mut()?.odm.remove(id);
        Ok(())
    }

    /// Mounts the other rootvg of a disk under `/alt_inst`, as `altinst_rootvg` whatever it was called (nimadm.md §1.9).
    /// A system newer than the running one is refused, unless forced.
    pub(crate) fn wake(&mut self, disk: &str, force: bool) -> Result<(), Refused> {
        let level = self.rootvg()?.1.level();
        // The texts are (unconfirmed).
        let says = |text: String| Err(Refused::Says(text));
        let Some((name, group)) = self.owner(disk)? else {
            return says(format!("0505-190 alt_rootvg_op: no alternate rootvg on {disk}."));
        };
        let (name, id) = (name.to_owned(), group.id.clone());
        let Some(other) = group.system.as_ref().filter(|_| id != self.running) else {
            return says(format!("0505-190 alt_rootvg_op: {name} on {disk} is not an alternate rootvg."));
        };
        let other = other.level();
        if group.varied_on {
            return says(format!("0505-191 alt_rootvg_op: {name} is already awake."));
        }
        if (other.version, other.release) > (level.version, level.release) && !force {
            let (other, level) = (other.version_release(), level.version_release());
            return says(format!(
                "0505-192 alt_rootvg_op: {name} holds AIX {other}, which is newer than the running {level}."
            ));
        }
        if name != "altinst_rootvg" && self.group("altinst_rootvg")?.is_some() {
            return says("0505-111 alt_rootvg_op: altinst_rootvg already exists.".to_owned());
        }
        if let Some(group) = self.group_mut(&id) {
            group.varied_on = true;
            group.mounted_under = Some("/alt_inst".to_owned());
            for lv in &mut group.lvs {
                lv.name = alt_name(&lv.name);
            }
        }
        self.system_mut()?.odm.insert(id, "altinst_rootvg".to_owned());
        Ok(())
    }

    /// Puts the rootvg that is awake to sleep; its mount points, children first.
    pub(crate) fn sleep(&mut self) -> Result<Vec<String>, Refused> {
        // (unconfirmed text)
        let none = || Refused::Says("0505-193 alt_rootvg_op: there is no alternate rootvg that is awake.".to_owned());
        let group = self.group("altinst_rootvg")?.filter(|vg| vg.varied_on).ok_or_else(none)?;
        let mut mounts: Vec<_> = group.mounts().map(|(_, mount)| mount).collect();
        mounts.sort_unstable_by(|a, b| b.cmp(a));
        let id = group.id.clone();
        if let Some(group) = self.group_mut(&id) {
            group.varied_on = false;
            group.mounted_under = None;
            for lv in &mut group.lvs {
                if let Some(name) = lv.name.strip_prefix("alt_") {
                    lv.name = name.to_owned();
                }
            }
        }
        Ok(mounts)
    }
}
