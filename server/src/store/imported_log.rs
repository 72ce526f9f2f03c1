//! Logs of runs from before nimdeck, and their bytes.

use super::ListError;
use aix::{Phase, log::Report};
use app::model::{ImportFilter, Imported, ImportedSummary, Page};
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Bytes of a chunk; every chunk but the last has just so many, so that an offset finds its chunk.
const CHUNK: usize = 64 << 10;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    master_id: Uuid,
    master: String,
    simulated: bool,
    client_name: String,
    client_id: Option<Uuid>,
    file_name: String,
    bytes: i64,
    lines: i64,
    sha256: String,
    modified: String,
    modified_on: Option<Date>,
    outcome: String,
    failed_phase: Option<i16>,
    phases_seen: Vec<i16>,
    cause: Option<String>,
    advice: Option<String>,
    codes: Vec<String>,
    imported_by: String,
    imported_at: OffsetDateTime,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT l.id, l.master_id, m.name AS master, m.simulated, l.client_name, c.id AS client_id, l.file_name, l.bytes, l.lines, l.sha256,
                    l.modified, l.modified_on, l.outcome, l.failed_phase, l.phases_seen, l.cause, l.advice, l.codes,
                    l.imported_by, l.imported_at
             FROM imported_log l JOIN master m ON m.id = l.master_id
             LEFT JOIN client c ON c.master_id = l.master_id AND c.name = l.client_name ",
            $rest
        )
    };
}

impl Row {
    fn wire(self) -> Result<ImportedSummary, sqlx::Error> {
        let phase = |number: i16| {
            let number = u8::try_from(number).map_err(super::decode)?;
            Phase::try_from(number).map_err(super::decode)
        };
        Ok(ImportedSummary {
            id: self.id,
            master_id: self.master_id,
            master: self.master.parse().map_err(super::decode)?,
            simulated: self.simulated,
            client: self.client_name.parse().map_err(super::decode)?,
            client_id: self.client_id,
            name: self.file_name,
            bytes: self.bytes.unsigned_abs(),
            lines: self.lines.unsigned_abs(),
            sha256: self.sha256,
            modified: self.modified,
            modified_on: self.modified_on.map(|day| day.to_string()),
            outcome: serde_json::from_value(self.outcome.into()).map_err(super::decode)?,
            failed_phase: self.failed_phase.map(phase).transpose()?,
            phases_seen: self.phases_seen.into_iter().map(phase).collect::<Result<_, _>>()?,
            cause: self.cause,
            advice: self.advice,
            codes: self.codes,
            imported_by: self.imported_by,
            imported_at: self.imported_at.into(),
        })
    }
}

/// A log to store.
#[derive(Debug)]
pub struct New<'a> {
    /// The master it was on.
    pub master: Uuid,
    /// The client, by the file's name.
    pub client: &'a str,
    /// The file's name.
    pub name: &'a str,
    /// SHA-256 of `body`, hexadecimal.
    pub sha256: &'a str,
    /// Last written, as printed.
    pub modified: &'a str,
    /// The day that meant.
    pub modified_on: Option<Date>,
    /// What it says.
    pub report: &'a Report,
    /// Its bytes.
    pub body: &'a [u8],
    /// Sign-in name of whoever asked for it.
    pub imported_by: &'a str,
}

/// Stores a log with its bytes. None where these bytes are an entry of this master already: whoever stores the same log at the
/// same moment waits here until the other is done, and then finds it.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> Result<Option<Uuid>, sqlx::Error> {
    let verdict = &new.report.verdict;
    // What PostgreSQL can keep: its text has no NUL.
    let report = super::audit::storable(serde_json::to_value(new.report).map_err(super::decode)?);
    let text = |text: &Option<String>| text.as_ref().map(|text| text.replace('\0', "\u{FFFD}"));
    let outcome = serde_json::to_value(verdict.outcome).map_err(super::decode)?;
    let id: Option<Uuid> = sqlx::query_scalar(
        "INSERT INTO imported_log (id, master_id, client_name, file_name, bytes, lines, sha256, modified, modified_on, outcome,
             failed_phase, phases_seen, cause, advice, codes, report, imported_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT ON CONSTRAINT one_entry_a_log DO NOTHING RETURNING id",
    )
    .bind(Uuid::now_v7())
    .bind(new.master)
    .bind(new.client)
    .bind(new.name)
    .bind(new.body.len() as i64)
    .bind(new.report.lines.cast_signed())
    .bind(new.sha256)
    .bind(new.modified)
    .bind(new.modified_on)
    .bind(outcome.as_str())
    .bind(verdict.failed_phase.map(|phase| i16::from(phase.number())))
    .bind(verdict.phases_seen.iter().map(|phase| i16::from(phase.number())).collect::<Vec<_>>())
    .bind(text(&verdict.cause))
    .bind(text(&verdict.advice))
    .bind(verdict.codes.iter().map(|code| code.replace('\0', "\u{FFFD}")).collect::<Vec<_>>())
    .bind(Json(report))
    .bind(new.imported_by)
    .fetch_optional(&mut *conn)
    .await?;
    let Some(id) = id else { return Ok(None) };
    for (number, body) in (0_i64..).zip(new.body.chunks(CHUNK)) {
        sqlx::query("INSERT INTO imported_log_chunk (log_id, first_byte, body) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(number * CHUNK as i64)
            .bind(body)
            .execute(&mut *conn)
            .await?;
    }
    Ok(Some(id))
}

/// The entry of a master with these bytes.
///
/// # Errors
/// Those of the database.
pub async fn by_hash(
    db: impl PgExecutor<'_>,
    master: Uuid,
    sha256: &str,
) -> Result<Option<ImportedSummary>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(select!("WHERE l.master_id = $1 AND l.sha256 = $2"))
        .bind(master)
        .bind(sha256)
        .fetch_optional(db)
        .await?;
    row.map(Row::wire).transpose()
}

/// What is known of a master's logs by the look of them: file name, bytes, day, and the entry.
///
/// # Errors
/// Those of the database.
pub async fn looks(
    db: impl PgExecutor<'_>,
    master: Uuid,
) -> Result<Vec<(String, i64, Option<Date>, Uuid)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT file_name, bytes, modified_on, id FROM imported_log WHERE master_id = $1 ORDER BY imported_at",
    )
    .bind(master)
    .fetch_all(db)
    .await
}

/// Whose logs to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfClient {
    /// The client, by the file's name.
    pub name: String,
    /// Its master; none where the logs of this name come from one master at most.
    pub master: Option<Uuid>,
}

/// The masters that logs of this client name come from.
///
/// # Errors
/// Those of the database.
pub async fn masters_of(db: impl PgExecutor<'_>, client: &str) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT DISTINCT m.id, m.name FROM imported_log l JOIN master m ON m.id = l.master_id WHERE l.client_name = $1 ORDER BY m.name",
    )
    .bind(client)
    .fetch_all(db)
    .await
}

/// Imported logs, newest import first. `client` is whom the filter's text means; the text itself is not read here.
///
/// # Errors
/// A cursor that is no imported log; or those of the database.
pub async fn list(
    pool: &PgPool,
    filter: &ImportFilter,
    client: Option<&OfClient>,
) -> Result<Page<ImportedSummary>, ListError> {
    let limit = super::limit(filter.limit);
    let after = match super::cursor(filter.cursor.as_deref(), |text| text.parse::<Uuid>().ok())? {
        Some(id) => Some(imported(pool, id).await?.ok_or(ListError::Cursor)?),
        None => None,
    };
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE ($1::text IS NULL OR m.name = $1 OR m.id::text = $1)
           AND ($2::text IS NULL OR l.client_name = $2)
           AND ($7::uuid IS NULL OR l.master_id = $7)
           AND ($3::text IS NULL OR l.client_name ILIKE '%' || $3 || '%' OR l.cause ILIKE '%' || $3 || '%'
                OR l.imported_by ILIKE '%' || $3 || '%' OR array_to_string(l.codes, ' ') ILIKE '%' || $3 || '%')
           AND ($4::timestamptz IS NULL OR (l.imported_at, l.id) < ($4, $5::uuid))
         ORDER BY l.imported_at DESC, l.id DESC LIMIT $6"
    ))
    .bind(super::blank(filter.master.as_deref()))
    .bind(client.map(|client| &client.name))
    .bind(super::blank(filter.q.as_deref()).map(super::like))
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit + 1)
    .bind(client.and_then(|client| client.master))
    .fetch_all(pool)
    .await?;
    let items = rows.into_iter().map(Row::wire).collect::<Result<Vec<_>, _>>()?;
    Ok(super::page(items, limit, |item| item.id.to_string()))
}

/// The place of an imported log in the list.
async fn imported(pool: &PgPool, id: Uuid) -> Result<Option<(OffsetDateTime, Uuid)>, sqlx::Error> {
    sqlx::query_as("SELECT imported_at, id FROM imported_log WHERE id = $1").bind(id).fetch_optional(pool).await
}

/// One imported log with its report.
///
/// # Errors
/// Those of the database.
pub async fn find(pool: &PgPool, id: Uuid) -> Result<Option<Imported>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(select!("WHERE l.id = $1")).bind(id).fetch_optional(pool).await?;
    let Some(row) = row else { return Ok(None) };
    let Json(report): Json<Report> =
        sqlx::query_scalar("SELECT report FROM imported_log WHERE id = $1").bind(id).fetch_one(pool).await?;
    Ok(Some(Imported { summary: row.wire()?, report }))
}

/// The chunk that begins at a byte; none where the log ends there.
///
/// # Errors
/// Those of the database.
pub async fn chunk(db: impl PgExecutor<'_>, id: Uuid, first_byte: u64) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT body FROM imported_log_chunk WHERE log_id = $1 AND first_byte = $2")
        .bind(id)
        .bind(first_byte.cast_signed())
        .fetch_optional(db)
        .await
}
