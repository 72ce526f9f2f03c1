//! What concerns the estate as a whole.

use crate::scenario::Scenario;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of an estate, `DIR/estate.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Estate {
    /// How many times faster than real time passes; at least 1.
    pub(crate) speed: u32,
    /// What invented values are derived from.
    pub(crate) seed: u64,
    /// Every host, the master first.
    pub(crate) hosts: Vec<Address>,
    /// Scenarios that differ from healthy, by client.
    pub(crate) scenarios: BTreeMap<String, Scenario>,
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

    /// What will happen to the next migration of this client.
    pub(crate) fn scenario(&self, client: &str) -> Scenario {
        self.scenarios.get(client).copied().unwrap_or_default()
    }
}
