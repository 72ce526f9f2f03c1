//! The way back: the old disk first in the bootlist, a reboot, and a look at what runs then (nimadm.md §4.3).
//!
//! One state for three acts, because each tells by itself whether it is done: a client that runs its old system is back, whoever
//! booted it, from here or at the HMC; a reboot that was written down is waited for and not ordered again.

use crate::{
    engine::{
        host::{self, HostError},
        look,
        machine::Event,
        reboot::{self, Answered},
        run::{Run, StepError},
    },
    remote::Connection,
    store::{
        audit,
        fence::{self, WriteError},
        migration::{self, Row},
    },
};
use aix::{DiskName, ObjectName, Pvid, bootlist};
use app::model::{Snapshot, State};
use serde_json::json;

impl Run {
    pub(in crate::engine) async fn roll_back(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let hostname = self.hostname(row).await?;
        // The schema keeps `before` from the start on.
        let before = row.before.as_ref().ok_or(WriteError::Fenced)?;
        let old = boot_pvids(before);
        let looked = look::snapshot(&connection, &hostname).await;
        if let Ok(client) = &looked
            && reboot::booted_from(client, &old)
        {
            return self.rolled_back(row, before, client).await;
        }
        let client = match Answered::from(looked)? {
            Answered::Yes(client) => client,
            Answered::No if row.reboot_sent_at.is_some() => {
                return self.client_is_away(row, Event::RollbackEnded { back: false }).await;
            }
            Answered::No => {
                let said = "it cannot be told to boot the old disk; boot it at the HMC: SMS, 5 Select Boot Options, 1 Select Boot \
                            Device, 5 Hard Drive, the old disk, 2 Normal Mode Boot";
                return Err(HostError::ClientUnreachable { client: row.client.clone(), said: said.to_owned() }.into());
            }
            Answered::Strangely => {
                tokio::time::sleep(self.engine.timing.client_poll).await;
                return Ok(());
            }
        };
        if !self.reboot_is_due(row) {
            tokio::time::sleep(self.engine.timing.client_poll).await;
            return Ok(());
        }
        if row.reboot_sent_at.is_none()
            && let Err(why) = self.boot_old_disk_next(&connection, &hostname, &client, &old).await?
        {
            let why = format!("Not rolled back: {why}.");
            return self.advance(State::RollingBack, Event::RollbackEnded { back: false }, Some(&why)).await;
        }
        self.send_reboot(row, &connection, &hostname).await
    }

    /// Points the bootlist to the old disks and reads it back; why not, where it could not be done.
    async fn boot_old_disk_next(
        &self,
        connection: &Connection,
        hostname: &ObjectName,
        client: &Snapshot,
        old: &[Pvid],
    ) -> Result<Result<(), String>, StepError> {
        let disks = match old_disks(client, old) {
            Ok(disks) => disks,
            Err(why) => return Ok(Err(why)),
        };
        let names: Vec<&str> = disks.iter().map(DiskName::as_str).collect();
        let command = format!("bootlist -m normal {}", names.join(" "));
        self.record_act("migration.move_bootlist", json!({ "command": command, "before": client.bootlist })).await?;
        let [set, read] = host::client(connection, hostname, [&command, "bootlist -m normal -o"]).await?;
        let boot = bootlist::parse(&read.text).unwrap_or_default();
        let bootable = !boot.is_empty() && boot.iter().all(|boot| boot.blv.as_deref() == Some("hd5"));
        if set.rc == 0 && bootable && bootlist::devices(&boot) == names {
            return Ok(Ok(()));
        }
        let (said, now) = (set.text.trim(), read.text.trim());
        Ok(Err(format!(
            "{command} returned {} {said}, and the bootlist now reads: {now}. Check it on the client",
            set.rc
        )))
    }

    /// The old disk is booted; whether the old system runs is looked at, not believed.
    async fn rolled_back(&self, row: &Row, before: &Snapshot, client: &Snapshot) -> Result<(), StepError> {
        let back = client.level.is_some() && client.level == before.level;
        let reason = if back {
            format!(
                "{} runs {} again, from its old disk. The clone is kept as altinst_rootvg.",
                row.client, client.oslevel
            )
        } else {
            format!("The old disk is booted, but oslevel says {} and not {}.", client.oslevel, before.oslevel)
        };
        let mut tx = self.engine.pool.begin().await?;
        let detail = json!({ "oslevel": client.oslevel, "boot_disk": client.boot_disk, "lspv": client.lspv, "bootlist": client.bootlist });
        fence::hold(&mut tx, &self.fence).await?;
        audit::record(&mut tx, "system", "migration.rollback_ended", &crate::engine::run::subject(row.id), detail)
            .await?;
        migration::set_rolled_back(&mut tx, &self.fence, client).await?;
        self.advance_in(&mut tx, State::RollingBack, Event::RollbackEnded { back }, Some(&reason)).await?;
        tx.commit().await?;
        self.refresh_client(row).await;
        self.announce();
        Ok(())
    }
}

/// The disks the client booted from before, in the order of its bootlist; those of rootvg where that names none of them.
fn boot_pvids(before: &Snapshot) -> Vec<Pvid> {
    let of_rootvg = |name: &str| {
        let in_rootvg = |vg: &ObjectName| vg.as_str() == "rootvg";
        before.disks.iter().find(|pv| pv.disk.as_str() == name && pv.vg.as_ref().is_some_and(in_rootvg))
    };
    let listed = bootlist::devices(&before.boot).into_iter().filter_map(of_rootvg);
    let mut pvids: Vec<Pvid> = listed.filter_map(|pv| pv.pvid.clone()).collect();
    if pvids.is_empty() {
        let rootvg = before.disks.iter().filter(|pv| pv.vg.as_ref().is_some_and(|vg| vg.as_str() == "rootvg"));
        pvids = rootvg.filter_map(|pv| pv.pvid.clone()).collect();
    }
    pvids
}

/// Today's names of the old disks.
fn old_disks(client: &Snapshot, old: &[Pvid]) -> Result<Vec<DiskName>, String> {
    if old.is_empty() {
        return Err("no old disk is known".to_owned());
    }
    old.iter()
        .map(|pvid| {
            let volume = client.disks.iter().find(|pv| pv.pvid.as_ref() == Some(pvid));
            let volume =
                volume.ok_or_else(|| format!("the old disk with PVID {pvid} is not on the client any more"))?;
            match volume.vg.as_ref().map_or("None", ObjectName::as_str) {
                "old_rootvg" => Ok(volume.disk.clone()),
                vg => Err(format!("{} (PVID {pvid}) holds {vg}, not old_rootvg", volume.disk)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::Timestamp;

    fn client(lspv: &str, boot: &str) -> Snapshot {
        Snapshot {
            at: Timestamp::from_unix_millis(0),
            level: None,
            oslevel: String::new(),
            disks: aix::lspv::parse(lspv).unwrap(),
            lspv: String::new(),
            boot: bootlist::parse(boot).unwrap(),
            bootlist: String::new(),
            boot_disk: None,
            rootvg: String::new(),
            uptime: String::new(),
        }
    }

    #[test]
    fn the_old_disks_are_those_of_the_old_bootlist_by_pvid() {
        let before = client(
            "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 rootvg active\nhdisk2 00f9c87a1234567a None\n",
            "hdisk1 blv=hd5 pathid=0\nhdisk0 blv=hd5 pathid=0\n",
        );
        let old = boot_pvids(&before);
        assert_eq!(old.iter().map(Pvid::as_str).collect::<Vec<_>>(), ["00f9c87a12345679", "00f9c87a12345678"]);
        let now = client(
            "hdisk5 00f9c87a12345678 old_rootvg\nhdisk1 00f9c87a12345679 old_rootvg\nhdisk0 00f9c87a1234567a rootvg active\n",
            "",
        );
        assert_eq!(
            old_disks(&now, &old).unwrap().iter().map(DiskName::as_str).collect::<Vec<_>>(),
            ["hdisk1", "hdisk5"]
        );
        let given_back = client("hdisk5 00f9c87a12345678 None\nhdisk1 00f9c87a12345679 old_rootvg\n", "");
        assert!(old_disks(&given_back, &old).unwrap_err().contains("holds None"));
        assert!(old_disks(&now, &[]).is_err());
    }
}
