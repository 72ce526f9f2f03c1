//! Launching: what is checked, and what is stored.
//!
//! People launch one client, campaigns launch many; both come through here, so a campaign can do nothing that a person could not.

use super::{masters::Masters, preflight, run::subject};
use crate::{
    error::{BAD_INPUT, CLIENT_BUSY, PREFLIGHT_BLOCKED, WARNINGS_NOT_ACKNOWLEDGED, database as db},
    store::{audit, client, migration, resource, schedule},
};
use aix::Phase;
use app::model::{Client, LaunchRequest, Preflight, Problem, RunMode, Verdict};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Longest free text that is kept.
const TEXT: usize = 2000;

/// Checks launches against the hosts.
pub struct Launcher {
    /// The database.
    pub pool: PgPool,
    /// Connections to masters.
    pub masters: Masters,
}

/// A launch that was looked at.
pub struct Checked {
    client: Client,
    to_level: Option<String>,
    cache_need_mib: Option<u64>,
    /// What was found.
    pub preflight: Preflight,
}

/// What came of storing a launch.
pub enum Stored {
    /// A new migration; its transaction is still to be committed.
    New(Uuid),
    /// The client has one already, or the Idempotency-Key was used: the transaction is of no use any more.
    Taken,
}

impl Launcher {
    /// Runs the pre-flight. Nothing is written on any host.
    ///
    /// # Errors
    /// Bad input, a client nobody knows, hosts that cannot be asked.
    pub async fn check(&self, request: &LaunchRequest) -> Result<Checked, Problem> {
        possible(request)?;
        self.window_exists(request.window.as_deref()).await?;
        let client = client::find(&self.pool, &request.client).await.map_err(|e| db(&e))?.ok_or_else(|| {
            let shown: String = request.client.chars().take(60).collect();
            BAD_INPUT.field("client", format!("no NIM master has a client {shown:?}; choose one from the clients page"))
        })?;
        let command = request.command(client.name.clone());
        let resources = resource::list(&self.pool, client.master_id, None).await.map_err(|e| db(&e))?;
        let hostname = client::hostname(&self.pool, client.id).await.map_err(|e| db(&e))?;
        let connection = self.masters.connect(client.master_id).await.map_err(|error| error.problem())?;
        let asked_at = schedule::clock(&self.pool).await.map_err(|e| db(&e))?;
        let facts = preflight::gather(&connection, &client.name, &hostname, &resources, request)
            .await
            .map_err(|error| error.problem())?;
        let mut checks = preflight::checks(&facts, request);
        if let Some(live) = migration::live_of_client(&self.pool, client.id).await.map_err(|e| db(&e))? {
            let state = live.state().map_err(|e| db(&e))?.title();
            let found = format!("migration {} by {} is in state {state}", live.id, live.requested_by);
            checks.insert(
                0,
                preflight::block("ND-1", "No other migration of the client", &found, "Wait for its end, or end it."),
            );
        }
        if let (Some(vg), Some(free)) = (&request.cache_vg, facts.cache_free()) {
            schedule::saw(&self.pool, client.master_id, vg.as_str(), free, asked_at).await.map_err(|e| db(&e))?;
        }
        let cache_need_mib = request.cache_vg.as_ref().and_then(|_| facts.cache_need());
        let verdict = checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Skipped);
        let warnings_need_ack = checks.iter().any(|check| check.verdict == Verdict::Warn);
        let to_level = facts.spot.and_then(|spot| spot.level);
        let preflight = Preflight { command: command.to_string(), checks, verdict, warnings_need_ack };
        Ok(Checked { client, to_level, cache_need_mib, preflight })
    }

    /// A window that nobody has made would be waited for in vain.
    ///
    /// # Errors
    /// There is no such window.
    pub async fn window_exists(&self, name: Option<&str>) -> Result<(), Problem> {
        let Some(name) = name else { return Ok(()) };
        let known = schedule::windows(&self.pool).await.map_err(|e| db(&e))?;
        if known.iter().any(|window| window.name.as_str() == name) {
            return Ok(());
        }
        let names: Vec<_> = known.iter().map(|window| window.name.as_str()).collect();
        let listed = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
        Err(BAD_INPUT.field("window", format!("there is no maintenance window {name:?}; there are: {listed}")))
    }
}

impl Checked {
    /// Whether the findings allow the launch.
    ///
    /// # Errors
    /// What blocks it, or what was not acknowledged.
    pub fn accept(&self, request: &LaunchRequest) -> Result<(), Problem> {
        let Self { preflight, client, .. } = self;
        let with = |problem: Problem| Problem { preflight: Some(Box::new(preflight.clone())), ..problem };
        let named = |verdict| {
            let found = preflight.checks.iter().filter(|check| check.verdict == verdict);
            found.map(|c| format!("{}: {} ({})", c.id, c.title, c.found)).collect::<Vec<_>>().join("; ")
        };
        if preflight.checks.iter().any(|check| check.id == "ND-1") {
            return Err(with(self.busy()));
        }
        if preflight.verdict == Verdict::Block {
            return Err(with(PREFLIGHT_BLOCKED.problem(format!(
                "{} cannot be migrated like this. {}. Each finding says what to do; nothing was started.",
                client.name,
                named(Verdict::Block)
            ))));
        }
        if preflight.warnings_need_ack && !request.acknowledge_warnings {
            return Err(with(WARNINGS_NOT_ACKNOWLEDGED.problem(format!(
                "The pre-flight of {} warns. {}. Read them and launch with acknowledge_warnings; nothing was started.",
                client.name,
                named(Verdict::Warn)
            ))));
        }
        Ok(())
    }

    /// Stores the migration with its record, in the caller's transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn store(
        &self,
        tx: &mut PgConnection,
        request: &LaunchRequest,
        by: &str,
        key: Option<&str>,
    ) -> Result<Stored, Problem> {
        let new = migration::New {
            client: self.client.id,
            master: self.client.master_id,
            request,
            command: &self.preflight.command,
            requested_by: by,
            key,
            from_level: self.client.level,
            to_level: self.to_level.as_deref(),
            cache_need_mib: self.cache_need_mib,
        };
        let id = match migration::insert(tx, &new).await {
            Ok(id) => id,
            Err(error) => {
                let taken = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
                return match taken {
                    Some("one_live_migration_a_client" | "one_migration_a_key") => Ok(Stored::Taken),
                    _ => Err(db(&error)),
                };
            }
        };
        let warnings: Vec<_> =
            self.preflight.checks.iter().filter(|c| c.verdict == Verdict::Warn).map(|c| &c.id).collect();
        let detail = json!({
            "client": self.client.name, "command": new.command, "acknowledged": warnings,
            "change_ref": request.change_ref,
        });
        audit::record(tx, by, "migration.launch", &subject(id), detail).await.map_err(|e| db(&e))?;
        Ok(Stored::New(id))
    }

    /// The client has a migration that is not over.
    #[must_use]
    pub fn busy(&self) -> Problem {
        busy(self.client.name.as_str())
    }
}

/// The client has a migration that is not over.
#[must_use]
pub fn busy(client: &str) -> Problem {
    CLIENT_BUSY.problem(format!(
        "{client} has a migration that is not over; a client has one at a time. Wait for its end, or end it."
    ))
}

/// Whether the values fit together.
fn possible(request: &LaunchRequest) -> Result<(), Problem> {
    if request.target_disks.is_empty() {
        return Err(BAD_INPUT.field("target_disks", "name at least one disk"));
    }
    if (1..request.target_disks.len()).any(|n| request.target_disks[..n].contains(&request.target_disks[n])) {
        return Err(BAD_INPUT.field("target_disks", "names a disk twice"));
    }
    if request.cache_vg.is_some() && request.nfs_mount_options.is_some() {
        return Err(BAD_INPUT.field("cache_vg", "give either a cache volume group or NFS mount options, not both"));
    }
    for (field, text) in [("change_ref", &request.change_ref), ("note", &request.note)] {
        if text.as_ref().is_some_and(|text| text.len() > TEXT || text.contains('\0')) {
            return Err(BAD_INPUT.field(field, format!("must be text of at most {TEXT} bytes")));
        }
    }
    if request.mode == RunMode::Full && !request.hold_after.is_empty() {
        let why = "needs mode \"stepped\": a run in one call has no boundaries to hold at";
        return Err(BAD_INPUT.field("hold_after", why));
    }
    let boundaries: Vec<Phase> = Phase::STEPS.iter().filter_map(|step| step.last().copied()).collect();
    if let Some(no) = request.hold_after.iter().find(|phase| !boundaries.contains(phase) || **phase == Phase::LAST) {
        let listed: Vec<_> =
            boundaries.iter().filter(|phase| **phase != Phase::LAST).map(ToString::to_string).collect();
        let why = format!("there is no useful stop after phase {no}; boundaries are after {}", listed.join(", "));
        return Err(BAD_INPUT.field("hold_after", why));
    }
    Ok(())
}
