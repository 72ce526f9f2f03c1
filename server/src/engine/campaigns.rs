//! Carries out what [`campaign`](super::campaign) decides: launches the members that are due, opens the next wave, stops.
//!
//! A member is launched by the transaction that stores its migration and marks it launched: whoever comes second finds it marked and
//! stores nothing. So no lease is needed for correctness, and a campaign in the middle of a wave survives any server.
//!
//! A pass asks no master. Each launch is a task of its own, a few at a time for each campaign and master. So a master that hangs delays
//! its own members, and no others.

use super::{
    Engine,
    campaign::{self, Next},
    inventory,
    launch::{Launcher, Requester, Stored},
};
use crate::{
    error::{MASTER_BUSY, with_causes},
    store::{Tx, begin, campaign as store, client},
};
use aix::DiskName;
use app::model::{CampaignState, Client, DiskUse, Problem};
use serde_json::json;
use std::{collections::HashMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// How long a server may take to decide about a campaign before another one does.
const TTL: Duration = Duration::from_secs(10);
/// How long a member that a server launches is kept from the others; prolonged at a third of it.
const LAUNCH: Duration = Duration::from_secs(30);
/// Members of one campaign and master whose pre-flight runs at once.
const ABREAST: usize = 4;
/// Campaigns taken in one pass.
const CAMPAIGNS: usize = 100;

impl Engine {
    /// Decides about every campaign whose time has come, each in a task of its own: an error or a panic in one does not reach the others.
    pub(super) async fn run_campaigns(self: &Arc<Self>) -> Result<(), sqlx::Error> {
        for _ in 0..CAMPAIGNS {
            let mut tx = begin(&self.pool).await?;
            let claimed = store::claim(&mut tx, TTL).await?;
            tx.commit().await?;
            let Some(id) = claimed else { break };
            let engine = self.clone();
            let started = self.campaigns.start(id, async move {
                let pause = match engine.work_on(id).await {
                    Ok(pause) => pause,
                    Err(error) => {
                        tracing::warn!(%id, why = with_causes(&error), "a campaign could not be worked on");
                        engine.timing.scan * 3
                    }
                };
                Ok(engine.look_again(id, pause).await?)
            });
            if !started {
                // Its last step has not quite ended.
                self.look_again(id, self.timing.scan).await?;
            }
        }
        Ok(())
    }

    /// Has a campaign decided about again after a pause.
    async fn look_again(&self, id: Uuid, pause: Duration) -> Result<(), sqlx::Error> {
        let mut tx = begin(&self.pool).await?;
        store::release(&mut tx, id, pause).await?;
        tx.commit().await?;
        if pause.is_zero() {
            self.wake_campaigns.notify_one();
        }
        Ok(())
    }

    /// One step of a campaign, and how long the next may wait.
    async fn work_on(self: &Arc<Self>, id: Uuid) -> Result<Duration, sqlx::Error> {
        let Some(row) = store::find(&self.pool, id).await? else { return Ok(self.timing.scan) };
        let members = store::members(&self.pool, id).await?;
        let next = campaign::next(&store::standings(&members)?, row.wave.unsigned_abs(), row.go_on.0, row.stop.0);
        match next {
            Next::Watch => Ok(self.timing.scan),
            Next::Launch(due) => {
                let due = due.into_iter().map(|at| members[at].clone()).collect();
                self.launch(Arc::new(row), due).await?;
                Ok(self.timing.scan)
            }
            // While it awaits approval it launches what is tried again, and moves nowhere by itself.
            _ if row.state()? != CampaignState::Running => Ok(self.timing.scan),
            next => {
                let mut tx = begin(&self.pool).await?;
                advance(&mut tx, &row, &next).await?;
                tx.commit().await?;
                Ok(Duration::ZERO)
            }
        }
    }

    /// Begins the launches of the members that are due, as many as may run beside those that are being launched.
    async fn launch(self: &Arc<Self>, row: Arc<store::Row>, due: Vec<store::Member>) -> Result<(), sqlx::Error> {
        let mut abreast: HashMap<Uuid, usize> = HashMap::new();
        for member in due.iter().filter(|member| member.being_tried) {
            *abreast.entry(member.master_id).or_default() += 1;
        }
        let mut next = Vec::new();
        for member in due.into_iter().filter(|member| !member.being_tried) {
            let count = abreast.entry(member.master_id).or_default();
            if *count < ABREAST {
                *count += 1;
                next.push(member);
            }
        }
        let ids: Vec<Uuid> = next.iter().map(|member| member.client_id).collect();
        let mut tx = begin(&self.pool).await?;
        let taken = store::take(&mut tx, row.id, &ids, LAUNCH).await?;
        tx.commit().await?;
        for member in next.into_iter().filter(|member| taken.contains(&member.client_id)) {
            let (engine, row) = (self.clone(), row.clone());
            // One that is not begun is tried again when its time has run out.
            self.launches.start((row.id, member.client_id), async move {
                tokio::select! {
                    () = engine.launch_member(&row, &member) => {}
                    () = engine.keep_member(row.id, member.client_id) => {}
                }
                Ok(engine.look_again(row.id, Duration::ZERO).await?)
            });
        }
        Ok(())
    }

    /// Keeps other servers from launching a member, as long as this is waited for.
    async fn keep_member(&self, campaign: Uuid, client: Uuid) {
        loop {
            tokio::time::sleep(LAUNCH / 3).await;
            if let Err(error) = self.try_again(campaign, client, LAUNCH).await {
                tracing::debug!(%error, "another server may look at this member, too");
            }
        }
    }

    /// Has a member tried no sooner than after a pause.
    async fn try_again(&self, campaign: Uuid, client: Uuid, pause: Duration) -> Result<(), sqlx::Error> {
        let mut tx = begin(&self.pool).await?;
        store::try_again(&mut tx, campaign, client, pause).await?;
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
            Err(problem) if problem.status >= 500 || problem.code == MASTER_BUSY.code => {
                tracing::warn!(
                    client = member.client,
                    detail = problem.detail,
                    "a member of a campaign is tried again"
                );
                if let Err(error) = self.try_again(row.id, member.client_id, self.timing.scan * 3).await {
                    tracing::debug!(%error, "it is tried again when its time has run out");
                }
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
        let asking = Requester { name: &row.requested_by, role: None, approved_by: row.approved_by.as_deref() };
        let id = match checked.store(&mut tx, &request, asking, None).await? {
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

/// Moves a campaign on, where its members still stand as they did. They are read again once the campaign is locked: a person may retry one
/// of them at the same moment, and a campaign must not be done while a member has work.
async fn advance(tx: &mut Tx, row: &store::Row, next: &Next) -> Result<(), sqlx::Error> {
    let (to, wave, reason) = match next {
        Next::Watch | Next::Launch(_) => return Ok(()),
        Next::NextWave => (CampaignState::Running, row.wave + 1, None),
        Next::Ask => {
            let why = format!("Wave {} is settled: look at it, then approve the next.", row.wave);
            (CampaignState::AwaitingApproval, row.wave, Some(why))
        }
        Next::Stop(why) => (CampaignState::Stopped, row.wave, Some(why.clone())),
        Next::Done => (CampaignState::Done, row.wave, None),
    };
    if store::lock(tx, row.id).await?.is_none() {
        return Ok(());
    }
    let standings = store::standings(&store::members(&mut **tx, row.id).await?)?;
    if campaign::next(&standings, row.wave.unsigned_abs(), row.go_on.0, row.stop.0) != *next {
        return Ok(());
    }
    let from = (CampaignState::Running, row.wave);
    if store::advance(tx, row.id, from, (to, wave), reason.as_deref()).await? {
        let detail = json!({ "to": to, "wave": wave, "reason": reason });
        tx.record("system", "campaign.state", &format!("campaign:{}", row.id), detail);
    }
    Ok(())
}

/// The smallest free disk that holds rootvg with IBM's 500 MB to spare (nimadm.md §3.1).
fn choose(client: &Client) -> Option<Vec<DiskName>> {
    let need = client.rootvg_used?.saturating_add(500);
    let free = client.disks.iter().filter(|disk| client.disk_use(disk) == DiskUse::Free);
    let fits = free.filter(|disk| disk.size.is_some_and(|size| size >= need));
    fits.min_by_key(|disk| (disk.size, disk.disk.as_str().len(), disk.disk.clone())).map(|disk| vec![disk.disk.clone()])
}
