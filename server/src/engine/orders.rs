//! Carries out the orders of campaigns: one act on many migrations, member by member.
//!
//! A request only stores an order ([`store::order`]), so the browser that sent it may leave. Any server carries it out. A member's act,
//! its audit row and its mark are one transaction that locks the member's row, so each member is acted on once, and another server
//! continues where a killed one stopped. The right of the person who gave the order is judged again for each member.

use super::{
    Engine,
    launch::Launcher,
    perform::{self, Asked},
    run::subject,
};
use crate::{
    error::{ACTION_REFUSED, MASTER_BUSY, NOT_PERMITTED, database as db},
    store::{
        self,
        order::{self, Outcome, Pending},
    },
};
use app::model::{Action, Caller, CutoverTime, Problem};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// How long a server may look at the hosts of a member before another one tries.
const TTL: Duration = Duration::from_secs(30);
/// Members whose retry begins in one pass.
const RETRIES: i64 = 8;
/// Members cut over in one pass, so that retries get their turn.
const BATCH: usize = 64;

impl Engine {
    /// One pass over the pending members of orders. Each retry, whose hosts are asked first, is a task of its own: a master that hangs
    /// delays its own members only.
    ///
    /// # Errors
    /// The database fails. Nothing is lost, because the next pass continues.
    pub(super) async fn carry_out_orders(self: &Arc<Self>) -> Result<(), sqlx::Error> {
        let mut acted = 0;
        while acted < BATCH && self.next_cutover().await? {
            acted += 1;
        }
        if acted == BATCH {
            self.wake_orders.notify_one();
        }
        let mut tx = store::begin(&self.pool).await?;
        let due = order::claim_retries(&mut tx, RETRIES, TTL).await?;
        tx.commit().await?;
        for member in due {
            let engine = self.clone();
            // One that is not begun is claimed again when its time has run out.
            self.retries.start(member.migration_id, async move { Ok(engine.retry_member(member).await?) });
        }
        Ok(())
    }

    /// Cuts over the next member, or plans its cutover. False where there is none.
    async fn next_cutover(&self) -> Result<bool, sqlx::Error> {
        let (member, result) = {
            let mut tx = store::begin(&self.pool).await?;
            let Some(member) = order::take_cutover(&mut tx).await? else { return Ok(false) };
            match act(&mut tx, &member).await {
                Ok(()) => {
                    tx.commit().await?;
                    (member, Ok(()))
                }
                // Its transaction is rolled back; the mark has one of its own.
                Err(problem) => (member, Err(problem)),
            }
        };
        self.settle(&member, result).await?;
        Ok(true)
    }

    /// Tries one member again, after a pre-flight like that of a launch.
    async fn retry_member(&self, member: Pending) -> Result<(), sqlx::Error> {
        let result = self.check_and_retry(&member).await;
        self.settle(&member, result).await
    }

    async fn check_and_retry(&self, member: &Pending) -> Result<(), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(|error| db(&error))?;
        let caller = caller(member)?;
        let when = CutoverTime::default();
        let row = perform::possible(&mut tx, &asked(member, &caller, Action::Retry, &when)).await?;
        drop(tx);
        Launcher { pool: self.pool.clone(), masters: self.masters.clone() }.check_again(&row).await?;
        let mut tx = store::begin(&self.pool).await.map_err(|error| db(&error))?;
        if !order::hold(&mut tx, member.order_id, member.migration_id).await.map_err(|error| db(&error))? {
            return Ok(());
        }
        act(&mut tx, member).await?;
        tx.commit().await.map_err(|error| db(&error))
    }

    /// Marks a member that was not acted on, and publishes the change.
    async fn settle(&self, member: &Pending, result: Result<(), Problem>) -> Result<(), sqlx::Error> {
        let outcome = match result {
            Ok(()) => {
                self.bus.changed(member.migration_id);
                self.wake();
                return Ok(());
            }
            Err(problem) if problem.code == ACTION_REFUSED.code => Outcome::Skipped(problem.detail),
            // 502: the master or the client does not answer. That concerns this member only.
            Err(problem) if problem.code != MASTER_BUSY.code && (problem.status < 500 || problem.status == 502) => {
                Outcome::Refused(problem.detail)
            }
            Err(problem) => {
                tracing::warn!(migration = %member.migration_id, detail = problem.detail, "a member of an order is tried again");
                let pause = self.timing.scan * 3;
                let mut tx = store::begin(&self.pool).await?;
                order::put_off(&mut tx, member.order_id, member.migration_id, pause).await?;
                return tx.commit().await;
            }
        };
        let mut tx = store::begin(&self.pool).await?;
        if !order::hold(&mut tx, member.order_id, member.migration_id).await? {
            return Ok(());
        }
        order::mark(&mut tx, member.order_id, member.migration_id, &outcome).await?;
        let (state, why) = match &outcome {
            Outcome::Done => ("done", ""),
            Outcome::Refused(why) => ("refused", why.as_str()),
            Outcome::Skipped(why) => ("skipped", why.as_str()),
        };
        let detail = json!({
            "order": member.order_id, "migration": member.migration_id, "state": state, "why": why,
            "asked_by": member.asked_by,
        });
        tx.record("system", "campaign.not_acted", &format!("campaign:{}", member.campaign_id), detail);
        tx.commit().await?;
        self.bus.changed(member.migration_id);
        Ok(())
    }
}

/// The person who gave the order, with the rights of now.
fn caller(member: &Pending) -> Result<Caller, Problem> {
    let caller = member.caller().map_err(|error| db(&error))?;
    caller.ok_or_else(|| {
        let who = &member.asked_by;
        NOT_PERMITTED.problem(format!("{who} gave the order and may no longer sign in. Somebody else must give it."))
    })
}

fn asked<'a>(member: &'a Pending, caller: &'a Caller, action: Action, when: &'a CutoverTime) -> Asked<'a> {
    Asked { caller, id: member.migration_id, action, reason: member.reason.as_deref(), when }
}

/// The act on a member that is locked, and its mark.
async fn act(tx: &mut store::Tx, member: &Pending) -> Result<(), Problem> {
    let action = member.action().map_err(|error| db(&error))?;
    let caller = caller(member)?;
    let when = CutoverTime { not_before: member.not_before.map(Into::into), window: member.cutover_window.clone() };
    perform::perform(tx, &asked(member, &caller, action, &when)).await?;
    order::mark(tx, member.order_id, member.migration_id, &Outcome::Done).await.map_err(|error| db(&error))?;
    tracing::debug!(order = %member.order_id, subject = subject(member.migration_id), "a member of an order is acted on");
    Ok(())
}
