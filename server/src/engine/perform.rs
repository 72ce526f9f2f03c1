//! One action on one migration, for people and for the orders of campaigns.
//!
//! [`perform`] makes its changes, with the audit row, in the transaction of the caller, so an order can mark its member in the same one. It
//! locks the migration first and judges what it then reads: state, policy and role are those of the moment in which the change is made.

use super::{
    authority::{self, Approver, Why},
    machine::{self, Case, Event},
    run::subject,
};
use crate::{
    error::{ACTION_REFUSED, BAD_INPUT, NOT_FOUND, SECOND_PERSON, database as db},
    store::{self, Tx, attempt, campaign, migration},
};
use app::model::{Action, Approvals, Caller, CampaignState, CutoverTime, Permission, Problem, State};
use serde_json::json;
use sqlx::PgExecutor;
use uuid::Uuid;

/// What somebody asks of a migration.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who, with the role that counts.
    pub caller: &'a Caller,
    /// The migration.
    pub id: Uuid,
    /// What.
    pub action: Action,
    /// Why, for the record.
    pub reason: Option<&'a str>,
    /// A cutover: when.
    pub when: &'a CutoverTime,
}

/// Where a migration goes by an action, and whose approval that rests on.
struct Decided {
    case: Case,
    from: State,
    to: State,
    /// Said instead of the person's reason: why it waits.
    waits: Option<String>,
    /// The caller's own approval of the start.
    approves_start: bool,
}

/// The migration as it is.
///
/// # Errors
/// There is no such migration, or the database fails.
pub async fn find(conn: impl PgExecutor<'_>, id: Uuid) -> Result<migration::Row, Problem> {
    let row = migration::find(conn, id).await.map_err(|error| db(&error))?;
    row.ok_or_else(|| NOT_FOUND.problem(format!("There is no migration {id}. The history lists them.")))
}

/// Whether the action is possible now and the caller may do it. Changes nothing.
///
/// # Errors
/// Why not.
pub async fn possible(tx: &mut Tx, asked: &Asked<'_>) -> Result<migration::Row, Problem> {
    let row = find(&mut **tx, asked.id).await?;
    decided(tx, &row, asked).await?;
    Ok(row)
}

/// Does it, in the caller's transaction, which must not be committed after an error.
///
/// # Errors
/// The reason why it is not possible, or the database fails.
pub async fn perform(tx: &mut Tx, asked: &Asked<'_>) -> Result<(), Problem> {
    let Asked { caller, id, action, reason, when } = *asked;
    migration::lock(tx, id).await.map_err(|error| db(&error))?;
    let row = find(&mut **tx, id).await?;
    let Decided { case, from, to, waits, approves_start } = decided(tx, &row, asked).await?;
    let by = caller.username.as_str();
    change(tx, &row, case, asked).await.map_err(|error| constraint(&row, when, &error))?;
    let said = waits.as_deref().or(reason);
    let moved = migration::move_by_hand(tx, id, from, to, said).await;
    if !moved.map_err(|error| constraint(&row, when, &error))? {
        return Err(refused(case, action));
    }
    if approves_start {
        migration::approve_start(tx, id, by).await.map_err(|error| db(&error))?;
    }
    if action == Action::Retry
        && let Some(campaign) = campaign::member_is_retried(tx, id).await.map_err(|error| db(&error))?
    {
        let why = json!({ "to": CampaignState::Running, "reason": "a member is retried", "migration": id });
        tx.record("system", "campaign.state", &format!("campaign:{campaign}"), why);
    }
    let detail = json!({
        "from": from, "to": to, "reason": reason, "not_before": when.not_before, "window": when.window, "waits": waits,
    });
    tx.record(by, &format!("migration.{action}"), &subject(id), detail);
    Ok(())
}

async fn decided(tx: &mut Tx, row: &migration::Row, asked: &Asked<'_>) -> Result<Decided, Problem> {
    let Asked { caller, action, when, .. } = *asked;
    app::port::check(Some(caller), action.permission())?;
    let from = row.state().map_err(|error| db(&error))?;
    let case = row.case().map_err(|error| db(&error))?;
    let (to, _) = machine::decide(case, Event::Asked(action)).map_err(|_| refused(case, action))?;
    if action.is_approval() {
        approves(row.approvals(), caller, &row.requested_by)?;
    }
    let mut decided = Decided { case, from, to, waits: None, approves_start: action == Action::Approve };
    if when.is_later() {
        // Approved now, begun by the scheduler when its time has come.
        decided.to = from;
    }
    match action {
        Action::Retry => match rights(tx, row.id).await?.may_queue(approver(caller)) {
            Ok(right) => decided.approves_start = right.by() == Some(caller.username.as_str()),
            Err(why) => {
                (decided.to, _) = machine::decide(case, Event::ApprovalDue).map_err(|_| refused(case, action))?;
                decided.waits = Some(authority::awaits(row.moves_bootlist(), &why));
            }
        },
        // The next phases may move the bootlist: to resume them without an approval that counts is to approve them.
        Action::Resume
            if from == State::Held && row.moves_bootlist() && rights(tx, row.id).await?.may_go_on().is_err() =>
        {
            approves(row.approvals(), caller, &row.requested_by)?;
            decided.approves_start = true;
        }
        _ => {}
    }
    Ok(decided)
}

async fn rights(tx: &mut Tx, id: Uuid) -> Result<store::authority::Rights, Problem> {
    let rights = store::authority::of(&mut **tx, id).await.map_err(|error| db(&error))?;
    rights.ok_or_else(|| NOT_FOUND.problem(format!("There is no migration {id}.")))
}

async fn change(tx: &mut Tx, row: &migration::Row, case: Case, asked: &Asked<'_>) -> Result<(), sqlx::Error> {
    let (id, by) = (row.id, asked.caller.username.as_str());
    match asked.action {
        Action::Cutover => migration::approve_cutover(tx, id, by, asked.when).await,
        Action::Start => migration::start_now(tx, id).await,
        Action::Hold if case.planned => migration::unplan_cutover(tx, id).await,
        Action::Clean | Action::Cancel => migration::ask_cleaning(tx, id).await,
        Action::Wake | Action::Sleep => migration::ask_waking(tx, id).await,
        Action::Hold => migration::ask_hold(tx, id, by).await,
        Action::Rollback => migration::ask_rollback(tx, id, by).await,
        Action::Finalise => migration::ask_finalise(tx, id, by).await,
        Action::Retry => attempt::begin_next(tx, id).await,
        _ => Ok(()),
    }
}

fn approver(caller: &Caller) -> Approver<'_> {
    Approver { name: &caller.username, role: Some(caller.role) }
}

/// Whether the caller may approve what somebody has asked for.
///
/// # Errors
/// The caller has not the role, or asked for it themselves where the master asks for a second person.
pub fn approves(policy: Approvals, caller: &Caller, requester: &str) -> Result<(), Problem> {
    match authority::may_move_bootlist(policy, requester, Some(approver(caller))) {
        Ok(_) => Ok(()),
        Err(Why::SamePerson(_)) => Err(SECOND_PERSON.problem(
            "You asked for it yourself, and its NIM master asks for the approval of a second person. Ask another approver; nothing was changed.",
        )),
        Err(_) => app::port::check(Some(caller), Permission::Approve).map(drop),
    }
}

fn refused(case: Case, action: Action) -> Problem {
    ACTION_REFUSED.problem(machine::why_not(case, action))
}

/// What a constraint of the database says of an action.
fn constraint(row: &migration::Row, when: &CutoverTime, error: &sqlx::Error) -> Problem {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
        // Somebody launched the client since the pre-flight.
        Some("one_live_migration_a_client" | "one_live_operation_a_resource") => super::launch::busy(&row.subject),
        Some("migration_cutover_window_fkey") => {
            let name = when.window.as_deref().unwrap_or_default();
            BAD_INPUT.field("window", format!("there is no maintenance window {name:?} any more"))
        }
        _ => db(error),
    }
}
