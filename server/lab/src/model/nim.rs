//! NIM objects on the master (nimadm.md §4.5, §6.1).

use crate::filesets;
use aix::{Level, Vrmf};
use serde::{Deserialize, Serialize};

/// What `Cstate` says when nobody works on the client.
pub(crate) const READY: &str = "ready for a NIM operation";
/// What it says while nimadm does (unconfirmed; anything but [`READY`] means busy).
pub(crate) const MIGRATING: &str = "alt_disk_mig operation is being performed";

/// The master's database, without its clients: each of these is a file of its own, `DIR/hosts/MASTER/nim/NAME.json`, because a
/// thousand in one file would have to be read and written by every step of every migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nim {
    pub(crate) resources: Vec<Resource>,
    /// The one network every machine is on.
    pub(crate) network: String,
}

/// A standalone client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) name: String,
    /// The host name in `if1`.
    pub(crate) hostname: String,
    pub(crate) cpuid: String,
    pub(crate) cstate: String,
    pub(crate) prev_state: String,
    /// `success` or `failure`, once there was an operation.
    pub(crate) result: Option<String>,
    pub(crate) info: Option<String>,
    /// Resources allocated to it.
    pub(crate) allocated: Vec<String>,
    /// `nimsh`, `nimsh (secure)`, `shell`.
    pub(crate) connect: String,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) name: String,
    /// `lpp_source`, `spot`, `bosinst_data`, `script` …
    pub(crate) kind: String,
    pub(crate) location: String,
    /// The AIX level it holds, for lpp_sources, SPOTs and mksysbs.
    pub(crate) level: Option<Level>,
    /// The level of `bos.alt_disk_install.rte` in it where that is not the one of its AIX level.
    #[serde(default)]
    pub(crate) alt_disk: Option<Vrmf>,
    /// False for a broken SPOT (`Rstate = unavailable for use`) and an incomplete lpp_source (no `simages`).
    #[serde(default = "yes")]
    pub(crate) usable: bool,
    /// The client a mksysb was made of.
    #[serde(default)]
    pub(crate) source: Option<String>,
}

fn yes() -> bool {
    true
}

impl Nim {
    /// A resource of a kind.
    pub(crate) fn resource(&self, kind: &str, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.kind == kind && resource.name == name)
    }
    /// As [`Nim::resource`], of any kind, for changing it.
    pub(crate) fn resource_mut(&mut self, name: &str) -> Option<&mut Resource> {
        self.resources.iter_mut().find(|resource| resource.name == name)
    }
}

impl Resource {
    /// The level of `bos.alt_disk_install.rte` in an lpp_source or SPOT.
    pub(crate) fn alt_disk_level(&self) -> Option<Vrmf> {
        self.alt_disk.or_else(|| Some(filesets::level_of(filesets::ALT_DISK, self.level?)))
    }
}

impl Client {
    /// An operation begins.
    pub(crate) fn begin(&mut self, resources: Vec<String>) {
        self.prev_state = std::mem::replace(&mut self.cstate, MIGRATING.to_owned());
        self.info = None;
        self.allocated = resources;
    }

    /// The operation is over, or is declared over by a clean-up or a reset.
    pub(crate) fn end(&mut self, result: Option<&str>) {
        if self.cstate != READY {
            self.prev_state = std::mem::replace(&mut self.cstate, READY.to_owned());
        }
        if let Some(result) = result {
            self.result = Some(result.to_owned());
        }
        self.allocated.clear();
    }
}
