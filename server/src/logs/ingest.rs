//! From a master's spool file into the database: every byte once, in order, with its phase.
//!
//! Bytes, offset, line numbers and phases are committed in one transaction, and only then shown. Whatever dies before the
//! commit is read again from the offset; whatever dies after it is never read again. A worker whose lease is gone is
//! stopped by the fence inside that same transaction.

use super::{
    bus::{Bus, Frame},
    chunker::{Chunk, Chunker},
    lines,
};
use crate::store::{
    fence::{Fence, WriteError},
    log, phase,
};
use aix::log::Verdict;
use app::model::{LogBatch, State};
use futures::TryStreamExt;
use sqlx::PgPool;
use time::OffsetDateTime;

/// Takes the log of one attempt.
pub struct Ingest<'a> {
    pool: &'a PgPool,
    bus: &'a Bus,
    fence: Fence,
    attempt: i32,
    /// Bytes and lines of the attempts before.
    base: Position,
    received: u64,
    chunker: Chunker,
    /// When the file had which size: for what was printed while nobody listened.
    marks: Vec<(OffsetDateTime, u64)>,
}

/// A place in the log of a whole migration.
#[derive(Debug, Clone, Copy, Default)]
pub struct Position {
    /// Bytes before it.
    pub bytes: u64,
    /// Lines that end before it.
    pub lines: u64,
}

impl<'a> Ingest<'a> {
    /// Goes on where the database ends: what is stored is read through once more, so that phase and verdict are known.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn resume(
        pool: &'a PgPool,
        bus: &'a Bus,
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
        let received = chunker.bytes();
        Ok(Self { pool, bus, fence, attempt, base, received, chunker, marks: Vec::new() })
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

    /// Tells when the file had which size, by this server's clock; later marks replace earlier ones.
    pub fn set_marks(&mut self, marks: Vec<(OffsetDateTime, u64)>) {
        self.marks = marks;
    }

    /// Takes what came next; stores what is full.
    ///
    /// # Errors
    /// [`WriteError`]: then this ingest is of no use any more; resume from the database.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.received += bytes.len() as u64;
        let full = self.chunker.push(bytes);
        self.store(full).await
    }

    /// Stores the whole lines that wait.
    ///
    /// # Errors
    /// As for [`Ingest::take`].
    pub async fn flush(&mut self) -> Result<(), WriteError> {
        let waiting = self.chunker.flush();
        self.store(waiting.into_iter().collect()).await
    }

    /// Stores everything: the log has ended.
    ///
    /// # Errors
    /// As for [`Ingest::take`].
    pub async fn finish(&mut self) -> Result<(), WriteError> {
        let rest = self.chunker.finish();
        self.store(rest).await
    }

    async fn store(&mut self, chunks: Vec<Chunk>) -> Result<(), WriteError> {
        if chunks.is_empty() {
            return Ok(());
        }
        let mut phases_changed = false;
        let mut tx = self.pool.begin().await?;
        for chunk in &chunks {
            let at = self.time_of(chunk);
            let new = log::New {
                attempt: self.attempt,
                first_byte: self.base.bytes + chunk.first_byte,
                first_line: self.base.lines + chunk.first_line,
                at,
                chunk,
            };
            log::append(&mut tx, &self.fence, &new).await?;
            if let Some(number) = chunk.begins {
                phase::begin(&mut tx, self.fence.migration, self.attempt, number, at).await?;
            }
            if let Some(progress) = &chunk.progress {
                phase::progress(&mut tx, self.fence.migration, self.attempt, progress).await?;
            }
            phases_changed |= chunk.begins.is_some() || chunk.progress.is_some();
        }
        tx.commit().await?;
        // Nobody here may be watching; then nothing is encoded.
        if self.bus.is_watched(self.fence.migration) {
            for chunk in &chunks {
                self.show(chunk);
            }
            if phases_changed {
                self.show_phases().await?;
            }
        }
        self.bus.logged(self.fence.migration);
        Ok(())
    }

    fn show(&self, chunk: &Chunk) {
        let lines = lines::of_chunk(&chunk.body, chunk.line_count, chunk.head.as_deref(), chunk.head_bytes).collect();
        let batch = LogBatch { first: self.base.lines + chunk.first_line, lines, phase: chunk.phase };
        if let Some(frame) = Frame::log(self.fence.migration, &batch) {
            self.bus.publish(frame);
        }
    }

    async fn show_phases(&self) -> Result<(), sqlx::Error> {
        let phases = phase::list(self.pool, self.fence.migration, self.attempt, State::Running).await?;
        let begun = phases.iter().filter(|phase| phase.started_at.is_some());
        // The latest two: one may just have ended, the next just begun.
        for phase in begun.rev().take(2).collect::<Vec<_>>().into_iter().rev() {
            if let Some(frame) = Frame::phase(self.fence.migration, phase) {
                self.bus.publish(frame);
            }
        }
        Ok(())
    }

    fn time_of(&self, chunk: &Chunk) -> OffsetDateTime {
        let end = chunk.first_byte + chunk.body.len() as u64;
        let marked = self.marks.iter().find(|(_, size)| *size >= end).map(|(at, _)| *at);
        marked.unwrap_or_else(OffsetDateTime::now_utc)
    }
}
