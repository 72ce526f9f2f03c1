//! The approved cutover: the bootlist, then the reboot.

use crate::{
    engine::{
        host::{self, HostError},
        look,
        machine::Event,
        run::{Run, StepError},
    },
    store::migration::{self, Row},
};
use aix::{DiskName, ObjectName, Pvid, bootlist, uptime};
use app::model::{Snapshot, State};
use serde_json::json;
use std::time::Duration;
use time::OffsetDateTime;

impl Run {
    /// Points the bootlist to the clone and reads it back. Refuses where the clone is not where it was approved.
    pub(in crate::engine) async fn move_bootlist(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let hostname = self.hostname(row).await?;
        let client = look::snapshot(&connection, &hostname).await?;
        let disks = match clone_disks(&client, &row.pvids()?) {
            Ok(disks) => disks,
            Err(why) => return self.refuse(&format!("The bootlist was not touched: {why}.")).await,
        };
        let names: Vec<&str> = disks.iter().map(DiskName::as_str).collect();
        let command = format!("bootlist -m normal {}", names.join(" "));
        self.record_act("migration.move_bootlist", json!({ "command": command, "before": client.bootlist })).await?;
        let [set, read] = host::client(&connection, &hostname, [&command, "bootlist -m normal -o"]).await?;
        let boot = bootlist::parse(&read.text).unwrap_or_default();
        let bootable = boot.iter().all(|boot| boot.blv.as_deref() == Some("hd5"));
        if set.rc == 0 && bootable && bootlist::devices(&boot) == names {
            return self.advance(State::Armed, Event::BootlistMoved, None).await;
        }
        let said = format!("{} {}", set.text.trim(), read.text.trim());
        self.refuse(&format!(
            "{command} returned {} and the bootlist now reads: {}. Check it on the client.",
            set.rc,
            said.trim()
        ))
        .await
    }

    async fn refuse(&self, why: &str) -> Result<(), StepError> {
        self.advance(State::Armed, Event::BootlistRefused, Some(why)).await
    }

    /// Reboots the client and waits for it. The order is written down before it is sent, so that whoever takes over waits
    /// instead of rebooting a second time.
    pub(in crate::engine) async fn reboot(&self, row: &Row) -> Result<(), StepError> {
        let timing = &self.engine.timing;
        let connection = self.connect(row).await?;
        let hostname = self.hostname(row).await?;
        let sent_at = row.reboot_sent_at;
        let ago = sent_at.and_then(|at| Duration::try_from(OffsetDateTime::now_utc() - at).ok()).unwrap_or_default();
        match look::snapshot(&connection, &hostname).await {
            Ok(client) if rebooted(&client, &row.pvids()?, row.reboot_down_at.is_some(), ago) => {
                return self.advance(State::Rebooting, Event::ClientBack, None).await;
            }
            Ok(_) if sent_at.is_none() || ago > timing.reboot_resend => {
                self.record_act("migration.reboot", json!({ "command": "shutdown -Fr", "client": row.client })).await?;
                migration::reboot_sent(&self.engine.pool, &self.fence).await?;
                // Its answer dies with the client; what counts is that the client goes away and comes back.
                let sent = host::client(&connection, &hostname, ["nohup shutdown -Fr >/dev/null 2>&1 &"]).await;
                tracing::info!(answered = sent.is_ok(), "shutdown was sent");
            }
            Ok(_) => {}
            Err(HostError::ClientUnreachable { .. }) if sent_at.is_none() => {
                // It must be looked at before it is rebooted: something else is going on there.
                return Err(HostError::ClientUnreachable {
                    client: row.client.clone(),
                    said: "it went away before the reboot was sent".to_owned(),
                }
                .into());
            }
            Err(HostError::Remote(error)) => return Err(error.into()),
            Err(_) if ago > timing.reboot_patience => {
                let minutes = timing.reboot_patience.as_secs() / 60;
                let why = format!(
                    "The client has not come back for {minutes} minutes. Open its console at the HMC: a first boot may wait for \
                     a terminal type. To boot the old system: SMS, 5 Select Boot Options, 1 Select Boot Device, 5 Hard Drive, \
                     the old disk, 2 Normal Mode Boot."
                );
                return self.advance(State::Rebooting, Event::ClientStaysAway, Some(&why)).await;
            }
            // A command that fails on a client that answers is no sign of a reboot.
            Err(HostError::ClientUnreachable { .. }) if row.reboot_down_at.is_none() => {
                migration::reboot_down(&self.engine.pool, &self.fence).await?;
                self.announce();
            }
            Err(_) => {}
        }
        tokio::time::sleep(timing.client_poll).await;
        Ok(())
    }
}

/// Today's names of the clone's disks, in the order asked for.
fn clone_disks(client: &Snapshot, pvids: &[Pvid]) -> Result<Vec<DiskName>, String> {
    if pvids.is_empty() {
        return Err("no disk of the clone is known".to_owned());
    }
    pvids
        .iter()
        .map(|pvid| {
            let volume = client.disks.iter().find(|pv| pv.pvid.as_ref() == Some(pvid));
            let volume = volume.ok_or_else(|| format!("the disk with PVID {pvid} is not on the client any more"))?;
            match volume.vg.as_ref().map_or("None", ObjectName::as_str) {
                "altinst_rootvg" => Ok(volume.disk.clone()),
                vg => Err(format!("{} (PVID {pvid}) holds {vg}, not altinst_rootvg", volume.disk)),
            }
        })
        .collect()
}

/// Whether this is a client after its reboot. One that was away for a moment may only be shutting down still; its uptime tells.
fn rebooted(client: &Snapshot, clone: &[Pvid], was_away: bool, ago: Duration) -> bool {
    let fresh = uptime::minutes(&client.uptime).is_none_or(|minutes| Duration::from_secs(minutes * 60) <= ago);
    booted_from(client, clone) || (was_away && fresh)
}

fn booted_from(client: &Snapshot, pvids: &[Pvid]) -> bool {
    let disk = client.disks.iter().find(|pv| client.boot_disk.as_deref() == Some(pv.disk.as_str()));
    disk.and_then(|pv| pv.pvid.as_ref()).is_some_and(|pvid| pvids.contains(pvid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::Timestamp;

    fn client(lspv: &str) -> Snapshot {
        Snapshot {
            at: Timestamp::from_unix_millis(0),
            level: None,
            oslevel: String::new(),
            disks: aix::lspv::parse(lspv).unwrap(),
            lspv: String::new(),
            boot: Vec::new(),
            bootlist: String::new(),
            boot_disk: Some("hdisk0".to_owned()),
            rootvg: String::new(),
            uptime: String::new(),
        }
    }

    #[test]
    fn the_clone_is_found_by_pvid_under_whatever_name() {
        let pvid: Pvid = "00f9c87a12345679".parse().unwrap();
        let now = client("hdisk0 00f9c87a12345678 rootvg active\nhdisk7 00f9c87a12345679 altinst_rootvg\n");
        assert_eq!(clone_disks(&now, std::slice::from_ref(&pvid)).unwrap()[0].as_str(), "hdisk7");
        assert!(!booted_from(&now, std::slice::from_ref(&pvid)));
        let one = |uptime: &str| Snapshot { uptime: uptime.to_owned(), ..now.clone() };
        let ago = Duration::from_secs(300);
        assert!(!rebooted(&one("02:41PM   up 64 days,   4:32,  3 users"), &[], true, ago), "still shutting down");
        assert!(rebooted(&one("02:41PM   up 2 mins,  1 user"), &[], true, ago), "back, from whatever disk");
        assert!(!rebooted(&one("02:41PM   up 2 mins,  1 user"), &[], false, ago), "never seen away");
        for other in ["hdisk1 00f9c87a12345679 None", "hdisk1 00f9c87a12345679 datavg active", "hdisk1 none None"] {
            assert!(clone_disks(&client(other), std::slice::from_ref(&pvid)).is_err(), "{other}");
        }
        assert!(clone_disks(&now, &[]).is_err(), "a bootlist of no disks");
    }
}
