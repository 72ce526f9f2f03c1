//! What scripts sign in with. Tokens come in hashed.

use super::unknown_word;
use app::model::{Caller, Role};
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// Stores a token; false where the user has one of that name.
///
/// # Errors
/// The database's.
pub async fn insert(
    db: &mut PgConnection,
    user: Uuid,
    name: &str,
    token_hash: &[u8],
    role: Role,
    expires_at: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO api_token (id, user_id, name, token_hash, role, expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (user_id, name) WHERE revoked_at IS NULL DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(user)
    .bind(name)
    .bind(token_hash)
    .bind(role.as_str())
    .bind(expires_at)
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Who acts with this token: its user, with the lower of both roles. None where the token or its user is no longer accepted.
///
/// # Errors
/// The database's.
pub async fn caller(pool: &PgPool, token_hash: &[u8]) -> Result<Option<Caller>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT t.id AS token_id, t.role AS ceiling, u.id, u.username, u.role, \
                t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute' AS stale \
         FROM api_token t JOIN user_account u ON u.id = t.user_id \
         WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()) \
           AND u.disabled_at IS NULL",
    )
    .bind(token_hash)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let role = |column| -> Result<Role, sqlx::Error> {
        row.try_get::<String, _>(column)?.parse().map_err(|error| unknown_word(column, error))
    };
    if row.try_get("stale")? {
        let id: Uuid = row.try_get("token_id")?;
        let mut tx = super::begin(pool).await?;
        used(&mut tx, id).await?;
        tx.commit().await?;
    }
    Ok(Some(Caller {
        id: row.try_get("id")?,
        username: row.try_get("username")?,
        role: role("role")?.min(role("ceiling")?),
    }))
}

async fn used(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE api_token SET last_used_at = now() WHERE id = $1").bind(id).execute(conn).await.map(drop)
}

/// Revokes a user's token by its name; false where there is none.
///
/// # Errors
/// The database's.
pub async fn revoke(db: &mut PgConnection, user: Uuid, name: &str) -> Result<bool, sqlx::Error> {
    let revoked =
        sqlx::query("UPDATE api_token SET revoked_at = now() WHERE user_id = $1 AND name = $2 AND revoked_at IS NULL")
            .bind(user)
            .bind(name)
            .execute(db)
            .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Revokes every token of a user; how many still gave a right.
///
/// # Errors
/// The database's.
pub async fn revoke_of(db: &mut PgConnection, user: Uuid) -> Result<u64, sqlx::Error> {
    let live: Vec<bool> = sqlx::query_scalar(
        "UPDATE api_token SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL
         RETURNING expires_at IS NULL OR expires_at > now()",
    )
    .bind(user)
    .fetch_all(db)
    .await?;
    Ok(live.into_iter().filter(|live| *live).count() as u64)
}

/// A token as it is listed. Nobody sees the token itself again.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    /// Whose.
    pub username: String,
    /// What it is for.
    pub name: String,
    /// Its ceiling.
    pub role: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it ends by itself.
    pub expires_at: Option<OffsetDateTime>,
}

/// Tokens that were not revoked, of one user or of all, by user and name.
///
/// # Errors
/// The database's.
pub async fn list(pool: &PgPool, user: Option<Uuid>) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as(
        "SELECT u.username, t.name, t.role, t.created_at, t.last_used_at, t.expires_at
         FROM api_token t JOIN user_account u ON u.id = t.user_id
         WHERE t.revoked_at IS NULL AND ($1::uuid IS NULL OR u.id = $1) ORDER BY u.username, t.name",
    )
    .bind(user)
    .fetch_all(pool)
    .await
}

/// Which of these give no right any more: expired, revoked, or of somebody who was disabled.
///
/// # Errors
/// The database's.
pub async fn gone(pool: &PgPool, token_hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT h FROM unnest($1::bytea[]) h WHERE NOT EXISTS (
             SELECT FROM api_token t JOIN user_account u ON u.id = t.user_id
             WHERE t.token_hash = h AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
               AND u.disabled_at IS NULL)",
    )
    .bind(token_hashes)
    .fetch_all(pool)
    .await
}
