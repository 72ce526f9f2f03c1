//! How servers on one database tell each other that something changed, by PostgreSQL's NOTIFY.
//!
//! A hint: it carries the migration's identifier and nothing else, and whatever is lost with a connection costs the wait for the
//! next poll. It is sent after the commit, by itself: a NOTIFY inside a transaction takes a lock over the whole cluster until the
//! commit is on disk, so that all writers would wait for each other. And it is sent at most ten times a second, however many
//! lines come.
//!
//! One connection does both, telling and hearing. It is not one of the pool's: every listening connection costs every NOTIFY, and a
//! process must have one of them, not as many as the pool has.

use super::bus::Bus;
use crate::background::{Failure, Task};
use crate::store::change;
use sqlx::{PgPool, postgres::PgListener};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

/// Between two tellings.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a keepalive is sent.
pub(super) const CHECK: Duration = Duration::from_secs(10);

/// What is to be told: each migration once, however often it changed.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    changed: Mutex<BTreeSet<Uuid>>,
    filled: Notify,
}

impl Outbox {
    pub(super) fn put(&self, migration: Uuid) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(migration);
        self.filled.notify_one();
    }

    fn take(&self) -> Vec<Uuid> {
        mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }

    /// Comes back when there is something to tell and it is not before `next`. May be given up and begun anew.
    async fn due(&self, next: Instant) {
        while self.changed.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            self.filled.notified().await;
        }
        sleep_until(next).await;
    }
}

/// Tells and hears on one connection until that is lost. Others poll what is lost with it.
pub(super) async fn exchange(pool: &PgPool, bus: &Bus, task: &Task) -> Result<(), Failure> {
    // What was to be told while there was no connection.
    bus.outbox.take();
    let Err(error) = converse(pool, bus, task).await;
    Err(error.into())
}

async fn converse(pool: &PgPool, bus: &Bus, task: &Task) -> Result<Infallible, sqlx::Error> {
    let mut listener = change::listen(pool).await?;
    let mut own = own_id(&mut listener, bus).await?;
    let mut next = Instant::now();
    let mut check = Instant::now();
    loop {
        tokio::select! {
            // Cancel-safe: a message is taken whole or not at all.
            heard = listener.try_recv() => match heard? {
                // What this process told it knows.
                Some(heard) if heard.process_id() == own => {}
                Some(heard) => match heard.payload().parse() {
                    Ok(migration) => bus.nudge(migration),
                    Err(_) => bus.nudge_all(),
                },
                None => own = own_id(&mut listener, bus).await?,
            },
            () = bus.outbox.due(next) => {
                let changed = bus.outbox.take();
                change::tell(&mut listener, &changed).await?;
                next = Instant::now() + PAUSE;
            }
            // A connection whose other end has gone is silent and does not end, so keepalives are sent.
            () = sleep_until(check) => {
                change::own_id(&mut listener).await?;
                task.succeeded();
                check = Instant::now() + CHECK;
            }
        }
    }
}

/// The process that serves the listener's connection. Whatever was told before it was made was missed.
async fn own_id(listener: &mut PgListener, bus: &Bus) -> Result<u32, sqlx::Error> {
    let own = change::own_id(listener).await?;
    bus.nudge_all();
    Ok(own)
}
