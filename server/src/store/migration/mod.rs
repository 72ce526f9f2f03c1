//! Migrations: what was asked for, where it stands, and what its hosts said.
//!
//! [`list`] reads many, [`moves`] changes one: a worker's writes carry its fence, a person's the state they saw.

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT g.*, c.name AS client, COALESCE(c.name, g.request->>'mksysb', g.request->>'spot') AS subject, m.name AS master, EXISTS (SELECT FROM client o WHERE o.name = c.name AND o.id <> c.id) AS ambiguous, m.simulated, m.approve_starts, m.second_person, a.started_at, a.ended_at, a.outcome, a.failed_phase,
                    a.cause, a.advice, a.codes, a.log_bytes AS attempt_bytes, a.log_lines AS attempt_lines,
                    (SELECT max(number) FROM phase p WHERE p.migration_id = g.id AND p.attempt = g.attempt) AS current_phase
             FROM migration g LEFT JOIN client c ON c.id = g.client_id JOIN master m ON m.id = g.master_id
             LEFT JOIN attempt a ON a.migration_id = g.id AND a.number = g.attempt ",
            $rest
        )
    };
}

mod list;
mod moves;

pub use list::{Change, Changes, Glance, Place, changed_since, glance, list, readable_summaries, recent, summaries};
pub use moves::*;

use crate::engine::{
    eta::Likeness,
    machine::{self, Case},
};
use aix::{Level, Phase, Pvid};
use app::model::{
    Approvals, BootlistPolicy, Interlock, LaunchRequest, Migration, MigrationSummary, Override, RunMode, Signal,
    Snapshot, State, VerificationCheck,
};
use sqlx::{PgConnection, PgExecutor, types::Json};
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
    /// NIM name of the client; none where the operation has none.
    client: Option<String>,
    /// What it is about, and what names the lock and the cache: the client, else the mksysb or the SPOT.
    pub subject: String,
    /// The client.
    pub client_id: Option<Uuid>,
    /// The master's name.
    pub master: String,
    /// The master.
    pub master_id: Uuid,
    ambiguous: bool,
    /// True where the estate is the lab's.
    pub simulated: bool,
    approve_starts: bool,
    second_person: bool,
    /// The command line.
    pub command: String,
    /// What was asked for.
    pub request: Json<LaunchRequest>,
    /// How often a cleaning was asked for.
    pub cleanings: i32,
    /// How often the clone was to be woken or put to sleep.
    pub wakings: i32,
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
    /// When the log last grew.
    pub last_line_at: Option<OffsetDateTime>,
    /// Who asked for it.
    pub requested_by: String,
    requested_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    /// Run in steps: the group of phases that runs or is next, from 1.
    pub step: i16,
    /// Who asked for a hold that was not reached yet.
    pub hold_asked_by: Option<String>,
    approved_by: Option<String>,
    approved_at: Option<OffsetDateTime>,
    cutover_by: Option<String>,
    /// When somebody asked for the cutover.
    pub cutover_at: Option<OffsetDateTime>,
    cutover_not_before: Option<OffsetDateTime>,
    cutover_window: Option<String>,
    rollback_by: Option<String>,
    rollback_at: Option<OffsetDateTime>,
    parked_at: Option<OffsetDateTime>,
    /// How often a person has moved it.
    pub asked: i32,
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
    /// MiB of rootvg in use before the start, where known.
    pub rootvg_used_mb: Option<i64>,
    /// Filesets installed before the start, where known.
    pub filesets: Option<i32>,
    /// Blocking checks that could not be read, and that the launch went on without.
    pub overrides: Json<Vec<Override>>,
    /// What was noticed in the run.
    pub signals: Json<Vec<Signal>>,
    /// What was found to endanger it.
    pub interlocks: Json<Vec<Interlock>>,
    /// When nimadm of the latest attempt was started.
    pub started_at: Option<OffsetDateTime>,
    /// When nimadm of the latest attempt ended.
    pub ended_at: Option<OffsetDateTime>,
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

impl Row {
    /// Where it stands.
    ///
    /// # Errors
    /// Where the column holds an unknown word.
    pub fn state(&self) -> Result<State, sqlx::Error> {
        super::state(&self.state)
    }

    /// Whether it runs in steps (`-P`).
    #[must_use]
    pub fn stepped(&self) -> bool {
        self.request.mode == RunMode::Stepped
    }

    /// Whether nimadm itself sets the bootlist at its end.
    #[must_use]
    pub fn moves_bootlist(&self) -> bool {
        self.request.bootlist == BootlistPolicy::Nimadm
    }

    /// Whether its cutover was approved and waits for its time.
    #[must_use]
    pub fn planned(&self) -> bool {
        self.state == State::CloneReady.as_str() && self.cutover_at.is_some()
    }

    /// Whose word its master asks for.
    #[must_use]
    pub fn approvals(&self) -> Approvals {
        Approvals { starts: self.approve_starts, second_person: self.second_person }
    }

    /// As the machine sees it.
    ///
    /// # Errors
    /// Where the column holds an unknown word.
    pub fn case(&self) -> Result<Case, sqlx::Error> {
        Ok(Case {
            state: self.state()?,
            stepped: self.stepped(),
            parked: self.parked_at.is_some(),
            planned: self.planned(),
            wakeable: self.wakeable(),
        })
    }

    /// Whether the system that runs is of the clone's release, or of a later one.
    fn wakeable(&self) -> bool {
        let release = |level: Level| (level.version, level.release);
        let clone = self.to_level.as_deref().and_then(|level| level.parse().ok()).map(release);
        let runs = self.before.as_ref().and_then(|before| before.level).map(release);
        clone.is_some() && runs >= clone
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

    /// What makes other runs like it.
    #[must_use]
    pub fn likeness(&self) -> Likeness {
        Likeness {
            simulated: self.simulated,
            cache: self.request.cache_vg.is_some(),
            from: Likeness::release(self.from_level.as_deref()),
            to: Likeness::release(self.to_level.as_deref()),
            used_mb: self.rootvg_used_mb.map(i64::unsigned_abs),
            filesets: self.filesets.map(|count| u64::from(count.unsigned_abs())),
        }
    }

    /// PVIDs of the target disks.
    ///
    /// # Errors
    /// Where the column holds something else.
    pub fn pvids(&self) -> Result<Vec<Pvid>, sqlx::Error> {
        self.target_pvids.iter().map(|pvid| pvid.parse().map_err(super::decode)).collect()
    }

    /// The request with its client and master by id. The names in it may fit others by now.
    #[must_use]
    pub fn request_by_id(&self) -> LaunchRequest {
        let client = self.client_id.map(|id| id.to_string());
        LaunchRequest { client, master: Some(self.master_id.to_string()), ..self.request.0.clone() }
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
            operation: self.request.operation,
            client: self.client.as_deref().map(|name| name.parse().map_err(super::decode)).transpose()?,
            client_id: self.client_id,
            subject: self.subject.parse().map_err(super::decode)?,
            master: self.master.parse().map_err(super::decode)?,
            ambiguous: self.ambiguous,
            simulated: self.simulated,
            from_level: self.from_level(),
            to_level: self.to_level.clone(),
            phase: Self::phase(self.failed_phase).or_else(|| Self::phase(self.current_phase)),
            signals: self.signals.0.clone(),
            interlocks: self.interlocks.0.clone(),
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
        let (state, case, approvals) = (self.state()?, self.case()?, self.approvals());
        let outcome = |text: String| serde_json::from_value(text.into()).map_err(super::decode);
        Ok(Migration {
            id: self.id,
            state,
            client: self.client.as_deref().map(|name| name.parse().map_err(super::decode)).transpose()?,
            client_id: self.client_id,
            subject: self.subject.parse().map_err(super::decode)?,
            master: self.master.parse().map_err(super::decode)?,
            master_id: self.master_id,
            ambiguous: self.ambiguous,
            simulated: self.simulated,
            target_pvids: self.pvids()?,
            from_level: self.from_level(),
            to_level: self.to_level,
            phases,
            eta: None,
            signals: self.signals.0,
            interlocks: self.interlocks.0,
            overrides: self.overrides.0,
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
            actions: machine::actions(case),
            hold_asked_by: self.hold_asked_by,
            parked: case.parked,
            approvals,
            approved_by: self.approved_by,
            approved_at: self.approved_at.map(Into::into),
            cutover_by: self.cutover_by,
            cutover_at: self.cutover_at.map(Into::into),
            cutover_not_before: self.cutover_not_before.map(Into::into),
            cutover_window: self.cutover_window,
            rollback_by: self.rollback_by,
            rollback_at: self.rollback_at.map(Into::into),
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
    /// The client, where the operation has one.
    pub client: Option<Uuid>,
    /// The master.
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
    /// MiB its cache file systems will take.
    pub cache_need_mib: Option<u64>,
    /// Where it begins.
    pub start: Start<'a>,
    /// The blocking checks that could not be read and that the requester goes on without.
    pub overrides: &'a [Override],
}

/// Where a migration begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    /// In state `queued`; with who approved it, where somebody was asked.
    Queued(Option<&'a str>),
    /// In state `awaiting_approval`; why, for people.
    AwaitingApproval(&'a str),
}

/// Stores a launch with its first attempt.
///
/// # Errors
/// Those of the database; a unique violation of `one_live_migration_a_client` where the client is busy.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    let (state, approved_by, reason) = match new.start {
        Start::Queued(by) => (State::Queued, by, None),
        Start::AwaitingApproval(why) => (State::AwaitingApproval, None, Some(why)),
    };
    sqlx::query(
        "INSERT INTO migration (id, client_id, master_id, state, request, command, requested_by, idempotency_key, from_level,
             to_level, cache_need_mib, approved_by, approved_at, overrides, reason)
         VALUES ($1, $2, $3, $11, $4, $5, $6, $7, $8, $9, $10, $12, CASE WHEN $12 IS NOT NULL THEN now() END, $13, $14)",
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
    .bind(new.cache_need_mib.map(u64::cast_signed))
    .bind(state.as_str())
    .bind(approved_by)
    .bind(Json(new.overrides))
    .bind(reason)
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
        "WHERE g.client_id = $1 AND g.state NOT IN ('failed_clean', 'cancelled', 'completed', 'verified', 'rolled_back', 'finalised')"
    ))
    .bind(client)
    .fetch_optional(db)
    .await
}

/// The migration of a mksysb, or a SPOT, that is not over and has no client.
///
/// # Errors
/// Those of the database.
pub async fn live_of_resource(db: impl PgExecutor<'_>, master: Uuid, name: &str) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE g.master_id = $1 AND g.client_id IS NULL AND COALESCE(g.request->>'mksysb', g.request->>'spot') = $2
           AND g.state NOT IN ('failed_clean', 'cancelled', 'completed', 'verified', 'rolled_back', 'finalised')"
    ))
    .bind(master)
    .bind(name)
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
