//! What concerns the estate as a whole.

use serde::{Deserialize, Serialize};

/// The files of an estate as this program writes them; raised when an older program's cannot be read any more.
pub(crate) const FORMAT: u32 = 2;

/// Settings of an estate, `DIR/estate.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Estate {
    /// How many times faster than real time passes; at least 1.
    pub(crate) speed: u32,
    /// What invented values are derived from.
    pub(crate) seed: u64,
    /// Every host, the master first.
    pub(crate) hosts: Vec<Address>,
    /// Version of the files; [`FORMAT`] where this program can read them.
    #[serde(default)]
    pub(crate) format: u32,
}

/// Where a host's SSH server listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Address {
    /// The host.
    pub(crate) name: String,
    /// Its port; 0 until the first start, then kept, so that an `ssh_config` stays true.
    pub(crate) port: u16,
}

impl Estate {
    /// The NIM master's name.
    pub(crate) fn master(&self) -> &str {
        self.hosts.first().map_or("nim1", |host| host.name.as_str())
    }
}
