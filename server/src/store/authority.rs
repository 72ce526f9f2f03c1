//! What decides whether an approval counts, the master's policy of now and the roles of now; and taking back what rests on one that
//! counts no more.

use crate::engine::authority::{self, ApprovedCutover, Approver, StartRight, Why};
use app::model::{Approvals, Role, State};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// An act that moves the bootlist of a client by an order of nimdeck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// To the clone.
    Cutover,
    /// Back to the old disk.
    Rollback,
    /// To the running disk, as `alt_rootvg_op -X` does.
    Finalise,
}

/// Who asked for a migration and who approved what, with the policy and the roles of now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Rights {
    /// The migration.
    pub id: Uuid,
    approve_starts: bool,
    second_person: bool,
    requested_by: String,
    moves_bootlist: bool,
    approved_by: Option<String>,
    approved_role: Option<String>,
    cutover_by: Option<String>,
    cutover_role: Option<String>,
    rollback_by: Option<String>,
    rollback_role: Option<String>,
    finalise_by: Option<String>,
    finalise_role: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT g.id, m.approve_starts, m.second_person, g.requested_by,
                    COALESCE(g.request->>'bootlist' = 'nimadm', false) AS moves_bootlist,
                    g.approved_by, a.role AS approved_role, g.cutover_by, c.role AS cutover_role,
                    g.rollback_by, r.role AS rollback_role, g.finalise_by, f.role AS finalise_role
             FROM migration g JOIN master m ON m.id = g.master_id
             LEFT JOIN user_account a ON a.username = g.approved_by AND a.disabled_at IS NULL
             LEFT JOIN user_account c ON c.username = g.cutover_by AND c.disabled_at IS NULL
             LEFT JOIN user_account r ON r.username = g.rollback_by AND r.disabled_at IS NULL
             LEFT JOIN user_account f ON f.username = g.finalise_by AND f.disabled_at IS NULL ",
            $rest
        )
    };
}

/// Of one migration.
///
/// # Errors
/// Those of the database.
pub async fn of(db: impl PgExecutor<'_>, migration: Uuid) -> Result<Option<Rights>, sqlx::Error> {
    sqlx::query_as(select!("WHERE g.id = $1")).bind(migration).fetch_optional(db).await
}

/// Of all migrations that wait for their start.
///
/// # Errors
/// Those of the database.
pub async fn of_queued(db: impl PgExecutor<'_>) -> Result<Vec<Rights>, sqlx::Error> {
    sqlx::query_as(select!("WHERE g.state = 'queued' ORDER BY g.id")).fetch_all(db).await
}

/// Of all migrations whose cutover is planned.
///
/// # Errors
/// Those of the database.
pub async fn of_planned(db: impl PgExecutor<'_>) -> Result<Vec<Rights>, sqlx::Error> {
    sqlx::query_as(select!("WHERE g.state = 'clone_ready' AND g.cutover_at IS NOT NULL ORDER BY g.id"))
        .fetch_all(db)
        .await
}

/// Moves a queued migration back to `to`, where it awaits an approval. False where it is no longer queued, or `judged` is no longer its
/// approver.
///
/// # Errors
/// Those of the database.
pub async fn approval_is_due(
    conn: &mut PgConnection,
    id: Uuid,
    judged: Option<&str>,
    to: State,
    why: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE migration SET state = $3, reason = $4, approved_by = NULL, approved_at = NULL, hold_asked_by = NULL,
             updated_at = now()
         WHERE id = $1 AND state = 'queued' AND approved_by IS NOT DISTINCT FROM $2",
    )
    .bind(id)
    .bind(judged)
    .bind(to.as_str())
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Withdraws a planned cutover. False where it is no longer planned, or `judged` is no longer its approver.
///
/// # Errors
/// Those of the database.
pub async fn withdraw(conn: &mut PgConnection, id: Uuid, judged: Option<&str>, why: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE migration SET cutover_by = NULL, cutover_at = NULL, cutover_not_before = NULL, cutover_window = NULL,
             reason = $3, updated_at = now()
         WHERE id = $1 AND state = 'clone_ready' AND cutover_at IS NOT NULL AND cutover_by IS NOT DISTINCT FROM $2",
    )
    .bind(id)
    .bind(judged)
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

impl Rights {
    fn policy(&self) -> Approvals {
        Approvals { starts: self.approve_starts, second_person: self.second_person }
    }

    /// Whether nimadm may be started now.
    ///
    /// # Errors
    /// Why it must wait for an approval.
    pub fn may_start(&self) -> Result<StartRight, Why> {
        let approver = approver(self.approved_by.as_deref(), self.approved_role.as_deref());
        authority::may_start(self.policy(), self.moves_bootlist, &self.requested_by, approver)
    }

    /// Whether a run in steps may go on to its next phases now.
    ///
    /// # Errors
    /// Why it must wait for an approval.
    pub fn may_go_on(&self) -> Result<StartRight, Why> {
        let approver = approver(self.approved_by.as_deref(), self.approved_role.as_deref());
        authority::may_go_on(self.policy(), self.moves_bootlist, &self.requested_by, approver)
    }

    /// Whether a new attempt that `asking` asks for may be queued. An earlier approval of a start that moves the bootlist was for the
    /// earlier attempt.
    ///
    /// # Errors
    /// Why it must wait for an approval.
    pub fn may_queue(&self, asking: Approver<'_>) -> Result<StartRight, Why> {
        let known = approver(self.approved_by.as_deref(), self.approved_role.as_deref());
        let known = known.filter(|_| !self.moves_bootlist);
        authority::may_queue(self.policy(), self.moves_bootlist, &self.requested_by, known, Some(asking))
    }

    /// Who approved the start.
    #[must_use]
    pub fn approved_by(&self) -> Option<&str> {
        self.approved_by.as_deref()
    }

    /// Who approved the cutover.
    #[must_use]
    pub fn cutover_by(&self) -> Option<&str> {
        self.cutover_by.as_deref()
    }

    /// Why it waits for an approval, for people.
    #[must_use]
    pub fn awaits(&self, why: &Why) -> String {
        authority::awaits(self.moves_bootlist, why)
    }

    /// Whether an act may move the bootlist now.
    ///
    /// # Errors
    /// Why it may not.
    pub fn may_move_bootlist(&self, act: Act) -> Result<ApprovedCutover, Why> {
        let (by, role) = match act {
            Act::Cutover => (&self.cutover_by, &self.cutover_role),
            Act::Rollback => (&self.rollback_by, &self.rollback_role),
            Act::Finalise => (&self.finalise_by, &self.finalise_role),
        };
        authority::may_move_bootlist(self.policy(), &self.requested_by, approver(by.as_deref(), role.as_deref()))
    }
}

/// A role that this version does not know gives no right.
fn approver<'a>(name: Option<&'a str>, role: Option<&str>) -> Option<Approver<'a>> {
    let role = role.and_then(|role| role.parse::<Role>().ok());
    name.map(|name| Approver { name, role })
}
