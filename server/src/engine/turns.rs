//! One at a time, over all servers: calls that NIM refuses beside each other (nimadm.md §6.2).
//!
//! They wait twice: within the process for a permit of their master, so that of all that wait only one holds a database connection
//! (five hundred pre-flights would hold the whole pool); then for an advisory lock, which all servers share. A lock that vanishes with its
//! connection harms nothing: NIM refuses whoever comes second, and callers ask again.

use sqlx::{PgPool, postgres::PgAdvisoryLock};
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// The turns of all masters.
#[derive(Debug, Clone)]
pub struct Turns {
    pool: PgPool,
    here: Arc<Mutex<HashMap<Uuid, Arc<Semaphore>>>>,
}

impl Turns {
    /// Turns that are shared with every server on this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, here: Arc::default() }
    }

    /// Makes a call when no other is being made of the same master.
    ///
    /// # Errors
    /// Those of the database; the call was not made then, or its answer came and the lock could not be given back.
    pub async fn alone<T>(&self, master: Uuid, call: impl Future<Output = T>) -> Result<T, sqlx::Error> {
        let here = self.of(master);
        // It is never closed.
        let _permit = here.acquire().await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        let lock = PgAdvisoryLock::new(format!("nimdeck: NIM calls of master {master}"));
        let held = lock.acquire(self.pool.acquire().await?).await?;
        let answer = call.await;
        held.release_now().await?;
        Ok(answer)
    }

    fn of(&self, master: Uuid) -> Arc<Semaphore> {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.entry(master).or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
    }
}
