//! How a migration changes the estate, step by step: the state table of nimadm.md §2.15.
//!
//! Each step checks what it needs and changes nothing when it is missing, so a run that fails leaves what the phases before it
//! left. The running rootvg is changed in one way only: its ODM learns and forgets the clone's name.

mod cache;
mod clone;
mod content;

pub(crate) use cache::{cache_mount, under};
pub(crate) use clone::{alt_name, disk_in_vg};
pub(crate) use content::Image;

use super::{Host, LogicalVolume, Site, System, VgId, Via, VolumeGroup, Work};
use crate::LabError;
use aix::{Level, Vrmf};

/// How much `/usr` grows by a migration, in percent.
const USR_GROWTH: u32 = 25;

/// What one migration is about.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// What names the cache, the log and the lock: the client, or the mksysb where there is none.
    pub(crate) subject: String,
    /// NIM name of the client; also its host's name.
    pub(crate) client: Option<String>,
    pub(crate) spot: String,
    pub(crate) lpp_source: String,
    /// The mksysb that is migrated, where it is not the client's rootvg: name of the resource and what is in it.
    pub(crate) image: Option<(String, Image)>,
    /// Target disks; none where the result is a mksysb.
    pub(crate) disks: Vec<String>,
    pub(crate) via: Via,
    /// Level of the lpp_source and SPOT.
    pub(crate) level: Level,
    /// `-U`: a technology level or service pack, no new version.
    pub(crate) update: bool,
    /// `-B`: the bootlist stays.
    pub(crate) hold_bootlist: bool,
    /// Process id of nimadm.
    pub(crate) pid: u32,
    /// Identifier of the clone's volume group; empty where none is made.
    pub(crate) clone: VgId,
    /// PVIDs for target disks that have none, in their order.
    pub(crate) pvids: Vec<String>,
    /// What `-i` wants changed, before the volumes are made: see [`LogicalVolume`].
    pub(crate) reshape: Vec<Reshape>,
}

/// One change that an image.data asks for (nimadm.md §1.2 `-i`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reshape {
    /// A volume gets another size.
    Size { volume: String, lps: u32 },
    /// The volume of a file system gets another name.
    Name { mount: String, volume: String },
}

/// A fileset that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fileset {
    pub(crate) name: String,
    pub(crate) level: Vrmf,
    /// Its root part cannot be installed.
    pub(crate) fails: bool,
}

/// A step that changes the estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Header: the client is locked, its resources allocated.
    Lock,
    /// Phase 1: altinst_rootvg with `alt_` volumes, mounted under `/alt_inst`; the SPOT mounted on the client.
    Clone,
    /// Phase 2: empty cache file systems on the master.
    CreateCache,
    /// Phase 3: the system's data in them.
    FillCache,
    /// Phase 2 without a cache: the client exports the clone's file systems.
    Export,
    /// Phase 3 without a cache: the master mounts them.
    MountExports,
    /// Phase 5: room for the new system.
    Grow,
    /// Phase 5: the new base system; what was fixed in the old one goes.
    RestoreBos,
    /// Phase 6: a fileset.
    Install(Fileset),
    /// Phase 8: the clone's disk, or the cache where the result is a mksysb, gets a boot image.
    WriteBootImage,
    /// Phase 9: the client's file systems take the new sizes, the clone what is in the cache.
    WriteBack,
    /// Phase 9 without a cache.
    UnmountExports,
    /// Phase 10, and every clean-up: no cache file systems, mounts and exports.
    RemoveCache,
    /// Phase 11: final names, `/alt_inst` gone, varied off.
    Finish,
    /// Phase 11 without `-B`.
    SetBootlist,
    /// Phase 12: lock, SPOT and resources released, with success.
    Release,
    /// A clean-up: a clone that does not run is removed, the bootlist points to the running disk.
    DropClone,
    /// The end of a clean-up: as [`Change::Release`], with failure and its cause.
    GiveUp(String),
    /// `-W`: the clone of this disk is mounted again.
    Wake(String),
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
pub(crate) fn apply(change: &Change, job: &Job, site: &mut Site) -> Result<(), Refused> {
    match change {
        Change::Lock => lock(job, site),
        Change::Clone => clone::make(job, site),
        Change::CreateCache => cache::create(job, site),
        Change::FillCache => cache::fill(job, site),
        Change::Export => cache::export(job, site),
        Change::MountExports => cache::mount_exports(job, site),
        Change::Grow => cache::grow(job, site),
        Change::RestoreBos => content::restore_bos(job, site),
        Change::Install(fileset) => content::install(job, site, fileset),
        Change::WriteBootImage => clone::write_boot_image(job, site),
        Change::WriteBack => clone::write_back(job, site),
        Change::UnmountExports => {
            site.master.nfs_mounts.retain(|mount| !cache::belongs(&mount.mount, &job.subject));
            Ok(())
        }
        Change::RemoveCache => {
            cache::remove(&job.subject, site);
            Ok(())
        }
        Change::Finish => clone::finish(job, site),
        Change::SetBootlist => {
            client(site)?.bootlist.clone_from(&job.disks);
            Ok(())
        }
        Change::Release => release(site, "success", None),
        Change::DropClone => clone::drop(site),
        Change::GiveUp(cause) => release(site, "failure", Some(cause)),
        Change::Wake(disk) => clone::wake(disk, site),
    }
}

fn lock(job: &Job, site: &mut Site) -> Result<(), Refused> {
    if let Some(entry) = &mut site.entry {
        entry.begin(vec![job.spot.clone(), job.lpp_source.clone()]);
    }
    let (volumes, pp_mib) = match (&job.image, &site.client) {
        (Some((_, image)), _) => (image.volumes.clone(), image.pp_mib),
        (None, Some(client)) => {
            let (running, _) = client.rootvg()?;
            // What is not mounted is not cloned (nimadm.md §1.8).
            (running.lvs.iter().filter(|lv| !lv.unmounted).cloned().collect(), running.pp_mib)
        }
        (None, None) => return Err(Refused::Lab(site.master.inconsistent("a migration of nothing"))),
    };
    let volumes = content::reshaped(volumes, &job.reshape);
    let (via, clone) = (job.via.clone(), job.clone.clone());
    site.work = Some(Work { pid: job.pid, via, clone, volumes, pp_mib, system: None });
    Ok(())
}

fn release(site: &mut Site, result: &str, cause: Option<&String>) -> Result<(), Refused> {
    if let Some(entry) = &mut site.entry {
        entry.end(Some(result));
        // In `info` the colon of a message becomes a dash (nimadm.md §2.1).
        entry.info = cause.map(|cause| cause.replace(": ", "- "));
    }
    if let Some(client) = &mut site.client {
        client.spot_mount = None;
    }
    site.work = None;
    Ok(())
}

/// Size in partitions and fill in MiB of a file system with the new system in it.
pub(crate) fn grown(lv: &LogicalVolume) -> (u32, u32) {
    let more = |value: u32| value + (value * USR_GROWTH).div_ceil(100);
    if lv.mount.as_deref() == Some("/usr") { (more(lv.lps), more(lv.used_mib)) } else { (lv.lps, lv.used_mib) }
}

/// The real words for an unknown volume group (nimadm.md §4.2).
pub(crate) fn no_such_vg(command: &str, name: &str) -> String {
    format!("0516-306 {command}: Unable to find volume group {name} in the Device\n\tConfiguration Database.")
}

/// The words for a volume group without free partitions (unconfirmed in part, nimadm.md §2.2).
pub(crate) fn no_space() -> String {
    "0516-404 allocp: This system cannot fulfill the allocation request.".to_owned()
}

/// The real words for a volume group that is off (nimadm.md §4.2).
pub(crate) const VARIED_OFF: &str = "0516-010 : Volume group must be varied on; use varyonvg command.";

fn client(site: &mut Site) -> Result<&mut Host, Refused> {
    let missing = site.master.inconsistent("a step on a client in a migration without one");
    site.client.as_mut().ok_or(Refused::Lab(missing))
}

fn work(site: &mut Site) -> Result<&mut Work, Refused> {
    // (unconfirmed text) A phase was asked for and none before it was done.
    let none = || Refused::Says("0505-150 nimadm: No migration is in progress.".to_owned());
    site.work.as_mut().ok_or_else(none)
}

/// The clone under work, which must be there and on.
fn clone_of<'a>(work: Option<&Work>, client: Option<&'a Host>) -> Result<&'a VolumeGroup, Refused> {
    let none = || Refused::Says(no_such_vg("getlvodm", "altinst_rootvg"));
    let id = work.map(|work| &work.clone).ok_or_else(none)?;
    let clone = client.and_then(|client| client.groups.iter().find(|vg| vg.id == *id)).ok_or_else(none)?;
    // Off, where the client was rebooted meanwhile: the clone lies there half-made (nimadm.md §4.1 F4).
    if clone.varied_on { Ok(clone) } else { Err(Refused::Says(VARIED_OFF.to_owned())) }
}

/// The clone's system, for changing it.
fn clone_system(site: &mut Site) -> Result<&mut System, Refused> {
    let id = clone_of(site.work.as_ref(), site.client.as_ref())?.id.clone();
    let broken = site.master.inconsistent("a clone without a system");
    let group = client(site)?.group_mut(&id);
    group.and_then(|vg| vg.system.as_mut()).ok_or(Refused::Lab(broken))
}

#[cfg(test)]
mod tests;
