//! Signed-in browsers. Ids come in hashed; nothing here ever sees a cookie.

use serde_json::Value;
use sqlx::postgres::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// A session to store.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// SHA-256 of the id.
    pub id_hash: &'a [u8],
    /// Whose it is.
    pub user_id: Uuid,
    /// What the session layer keeps.
    pub data: Value,
    /// Where the sign-in came from.
    pub ip: Option<&'a str>,
    /// With which browser.
    pub user_agent: Option<&'a str>,
    /// When it ends unless it is used.
    pub expires_at: OffsetDateTime,
}

/// Stores a new session; false where the id is taken.
///
/// # Errors
/// The database's.
pub async fn insert(db: &mut PgConnection, new: &NewSession<'_>) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO session (id_hash, user_id, data, ip, user_agent, expires_at) VALUES ($1, $2, $3, $4, left($5, 400), $6) \
         ON CONFLICT (id_hash) DO NOTHING",
    )
    .bind(new.id_hash)
    .bind(new.user_id)
    .bind(&new.data)
    .bind(new.ip)
    .bind(new.user_agent)
    .bind(new.expires_at)
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Renews a session. One that was revoked meanwhile stays revoked: this never inserts.
///
/// # Errors
/// The database's.
pub async fn renew(
    db: &mut PgConnection,
    id_hash: &[u8],
    data: &Value,
    expires_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE session SET data = $2, expires_at = $3, last_seen_at = now() WHERE id_hash = $1")
        .bind(id_hash)
        .bind(data)
        .bind(expires_at)
        .execute(db)
        .await
        .map(drop)
}

/// A session that has not ended: its data and when it will end.
///
/// # Errors
/// The database's.
pub async fn find(db: impl PgExecutor<'_>, id_hash: &[u8]) -> Result<Option<(Value, OffsetDateTime)>, sqlx::Error> {
    sqlx::query_as("SELECT data, expires_at FROM session WHERE id_hash = $1 AND expires_at > now()")
        .bind(id_hash)
        .fetch_optional(db)
        .await
}

/// Ends a session.
///
/// # Errors
/// The database's.
pub async fn delete(db: &mut PgConnection, id_hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM session WHERE id_hash = $1").bind(id_hash).execute(db).await.map(drop)
}

/// Ends every session of a user; how many had not ended yet.
///
/// # Errors
/// The database's.
pub async fn delete_of(db: &mut PgConnection, user: Uuid) -> Result<u64, sqlx::Error> {
    let live: Vec<bool> = sqlx::query_scalar("DELETE FROM session WHERE user_id = $1 RETURNING expires_at > now()")
        .bind(user)
        .fetch_all(db)
        .await?;
    Ok(live.into_iter().filter(|live| *live).count() as u64)
}

/// Removes sessions that have ended.
///
/// # Errors
/// The database's.
pub async fn delete_ended(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query("DELETE FROM session WHERE expires_at <= now()").execute(db).await?.rows_affected())
}

/// Which of these give no right any more: ended, signed out, or of somebody who was disabled.
///
/// # Errors
/// The database's.
pub async fn gone(db: impl PgExecutor<'_>, id_hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT h FROM unnest($1::bytea[]) h WHERE NOT EXISTS (
             SELECT FROM session s JOIN user_account u ON u.id = s.user_id
             WHERE s.id_hash = h AND s.expires_at > now() AND u.disabled_at IS NULL)",
    )
    .bind(id_hashes)
    .fetch_all(db)
    .await
}
