//! The way back: the old disk first in the bootlist, a reboot, and a look at what runs then (nimadm.md §4.3).
//!
//! One state for three acts, because each tells by itself whether it is done: a client that runs its old system is back, whoever
//! booted it, from here or at the HMC; a reboot that was written down is waited for and not ordered again.

use super::cutover::Unmoved;
use crate::{
    engine::{
        disks,
        host::HostError,
        look,
        machine::Event,
        readings::{self, Waived},
        reboot::{self, Answered},
        run::{Run, StepError},
    },
    store::{
        self,
        authority::Act,
        fence::{self, WriteError},
        migration::{self, Row},
    },
};
use aix::{ObjectName, Pvid, bootlist};
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
                return Err(HostError::ClientUnreachable { client: row.subject.clone(), said: said.to_owned() }.into());
            }
            // The way back relies on disks and bootlist alone: a system whose oslevel is broken is one to leave.
            Answered::Strangely(_) if row.reboot_sent_at.is_none() => {
                match look::for_order(&connection, &hostname, Waived::ALL).await? {
                    Ok(client) => Box::new(client),
                    Err(why) => return self.not_rolled_back(&why).await,
                }
            }
            Answered::Strangely(_) => {
                tokio::time::sleep(self.engine.timing.client_poll).await;
                return Ok(());
            }
        };
        if !self.reboot_is_due(row) {
            tokio::time::sleep(self.engine.timing.client_poll).await;
            return Ok(());
        }
        if row.reboot_sent_at.is_none() {
            let known =
                readings::disks_and_bootlist(&client).and_then(|()| disks::holding(&client, &old, "old_rootvg"));
            let pointed = match known {
                Ok(disks) => self.point_bootlist(Act::Rollback, &connection, &hostname, &client, &disks).await?,
                Err(why) => Err(Unmoved::Failed(why)),
            };
            match pointed {
                Ok(()) => {}
                Err(Unmoved::Failed(why)) => return self.not_rolled_back(&why).await,
                Err(Unmoved::Unapproved(why)) => return self.not_rolled_back(&why.to_string()).await,
            }
        }
        match self.send_reboot(row, Act::Rollback, &connection, &hostname).await? {
            Ok(()) => Ok(()),
            Err(why) => self.not_rolled_back(&format!("{why}; the bootlist points to the old disk already")).await,
        }
    }

    async fn not_rolled_back(&self, why: &str) -> Result<(), StepError> {
        let why = format!("Not rolled back: {why}.");
        self.advance(State::RollingBack, Event::RollbackEnded { back: false }, Some(&why)).await
    }

    /// The old disk is booted; whether the old system runs is looked at, not believed.
    async fn rolled_back(&self, row: &Row, before: &Snapshot, client: &Snapshot) -> Result<(), StepError> {
        let back = client.level.is_some() && client.level == before.level;
        let reason = if back {
            format!(
                "{} runs {} again, from its old disk. The clone is kept as altinst_rootvg.",
                row.subject, client.oslevel
            )
        } else {
            format!("The old disk is booted, but oslevel says {} and not {}.", client.oslevel, before.oslevel)
        };
        let mut tx = store::begin(&self.engine.pool).await?;
        let detail = json!({ "oslevel": client.oslevel, "boot_disk": client.boot_disk, "lspv": client.lspv, "bootlist": client.bootlist });
        fence::hold(&mut tx, &self.fence).await?;
        tx.record("system", "migration.rollback_ended", &crate::engine::run::subject(row.id), detail);
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
    let pvids: Vec<Pvid> = listed.filter_map(|pv| pv.pvid.clone()).collect();
    if pvids.is_empty() { disks::of_rootvg(before) } else { pvids }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::look::fixture::snapshot;

    #[test]
    fn the_old_disks_are_those_of_the_old_bootlist_by_pvid() {
        let before = snapshot(
            "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 rootvg active\nhdisk2 00f9c87a1234567a None\n",
            "hdisk1 blv=hd5 pathid=0\nhdisk0 blv=hd5 pathid=0\n",
        );
        let old = boot_pvids(&before);
        assert_eq!(old.iter().map(Pvid::as_str).collect::<Vec<_>>(), ["00f9c87a12345679", "00f9c87a12345678"]);
    }
}
