//! What waits for its turn or its time, as people see it. What decides about it is read by `schedule`.

use super::decode;
use aix::ObjectName;
use app::model::{PlannedCutover, Waiting};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// More are not read: nobody looks through them, and the list of migrations has them all.
const MOST: i64 = 500;

#[derive(sqlx::FromRow)]
struct WaitingRow {
    id: Uuid,
    subject: String,
    master: String,
    group_name: Option<String>,
    reason: Option<String>,
    request: sqlx::types::Json<app::model::LaunchRequest>,
    requested_by: String,
    requested_at: OffsetDateTime,
}

#[derive(sqlx::FromRow)]
struct PlannedRow {
    id: Uuid,
    client: String,
    client_id: Uuid,
    master: String,
    reason: Option<String>,
    cutover_not_before: Option<OffsetDateTime>,
    cutover_window: Option<String>,
    cutover_by: Option<String>,
    cutover_at: OffsetDateTime,
}

fn name(text: &str) -> Result<ObjectName, sqlx::Error> {
    text.parse().map_err(decode)
}

/// Migrations that wait for their turn, in the order of asking.
///
/// # Errors
/// Those of the database.
pub async fn for_a_turn(db: impl PgExecutor<'_>) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows: Vec<WaitingRow> = sqlx::query_as(
        "SELECT g.id, COALESCE(c.name, g.request->>'mksysb', g.request->>'spot') AS subject, m.name AS master, c.group_name, g.reason,
                g.request, g.requested_by, g.requested_at
         FROM migration g LEFT JOIN client c ON c.id = g.client_id JOIN master m ON m.id = g.master_id
         WHERE g.state = 'queued' ORDER BY g.requested_at, g.id LIMIT $1",
    )
    .bind(MOST)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Waiting {
                id: row.id,
                subject: name(&row.subject)?,
                master: name(&row.master)?,
                group: row.group_name.as_deref().map(name).transpose()?,
                reason: row.reason,
                not_before: row.request.0.not_before,
                window: row.request.0.window,
                requested_by: row.requested_by,
                requested_at: row.requested_at.into(),
            })
        })
        .collect()
}

/// Approved cutovers that wait for their time, in the order of approval.
///
/// # Errors
/// Those of the database.
pub async fn for_a_cutover(db: impl PgExecutor<'_>) -> Result<Vec<PlannedCutover>, sqlx::Error> {
    let rows: Vec<PlannedRow> = sqlx::query_as(
        "SELECT g.id, c.name AS client, c.id AS client_id, m.name AS master, g.reason, g.cutover_not_before, g.cutover_window, g.cutover_by, g.cutover_at
         FROM migration g JOIN client c ON c.id = g.client_id JOIN master m ON m.id = g.master_id
         WHERE g.state = 'clone_ready' AND g.cutover_at IS NOT NULL ORDER BY g.cutover_at, g.id LIMIT $1",
    )
    .bind(MOST)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PlannedCutover {
                id: row.id,
                client: name(&row.client)?,
                client_id: row.client_id,
                master: name(&row.master)?,
                reason: row.reason,
                not_before: row.cutover_not_before.map(Into::into),
                window: row.cutover_window,
                approved_by: row.cutover_by.unwrap_or_default(),
                approved_at: row.cutover_at.into(),
            })
        })
        .collect()
}
