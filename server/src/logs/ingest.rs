//! From a master's spool file into the database: every byte once, in order, with its phase.
//!
//! Bytes, offset, line numbers and phases are committed in one transaction, and only then shown. Whatever dies before the
//! commit is read again from the offset; whatever dies after it is never read again. A worker whose lease is gone is
//! stopped by the fence inside that same transaction.
//!
//! While a batch is being committed, what comes next is taken and cut; it is the next batch. So a slow database gets larger
//! batches, not more of them, and a line that comes alone is committed at once. Were each chunk committed before the next byte is
//! taken, the connection would stand still for every fsync. No more than [`AHEAD`] waits: then the connection does.

use super::{
    bus::{Bus, Frame},
    chunker::{Chunk, Chunker},
    lines,
};
use crate::store::{
    self,
    fence::{Fence, WriteError},
    log, phase,
};
use aix::log::Verdict;
use app::model::{LogBatch, State};
use futures::TryStreamExt;
use sqlx::PgPool;
use std::{mem, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::{task::JoinSet, time::Instant};
use tracing::Instrument as _;

/// Bytes that may wait for the batch before them to be committed.
const AHEAD: usize = 2 << 20;

/// Takes the log of one attempt.
pub struct Ingest {
    writer: Arc<Writer>,
    received: u64,
    chunker: Chunker,
    /// When the file had which size: for what was printed while nobody listened.
    marks: Vec<(OffsetDateTime, u64)>,
    /// The next batch.
    waiting: Vec<(OffsetDateTime, Chunk)>,
    waiting_bytes: usize,
    /// The batch that is being committed: one or none. Dropping this gives it up, and the fence keeps a commit that was under
    /// way from being doubled.
    storing: JoinSet<Result<Duration, WriteError>>,
    took: Duration,
}

/// A place in the log of a whole migration.
#[derive(Debug, Clone, Copy, Default)]
pub struct Position {
    /// Bytes before it.
    pub bytes: u64,
    /// Lines that end before it.
    pub lines: u64,
}

/// Where batches go.
struct Writer {
    pool: PgPool,
    bus: Arc<Bus>,
    fence: Fence,
    attempt: i32,
    /// Bytes and lines of the attempts before.
    base: Position,
}

impl Ingest {
    /// Goes on where the database ends: what is stored is read through once more, so that phase and verdict are known.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn resume(
        pool: &PgPool,
        bus: &Arc<Bus>,
        fence: Fence,
        attempt: i32,
        base: Position,
    ) -> Result<Self, sqlx::Error> {
        let mut chunker = Chunker::new();
        let mut bodies = std::pin::pin!(log::bodies(pool, fence.migration, attempt));
        while let Some(body) = bodies.try_next().await? {
            chunker.push(&body);
            chunker.settle();
        }
        Ok(Self {
            writer: Arc::new(Writer { pool: pool.clone(), bus: bus.clone(), fence, attempt, base }),
            received: chunker.bytes(),
            chunker,
            marks: Vec::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            storing: JoinSet::new(),
            took: Duration::ZERO,
        })
    }

    /// Where following goes on: bytes of the spool file that were taken.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// What the log says so far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.chunker.verdict()
    }

    /// How long the last commit took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Tells when the file had which size, by this server's clock; later marks replace earlier ones.
    pub fn set_marks(&mut self, marks: Vec<(OffsetDateTime, u64)>) {
        self.marks = marks;
    }

    /// Takes what came next, and begins to store what is full. Waits only where too much waits already.
    ///
    /// # Errors
    /// [`WriteError`]: then this ingest is of no use any more; resume from the database.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.received += bytes.len() as u64;
        let full = self.chunker.push(bytes);
        self.put(full);
        while self.waiting_bytes > AHEAD {
            self.stored().await?;
        }
        Ok(())
    }

    /// Begins to store the whole lines that wait.
    pub fn flush(&mut self) {
        let whole = self.chunker.flush();
        self.put(whole);
    }

    /// Whether a batch is being committed.
    #[must_use]
    pub fn is_storing(&self) -> bool {
        !self.storing.is_empty()
    }

    /// Waits for the batch that is being committed, and begins the next. May be given up and begun anew.
    ///
    /// # Errors
    /// As for [`Ingest::take`].
    pub async fn stored(&mut self) -> Result<(), WriteError> {
        match self.storing.join_next().await {
            None => {}
            Some(Ok(stored)) => self.took = stored?,
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Nobody gives it up but a runtime that ends: whoever is next goes on.
                Err(_) => return Err(WriteError::Fenced),
            },
        }
        self.put(None);
        Ok(())
    }

    /// Stores the whole lines that wait, and waits until they are stored.
    ///
    /// # Errors
    /// As for [`Ingest::take`].
    pub async fn settle(&mut self) -> Result<(), WriteError> {
        self.flush();
        while self.is_storing() {
            self.stored().await?;
        }
        Ok(())
    }

    /// Stores everything: the log has ended.
    ///
    /// # Errors
    /// As for [`Ingest::take`].
    pub async fn finish(&mut self) -> Result<(), WriteError> {
        let rest = self.chunker.finish();
        self.put(rest);
        self.settle().await
    }

    /// Adds to the next batch, and begins it where none is under way.
    fn put(&mut self, chunks: impl IntoIterator<Item = Chunk>) {
        for chunk in chunks {
            self.waiting_bytes += chunk.body.len();
            self.waiting.push((self.time_of(&chunk), chunk));
        }
        if !self.waiting.is_empty() && self.storing.is_empty() {
            self.waiting_bytes = 0;
            let (writer, batch) = (self.writer.clone(), mem::take(&mut self.waiting));
            self.storing.spawn(async move { writer.store(batch).await }.in_current_span());
        }
    }

    fn time_of(&self, chunk: &Chunk) -> OffsetDateTime {
        let end = chunk.first_byte + chunk.body.len() as u64;
        let marked = self.marks.iter().find(|(_, size)| *size >= end).map(|(at, _)| *at);
        marked.unwrap_or_else(OffsetDateTime::now_utc)
    }
}

impl Writer {
    /// Commits a batch and shows it. How long the commit took.
    async fn store(&self, batch: Vec<(OffsetDateTime, Chunk)>) -> Result<Duration, WriteError> {
        let begun = Instant::now();
        let id = self.fence.migration;
        if batch.iter().any(|(_, chunk)| chunk.begins.is_some() || chunk.progress.is_some()) {
            self.store_with_phases(&batch).await?;
        } else {
            let mut tx = store::begin(&self.pool).await?;
            log::append(&mut tx, &self.fence, self.at(), &batch).await?;
            tx.commit().await?;
        }
        let took = begun.elapsed();
        // Nobody here may be watching; then nothing is encoded.
        if self.bus.is_watched(id) {
            for (_, chunk) in &batch {
                self.show(chunk);
            }
            if batch.iter().any(|(_, chunk)| chunk.begins.is_some() || chunk.progress.is_some()) {
                self.show_phases().await?;
            }
        }
        self.bus.logged(id);
        Ok(took)
    }

    async fn store_with_phases(&self, batch: &[(OffsetDateTime, Chunk)]) -> Result<(), WriteError> {
        let id = self.fence.migration;
        let mut tx = store::begin(&self.pool).await?;
        log::append(&mut tx, &self.fence, self.at(), batch).await?;
        let mut progress = None;
        for (at, chunk) in batch {
            if let Some(number) = chunk.begins {
                // What the phase before came to, before it ends.
                if let Some(progress) = progress.take() {
                    phase::progress(&mut tx, id, self.attempt, progress).await?;
                }
                phase::begin(&mut tx, id, self.attempt, number, *at).await?;
            }
            progress = chunk.progress.as_ref().or(progress);
        }
        if let Some(progress) = progress {
            phase::progress(&mut tx, id, self.attempt, progress).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Where this log begins in the whole migration's.
    fn at(&self) -> log::At {
        log::At { attempt: self.attempt, bytes: self.base.bytes, lines: self.base.lines }
    }

    fn show(&self, chunk: &Chunk) {
        let lines = lines::of_chunk(&chunk.body, chunk.line_count, chunk.head.as_deref(), chunk.head_bytes).collect();
        let batch = LogBatch { first: self.base.lines + chunk.first_line, lines, phase: chunk.phase };
        if let Some(frame) = Frame::log(self.fence.migration, &batch) {
            self.bus.publish(frame);
        }
    }

    async fn show_phases(&self) -> Result<(), sqlx::Error> {
        let phases = phase::list(&self.pool, self.fence.migration, self.attempt, State::Running).await?;
        let begun = phases.iter().filter(|phase| phase.started_at.is_some());
        // The latest two: one may just have ended, the next just begun.
        for phase in begun.rev().take(2).collect::<Vec<_>>().into_iter().rev() {
            if let Some(frame) = Frame::phase(self.fence.migration, phase) {
                self.bus.publish(frame);
            }
        }
        Ok(())
    }
}
