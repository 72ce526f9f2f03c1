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
    /// It answers, but a command fails or says nothing that can be read, and this is what it said: it may be going down or coming up.
    Strangely(String),
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
            Err(error) => Ok(Self::Strangely(error.chain())),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::look::fixture::snapshot;

    #[test]
    fn a_reboot_is_known_by_the_disk_or_by_silence_and_a_fresh_uptime() {
        let now = snapshot("hdisk0 00f9c87a12345678 rootvg active\nhdisk7 00f9c87a12345679 altinst_rootvg\n", "");
        let with = |uptime: &str, disk: &str| Snapshot {
            uptime: uptime.to_owned(),
            boot_disk: Some(disk.to_owned()),
            ..now.clone()
        };
        let clone: Vec<Pvid> = vec!["00f9c87a12345679".parse().unwrap()];
        let ago = Duration::from_secs(300);
        let (old, fresh) = ("02:41PM   up 64 days,   4:32,  3 users", "02:41PM   up 2 mins,  1 user");
        assert!(!rebooted(&with(old, "hdisk0"), &clone, true, ago), "still shutting down");
        assert!(rebooted(&with(fresh, "hdisk0"), &clone, true, ago), "back, from whatever disk");
        assert!(!rebooted(&with(fresh, "hdisk0"), &clone, false, ago), "never seen away");
        assert!(rebooted(&with(old, "hdisk7"), &clone, false, ago), "it runs the clone");
    }
}
