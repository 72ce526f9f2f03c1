//! A viewer's stream: every line once, in order, whatever happens to the connection, the bus or the database.
//!
//! The order that leaves no gap: listen to the bus first, then read the database to its end, then pass on what the bus has and
//! the database has not shown yet. Whenever a frame does not follow on the last line shown, for whatever reason, the
//! viewer goes back to the database. Nothing is ever skipped. A viewer that is not behind asks the database nothing: whether there
//! is something new is asked once for all of them, by [`super::watch`].

use super::{
    bus::{Bus, Frame, Kind, Watch},
    sse,
    watch::{POLL, Seen},
};
use crate::store::{log, migration, phase};
use app::model::LogBatch;
use bytes::Bytes;
use futures::Stream;
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Interval, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Proxies and browsers give up on a silent stream.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// Bytes of log read at once: thousands may be behind at the same time, each holds so much until its client has taken it.
const PIECE: i64 = 256 << 10;

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
    watch: Watch,
    stop: CancellationToken,
    /// The last line that was shown.
    last: u64,
    queue: VecDeque<Bytes>,
    behind: bool,
    ended: bool,
    heartbeat: Interval,
}

/// Opens a stream. `None` where the log is complete and every line of it was seen: the answer is then 204.
///
/// # Errors
/// Those of the database; [`sqlx::Error::RowNotFound`] where there is no such migration.
pub async fn open(
    bus: &Arc<Bus>,
    stop: CancellationToken,
    migration: Uuid,
    start: Start,
) -> Result<Option<Viewer>, sqlx::Error> {
    let watch = bus.watch(migration);
    let row = migration::glance(watch.pool(), migration).await?.ok_or(sqlx::Error::RowNotFound)?;
    let lines = row.log_lines.unsigned_abs();
    let last = match start {
        Start::After(line) => line.min(lines),
        Start::Tail(count) => lines.saturating_sub(count),
    };
    if row.state()?.log_is_complete() && last >= lines {
        return Ok(None);
    }
    watch.begin(Seen { lines, state_at: row.state_at });
    let (queue, heartbeat) = (VecDeque::new(), ticking(HEARTBEAT));
    Ok(Some(Viewer { watch, stop, last, queue, behind: true, ended: false, heartbeat }))
}

impl Viewer {
    /// The events as they are sent.
    pub fn events(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        futures::stream::unfold(self, |mut viewer| async { viewer.next().await.map(|event| (Ok(event), viewer)) })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            if self.behind {
                // Boxed: it is needed at the beginning, and would make every viewer larger for as long as it watches.
                self.behind = match Box::pin(self.catch_up()).await {
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
                frame = self.watch.frames.recv() => self.take(frame),
                _ = self.heartbeat.tick() => return Some(sse::HEARTBEAT),
                () = self.stop.cancelled() => return None,
            }
        }
    }

    /// What one frame of the bus means to this viewer.
    fn take(&mut self, frame: Result<Frame, RecvError>) {
        match frame {
            Ok(Frame { kind: Kind::Log { first, last }, sse, .. }) => {
                if first == self.last + 1 {
                    self.last = last;
                    self.queue.push_back(sse);
                } else if last > self.last {
                    self.behind = true;
                }
            }
            Ok(Frame { kind: Kind::Phase(_) | Kind::State(_), sse, .. }) => self.queue.push_back(sse),
            // The end never overtakes a line.
            Ok(Frame { kind: Kind::End(lines), sse, .. }) if self.last >= lines => {
                self.queue.push_back(sse);
                self.ended = true;
            }
            Ok(Frame { kind: Kind::End(_), .. }) | Err(RecvError::Lagged(_) | RecvError::Closed) => self.behind = true,
        }
    }

    /// Shows what the database has beyond the last line. True where there is more.
    async fn catch_up(&mut self) -> Result<bool, sqlx::Error> {
        let (pool, id) = (self.watch.pool(), self.watch.migration());
        // The state is read first: were it read last, the log could have grown and ended in between.
        let row = migration::find(pool, id).await?.ok_or(sqlx::Error::RowNotFound)?;
        let rows = log::piece(pool, id, self.last + 1, PIECE).await?;
        for batch in batches(&rows, self.last) {
            if let Some(Frame { kind: Kind::Log { last, .. }, sse, .. }) = Frame::log(id, &batch) {
                self.last = last;
                self.queue.push_back(sse);
            }
        }
        let all = self.last >= row.log_lines.unsigned_abs();
        if !all && !rows.is_empty() {
            return Ok(true);
        }
        let summary = row.summary()?;
        self.queue.extend(sse::event("state", None, &summary));
        for phase in phase::list(self.watch.pool(), id, row.attempt, summary.state).await? {
            if phase.started_at.is_some() {
                self.queue.extend(sse::event("phase", None, &phase));
            }
        }
        if summary.state.log_is_complete() && all {
            self.queue.push_back(sse::END);
            self.ended = true;
        }
        Ok(false)
    }

    async fn wait_for_database(&mut self) -> Option<()> {
        tokio::select! {
            () = sleep(POLL) => {}
            _ = self.heartbeat.tick() => self.queue.push_back(sse::HEARTBEAT),
            () = self.stop.cancelled() => return None,
        }
        Some(())
    }
}

/// What comes after line `last`, in as few batches as there are changes of phase.
fn batches(rows: &[log::Row], last: u64) -> Vec<LogBatch> {
    let mut batches: Vec<LogBatch> = Vec::new();
    for row in rows {
        for (number, text) in row.lines().filter(|(number, _)| *number > last) {
            match batches.last_mut() {
                Some(batch) if batch.phase == row.phase() => batch.lines.push(text),
                _ => batches.push(LogBatch { first: number, lines: vec![text], phase: row.phase() }),
            }
        }
    }
    batches
}

pub(super) fn ticking(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval.reset();
    interval
}
