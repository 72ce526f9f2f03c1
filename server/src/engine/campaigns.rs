//! Carries out what [`campaign`](super::campaign) decides: launches the members that are due, opens the next wave, stops.
//!
//! A member is launched by the transaction that stores its migration and marks it launched: whoever comes second finds it marked and
//! stores nothing. So no lease is needed for correctness, and a campaign in the middle of a wave survives any server.

use super::{
    Engine,
    campaign::{self, Next},
    inventory,
    launch::{Launcher, Stored},
};
use crate::store::{begin, campaign as store, client};
use aix::DiskName;
use app::model::{CampaignState, Client, DiskUse, Problem};
use futures::{StreamExt, stream};
use serde_json::json;
use std::time::Duration;

/// How long a server may work on one campaign before another one looks at it.
const TTL: Duration = Duration::from_secs(60);
/// Members whose pre-flight runs at once.
const ABREAST: usize = 4;
/// Members launched before the next look at the campaign: somebody may have paused it.
const BATCH: usize = 16;

impl Engine {
    /// Works on campaigns, again and again.
    pub(super) async fn run_campaigns(&self) {
        loop {
            match self.claim_campaign().await {
                Ok(Some(row)) => {
                    let id = row.id;
                    let done = self.work_on(row).await;
                    let pause = match done {
                        Ok(more) if more => Duration::ZERO,
                        Ok(_) => self.timing.scan,
                        Err(error) => {
                            tracing::warn!(%id, error = &error as &dyn std::error::Error, "a campaign could not be worked on");
                            self.timing.scan * 3
                        }
                    };
                    if let Err(error) = self.release_campaign(id, pause).await {
                        tracing::debug!(%error, "a campaign waits for its time to run out");
                    }
                }
                Ok(None) => tokio::time::sleep(self.timing.scan).await,
                Err(error) => {
                    tracing::debug!(%error, "campaigns cannot be claimed");
                    tokio::time::sleep(self.timing.scan).await;
                }
            }
        }
    }

    async fn claim_campaign(&self) -> Result<Option<store::Row>, sqlx::Error> {
        let mut tx = begin(&self.pool).await?;
        let claimed = store::claim(&mut tx, TTL).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn release_campaign(&self, id: uuid::Uuid, pause: Duration) -> Result<(), sqlx::Error> {
        let mut tx = begin(&self.pool).await?;
        store::release(&mut tx, id, pause).await?;
        tx.commit().await
    }

    /// One step of a campaign. True where the next may follow at once.
    async fn work_on(&self, row: store::Row) -> Result<bool, sqlx::Error> {
        let members = store::members(&self.pool, row.id).await?;
        let standings = store::standings(&members)?;
        let go = |to, next, reason| self.advance_campaign(&row, to, next, reason);
        match campaign::next(&standings, row.wave.unsigned_abs(), row.go_on.0, row.stop.0) {
            Next::Watch => return Ok(false),
            Next::Launch(due) => {
                stream::iter(due.into_iter().take(BATCH))
                    .for_each_concurrent(ABREAST, |at| self.launch_member(&row, &members[at]))
                    .await;
            }
            Next::NextWave => go(CampaignState::Running, row.wave + 1, None).await?,
            Next::Ask => {
                let why = format!("Wave {} is settled: look at it, then approve the next.", row.wave);
                go(CampaignState::AwaitingApproval, row.wave, Some(why)).await?;
            }
            Next::Stop(why) => go(CampaignState::Stopped, row.wave, Some(why)).await?,
            Next::Done => go(CampaignState::Done, row.wave, None).await?,
        }
        Ok(true)
    }

    async fn advance_campaign(
        &self,
        row: &store::Row,
        to: CampaignState,
        wave: i16,
        reason: Option<String>,
    ) -> Result<(), sqlx::Error> {
        let mut tx = begin(&self.pool).await?;
        let from = (CampaignState::Running, row.wave);
        if store::advance(&mut tx, row.id, from, (to, wave), reason.as_deref()).await? {
            let detail = json!({ "to": to, "wave": wave, "reason": reason });
            tx.record("system", "campaign.state", &format!("campaign:{}", row.id), detail);
        }
        tx.commit().await
    }

    /// Launches one member, or remembers why the pre-flight refused it. Trouble with host or database leaves it waiting.
    async fn launch_member(&self, row: &store::Row, member: &store::Member) {
        match self.try_member(row, member).await {
            Ok(Some(id)) => {
                self.bus.changed(id);
                self.wake();
            }
            Ok(None) => {}
            // The master or the database: not this client's fault.
            Err(problem) if problem.status >= 500 => {
                tracing::warn!(
                    client = member.client,
                    detail = problem.detail,
                    "a member of a campaign is tried again"
                );
                tokio::time::sleep(self.timing.scan).await;
            }
            Err(problem) => {
                let refuse = async {
                    let mut tx = begin(&self.pool).await?;
                    if store::refused(&mut tx, row.id, member.client_id, &problem.detail).await? {
                        let detail = json!({
                            "client": member.client, "client_id": member.client_id, "master": member.master, "why": problem.detail,
                        });
                        let subject = format!("campaign:{}", row.id);
                        tx.record("system", "campaign.refused", &subject, detail);
                    }
                    tx.commit().await
                };
                if let Err(error) = refuse.await {
                    tracing::debug!(%error, "a refusal could not be stored; the member is tried again");
                }
            }
        }
    }

    async fn try_member(&self, row: &store::Row, member: &store::Member) -> Result<Option<uuid::Uuid>, Problem> {
        let db = |error: sqlx::Error| crate::error::database(&error);
        let mut disks = member.disks().map_err(db)?;
        if disks.is_empty() {
            disks = self.choose_disks(member).await?;
        }
        let request = row.template.request(member.client_id.to_string(), disks.clone());
        let launcher = Launcher { pool: self.pool.clone(), masters: self.masters.clone() };
        let checked = launcher.check(&request).await?;
        checked.accept(&request)?;
        let mut tx = begin(&self.pool).await.map_err(db)?;
        let id = match checked.store(&mut tx, &request, &row.requested_by, None, row.approved_by.as_deref()).await? {
            Stored::New(id) => id,
            Stored::Taken => return Err(checked.busy()),
        };
        if !store::launched(&mut tx, row.id, member.client_id, id, &disks).await.map_err(db)? {
            return Ok(None);
        }
        tx.commit().await.map_err(db)?;
        Ok(Some(id))
    }

    async fn choose_disks(&self, member: &store::Member) -> Result<Vec<DiskName>, Problem> {
        let db = |error: sqlx::Error| crate::error::database(&error);
        let find = || client::by_id(&self.pool, member.client_id);
        let known = find().await.map_err(db)?.ok_or_else(|| crate::error::NOT_FOUND.problem("The client is gone."))?;
        inventory::refresh_client(&self.pool, &self.masters, &known).await.map_err(|error| error.problem())?;
        let now = find().await.map_err(db)?.unwrap_or(known);
        if now.missing_since.is_some() {
            return Err(crate::error::PREFLIGHT_BLOCKED.problem(format!(
                "{} is missing: NIM on {} no longer lists it. Define it there again and retry, or leave it out.",
                now.name, now.master
            )));
        }
        choose(&now).ok_or_else(|| {
            crate::error::PREFLIGHT_BLOCKED.problem(format!(
                "{} has no free disk that is large enough for its rootvg. Add one, or name several target disks for it.",
                member.client
            ))
        })
    }
}

/// The smallest free disk that holds rootvg with IBM's 500 MB to spare (nimadm.md §3.1).
fn choose(client: &Client) -> Option<Vec<DiskName>> {
    let need = client.rootvg_used?.saturating_add(500);
    let free = client.disks.iter().filter(|disk| client.disk_use(disk) == DiskUse::Free);
    let fits = free.filter(|disk| disk.size.is_some_and(|size| size >= need));
    fits.min_by_key(|disk| (disk.size, disk.disk.as_str().len(), disk.disk.clone())).map(|disk| vec![disk.disk.clone()])
}
