//! The leases of all runs of this server, renewed together.
//!
//! Guaranteed: a run is told of a renewal only where the database has made it, and with the moment in which it was asked for. Nothing
//! hangs on being told: a run that hears nothing renews its lease itself, and stops by its own clock as if there were no keeper.
//!
//! Were each renewed by itself, a server with five hundred runs would do little else: 250 transactions a second, each of them an fsync.
//! Were they simply renewed together, one row that somebody has locked would let all the others run out. So locked rows are left
//! out; their runs wait for them, each alone.

use super::Engine;
use crate::background::Failure;
use crate::store::{
    self,
    fence::{self, Fence},
};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use uuid::Uuid;

/// What was heard last of a lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renewal {
    /// When it was asked for: the lease has run since then, however late the answer was.
    pub(super) at: Instant,
    /// How often a person has moved the migration.
    pub(super) asked: i32,
}

type Held = HashMap<Uuid, (Fence, watch::Sender<Renewal>)>;

/// All leases that this server holds.
#[derive(Debug, Default)]
pub(super) struct Keeper(Mutex<Held>);

/// A lease that is renewed with the others until this is dropped.
pub(super) struct Lease {
    keeper: Arc<Keeper>,
    fence: Fence,
    renewed: watch::Sender<Renewal>,
}

impl Keeper {
    /// Takes care of a lease that was asked for at this moment.
    pub(super) fn hold(self: &Arc<Self>, fence: Fence, at: Instant) -> Lease {
        let renewed = watch::Sender::new(Renewal { at, asked: 0 });
        self.lock().insert(fence.migration, (fence, renewed.clone()));
        Lease { keeper: self.clone(), fence, renewed }
    }

    fn all(&self) -> Vec<Fence> {
        self.lock().values().map(|(fence, _)| *fence).collect()
    }

    fn tell(&self, renewed: &[fence::Renewed], at: Instant) {
        let held = self.lock();
        for fence::Renewed { migration, epoch, asked } in renewed {
            if let Some((_, told)) = held.get(migration).filter(|(fence, _)| fence.epoch == *epoch) {
                hear(told, Renewal { at, asked: *asked });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// The last renewal, and those to come.
    pub(super) fn subscribe(&self) -> watch::Receiver<Renewal> {
        self.renewed.subscribe()
    }

    /// The run has renewed it itself.
    pub(super) fn renewed(&self, renewal: Renewal) {
        hear(&self.renewed, renewal);
    }
}

/// Two may renew the same lease: what was asked for later counts.
fn hear(told: &watch::Sender<Renewal>, renewal: Renewal) {
    told.send_if_modified(|last| {
        let newer = renewal.at > last.at;
        if newer {
            *last = renewal;
        }
        newer
    });
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = self.keeper.lock();
        // The same migration may have been claimed again since.
        if held.get(&self.fence.migration).is_some_and(|(fence, _)| *fence == self.fence) {
            held.remove(&self.fence.migration);
        }
    }
}

impl Engine {
    /// Renews all leases. `own` is a connection of its own: behind hundreds of logs that wait for one of the pool's, all leases would run
    /// out together.
    pub(super) async fn renew_all(&self, own: &PgPool) -> Result<(), Failure> {
        let (fences, ttl) = (self.keeper.all(), self.timing.lease);
        if fences.is_empty() {
            return Ok(());
        }
        let at = Instant::now();
        let renew = async {
            let mut tx = store::begin(own).await?;
            let renewed = fence::renew_all(&mut tx, &fences, ttl).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(renewed)
        };
        // Where the database is silent, each run finds out by itself; here it is tried again.
        let renewed = timeout(ttl / 3, renew).await.map_err(|_| "the database did not renew the leases in time")?;
        self.keeper.tell(&renewed?, at);
        Ok(())
    }
}
