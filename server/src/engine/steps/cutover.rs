//! The approved cutover: the bootlist, then the reboot.

use crate::{
    engine::{
        authority::Why,
        boot_orders, disks,
        host::HostError,
        look,
        machine::Event,
        preflight, readings,
        reboot::{Answered, rebooted},
        run::{Run, StepError, subject, with_approver},
    },
    remote::Connection,
    store::{
        self,
        authority::Act,
        migration::{self, Row},
    },
};
use aix::{DiskName, ObjectName, bootlist};
use app::model::{BootlistPolicy, Snapshot, State};
use serde_json::json;
use std::time::Duration;
use time::OffsetDateTime;

impl Run {
    /// Points the bootlist to the clone and reads it back. Refuses where the clone is not where it was approved.
    pub(in crate::engine) async fn move_bootlist(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let hostname = self.hostname(row).await?;
        let client = match look::for_order(&connection, &hostname, preflight::waived(&row.overrides)).await? {
            Ok(client) => client,
            Err(why) => return self.refuse(&format!("The bootlist was not touched: {why}.")).await,
        };
        let disks = match disks::holding(&client, &row.pvids()?, "altinst_rootvg") {
            Ok(disks) => disks,
            Err(why) => return self.refuse(&format!("The bootlist was not touched: {why}.")).await,
        };
        let here = bootlist::devices(&client.boot) == disks.iter().map(DiskName::as_str).collect::<Vec<_>>();
        // nimadm was to move it, or a server that is gone has.
        let may_have_moved = here || row.request.bootlist == BootlistPolicy::Nimadm;
        if let Some(before) = &row.before
            && let Some(why) = differs(before, &client, may_have_moved)
        {
            return self
                .refuse(&format!("The bootlist was not touched: {why}. Find out why, then cut over again."))
                .await;
        }
        match self.point_bootlist(Act::Cutover, &connection, &hostname, &client, &disks).await? {
            Ok(()) => self.advance(State::Armed, Event::BootlistMoved, None).await,
            Err(Unmoved::Unapproved(why)) => {
                let now = if here {
                    "The bootlist points to the clone already: any reboot boots it"
                } else {
                    "The bootlist was not touched"
                };
                self.refuse(&format!("Not cut over: {why}. {now}. An approver must cut over again.")).await
            }
            Err(Unmoved::Failed(why)) => self.refuse(&format!("{why}.")).await,
        }
    }

    /// Points the bootlist to these disks and reads it back, where the approval of the act counts.
    pub(super) async fn point_bootlist(
        &self,
        act: Act,
        connection: &Connection,
        hostname: &ObjectName,
        client: &Snapshot,
        disks: &[DiskName],
    ) -> Result<Result<(), Unmoved>, StepError> {
        let detail = json!({ "command": boot_orders::bootlist_command(disks), "before": client.bootlist });
        let approved = match self.record_approved(act, "migration.move_bootlist", detail).await? {
            Ok(approved) => approved,
            Err(why) => return Ok(Err(Unmoved::Unapproved(why))),
        };
        Ok(boot_orders::point_bootlist(&approved, connection, hostname, disks).await?.map_err(Unmoved::Failed))
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
            Answered::Yes(client) if self.reboot_is_due(row) => {
                // What would boot is read once more: hours may lie between the bootlist's move and this order.
                readings::disks_and_bootlist(&client).map_err(HostError::Incomplete)?;
                match self.send_reboot(row, Act::Cutover, &connection, &hostname).await? {
                    Ok(()) => Ok(()),
                    Err(why) => self.not_rebooted(row, &why).await,
                }
            }
            Answered::No if row.reboot_sent_at.is_none() => {
                // It must be looked at before it is rebooted: something else is going on there.
                let said = "it went away before the reboot was sent".to_owned();
                Err(HostError::ClientUnreachable { client: row.subject.clone(), said }.into())
            }
            Answered::No => self.client_is_away(row, Event::ClientStaysAway).await,
            // A command that fails on a client that answers is no sign of a reboot.
            Answered::Yes(_) | Answered::Strangely(_) => {
                tokio::time::sleep(self.engine.timing.client_poll).await;
                Ok(())
            }
        }
    }

    /// Whether shutdown was not sent yet, or so long ago without any sign of it that it was lost.
    pub(super) fn reboot_is_due(&self, row: &Row) -> bool {
        row.reboot_sent_at.is_none() || sent_ago(row) > self.engine.timing.reboot_resend
    }

    /// The bootlist points to the clone, and the approval does not count any more.
    async fn not_rebooted(&self, row: &Row, why: &Why) -> Result<(), StepError> {
        if row.reboot_sent_at.is_none() {
            let why = format!(
                "Not rebooted: {why}. The bootlist points to the clone already: any reboot boots it. An approver must cut over again."
            );
            return self.advance(State::Rebooting, Event::RebootUnapproved, Some(&why)).await;
        }
        let why = format!(
            "The client answers and has not rebooted since shutdown was sent, and shutdown is not sent again: {why}. The bootlist points \
             to the clone. An approver must verify or roll back."
        );
        self.advance(State::Rebooting, Event::ClientStaysAway, Some(&why)).await
    }

    /// Writes down that the client reboots, then tells it to, where the approval of the act counts.
    pub(super) async fn send_reboot(
        &self,
        row: &Row,
        act: Act,
        connection: &Connection,
        hostname: &ObjectName,
    ) -> Result<Result<(), Why>, StepError> {
        let mut tx = store::begin(&self.engine.pool).await?;
        let approved = match self.rights(&mut tx).await?.may_move_bootlist(act) {
            Ok(approved) => approved,
            Err(why) => return Ok(Err(why)),
        };
        migration::reboot_sent(&mut tx, &self.fence).await?;
        let detail = json!({ "command": "shutdown -Fr", "client": row.subject });
        tx.record("system", "migration.reboot", &subject(row.id), with_approver(&detail, Some(approved.by())));
        tx.commit().await?;
        boot_orders::shutdown(&approved, connection, hostname).await;
        tokio::time::sleep(self.engine.timing.client_poll).await;
        Ok(Ok(()))
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
            let mut tx = store::begin(&self.engine.pool).await?;
            migration::reboot_down(&mut tx, &self.fence).await?;
            tx.commit().await?;
            self.announce();
        }
        tokio::time::sleep(timing.client_poll).await;
        Ok(())
    }
}

/// Why the bootlist was not moved.
pub(super) enum Unmoved {
    /// The approval does not count. Nothing was sent.
    Unapproved(Why),
    /// The client did not take it.
    Failed(String),
}

/// How long ago shutdown was sent; nothing where it was not.
fn sent_ago(row: &Row) -> Duration {
    let ago = row.reboot_sent_at.and_then(|at| Duration::try_from(OffsetDateTime::now_utc() - at).ok());
    ago.unwrap_or_default()
}

/// What differs from what was approved, seen from just before the bootlist is moved. The clone is a copy of a system that must
/// still be the one that runs.
fn differs(before: &Snapshot, now: &Snapshot, may_have_moved: bool) -> Option<String> {
    let shown =
        |text: &str| if text.trim().is_empty() { "nothing".to_owned() } else { text.trim().replace('\n', ", ") };
    // A launch may have gone on without the level.
    if before.level.is_some() && now.level != before.level {
        return Some(format!("the client runs {} now, and {} when it was cloned", now.oslevel, before.oslevel));
    }
    let boot_pvid = |snapshot: &Snapshot| {
        let disk = snapshot.disks.iter().find(|pv| snapshot.boot_disk.as_deref() == Some(pv.disk.as_str()));
        disk.and_then(|pv| pv.pvid.clone())
    };
    let disk = |snapshot: &Snapshot| snapshot.boot_disk.clone().unwrap_or_else(|| "an unknown disk".to_owned());
    let same = match (boot_pvid(now), boot_pvid(before)) {
        (None, _) => {
            return Some(format!("bootinfo -b does not say which disk the client has booted from: {}", disk(now)));
        }
        // What was not known at the start was one of the disks of its rootvg.
        (Some(now), None) => disks::of_rootvg(before).contains(&now),
        (Some(now), Some(before)) => now == before,
    };
    if !same {
        return Some(format!("the client has booted from {} since, not from {}", disk(now), disk(before)));
    }
    let moved = bootlist::devices(&now.boot) != bootlist::devices(&before.boot);
    (moved && !may_have_moved).then(|| {
        format!(
            "somebody has changed the bootlist since: it reads {}, and read {}",
            shown(&now.bootlist),
            shown(&before.bootlist)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::look::fixture::snapshot;

    #[test]
    fn a_client_that_is_not_as_it_was_cloned_is_not_cut_over() {
        let disks = "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 altinst_rootvg\n";
        let with = |boot: &str, level: &str, boot_disk: &str| Snapshot {
            level: level.parse().ok(),
            boot_disk: Some(boot_disk.to_owned()),
            ..snapshot(disks, boot)
        };
        let before = with("hdisk0 blv=hd5", "7100-05-11-2246", "hdisk0");
        let says = |now: &Snapshot| differs(&before, now, false).unwrap_or_default();
        assert_eq!(says(&before), "");
        assert!(says(&with("hdisk2 blv=hd5", "7100-05-11-2246", "hdisk0")).contains("changed the bootlist"));
        assert!(says(&with("hdisk0 blv=hd5", "7100-05-12-2320", "hdisk0")).contains("runs"));
        assert!(says(&with("hdisk0 blv=hd5", "7100-05-11-2246", "hdisk1")).contains("booted from hdisk1"));
        let by_nimadm = with("hdisk1 blv=hd5", "7100-05-11-2246", "hdisk0");
        assert_eq!(differs(&before, &by_nimadm, true), None);
        let other_level = with("hdisk1 blv=hd5", "7100-05-12-2320", "hdisk0");
        assert!(differs(&before, &other_level, true).is_some(), "only the bootlist may have moved");
    }
}
