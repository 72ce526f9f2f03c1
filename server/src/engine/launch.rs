//! Launching: what is checked, and what is stored.
//!
//! People launch one client, campaigns launch many; both come through here, so a campaign can do nothing that a person could not.

use super::{masters::Masters, preflight, run::subject};
use crate::{
    error::{BAD_INPUT, CLIENT_BUSY, PREFLIGHT_BLOCKED, WARNINGS_NOT_ACKNOWLEDGED, database as db},
    store::{self, Tx, client, master, migration, resource, schedule},
};
use aix::Level;
use app::model::{Approvals, Client, LaunchRequest, Preflight, Problem, Unfit, Verdict};
use serde_json::json;
use sqlx::PgPool;
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
    master: Uuid,
    client: Option<Client>,
    /// What it is about: the client, else the mksysb or the SPOT.
    subject: String,
    from_level: Option<Level>,
    to_level: Option<String>,
    cache_need_mib: Option<u64>,
    approvals: Approvals,
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
        let client = match &request.client {
            Some(name) => Some(self.client(name).await?),
            None => None,
        };
        let name = client.as_ref().map(|client| &client.name);
        let command = possible(request).and_then(|()| {
            let unfit = |unfit: Unfit| BAD_INPUT.field(unfit.field, unfit.why.into_owned());
            request.command(name).map_err(unfit)
        })?;
        self.window_exists(request.window.as_deref()).await?;
        let master = match (&client, &request.master) {
            (Some(client), _) => self.master(&client.master_id.to_string()).await?,
            (None, Some(name)) => self.master(name).await?,
            (None, None) => return Err(BAD_INPUT.field("master", "name the master: the operation has no client")),
        };
        let resources = resource::list(&self.pool, master.id, None).await.map_err(|e| db(&e))?;
        let hostname = match &client {
            Some(client) => Some(client::hostname(&self.pool, client.id).await.map_err(|e| db(&e))?),
            None => None,
        };
        let connection = self.masters.connect(master.id).await.map_err(|error| error.problem())?;
        let asked_at = schedule::clock(&self.pool).await.map_err(|e| db(&e))?;
        let facts =
            preflight::gather(&self.masters, &connection, &master, name.zip(hostname.as_ref()), &resources, request)
                .await
                .map_err(|error| error.problem())?;
        let mut checks = preflight::checks(&facts, request);
        let subject = name.or(request.mksysb.as_ref()).unwrap_or(&request.spot).to_string();
        let live = match &client {
            Some(client) => migration::live_of_client(&self.pool, client.id).await,
            None => migration::live_of_resource(&self.pool, master.id, &subject).await,
        };
        if let Some(live) = live.map_err(|e| db(&e))? {
            let state = live.state().map_err(|e| db(&e))?.title();
            let found = format!("migration {} by {} is in state {state}", live.id, live.requested_by);
            let title = format!("No other migration of {subject}");
            checks.insert(0, preflight::block("ND-1", &title, &found, "Wait for its end, or end it."));
        }
        if let (Some(vg), Some(free)) = (&request.cache_vg, facts.cache_free()) {
            let mut tx = store::begin(&self.pool).await.map_err(|e| db(&e))?;
            schedule::saw(&mut tx, master.id, vg.as_str(), free, asked_at).await.map_err(|e| db(&e))?;
            tx.commit().await.map_err(|e| db(&e))?;
        }
        let cache_need_mib = request.cache_vg.as_ref().and_then(|_| facts.cache_need());
        let verdict = checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Skipped);
        let warnings_need_ack = checks.iter().any(|check| check.verdict == Verdict::Warn);
        let from_level = match &facts.mksysb {
            Some(mksysb) => mksysb.level.as_deref().and_then(|level| level.parse().ok()),
            None => client.as_ref().and_then(|client| client.level),
        };
        let to_level = facts.spot.and_then(|spot| spot.level);
        let preflight = Preflight { command: command.to_string(), checks, verdict, warnings_need_ack };
        let (master, approvals) = (master.id, master.approvals());
        Ok(Checked { master, client, subject, from_level, to_level, cache_need_mib, approvals, preflight })
    }

    async fn client(&self, name: &str) -> Result<Client, Problem> {
        client::find(&self.pool, name).await.map_err(|e| db(&e))?.ok_or_else(|| {
            let shown: String = name.chars().take(60).collect();
            BAD_INPUT.field("client", format!("no NIM master has a client {shown:?}; choose one from the clients page"))
        })
    }

    /// A master by id or name.
    ///
    /// # Errors
    /// There is no such master.
    pub async fn master(&self, name: &str) -> Result<master::Row, Problem> {
        let masters = master::list(&self.pool).await.map_err(|e| db(&e))?;
        let found = masters.into_iter().find(|master| master.name == name || master.id.to_string() == name);
        found.ok_or_else(|| {
            let shown: String = name.chars().take(60).collect();
            BAD_INPUT.field("master", format!("there is no NIM master {shown:?}; see GET /masters"))
        })
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
        let Self { preflight, subject, .. } = self;
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
                subject,
                named(Verdict::Block)
            ))));
        }
        if preflight.warnings_need_ack && !request.acknowledge_warnings {
            return Err(with(WARNINGS_NOT_ACKNOWLEDGED.problem(format!(
                "The pre-flight of {} warns. {}. Read them and launch with acknowledge_warnings; nothing was started.",
                subject,
                named(Verdict::Warn)
            ))));
        }
        Ok(())
    }

    /// Stores the migration with its record, in the caller's transaction. It waits for an approval where the master asks for one and
    /// `approved_by` names nobody who may give it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn store(
        &self,
        tx: &mut Tx,
        request: &LaunchRequest,
        by: &str,
        key: Option<&str>,
        approved_by: Option<&str>,
    ) -> Result<Stored, Problem> {
        let approved_by = approved_by.filter(|who| self.approvals.allow(who, by));
        let start = match approved_by {
            None if self.approvals.starts => migration::Start::AwaitingApproval,
            approved_by => migration::Start::Queued(approved_by),
        };
        let new = migration::New {
            client: self.client.as_ref().map(|client| client.id),
            master: self.master,
            request,
            command: &self.preflight.command,
            requested_by: by,
            key,
            from_level: self.from_level,
            to_level: self.to_level.as_deref(),
            cache_need_mib: self.cache_need_mib,
            start,
        };
        let id = match migration::insert(tx, &new).await {
            Ok(id) => id,
            Err(error) => {
                let taken = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
                return match taken {
                    Some("one_live_migration_a_client" | "one_live_operation_a_resource" | "one_migration_a_key") => {
                        Ok(Stored::Taken)
                    }
                    _ => Err(db(&error)),
                };
            }
        };
        let warnings: Vec<_> =
            self.preflight.checks.iter().filter(|c| c.verdict == Verdict::Warn).map(|c| &c.id).collect();
        let detail = json!({
            "client": self.client.as_ref().map(|client| &client.name), "subject": self.subject, "operation": request.operation, "command": new.command, "acknowledged": warnings,
            "change_ref": request.change_ref, "approved_by": approved_by, "awaits_approval": start == migration::Start::AwaitingApproval,
        });
        tx.record(by, "migration.launch", &subject(id), detail);
        Ok(Stored::New(id))
    }

    /// The subject has a migration that is not over.
    #[must_use]
    pub fn busy(&self) -> Problem {
        busy(&self.subject)
    }
}

/// What is to be migrated has a migration that is not over.
#[must_use]
pub fn busy(subject: &str) -> Problem {
    CLIENT_BUSY.problem(format!(
        "{subject} has a migration that is not over; there is one at a time. Wait for its end, or end it."
    ))
}

/// Whether the texts can be stored.
fn possible(request: &LaunchRequest) -> Result<(), Problem> {
    for (field, text) in [("change_ref", &request.change_ref), ("note", &request.note)] {
        if text.as_ref().is_some_and(|text| text.len() > TEXT || text.contains('\0')) {
            return Err(BAD_INPUT.field(field, format!("must be text of at most {TEXT} bytes")));
        }
    }
    Ok(())
}
