//! NIM clients: the machines that are migrated.

use super::{State, Timestamp};
use aix::{DiskName, Level, ObjectName, Pvid, bootlist::BootDevice};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A NIM client as its last refresh saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Identifier.
    pub id: Uuid,
    /// NIM object name.
    pub name: ObjectName,
    /// The master's id.
    pub master_id: Uuid,
    /// The master's name.
    pub master: ObjectName,
    /// The level that runs; none before the first successful refresh.
    pub level: Option<Level>,
    /// Every disk, in the order of `lspv`.
    pub disks: Vec<Disk>,
    /// The normal-mode bootlist.
    pub bootlist: Vec<BootDevice>,
    /// The disks of the running rootvg.
    pub rootvg: Vec<DiskName>,
    /// MiB of rootvg in use, copies of mirrors counted once.
    pub rootvg_used: Option<u64>,
    /// NIM's `Cstate`; anything but `ready for a NIM operation` means busy.
    pub cstate: Option<String>,
    /// The most recent migration.
    pub last_migration: Option<LastMigration>,
    /// True for a client of the lab.
    pub simulated: bool,
    /// When it last answered.
    pub refreshed_at: Option<Timestamp>,
    /// Why it did not answer at the last try; none when it did.
    pub unreachable: Option<String>,
    /// Since when NIM no longer lists it; none while NIM lists it. A missing client keeps its id, its group and its history, and
    /// cannot be migrated until NIM lists it again.
    #[serde(default)]
    pub missing_since: Option<Timestamp>,
    /// True where another master has a client of this name: the name alone does not identify it.
    #[serde(default)]
    pub ambiguous: bool,
}

/// A client in a list of another noun: a group, a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamedClient {
    /// Identifier.
    pub id: Uuid,
    /// NIM object name.
    pub client: ObjectName,
    /// The master's name.
    pub master: ObjectName,
    /// True where another master has a client of this name.
    pub ambiguous: bool,
    /// Since when NIM no longer lists it.
    pub missing_since: Option<Timestamp>,
}

impl NamedClient {
    /// The shortest text that identifies this client where people type one: `lpar71`, or `nim1/lpar71` where another master has a
    /// client of that name.
    #[must_use]
    pub fn reference(&self) -> String {
        reference(&self.client, &self.master, self.ambiguous)
    }

    /// The name as pages show it: `lpar71`, or `lpar71 @ nim1` where another master has a client of that name.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.client, &self.master, self.ambiguous)
    }
}

/// Whether a text can identify a client: an id, a NIM name, or `master/client`. No name contains a slash.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let is_name = |name: &str| name.parse::<ObjectName>().is_ok();
    match text.split_once('/') {
        Some((master, client)) => is_name(master) && is_name(client),
        None => is_name(text),
    }
}

/// As [`NamedClient::reference`].
fn reference(client: &ObjectName, master: &ObjectName, ambiguous: bool) -> String {
    if ambiguous { format!("{master}/{client}") } else { client.to_string() }
}

/// As [`NamedClient::label`].
pub(crate) fn label(client: &ObjectName, master: &ObjectName, ambiguous: bool) -> String {
    if ambiguous { format!("{client} @ {master}") } else { client.to_string() }
}

/// One disk of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Name of the day.
    pub disk: DiskName,
    /// Identifier that stays; none for a disk that never had one.
    pub pvid: Option<Pvid>,
    /// Volume group; none when free.
    pub vg: Option<ObjectName>,
    /// `active` and the like; none when the group is varied off.
    pub state: Option<String>,
    /// MiB; none where it could not be read.
    pub size: Option<u64>,
}

/// Whether a disk can be a migration's target, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskUse {
    /// In no volume group and not in the bootlist: may be chosen.
    Free,
    /// In the running rootvg: never touched.
    Running,
    /// In the bootlist: never touched.
    Bootlist,
    /// Holds a clone or the previous rootvg.
    Clone,
    /// Holds somebody's data.
    Data,
}

impl Client {
    /// The shortest text that identifies this client where people type one; see [`NamedClient::reference`].
    #[must_use]
    pub fn reference(&self) -> String {
        reference(&self.name, &self.master, self.ambiguous)
    }

    /// The name as pages show it; see [`NamedClient::label`].
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.name, &self.master, self.ambiguous)
    }

    /// What a disk of this client is used for; the rule behind the disk map and the pre-flight alike.
    #[must_use]
    pub fn disk_use(&self, disk: &Disk) -> DiskUse {
        match disk.vg.as_ref().map(ObjectName::as_str) {
            Some("rootvg") => DiskUse::Running,
            _ if self.bootlist.iter().any(|boot| boot.device == disk.disk.as_str()) => DiskUse::Bootlist,
            Some("altinst_rootvg" | "old_rootvg") => DiskUse::Clone,
            Some(_) => DiskUse::Data,
            None => DiskUse::Free,
        }
    }
}

/// The most recent migration of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMigration {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub state: State,
    /// When it was requested.
    pub requested_at: Timestamp,
}

/// Which clients to list. Empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFilter {
    /// Master, by name or id.
    #[serde(default)]
    pub master: Option<String>,
    /// Part of the client's name.
    #[serde(default)]
    pub q: Option<String>,
    /// Start of the level: `71`, `7100-05`.
    #[serde(default)]
    pub level: Option<String>,
    /// `true`: only clients that NIM no longer lists. `false`: only those it lists. Both where absent.
    #[serde(default)]
    pub missing: Option<bool>,
    /// Most items a page, 1 to 500; 100 where absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}
