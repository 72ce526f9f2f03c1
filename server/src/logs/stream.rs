//! A viewer's stream: every line once, in order, whatever happens to the connection, the bus or the database.
//!
//! The order that leaves no gap: listen to the bus first, then read the database to its end, then pass on what the bus has and
//! the database has not shown yet. Whenever a frame does not follow on the last line shown, for whatever reason, the
//! viewer goes back to the database. Nothing is ever skipped.

use super::bus::{Bus, Frame, Kind};
use crate::store::{log, migration, phase};
use app::model::{LogBatch, MigrationSummary, State};
use axum::response::sse;
use futures::Stream;
use sqlx::PgPool;
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Interval, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Proxies and browsers give up on a silent stream.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often the database is asked for what other servers published.
const POLL: Duration = Duration::from_secs(2);
/// Chunks read at once: at most some 4 MiB.
const CHUNKS: i64 = 32;

/// Where a viewer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With line N + 1.
    After(u64),
    /// With the last N lines.
    Tail(u64),
}

/// One viewer of one migration.
pub struct Viewer {
    pool: PgPool,
    bus: Receiver<Frame>,
    stop: CancellationToken,
    migration: Uuid,
    /// The last line that was shown.
    last: u64,
    /// What was last said about the state, so that it is said once.
    shown: Option<(State, Option<String>, u32)>,
    queue: VecDeque<sse::Event>,
    behind: bool,
    ended: bool,
    heartbeat: Interval,
    poll: Interval,
}

/// Opens a stream. `None` where the log is complete and every line of it was seen: the answer is then 204.
///
/// # Errors
/// Those of the database; [`sqlx::Error::RowNotFound`] where there is no such migration.
pub async fn open(
    pool: PgPool,
    bus: &Arc<Bus>,
    stop: CancellationToken,
    migration: Uuid,
    start: Start,
) -> Result<Option<Viewer>, sqlx::Error> {
    let receiver = bus.watch(migration);
    let row = migration::find(&pool, migration).await?.ok_or(sqlx::Error::RowNotFound)?;
    let lines = row.log_lines.unsigned_abs();
    let last = match start {
        Start::After(line) => line.min(lines),
        Start::Tail(count) => lines.saturating_sub(count),
    };
    if row.state()?.log_is_complete() && last >= lines {
        return Ok(None);
    }
    Ok(Some(Viewer {
        pool,
        bus: receiver,
        stop,
        migration,
        last,
        shown: None,
        queue: VecDeque::new(),
        behind: true,
        ended: false,
        heartbeat: ticking(HEARTBEAT),
        poll: ticking(POLL),
    }))
}

impl Viewer {
    /// The events as axum sends them.
    pub fn events(self) -> impl Stream<Item = Result<sse::Event, Infallible>> {
        futures::stream::unfold(self, |mut viewer| async { viewer.next().await.map(|event| (Ok(event), viewer)) })
    }

    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            if self.behind {
                self.behind = match self.catch_up().await {
                    Ok(more) => more,
                    // The database is away: the stream stays, says that it lives, and goes on when it is back.
                    Err(error) => {
                        tracing::debug!(%error, "a viewer waits for the database");
                        self.wait_for_database().await?;
                        true
                    }
                };
                continue;
            }
            tokio::select! {
                frame = self.bus.recv() => self.take(frame),
                _ = self.poll.tick() => self.behind = true,
                _ = self.heartbeat.tick() => self.queue.push_back(heartbeat()),
                () = self.stop.cancelled() => return None,
            }
        }
    }

    /// What one frame of the bus means to this viewer.
    fn take(&mut self, frame: Result<Frame, RecvError>) {
        match frame {
            Ok(Frame { kind: Kind::Log { first, last }, data, .. }) => {
                if first == self.last + 1 {
                    self.last = last;
                    self.queue.push_back(log_event(last, &data));
                } else if last > self.last {
                    self.behind = true;
                }
            }
            Ok(Frame { kind: Kind::Phase, data, .. }) => self.queue.push_back(event("phase", &data)),
            // Read together with the log's end, so that `end` never overtakes a line.
            Ok(Frame { kind: Kind::State, .. }) | Err(RecvError::Lagged(_) | RecvError::Closed) => self.behind = true,
        }
    }

    /// Shows what the database has beyond the last line. True where there is more.
    async fn catch_up(&mut self) -> Result<bool, sqlx::Error> {
        // The state is read first: were it read last, the log could have grown and ended in between.
        let row = migration::find(&self.pool, self.migration).await?.ok_or(sqlx::Error::RowNotFound)?;
        let rows = log::from_line(&self.pool, self.migration, self.last + 1, CHUNKS).await?;
        let full = rows.len() as i64 == CHUNKS;
        for row in rows {
            let lines: Vec<_> = row.lines().filter(|(number, _)| *number > self.last).collect();
            let Some(&(first, _)) = lines.first() else { continue };
            let batch =
                LogBatch { first, lines: lines.into_iter().map(|(_, text)| text).collect(), phase: row.phase() };
            if let Some(Frame { kind: Kind::Log { last, .. }, data, .. }) = Frame::log(self.migration, &batch) {
                self.last = last;
                self.queue.push_back(log_event(last, &data));
            }
        }
        if full {
            return Ok(true);
        }
        let summary = row.summary()?;
        self.show_state(&row, &summary).await?;
        if summary.state.log_is_complete() && self.last >= row.log_lines.unsigned_abs() {
            self.queue.push_back(event("end", "{}"));
            self.ended = true;
        }
        Ok(false)
    }

    async fn show_state(&mut self, row: &migration::Row, summary: &MigrationSummary) -> Result<(), sqlx::Error> {
        let now = (summary.state, summary.reason.clone(), summary.attempt);
        if self.shown.as_ref() == Some(&now) {
            return Ok(());
        }
        let phases = phase::list(&self.pool, row.id, row.attempt, summary.state).await?;
        self.queue.extend(json("state", summary));
        self.queue.extend(phases.iter().filter(|phase| phase.started_at.is_some()).filter_map(|p| json("phase", p)));
        self.shown = Some(now);
        Ok(())
    }

    async fn wait_for_database(&mut self) -> Option<()> {
        tokio::select! {
            _ = self.poll.tick() => {}
            _ = self.heartbeat.tick() => self.queue.push_back(heartbeat()),
            () = self.stop.cancelled() => return None,
        }
        Some(())
    }
}

/// A stream of states for a whole tab: of every migration, or of the given ones.
pub fn fleet(
    pool: PgPool,
    bus: &Arc<Bus>,
    stop: CancellationToken,
    only: Option<Vec<Uuid>>,
) -> impl Stream<Item = Result<sse::Event, Infallible>> + use<> {
    let fleet = Fleet {
        pool,
        bus: bus.watch_fleet(),
        stop,
        only,
        seen: None,
        queue: [heartbeat()].into(),
        heartbeat: ticking(HEARTBEAT),
        poll: ticking(POLL),
    };
    futures::stream::unfold(fleet, |mut fleet| async { fleet.next().await.map(|event| (Ok(event), fleet)) })
}

struct Fleet {
    pool: PgPool,
    bus: Receiver<Frame>,
    stop: CancellationToken,
    only: Option<Vec<Uuid>>,
    /// The newest change of a state that was seen in the database.
    seen: Option<time::OffsetDateTime>,
    queue: VecDeque<sse::Event>,
    heartbeat: Interval,
    poll: Interval,
}

impl Fleet {
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            tokio::select! {
                frame = self.bus.recv() => {
                    // Who lagged is told by the next poll.
                    if let Ok(frame) = frame && self.wants(frame.migration) {
                        self.queue.push_back(event("state", &frame.data));
                    }
                }
                _ = self.poll.tick() => self.look().await,
                _ = self.heartbeat.tick() => self.queue.push_back(heartbeat()),
                () = self.stop.cancelled() => return None,
            }
        }
    }

    /// States that other servers changed.
    async fn look(&mut self) {
        match migration::changed_since(&self.pool, self.seen).await {
            Ok((newest, changed)) => {
                if self.seen.is_some() {
                    let wanted = changed.iter().filter(|summary| self.wants(summary.id));
                    self.queue.extend(wanted.filter_map(|summary| json("state", summary)).collect::<Vec<_>>());
                }
                self.seen = newest;
            }
            Err(error) => tracing::debug!(%error, "a viewer waits for the database"),
        }
    }

    fn wants(&self, migration: Uuid) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&migration))
    }
}

fn ticking(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval.reset();
    interval
}

fn log_event(last: u64, data: &str) -> sse::Event {
    event("log", data).id(last.to_string())
}

fn event(name: &str, data: &str) -> sse::Event {
    sse::Event::default().event(name).data(data)
}

fn json(name: &str, data: &impl serde::Serialize) -> Option<sse::Event> {
    serde_json::to_string(data).ok().map(|data| event(name, &data))
}

fn heartbeat() -> sse::Event {
    event("heartbeat", "{}")
}
