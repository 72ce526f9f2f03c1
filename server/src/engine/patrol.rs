//! Watching over migrations that nobody touches: a look at each, again and again, by whichever server takes it.
//!
//! Guaranteed: nothing is written on any host, no state is moved, and no lease is needed, so a worker is never in the way and never
//! disturbed. What is found is stored only if the migration still stands where it stood when the hosts were asked.
//!
//! A look at a thousand clients costs their master something. So a round takes a few migrations, on one connection a master, and
//! the pause after it grows with what it took: where there is more to watch than there is time, looks become rarer, not denser. Each master
//! has rounds of its own: one that hangs makes only its own migrations wait.

use super::{
    Engine, eta,
    host::{self, HostError},
    interlock::{self, Case, Facts},
    look,
    run::{Run, subject},
};
use crate::{
    background::caught,
    error::with_causes,
    remote::Connection,
    store::{self, client, migration, migration::Row, phase, watch},
};
use aix::{ObjectName, lsvg, ps};
use app::model::{Eta, Migration, PhaseRecord, PhaseState, Signal, State};
use futures::{StreamExt, stream};
use serde_json::json;
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// Migrations taken at once.
const ROUND: i64 = 32;
/// Looks at a time through one master.
const AT_ONCE: usize = 4;
/// A client that needs longer is asked again next time.
const PATIENCE: Duration = Duration::from_secs(45);
/// At least this long between two rounds at one master, and this many times as long as the last one took.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
const REST: u32 = 3;

impl Engine {
    /// Takes migrations that are due, and looks at those of each master in a task of its own.
    pub(super) async fn patrol(self: &Arc<Self>) -> Result<(), sqlx::Error> {
        let timing = &self.timing;
        let busy = self.patrols.busy();
        let mut tx = store::begin(&self.pool).await?;
        let taken = watch::claim(&mut tx, timing.interlock_poll, timing.interlock_poll_simulated, ROUND, &busy).await?;
        tx.commit().await?;
        let mut by_master: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (migration, master) in taken {
            by_master.entry(master).or_default().push(migration);
        }
        for (master, migrations) in by_master {
            let engine = self.clone();
            self.patrols.start(master, async move {
                let began = Instant::now();
                engine.look_through(master, migrations).await;
                // The master counts as busy until it has rested.
                sleep(PAUSE.max(began.elapsed() * REST)).await;
                Ok(())
            });
        }
        Ok(())
    }

    /// A look at each of these clients of one master.
    async fn look_through(&self, master: Uuid, migrations: Vec<Uuid>) {
        let connection = match self.masters.connect(master).await {
            Ok(connection) => Some(connection),
            Err(error) => {
                // Whoever works on a migration of this master says so there.
                tracing::debug!(%master, why = with_causes(&error), "nothing can be seen of this master's clients");
                None
            }
        };
        let looks = migrations.into_iter().map(|migration| self.look_at(migration, connection.as_ref()));
        stream::iter(looks).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    async fn look_at(&self, id: Uuid, connection: Option<&Connection>) {
        match caught(self.watch_over(id, connection)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(migration = %id, error = &error as &dyn std::error::Error, "a look was in vain");
            }
            // One that cannot be read keeps nobody from looking at the others.
            Err(message) => self.patrols.task().panicked(&format!("{id}: {message}")),
        }
    }

    async fn watch_over(&self, id: Uuid, connection: Option<&Connection>) -> Result<(), sqlx::Error> {
        let Some(row) = migration::find(&self.pool, id).await? else { return Ok(()) };
        let state = row.state()?;
        if !interlock::is_watched(state) {
            return Ok(());
        }
        let phases = phase::list(&self.pool, id, row.attempt, state).await?;
        let phase = phases.iter().rev().find(|phase| phase.started_at.is_some()).map(|phase| phase.number);
        let pvids = row.pvids()?;
        let case = Case {
            state,
            client: &row.subject,
            before: row.before.as_deref(),
            policy: row.request.bootlist,
            targets: &row.request.target_disks,
            pvids: &pvids,
            phase,
            cache_vg: row.request.cache_vg.as_ref().map(ObjectName::as_str),
            cloned_at: row.ended_at,
            // A cutover may be approved days before its time.
            cutover_at: row.reboot_sent_at.or(row.cutover_at),
        };
        let hostname = match row.client_id {
            Some(client) => Some(client::hostname(&self.pool, client).await?),
            None => None,
        };
        let facts = match connection {
            Some(connection) => gather(connection, hostname.as_ref(), &row, &case).await,
            None => Facts::default(),
        };
        let found = interlock::findings(&case, &facts, OffsetDateTime::now_utc(), &self.timing.limits);
        let signals = self.signals(&row, &phases).await?;
        self.remember(&row, state, &signals, |known| interlock::merge(&case, &facts, known, found)).await
    }

    /// What is worth a look in a run.
    async fn signals(&self, row: &Row, phases: &[PhaseRecord]) -> Result<Vec<Signal>, sqlx::Error> {
        if row.state()? != State::Running {
            return Ok(Vec::new());
        }
        let now = OffsetDateTime::now_utc().into();
        let phase = phases.iter().find(|phase| phase.state == PhaseState::Running).map(|phase| phase.number);
        let last = row.last_line_at.or(row.started_at);
        let silent = last.and_then(|last| eta::silent(last.into(), phase, now, self.timing.silent_minutes));
        let slow = self.estimate(row, phases).await?.slow;
        Ok(slow.into_iter().chain(silent).collect())
    }

    /// When a run should end; nothing unless it runs.
    pub(crate) async fn estimate(&self, row: &Row, phases: &[PhaseRecord]) -> Result<eta::Estimate, sqlx::Error> {
        if !matches!(row.state()?, State::Running | State::ContactLost) {
            return Ok(eta::Estimate::default());
        }
        let history = self.history.runs(&self.pool).await?;
        let alike = eta::alike(&row.likeness(), &history);
        Ok(eta::estimate(phases, OffsetDateTime::now_utc().into(), alike.as_ref()))
    }

    /// Stores what was found, with its record where an alarm begins or ends.
    async fn remember(
        &self,
        row: &Row,
        state: State,
        signals: &[Signal],
        merge: impl FnOnce(&[app::model::Interlock]) -> interlock::Merged,
    ) -> Result<(), sqlx::Error> {
        let mut tx = store::begin(&self.pool).await?;
        let Some((known_signals, known)) = watch::known(&mut tx, row.id, state, row.attempt).await? else {
            return Ok(());
        };
        let merged = merge(&known);
        if merged.now == known && signals == known_signals {
            return Ok(());
        }
        watch::save(&mut tx, row.id, signals, &merged.now).await?;
        for (action, findings) in
            [("migration.alarm_raised", &merged.appeared), ("migration.alarm_cleared", &merged.cleared)]
        {
            for finding in findings {
                tracing::warn!(migration = %row.id, action, text = finding.text, "an interlock");
                let detail = json!({ "kind": finding.kind, "text": finding.text, "since": finding.since });
                tx.record("system", action, &subject(row.id), detail);
            }
        }
        tx.commit().await?;
        self.bus.changed(row.id);
        Ok(())
    }
}

/// Puts an estimate into what travels.
pub(crate) fn tell(migration: &mut Migration, estimate: eta::Estimate) {
    let eta: Option<Eta> = estimate.eta;
    migration.eta = eta;
    for (phase, ends) in migration.phases.iter_mut().zip(estimate.phases) {
        (phase.eta, phase.p90) = ends.unzip();
    }
}

/// Asks master and client. What does not answer is left out.
async fn gather(connection: &Connection, hostname: Option<&ObjectName>, row: &Row, case: &Case<'_>) -> Facts {
    let mut facts = Facts::default();
    let client = timeout(PATIENCE, async {
        match hostname {
            Some(hostname) => look::snapshot(connection, hostname).await,
            None => Err(HostError::NoClient),
        }
    });
    let master = timeout(PATIENCE, ask_master(connection, row, case));
    let (client, master) = tokio::join!(client, master);
    match client {
        Ok(Ok(client)) => facts.client = Some(client),
        Ok(Err(error)) => tracing::debug!(client = row.subject, why = error.chain(), "nothing is seen of it"),
        Err(_) => tracing::debug!(client = row.subject, "it does not answer in time"),
    }
    match master {
        Ok(Ok((processes, cache_free))) => (facts.processes, facts.cache_free) = (Some(processes), cache_free),
        Ok(Err(error)) => tracing::debug!(master = row.master, why = error.chain(), "nothing is seen of it"),
        Err(_) => tracing::debug!(master = row.master, "it does not answer in time"),
    }
    facts
}

type Processes = (Vec<ps::Process>, Vec<u64>);

async fn ask_master(
    connection: &Connection,
    row: &Row,
    case: &Case<'_>,
) -> Result<(Processes, Option<u64>), HostError> {
    let folder = Run::job(row).folder();
    // After the processes: a job that begins in between is in both.
    let own = format!("cat {folder}/pid* {folder}/nimadm*.pid 2>/dev/null");
    let vg = case.cache_vg.filter(|_| interlock::needs_cache(case));
    let vg = vg.map_or_else(|| "true".to_owned(), |vg| format!("lsvg {}", aix::command::quote(vg)));
    let [processes, own, vg] = host::master(connection, ["ps -ef", &own, &vg]).await?;
    let unreadable = |source| HostError::Unreadable { command: "ps -ef".to_owned(), source };
    let processes = ps::processes(processes.success("ps -ef")?).map_err(unreadable)?;
    let own = own.text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    let free = lsvg::info(&vg.text).ok().map(|vg| vg.free_mb());
    Ok(((processes, own), free))
}
