//! The live bus: what was just committed, to the viewers of this process.
//!
//! A hint, never the truth. A frame is published after its bytes are committed and may be missed (a slow viewer lags);
//! whoever misses one reads the database. What is guaranteed is the order: the frames of one migration follow on each other
//! without a gap, whoever publishes them, the engine here or the watcher that reads what other servers wrote. Were gaps left to
//! the viewers, one frame out of order would send ten thousand of them to the database at once.
//!
//! A frame is encoded once, however many watch, and not at all where nobody does.

use super::{
    post::Outbox,
    sse,
    watch::{self, Seen},
};
use crate::{
    background::{Background, Every, Task},
    store::migration::Place,
};
use app::model::{LogBatch, MigrationSummary, PhaseRecord};
use bytes::Bytes;
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{
    Notify,
    broadcast::{self, Receiver},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Frames a viewer may lag behind before it is sent to the database: at most some 16 MiB of log.
const BACKLOG: usize = 256;

/// One event, encoded.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The migration it is about.
    pub migration: Uuid,
    /// What it is.
    pub kind: Kind,
    /// The whole event as it is sent.
    pub sse: Bytes,
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lines `first` to `last` of the log.
    Log {
        /// Number of the first line.
        first: u64,
        /// Number of the last line.
        last: u64,
    },
    /// This phase began, went on or ended.
    Phase(u8),
    /// The migration's state. In the fleet's stream with the place from which a reader finds this change and all later ones.
    State(Option<Place>),
    /// The log is complete with so many lines.
    End(u64),
}

impl Frame {
    /// A batch of lines; none where it is empty.
    #[must_use]
    pub fn log(migration: Uuid, batch: &LogBatch) -> Option<Self> {
        let last = (batch.first + batch.lines.len() as u64).checked_sub(1).filter(|last| *last >= batch.first)?;
        let kind = Kind::Log { first: batch.first, last };
        Some(Self { migration, kind, sse: sse::event("log", Some(last), batch)? })
    }

    /// A phase.
    #[must_use]
    pub fn phase(migration: Uuid, phase: &PhaseRecord) -> Option<Self> {
        Some(Self { migration, kind: Kind::Phase(phase.number.number()), sse: sse::event("phase", None, phase)? })
    }

    /// A state, for the viewers of its migration.
    #[must_use]
    pub fn of_state(summary: &MigrationSummary) -> Option<Self> {
        Some(Self { migration: summary.id, kind: Kind::State(None), sse: sse::event("state", None, summary)? })
    }

    /// A state, for the viewers of the fleet: what they read from `place` on has this change in it.
    #[must_use]
    pub fn state(place: Place, summary: &MigrationSummary) -> Option<Self> {
        Self::of_state(summary).map(|frame| Self { kind: Kind::State(Some(place)), ..frame })
    }

    /// The end.
    #[must_use]
    pub fn end(migration: Uuid, lines: u64) -> Self {
        Self { migration, kind: Kind::End(lines), sse: sse::END }
    }
}

/// The bus of this process.
#[derive(Debug)]
pub struct Bus {
    pool: PgPool,
    /// What other servers are still to be told.
    pub(super) outbox: Outbox,
    pub(super) fleet: Fleet,
    migrations: Mutex<HashMap<Uuid, (Arc<Channel>, usize)>>,
    /// The watchers of single migrations, counted together.
    watcher: Arc<Task>,
}

/// The states of all migrations.
#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) frames: broadcast::Sender<Frame>,
    /// Something changed: look at once.
    pub(super) nudge: Arc<Notify>,
    /// The place before which everything was published; none before the first look.
    pub(super) seen: tokio::sync::watch::Sender<Option<Place>>,
}

/// One migration that is being watched.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) migration: Uuid,
    frames: broadcast::Sender<Frame>,
    /// Something changed, or a frame was out of order: look at once.
    pub(super) nudge: Notify,
    /// Cancelled when the last viewer has gone.
    pub(super) stop: CancellationToken,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// The last line that was published; none before the first viewer knows where it begins.
    line: Option<u64>,
    /// The phases as they were published last.
    phases: BTreeMap<u8, Bytes>,
}

/// A viewer's place at the bus. The watcher of its migration ends with the last of them.
#[derive(Debug)]
pub struct Watch {
    bus: Arc<Bus>,
    channel: Arc<Channel>,
    /// The frames from the moment on when this was made.
    pub frames: Receiver<Frame>,
}

impl Bus {
    /// A bus for the server that uses this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Arc<Self> {
        let fleet = Fleet {
            frames: broadcast::channel(BACKLOG).0,
            nudge: Arc::default(),
            seen: tokio::sync::watch::Sender::new(None),
        };
        let watcher = Arc::new(Task::on_demand("migration watcher"));
        Arc::new(Self { pool, outbox: Outbox::default(), fleet, migrations: Mutex::default(), watcher })
    }

    /// Watches the fleet, and exchanges changes with other servers, until `stop`. Without it viewers still see everything that happens to
    /// their migration, but later.
    pub fn run(self: &Arc<Self>, background: &Background, stop: &CancellationToken) {
        background.register(self.watcher.clone());
        let (bus, published) = (self.clone(), Arc::default());
        let fleet = Every::new("fleet watcher", watch::POLL).or_when(self.fleet.nudge.clone());
        background.repeat(fleet, stop.clone(), move || {
            let (bus, published) = (bus.clone(), Arc::clone(&published));
            async move { Ok(watch::look_at_fleet(&bus.pool, &bus, &published).await?) }
        });
        let exchange = Arc::new(Task::periodic("change notifications", super::post::CHECK));
        let (bus, task, stopped) = (self.clone(), exchange.clone(), stop.clone());
        background.repeat_as(exchange, None, stop.clone(), move || {
            let (bus, task, stopped) = (bus.clone(), task.clone(), stopped.clone());
            async move {
                let exchange = super::post::exchange(&bus.pool, &bus, &task);
                stopped.run_until_cancelled(exchange).await.unwrap_or(Ok(()))
            }
        });
    }

    /// Whether anybody here watches this migration.
    #[must_use]
    pub fn is_watched(&self, migration: Uuid) -> bool {
        self.lock().contains_key(&migration)
    }

    /// Publishes what was committed to those who watch this migration.
    pub fn publish(&self, frame: Frame) {
        // Nobody listening is the ordinary case, not an error.
        if let Some(channel) = self.channel(frame.migration) {
            channel.publish(frame);
        }
    }

    /// Lines were committed; their frames were published here, other servers are to be told.
    pub fn logged(&self, migration: Uuid) {
        self.outbox.put(migration);
    }

    /// A state was committed. Whoever watches it, here or elsewhere, is shown what the database has now: frames made by everybody
    /// who changes something could overtake each other.
    pub fn changed(&self, migration: Uuid) {
        self.nudge(migration);
        self.outbox.put(migration);
    }

    /// Has a migration, and the fleet, looked at.
    pub(super) fn nudge(&self, migration: Uuid) {
        self.fleet.nudge.notify_one();
        if let Some(channel) = self.channel(migration) {
            channel.nudge.notify_one();
        }
    }

    /// Has everything looked at that is watched: something was missed, nobody knows what.
    pub(super) fn nudge_all(&self) {
        self.fleet.nudge.notify_one();
        for (channel, _) in self.lock().values() {
            channel.nudge.notify_one();
        }
    }

    /// Everything about one migration from now on. Its watcher begins with [`Watch::begin`].
    #[must_use]
    pub fn watch(self: &Arc<Self>, migration: Uuid) -> Watch {
        let mut migrations = self.lock();
        let (channel, viewers) = migrations.entry(migration).or_insert_with(|| (Arc::new(Channel::new(migration)), 0));
        *viewers += 1;
        Watch { bus: self.clone(), channel: channel.clone(), frames: channel.frames.subscribe() }
    }

    /// The states of all migrations from now on, and the place before which they were published.
    #[must_use]
    pub fn watch_fleet(&self) -> (Receiver<Frame>, tokio::sync::watch::Receiver<Option<Place>>) {
        (self.fleet.frames.subscribe(), self.fleet.seen.subscribe())
    }

    fn channel(&self, migration: Uuid) -> Option<Arc<Channel>> {
        self.lock().get(&migration).map(|(channel, _)| channel.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (Arc<Channel>, usize)>> {
        self.migrations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel {
    fn new(migration: Uuid) -> Self {
        Self {
            migration,
            frames: broadcast::channel(BACKLOG).0,
            nudge: Notify::new(),
            stop: CancellationToken::new(),
            told: Mutex::default(),
        }
    }

    /// Passes a frame on if it is its turn. What was told already is not told again; what comes too early is left to the
    /// watcher, which reads what is missing.
    pub(super) fn publish(&self, frame: Frame) {
        // Held while sending: the order of the frames is the order of the lock.
        let mut told = self.told();
        match frame.kind {
            Kind::Log { first, last } => match told.line {
                Some(line) if first == line + 1 => told.line = Some(last),
                Some(line) if last <= line => return,
                _ => return self.nudge.notify_one(),
            },
            Kind::Phase(number) => {
                if told.phases.insert(number, frame.sse.clone()).is_some_and(|before| before == frame.sse) {
                    return;
                }
            }
            Kind::State(_) | Kind::End(_) => {}
        }
        let _ = self.frames.send(frame);
    }

    /// The last line that was published.
    pub(super) fn line(&self) -> u64 {
        self.told().line.unwrap_or_default()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Tells where the database was when it was read after this watch was made. The first viewer's word starts the watcher:
    /// what is beyond it will come as frames.
    pub fn begin(&self, seen: Seen) {
        let mut told = self.channel.told();
        if told.line.is_none() {
            told.line = Some(seen.lines);
            let (pool, watcher) = (self.bus.pool.clone(), self.bus.watcher.clone());
            tokio::spawn(watch::keep(pool, self.channel.clone(), seen, watcher));
        }
    }

    /// The database.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.bus.pool
    }

    /// The migration.
    #[must_use]
    pub fn migration(&self) -> Uuid {
        self.channel.migration
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut migrations = self.bus.lock();
        if let Some((_, viewers)) = migrations.get_mut(&self.channel.migration) {
            *viewers -= 1;
            if *viewers == 0 {
                migrations.remove(&self.channel.migration);
                self.channel.stop.cancel();
            }
        }
    }
}
