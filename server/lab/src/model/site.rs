//! Everything one migration touches: the master, the client, what NIM knows of it, and the work under way.
//!
//! These are files of their own, and a migration changes several together: see [`crate::store::Store::update_site`].

use super::{Host, LogicalVolume, System, VgId, nim};
use serde::{Deserialize, Serialize};

/// A master and one client of it, loaded to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) master: Host,
    /// None where a mksysb is migrated to a mksysb.
    pub(crate) client: Option<Host>,
    /// The client's NIM object.
    pub(crate) entry: Option<nim::Client>,
    /// The lock of a nimadm, with what it is doing; none where nobody works and nobody was interrupted.
    pub(crate) work: Option<Work>,
}

/// How the master gets at the system it migrates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Via {
    /// `-j VG`: a copy in file systems of its own.
    Cache(String),
    /// The clone's file systems, mounted by NFS.
    Nfs,
}

/// A migration that has begun and was not released: nimadm's lock, `DIR/hosts/MASTER/work/NAME.json`. It outlives the
/// nimadm that took it, by phases (`-P`) and by a kill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// Process id of the nimadm that works, or did.
    pub(crate) pid: u32,
    pub(crate) via: Via,
    /// The clone's volume group; empty where none is made.
    pub(crate) clone: VgId,
    /// The volumes of the system that is migrated, as its own system names them.
    pub(crate) volumes: Vec<LogicalVolume>,
    /// The size of their partitions, MiB.
    pub(crate) pp_mib: u32,
    /// What is in the cache, from phase 3 on.
    pub(crate) system: Option<System>,
}
