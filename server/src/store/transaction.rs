//! The one way to write: a transaction that any future may begin, also one that is dropped.
//!
//! Guaranteed: what [`Tx::commit`] has acknowledged is stored, and no statement of one caller ever runs in the transaction of another.
//!
//! `pool.begin()` does not guarantee that. sqlx counts a transaction only after the answer to `BEGIN`, so a request that is dropped
//! while it waits for that answer gives back a connection that is inside a transaction and is believed not to be. The next user's
//! statements are then rolled back together with it, seconds after they were acknowledged (transact-rs/sqlx #4385, not released as
//! mended). Three things stand against it, each sufficient:
//!
//! * [`begin`] sends `BEGIN` in a task of its own, which nobody can drop half-way;
//! * every session is read-only by default and only [`begin`] asks for more, so PostgreSQL itself refuses a write through a bare pool;
//! * a connection that comes back to the pool inside a writing transaction is closed ([`super::connect`]).
//!
//! The audit lock is the one lock that all writers share. A transaction that took it early and then waited for a row would deadlock with
//! one that holds the row and waits for the lock. So [`Tx::record`] only collects, and [`Tx::commit`] takes the lock as the last thing it
//! does.

use super::audit::{self, Entry};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

/// How often a transaction is made that PostgreSQL broke off in favour of another.
const ATTEMPTS: u32 = 5;
/// Pause before the second attempt; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(10);

/// A transaction that may write. Dropped before [`Tx::commit`], it is rolled back and leaves no entry in the record.
#[derive(Debug)]
pub struct Tx {
    transaction: Transaction<'static, Postgres>,
    entries: Vec<Entry>,
}

/// Begins a transaction. Cancel-safe: where the caller is dropped, the transaction is rolled back.
///
/// # Errors
/// No connection within the pool's patience, or the database refuses.
pub async fn begin(pool: &PgPool) -> Result<Tx, sqlx::Error> {
    let pool = pool.clone();
    // The task ends by itself: it waits for a connection no longer than the pool allows. Its transaction, where nobody takes it, is
    // dropped as a whole, which rolls it back.
    #[expect(clippy::disallowed_methods, reason = "this is the task that nobody drops")]
    let begun = tokio::spawn(async move { pool.begin_with("BEGIN READ WRITE").await }).await;
    match begun {
        Ok(transaction) => Ok(Tx { transaction: transaction?, entries: Vec::new() }),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(sqlx::Error::WorkerCrashed),
        },
    }
}

impl Tx {
    /// Adds an entry to the record of who did what. It is written by [`Tx::commit`], or not at all.
    pub fn record(&mut self, actor: &str, action: &str, subject: &str, detail: Value) {
        self.entries.push(Entry::new(actor, action, subject, detail));
    }

    /// Writes the collected entries and ends the transaction. Only its `Ok` is an acknowledgement: a commit whose answer is lost may have
    /// been made or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        audit::append(&mut self.transaction, &self.entries).await?;
        self.transaction.commit().await
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

/// An error that may mean: PostgreSQL broke this transaction off in favour of another, nothing was changed, try again.
pub trait Conflict {
    /// Whether it means that.
    fn is_conflict(&self) -> bool;
}

impl Conflict for sqlx::Error {
    /// 40P01 is a deadlock, 40001 a serialization failure.
    fn is_conflict(&self) -> bool {
        self.as_database_error().and_then(|error| error.code()).is_some_and(|code| matches!(&*code, "40P01" | "40001"))
    }
}

/// How often something was tried that makes one transaction.
#[derive(Debug, Default)]
pub struct Attempts(u32);

impl Attempts {
    /// Waits a little, and says whether to try again: PostgreSQL broke the transaction off in favour of another, and not too often yet.
    pub async fn again(&mut self, error: &impl Conflict) -> bool {
        self.0 += 1;
        let again = error.is_conflict() && self.0 < ATTEMPTS;
        if again {
            tokio::time::sleep(PAUSE * 2_u32.pow(self.0 - 1)).await;
        }
        again
    }
}
