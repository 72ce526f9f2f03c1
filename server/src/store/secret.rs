//! Secrets that all servers of one database share.

use sqlx::PgPool;
use sqlx::postgres::PgExecutor;

/// The secret of this name; the first server that asks makes it.
///
/// # Errors
/// The database's.
pub async fn find_or_make(pool: &PgPool, name: &str) -> Result<[u8; 32], sqlx::Error> {
    if let Some(found) = find(pool, name).await? {
        return Ok(found);
    }
    let mut transaction = super::begin(pool).await?;
    let made: [u8; 32] = rand::random();
    sqlx::query("INSERT INTO server_secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(made.as_slice())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    // Another server may have been first: its secret is the one.
    find(pool, name).await?.ok_or(sqlx::Error::RowNotFound)
}

async fn find(db: impl PgExecutor<'_>, name: &str) -> Result<Option<[u8; 32]>, sqlx::Error> {
    sqlx::query_scalar("SELECT value FROM server_secret WHERE name = $1").bind(name).fetch_optional(db).await
}
