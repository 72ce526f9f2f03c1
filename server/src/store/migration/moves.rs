//! One migration moved on: by the worker that holds its lease, or by a person.

use crate::{
    engine::look::Size,
    store::fence::{Fence, WriteError, fenced},
};
use aix::Pvid;
use app::model::{CutoverTime, Snapshot, State, VerificationCheck};
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// Moves a migration on by a worker.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease or the state is not what the worker thinks.
pub async fn advance(
    conn: &mut PgConnection,
    fence: &Fence,
    from: State,
    to: State,
    reason: Option<&str>,
) -> Result<(), WriteError> {
    let done = sqlx::query(
        // Whoever asked for a hold has it, or the run is past where it could be held.
        "UPDATE migration SET state = $4, reason = $5, updated_at = now(),
             hold_asked_by = CASE WHEN $4 IN ('queued', 'starting', 'running', 'contact_lost') THEN hold_asked_by END,
             -- A cutover that was refused is not planned any more.
             cutover_by = CASE WHEN $4 <> 'clone_ready' THEN cutover_by END,
             cutover_at = CASE WHEN $4 <> 'clone_ready' THEN cutover_at END,
             cutover_not_before = CASE WHEN $4 <> 'clone_ready' THEN cutover_not_before END,
             cutover_window = CASE WHEN $4 <> 'clone_ready' THEN cutover_window END,
             -- What waits for an approval has none that counts.
             approved_by = CASE WHEN $4 <> 'awaiting_approval' THEN approved_by END,
             approved_at = CASE WHEN $4 <> 'awaiting_approval' THEN approved_at END
         WHERE id = $1 AND epoch = $2 AND state = $3",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(reason)
    .execute(conn)
    .await?;
    fenced(done.rows_affected())
}

/// Moves a migration on by a person. False where its state is not `from` any more.
///
/// # Errors
/// Those of the database.
pub async fn move_by_hand(
    conn: &mut PgConnection,
    id: Uuid,
    from: State,
    to: State,
    reason: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        // A hold that is asked for while contact is lost does not take away why it is lost.
        "UPDATE migration SET state = $3, updated_at = now(),
             reason = CASE WHEN state = $3 AND state = 'contact_lost' THEN COALESCE($4, reason) ELSE $4 END, parked_at = NULL, takeovers = 0, asked = asked + 1,
             hold_asked_by = CASE WHEN $3 IN ('queued', 'starting', 'running', 'contact_lost') THEN hold_asked_by END,
             -- What waits for an approval has none that counts.
             approved_by = CASE WHEN $3 <> 'awaiting_approval' THEN approved_by END,
             approved_at = CASE WHEN $3 <> 'awaiting_approval' THEN approved_at END
         WHERE id = $1 AND state = $2",
    )
    .bind(id)
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks a migration until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn lock(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT FROM migration WHERE id = $1 FOR NO KEY UPDATE").bind(id).execute(conn).await.map(|_| ())
}

/// Says why it does not move on, without moving it.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn explain(db: &mut PgConnection, fence: &Fence, reason: Option<&str>) -> Result<(), WriteError> {
    let done = sqlx::query("UPDATE migration SET reason = $3, updated_at = now() WHERE id = $1 AND epoch = $2")
        .bind(fence.migration)
        .bind(fence.epoch)
        .bind(reason)
        .execute(db)
        .await?;
    fenced(done.rows_affected())
}

/// Remembers the client as it was found just before the start.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn set_before(
    db: &mut PgConnection,
    fence: &Fence,
    before: &Snapshot,
    pvids: &[Pvid],
    size: Size,
) -> Result<(), WriteError> {
    let pvids: Vec<&str> = pvids.iter().map(Pvid::as_str).collect();
    let done = sqlx::query(
        "UPDATE migration SET before = $3, target_pvids = $4, rootvg_used_mb = $5, filesets = $6, updated_at = now()
         WHERE id = $1 AND epoch = $2",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(Json(before))
    .bind(pvids)
    .bind(size.rootvg_used.and_then(|mb| i64::try_from(mb).ok()))
    .bind(size.filesets.and_then(|count| i32::try_from(count).ok()))
    .execute(db)
    .await?;
    fenced(done.rows_affected())
}

/// Remembers the PVIDs of the target disks, where alt_disk_copy gave them theirs.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn set_pvids(db: &mut PgConnection, fence: &Fence, pvids: &[Pvid]) -> Result<(), WriteError> {
    let pvids: Vec<&str> = pvids.iter().map(Pvid::as_str).collect();
    let done = sqlx::query("UPDATE migration SET target_pvids = $3 WHERE id = $1 AND epoch = $2")
        .bind(fence.migration)
        .bind(fence.epoch)
        .bind(pvids)
        .execute(db)
        .await?;
    fenced(done.rows_affected())
}

/// Counts a cleaning that somebody asked for.
///
/// # Errors
/// Those of the database.
pub async fn ask_cleaning(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET cleanings = cleanings + 1 WHERE id = $1").bind(id).execute(conn).await.map(|_| ())
}

/// Counts that a clone is to be woken or put to sleep.
///
/// # Errors
/// Those of the database.
pub async fn ask_waking(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET wakings = wakings + 1 WHERE id = $1").bind(id).execute(conn).await.map(|_| ())
}

/// Asks a run in steps to hold at its next boundary.
///
/// # Errors
/// Those of the database.
pub async fn ask_hold(conn: &mut PgConnection, id: Uuid, by: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET hold_asked_by = $2 WHERE id = $1")
        .bind(id)
        .bind(by)
        .execute(conn)
        .await
        .map(|_| ())
}

/// Takes a planned cutover back.
///
/// # Errors
/// Those of the database.
pub async fn unplan_cutover(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE migration SET cutover_by = NULL, cutover_at = NULL, cutover_not_before = NULL, cutover_window = NULL WHERE id = $1",
    )
    .bind(id)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Starts it as soon as limits allow, whatever its time.
///
/// # Errors
/// Those of the database.
pub async fn start_now(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET start_now = true WHERE id = $1").bind(id).execute(conn).await.map(|_| ())
}

/// Who asked for a hold.
///
/// # Errors
/// Those of the database.
pub async fn hold_asked_by(conn: &mut PgConnection, id: Uuid) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT hold_asked_by FROM migration WHERE id = $1").bind(id).fetch_one(conn).await
}

/// Remembers who asked for the old disk to be booted again; the reboot of the cutover is forgotten.
///
/// # Errors
/// Those of the database.
pub async fn ask_rollback(conn: &mut PgConnection, id: Uuid, by: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE migration SET rollback_by = $2, rollback_at = now(), reboot_sent_at = NULL, reboot_down_at = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(by)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Remembers who asked for the old disk to be given back.
///
/// # Errors
/// Those of the database.
pub async fn ask_finalise(conn: &mut PgConnection, id: Uuid, by: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET finalise_by = $2, finalise_at = now() WHERE id = $1")
        .bind(id)
        .bind(by)
        .execute(conn)
        .await
        .map(|_| ())
}

/// Goes on to the next group of phases.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn next_step(conn: &mut PgConnection, fence: &Fence) -> Result<(), WriteError> {
    let done = sqlx::query("UPDATE migration SET step = step + 1 WHERE id = $1 AND epoch = $2")
        .bind(fence.migration)
        .bind(fence.epoch)
        .execute(conn)
        .await?;
    fenced(done.rows_affected())
}

/// Takes the migration from all servers until somebody resumes it, and says why.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn park(conn: &mut PgConnection, fence: &Fence, why: &str) -> Result<(), WriteError> {
    let done = sqlx::query(
        "UPDATE migration SET parked_at = now(), reason = $3, lease_owner = NULL, lease_until = NULL, updated_at = now()
         WHERE id = $1 AND epoch = $2",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(why)
    .execute(conn)
    .await?;
    fenced(done.rows_affected())
}

/// Remembers the client after the reboot, and what the comparison came to.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn set_after(
    db: &mut PgConnection,
    fence: &Fence,
    after: &Snapshot,
    checks: &[VerificationCheck],
) -> Result<(), WriteError> {
    let done = sqlx::query(
        "UPDATE migration SET after = $3, verification = $4, updated_at = now() WHERE id = $1 AND epoch = $2",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(Json(after))
    .bind(Json(checks))
    .execute(db)
    .await?;
    fenced(done.rows_affected())
}

/// Remembers the client after it went back to its old system.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn set_rolled_back(conn: &mut PgConnection, fence: &Fence, client: &Snapshot) -> Result<(), WriteError> {
    let done = sqlx::query("UPDATE migration SET rolled_back = $3 WHERE id = $1 AND epoch = $2")
        .bind(fence.migration)
        .bind(fence.epoch)
        .bind(Json(client))
        .execute(conn)
        .await?;
    fenced(done.rows_affected())
}

/// Remembers who approved the start.
///
/// # Errors
/// Those of the database.
pub async fn approve_start(conn: &mut PgConnection, id: Uuid, by: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET approved_by = $2, approved_at = now() WHERE id = $1")
        .bind(id)
        .bind(by)
        .execute(conn)
        .await
        .map(|_| ())
}

/// Remembers who asked for the cutover; a reboot of an earlier one is forgotten.
///
/// # Errors
/// Those of the database.
pub async fn approve_cutover(
    conn: &mut PgConnection,
    id: Uuid,
    by: &str,
    when: &CutoverTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE migration SET cutover_by = $2, cutover_at = now(), reboot_sent_at = NULL, reboot_down_at = NULL,
             cutover_not_before = $3, cutover_window = $4 WHERE id = $1",
    )
    .bind(id)
    .bind(by)
    .bind(when.not_before.map(OffsetDateTime::from))
    .bind(&when.window)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Remembers that shutdown is about to be sent.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn reboot_sent(db: &mut PgConnection, fence: &Fence) -> Result<(), WriteError> {
    let done =
        sqlx::query("UPDATE migration SET reboot_sent_at = now(), updated_at = now() WHERE id = $1 AND epoch = $2")
            .bind(fence.migration)
            .bind(fence.epoch)
            .execute(db)
            .await?;
    fenced(done.rows_affected())
}

/// Remembers that the client was seen away after the reboot was sent.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn reboot_down(db: &mut PgConnection, fence: &Fence) -> Result<(), WriteError> {
    let done = sqlx::query(
        "UPDATE migration SET reboot_down_at = COALESCE(reboot_down_at, now()), updated_at = now()
         WHERE id = $1 AND epoch = $2",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .execute(db)
    .await?;
    fenced(done.rows_affected())
}
