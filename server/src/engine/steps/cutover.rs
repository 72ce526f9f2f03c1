//! The approved cutover: the bootlist, then the reboot.

use crate::{
    engine::{
        host::{self, HostError},
        look,
        machine::Event,
        reboot::{Answered, rebooted},
        run::{Run, StepError},
    },
    remote::Connection,
    store::migration::{self, Row},
};
use aix::{DiskName, ObjectName, Pvid, bootlist};
use app::model::{BootlistPolicy, Snapshot, State};
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
        let moved_by_us = bootlist::devices(&client.boot) == disks.iter().map(DiskName::as_str).collect::<Vec<_>>();
        if let Some(before) = &row.before
            && !moved_by_us
            && let Some(why) = differs(before, &client, row.request.bootlist)
        {
            return self
                .refuse(&format!("The bootlist was not touched: {why}. Find out why, then cut over again."))
                .await;
        }
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
        let connection = self.connect(row).await?;
        let hostname = self.hostname(row).await?;
        match Answered::from(look::snapshot(&connection, &hostname).await)? {
            Answered::Yes(client) if rebooted(&client, &row.pvids()?, row.reboot_down_at.is_some(), sent_ago(row)) => {
                self.advance(State::Rebooting, Event::ClientBack, None).await
            }
            Answered::Yes(_) if self.reboot_is_due(row) => self.send_reboot(row, &connection, &hostname).await,
            Answered::No if row.reboot_sent_at.is_none() => {
                // It must be looked at before it is rebooted: something else is going on there.
                let said = "it went away before the reboot was sent".to_owned();
                Err(HostError::ClientUnreachable { client: row.client.clone(), said }.into())
            }
            Answered::No => self.client_is_away(row, Event::ClientStaysAway).await,
            // A command that fails on a client that answers is no sign of a reboot.
            Answered::Yes(_) | Answered::Strangely => {
                tokio::time::sleep(self.engine.timing.client_poll).await;
                Ok(())
            }
        }
    }

    /// Whether shutdown was not sent yet, or so long ago without any sign of it that it was lost.
    pub(super) fn reboot_is_due(&self, row: &Row) -> bool {
        row.reboot_sent_at.is_none() || sent_ago(row) > self.engine.timing.reboot_resend
    }

    /// Writes down that the client reboots, then tells it to.
    pub(super) async fn send_reboot(
        &self,
        row: &Row,
        connection: &Connection,
        hostname: &ObjectName,
    ) -> Result<(), StepError> {
        self.record_act("migration.reboot", json!({ "command": "shutdown -Fr", "client": row.client })).await?;
        migration::reboot_sent(&self.engine.pool, &self.fence).await?;
        // Its answer dies with the client; what counts is that the client goes away and comes back.
        let sent = host::client(connection, hostname, ["nohup shutdown -Fr >/dev/null 2>&1 &"]).await;
        tracing::info!(answered = sent.is_ok(), "shutdown was sent");
        tokio::time::sleep(self.engine.timing.client_poll).await;
        Ok(())
    }

    /// The client is silent after its reboot was sent: at first that is what was wanted, after a while it is an alarm.
    pub(super) async fn client_is_away(&self, row: &Row, too_long: Event) -> Result<(), StepError> {
        let timing = &self.engine.timing;
        if sent_ago(row) > timing.reboot_patience {
            let minutes = timing.reboot_patience.as_secs() / 60;
            let why = format!(
                "The client has not come back for {minutes} minutes. Open its console at the HMC: a first boot may wait for \
                 a terminal type. To boot the old system: SMS, 5 Select Boot Options, 1 Select Boot Device, 5 Hard Drive, \
                 the old disk, 2 Normal Mode Boot."
            );
            return self.advance(row.state()?, too_long, Some(&why)).await;
        }
        if row.reboot_down_at.is_none() {
            migration::reboot_down(&self.engine.pool, &self.fence).await?;
            self.announce();
        }
        tokio::time::sleep(timing.client_poll).await;
        Ok(())
    }
}

/// How long ago shutdown was sent; nothing where it was not.
fn sent_ago(row: &Row) -> Duration {
    let ago = row.reboot_sent_at.and_then(|at| Duration::try_from(OffsetDateTime::now_utc() - at).ok());
    ago.unwrap_or_default()
}

/// What differs from what was approved, seen from just before the bootlist is moved. The clone is a copy of a system that must
/// still be the one that runs.
fn differs(before: &Snapshot, now: &Snapshot, policy: BootlistPolicy) -> Option<String> {
    let shown =
        |text: &str| if text.trim().is_empty() { "nothing".to_owned() } else { text.trim().replace('\n', ", ") };
    if now.level != before.level {
        return Some(format!("the client runs {} now, and {} when it was cloned", now.oslevel, before.oslevel));
    }
    let boot_pvid = |snapshot: &Snapshot| {
        let disk = snapshot.disks.iter().find(|pv| snapshot.boot_disk.as_deref() == Some(pv.disk.as_str()));
        disk.and_then(|pv| pv.pvid.clone())
    };
    if boot_pvid(now) != boot_pvid(before) {
        let disk = |snapshot: &Snapshot| snapshot.boot_disk.clone().unwrap_or_else(|| "an unknown disk".to_owned());
        return Some(format!("the client has booted from {} since, not from {}", disk(now), disk(before)));
    }
    let moved = bootlist::devices(&now.boot) != bootlist::devices(&before.boot);
    (moved && policy == BootlistPolicy::Hold).then(|| {
        format!(
            "somebody has changed the bootlist since: it reads {}, and read {}",
            shown(&now.bootlist),
            shown(&before.bootlist)
        )
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::reboot::booted_from;
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

    #[test]
    fn a_client_that_is_not_as_it_was_cloned_is_not_cut_over() {
        let disks = "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 altinst_rootvg\n";
        let with = |boot: &str, level: &str, boot_disk: &str| Snapshot {
            boot: bootlist::parse(boot).unwrap(),
            bootlist: boot.to_owned(),
            level: level.parse().ok(),
            boot_disk: Some(boot_disk.to_owned()),
            ..client(disks)
        };
        let before = with("hdisk0 blv=hd5", "7100-05-11-2246", "hdisk0");
        let says = |now: &Snapshot| differs(&before, now, BootlistPolicy::Hold).unwrap_or_default();
        assert_eq!(says(&before), "");
        assert!(says(&with("hdisk2 blv=hd5", "7100-05-11-2246", "hdisk0")).contains("changed the bootlist"));
        assert!(says(&with("hdisk0 blv=hd5", "7100-05-12-2320", "hdisk0")).contains("runs"));
        assert!(says(&with("hdisk0 blv=hd5", "7100-05-11-2246", "hdisk1")).contains("booted from hdisk1"));
        let by_nimadm = with("hdisk1 blv=hd5", "7100-05-11-2246", "hdisk0");
        assert_eq!(differs(&before, &by_nimadm, BootlistPolicy::Nimadm), None);
    }
}
