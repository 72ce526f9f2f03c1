//! The stream of a whole tab: the states of all migrations, or of those that are named.
//!
//! The latest state of each is what counts, so one may be shown twice, but none may be missing. A viewer that was too slow for the bus
//! reads in the database what changed since the place it has reached. A place is no time: a change that is committed late has an early
//! time, and would be passed over ([`migration::changed_since`]).

use super::{
    bus::{Bus, Frame, Kind},
    sse,
    stream::{HEARTBEAT, ticking},
    watch::{CHANGES, POLL},
};
use crate::store::migration::{self, Place};
use bytes::Bytes;
use futures::Stream;
use sqlx::PgPool;
use std::{collections::VecDeque, convert::Infallible, sync::Arc};
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
    let states = States {
        pool,
        frames,
        stop,
        only,
        looked,
        seen: None,
        behind: false,
        missed: Vec::new(),
        queue: VecDeque::new(),
        heartbeat,
    };
    futures::stream::unfold(states, |mut states| async { states.next().await.map(|event| (Ok(event), states)) })
}

struct States {
    pool: PgPool,
    frames: Receiver<Frame>,
    stop: CancellationToken,
    only: Option<Vec<Uuid>>,
    /// The place before which the fleet's watcher has published everything.
    looked: watch::Receiver<Option<Place>>,
    /// The place before which this viewer has seen everything; none before the first event.
    seen: Option<Place>,
    /// The bus was faster: the database is read next.
    behind: bool,
    /// Migrations that changed meanwhile and are still to be shown.
    missed: Vec<Uuid>,
    queue: VecDeque<Bytes>,
    heartbeat: Interval,
}

impl States {
    async fn next(&mut self) -> Option<Bytes> {
        if self.seen.is_none() {
            // After the first event a viewer misses nothing. So it waits for the watcher's first look: a change before that, in a server
            // that has just started, is published to nobody.
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
                        if let Kind::State(place) = frame.kind {
                            self.seen = self.seen.max(place);
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

    /// Queues a part of what was missed. True where there is more.
    async fn catch_up(&mut self) -> Result<bool, sqlx::Error> {
        if self.missed.is_empty() {
            let changes = migration::changed_since(&self.pool, self.seen).await?;
            self.missed = changes.found.iter().map(|change| change.id).filter(|id| self.wants(*id)).collect();
            self.seen = Some(changes.next);
        }
        let rest = self.missed.len().saturating_sub(CHANGES);
        let summaries = migration::readable_summaries(&self.pool, &self.missed[rest..]).await?;
        self.missed.truncate(rest);
        self.queue.extend(summaries.iter().filter_map(|summary| sse::event("state", None, summary)));
        Ok(!self.missed.is_empty())
    }

    fn wants(&self, migration: Uuid) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&migration))
    }
}
