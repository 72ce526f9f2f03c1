//! The lease on a migration, and the fence that every write of its worker passes.
//!
//! A lease is a row's owner and an end by the database's clock. Claiming raises `epoch`, and every later write says the epoch it
//! belongs to; a server that was paused, cut off or merely slow finds its epoch outdated and changes nothing. Session
//! advisory locks would be shorter, but they vanish silently with a pooled connection and carry no epoch.

use super::Conflict;
use app::model::State;
use sqlx::postgres::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// Proof of a claim: whose it is and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The migration.
    pub migration: Uuid,
    /// The claim's epoch.
    pub epoch: i64,
    /// The claiming process; new at each start.
    pub owner: Uuid,
    /// Leases that ran out one after the other since the state last changed, this claim included.
    pub takeovers: i32,
}

/// Why a worker's write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The lease was lost, or the state was changed by somebody: stop.
    #[error("another server or person has changed this migration since")]
    Fenced,
    /// The database.
    #[error("the database refused a write")]
    Database(#[from] sqlx::Error),
}

impl Conflict for WriteError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}

/// Turns "no row was changed" into [`WriteError::Fenced`].
///
/// # Errors
/// [`WriteError::Fenced`] for 0.
pub fn fenced(rows: u64) -> Result<(), WriteError> {
    if rows == 0 { Err(WriteError::Fenced) } else { Ok(()) }
}

/// Claims one migration that has work and no living worker, the longest waiting first.
///
/// # Errors
/// Those of the database.
pub async fn claim(db: &mut PgConnection, owner: Uuid, ttl: Duration) -> Result<Option<Fence>, sqlx::Error> {
    let live: Vec<&str> = State::ALL
        .iter()
        .filter(|state| crate::engine::machine::work(**state).is_some())
        .map(|state| state.as_str())
        .collect();
    let row: Option<(Uuid, i64, i32)> = sqlx::query_as(
        "UPDATE migration SET epoch = epoch + 1, lease_owner = $1, lease_until = now() + $2 * interval '1 millisecond',
             takeovers = CASE WHEN lease_owner IS NULL THEN takeovers
                              WHEN taken_over_at > now() - interval '1 hour' THEN takeovers + 1 ELSE 1 END,
             taken_over_at = CASE WHEN lease_owner IS NULL THEN taken_over_at ELSE now() END
         WHERE id = (SELECT id FROM migration
                     WHERE state = ANY($3) AND parked_at IS NULL AND (lease_until IS NULL OR lease_until < now())
                     ORDER BY lease_until NULLS FIRST, requested_at
                     FOR UPDATE SKIP LOCKED LIMIT 1)
         RETURNING id, epoch, takeovers",
    )
    .bind(owner)
    .bind(millis(ttl))
    .bind(live)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(migration, epoch, takeovers)| Fence { migration, epoch, owner, takeovers }))
}

/// Prolongs the lease from now on; tells how often a person has moved the migration.
///
/// # Errors
/// [`WriteError::Fenced`] where it is held no more.
pub async fn renew(db: &mut PgConnection, fence: &Fence, ttl: Duration) -> Result<i32, WriteError> {
    let asked: Option<i32> = sqlx::query_scalar(
        "UPDATE migration SET lease_until = now() + $3 * interval '1 millisecond'
         WHERE id = $1 AND epoch = $2 AND lease_owner IS NOT NULL RETURNING asked",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(millis(ttl))
    .fetch_optional(db)
    .await?;
    asked.ok_or(WriteError::Fenced)
}

/// A lease that was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Renewed {
    /// The migration.
    pub migration: Uuid,
    /// The epoch it was renewed for.
    pub epoch: i64,
    /// How often a person has moved it.
    pub asked: i32,
}

/// Prolongs these leases from now on, all in one statement. Left out, and not waited for, is whatever somebody has locked at this
/// moment, as is what is held no more: [`renew`] tells which it is.
///
/// # Errors
/// Those of the database.
pub async fn renew_all(db: &mut PgConnection, fences: &[Fence], ttl: Duration) -> Result<Vec<Renewed>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE migration g SET lease_until = now() + $3 * interval '1 millisecond'
         FROM (SELECT l.id FROM migration l JOIN unnest($1::uuid[], $2::bigint[]) held (id, epoch)
                   ON l.id = held.id AND l.epoch = held.epoch
               WHERE l.lease_owner IS NOT NULL FOR NO KEY UPDATE OF l SKIP LOCKED) held
         WHERE g.id = held.id RETURNING g.id AS migration, g.epoch, g.asked",
    )
    .bind(fences.iter().map(|fence| fence.migration).collect::<Vec<_>>())
    .bind(fences.iter().map(|fence| fence.epoch).collect::<Vec<_>>())
    .bind(millis(ttl))
    .fetch_all(db)
    .await
}

/// Gives the lease back, so that nobody has to wait for its end.
///
/// # Errors
/// Those of the database. A lease that is held no more is no error.
pub async fn release(db: &mut PgConnection, fence: &Fence) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET lease_owner = NULL, lease_until = NULL WHERE id = $1 AND epoch = $2")
        .bind(fence.migration)
        .bind(fence.epoch)
        .execute(db)
        .await
        .map(|_| ())
}

/// Locks the row for the rest of the transaction if the lease still holds.
///
/// # Errors
/// [`WriteError::Fenced`] where it is held no more.
pub async fn hold(conn: &mut PgConnection, fence: &Fence) -> Result<(), WriteError> {
    let held: Option<(i64,)> = sqlx::query_as("SELECT epoch FROM migration WHERE id = $1 AND epoch = $2 FOR UPDATE")
        .bind(fence.migration)
        .bind(fence.epoch)
        .fetch_optional(conn)
        .await?;
    held.map(|_| ()).ok_or(WriteError::Fenced)
}

fn millis(ttl: Duration) -> f64 {
    ttl.as_secs_f64() * 1000.0
}
