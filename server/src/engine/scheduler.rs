//! Carries out what [`schedule`](super::schedule) decides: gives turns, says why the others wait, begins planned cutovers.
//!
//! One server at a time does it, by a lock that ends with its transaction: two that count free places at the same moment would both
//! give away the last one. Nothing is remembered between two passes, and nothing remote is waited for in one.
//!
//! One migration that cannot be read, written or locked does not stop the others: it is passed over and says why.

use super::{
    Engine, host,
    machine::{self, Event},
    masters::ConnectError,
    run::subject,
    schedule::{Situation, Turn},
};
use crate::{
    background::Failure,
    store::{
        self, Attempts, Conflict as _, Tx,
        authority::{self, Act},
        schedule,
    },
};
use aix::{command::quote, lsvg};
use app::model::{Action, State};
use serde_json::json;
use std::{collections::HashMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// What was seen of a cache volume group holds so long.
const FRESH: Duration = Duration::from_secs(15);
/// How long one migration may keep a pass waiting whose row somebody else has locked.
const LOCKED: &str = "SET LOCAL lock_timeout = '500ms'";

impl Engine {
    /// One pass. Gives turns to the migrations that may start now.
    pub(super) async fn schedule(&self) -> Result<(), sqlx::Error> {
        if !schedule::anything(&self.pool).await? {
            return Ok(());
        }
        let mut attempts = Attempts::default();
        let changed = loop {
            match self.one_pass().await {
                Err(error) if attempts.again(&error).await => {}
                done => break done?,
            }
        };
        if !changed.is_empty() {
            self.wake_claims.notify_one();
        }
        changed.into_iter().for_each(|id| self.bus.changed(id));
        Ok(())
    }

    /// Looks at the cache volume groups that something waits for: one task a master, so that one that hangs delays no other.
    pub(super) async fn look_at_caches(self: &Arc<Self>) -> Result<(), sqlx::Error> {
        let mut by_master: HashMap<Uuid, Vec<String>> = HashMap::new();
        for (master, vg) in schedule::unseen(&self.pool, FRESH.as_secs_f64()).await? {
            by_master.entry(master).or_default().push(vg);
        }
        for (master, vgs) in by_master {
            let engine = self.clone();
            self.cache_looks.start(master, async move { engine.look_at_caches_of(master, &vgs).await });
        }
        Ok(())
    }

    async fn look_at_caches_of(&self, master: Uuid, vgs: &[String]) -> Result<(), Failure> {
        let connection = match self.masters.connect(master).await {
            Ok(connection) => connection,
            Err(error @ (ConnectError::Remote(_) | ConnectError::Busy(_) | ConnectError::NoSuchMaster(_))) => {
                tracing::warn!(%master, error = &error as &dyn std::error::Error, "its cache volume groups cannot be looked at");
                return Ok(());
            }
            Err(ConnectError::Database(error)) => return Err(error.into()),
        };
        for vg in vgs {
            // Before the question: what is made while it is answered counts as not yet seen.
            let at = schedule::clock(&self.pool).await?;
            let command = format!("lsvg {}", quote(vg));
            let free = match host::master(&connection, [&command]).await {
                Ok([answer]) => lsvg::info(&answer.text).map(|info| info.free_mb()).map_err(|error| error.to_string()),
                Err(error) => Err(error.chain()),
            };
            match free {
                Ok(free) => {
                    let mut tx = store::begin(&self.pool).await?;
                    schedule::saw(&mut tx, master, vg, free, at).await?;
                    tx.commit().await?;
                    self.wake();
                }
                Err(why) => tracing::warn!(%master, vg, why, "a cache volume group cannot be looked at"),
            }
        }
        Ok(())
    }

    /// The migrations that changed.
    async fn one_pass(&self) -> Result<Vec<Uuid>, sqlx::Error> {
        let mut tx = store::begin(&self.pool).await?;
        if !schedule::alone(&mut tx).await? {
            return Ok(Vec::new());
        }
        sqlx::query(LOCKED).execute(&mut *tx).await?;
        let mut changed = Vec::new();
        // First, so that a person hears at once that an approval no longer counts, and not when the window opens at night.
        for (id, decision) in unapproved(&mut tx).await? {
            changed.extend(decision.carry_out_alone(&mut tx, id).await?.then_some(id));
        }
        let schedule::Seen { situation, planned, unreadable, reasons } = schedule::situation(&mut tx).await?;
        let now = schedule::clock(&mut *tx).await?;
        let decided = planned.iter().map(|planned| (planned.id, Decision::of_cutover(&situation, planned, now)));
        let mut decided: Vec<(Uuid, Decision)> = decided.collect();
        decided.extend(unreadable.into_iter().map(|(id, why)| (id, Decision::Waits(why))));
        decided.extend(situation.turns(now).into_iter().map(|(id, turn)| (id, turn.into())));
        for (id, decision) in decided {
            if matches!(&decision, Decision::Waits(why) if reasons.get(&id) == Some(why)) {
                continue;
            }
            changed.extend(decision.carry_out_alone(&mut tx, id).await?.then_some(id));
        }
        tx.commit().await?;
        Ok(changed)
    }
}

/// What a pass does about one migration.
enum Decision {
    Start,
    CutOver,
    Waits(String),
    /// The approval by `judged` does not count any more.
    WithdrawStart {
        judged: Option<String>,
        why: String,
    },
    WithdrawCutover {
        judged: Option<String>,
        why: String,
    },
}

impl From<Turn> for Decision {
    fn from(turn: Turn) -> Self {
        match turn {
            Turn::Now => Self::Start,
            Turn::Waits(why) => Self::Waits(why),
        }
    }
}

impl Decision {
    fn of_cutover(situation: &Situation, planned: &schedule::Planned, now: time::OffsetDateTime) -> Self {
        let window = planned.cutover_window.as_deref();
        match situation.too_early(planned.master_id, planned.cutover_not_before, window, now) {
            Some(why) => Self::Waits(format!("The cutover is approved. {why}")),
            None => Self::CutOver,
        }
    }

    /// True where that changed the migration.
    async fn carry_out(&self, tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
        let (from, event) = match self {
            Self::Waits(why) => return schedule::waits(tx, id, why).await,
            Self::WithdrawStart { judged, why } => return withdraw_start(tx, id, judged.as_deref(), why).await,
            Self::WithdrawCutover { judged, why } => return withdraw_cutover(tx, id, judged.as_deref(), why).await,
            Self::Start => (State::Queued, Event::TurnCame),
            Self::CutOver => (State::CloneReady, Event::Asked(Action::Cutover)),
        };
        let Ok((to, _)) = machine::decide(from, event) else { return Ok(false) };
        let moved = match self {
            Self::CutOver => schedule::arm(tx, id, to).await?,
            _ => schedule::turn(tx, id, to).await?,
        };
        if moved {
            tx.record("system", "migration.state", &subject(id), json!({ "from": from, "to": to, "reason": null }));
        }
        Ok(moved)
    }

    /// The same; where the database refuses it, or the row is locked, only this change is undone.
    async fn carry_out_alone(&self, tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
        sqlx::query("SAVEPOINT one_migration").execute(&mut **tx).await?;
        match self.carry_out(tx, id).await {
            Ok(moved) => {
                sqlx::query("RELEASE SAVEPOINT one_migration").execute(&mut **tx).await?;
                Ok(moved)
            }
            Err(error) if error.as_database_error().is_some() && !error.is_conflict() => {
                sqlx::query("ROLLBACK TO SAVEPOINT one_migration").execute(&mut **tx).await?;
                tracing::warn!(migration = %id, error = &error as &dyn std::error::Error, "the scheduler passes it over");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// What rests on an approval that does not count any more.
async fn unapproved(tx: &mut Tx) -> Result<Vec<(Uuid, Decision)>, sqlx::Error> {
    let mut found = Vec::new();
    for rights in authority::of_queued(&mut **tx).await? {
        if let Err(why) = rights.may_start() {
            let judged = rights.approved_by().map(str::to_owned);
            found.push((rights.id, Decision::WithdrawStart { judged, why: rights.awaits(&why) }));
        }
    }
    for rights in authority::of_planned(&mut **tx).await? {
        if let Err(why) = rights.may_move_bootlist(Act::Cutover) {
            let judged = rights.cutover_by().map(str::to_owned);
            let why = format!("The planned cutover was withdrawn: {why}. An approver must cut over again.");
            found.push((rights.id, Decision::WithdrawCutover { judged, why }));
        }
    }
    Ok(found)
}

async fn withdraw_start(tx: &mut Tx, id: Uuid, judged: Option<&str>, why: &str) -> Result<bool, sqlx::Error> {
    let Ok((to, _)) = machine::decide(State::Queued, Event::ApprovalDue) else { return Ok(false) };
    let moved = authority::approval_is_due(tx, id, judged, to, why).await?;
    if moved {
        let detail = json!({ "from": State::Queued, "to": to, "reason": why });
        tx.record("system", "migration.state", &subject(id), detail);
    }
    Ok(moved)
}

async fn withdraw_cutover(tx: &mut Tx, id: Uuid, judged: Option<&str>, why: &str) -> Result<bool, sqlx::Error> {
    let moved = authority::withdraw(tx, id, judged, why).await?;
    if moved {
        tx.record("system", "migration.cutover_withdrawn", &subject(id), json!({ "reason": why }));
    }
    Ok(moved)
}
