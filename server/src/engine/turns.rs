//! Serialises, across all servers, calls that NIM rejects when they are concurrent on one master (nimadm.md §6.2).
//!
//! A call waits twice: in the master's queue of this process, first come, first served; then for the turn that all servers share, a lease
//! in a row ([`nim_turn`]). No database connection is held while a call runs. With a lock that lives in a connection, seventeen masters
//! that hang would hold a whole pool, and every page and the engine would wait with them.
//!
//! The lease belongs to the server, not to the call. So a call that is dropped delays no other call of this server: it finds the turn
//! still held. Other servers then wait for the end of the lease, as they do after a crash.

use crate::store::{self, nim_turn};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use uuid::Uuid;

/// Length of a lease. Prolonged at a third of it while a call runs.
const LEASE: Duration = Duration::from_secs(15);
/// How often a server asks again for a turn that another one has.
const POLL: Duration = Duration::from_millis(250);
/// How long a call waits for its turn.
const PATIENCE: Duration = Duration::from_secs(120);

/// The turns of all masters.
#[derive(Debug, Clone)]
pub struct Turns {
    pool: PgPool,
    /// This process, to the other servers.
    server: Uuid,
    queues: Arc<Mutex<HashMap<Uuid, Arc<Semaphore>>>>,
}

/// Why a call was not made.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// Other calls took too long.
    #[error("other NIM calls have kept the master busy for {} s", PATIENCE.as_secs())]
    Busy,
    /// The database.
    #[error("the database refused a query")]
    Database(#[from] sqlx::Error),
}

impl Turns {
    /// Turns that are shared with every server on this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, server: Uuid::now_v7(), queues: Arc::default() }
    }

    /// The same turns, asked for through another pool.
    #[must_use]
    pub fn on(&self, pool: PgPool) -> Self {
        Self { pool, ..self.clone() }
    }

    /// Makes a call while no other call of this kind is made of the same master. The call must have a time limit of its own.
    ///
    /// # Errors
    /// [`TurnError`]; the call was not made then.
    pub async fn alone<T>(&self, master: Uuid, call: impl Future<Output = T>) -> Result<T, TurnError> {
        let end = Instant::now() + PATIENCE;
        let queue = self.queue(master);
        let _place = match timeout_at(end, queue.acquire()).await {
            Ok(place) => place.map_err(|_| TurnError::Busy)?,
            Err(_) => return Err(TurnError::Busy),
        };
        while !self.take(master).await? {
            if Instant::now() >= end {
                return Err(TurnError::Busy);
            }
            sleep(POLL).await;
        }
        let answer = self.while_prolonged(master, call).await;
        // Where it cannot be given back it ends by itself.
        if let Err(error) = self.give_back(master).await {
            tracing::debug!(%master, %error, "a NIM turn could not be given back");
        }
        Ok(answer)
    }

    /// Waits for the call and prolongs the lease meanwhile. A lost lease does not end the call: NIM rejects the second of two calls, and
    /// its caller asks again.
    async fn while_prolonged<T>(&self, master: Uuid, call: impl Future<Output = T>) -> T {
        let mut call = std::pin::pin!(call);
        let mut next = Instant::now() + LEASE / 3;
        loop {
            tokio::select! {
                answer = &mut call => return answer,
                () = sleep_until(next) => next = Instant::now() + LEASE / 3,
            }
            let prolong = self.prolong(master);
            tokio::select! {
                answer = &mut call => return answer,
                prolonged = prolong => match prolonged {
                    Ok(true) => {}
                    Ok(false) => tracing::warn!(%master, "another server has taken the NIM turn during a call"),
                    Err(error) => tracing::warn!(%master, error = &error as &dyn std::error::Error, "a NIM turn could not be prolonged"),
                },
            }
        }
    }

    async fn take(&self, master: Uuid) -> Result<bool, sqlx::Error> {
        let mut tx = store::begin(&self.pool).await?;
        let taken = nim_turn::take(&mut tx, master, self.server, LEASE).await?;
        tx.commit().await?;
        Ok(taken)
    }

    async fn prolong(&self, master: Uuid) -> Result<bool, sqlx::Error> {
        let mut tx = store::begin(&self.pool).await?;
        let held = nim_turn::prolong(&mut tx, master, self.server, LEASE).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn give_back(&self, master: Uuid) -> Result<(), sqlx::Error> {
        let mut tx = store::begin(&self.pool).await?;
        nim_turn::give_back(&mut tx, master, self.server).await?;
        tx.commit().await
    }

    fn queue(&self, master: Uuid) -> Arc<Semaphore> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(master).or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
    }
}
