//! What goes wrong in the next migration of a client.

use crate::{LabError, store::Store};
use serde::{Deserialize, Serialize};
use std::{path::Path, str::FromStr};

/// What happens to a client's migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Nothing goes wrong.
    #[default]
    Healthy,
    /// The target disk carries a volume group that the client's ODM does not know.
    TargetDiskInVg,
    /// The client was once made by multibos.
    Multibos,
    /// nimadm is killed in phase 6.
    Killed,
}

/// Every scenario with its name and what it does, in a line each.
pub const ALL: &[(Scenario, &str, &str)] = &[
    (Scenario::Healthy, "healthy", "nothing goes wrong"),
    (
        Scenario::TargetDiskInVg,
        "target-disk-in-vg",
        "phase 1 finds a volume group on the target disk that lspv does not show (0505-126); nimadm cleans up",
    ),
    (
        Scenario::Multibos,
        "multibos",
        "everything works until phase 11, where multibos leftovers stop it (0505-218); nimadm cleans up",
    ),
    (
        Scenario::Killed,
        "killed",
        "nimadm is killed by SIGKILL in phase 6: no clean-up, the client stays locked, until nimadm -C",
    ),
];

impl Scenario {
    /// Its name, as [`ALL`] lists it.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALL.iter().find_map(|(scenario, name, _)| (*scenario == self).then_some(*name)).unwrap_or("healthy")
    }
}

impl FromStr for Scenario {
    type Err = LabError;

    fn from_str(name: &str) -> Result<Self, LabError> {
        let found = ALL.iter().find_map(|(scenario, known, _)| (*known == name).then_some(*scenario));
        found.ok_or_else(|| LabError::NoScenario(name.to_owned()))
    }
}

/// Sets what happens to the next migration of `client`; a running lab takes it at once, a running nimadm does not.
///
/// # Errors
/// Where there is no such scenario or client, or the estate cannot be written.
pub fn set(dir: &Path, client: &str, name: &str) -> Result<(), LabError> {
    let scenario: Scenario = name.parse()?;
    Store::open(dir).update_estate(|estate| {
        if client == estate.master() || !estate.hosts.iter().any(|host| host.name == client) {
            return Err(LabError::NoHost(client.to_owned()));
        }
        estate.scenarios.insert(client.to_owned(), scenario);
        Ok(())
    })
}
