//! Where the master gets at the system: cache file systems of its own, or the clone's by NFS (nimadm.md §1.4).

use super::{Job, Refused, VARIED_OFF, client, clone_of, clone_system, grown, no_space, no_such_vg, work};
use crate::model::{Host, LogicalVolume, Site, VgId, Via, host::NfsMount};

/// Cache file systems of one client, with their clone's mount points: `/lpar71_alt/alt_inst/usr`.
pub(crate) fn cache_mount(subject: &str, mount: &str) -> String {
    format!("/{subject}_alt{mount}")
}

/// A mount point below a directory: `/` becomes the directory itself.
pub(crate) fn under(directory: &str, mount: &str) -> String {
    format!("{directory}{}", mount.strip_suffix('/').unwrap_or(mount))
}

/// Whether a mount point of the master is one of the subject's migration.
pub(super) fn belongs(mount: &str, subject: &str) -> bool {
    mount
        .strip_prefix(cache_mount(subject, "/alt_inst").as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn cache_vg(job: &Job, master: &Host) -> Result<VgId, Refused> {
    let Via::Cache(name) = &job.via else {
        return Err(Refused::Lab(master.inconsistent("a cache in a migration without one")));
    };
    let group = master.group(name)?.ok_or_else(|| Refused::Says(no_such_vg("lsvg", name)))?;
    if group.varied_on { Ok(group.id.clone()) } else { Err(Refused::Says(VARIED_OFF.to_owned())) }
}

/// Volumes with a mount point, parents first.
fn file_systems(volumes: &[LogicalVolume]) -> Vec<(&LogicalVolume, &str)> {
    let mut found: Vec<_> = volumes.iter().filter_map(|lv| Some((lv, lv.mount.as_deref()?))).collect();
    found.sort_unstable_by_key(|(_, mount)| *mount);
    found
}

pub(super) fn create(job: &Job, site: &mut Site) -> Result<(), Refused> {
    let cache = cache_vg(job, &site.master)?;
    let work = work(site)?.clone();
    let Some(group) = site.master.groups.iter().find(|vg| vg.id == cache) else { return Ok(()) };
    let pp = group.pp_mib;
    let mut new = Vec::new();
    if !group.lvs.iter().any(|lv| lv.kind == "jfs2log") {
        new.push(volume("loglv00".to_owned(), "jfs2log", 1, None));
    }
    let root = cache_mount(&job.subject, "/alt_inst");
    for (lv, mount) in file_systems(&work.volumes) {
        let mount = under(&root, mount);
        if group.lvs.iter().any(|lv| lv.mount.as_ref() == Some(&mount)) {
            // Left by a run that was killed (unconfirmed text).
            return Err(Refused::Says(format!("0506-924 crfs: The {mount} file system already exists.")));
        }
        // Names are a system's, not a volume group's (unconfirmed pattern, nimadm.md §2.2).
        let all = site.master.groups.iter().flat_map(|vg| &vg.lvs);
        let taken: Vec<_> = all.chain(&new).map(|lv| lv.name.clone()).collect();
        let name = (0..).map(|n| format!("fslv{n:02}")).find(|name| !taken.contains(name)).unwrap_or_default();
        new.push(volume(name, "jfs2", (lv.lps * work.pp_mib).div_ceil(pp), Some(mount)));
    }
    if new.iter().map(LogicalVolume::pps).sum::<u32>() > site.master.free_pps(group) {
        return Err(Refused::Says(no_space()));
    }
    if let Some(group) = site.master.group_mut(&cache) {
        group.lvs.extend(new);
    }
    Ok(())
}

/// What is streamed into the cache: the clone, a mksysb, or the running system where the result is a mksysb.
pub(super) fn fill(job: &Job, site: &mut Site) -> Result<(), Refused> {
    let system = match (&job.image, &site.client) {
        (Some((_, image)), _) => image.system.clone(),
        (None, Some(client)) if job.disks.is_empty() => client.rootvg()?.1.clone(),
        (None, _) => clone_system(site)?.clone(),
    };
    work(site)?.system = Some(system);
    resize(job, site, |lv| (lv.lps, lv.used_mib))
}

/// Room for the new system: in the cache, or in the clone itself.
pub(super) fn grow(job: &Job, site: &mut Site) -> Result<(), Refused> {
    match job.via {
        Via::Cache(_) => resize(job, site, grown),
        Via::Nfs => grow_clone(site),
    }
}

/// The clone's file systems at the size and fill of the new system.
pub(super) fn grow_clone(site: &mut Site) -> Result<(), Refused> {
    let clone = clone_of(site.work.as_ref(), site.client.as_ref())?;
    let id = clone.id.clone();
    let wanted: Vec<_> = work(site)?.volumes.iter().map(|lv| (lv.mount.clone(), grown(lv))).collect();
    let size = |lv: &LogicalVolume| {
        let found = wanted.iter().find(|(mount, _)| lv.mount.is_some() && *mount == lv.mount);
        found.map_or((lv.lps, lv.used_mib), |(_, (lps, used))| (lv.lps.max(*lps), *used))
    };
    let client = client(site)?;
    let Some(clone) = client.groups.iter().find(|vg| vg.id == id) else { return Ok(()) };
    let more: u32 = clone.lvs.iter().map(|lv| (size(lv).0 - lv.lps) * lv.copies).sum();
    if more > client.free_pps(clone) {
        return Err(Refused::Says(no_space()));
    }
    for lv in client.group_mut(&id).into_iter().flat_map(|vg| &mut vg.lvs) {
        (lv.lps, lv.used_mib) = size(lv);
    }
    Ok(())
}

/// Brings each cache file system to the size and fill that `wanted` derives from the system's volume.
fn resize(job: &Job, site: &mut Site, wanted: impl Fn(&LogicalVolume) -> (u32, u32)) -> Result<(), Refused> {
    let cache = cache_vg(job, &site.master)?;
    let work = work(site)?.clone();
    let root = cache_mount(&job.subject, "/alt_inst");
    let Some(group) = site.master.groups.iter().find(|vg| vg.id == cache) else { return Ok(()) };
    let (free, pp) = (site.master.free_pps(group), group.pp_mib);
    let sizes: Vec<_> = file_systems(&work.volumes)
        .into_iter()
        .map(|(lv, mount)| {
            let (lps, used) = wanted(lv);
            (under(&root, mount), (lps * work.pp_mib).div_ceil(pp), used)
        })
        .collect();
    let find = |lv: &LogicalVolume| sizes.iter().find(|(mount, ..)| lv.mount.as_ref() == Some(mount));
    if !group.lvs.iter().any(|lv| find(lv).is_some()) {
        // (unconfirmed text) The phase that makes them was left out.
        return Err(Refused::Says(format!(
            "nimadm: cannot access {root}: A file or directory in the path name does not exist."
        )));
    }
    let more: u32 = group.lvs.iter().filter_map(|lv| Some(find(lv)?.1.saturating_sub(lv.lps))).sum();
    if more > free {
        return Err(Refused::Says(no_space()));
    }
    for lv in site.master.group_mut(&cache).into_iter().flat_map(|vg| &mut vg.lvs) {
        if let Some((_, lps, used)) = find(lv) {
            (lv.lps, lv.used_mib) = (lv.lps.max(*lps), *used);
        }
    }
    Ok(())
}

pub(super) fn export(_: &Job, site: &mut Site) -> Result<(), Refused> {
    let clone = clone_of(site.work.as_ref(), site.client.as_ref())?;
    let mut mounts: Vec<_> = clone.mounts().map(|(_, mount)| mount).collect();
    mounts.sort_unstable();
    client(site)?.exports = mounts;
    Ok(())
}

pub(super) fn mount_exports(job: &Job, site: &mut Site) -> Result<(), Refused> {
    let client = client(site)?;
    let (name, exports) = (client.name.clone(), client.exports.clone());
    if exports.is_empty() {
        // Family text confirmed (nimadm.md §4.2).
        return Err(Refused::Says(format!("mount: 1831-011 access denied for {name}:/alt_inst")));
    }
    let mount = |path: &String| NfsMount { remote: format!("{name}:{path}"), mount: cache_mount(&job.subject, path) };
    site.master.nfs_mounts.extend(exports.iter().map(mount));
    Ok(())
}

/// No cache file systems, mounts and exports of this subject; the log volume goes with the last file system.
pub(super) fn remove(subject: &str, site: &mut Site) {
    for group in &mut site.master.groups {
        let before = group.lvs.len();
        group.lvs.retain(|lv| !lv.mount.as_deref().is_some_and(|mount| belongs(mount, subject)));
        if group.lvs.len() < before && group.lvs.iter().all(|lv| lv.kind == "jfs2log") {
            group.lvs.clear();
        }
    }
    site.master.nfs_mounts.retain(|mount| !belongs(&mount.mount, subject));
    if let Some(client) = &mut site.client {
        client.exports.retain(|path| path != "/alt_inst" && !path.starts_with("/alt_inst/"));
    }
    if let Some(work) = &mut site.work {
        work.system = None;
    }
}

fn volume(name: String, kind: &str, lps: u32, mount: Option<String>) -> LogicalVolume {
    LogicalVolume { name, kind: kind.to_owned(), lps, copies: 1, mount, used_mib: 0, unmounted: false, stale: false }
}
