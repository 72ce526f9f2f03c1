//! NIM objects on the master (nimadm.md §4.5, §6.1).

use aix::Level;
use serde::{Deserialize, Serialize};

/// What `Cstate` says when nobody works on the client.
pub(crate) const READY: &str = "ready for a NIM operation";
/// What it says while nimadm does (unconfirmed; anything but [`READY`] means busy).
pub(crate) const MIGRATING: &str = "alt_disk_mig operation is being performed";

/// The master's database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nim {
    pub(crate) clients: Vec<Client>,
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
    /// Process id of the nimadm that works on it, or did when it was killed.
    pub(crate) locked_by: Option<u32>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) name: String,
    /// `lpp_source`, `spot`, `bosinst_data`, `script` …
    pub(crate) kind: String,
    pub(crate) location: String,
    /// The AIX level it holds, for lpp_sources and SPOTs.
    pub(crate) level: Option<Level>,
}

impl Nim {
    /// A client by object name or, as c_rsh takes it, by the host name of its interface.
    pub(crate) fn client(&self, name: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.name == name || client.hostname == name)
    }

    /// As [`Nim::client`], for changing it.
    pub(crate) fn client_mut(&mut self, name: &str) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.name == name || client.hostname == name)
    }

    /// A resource of a kind.
    pub(crate) fn resource(&self, kind: &str, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.kind == kind && resource.name == name)
    }

    /// How many clients a resource is allocated to.
    pub(crate) fn alloc_count(&self, resource: &str) -> usize {
        self.clients.iter().filter(|client| client.allocated.iter().any(|name| name == resource)).count()
    }
}

impl Client {
    /// An operation begins.
    pub(crate) fn begin(&mut self, resources: Vec<String>, pid: u32) {
        self.prev_state = std::mem::replace(&mut self.cstate, MIGRATING.to_owned());
        self.info = None;
        self.allocated = resources;
        self.locked_by = Some(pid);
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
        self.locked_by = None;
    }
}
