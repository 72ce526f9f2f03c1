//! The stream of a whole tab: the states of all migrations, or of those that are named.
//!
//! The latest state of each is what counts, so one may be shown twice, but none may be missing: who was too slow for the bus reads
//! in the database what changed since it was last told something.

use super::{
    bus::{Bus, Frame, Kind},
    sse,
    stream::{HEARTBEAT, ticking},
    watch::POLL,
};
use crate::store::migration;
use bytes::Bytes;
use futures::Stream;
use sqlx::PgPool;
use std::{collections::VecDeque, convert::Infallible, sync::Arc};
use time::OffsetDateTime;
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    time::{Interval, sleep},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// States of every migration, or of the given ones, from now on.
pub fn states(
    pool: PgPool,
    bus: &Arc<Bus>,
    stop: CancellationToken,
    only: Option<Vec<Uuid>>,
) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let (frames, looked) = bus.watch_fleet();
    let heartbeat = ticking(HEARTBEAT);
    let states =
        States { pool, frames, stop, only, looked, seen: None, behind: false, queue: VecDeque::new(), heartbeat };
    futures::stream::unfold(states, |mut states| async { states.next().await.map(|event| (Ok(event), states)) })
}

struct States {
    pool: PgPool,
    frames: Receiver<Frame>,
    stop: CancellationToken,
    only: Option<Vec<Uuid>>,
    /// The change up to which the fleet's watcher has published.
    looked: watch::Receiver<Option<OffsetDateTime>>,
    /// The newest change that was told; none before the first word.
    seen: Option<OffsetDateTime>,
    behind: bool,
    queue: VecDeque<Bytes>,
    heartbeat: Interval,
}

impl States {
    async fn next(&mut self) -> Option<Bytes> {
        if self.seen.is_none() {
            // Whoever hears the first word knows that nothing is missed from then on. So it waits for the watcher: a change before its
            // first look, in a server that has just started, is told to nobody.
            let looked = self.stop.run_until_cancelled(self.looked.wait_for(Option::is_some)).await?;
            self.seen = *looked.ok()?;
            return Some(sse::HEARTBEAT);
        }
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            if self.behind {
                match Box::pin(self.catch_up()).await {
                    Ok(more) => self.behind = more,
                    Err(error) => {
                        tracing::debug!(%error, "a viewer waits for the database");
                        tokio::select! {
                            () = sleep(POLL) => {}
                            () = self.stop.cancelled() => return None,
                        }
                    }
                }
                continue;
            }
            tokio::select! {
                frame = self.frames.recv() => match frame {
                    Ok(frame) => {
                        if let Kind::State(at) = frame.kind {
                            self.seen = self.seen.max(Some(at));
                        }
                        if self.wants(frame.migration) {
                            return Some(frame.sse);
                        }
                    }
                    Err(RecvError::Lagged(_)) => self.behind = true,
                    Err(RecvError::Closed) => return None,
                },
                _ = self.heartbeat.tick() => return Some(sse::HEARTBEAT),
                () = self.stop.cancelled() => return None,
            }
        }
    }

    async fn catch_up(&mut self) -> Result<bool, sqlx::Error> {
        let changes = migration::changed_since(&self.pool, self.seen).await?;
        let wanted = changes.found.iter().filter(|(_, summary)| self.wants(summary.id));
        self.queue.extend(wanted.filter_map(|(_, summary)| sse::event("state", None, summary)).collect::<Vec<_>>());
        self.seen = Some(changes.newest);
        Ok(changes.more)
    }

    fn wants(&self, migration: Uuid) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&migration))
    }
}
