//! The turn at a master's NIM: a lease of one server, by the database's clock.

use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// How long the next server keeps its place without asking again. A waiting server asks more often.
const KEPT: Duration = Duration::from_secs(3);

/// Takes the turn for `server`. False where another server has it, or is next. Then `server` becomes the next one, if none is. Within a
/// server the caller must ask for one call at a time.
///
/// # Errors
/// Those of the database; a foreign key violation where there is no such master.
pub async fn take(conn: &mut PgConnection, master: Uuid, server: Uuid, lease: Duration) -> Result<bool, sqlx::Error> {
    sqlx::query("INSERT INTO nim_turn (master_id, holder, held_until) VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING")
        .bind(master)
        .bind(server)
        .execute(&mut *conn)
        .await?;
    let (holder, over, next): (Uuid, bool, Option<Uuid>) = sqlx::query_as(
        "SELECT holder, held_until <= clock_timestamp(), CASE WHEN next_until > clock_timestamp() THEN next_holder END
         FROM nim_turn WHERE master_id = $1 FOR UPDATE",
    )
    .bind(master)
    .fetch_one(&mut *conn)
    .await?;
    let comes_next = next.is_none_or(|next| next == server);
    if comes_next && (over || holder == server) {
        sqlx::query(
            "UPDATE nim_turn SET holder = $2, held_until = clock_timestamp() + $3 * interval '1 second', next_holder = NULL,
                 next_until = NULL
             WHERE master_id = $1",
        )
        .bind(master)
        .bind(server)
        .bind(lease.as_secs_f64())
        .execute(conn)
        .await?;
        return Ok(true);
    }
    if comes_next {
        sqlx::query(
            "UPDATE nim_turn SET next_holder = $2, next_until = clock_timestamp() + $3 * interval '1 second' WHERE master_id = $1",
        )
        .bind(master)
        .bind(server)
        .bind(KEPT.as_secs_f64())
        .execute(conn)
        .await?;
    }
    Ok(false)
}

/// Prolongs the turn of a running call, even while another server waits. False where another server has taken it.
///
/// # Errors
/// Those of the database.
pub async fn prolong(
    conn: &mut PgConnection,
    master: Uuid,
    server: Uuid,
    lease: Duration,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE nim_turn SET held_until = clock_timestamp() + $3 * interval '1 second' WHERE master_id = $1 AND holder = $2",
    )
    .bind(master)
    .bind(server)
    .bind(lease.as_secs_f64())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the turn back, so that no other server waits for the end of the lease.
///
/// # Errors
/// Those of the database. A turn that is held no more is no error.
pub async fn give_back(conn: &mut PgConnection, master: Uuid, server: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE nim_turn SET held_until = clock_timestamp() WHERE master_id = $1 AND holder = $2")
        .bind(master)
        .bind(server)
        .execute(conn)
        .await
        .map(|_| ())
}
