//! Launching: what is checked, and what is stored.
//!
//! People launch one client, campaigns launch many; both come through here, so a campaign can do nothing that a person could not.

use super::{
    authority::{self, Approver},
    fact::Fact,
    identify::{self, Wanted},
    inventory,
    masters::Masters,
    preflight::{self, questions},
    run::subject,
};
use crate::{
    error::{BAD_INPUT, CLIENT_BUSY, PREFLIGHT_BLOCKED, WARNINGS_NOT_ACKNOWLEDGED, database as db},
    store::{self, Tx, client, master, migration, schedule, user},
};
use aix::{Level, Phase, command::for_phases};
use app::model::{
    Approvals, BootlistPolicy, Check, Client, FieldError, LaunchRequest, Override, Preflight, Problem, Role, RunMode,
    Unfit, Verdict,
};
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

/// Who asks for a launch, and whose approval it has.
#[derive(Debug, Clone, Copy)]
pub struct Requester<'a> {
    /// Sign-in name.
    pub name: &'a str,
    /// The role with which they ask; none where a campaign launches in their name, which approves nothing.
    pub role: Option<Role>,
    /// Who approved the campaign that launches it.
    pub approved_by: Option<&'a str>,
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
            Some(name) => Some(self.client(Wanted::new(name, request.master.as_deref())).await?),
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
        let hostname = match &client {
            Some(client) => Some(client::hostname(&self.pool, client.id).await.map_err(|e| db(&e))?),
            None => None,
        };
        let connection = self.masters.connect(master.id).await.map_err(|error| error.problem())?;
        let asked_at = schedule::clock(&self.pool).await.map_err(|e| db(&e))?;
        let gather = preflight::gather(&self.masters, &connection, &master, name.zip(hostname.as_ref()), request);
        let facts = Box::pin(gather).await.map_err(|error| error.problem())?;
        let mut checks = preflight::checks(&facts, request);
        let subject = name.or(request.mksysb.as_ref()).unwrap_or(&request.spot).to_string();
        let live = match &client {
            Some(client) => migration::live_of_client(&self.pool, client.id).await,
            None => migration::live_of_resource(&self.pool, master.id, &subject).await,
        };
        checks.push(match live.map_err(|e| db(&e))? {
            None => preflight::ND1.pass("none"),
            Some(live) => {
                let state = live.state().map_err(|e| db(&e))?.title();
                let found = format!("migration {} by {} is in state {state}", live.id, live.requested_by);
                preflight::ND1.block(found, "Wait for its end, or end it.")
            }
        });
        if let (Some(vg), Some(free)) = (&request.cache_vg, facts.cache_free()) {
            let mut tx = store::begin(&self.pool).await.map_err(|e| db(&e))?;
            schedule::saw(&mut tx, master.id, vg.as_str(), free, asked_at).await.map_err(|e| db(&e))?;
            tx.commit().await.map_err(|e| db(&e))?;
        }
        let cache_need_mib = request.cache_vg.as_ref().and_then(|_| facts.cache_need());
        let from_level = match &facts.client {
            Fact::Read(Ok(seen)) if !request.operation.reads_mksysb() => seen.level.clone().known(),
            _ => facts.level_of(questions::Role::Mksysb).known().and_then(|level| level.parse().ok()),
        };
        let to_level = facts.level_of(questions::Role::Spot).known();
        let preflight = Preflight::new(command.to_string(), commands(&command.to_string(), request.mode), checks);
        let (master, approvals) = (master.id, master.approvals());
        Ok(Checked { master, client, subject, from_level, to_level, cache_need_mib, approvals, preflight })
    }

    /// Runs the pre-flight of another attempt, because hosts have changed since the launch. The launch has acknowledged its warnings.
    ///
    /// # Errors
    /// Those of [`Self::check`], and the findings that block.
    pub async fn check_again(&self, row: &migration::Row) -> Result<(), Problem> {
        let Checked { preflight, .. } = self.check(&row.request_by_id()).await?;
        let blocking = block_a_retry(&preflight.checks, &row.overrides);
        if blocking.is_empty() {
            return Ok(());
        }
        let found: Vec<_> = blocking.into_iter().map(finding).collect();
        let why = format!(
            "The pre-flight blocks the retry. {}. Each finding says what to do; nothing was started.",
            found.join("; ")
        );
        Err(Problem { preflight: Some(Box::new(preflight)), ..PREFLIGHT_BLOCKED.problem(why) })
    }

    /// The client that is meant. A missing client is read again, because NIM may list it by now; where it does not, or cannot be asked,
    /// the pre-flight says so.
    async fn client(&self, wanted: Wanted<'_>) -> Result<Client, Problem> {
        let known = identify::one(&self.pool, wanted).await.map_err(|error| error.input("client"))?;
        let gone = || BAD_INPUT.field("client", format!("{} was removed with its master a moment ago", known.name));
        let find = || client::by_id(&self.pool, known.id);
        let found = find().await.map_err(|e| db(&e))?.ok_or_else(gone)?;
        if found.missing_since.is_none() {
            return Ok(found);
        }
        if let Err(error) = inventory::refresh_client(&self.pool, &self.masters, &found).await {
            tracing::debug!(%error, client = known.name, "a missing client could not be read again");
        }
        find().await.map_err(|e| db(&e))?.ok_or_else(gone)
    }

    /// A master by id or name.
    ///
    /// # Errors
    /// There is no such master.
    pub async fn master(&self, name: &str) -> Result<master::Row, Problem> {
        let masters = master::list(&self.pool).await.map_err(|e| db(&e))?;
        let found = masters.into_iter().find(|master| master.is(name));
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
        let listed = |wanted: &dyn Fn(&Check) -> bool| {
            let found = preflight.checks.iter().filter(|check| wanted(check));
            found.map(finding).collect::<Vec<_>>().join("; ")
        };
        if preflight.checks.iter().any(|check| check.id == preflight::ND1.id() && check.verdict == Verdict::Block) {
            return Err(with(self.busy()));
        }
        let acknowledged = &request.acknowledge_warnings;
        let unread = |check: &Check| check.needs_override() && !acknowledged.names(&check.id);
        let failed = |check: &Check| check.verdict == Verdict::Block;
        if preflight.checks.iter().any(|check| failed(check) || unread(check)) {
            let mut detail = format!("{subject} cannot be migrated like this.");
            for (listed, lead) in [(listed(&failed), ""), (listed(&unread), "Not known: ")] {
                if !listed.is_empty() {
                    detail.push_str(&format!(" {lead}{listed}."));
                }
            }
            detail.push_str(" Each finding says what to do; nothing was started.");
            if preflight.checks.iter().any(unread) {
                detail.push_str(
                    " To go on although a check is not known, name it in acknowledge_warnings (a list of ids) and give a reason.",
                );
            }
            let wrong = preflight.checks.iter().filter(|check| failed(check) || unread(check));
            let fields = wrong.filter_map(|check| {
                Some(FieldError { field: check.field.clone()?, message: format!("{}: {}", check.id, check.found) })
            });
            return Err(with(Problem { errors: fields.collect(), ..PREFLIGHT_BLOCKED.problem(detail) }));
        }
        if let Some(check) = preflight.checks.iter().find(|check| check.needs_override() && !check.overridden) {
            let why = format!("say why the migration goes on although {} is not known: {}", check.id, check.found);
            return Err(with(BAD_INPUT.field("reason", why)));
        }
        let unheard = |check: &Check| check.needs_acknowledgement() && !acknowledged.covers(&check.id);
        if preflight.checks.iter().any(unheard) {
            return Err(with(WARNINGS_NOT_ACKNOWLEDGED.problem(format!(
                "The pre-flight of {subject} warns. {}. Read them and launch with acknowledge_warnings; nothing was started.",
                listed(&unheard)
            ))));
        }
        Ok(())
    }

    /// Stores the migration with its record, in the caller's transaction. It waits for an approval where the master asks for one, or where
    /// nimadm will set the bootlist, and nobody has given it who may.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn store(
        &self,
        tx: &mut Tx,
        request: &LaunchRequest,
        requester: Requester<'_>,
        key: Option<&str>,
    ) -> Result<Stored, Problem> {
        let Requester { name: by, role, approved_by } = requester;
        let moves_bootlist = request.bootlist == BootlistPolicy::Nimadm;
        let approver_role = match approved_by {
            Some(who) => user::role_now(tx, who).await.map_err(|e| db(&e))?,
            None => None,
        };
        let approver = approved_by.map(|name| Approver { name, role: approver_role });
        let asking = role.map(|role| Approver { name: by, role: Some(role) });
        let right = authority::may_queue(self.approvals, moves_bootlist, by, approver, asking);
        let waits = right.as_ref().err().map(|why| authority::awaits(moves_bootlist, why));
        // A campaign's approval is remembered also where the master asks for none.
        let unasked = approved_by.filter(|who| self.approvals.allow(who, by));
        let approved_by = right.as_ref().ok().and_then(|right| right.by().or(unasked));
        let start = match &waits {
            Some(why) => migration::Start::AwaitingApproval(why),
            None => migration::Start::Queued(approved_by),
        };
        let overrides = self.overrides(request, by);
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
            overrides: &overrides,
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
        let warned = self.preflight.checks.iter().filter(|check| check.needs_acknowledgement());
        let warnings: Vec<_> = warned.map(|check| &check.id).collect();
        let detail = json!({
            "client": self.client.as_ref().map(|client| &client.name), "client_id": self.client.as_ref().map(|client| client.id),
            "master": self.client.as_ref().map(|client| &client.master), "subject": self.subject, "operation": request.operation, "command": new.command, "acknowledged": warnings, "overridden": overrides,
            "change_ref": request.change_ref, "approved_by": approved_by, "awaits_approval": waits.is_some(),
        });
        tx.record(by, "migration.launch", &subject(id), detail);
        Ok(Stored::New(id))
    }

    /// The blocking checks that could not be read and that the request goes on without, for the record.
    fn overrides(&self, request: &LaunchRequest, by: &str) -> Vec<Override> {
        let overridden = self.preflight.checks.iter().filter(|check| check.overridden);
        let kept = |check: &Check| Override {
            id: check.id.clone(),
            title: check.title.clone(),
            found: check.found.clone(),
            reason: request.reason.as_deref().unwrap_or_default().trim().to_owned(),
            by: by.to_owned(),
        };
        overridden.map(kept).collect()
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

/// The checks that stop another attempt. A check that could not be read and blocks is overridden only if the launch overrode it.
fn block_a_retry<'a>(checks: &'a [Check], overrides: &[Override]) -> Vec<&'a Check> {
    let overridden = |check: &Check| overrides.iter().any(|kept| kept.id == check.id);
    let blocks = |check: &&Check| check.verdict == Verdict::Block || check.needs_override() && !overridden(check);
    checks.iter().filter(blocks).collect()
}

/// A finding in a sentence.
fn finding(check: &Check) -> String {
    format!("{}: {} ({})", check.id, check.title, check.found)
}

/// Every call of nimadm, in order.
fn commands(command: &str, mode: RunMode) -> Vec<String> {
    match mode {
        RunMode::Full => vec![command.to_owned()],
        RunMode::Stepped => Phase::STEPS.iter().map(|phases| for_phases(command, phases)).collect(),
    }
}

/// Whether the texts can be stored.
fn possible(request: &LaunchRequest) -> Result<(), Problem> {
    for (field, text) in [("change_ref", &request.change_ref), ("note", &request.note), ("reason", &request.reason)] {
        if text.as_ref().is_some_and(|text| text.len() > TEXT || text.contains('\0')) {
            return Err(BAD_INPUT.field(field, format!("must be text of at most {TEXT} bytes")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::Severity;

    /// The request named R4 when R4 was a warning. Now R4 cannot be read, and nobody has overridden that.
    #[test]
    fn an_acknowledged_warning_does_not_override_what_is_unknown_now() {
        let check = |verdict| Check {
            id: "R4".to_owned(),
            title: String::new(),
            severity: Severity::Block,
            verdict,
            found: String::new(),
            advice: String::new(),
            field: None,
            overridden: true,
            repair: None,
        };
        let stops = |verdict, overrides: &[Override]| !block_a_retry(&[check(verdict)], overrides).is_empty();
        let of = |id: &str| {
            let text = String::new;
            [Override { id: id.to_owned(), title: text(), found: text(), reason: text(), by: text() }]
        };
        assert!(stops(Verdict::Unknown, &[]));
        assert!(stops(Verdict::Unknown, &of("R1")));
        assert!(!stops(Verdict::Unknown, &of("R4")));
        assert!(stops(Verdict::Block, &of("R4")), "what is known to fail cannot be overridden");
        assert!(!stops(Verdict::Warn, &[]));
    }
}
