//! The live bus: what was just committed, to the viewers of this process.
//!
//! A hint, never the truth. A frame is published after its bytes are committed and may be missed (a slow viewer lags, a
//! frame was published by another server); whoever misses one reads the database. A frame is encoded once, however many watch.

use app::model::{LogBatch, MigrationSummary, PhaseRecord};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::broadcast;
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
    /// Its data as JSON.
    pub data: Arc<str>,
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
    /// A phase began, went on or ended.
    Phase,
    /// The migration's state changed.
    State,
}

impl Frame {
    /// A batch of lines; none where it is empty.
    #[must_use]
    pub fn log(migration: Uuid, batch: &LogBatch) -> Option<Self> {
        let last = (batch.first + batch.lines.len() as u64).checked_sub(1).filter(|last| *last >= batch.first)?;
        Self::new(migration, Kind::Log { first: batch.first, last }, batch)
    }

    /// A phase.
    #[must_use]
    pub fn phase(migration: Uuid, phase: &PhaseRecord) -> Option<Self> {
        Self::new(migration, Kind::Phase, phase)
    }

    /// A state.
    #[must_use]
    pub fn state(summary: &MigrationSummary) -> Option<Self> {
        Self::new(summary.id, Kind::State, summary)
    }

    fn new(migration: Uuid, kind: Kind, data: &impl serde::Serialize) -> Option<Self> {
        match serde_json::to_string(data) {
            Ok(json) => Some(Self { migration, kind, data: json.into() }),
            Err(error) => {
                tracing::error!(%migration, %error, "an event cannot be encoded");
                None
            }
        }
    }
}

/// The bus of this process.
#[derive(Debug)]
pub struct Bus {
    fleet: broadcast::Sender<Frame>,
    migrations: Mutex<HashMap<Uuid, broadcast::Sender<Frame>>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { fleet: broadcast::channel(BACKLOG).0, migrations: Mutex::default() }
    }
}

impl Bus {
    /// Publishes what was committed: states to everybody, the rest to those who watch this migration.
    pub fn publish(&self, frame: Frame) {
        // Nobody listening is the ordinary case, not an error.
        if frame.kind == Kind::State {
            let _ = self.fleet.send(frame.clone());
        }
        let mut migrations = self.lock();
        if let Some(sender) = migrations.get(&frame.migration)
            && sender.send(frame.clone()).is_err()
        {
            migrations.remove(&frame.migration);
        }
    }

    /// Everything about one migration from now on.
    #[must_use]
    pub fn watch(&self, migration: Uuid) -> broadcast::Receiver<Frame> {
        self.lock().entry(migration).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// The states of all migrations from now on.
    #[must_use]
    pub fn watch_fleet(&self) -> broadcast::Receiver<Frame> {
        self.fleet.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, broadcast::Sender<Frame>>> {
        self.migrations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
