//! NIM masters and what they hold.

use super::{Approvals, Timestamp};
use aix::ObjectName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A NIM master that nimdeck drives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Master {
    /// Identifier.
    pub id: Uuid,
    /// Its name here; for people.
    pub name: ObjectName,
    /// Host name or address.
    pub host: String,
    /// SSH port.
    pub port: u16,
    /// The user nimdeck signs in as there.
    pub user: String,
    /// Whether its host key is pinned.
    pub host_key: HostKeyState,
    /// The master's own level, `7300-03-01-2520`; none before the first refresh.
    pub level: Option<aix::Level>,
    /// True for a master of the lab.
    pub simulated: bool,
    /// When the inventory was last read in full.
    pub refreshed_at: Option<Timestamp>,
    /// Why it could not be reached at the last try; none when it answered.
    pub unreachable: Option<String>,
    /// At most so many nimadms run there at once.
    pub max_running: u16,
    /// Shortest time between two starts, in seconds.
    pub stagger_seconds: u16,
    /// Whose word it asks for.
    #[serde(default)]
    pub approvals: Approvals,
    /// Directories below which nimadm may write a mksysb and read images, as root. Empty: those in which the master's mksysbs lie, and
    /// for reading those in which its lpp_sources lie.
    #[serde(default)]
    pub allowed_directories: Vec<String>,
    /// Clients that NIM lists.
    #[serde(default)]
    pub clients: u32,
    /// Clients that NIM no longer lists.
    #[serde(default)]
    pub missing_clients: u32,
    /// The last reading of `lsnim` that listed fewer objects than were known; none once it lists all of them.
    #[serde(default)]
    pub shrunk: Option<ShrunkList>,
}

/// A reading of `lsnim` that listed fewer objects than were known. Nothing is marked missing before a second reading says the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShrunkList {
    /// When the first reading began.
    pub read_at: Timestamp,
    /// Clients that NIM listed the reading before.
    pub clients_before: u32,
    /// Clients in the first reading.
    pub clients: u32,
    /// Resources that NIM listed the reading before.
    pub resources_before: u32,
    /// Resources in the first reading.
    pub resources: u32,
    /// What the second reading said.
    pub second: SecondReading,
}

/// What the second reading of a shrunken list said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum SecondReading {
    /// The same: what neither reading lists is missing.
    Confirmed {
        /// When it began.
        at: Timestamp,
    },
    /// It listed again what the first one left out.
    Recovered {
        /// When it began.
        at: Timestamp,
    },
    /// It failed, so nothing was changed.
    Failed {
        /// When it began.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// What is known of a host key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum HostKeyState {
    /// Nobody accepted a key yet: nothing is sent to this host.
    Unknown {
        /// The fingerprint the host last offered, `SHA256:…`; compare it on the host's console.
        offered: Option<String>,
    },
    /// A key is pinned and must be offered.
    Pinned {
        /// Its fingerprint, `SHA256:…`.
        fingerprint: String,
    },
    /// The host offered another key than the pinned one: everything stops until an administrator has looked.
    Changed {
        /// The pinned fingerprint.
        fingerprint: String,
        /// The one that was offered.
        offered: String,
    },
}

/// A master to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMaster {
    /// Its name here.
    pub name: ObjectName,
    /// Host name or address.
    pub host: String,
    /// SSH port; 22 where absent.
    #[serde(default = "ssh_port")]
    pub port: u16,
    /// The user to sign in as; `root` where absent.
    #[serde(default = "root")]
    pub user: String,
    /// The host's public key, `ssh-ed25519 AAAA…`, read on its console; without it nothing is sent to the host.
    #[serde(default)]
    pub host_key: Option<String>,
}

/// What to change of a master; what is absent stays. A changed address keeps the pinned key: another host will not have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MasterChange {
    /// Its name here.
    #[serde(default)]
    pub name: Option<ObjectName>,
    /// Host name or address.
    #[serde(default)]
    pub host: Option<String>,
    /// SSH port.
    #[serde(default)]
    pub port: Option<u16>,
    /// The user to sign in as.
    #[serde(default)]
    pub user: Option<String>,
    /// At most so many nimadms at once, 1 to 1000.
    #[serde(default)]
    pub max_running: Option<u16>,
    /// Shortest time between two starts, in seconds, 0 to 3600.
    #[serde(default)]
    pub stagger_seconds: Option<u16>,
    /// Whose word it asks for from now on.
    #[serde(default)]
    pub approvals: Option<Approvals>,
    /// Directories below which nimadm may write a mksysb and read images from now on; empty: those of its NIM objects.
    #[serde(default)]
    pub allowed_directories: Option<Vec<String>>,
}

fn ssh_port() -> u16 {
    22
}

fn root() -> String {
    "root".to_owned()
}

/// A NIM resource: an lpp_source, a SPOT, a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// NIM name.
    pub name: ObjectName,
    /// NIM type: `lpp_source`, `spot`, `script`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `Rstate` is `ready for use`.
    pub ready: bool,
    /// The level it holds, as far as NIM says: `7300-03` for a SPOT.
    pub level: Option<String>,
}
