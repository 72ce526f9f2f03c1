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
