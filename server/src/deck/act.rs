//! What people ask of a migration.

use super::{ServerDeck, db};
use crate::{
    engine::{
        machine::{self, Case, Event},
        run::subject,
    },
    error::{ACTION_REFUSED, BAD_INPUT, SECOND_PERSON},
    store::{self, attempt, migration},
};
use app::model::{Action, Approvals, Ask, Caller, CutoverTime, Migration, Problem};
use serde_json::json;
use uuid::Uuid;

impl ServerDeck {
    pub(super) async fn act_on(
        &self,
        caller: &Caller,
        id: Uuid,
        action: Action,
        ask: Ask,
    ) -> Result<Migration, Problem> {
        self.ask(caller, id, action, &ask).await?;
        self.find_migration(id).await
    }

    /// The same where nobody wants to see what came of it.
    pub(super) async fn ask(&self, caller: &Caller, id: Uuid, action: Action, ask: &Ask) -> Result<(), Problem> {
        let mut attempts = store::Attempts::default();
        loop {
            match self.ask_once(caller, id, action, ask.clone()).await {
                Err(problem) if attempts.again(&problem).await => {}
                result => return result,
            }
        }
    }

    async fn ask_once(&self, caller: &Caller, id: Uuid, action: Action, ask: Ask) -> Result<(), Problem> {
        let Ask { reason, not_before, window } = ask;
        let when = CutoverTime { not_before, window };
        if action != Action::Cutover && when.is_later() {
            return Err(BAD_INPUT.field("not_before", "only a cutover can be given a time"));
        }
        self.launcher().window_exists(when.window.as_deref()).await?;
        if reason.as_ref().is_some_and(|reason| reason.len() > 2000 || reason.contains('\0')) {
            return Err(BAD_INPUT.field("reason", "must be text of at most 2000 bytes"));
        }
        let row = self.migration_row(id).await?;
        let from = row.state().map_err(db)?;
        let case = row.case().map_err(db)?;
        let (mut to, _) = machine::decide(case, Event::Asked(action)).map_err(|_| refused(case, action))?;
        if action.is_approval() {
            second_person(row.approvals(), caller, &row.requested_by)?;
        }
        if when.is_later() {
            // Approved now, begun by the scheduler when its time has come.
            to = from;
        }
        if action == Action::Retry {
            // Hosts have changed since: a retry is looked at like a launch, its warnings were acknowledged then.
            let checked = self.launcher().check(&row.request_by_id()).await?.preflight;
            if checked.verdict == app::model::Verdict::Block {
                let why = "The pre-flight blocks the retry; each finding says what to do. Nothing was started.";
                let problem = crate::error::PREFLIGHT_BLOCKED.problem(why);
                return Err(Problem { preflight: Some(Box::new(checked)), ..problem });
            }
        }
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        match action {
            Action::Cutover => {
                migration::approve_cutover(&mut tx, id, &caller.username, &when).await.map_err(db)?;
            }
            Action::Start => migration::start_now(&mut tx, id).await.map_err(db)?,
            Action::Hold if case.planned => migration::unplan_cutover(&mut tx, id).await.map_err(db)?,
            Action::Clean | Action::Cancel => migration::ask_cleaning(&mut tx, id).await.map_err(db)?,
            Action::Wake | Action::Sleep => migration::ask_waking(&mut tx, id).await.map_err(db)?,
            Action::Hold => migration::ask_hold(&mut tx, id, &caller.username).await.map_err(db)?,
            Action::Rollback => migration::ask_rollback(&mut tx, id, &caller.username).await.map_err(db)?,
            Action::Finalise => migration::ask_finalise(&mut tx, id, &caller.username).await.map_err(db)?,
            Action::Retry => attempt::begin_next(&mut tx, id).await.map_err(db)?,
            _ => {}
        }
        let moved = migration::move_by_hand(&mut tx, id, from, to, reason.as_deref()).await;
        let moved = moved.map_err(|error| match error.as_database_error() {
            // Somebody launched the client since the pre-flight.
            Some(taken)
                if matches!(
                    taken.constraint(),
                    Some("one_live_migration_a_client" | "one_live_operation_a_resource")
                ) =>
            {
                crate::engine::launch::busy(&row.subject)
            }
            _ => db(error),
        })?;
        if !moved {
            drop(tx);
            let now = self.migration_row(id).await?.case().map_err(db)?;
            return Err(refused(now, action));
        }
        if action == Action::Approve {
            migration::approve_start(&mut tx, id, &caller.username).await.map_err(db)?;
        }
        let detail =
            json!({ "from": from, "to": to, "reason": reason, "not_before": when.not_before, "window": when.window });
        let what = format!("migration.{action}");
        tx.record(&caller.username, &what, &subject(id), detail);
        tx.commit().await.map_err(db)?;
        self.bus.changed(id);
        self.engine.wake();
        Ok(())
    }
}

/// Whether the caller may approve what somebody has asked for.
///
/// # Errors
/// A second person is asked for, and the caller is the first.
pub(super) fn second_person(approvals: Approvals, caller: &Caller, requester: &str) -> Result<(), Problem> {
    if approvals.allow(&caller.username, requester) {
        return Ok(());
    }
    Err(SECOND_PERSON.problem(
        "You asked for it yourself, and its NIM master asks for the approval of a second person. Ask another approver; nothing was changed.",
    ))
}

fn refused(case: Case, action: Action) -> Problem {
    ACTION_REFUSED.problem(machine::why_not(case, action))
}
