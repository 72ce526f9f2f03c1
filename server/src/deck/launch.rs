//! Launching: what is offered, what is checked, what is stored.

use super::{ServerDeck, db};
use crate::{
    engine::{host, preflight, run::subject},
    error::{BAD_INPUT, CLIENT_BUSY, KEY_REUSED, PREFLIGHT_BLOCKED, WARNINGS_NOT_ACKNOWLEDGED},
    store::{audit, client, migration, resource, schedule},
};
use aix::{Phase, lsvg};
use app::model::{Caller, Client, LaunchOptions, LaunchRequest, Migration, Preflight, Problem, RunMode, Verdict};
use serde_json::json;

/// Longest free text that is kept.
const TEXT: usize = 2000;

/// A launch that was looked at.
pub(super) struct Checked {
    client: Client,
    to_level: Option<String>,
    cache_need_mib: Option<u64>,
    pub(super) preflight: Preflight,
}

impl ServerDeck {
    pub(super) async fn read_launch_options(&self, name: &str) -> Result<LaunchOptions, Problem> {
        let client = self.reread_client(name).await?;
        let resources = resource::list(&self.pool, client.master_id, None).await.map_err(db)?;
        let connection = self.masters.connect(client.master_id).await.map_err(|error| error.problem())?;
        let question = "for vg in $(lsvg -o); do lsvg $vg; done";
        let [groups] = host::master(&connection, [question]).await.map_err(|error| error.problem())?;
        let is_start = |line: &&str| line.starts_with("VOLUME GROUP:");
        let mut cache_vgs = Vec::new();
        let mut stanza = String::new();
        for line in groups.text.lines().chain(["VOLUME GROUP:"]) {
            if is_start(&line) && !stanza.is_empty() {
                let group = lsvg::info(&std::mem::take(&mut stanza)).ok();
                cache_vgs.extend(
                    group.filter(|vg| vg.name.as_str() != "rootvg").map(|vg| (vg.name.clone(), Some(vg.free_mb()))),
                );
            }
            stanza.push_str(line);
            stanza.push('\n');
        }
        Ok(LaunchOptions { client, resources, cache_vgs })
    }

    pub(super) async fn check_launch(&self, request: &LaunchRequest) -> Result<Checked, Problem> {
        offered(request)?;
        self.window_exists(request.window.as_deref()).await?;
        let client = client::find(&self.pool, &request.client).await.map_err(db)?.ok_or_else(|| {
            let shown: String = request.client.chars().take(60).collect();
            BAD_INPUT.field("client", format!("no NIM master has a client {shown:?}; choose one from the clients page"))
        })?;
        let command = request.command(client.name.clone());
        let resources = resource::list(&self.pool, client.master_id, None).await.map_err(db)?;
        let hostname = client::hostname(&self.pool, client.id).await.map_err(db)?;
        let connection = self.masters.connect(client.master_id).await.map_err(|error| error.problem())?;
        let asked_at = schedule::clock(&self.pool).await.map_err(db)?;
        let facts = preflight::gather(&connection, &client.name, &hostname, &resources, request)
            .await
            .map_err(|error| error.problem())?;
        let mut checks = preflight::checks(&facts, request);
        if let Some(live) = migration::live_of_client(&self.pool, client.id).await.map_err(db)? {
            let state = live.state().map_err(db)?.title();
            let found =
                format!("migration {} by {} is in state {state}", live.id, live.summary().map_err(db)?.requested_by);
            checks.insert(
                0,
                preflight::block("ND-1", "No other migration of the client", &found, "Wait for its end, or end it."),
            );
        }
        let verdict = checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Skipped);
        let warnings_need_ack = checks.iter().any(|check| check.verdict == Verdict::Warn);
        if let (Some(vg), Some(free)) = (&request.cache_vg, facts.cache_free()) {
            schedule::saw(&self.pool, client.master_id, vg.as_str(), free, asked_at).await.map_err(db)?;
        }
        let cache_need_mib = request.cache_vg.as_ref().and_then(|_| facts.cache_need());
        let to_level = facts.spot.and_then(|spot| spot.level);
        let preflight = Preflight { command: command.to_string(), checks, verdict, warnings_need_ack };
        Ok(Checked { client, to_level, cache_need_mib, preflight })
    }

    pub(super) async fn launch_checked(
        &self,
        caller: &Caller,
        request: LaunchRequest,
        key: Option<String>,
    ) -> Result<Migration, Problem> {
        if let Some(known) = self.launched_before(caller, &request, key.as_deref()).await? {
            return Ok(known);
        }
        let checked = self.check_launch(&request).await?;
        if let Err(refused) = accept(&checked.preflight, &request, &checked.client) {
            // Its twin may have been stored while the hosts were asked; then it is this one that makes the client busy.
            return self.launched_before(caller, &request, key.as_deref()).await?.ok_or(refused);
        }
        let new = migration::New {
            client: checked.client.id,
            master: checked.client.master_id,
            request: &request,
            command: &checked.preflight.command,
            requested_by: &caller.username,
            key: key.as_deref(),
            from_level: checked.client.level,
            to_level: checked.to_level.as_deref(),
            cache_need_mib: checked.cache_need_mib,
        };
        let mut tx = self.pool.begin().await.map_err(db)?;
        let id = match migration::insert(&mut tx, &new).await {
            Ok(id) => id,
            Err(error) => {
                drop(tx);
                return match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
                    // The same request was sent twice at the same time: both get the one migration.
                    Some("one_live_migration_a_client" | "one_migration_a_key") => self
                        .launched_before(caller, &request, key.as_deref())
                        .await?
                        .ok_or_else(|| busy(checked.client.name.as_str())),
                    _ => Err(db(error)),
                };
            }
        };
        let warnings: Vec<_> =
            checked.preflight.checks.iter().filter(|c| c.verdict == Verdict::Warn).map(|c| &c.id).collect();
        let detail = json!({
            "client": checked.client.name, "command": new.command, "acknowledged": warnings,
            "change_ref": request.change_ref,
        });
        audit::record(&mut tx, &caller.username, "migration.launch", &subject(id), detail).await.map_err(db)?;
        tx.commit().await.map_err(db)?;
        self.bus.changed(id);
        self.engine.wake();
        self.find_migration(id).await
    }

    /// A window that nobody has made would be waited for in vain.
    pub(super) async fn window_exists(&self, name: Option<&str>) -> Result<(), Problem> {
        let Some(name) = name else { return Ok(()) };
        let known = schedule::windows(&self.pool).await.map_err(db)?;
        if known.iter().any(|window| window.name.as_str() == name) {
            return Ok(());
        }
        let names: Vec<_> = known.iter().map(|window| window.name.as_str()).collect();
        let listed = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
        Err(BAD_INPUT.field("window", format!("there is no maintenance window {name:?}; there are: {listed}")))
    }

    async fn launched_before(
        &self,
        caller: &Caller,
        request: &LaunchRequest,
        key: Option<&str>,
    ) -> Result<Option<Migration>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let Some(row) = migration::find_by_key(&self.pool, &caller.username, key).await.map_err(db)? else {
            return Ok(None);
        };
        if row.request.0 != *request {
            let why = format!(
                "The Idempotency-Key {key:?} was used for migration {} with other values. Use a new key.",
                row.id
            );
            return Err(KEY_REUSED.problem(why));
        }
        self.find_migration(row.id).await.map(Some)
    }
}

/// Whether the findings allow the launch.
fn accept(preflight: &Preflight, request: &LaunchRequest, client: &Client) -> Result<(), Problem> {
    let with = |problem: Problem| Problem { preflight: Some(Box::new(preflight.clone())), ..problem };
    let named = |verdict| {
        let found = preflight.checks.iter().filter(|check| check.verdict == verdict);
        found.map(|c| format!("{}: {} ({})", c.id, c.title, c.found)).collect::<Vec<_>>().join("; ")
    };
    if preflight.checks.iter().any(|check| check.id == "ND-1") {
        return Err(with(busy(client.name.as_str())));
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

pub(super) fn busy(client: &str) -> Problem {
    CLIENT_BUSY.problem(format!(
        "{client} has a migration that is not over; a client has one at a time. Wait for its end, or end it."
    ))
}

/// What this version can do of what the contract names.
fn offered(request: &LaunchRequest) -> Result<(), Problem> {
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
        return Err(
            BAD_INPUT.field("hold_after", "needs mode \"stepped\": a run in one call has no boundaries to hold at")
        );
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
