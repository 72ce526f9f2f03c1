//! Attempts: one call of nimadm from phase 1 on, and how it ended.

use aix::log::Verdict;
use sqlx::PgConnection;
use uuid::Uuid;

/// Remembers when an attempt's nimadm was started.
///
/// # Errors
/// Those of the database.
pub async fn started(conn: &mut PgConnection, id: Uuid, attempt: i32) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE attempt SET started_at = COALESCE(started_at, now()) WHERE migration_id = $1 AND number = $2")
        .bind(id)
        .bind(attempt)
        .execute(conn)
        .await
        .map(|_| ())
}

/// Remembers how an attempt ended, and the proven hash of the whole log.
///
/// # Errors
/// Those of the database.
pub async fn ended(
    conn: &mut PgConnection,
    id: Uuid,
    attempt: i32,
    rc: Option<i32>,
    verdict: &Verdict,
    sha256: Option<&str>,
) -> Result<(), sqlx::Error> {
    let outcome = serde_json::to_value(verdict.outcome).map_err(super::decode)?;
    sqlx::query(
        // It may have begun without anybody having written that down: cancelled in the moment of its start.
        "UPDATE attempt SET started_at = COALESCE(started_at, now()), ended_at = COALESCE(ended_at, now()), rc = $3, outcome = $4,
             failed_phase = $5, cause = $6, advice = $7, codes = $8
         WHERE migration_id = $1 AND number = $2",
    )
    .bind(id)
    .bind(attempt)
    .bind(rc)
    .bind(outcome.as_str())
    .bind(verdict.failed_phase.map(|phase| i16::from(phase.number())))
    .bind(&verdict.cause)
    .bind(&verdict.advice)
    .bind(&verdict.codes)
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE migration SET log_sha256 = $2 WHERE id = $1")
        .bind(id)
        .bind(sha256)
        .execute(conn)
        .await
        .map(|_| ())
}

/// Begins the next attempt: nothing of the one before counts any more, its log stays.
///
/// # Errors
/// Those of the database.
pub async fn begin_next(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE migration SET attempt = attempt + 1, step = 1, before = NULL, after = NULL, verification = NULL, target_pvids = '{}',
             cutover_by = NULL, cutover_at = NULL, cutover_not_before = NULL, cutover_window = NULL, start_now = false, turn_at = NULL, reboot_sent_at = NULL, reboot_down_at = NULL, log_sha256 = NULL
         WHERE id = $1",
    )
    .bind(id)
    .execute(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO attempt (migration_id, number) SELECT id, attempt FROM migration WHERE id = $1")
        .bind(id)
        .execute(conn)
        .await
        .map(|_| ())
}
