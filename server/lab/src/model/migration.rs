//! How a cache-mode migration changes the estate, step by step: the state table of nimadm.md §2.15.
//!
//! Each step checks what it needs and changes nothing when it is missing, so a run that fails leaves what the phases before it left.

use super::{Host, LogicalVolume, System, VgId, VolumeGroup};
use crate::LabError;
use aix::Level;

/// LVM names end here; rootvg names that grow longer by `alt_` are cut (simplified: a real alt_disk_copy wants an image.data
/// that renames them, nimadm.md §1.8).
const LV_NAME_LIMIT: usize = 15;
/// How much `/usr` grows by a migration, in percent.
const USR_GROWTH: u32 = 25;

/// What one migration is about.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// NIM name of the client; also its host's name.
    pub(crate) client: String,
    pub(crate) spot: String,
    pub(crate) lpp_source: String,
    pub(crate) disks: Vec<String>,
    pub(crate) cache_vg: String,
    /// Level of the lpp_source and SPOT.
    pub(crate) level: Level,
    /// `-B`: the bootlist stays.
    pub(crate) hold_bootlist: bool,
    /// Process id of nimadm.
    pub(crate) pid: u32,
    /// Identifier of the clone's volume group.
    pub(crate) clone: VgId,
    /// PVIDs for target disks that have none, in their order.
    pub(crate) pvids: Vec<String>,
}

/// A step that changes the estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Header: the client is locked, its resources allocated.
    Lock,
    /// Phase 1: altinst_rootvg with `alt_` volumes, mounted under `/alt_inst`; the SPOT mounted on the client.
    Clone,
    /// Phase 2: empty cache file systems on the master.
    CreateCache,
    /// Phase 3: the client's data in them.
    FillCache,
    /// Phase 5: room for the new system in the cache.
    GrowCache,
    /// Phase 8: the clone's disk gets a boot image.
    WriteBootImage,
    /// Phase 9: the client's file systems take the new sizes, the clone the new level.
    WriteBack,
    /// Phase 10, and every clean-up: no cache file systems.
    RemoveCache,
    /// Phase 11: final names, `/alt_inst` gone, varied off.
    Finish,
    /// Phase 11 without `-B`.
    SetBootlist,
    /// Phase 12: lock, SPOT and resources released, with success.
    Release,
    /// A clean-up: a clone that does not run is removed, the bootlist points to the running disk.
    DropClone,
    /// The end of a clean-up: as [`Change::Release`], with failure.
    GiveUp,
}

/// Why a step could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// AIX would say this.
    #[error("{0}")]
    Says(String),
    /// The lab is broken.
    #[error(transparent)]
    Lab(#[from] LabError),
}

/// Makes one step.
///
/// # Errors
/// Where a resource is missing, in AIX's words.
pub(crate) fn apply(change: Change, job: &Job, master: &mut Host, client: &mut Host) -> Result<(), Refused> {
    match change {
        Change::Lock => lock(job, master),
        Change::Clone => clone(job, master, client),
        Change::CreateCache => create_cache(job, master, client),
        Change::FillCache => cache_sizes(job, master, client, |lv| (lv.lps, lv.used_mib)),
        Change::GrowCache => cache_sizes(job, master, client, grown),
        Change::WriteBootImage => with_clone(job, client, |system| system.boot_image = true),
        Change::WriteBack => write_back(job, client),
        Change::RemoveCache => remove_cache(&job.client, master),
        Change::Finish => finish(job, client),
        Change::SetBootlist => {
            client.bootlist.clone_from(&job.disks);
            Ok(())
        }
        Change::Release => release(&job.client, master, client, "success"),
        Change::DropClone => drop_clone(client).map_err(Refused::from),
        Change::GiveUp => release(&job.client, master, client, "failure"),
    }
}

fn lock(job: &Job, master: &mut Host) -> Result<(), Refused> {
    let entry = nim_client(&job.client, master)?;
    entry.begin(vec![job.spot.clone(), job.lpp_source.clone()], job.pid);
    Ok(())
}

fn clone(job: &Job, master: &Host, client: &mut Host) -> Result<(), Refused> {
    if client.group("altinst_rootvg")?.is_some() {
        // (unconfirmed text, nimadm.md §2.1)
        return Err(Refused::Says("0505-111 alt_disk_install: altinst_rootvg already exists.".to_owned()));
    }
    for disk in &job.disks {
        if client.owner(disk)?.is_some() {
            return Err(Refused::Says(disk_in_vg(disk)));
        }
    }
    let (running, system) = client.rootvg()?;
    let copies = u32::try_from(job.disks.len()).unwrap_or(1);
    let copy =
        |lv: &LogicalVolume| LogicalVolume { name: alt_name(&lv.name), copies: lv.copies.min(copies), ..lv.clone() };
    let mut odm = system.odm.clone();
    odm.insert(running.id.clone(), "old_rootvg".to_owned());
    odm.insert(job.clone.clone(), "rootvg".to_owned());
    let group = VolumeGroup {
        id: job.clone.clone(),
        pp_mib: running.pp_mib,
        disks: job.disks.clone(),
        lvs: running.lvs.iter().map(copy).collect(),
        varied_on: true,
        mounted_under: Some("/alt_inst".to_owned()),
        system: Some(System { odm, boot_image: false, complete: false, ..system.clone() }),
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
    // A disk that was a rootvg once and was freed holds nothing any more.
    client.groups.retain(|vg| !vg.disks.iter().any(|disk| job.disks.contains(disk)));
    client.groups.push(group);
    client.system_mut()?.odm.insert(job.clone.clone(), "altinst_rootvg".to_owned());
    let spot = master.nim.as_ref().and_then(|nim| nim.resource("spot", &job.spot));
    client.spot_mount = spot.map(|spot| format!("{}:{}", master.name, spot.location));
    Ok(())
}

/// The real words for a disk that is not free (nimadm.md §2.1).
pub(crate) fn disk_in_vg(disk: &str) -> String {
    format!("0505-126 alt_disk_install: target disk {disk} has a volume group assigned to it.")
}

fn create_cache(job: &Job, master: &mut Host, client: &Host) -> Result<(), Refused> {
    let cache = cache_id(job, master)?;
    let mounts = clone_of(job, client)?;
    let Some(group) = master.groups.iter().find(|vg| vg.id == cache) else { return Ok(()) };
    let pp = group.pp_mib;
    let mut new = Vec::new();
    if !group.lvs.iter().any(|lv| lv.kind == "jfs2log") {
        new.push(volume("loglv00".to_owned(), "jfs2log", 1, None));
    }
    let taken = |name: &str, new: &[LogicalVolume]| group.lvs.iter().chain(new).any(|lv| lv.name == name);
    for (lv, mount) in mounts.mounts() {
        let name = (0..).map(|n| format!("fslv{n:02}")).find(|name| !taken(name, &new)).unwrap_or_default();
        let lps = (lv.lps * mounts.pp_mib).div_ceil(pp);
        new.push(volume(name, "jfs2", lps, Some(cache_mount(&job.client, &mount))));
    }
    let needed: u32 = new.iter().map(LogicalVolume::pps).sum();
    if needed > master.free_pps(group) {
        return Err(Refused::Says(no_space()));
    }
    if let Some(group) = master.group_mut(&cache) {
        group.lvs.extend(new);
    }
    Ok(())
}

/// Brings each cache file system to the size and fill that `wanted` derives from the clone's volume.
fn cache_sizes(
    job: &Job,
    master: &mut Host,
    client: &Host,
    wanted: impl Fn(&LogicalVolume) -> (u32, u32),
) -> Result<(), Refused> {
    let cache = cache_id(job, master)?;
    let clone = clone_of(job, client)?;
    let free = master.groups.iter().find(|vg| vg.id == cache).map_or(0, |vg| master.free_pps(vg));
    let Some(group) = master.group_mut(&cache) else { return Ok(()) };
    let pp = group.pp_mib;
    let mut sizes = Vec::new();
    for (lv, mount) in clone.mounts() {
        let (lps, used) = wanted(lv);
        sizes.push((cache_mount(&job.client, &mount), (lps * clone.pp_mib).div_ceil(pp), used));
    }
    let find = |lv: &LogicalVolume| sizes.iter().find(|(mount, ..)| lv.mount.as_ref() == Some(mount));
    let more: u32 = group.lvs.iter().filter_map(|lv| Some(find(lv)?.1.saturating_sub(lv.lps))).sum();
    if more > free {
        return Err(Refused::Says(no_space()));
    }
    for lv in &mut group.lvs {
        if let Some((_, lps, used)) = find(lv) {
            (lv.lps, lv.used_mib) = (lv.lps.max(*lps), *used);
        }
    }
    Ok(())
}

/// Size and fill of a file system with the new system in it.
pub(crate) fn grown(lv: &LogicalVolume) -> (u32, u32) {
    let more = |value: u32| value + (value * USR_GROWTH).div_ceil(100);
    if lv.mount.as_deref() == Some("/usr") { (more(lv.lps), more(lv.used_mib)) } else { (lv.lps, lv.used_mib) }
}

fn write_back(job: &Job, client: &mut Host) -> Result<(), Refused> {
    let clone = clone_of(job, client)?;
    let more: u32 = clone.lvs.iter().map(|lv| (grown(lv).0 - lv.lps) * lv.copies).sum();
    if more > client.free_pps(clone) {
        return Err(Refused::Says(no_space()));
    }
    let level = job.level;
    if let Some(group) = client.group_mut(&job.clone) {
        for lv in &mut group.lvs {
            (lv.lps, lv.used_mib) = grown(lv);
        }
    }
    with_clone(job, client, |system| {
        system.level = level;
        // Interim fixes of the old version go with the filesets they were for (unconfirmed, nimadm.md §2.6).
        system.efixes.clear();
    })
}

/// No cache file systems of this client; the log volume goes with the last of them.
fn remove_cache(client: &str, master: &mut Host) -> Result<(), Refused> {
    let prefix = cache_mount(client, "/alt_inst");
    for group in &mut master.groups {
        let before = group.lvs.len();
        group.lvs.retain(|lv| !lv.mount.as_deref().is_some_and(|mount| within(mount, &prefix)));
        if group.lvs.len() < before && group.lvs.iter().all(|lv| lv.kind == "jfs2log") {
            group.lvs.clear();
        }
    }
    Ok(())
}

fn finish(job: &Job, client: &mut Host) -> Result<(), Refused> {
    with_clone(job, client, |system| system.complete = true)?;
    if let Some(group) = client.group_mut(&job.clone) {
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

fn drop_clone(client: &mut Host) -> Result<(), LabError> {
    if let Some(id) = client.group_id("altinst_rootvg")? {
        client.remove_group(&id)?;
    }
    client.bootlist_to_running();
    Ok(())
}

fn release(name: &str, master: &mut Host, client: &mut Host, result: &str) -> Result<(), Refused> {
    nim_client(name, master)?.end(Some(result));
    client.spot_mount = None;
    Ok(())
}

impl Host {
    /// Removes a volume group that does not run: its definition, and with it the way to boot it (simplified: the real
    /// `-X` leaves the disk's data, so that firmware could still boot it, nimadm.md §1.9).
    pub(crate) fn remove_group(&mut self, id: &VgId) -> Result<(), LabError> {
        if *id == self.running {
            return Err(self.inconsistent("the running rootvg cannot be removed"));
        }
        self.groups.retain(|vg| vg.id != *id);
        self.system_mut()?.odm.remove(id);
        Ok(())
    }
}

/// Cache file systems of one client, with their clone's mount points: `/lpar71_alt/alt_inst/usr`.
pub(crate) fn cache_mount(client: &str, mount: &str) -> String {
    format!("/{client}_alt{mount}")
}

/// The name of a volume's clone: `alt_hd5`.
pub(crate) fn alt_name(name: &str) -> String {
    format!("alt_{name}").chars().take(LV_NAME_LIMIT).collect()
}

fn within(mount: &str, prefix: &str) -> bool {
    mount.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn volume(name: String, kind: &str, lps: u32, mount: Option<String>) -> LogicalVolume {
    LogicalVolume { name, kind: kind.to_owned(), lps, copies: 1, mount, used_mib: 0 }
}

fn no_space() -> String {
    "0516-404 allocp: This system cannot fulfill the allocation request.".to_owned()
}

fn cache_id(job: &Job, master: &Host) -> Result<VgId, Refused> {
    master.group_id(&job.cache_vg)?.ok_or_else(|| Refused::Says(no_such_vg("lsvg", &job.cache_vg)))
}

/// The real words for an unknown volume group (nimadm.md §4.2).
pub(crate) fn no_such_vg(command: &str, name: &str) -> String {
    format!("0516-306 {command}: Unable to find volume group {name} in the Device\n\tConfiguration Database.")
}

fn clone_of<'a>(job: &Job, client: &'a Host) -> Result<&'a VolumeGroup, Refused> {
    let Some(clone) = client.groups.iter().find(|vg| vg.id == job.clone) else {
        return Err(Refused::Says(no_such_vg("getlvodm", "altinst_rootvg")));
    };
    // The client was rebooted meanwhile: the clone lies there half-made (nimadm.md §4.1 F4).
    let off = || Refused::Says("0516-010 : Volume group must be varied on; use varyonvg command.".to_owned());
    if clone.varied_on { Ok(clone) } else { Err(off()) }
}

fn with_clone(job: &Job, client: &mut Host, change: impl FnOnce(&mut System)) -> Result<(), Refused> {
    clone_of(job, client)?;
    if let Some(system) = client.group_mut(&job.clone).and_then(|vg| vg.system.as_mut()) {
        change(system);
    }
    Ok(())
}

fn nim_client<'a>(name: &str, master: &'a mut Host) -> Result<&'a mut super::nim::Client, Refused> {
    let gone = format!("0042-053 nimadm: there is no NIM object named \"{name}\"");
    master.nim.as_mut().and_then(|nim| nim.client_mut(name)).ok_or(Refused::Says(gone))
}

#[cfg(test)]
mod tests;
