//! Watching over migrations: whose turn it is, and what was found.

use app::model::{Interlock, Signal, State};
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use std::time::Duration;
use uuid::Uuid;

/// Takes migrations that nobody has looked at for a while, the longest waiting first; each with its master. Several servers share
/// them: the server that takes one has it until it is due again. Those of `busy` masters are left. Only the latest clone of a client says
/// something of it.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    db: &mut PgConnection,
    every: Duration,
    every_simulated: Duration,
    most: i64,
    busy: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE migration SET watched_at = now() WHERE id IN (
             SELECT g.id FROM migration g JOIN master m ON m.id = g.master_id
             WHERE g.state IN ('running', 'held', 'clone_ready', 'awake', 'verified') AND g.master_id <> ALL($4)
               AND (g.watched_at IS NULL
                    OR g.watched_at < now() - CASE WHEN m.simulated THEN $2 ELSE $1 END * interval '1 second')
               AND NOT EXISTS (SELECT FROM migration n WHERE n.client_id = g.client_id AND n.requested_at > g.requested_at
                                AND n.operation IN ('migrate', 'restore'))
             ORDER BY g.watched_at NULLS FIRST FOR UPDATE OF g SKIP LOCKED LIMIT $3)
         RETURNING id, master_id",
    )
    .bind(every.as_secs_f64())
    .bind(every_simulated.as_secs_f64())
    .bind(most)
    .bind(busy)
    .fetch_all(db)
    .await
}

/// What is known of a migration, its row locked until the transaction ends. None where it has left the state, or begun another attempt:
/// what was seen is of the past then.
///
/// # Errors
/// Those of the database.
pub async fn known(
    conn: &mut PgConnection,
    id: Uuid,
    state: State,
    attempt: i32,
) -> Result<Option<(Vec<Signal>, Vec<Interlock>)>, sqlx::Error> {
    type Stored = (Json<Vec<Signal>>, Json<Vec<Interlock>>);
    let known: Option<Stored> = sqlx::query_as(
        "SELECT signals, interlocks FROM migration WHERE id = $1 AND state = $2 AND attempt = $3 FOR NO KEY UPDATE",
    )
    .bind(id)
    .bind(state.as_str())
    .bind(attempt)
    .fetch_optional(conn)
    .await?;
    Ok(known.map(|(Json(signals), Json(interlocks))| (signals, interlocks)))
}

/// Remembers what is known now.
///
/// # Errors
/// Those of the database.
pub async fn save(
    conn: &mut PgConnection,
    id: Uuid,
    signals: &[Signal],
    interlocks: &[Interlock],
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET signals = $2, interlocks = $3, updated_at = now() WHERE id = $1")
        .bind(id)
        .bind(Json(signals))
        .bind(Json(interlocks))
        .execute(conn)
        .await
        .map(|_| ())
}
