//! Many migrations: the history, and what changed lately.

use super::Row;
use crate::store::{blank, like, limit, page};
use app::model::{MigrationFilter, MigrationSummary, Page};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// Migrations, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(pool: &PgPool, filter: &MigrationFilter) -> Result<Page<MigrationSummary>, sqlx::Error> {
    let limit = limit(filter.limit);
    let states: Option<Vec<&str>> =
        blank(filter.state.as_deref()).map(|states| states.split(',').map(str::trim).collect());
    let cursor = filter.cursor.as_deref().and_then(|cursor| cursor.parse::<Uuid>().ok());
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE ($1::text[] IS NULL OR g.state = ANY($1))
           AND ($2::text IS NULL OR c.name = $2 OR c.id::text = $2)
           AND ($3::text IS NULL OR m.name = $3 OR m.id::text = $3)
           AND ($4::text IS NULL OR c.name ILIKE '%' || $4 || '%' OR g.requested_by ILIKE '%' || $4 || '%'
                OR g.request->>'change_ref' ILIKE '%' || $4 || '%' OR g.request->>'note' ILIKE '%' || $4 || '%')
           AND ($5::timestamptz IS NULL OR g.requested_at >= $5)
           AND ($6::timestamptz IS NULL OR g.requested_at < $6)
           AND ($7::uuid IS NULL OR (g.requested_at, g.id) < (SELECT requested_at, id FROM migration WHERE id = $7))
         ORDER BY g.requested_at DESC, g.id DESC LIMIT $8"
    ))
    .bind(states)
    .bind(blank(filter.client.as_deref()))
    .bind(blank(filter.master.as_deref()))
    .bind(blank(filter.q.as_deref()).map(like))
    .bind(filter.since.map(OffsetDateTime::from))
    .bind(filter.until.map(OffsetDateTime::from))
    .bind(cursor)
    .bind(limit + 1)
    .fetch_all(pool)
    .await?;
    let items = rows.iter().map(Row::summary).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, limit, |item| item.id.to_string()))
}

/// Migrations whose state or reason changed after a moment, and the newest such moment. Changes that were committed late are
/// found by looking a little further back; who gets one twice shows it once more.
///
/// # Errors
/// Those of the database.
pub async fn changed_since(
    pool: &PgPool,
    since: Option<OffsetDateTime>,
) -> Result<(Option<OffsetDateTime>, Vec<MigrationSummary>), sqlx::Error> {
    let newest: Option<OffsetDateTime> =
        sqlx::query_scalar("SELECT max(state_at) FROM migration").fetch_one(pool).await?;
    if since.is_none() || newest == since {
        return Ok((newest, Vec::new()));
    }
    let rows: Vec<Row> =
        sqlx::query_as(select!("WHERE g.state_at > $1 - interval '1 second' ORDER BY g.state_at LIMIT 500"))
            .bind(since)
            .fetch_all(pool)
            .await?;
    Ok((newest, rows.iter().map(Row::summary).collect::<Result<_, _>>()?))
}
