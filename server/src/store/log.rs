//! The chunks of the logs.

use super::fence::{Fence, WriteError, fenced};
use crate::logs::chunker::Chunk;
use aix::Phase;
use futures::{Stream, TryStreamExt};
use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// A chunk as stored. Lines and bytes are counted over all attempts of the migration.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Offset of its first byte.
    pub first_byte: i64,
    phase: Option<i16>,
    /// When it was printed, as far as is known.
    pub at: OffsetDateTime,
    /// Number of the line its first byte is in.
    pub first_line: i64,
    /// Lines that end in it.
    pub line_count: i32,
    /// How its first line began in earlier chunks.
    pub head: Option<String>,
    /// Bytes of that line in earlier chunks.
    pub head_bytes: i64,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Row {
    /// The phase its lines belong to.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.phase.and_then(|number| u8::try_from(number).ok()).and_then(|number| Phase::try_from(number).ok())
    }

    /// Its lines with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (u64, String)> + '_ {
        let texts = crate::logs::lines::of_chunk(
            &self.body,
            self.line_count.unsigned_abs(),
            self.head.as_deref(),
            self.head_bytes.unsigned_abs(),
        );
        (self.first_line.unsigned_abs()..).zip(texts)
    }
}

/// Where the log of an attempt begins in the whole migration's.
#[derive(Debug, Clone, Copy)]
pub struct At {
    /// The attempt.
    pub attempt: i32,
    /// Bytes of the attempts before.
    pub bytes: u64,
    /// Lines of the attempts before.
    pub lines: u64,
}

/// Stores chunks that follow on each other, each with the time when it was printed, and moves the offset past them. One statement, and so
/// whole or not at all, also outside a transaction: five hundred logs that grow by a line a second are five hundred of these.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost, or the bytes do not follow on those that are stored.
pub async fn append(
    conn: &mut PgConnection,
    fence: &Fence,
    to: At,
    chunks: &[(OffsetDateTime, Chunk)],
) -> Result<(), WriteError> {
    let (Some((_, first)), Some((last_at, _))) = (chunks.first(), chunks.last()) else { return Ok(()) };
    let lines: i64 = chunks.iter().map(|(_, chunk)| i64::from(chunk.line_count)).sum();
    let bytes: i64 = chunks.iter().map(|(_, chunk)| chunk.body.len() as i64).sum();
    // A column each. PostgreSQL's text has no NUL; a head holds none, it is text for eyes.
    let column = |of: fn(&At, &Chunk) -> i64| chunks.iter().map(|(_, chunk)| of(&to, chunk)).collect::<Vec<_>>();
    // Whoever waited here for the row while another claimed it finds its epoch outdated: then nothing has moved, and nothing is stored.
    let done = sqlx::query(
        "WITH moved AS (
             UPDATE migration SET log_lines = log_lines + $4, log_bytes = log_bytes + $5, last_line_at = $6, updated_at = now()
             WHERE id = $1 AND epoch = $2 AND log_bytes = $3 RETURNING id
         ), counted AS (
             UPDATE attempt SET log_lines = log_lines + $4, log_bytes = log_bytes + $5
             FROM moved WHERE migration_id = moved.id AND number = $7
         )
         INSERT INTO log_chunk (migration_id, first_byte, attempt, phase, at, first_line, line_count, head, head_bytes, body)
         SELECT moved.id, c.first_byte, $7, c.phase, c.at, c.first_line, c.line_count, c.head, c.head_bytes, c.body
         FROM moved, unnest($8::bigint[], $9::smallint[], $10::timestamptz[], $11::bigint[], $12::integer[], $13::text[],
                            $14::bigint[], $15::bytea[]) c (first_byte, phase, at, first_line, line_count, head, head_bytes, body)",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind((to.bytes + first.first_byte).cast_signed())
    .bind(lines)
    .bind(bytes)
    .bind(last_at)
    .bind(to.attempt)
    .bind(column(|to, chunk| (to.bytes + chunk.first_byte).cast_signed()))
    .bind(chunks.iter().map(|(_, chunk)| chunk.phase.map(|phase| i16::from(phase.number()))).collect::<Vec<_>>())
    .bind(chunks.iter().map(|(at, _)| *at).collect::<Vec<_>>())
    .bind(column(|to, chunk| (to.lines + chunk.first_line).cast_signed()))
    .bind(chunks.iter().map(|(_, chunk)| chunk.line_count.cast_signed()).collect::<Vec<_>>())
    .bind(chunks.iter().map(|(_, chunk)| chunk.head.as_deref()).collect::<Vec<_>>())
    .bind(column(|_, chunk| chunk.head_bytes.cast_signed()))
    .bind(chunks.iter().map(|(_, chunk)| chunk.body.as_slice()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    fenced(done.rows_affected())
}

/// Chunks in which lines from `line` on end, in order, at most `limit` chunks.
///
/// # Errors
/// Those of the database.
pub async fn from_line(
    db: impl PgExecutor<'_>,
    migration: Uuid,
    line: u64,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(
        "SELECT first_byte, phase, at, first_line, line_count, head, head_bytes, body FROM log_chunk
         WHERE migration_id = $1 AND line_count > 0 AND first_line + line_count > $2
           -- The same in the words of the index: nothing before the chunk that the line is in.
           AND first_line >= COALESCE((SELECT max(first_line) FROM log_chunk WHERE migration_id = $1 AND first_line <= $2), 0)
         ORDER BY first_line, first_byte LIMIT $3",
    )
    .bind(migration)
    .bind(line.cast_signed())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Chunks in which lines from `line` on end, in order: as many as have `bytes` bytes between them, but at least one.
///
/// # Errors
/// Those of the database.
pub async fn piece(db: impl PgExecutor<'_>, migration: Uuid, line: u64, bytes: i64) -> Result<Vec<Row>, sqlx::Error> {
    // How long a chunk is can be told without reading it.
    sqlx::query_as(
        "SELECT first_byte, phase, at, first_line, line_count, head, head_bytes, body FROM (
             SELECT *, sum(octet_length(body)) OVER (ORDER BY first_line, first_byte) - octet_length(body) AS before
             FROM (SELECT * FROM log_chunk WHERE migration_id = $1 AND line_count > 0 AND first_line + line_count > $2
                     AND first_line >= COALESCE((SELECT max(first_line) FROM log_chunk
                                                 WHERE migration_id = $1 AND first_line <= $2), 0)
                   ORDER BY first_line, first_byte LIMIT 1000) next
         ) counted WHERE before < $3 ORDER BY first_line, first_byte",
    )
    .bind(migration)
    .bind(line.cast_signed())
    .bind(bytes)
    .fetch_all(db)
    .await
}

/// The bytes of an attempt in order, as a stream of chunk bodies.
pub fn bodies(pool: &PgPool, migration: Uuid, attempt: i32) -> impl Stream<Item = Result<Vec<u8>, sqlx::Error>> + '_ {
    sqlx::query_scalar("SELECT body FROM log_chunk WHERE migration_id = $1 AND attempt = $2 ORDER BY first_byte")
        .bind(migration)
        .bind(attempt)
        .fetch(pool)
        .map_ok(|body: Vec<u8>| body)
}

/// The chunk at or after a byte offset of the whole log, with the bytes before the offset cut off.
///
/// # Errors
/// Those of the database.
pub async fn from_byte(db: impl PgExecutor<'_>, migration: Uuid, byte: u64) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let row: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT first_byte, body FROM log_chunk WHERE migration_id = $1 AND first_byte <= $2
         ORDER BY first_byte DESC LIMIT 1",
    )
    .bind(migration)
    .bind(byte.cast_signed())
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|(first, body)| {
        let skip = usize::try_from(byte.saturating_sub(first.unsigned_abs())).unwrap_or(usize::MAX);
        body.get(skip..).filter(|rest| !rest.is_empty()).map(<[u8]>::to_vec)
    }))
}
