//! Launching: what is offered, and what is asked for twice.

use super::{ServerDeck, db};
use crate::{
    engine::{
        host,
        launch::{Launcher, Requester, Stored},
    },
    error::{BAD_INPUT, KEY_REUSED},
    store::{self, migration, resource},
};
use aix::lsvg;
use app::model::{Caller, LaunchFor, LaunchOptions, LaunchRequest, Master, Migration, Problem, launch::holds_a_system};

/// Bytes of an Idempotency-Key at most: it stands in an index, and a row of that has a limit.
const KEY: usize = 200;

fn is_key(key: &str) -> bool {
    (1..=KEY).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// An Idempotency-Key that cannot be one.
pub(crate) fn bad_key() -> Problem {
    BAD_INPUT.field("Idempotency-Key", format!("must be 1 to {KEY} printable ASCII characters"))
}

impl ServerDeck {
    pub(super) async fn read_launch_options(&self, wanted: LaunchFor) -> Result<LaunchOptions, Problem> {
        let (master, client) = match wanted {
            LaunchFor::Client(name) => {
                let client = self.reread_client(&name).await?;
                (client.master_id, Some(client))
            }
            LaunchFor::Master(name) => (self.launcher().master(&name).await?.id, None),
        };
        let Master { name, approvals, .. } = self.find_master(master).await?;
        let resources = resource::list(&self.pool, master, None).await.map_err(db)?;
        let connection = self.masters.connect(master).await.map_err(|error| error.problem())?;
        let question = "for vg in $(lsvg -o); do lsvg $vg; done";
        let [groups] = host::master(&connection, [question]).await.map_err(|error| error.problem())?;
        let is_start = |line: &&str| line.starts_with("VOLUME GROUP:");
        let mut cache_vgs = Vec::new();
        let mut stanza = String::new();
        for line in groups.text.lines().chain(["VOLUME GROUP:"]) {
            if is_start(&line) && !stanza.is_empty() {
                let group = lsvg::info(&std::mem::take(&mut stanza)).ok();
                cache_vgs.extend(
                    group
                        .filter(|vg| !holds_a_system(vg.name.as_str()))
                        .map(|vg| (vg.name.clone(), Some(vg.free_mb()))),
                );
            }
            stanza.push_str(line);
            stanza.push('\n');
        }
        Ok(LaunchOptions { master: name, client, resources, cache_vgs, approvals })
    }

    pub(super) fn launcher(&self) -> Launcher {
        Launcher { pool: self.pool.clone(), masters: self.masters.clone() }
    }

    pub(super) async fn launch_checked(
        &self,
        caller: &Caller,
        request: LaunchRequest,
        key: Option<String>,
    ) -> Result<Migration, Problem> {
        if key.as_deref().is_some_and(|key| !is_key(key)) {
            return Err(bad_key());
        }
        if let Some(known) = self.launched_before(caller, &request, key.as_deref()).await? {
            return Ok(known);
        }
        let checked = self.launcher().check(&request).await?;
        if let Err(refused) = checked.accept(&request) {
            // Its twin may have been stored while the hosts were asked; then it is this one that makes the client busy.
            return self.launched_before(caller, &request, key.as_deref()).await?.ok_or(refused);
        }
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        let requester = Requester { name: &caller.username, role: Some(caller.role), approved_by: None };
        let Stored::New(id) = checked.store(&mut tx, &request, requester, key.as_deref()).await? else {
            drop(tx);
            // The same request was sent twice at the same time: both get the one migration.
            let twin = self.launched_before(caller, &request, key.as_deref()).await?;
            return twin.ok_or_else(|| checked.busy());
        };
        tx.commit().await.map_err(db)?;
        self.bus.changed(id);
        self.engine.wake();
        self.find_migration(id).await
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
