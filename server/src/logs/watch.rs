//! The watchers: one for each migration that somebody watches, one for the fleet, however many viewers there are.
//!
//! Each asks the database when it is told that something changed, and every [`POLL`] in any case: what was told is a hint and may
//! be lost, the poll may not. New lines are read once, encoded once and put on the bus. Were every viewer to ask for itself,
//! ten thousand of them would be five thousand queries a second that mostly find nothing.

use super::bus::{Bus, Channel, Frame};
use crate::background::{Task, caught};
use crate::store::{
    log,
    migration::{self, Change, Glance},
    phase,
};
use app::model::{LogBatch, MigrationSummary, State};
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::{sync::Mutex, time::sleep};
use uuid::Uuid;

/// How often the database is asked although nobody has said that anything changed.
pub const POLL: Duration = Duration::from_secs(2);
/// Between two looks at the fleet, however much changes.
const FLEET_PAUSE: Duration = Duration::from_millis(100);
/// Migrations whose summaries are read at once.
pub(super) const CHANGES: usize = 500;
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

/// Publishes what is new about a migration until nobody watches it any more. A panic ends one look, not the watching.
pub(super) async fn keep(pool: PgPool, channel: Arc<Channel>, mut seen: Seen, task: Arc<Task>) {
    let mut ended = None;
    loop {
        match caught(look(&pool, &channel, &mut seen, &mut ended)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(migration = %channel.migration, %error, "a watcher waits for the database");
            }
            Err(message) => {
                task.panicked(&format!("{}: {message}", channel.migration));
                sleep(POLL).await;
            }
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
            channel.publish_some(Frame::of_state(&row.summary()?));
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

/// What the watcher of the fleet has published.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The latest published change of each migration, as far as a next look can find it again.
    changes: HashMap<Uuid, Change>,
}

/// One look at the fleet: publishes the states that changed since the last one. It looks even where nobody watches, so that a viewer
/// who comes later is not shown old changes.
pub(super) async fn look_at_fleet(pool: &PgPool, bus: &Bus, published: &Mutex<Published>) -> Result<(), sqlx::Error> {
    // However much changes.
    sleep(FLEET_PAUSE).await;
    // One look at a time has it: a look that was given up is over.
    let mut published = published.lock().await;
    let since = *bus.fleet.seen.borrow();
    let changes = migration::changed_since(pool, since).await?;
    let is_new = |change: &&Change| published.changes.get(&change.id) != Some(*change);
    let new: Vec<Change> = changes.found.iter().filter(is_new).copied().collect();
    for some in new.chunks(CHANGES) {
        let ids: Vec<Uuid> = some.iter().map(|change| change.id).collect();
        let mut summaries: HashMap<Uuid, MigrationSummary> = HashMap::with_capacity(ids.len());
        summaries
            .extend(migration::readable_summaries(pool, &ids).await?.into_iter().map(|summary| (summary.id, summary)));
        for change in some {
            if let (Some(since), Some(summary)) = (since, summaries.get(&change.id))
                && let Some(frame) = Frame::state(since, summary)
            {
                let _ = bus.fleet.frames.send(frame);
            }
            published.changes.insert(change.id, *change);
        }
    }
    published.changes.retain(|_, change| !change.is_before(changes.next));
    bus.fleet.seen.send_replace(Some(changes.next));
    Ok(())
}
