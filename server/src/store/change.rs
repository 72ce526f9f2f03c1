//! What servers on one database tell each other: that a migration changed. See [`crate::logs`].

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use uuid::Uuid;

/// Holds the payload apart from those of other programs in the same database.
const CHANNEL: &str = "nimdeck_changed";

/// A connection of its own that hears the changes and can tell them.
///
/// # Errors
/// Those of the database.
pub async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let options = (*pool.connect_options()).clone();
    let one = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).connect_lazy_with(options);
    let mut listener = PgListener::connect_with(&one).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// The database's process behind the listener: what was told through it says so.
///
/// # Errors
/// Those of the database.
pub async fn own_id(listener: &mut PgListener) -> Result<u32, sqlx::Error> {
    let id: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(listener).await?;
    Ok(id.unsigned_abs())
}

/// Tells that these changed, in a transaction of its own.
///
/// # Errors
/// Those of the database.
pub async fn tell(listener: &mut PgListener, changed: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, changed::text) FROM unnest($2::uuid[]) changed")
        .bind(CHANNEL)
        .bind(changed)
        .execute(listener)
        .await
        .map(drop)
}
