//! Whether a client has rebooted, and from what. Pure.

use super::{host::HostError, run::StepError};
use aix::{Pvid, uptime};
use app::model::Snapshot;
use std::time::Duration;

/// A look at a client that reboots.
pub enum Answered {
    /// It answered.
    Yes(Box<Snapshot>),
    /// It does not answer its master: it may be down.
    No,
    /// It answers, but a command fails or says nothing that can be read: it may be going down or coming up.
    Strangely,
}

impl Answered {
    /// What a look came to. Only a master that cannot be asked is an error.
    ///
    /// # Errors
    /// The master's.
    pub fn from(looked: Result<Snapshot, HostError>) -> Result<Self, StepError> {
        match looked {
            Ok(client) => Ok(Self::Yes(Box::new(client))),
            Err(HostError::Remote(error)) => Err(error.into()),
            Err(HostError::ClientUnreachable { .. }) => Ok(Self::No),
            Err(_) => Ok(Self::Strangely),
        }
    }
}

/// Whether this is a client after its reboot. One that was away for a moment may only be shutting down still; its uptime tells.
#[must_use]
pub fn rebooted(client: &Snapshot, clone: &[Pvid], was_away: bool, ago: Duration) -> bool {
    let fresh = uptime::minutes(&client.uptime).is_none_or(|minutes| Duration::from_secs(minutes * 60) <= ago);
    booted_from(client, clone) || (was_away && fresh)
}

/// Whether the running system was booted from one of these disks.
#[must_use]
pub fn booted_from(client: &Snapshot, pvids: &[Pvid]) -> bool {
    let disk = client.disks.iter().find(|pv| client.boot_disk.as_deref() == Some(pv.disk.as_str()));
    disk.and_then(|pv| pv.pvid.as_ref()).is_some_and(|pvid| pvids.contains(pvid))
}
