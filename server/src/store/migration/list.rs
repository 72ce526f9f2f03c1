//! Many migrations: the history, and what changed lately.

use super::Row;
use crate::store::{ListError, blank, cursor, each, like, limit, page};
use app::model::{MigrationFilter, MigrationSummary, Page, State};
use sqlx::{FromRow as _, PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// Migrations, newest first. `client` is the client that the filter's text means; the text itself is not read here.
///
/// # Errors
/// A cursor that is no migration; or those of the database.
pub async fn list(
    pool: &PgPool,
    filter: &MigrationFilter,
    client: Option<Uuid>,
) -> Result<Page<MigrationSummary>, ListError> {
    let limit = limit(filter.limit);
    let states: Option<Vec<&str>> =
        blank(filter.state.as_deref()).map(|states| states.split(',').map(str::trim).collect());
    let after = match cursor(filter.cursor.as_deref(), |text| text.parse::<Uuid>().ok())? {
        Some(id) => Some(requested(pool, id).await?.ok_or(ListError::Cursor)?),
        None => None,
    };
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE ($1::text[] IS NULL OR g.state = ANY($1))
           AND ($2::uuid IS NULL OR g.client_id = $2)
           AND ($3::text IS NULL OR m.name = $3 OR m.id::text = $3)
           AND ($4::text IS NULL OR COALESCE(c.name, g.request->>'mksysb', g.request->>'spot') ILIKE '%' || $4 || '%' OR g.requested_by ILIKE '%' || $4 || '%'
                OR g.request->>'change_ref' ILIKE '%' || $4 || '%' OR g.request->>'note' ILIKE '%' || $4 || '%')
           AND ($5::timestamptz IS NULL OR g.requested_at >= $5)
           AND ($6::timestamptz IS NULL OR g.requested_at < $6)
           AND ($7::timestamptz IS NULL OR (g.requested_at, g.id) < ($7, $8::uuid))
         ORDER BY g.requested_at DESC, g.id DESC LIMIT $9"
    ))
    .bind(states)
    .bind(client)
    .bind(blank(filter.master.as_deref()))
    .bind(blank(filter.q.as_deref()).map(like))
    .bind(filter.since.map(OffsetDateTime::from))
    .bind(filter.until.map(OffsetDateTime::from))
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit + 1)
    .fetch_all(pool)
    .await?;
    let items = rows.iter().map(Row::summary).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, limit, |item| item.id.to_string()))
}

/// The place of a migration in the list.
async fn requested(pool: &PgPool, id: Uuid) -> Result<Option<(OffsetDateTime, Uuid)>, sqlx::Error> {
    sqlx::query_as("SELECT requested_at, id FROM migration WHERE id = $1").bind(id).fetch_optional(pool).await
}

/// Migrations in these states: how many, and the newest. With a moment, those that got there since then, the latest first: what was
/// asked for a month ago and failed last night is news.
///
/// # Errors
/// Those of the database.
pub async fn recent(
    pool: &PgPool,
    states: &[&str],
    since: Option<OffsetDateTime>,
) -> Result<(u32, Vec<MigrationSummary>), sqlx::Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM migration WHERE state = ANY($1) AND ($2::timestamptz IS NULL OR state_at >= $2)",
    )
    .bind(states)
    .bind(since)
    .fetch_one(pool)
    .await?;
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE g.state = ANY($1) AND ($2::timestamptz IS NULL OR g.state_at >= $2)
         ORDER BY CASE WHEN $2 IS NULL THEN g.requested_at ELSE g.state_at END DESC, g.id DESC LIMIT $3"
    ))
    .bind(states)
    .bind(since)
    .bind(limit(None))
    .fetch_all(pool)
    .await?;
    let newest = rows.iter().map(Row::summary).collect::<Result<_, _>>()?;
    Ok((u32::try_from(count).unwrap_or(u32::MAX), newest))
}

/// The summaries of these migrations.
///
/// # Errors
/// Those of the database.
pub async fn summaries(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<MigrationSummary>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(select!("WHERE g.id = ANY($1)")).bind(ids).fetch_all(pool).await?;
    rows.iter().map(Row::summary).collect()
}

/// The summaries of these migrations; one that cannot be read is logged and left out.
///
/// # Errors
/// Those of the database.
pub async fn readable_summaries(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<MigrationSummary>, sqlx::Error> {
    let rows = sqlx::query(select!("WHERE g.id = ANY($1)")).bind(ids).fetch_all(pool).await?;
    Ok(each::readable("a migration", &rows, |row| Row::from_row(row)?.summary()))
}

/// A place among all changes: every change before it is visible to a reader that starts after it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(i64);

/// A change of one migration, by the transaction it was made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Change {
    /// The migration.
    pub id: Uuid,
    changed_in: i64,
}

impl Change {
    /// Whether a reader that goes on from `place` does not find it any more.
    #[must_use]
    pub fn is_before(&self, place: Place) -> bool {
        self.changed_in < place.0
    }
}

/// What changed since a place.
#[derive(Debug)]
pub struct Changes {
    /// Where to go on next time.
    pub next: Place,
    /// The latest change of each migration, oldest first.
    pub found: Vec<Change>,
}

/// Migrations whose state, reason or findings changed since a place; without one, only the place to begin at.
///
/// Nothing is missed: the next place is the oldest transaction that still ran, taken before the changes are read. So a change that is
/// committed late is found, however late, and changes of the transactions that ran beside it are found more than once.
///
/// # Errors
/// Those of the database.
pub async fn changed_since(pool: &PgPool, since: Option<Place>) -> Result<Changes, sqlx::Error> {
    let next: i64 =
        sqlx::query_scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetch_one(pool).await?;
    let next = Place(next);
    let Some(since) = since else {
        return Ok(Changes { next, found: Vec::new() });
    };
    // The upper bound leaves out what was restored from another cluster, whose transactions had higher numbers.
    let found = sqlx::query_as(
        "SELECT id, changed_in FROM migration
         WHERE changed_in >= $1 AND changed_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
         ORDER BY changed_in, id",
    )
    // A replica that was promoted may be behind the primary it replaces.
    .bind(since.min(next).0)
    .fetch_all(pool)
    .await?;
    Ok(Changes { next, found })
}

/// What tells cheaply whether there is something new.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Glance {
    state: String,
    /// When its state or reason last changed.
    pub state_at: OffsetDateTime,
    /// 1 for the first.
    pub attempt: i32,
    /// Lines stored over all attempts.
    pub log_lines: i64,
}

impl Glance {
    /// Where it stands.
    ///
    /// # Errors
    /// Where the column holds an unknown word.
    pub fn state(&self) -> Result<State, sqlx::Error> {
        crate::store::state(&self.state)
    }
}

/// Whether there is something new.
///
/// # Errors
/// Those of the database.
pub async fn glance(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Glance>, sqlx::Error> {
    sqlx::query_as("SELECT state, state_at, attempt, log_lines FROM migration WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}
