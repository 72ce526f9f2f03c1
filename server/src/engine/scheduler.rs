//! Carries out what [`schedule`](super::schedule) decides: gives turns, says why the others wait, begins planned cutovers.
//!
//! One server at a time does it, by a lock that ends with its transaction: two that count free places at the same moment would both
//! give away the last one. Nothing is remembered between two passes.

use super::{
    Engine, host,
    machine::{self, Event},
    run::subject,
    schedule::{Situation, Turn},
};
use crate::store::{self, Tx, schedule};
use aix::{command::quote, lsvg};
use app::model::{Action, State};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// What was seen of a cache volume group holds so long.
const FRESH: Duration = Duration::from_secs(15);

impl Engine {
    /// One pass. Gives turns to whoever may start now.
    pub(super) async fn schedule(&self) -> Result<(), sqlx::Error> {
        if !schedule::anything(&self.pool).await? {
            return Ok(());
        }
        let mut tx = store::begin(&self.pool).await?;
        if !schedule::alone(&mut tx).await? {
            return Ok(());
        }
        let situation = schedule::situation(&mut tx).await?;
        let now = schedule::clock(&mut *tx).await?;
        let mut changed = cutovers(&mut tx, &situation, now).await?;
        for (id, turn) in situation.turns(now) {
            let moved = match turn {
                Turn::Waits(why) => schedule::waits(&mut tx, id, &why).await?,
                Turn::Now => begin(&mut tx, id).await?,
            };
            changed.extend(moved.then_some(id));
        }
        tx.commit().await?;
        changed.into_iter().for_each(|id| self.bus.changed(id));
        Ok(())
    }

    /// Looks at the cache volume groups that something waits for, again and again.
    pub(super) async fn look_at_caches(&self) {
        loop {
            match schedule::unseen(&self.pool, FRESH.as_secs_f64()).await {
                Ok(unseen) => {
                    for (master, vg) in unseen {
                        if let Err(error) = self.look_at_cache(master, &vg).await {
                            tracing::warn!(vg, error, "a cache volume group cannot be looked at");
                        }
                    }
                }
                Err(error) => tracing::debug!(%error, "nobody knows which caches are waited for"),
            }
            tokio::time::sleep(self.timing.scan * 2).await;
        }
    }

    async fn look_at_cache(&self, master: Uuid, vg: &str) -> Result<(), String> {
        let db = |error: sqlx::Error| error.to_string();
        // Before the question: what is made while it is answered counts as not yet seen.
        let at = schedule::clock(&self.pool).await.map_err(db)?;
        let connection = self.masters.connect(master).await.map_err(|error| error.to_string())?;
        let command = format!("lsvg {}", quote(vg));
        let [answer] = host::master(&connection, [&command]).await.map_err(|error| error.chain())?;
        let info = lsvg::info(&answer.text).map_err(|error| error.to_string())?;
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        schedule::saw(&mut tx, master, vg, info.free_mb(), at).await.map_err(db)?;
        tx.commit().await.map_err(db)?;
        self.wake();
        Ok(())
    }
}

async fn begin(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let Ok((to, _)) = machine::decide(State::Queued, Event::TurnCame) else { return Ok(false) };
    let moved = schedule::turn(tx, id, to).await?;
    if moved {
        record(tx, id, State::Queued, to);
    }
    Ok(moved)
}

/// Begins the cutovers whose time has come; the migrations that changed.
async fn cutovers(tx: &mut Tx, situation: &Situation, now: time::OffsetDateTime) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut changed = Vec::new();
    for planned in schedule::planned(tx).await? {
        let window = planned.cutover_window.as_deref();
        let early = situation.too_early(planned.master_id, planned.cutover_not_before, window, now);
        let moved = match early {
            Some(why) => schedule::waits(tx, planned.id, &format!("The cutover is approved. {why}")).await?,
            None => {
                let decided = machine::decide(State::CloneReady, Event::Asked(Action::Cutover));
                let Ok((to, _)) = decided else { continue };
                let moved = schedule::arm(tx, planned.id, to).await?;
                if moved {
                    record(tx, planned.id, State::CloneReady, to);
                }
                moved
            }
        };
        changed.extend(moved.then_some(planned.id));
    }
    Ok(changed)
}

fn record(tx: &mut Tx, id: Uuid, from: State, to: State) {
    tx.record("system", "migration.state", &subject(id), json!({ "from": from, "to": to, "reason": null }));
}
