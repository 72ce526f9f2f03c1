//! Phases that nimadm announced.

use aix::Phase;
use app::model::{PhaseRecord, PhaseState, Progress, State};
use sqlx::{PgConnection, PgExecutor, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    number: i16,
    state: String,
    started_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    progress: Option<Json<Progress>>,
}

/// The twelve phases of an attempt; the ones nimadm never announced are `waiting`, or `skipped` once it has ended.
///
/// # Errors
/// Those of the database.
pub async fn list(
    db: impl PgExecutor<'_>,
    migration: Uuid,
    attempt: i32,
    state: State,
) -> Result<Vec<PhaseRecord>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT number, state, started_at, ended_at, progress FROM phase WHERE migration_id = $1 AND attempt = $2",
    )
    .bind(migration)
    .bind(attempt)
    .fetch_all(db)
    .await?;
    let unreached = if state.log_is_complete() { PhaseState::Skipped } else { PhaseState::Waiting };
    Phase::all()
        .map(|phase| {
            let row = rows.iter().find(|row| row.number == i16::from(phase.number()));
            let state = row.map_or(Ok(unreached), |row| row.state.parse()).map_err(super::decode)?;
            Ok(PhaseRecord {
                number: phase,
                title: phase.title().to_owned(),
                state,
                started_at: row.map(|row| row.started_at.into()),
                ended_at: row.and_then(|row| row.ended_at).map(Into::into),
                eta: None,
                p90: None,
                progress: row.and_then(|row| row.progress.clone()).map(|Json(progress)| progress),
            })
        })
        .collect()
}

/// Begins a phase and ends the ones before it.
///
/// # Errors
/// Those of the database.
pub async fn begin(
    conn: &mut PgConnection,
    migration: Uuid,
    attempt: i32,
    phase: Phase,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    end(conn, migration, attempt, PhaseState::Done, at).await?;
    sqlx::query(
        "INSERT INTO phase (migration_id, attempt, number, state, started_at) VALUES ($1, $2, $3, 'running', $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(migration)
    .bind(attempt)
    .bind(i16::from(phase.number()))
    .bind(at)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Ends the phase that runs, if one does.
///
/// # Errors
/// Those of the database.
pub async fn end(
    conn: &mut PgConnection,
    migration: Uuid,
    attempt: i32,
    state: PhaseState,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE phase SET state = $3, ended_at = GREATEST($4, started_at)
         WHERE migration_id = $1 AND attempt = $2 AND state = 'running'",
    )
    .bind(migration)
    .bind(attempt)
    .bind(state.as_str())
    .bind(at)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Remembers how far the running phase is.
///
/// # Errors
/// Those of the database.
pub async fn progress(
    conn: &mut PgConnection,
    migration: Uuid,
    attempt: i32,
    progress: &Progress,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE phase SET progress = $3 WHERE migration_id = $1 AND attempt = $2 AND state = 'running'")
        .bind(migration)
        .bind(attempt)
        .bind(Json(progress))
        .execute(conn)
        .await
        .map(|_| ())
}
