//! Logs of runs from before nimdeck, from a master into the history.
//!
//! A log is known by its master and the hash of its bytes. Names and dates would be wrong for that: the next run of a client
//! goes into a file of the same name, and `ls` words the date of the same file differently half a year later. So importing is
//! safe to repeat, and two who import the same file at the same moment get the same entry.

use super::{ServerDeck, db};
use crate::{
    compute,
    engine::{
        gates::Purpose,
        identify::{self, Unidentified, Wanted},
        old_logs::{self, LARGEST, Listed, LogName},
    },
    error::{ACTION_REFUSED, AMBIGUOUS_CLIENT, BAD_INPUT, HOST_COMMAND, NOT_FOUND},
    logs::explain::{Explainer, not_a_log},
    remote::Connection,
    store::{
        self, hex,
        imported_log::{self, OfClient},
        migration,
    },
};
use aix::log::Report;
use app::model::{
    Caller, ImportFilter, ImportRequest, ImportResult, Imported, ImportedSummary, Master, OldLog, Page, Problem,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Names that one request may have.
const MOST: usize = 500;
/// Logs are held in memory whole between the master and the database: a transaction that waits for a slow line would hold
/// a connection, and what it has written so far. So only so many MiB at a time. Most logs have one or two: were logs counted, two masters
/// that send slowly would keep everybody else from importing.
const MEMORY_MIB: u32 = 128;
static MEMORY: Semaphore = Semaphore::const_new(MEMORY_MIB as usize);

impl ServerDeck {
    pub(super) async fn list_old_logs(&self, master: Uuid) -> Result<Page<OldLog>, Problem> {
        self.find_master(master).await?;
        let connection = self.masters.connect(master).await.map_err(|error| error.problem())?;
        let logs = old_logs::list(&connection).await.map_err(|error| error.problem())?;
        let known = imported_log::looks(&self.pool, master).await.map_err(db)?;
        let items = logs.into_iter().map(|log| {
            let name = log.name.to_string();
            let looks = |(known, bytes, day, _): &&(String, i64, Option<time::Date>, Uuid)| {
                *known == name && bytes.unsigned_abs() == log.bytes && *day == log.modified_on
            };
            OldLog {
                imported: known.iter().rev().find(looks).map(|(.., id)| *id),
                client: log.name.client().clone(),
                bytes: log.bytes,
                modified_on: log.modified_on.map(|day| day.to_string()),
                refused: log.refused(),
                modified: log.modified,
                name,
            }
        });
        Ok(Page { items: items.collect(), next: None })
    }

    pub(super) async fn import_old_logs(
        &self,
        caller: &Caller,
        master: Uuid,
        request: ImportRequest,
    ) -> Result<Page<ImportResult>, Problem> {
        if request.names.is_empty() || request.names.len() > MOST {
            return Err(BAD_INPUT.field("names", format!("must be 1 to {MOST} file names")));
        }
        let master = self.find_master(master).await?;
        let masters = self.masters.serving(Purpose::Import);
        let connection = masters.connect(master.id).await.map_err(|error| error.problem())?;
        let listed = old_logs::list(&connection).await.map_err(|error| error.problem())?;
        let mut items = Vec::with_capacity(request.names.len());
        for name in request.names {
            let result = self.import_one(caller, &master, &connection, &listed, &name).await;
            let (imported, already, problem) = match result {
                Ok((imported, already)) => (Some(imported), already, None),
                Err(problem) => (None, false, Some(problem)),
            };
            items.push(ImportResult { name, imported, already, problem });
        }
        Ok(Page { items, next: None })
    }

    /// The entry, and whether it was there before.
    async fn import_one(
        &self,
        caller: &Caller,
        master: &Master,
        connection: &Connection,
        listed: &[Listed],
        name: &str,
    ) -> Result<(ImportedSummary, bool), Problem> {
        let shown: String = name.chars().take(80).collect();
        let log = LogName::new(name).ok_or_else(|| {
            BAD_INPUT.field("names", format!("{shown:?} is not the name of a client's log, CLIENT_alt_mig.log"))
        })?;
        let before = listed.iter().find(|listed| listed.name == log).ok_or_else(|| {
            NOT_FOUND.problem(format!(
                "{} has no regular file {log} in /var/adm/ras/alt_mig. List its logs again; links are not followed.",
                master.name
            ))
        })?;
        if let Some(why) = before.refused() {
            return Err(ACTION_REFUSED.problem(format!("{log} is not imported. {why}")));
        }
        let mib = u32::try_from(before.bytes.div_ceil(1 << 20)).unwrap_or(MEMORY_MIB).clamp(1, MEMORY_MIB);
        let stopping = |_| ACTION_REFUSED.problem("The server is stopping. Try again.");
        let memory = MEMORY.acquire_many(mib).await.map_err(stopping)?;
        let body = old_logs::fetch(connection, &log).await.map_err(|error| error.problem())?;
        self.unchanged(master, connection, before, body.len() as u64).await?;
        // At most 64 MiB, in linear time. The permit goes along: a request that is dropped does not free the memory of its work.
        let work = move || (hex(&Sha256::digest(&body)), explain(&body), body, memory);
        let (sha256, report, body, _memory) = compute::shared().run(work).await.map_err(Problem::from)?;
        if let Some(known) = imported_log::by_hash(&self.pool, master.id, &sha256).await.map_err(db)? {
            return Ok((known, true));
        }
        if let Some(id) = migration::with_log(&self.pool, master.id, &sha256).await.map_err(db)? {
            return Err(ACTION_REFUSED.problem(format!(
                "{log} is the log of a run that nimdeck did itself: it is in the history as migration {id}."
            )));
        }
        let report = report.ok_or_else(|| {
            let problem = not_a_log();
            Problem { detail: format!("{log} on {}: {}", master.name, problem.detail), ..problem }
        })?;
        let new = imported_log::New {
            master: master.id,
            client: log.client().as_str(),
            name,
            sha256: &sha256,
            modified: &before.modified,
            modified_on: before.modified_on,
            report: &report,
            body: &body,
            imported_by: &caller.username,
        };
        self.store(caller, master, &new).await
    }

    /// The file is still the one that was listed, to the byte, now that it was read.
    async fn unchanged(
        &self,
        master: &Master,
        connection: &Connection,
        before: &Listed,
        read: u64,
    ) -> Result<(), Problem> {
        let now = old_logs::list(connection).await.map_err(|error| error.problem())?;
        let after = now.iter().find(|listed| listed.name == before.name);
        if read == before.bytes && after.is_some_and(|after| after.bytes == read && after.modified == before.modified) {
            return Ok(());
        }
        Err(HOST_COMMAND.problem(format!(
            "{} on {} changed while it was read ({} bytes listed, {read} read). A nimadm may be running: import it when that is over.",
            before.name, master.name, before.bytes
        )))
    }

    /// Entry, bytes and audit row: all or nothing.
    async fn store(
        &self,
        caller: &Caller,
        master: &Master,
        new: &imported_log::New<'_>,
    ) -> Result<(ImportedSummary, bool), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        let id = imported_log::insert(&mut tx, new).await.map_err(|error| match error.as_database_error() {
            // Somebody removed the master meanwhile.
            Some(gone) if gone.is_foreign_key_violation() => {
                NOT_FOUND.problem(format!("There is no NIM master {} any more.", master.name))
            }
            _ => db(error),
        })?;
        if let Some(id) = id {
            let detail = json!({
                "master": master.name, "client": new.client, "file": new.name, "bytes": new.body.len(), "sha256": new.sha256,
                "outcome": new.report.verdict.outcome,
            });
            let subject = format!("import:{id}");
            tx.record(&caller.username, "log.import", &subject, detail);
        }
        tx.commit().await.map_err(db)?;
        let stored = imported_log::by_hash(&self.pool, master.id, new.sha256).await.map_err(db)?;
        let stored = stored.ok_or_else(|| NOT_FOUND.problem(format!("{} was imported and is gone.", new.name)))?;
        Ok((stored, id.is_none()))
    }

    pub(super) async fn list_imports(&self, filter: &ImportFilter) -> Result<Page<ImportedSummary>, Problem> {
        let client = match filter.client.as_deref().map(str::trim).filter(|client| !client.is_empty()) {
            Some(client) => Some(self.of_client(client, filter.master.as_deref()).await?),
            None => None,
        };
        Ok(imported_log::list(&self.pool, filter, client.as_ref()).await?)
    }

    /// Whose logs are meant. NIM may not know the client of an old log, so a name that no client has can still be one of the logs.
    async fn of_client(&self, client: &str, master: Option<&str>) -> Result<OfClient, Problem> {
        let wanted = Wanted::new(client, master);
        let known = match identify::one(&self.pool, wanted).await {
            Ok(known) => Some(known),
            Err(Unidentified::None(_)) => None,
            Err(other) => return Err(other.input("client")),
        };
        if let Some(known) = known.as_ref().filter(|known| wanted.master().is_some() || known.name != client) {
            return Ok(OfClient { name: known.name.clone(), master: Some(known.master_id) });
        }
        let name = wanted.client();
        let mut masters = imported_log::masters_of(&self.pool, name).await.map_err(db)?;
        if let Some(known) = known.filter(|known| masters.iter().all(|(id, _)| *id != known.master_id)) {
            masters.push((known.master_id, known.master));
        }
        let of_master = |(id, of): &(Uuid, String)| {
            wanted.master().is_none_or(|master| of == master || id.to_string().eq_ignore_ascii_case(master))
        };
        masters.retain(of_master);
        match &masters[..] {
            [] => Ok(OfClient { name: name.to_owned(), master: None }),
            [(id, _)] => Ok(OfClient { name: name.to_owned(), master: Some(*id) }),
            several => {
                let names = several.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" and ");
                let why = format!(
                    "Logs and clients called {name} come from the masters {names}. Give the master beside the name."
                );
                Err(AMBIGUOUS_CLIENT.problem(why))
            }
        }
    }

    pub(super) async fn find_import(&self, id: Uuid) -> Result<Imported, Problem> {
        imported_log::find(&self.pool, id)
            .await
            .map_err(db)?
            .ok_or_else(|| NOT_FOUND.problem(format!("There is no imported log {id}. The history lists all of them.")))
    }
}

fn explain(body: &[u8]) -> Option<Report> {
    let mut explainer = Explainer::new();
    explainer.push(body);
    explainer.finish()
}

const _: () = assert!(LARGEST == 67_108_864, "the database's CHECK on imported_log.bytes says the same");
