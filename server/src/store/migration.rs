//! Migrations: what was asked for, where it stands, and what its hosts said.

use super::fence::{Fence, WriteError, fenced};
use aix::{Level, Phase, Pvid};
use app::model::{
    LaunchRequest, Migration, MigrationFilter, MigrationSummary, Page, Snapshot, State, VerificationCheck,
};
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

/// A migration as stored, with the names and the latest attempt a reader needs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Identifier.
    pub id: Uuid,
    state: String,
    /// Why it stands where it stands.
    pub reason: Option<String>,
    /// NIM name of the client.
    pub client: String,
    /// The client.
    pub client_id: Uuid,
    /// The master's name.
    pub master: String,
    /// The master.
    pub master_id: Uuid,
    simulated: bool,
    /// The command line.
    pub command: String,
    /// What was asked for.
    pub request: Json<LaunchRequest>,
    /// How often a cleaning was asked for.
    pub cleanings: i32,
    /// PVIDs of the target disks, once they are known.
    pub target_pvids: Vec<String>,
    from_level: Option<String>,
    to_level: Option<String>,
    /// 1 for the first.
    pub attempt: i32,
    /// Lines stored over all attempts.
    pub log_lines: i64,
    /// Bytes stored over all attempts.
    pub log_bytes: i64,
    log_sha256: Option<String>,
    last_line_at: Option<OffsetDateTime>,
    requested_by: String,
    requested_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    /// When its state or reason last changed.
    pub state_at: OffsetDateTime,
    /// When shutdown was about to be sent.
    pub reboot_sent_at: Option<OffsetDateTime>,
    /// When the client was first seen away after that.
    pub reboot_down_at: Option<OffsetDateTime>,
    /// The client before.
    pub before: Option<Json<Snapshot>>,
    /// The client after.
    pub after: Option<Json<Snapshot>>,
    /// The checks of after against before.
    pub verification: Option<Json<Vec<VerificationCheck>>>,
    started_at: Option<OffsetDateTime>,
    ended_at: Option<OffsetDateTime>,
    outcome: Option<String>,
    failed_phase: Option<i16>,
    cause: Option<String>,
    advice: Option<String>,
    codes: Option<Vec<String>>,
    current_phase: Option<i16>,
    /// Bytes of the latest attempt's spool that are stored.
    pub attempt_bytes: Option<i64>,
    /// Lines of the latest attempt that are stored.
    pub attempt_lines: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT g.*, c.name AS client, m.name AS master, m.simulated, a.started_at, a.ended_at, a.outcome, a.failed_phase,
                    a.cause, a.advice, a.codes, a.log_bytes AS attempt_bytes, a.log_lines AS attempt_lines,
                    (SELECT max(number) FROM phase p WHERE p.migration_id = g.id AND p.attempt = g.attempt) AS current_phase
             FROM migration g JOIN client c ON c.id = g.client_id JOIN master m ON m.id = g.master_id
             LEFT JOIN attempt a ON a.migration_id = g.id AND a.number = g.attempt ",
            $rest
        )
    };
}

impl Row {
    /// Where it stands.
    ///
    /// # Errors
    /// Where the column holds an unknown word.
    pub fn state(&self) -> Result<State, sqlx::Error> {
        super::state(&self.state)
    }

    /// The level before, as stored at the launch.
    #[must_use]
    pub fn from_level(&self) -> Option<Level> {
        self.from_level.as_deref().and_then(|level| level.parse().ok())
    }

    /// The level it leads to, as far as the SPOT says.
    #[must_use]
    pub fn to_level(&self) -> Option<&str> {
        self.to_level.as_deref()
    }

    /// PVIDs of the target disks.
    ///
    /// # Errors
    /// Where the column holds something else.
    pub fn pvids(&self) -> Result<Vec<Pvid>, sqlx::Error> {
        self.target_pvids.iter().map(|pvid| pvid.parse().map_err(super::decode)).collect()
    }

    fn phase(number: Option<i16>) -> Option<Phase> {
        number.and_then(|number| u8::try_from(number).ok()).and_then(|number| Phase::try_from(number).ok())
    }

    /// As it travels in lists.
    ///
    /// # Errors
    /// Where a column holds what its type does not allow.
    pub fn summary(&self) -> Result<MigrationSummary, sqlx::Error> {
        Ok(MigrationSummary {
            id: self.id,
            state: self.state()?,
            reason: self.reason.clone(),
            client: self.client.parse().map_err(super::decode)?,
            master: self.master.parse().map_err(super::decode)?,
            simulated: self.simulated,
            from_level: self.from_level(),
            to_level: self.to_level.clone(),
            phase: Self::phase(self.failed_phase).or_else(|| Self::phase(self.current_phase)),
            attempt: self.attempt.unsigned_abs(),
            requested_by: self.requested_by.clone(),
            requested_at: self.requested_at.into(),
            started_at: self.started_at.map(Into::into),
            ended_at: self.ended_at.map(Into::into),
            updated_at: self.updated_at.into(),
        })
    }

    /// As it travels in full; `phases` are those of its latest attempt.
    ///
    /// # Errors
    /// Where a column holds what its type does not allow.
    pub fn wire(self, phases: Vec<app::model::PhaseRecord>) -> Result<Migration, sqlx::Error> {
        let state = self.state()?;
        let outcome = |text: String| serde_json::from_value(text.into()).map_err(super::decode);
        Ok(Migration {
            id: self.id,
            state,
            client: self.client.parse().map_err(super::decode)?,
            client_id: self.client_id,
            master: self.master.parse().map_err(super::decode)?,
            master_id: self.master_id,
            simulated: self.simulated,
            target_pvids: self.pvids()?,
            from_level: self.from_level(),
            to_level: self.to_level,
            phases,
            outcome: self.outcome.map(outcome).transpose()?,
            failed_phase: Self::phase(self.failed_phase),
            cause: self.cause,
            advice: self.advice,
            codes: self.codes.unwrap_or_default(),
            reason: self.reason,
            command: self.command,
            request: self.request.0,
            attempt: self.attempt.unsigned_abs(),
            log_lines: self.log_lines.unsigned_abs(),
            log_bytes: self.log_bytes.unsigned_abs(),
            log_sha256: self.log_sha256,
            last_line_at: self.last_line_at.map(Into::into),
            actions: crate::engine::machine::actions(state),
            requested_by: self.requested_by,
            requested_at: self.requested_at.into(),
            started_at: self.started_at.map(Into::into),
            ended_at: self.ended_at.map(Into::into),
            updated_at: self.updated_at.into(),
        })
    }
}

/// What a launch stores.
#[derive(Debug)]
pub struct New<'a> {
    /// The client.
    pub client: Uuid,
    /// Its master.
    pub master: Uuid,
    /// What was asked for.
    pub request: &'a LaunchRequest,
    /// The command line.
    pub command: &'a str,
    /// Sign-in name of the requester.
    pub requested_by: &'a str,
    /// The requester's Idempotency-Key.
    pub key: Option<&'a str>,
    /// The level that runs.
    pub from_level: Option<Level>,
    /// The level of the SPOT.
    pub to_level: Option<&'a str>,
}

/// Stores a launch in state `queued`, with its first attempt.
///
/// # Errors
/// Those of the database; a unique violation of `one_live_migration_a_client` where the client is busy.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO migration (id, client_id, master_id, state, request, command, requested_by, idempotency_key, from_level,
             to_level)
         VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(new.client)
    .bind(new.master)
    .bind(Json(new.request))
    .bind(new.command)
    .bind(new.requested_by)
    .bind(new.key)
    .bind(new.from_level.map(|level| level.to_string()))
    .bind(new.to_level)
    .execute(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO attempt (migration_id, number) VALUES ($1, 1)").bind(id).execute(conn).await?;
    Ok(id)
}

/// One migration.
///
/// # Errors
/// Those of the database.
pub async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as(select!("WHERE g.id = $1")).bind(id).fetch_optional(db).await
}

/// The migration an Idempotency-Key of this requester led to.
///
/// # Errors
/// Those of the database.
pub async fn find_by_key(db: impl PgExecutor<'_>, requester: &str, key: &str) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as(select!("WHERE g.requested_by = $1 AND g.idempotency_key = $2"))
        .bind(requester)
        .bind(key)
        .fetch_optional(db)
        .await
}

/// The migration of a client that is not over.
///
/// # Errors
/// Those of the database.
pub async fn live_of_client(db: impl PgExecutor<'_>, client: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE g.client_id = $1 AND g.state NOT IN ('failed_clean', 'cancelled', 'verified', 'rolled_back', 'finalised')"
    ))
    .bind(client)
    .fetch_optional(db)
    .await
}

/// The migration of a master whose whole log has this hash.
///
/// # Errors
/// Those of the database.
pub async fn with_log(db: impl PgExecutor<'_>, master: Uuid, sha256: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM migration WHERE master_id = $1 AND log_sha256 = $2 LIMIT 1")
        .bind(master)
        .bind(sha256)
        .fetch_optional(db)
        .await
}

/// Migrations, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(pool: &PgPool, filter: &MigrationFilter) -> Result<Page<MigrationSummary>, sqlx::Error> {
    let limit = super::limit(filter.limit);
    let states: Option<Vec<&str>> =
        super::blank(filter.state.as_deref()).map(|states| states.split(',').map(str::trim).collect());
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
    .bind(super::blank(filter.client.as_deref()))
    .bind(super::blank(filter.master.as_deref()))
    .bind(super::blank(filter.q.as_deref()).map(super::like))
    .bind(filter.since.map(OffsetDateTime::from))
    .bind(filter.until.map(OffsetDateTime::from))
    .bind(cursor)
    .bind(limit + 1)
    .fetch_all(pool)
    .await?;
    let items = rows.iter().map(Row::summary).collect::<Result<Vec<_>, _>>()?;
    Ok(super::page(items, limit, |item| item.id.to_string()))
}

/// How much later than its moment a change may be seen: its transaction was still open.
pub const LATE: time::Duration = time::Duration::seconds(1);

/// Changes read at once.
const CHANGES: usize = 500;

/// What changed since a moment.
#[derive(Debug)]
pub struct Changes {
    /// Where to go on next time.
    pub newest: Option<OffsetDateTime>,
    /// The migrations as they are now, with the moment of the change.
    pub found: Vec<(OffsetDateTime, MigrationSummary)>,
    /// There is more.
    pub more: bool,
}

/// Migrations whose state or reason changed after a moment; without one, only the newest such moment. Changes that were committed
/// late are found by looking a little further back: most are given out more than once.
///
/// # Errors
/// Those of the database.
pub async fn changed_since(pool: &PgPool, since: Option<OffsetDateTime>) -> Result<Changes, sqlx::Error> {
    let newest: Option<OffsetDateTime> =
        sqlx::query_scalar("SELECT max(state_at) FROM migration").fetch_one(pool).await?;
    let Some(since) = since.filter(|_| newest != since) else {
        return Ok(Changes { newest: newest.or(since), found: Vec::new(), more: false });
    };
    let rows: Vec<Row> = sqlx::query_as(select!("WHERE g.state_at > $1 ORDER BY g.state_at LIMIT $2"))
        .bind(since - LATE)
        .bind(CHANGES as i64)
        .fetch_all(pool)
        .await?;
    let last = rows.last().map(|row| row.state_at);
    let found = rows.iter().map(|row| Ok((row.state_at, row.summary()?))).collect::<Result<_, sqlx::Error>>()?;
    let more = rows.len() == CHANGES;
    Ok(Changes { newest: if more { last.map(|last| last + LATE) } else { newest }, found, more })
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
        super::state(&self.state)
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

/// Moves a migration on by a worker.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease or the state is not what the worker thinks.
pub async fn advance(
    conn: &mut PgConnection,
    fence: &Fence,
    from: State,
    to: State,
    reason: Option<&str>,
) -> Result<(), WriteError> {
    let done = sqlx::query(
        "UPDATE migration SET state = $4, reason = $5, updated_at = now() WHERE id = $1 AND epoch = $2 AND state = $3",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(reason)
    .execute(conn)
    .await?;
    fenced(done.rows_affected())
}

/// Moves a migration on by a person. False where its state is not `from` any more.
///
/// # Errors
/// Those of the database.
pub async fn move_by_hand(
    conn: &mut PgConnection,
    id: Uuid,
    from: State,
    to: State,
    reason: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("UPDATE migration SET state = $3, reason = $4, updated_at = now() WHERE id = $1 AND state = $2")
            .bind(id)
            .bind(from.as_str())
            .bind(to.as_str())
            .bind(reason)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Says why it does not move on, without moving it.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn explain(db: impl PgExecutor<'_>, fence: &Fence, reason: Option<&str>) -> Result<(), WriteError> {
    let done = sqlx::query("UPDATE migration SET reason = $3, updated_at = now() WHERE id = $1 AND epoch = $2")
        .bind(fence.migration)
        .bind(fence.epoch)
        .bind(reason)
        .execute(db)
        .await?;
    fenced(done.rows_affected())
}

/// Remembers the client as it was found just before the start.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn set_before(
    db: impl PgExecutor<'_>,
    fence: &Fence,
    before: &Snapshot,
    pvids: &[Pvid],
) -> Result<(), WriteError> {
    let pvids: Vec<&str> = pvids.iter().map(Pvid::as_str).collect();
    let done = sqlx::query(
        "UPDATE migration SET before = $3, target_pvids = $4, updated_at = now() WHERE id = $1 AND epoch = $2",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(Json(before))
    .bind(pvids)
    .execute(db)
    .await?;
    fenced(done.rows_affected())
}

/// Remembers the PVIDs of the target disks, where alt_disk_copy gave them theirs.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn set_pvids(db: impl PgExecutor<'_>, fence: &Fence, pvids: &[Pvid]) -> Result<(), WriteError> {
    let pvids: Vec<&str> = pvids.iter().map(Pvid::as_str).collect();
    let done = sqlx::query("UPDATE migration SET target_pvids = $3 WHERE id = $1 AND epoch = $2")
        .bind(fence.migration)
        .bind(fence.epoch)
        .bind(pvids)
        .execute(db)
        .await?;
    fenced(done.rows_affected())
}

/// Counts a cleaning that somebody asked for.
///
/// # Errors
/// Those of the database.
pub async fn ask_cleaning(conn: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE migration SET cleanings = cleanings + 1 WHERE id = $1").bind(id).execute(conn).await.map(|_| ())
}

/// Remembers the client after the reboot, and what the comparison came to.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn set_after(
    db: impl PgExecutor<'_>,
    fence: &Fence,
    after: &Snapshot,
    checks: &[VerificationCheck],
) -> Result<(), WriteError> {
    let done = sqlx::query(
        "UPDATE migration SET after = $3, verification = $4, updated_at = now() WHERE id = $1 AND epoch = $2",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .bind(Json(after))
    .bind(Json(checks))
    .execute(db)
    .await?;
    fenced(done.rows_affected())
}

/// Remembers who asked for the cutover; a reboot of an earlier one is forgotten.
///
/// # Errors
/// Those of the database.
pub async fn approve_cutover(conn: &mut PgConnection, id: Uuid, by: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE migration SET cutover_by = $2, cutover_at = now(), reboot_sent_at = NULL, reboot_down_at = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(by)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Remembers that shutdown is about to be sent.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn reboot_sent(db: impl PgExecutor<'_>, fence: &Fence) -> Result<(), WriteError> {
    let done =
        sqlx::query("UPDATE migration SET reboot_sent_at = now(), updated_at = now() WHERE id = $1 AND epoch = $2")
            .bind(fence.migration)
            .bind(fence.epoch)
            .execute(db)
            .await?;
    fenced(done.rows_affected())
}

/// Remembers that the client was seen away after the reboot was sent.
///
/// # Errors
/// [`WriteError::Fenced`] where the lease is lost.
pub async fn reboot_down(db: impl PgExecutor<'_>, fence: &Fence) -> Result<(), WriteError> {
    let done = sqlx::query(
        "UPDATE migration SET reboot_down_at = COALESCE(reboot_down_at, now()), updated_at = now()
         WHERE id = $1 AND epoch = $2",
    )
    .bind(fence.migration)
    .bind(fence.epoch)
    .execute(db)
    .await?;
    fenced(done.rows_affected())
}
