//! The system that is migrated, wherever it lies: in the cache, or on the clone itself.

use super::{Fileset, Job, Refused, Reshape, clone_system, work};
use crate::model::{Installed, LogicalVolume, Site, State, System, Via};
use serde::{Deserialize, Serialize};

/// What a mksysb holds besides its files: a system and the shape of its rootvg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) system: System,
    pub(crate) volumes: Vec<LogicalVolume>,
    /// Size of a partition, MiB.
    pub(crate) pp_mib: u32,
}

fn system<'a>(job: &Job, site: &'a mut Site) -> Result<&'a mut System, Refused> {
    match job.via {
        Via::Nfs => clone_system(site),
        Via::Cache(_) => {
            // (unconfirmed text)
            let empty = format!("0505-151 nimadm: The cache file systems of {} are empty.", job.subject);
            work(site)?.system.as_mut().ok_or(Refused::Says(empty))
        }
    }
}

/// Interim fixes of the old version go with the filesets they were for (unconfirmed, nimadm.md §2.6); an update keeps them.
pub(super) fn restore_bos(job: &Job, site: &mut Site) -> Result<(), Refused> {
    let system = system(job, site)?;
    if !job.update {
        system.efixes.clear();
    }
    Ok(())
}

pub(super) fn install(job: &Job, site: &mut Site, fileset: &Fileset) -> Result<(), Refused> {
    system(job, site)?.install(fileset);
    Ok(())
}

impl System {
    /// Installs a fileset, or half of it.
    pub(crate) fn install(&mut self, fileset: &Fileset) {
        let state = if fileset.fails { State::Broken } else { State::Committed };
        self.filesets.insert(fileset.name.clone(), Installed { level: fileset.level, state });
    }
}

/// The volumes as an image.data wants them.
pub(super) fn reshaped(mut volumes: Vec<LogicalVolume>, wanted: &[Reshape]) -> Vec<LogicalVolume> {
    for volume in &mut volumes {
        for change in wanted {
            match change {
                Reshape::Size { volume: name, lps } if *name == volume.name => volume.lps = *lps,
                Reshape::Name { mount, volume: name } if volume.mount.as_ref() == Some(mount) => {
                    volume.name.clone_from(name);
                }
                Reshape::Size { .. } | Reshape::Name { .. } => {}
            }
        }
    }
    volumes
}
