//! The files of the hosts.
//!
//! Every volume group has a directory of its own, `DIR/hosts/NAME/vg/ID`, and what is mounted is a symbolic link: the login directory
//! `root` points to the running rootvg, `root/alt_inst` to a clone that is awake, `root/export/nim` to a file system of a data
//! volume group. So a reboot that comes up from another disk really has that disk's files, and what was changed on the old
//! one after the clone was made is not there. The links follow from the model and are put right whenever it is written.

use crate::{LabError, model::Host, store::Store};
use regex::RegexSet;
use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// The directory of a volume group.
pub(crate) fn of(store: &Store, host: &Host, id: &crate::model::VgId) -> PathBuf {
    store.host_dir(&host.name).join("vg").join(&id.0)
}

/// Makes the links agree with what is mounted.
pub(crate) fn mount(store: &Store, host: &Host) -> Result<(), LabError> {
    let own = store.host_dir(&host.name);
    point(&own.join("root"), Some(Path::new("vg").join(&host.running.0)))?;
    let root = of(store, host, &host.running);
    let clone = host.groups.iter().find(|vg| vg.mounted_under.as_deref() == Some("/alt_inst"));
    point(&root.join("alt_inst"), clone.map(|vg| of(store, host, &vg.id)))?;
    let spot = host.spot_mount.as_deref().and_then(|spot| spot.split_once(":/"));
    point(&root.join("ALT_MIG_SPOT"), spot.map(|(master, path)| store.root(master).join(path)))?;
    for vg in host.groups.iter().filter(|vg| vg.system.is_none()) {
        for lv in &vg.lvs {
            let Some(mount) = lv.mount.as_deref().filter(|mount| !mount.contains("_alt/alt_inst")) else { continue };
            let target = vg.mount_point(lv).map(|_| of(store, host, &vg.id).join(&lv.name));
            if let Some(path) = target.as_deref() {
                fs::create_dir_all(path).map_err(LabError::file("create", path))?;
            }
            point(&root.join(mount.trim_start_matches('/')), target)?;
        }
    }
    Ok(())
}

/// Makes a link point to a target, replaced by rename; removes it where there is none. A directory in its place stays.
pub(crate) fn point(link: &Path, target: Option<PathBuf>) -> Result<(), LabError> {
    let now = fs::read_link(link).ok();
    if now == target {
        return Ok(());
    }
    let Some(target) = target else {
        return fs::remove_file(link).map_err(LabError::file("unmount", link));
    };
    let new = link.with_extension("mounting");
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent).map_err(LabError::file("create", parent))?;
    }
    drop(fs::remove_file(&new));
    symlink(target, &new).and_then(|()| fs::rename(&new, link)).map_err(LabError::file("mount", link))
}

/// Copies what lies in a directory, without what is mounted below it and without what an exclude list names (patterns
/// over `./path`, as in `/etc/exclude.rootvg`). What is already there is written over.
pub(crate) fn copy(store: &Store, from: &Path, to: &Path, excluded: &RegexSet) -> Result<(), LabError> {
    copy_below(store, from, to, Path::new("."), excluded)
}

fn copy_below(store: &Store, from: &Path, to: &Path, at: &Path, excluded: &RegexSet) -> Result<(), LabError> {
    fs::create_dir_all(to).map_err(LabError::file("create", to))?;
    for entry in fs::read_dir(from).map_err(LabError::file("read", from))? {
        let entry = entry.map_err(LabError::file("read", from))?;
        let (path, name) = (entry.path(), entry.file_name());
        let (there, here) = (to.join(&name), at.join(&name));
        let kind = entry.file_type().map_err(LabError::file("read", &path))?;
        let shown = here.to_string_lossy();
        if excluded.is_match(&shown) || kind.is_dir() && excluded.is_match(&format!("{shown}/")) {
            continue;
        }
        let done = if kind.is_dir() {
            copy_below(store, &path, &there, &here, excluded)?;
            Ok(())
        } else if kind.is_symlink() {
            match fs::read_link(&path) {
                Ok(target) if target.starts_with(store.dir()) => Ok(()),
                Ok(target) => replace_link(&target, &there),
                Err(error) => Err(error),
            }
        } else if kind.is_file() {
            fs::copy(&path, &there).map(|_| ())
        } else {
            Ok(())
        };
        match done {
            // It went between list and copy, as `tmp/alt_lock` does on a real client.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done.map_err(LabError::file("copy", &path))?,
        }
    }
    Ok(())
}

fn replace_link(target: &Path, link: &Path) -> io::Result<()> {
    drop(fs::remove_file(link));
    symlink(target, link)
}

/// Removes a file or directory with everything in it; what is not there is no error. Links are removed, not followed.
pub(crate) fn remove(path: &Path) -> Result<(), LabError> {
    let gone = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match gone {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        gone => gone.map_err(LabError::file("remove", path)),
    }
}

/// Removes the directories of volume groups that are no more.
pub(crate) fn sweep(store: &Store, host: &Host) -> Result<(), LabError> {
    let all = store.host_dir(&host.name).join("vg");
    for entry in fs::read_dir(&all).map_err(LabError::file("read", &all))?.flatten() {
        let name = entry.file_name();
        if !host.groups.iter().any(|vg| *vg.id.0 == *name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Writes a file below a directory, with the directories it needs.
pub(crate) fn write(root: &Path, path: &str, text: &str) -> Result<(), LabError> {
    let path = root.join(path.trim_start_matches('/'));
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(LabError::file("create", parent))?;
    }
    fs::write(&path, text).map_err(LabError::file("write", &path))
}
