//! The watchers: one for each migration that somebody watches, one for the fleet, however many viewers there are.
//!
//! Each asks the database when it is told that something changed, and every [`POLL`] in any case: what was told is a hint and may
//! be lost, the poll may not. New lines are read once, encoded once and put on the bus. Were every viewer to ask for itself,
//! ten thousand of them would be five thousand queries a second that mostly find nothing.

use super::bus::{Bus, Channel, Frame};
use crate::store::{
    log,
    migration::{self, Glance},
    phase,
};
use app::model::{LogBatch, State};
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

/// How often the database is asked although nobody has said that anything changed.
pub const POLL: Duration = Duration::from_secs(2);
/// Between two looks at the fleet, however much changes.
const FLEET_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of log read at once.
pub(super) const PIECE: i64 = 1 << 20;

/// What is known of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Lines of its log.
    pub lines: u64,
    /// When its state or reason last changed.
    pub state_at: OffsetDateTime,
}

/// Publishes what is new about a migration until nobody watches it any more.
pub(super) async fn keep(pool: PgPool, channel: Arc<Channel>, mut seen: Seen) {
    let mut ended = None;
    loop {
        if let Err(error) = look(&pool, &channel, &mut seen, &mut ended).await {
            tracing::debug!(migration = %channel.migration, %error, "a watcher waits for the database");
        }
        tokio::select! {
            () = channel.nudge.notified() => {}
            () = sleep(POLL) => {}
            () = channel.stop.cancelled() => return,
        }
    }
}

/// Publishes what has come since the last look: lines, then the state, then the end, so that none overtakes another.
async fn look(
    pool: &PgPool,
    channel: &Channel,
    seen: &mut Seen,
    ended: &mut Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let id = channel.migration;
    // The state is read first: were it read last, the log could have grown and ended in between.
    let Some(now) = migration::glance(pool, id).await? else { return Ok(()) };
    let (lines, state) = (now.log_lines.unsigned_abs(), now.state()?);
    while channel.line() < lines {
        let before = channel.line();
        for row in log::piece(pool, id, before + 1, PIECE).await? {
            channel.publish_some(Frame::log(id, &batch(&row)));
        }
        if channel.line() == before {
            break;
        }
    }
    if *seen != (Seen { lines, state_at: now.state_at }) {
        if seen.state_at != now.state_at
            && let Some(row) = migration::find(pool, id).await?
        {
            channel.publish_some(Frame::state(row.state_at, &row.summary()?));
        }
        publish_phases(pool, channel, &now, state).await?;
        *seen = Seen { lines, state_at: now.state_at };
    }
    if state.log_is_complete() && channel.line() >= lines && ended.replace(now.state_at) != Some(now.state_at) {
        channel.publish(Frame::end(id, lines));
    }
    Ok(())
}

async fn publish_phases(pool: &PgPool, channel: &Channel, now: &Glance, state: State) -> Result<(), sqlx::Error> {
    for phase in phase::list(pool, channel.migration, now.attempt, state).await? {
        if phase.started_at.is_some() {
            channel.publish_some(Frame::phase(channel.migration, &phase));
        }
    }
    Ok(())
}

/// A chunk as a batch: the frames of a chunk are the same whoever reads it.
fn batch(row: &log::Row) -> LogBatch {
    LogBatch {
        first: row.first_line.unsigned_abs(),
        lines: row.lines().map(|(_, text)| text).collect(),
        phase: row.phase(),
    }
}

impl Channel {
    fn publish_some(&self, frame: Option<Frame>) {
        if let Some(frame) = frame {
            self.publish(frame);
        }
    }
}

/// Publishes the states that change, of all migrations. It looks also where nobody watches: whoever begins to is not told what
/// happened long ago.
pub(super) async fn fleet(pool: &PgPool, bus: &Bus) {
    let mut told = HashMap::new();
    loop {
        if let Err(error) = look_at_fleet(pool, bus, &mut told).await {
            tracing::debug!(%error, "the watcher of the fleet waits for the database");
        }
        sleep(FLEET_PAUSE).await;
        tokio::select! {
            () = bus.fleet.nudge.notified() => {}
            () = sleep(POLL) => {}
        }
    }
}

async fn look_at_fleet(pool: &PgPool, bus: &Bus, told: &mut HashMap<Uuid, OffsetDateTime>) -> Result<(), sqlx::Error> {
    loop {
        let since = *bus.fleet.seen.borrow();
        let changes = migration::changed_since(pool, since).await?;
        for (at, summary) in changes.found {
            // Changes are looked for a little further back than the last one; most of them were told.
            if told.insert(summary.id, at) != Some(at)
                && let Some(frame) = Frame::state(at, &summary)
            {
                let _ = bus.fleet.frames.send(frame);
            }
        }
        bus.fleet.seen.send_replace(Some(changes.newest));
        told.retain(|_, at| changes.newest - *at < migration::LATE * 2);
        if !changes.more {
            return Ok(());
        }
    }
}
