//! What a step of a migration does to files, beside what it does to the model.

use super::{Context, eligible::Plan};
use crate::{
    LabError, image,
    model::{Via, migration::Change},
    tree,
};
use regex::RegexSet;
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

/// The root of the system that is migrated, on the master: `root/lpar71_alt/alt_inst`.
pub(super) fn work_dir(context: &Context, subject: &str) -> PathBuf {
    context.store.root(&context.host).join(format!("{subject}_alt")).join("alt_inst")
}

/// Does what belongs to a change that the model has just taken.
pub(super) fn follow(context: &Context, plan: &Plan, change: &Change) -> Result<(), LabError> {
    let (store, job) = (&context.store, &plan.job);
    let cache = work_dir(context, &job.subject);
    let root = job.client.as_deref().map(|client| store.root(client));
    let clone = job.client.as_deref().map(|client| store.host_dir(client).join("vg").join(&job.clone.0));
    let level = job.level;
    match change {
        Change::Clone => {
            let (Some(root), Some(clone)) = (root, clone) else { return Ok(()) };
            if job.image.is_none() {
                tree::copy(store, &root, &clone, &plan.excluded)?;
            }
            std::fs::create_dir_all(&clone).map_err(LabError::file("create", &clone))?;
            let disks = job.disks.join(" ");
            client_log(
                &root,
                &format!("cmd: /ALT_MIG_SPOT/sbin/alt_disk_copy -M {} -P1 -d \"{disks}\"", level.version_release()),
            )?;
            tree::write(&root, "image.data", "image_data:\n    IMAGE_TYPE= bff\n")?;
            tree::write(&root, "tmp/alt_lock", &job.subject)
        }
        Change::CreateCache => {
            tree::remove(&cache)?;
            std::fs::create_dir_all(&cache).map_err(LabError::file("create", &cache))
        }
        Change::FillCache => match (&job.image, root) {
            (Some((name, _)), _) => image::extract(&plan.image_file(context, name)?, &cache),
            (None, Some(root)) if job.disks.is_empty() => tree::copy(store, &root, &cache, &plan.excluded),
            _ => clone.map_or(Ok(()), |clone| tree::copy(store, &clone, &cache, &RegexSet::empty())),
        },
        Change::MountExports => tree::point(&cache, clone),
        Change::RestoreBos => {
            tree::write(&cache, "usr/lib/boot/unix_64", &format!("kernel of {level}\n"))?;
            tree::write(&cache, "usr/lpp/bos/README", &format!("AIX {level}\n"))?;
            tree::write(&cache, "var/adm/ras/install_all_updates.log", "")
        }
        Change::WriteBack => {
            let Some(clone) = clone else { return Ok(()) };
            tree::remove(&clone)?;
            tree::copy(store, &cache, &clone, &RegexSet::empty())
        }
        Change::UnmountExports => tree::point(&cache, None),
        Change::RemoveCache => match (&job.via, cache.parent()) {
            (Via::Cache(_) | Via::Nfs, Some(parent)) => tree::remove(parent),
            (_, None) => Ok(()),
        },
        Change::Release | Change::GiveUp(_) | Change::DropClone => {
            let Some(client) = &job.client else { return Ok(()) };
            tree::remove(&store.root(client).join("tmp/alt_lock"))?;
            tree::sweep(store, &store.host(client)?)
        }
        _ => Ok(()),
    }
}

/// Adds to the client's own log (nimadm.md §1.5).
fn client_log(root: &Path, line: &str) -> Result<(), LabError> {
    let path = root.join("var/adm/ras/alt_disk_inst.log");
    let opened = File::options().append(true).create(true).open(&path);
    opened.and_then(|mut file| writeln!(file, "{line}")).map_err(LabError::file("write", &path))
}
