//! Masters and clients.

use super::{ServerDeck, db};
use crate::{
    engine::{
        identify::{self, Wanted},
        inventory,
        masters::ConnectError,
        places,
    },
    error::{ACTION_REFUSED, BAD_INPUT, HOST_KEY_CHANGED, NOT_FOUND},
    remote::{HostKey, RemoteError},
    store::{
        self, client,
        master::{self, Ties},
    },
};
use aix::ObjectName;
use app::model::{Caller, Client, HostKeyState, Master, MasterChange, NewMaster, Problem};
use serde_json::json;
use uuid::Uuid;

impl ServerDeck {
    pub(super) async fn find_master(&self, id: Uuid) -> Result<Master, Problem> {
        let row = master::find(&self.pool, id).await.map_err(db)?;
        let row = row.ok_or_else(|| no_master(id))?;
        row.wire().map_err(db)
    }

    pub(super) async fn insert_master(&self, caller: &Caller, new: NewMaster) -> Result<Master, Problem> {
        check_name(&new.name)?;
        check_address(&new.host, new.port, &new.user)?;
        let key = new.host_key.as_deref().map(str::parse::<HostKey>).transpose();
        let key = key.map_err(|why| BAD_INPUT.field("host_key", why.to_string()))?;
        let new = NewMaster { host_key: key.as_ref().map(HostKey::openssh), ..new };
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        let id = master::insert(&mut tx, &new).await.map_err(|error| taken(error, &new.name))?;
        let detail =
            json!({ "host": new.host, "port": new.port, "user": new.user, "host_key": key.map(|k| k.fingerprint()) });
        let subject = format!("master:{}", new.name);
        tx.record(&caller.username, "master.add", &subject, detail);
        tx.commit().await.map_err(db)?;
        self.find_master(id).await
    }

    pub(super) async fn update_master(
        &self,
        caller: &Caller,
        id: Uuid,
        change: MasterChange,
    ) -> Result<Master, Problem> {
        let was = self.find_master(id).await?;
        let name = change.name.unwrap_or_else(|| was.name.clone());
        let host = change.host.unwrap_or_else(|| was.host.clone());
        let port = change.port.unwrap_or(was.port);
        let user = change.user.unwrap_or_else(|| was.user.clone());
        if name != was.name {
            check_name(&name)?;
        }
        check_address(&host, port, &user)?;
        let (most, stagger) =
            (change.max_running.unwrap_or(was.max_running), change.stagger_seconds.unwrap_or(was.stagger_seconds));
        if !(1..=1000).contains(&most) {
            return Err(
                BAD_INPUT.field("max_running", "must be 1 to 1000: how many nimadms the master can take at once")
            );
        }
        if stagger > 3600 {
            return Err(BAD_INPUT.field("stagger_seconds", "must be 0 to 3600 seconds between two starts"));
        }
        let approvals = change.approvals.unwrap_or(was.approvals);
        let directories = change.allowed_directories.unwrap_or_else(|| was.allowed_directories.clone());
        check_directories(&directories)?;
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        master::limit(&mut tx, id, most, stagger, approvals).await.map_err(db)?;
        master::allow(&mut tx, id, &directories).await.map_err(db)?;
        master::update(&mut tx, id, &name, &host, port, &user).await.map_err(|error| taken(error, &name))?;
        let detail = json!({
            "from": { "name": was.name, "host": was.host, "port": was.port, "user": was.user,
                      "max_running": was.max_running, "stagger_seconds": was.stagger_seconds,
                      "approvals": was.approvals, "allowed_directories": was.allowed_directories },
            "to": { "name": name, "host": host, "port": port, "user": user,
                    "max_running": most, "stagger_seconds": stagger, "approvals": approvals,
                    "allowed_directories": directories },
        });
        let subject = format!("master:{name}");
        tx.record(&caller.username, "master.change", &subject, detail);
        tx.commit().await.map_err(db)?;
        self.engine.wake();
        self.find_master(id).await
    }

    pub(super) async fn delete_master(&self, caller: &Caller, id: Uuid) -> Result<(), Problem> {
        let master = self.find_master(id).await?;
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        let stays = |why: &str| {
            let name = &master.name;
            ACTION_REFUSED.problem(format!("{name} stays: {why}. Removing it would remove its clients, too."))
        };
        if let Some(why) = ties(master::ties(&mut *tx, id).await.map_err(db)?) {
            return Err(stays(&why));
        }
        // A row that was stored since then keeps it as well.
        master::remove(&mut tx, id).await.map_err(|error| match error.as_database_error() {
            Some(used) if used.is_foreign_key_violation() => stays("it or one of its clients is on record"),
            _ => db(error),
        })?;
        let subject = format!("master:{}", master.name);
        tx.record(&caller.username, "master.remove", &subject, json!({}));
        tx.commit().await.map_err(db)
    }

    /// Pins the key the master offered, where it is the one whose fingerprint somebody compared.
    pub(super) async fn pin(&self, caller: &Caller, id: Uuid, fingerprint: &str) -> Result<Master, Problem> {
        // Ask now: what was offered last week is not what a person has just compared.
        let offered = match self.masters.connect(id).await {
            Ok(_) => {
                let master = self.find_master(id).await?;
                let same =
                    matches!(&master.host_key, HostKeyState::Pinned { fingerprint: pinned } if pinned == fingerprint);
                let differs = || {
                    let name = &master.name;
                    HOST_KEY_CHANGED
                        .problem(format!("{name} offers its pinned key, which is not {fingerprint}. Compare again."))
                };
                return if same { Ok(master) } else { Err(differs()) };
            }
            Err(ConnectError::Remote(
                RemoteError::HostKeyUnknown { offered, .. } | RemoteError::HostKeyChanged { offered, .. },
            )) => offered,
            Err(error) => return Err(error.problem()),
        };
        let row = master::find(&self.pool, id).await.map_err(db)?.ok_or_else(|| no_master(id))?;
        if offered.fingerprint() != fingerprint {
            return Err(HOST_KEY_CHANGED.problem(format!(
                "{} offers {offered} and not {fingerprint}. Compare again on the host's console.",
                row.name
            )));
        }
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        master::pin(&mut tx, id, &offered).await.map_err(db)?;
        let detail = json!({ "fingerprint": fingerprint, "was": row.pinned_key.and_then(|k| k.parse::<HostKey>().ok()).map(|k| k.fingerprint()) });
        let subject = format!("master:{}", row.name);
        tx.record(&caller.username, "master.pin_host_key", &subject, detail);
        tx.commit().await.map_err(db)?;
        self.find_master(id).await
    }

    pub(super) async fn reread_master(&self, id: Uuid) -> Result<Master, Problem> {
        inventory::refresh_master(&self.pool, &self.masters, id).await.map_err(|error| error.problem())?;
        self.find_master(id).await
    }

    /// A client by id, by a name that only one master has, or as `master/client`.
    pub(super) async fn find_client(&self, wanted: &str) -> Result<Client, Problem> {
        let known = identify::one(&self.pool, Wanted::new(wanted, None)).await.map_err(|error| error.lookup())?;
        self.client_of_id(known.id).await
    }

    async fn client_of_id(&self, id: Uuid) -> Result<Client, Problem> {
        let gone = || NOT_FOUND.problem(format!("There is no client {id} any more. Its master was removed."));
        client::by_id(&self.pool, id).await.map_err(db)?.ok_or_else(gone)
    }

    pub(super) async fn reread_client(&self, wanted: &str) -> Result<Client, Problem> {
        let client = self.find_client(wanted).await?;
        inventory::refresh_client(&self.pool, &self.masters, &client).await.map_err(|error| error.problem())?;
        self.client_of_id(client.id).await
    }
}

/// Most directories of a master.
const DIRECTORIES: usize = 32;

/// The root of everything allows everything, and a path with `..` is not the place that it seems to be.
fn check_directories(directories: &[String]) -> Result<(), Problem> {
    if directories.len() > DIRECTORIES {
        return Err(BAD_INPUT.field("allowed_directories", format!("must be at most {DIRECTORIES} directories")));
    }
    match directories.iter().find(|path| !places::is_plain(path)) {
        Some(path) => {
            let shown: String = path.chars().take(60).collect();
            let why =
                format!("{shown:?} is no absolute path without \".\", \"..\" and blanks, such as /export/nim/mksysb");
            Err(BAD_INPUT.field("allowed_directories", why))
        }
        None => Ok(()),
    }
}

/// What keeps a master from being removed, in words.
fn ties(ties: Ties) -> Option<String> {
    let all = [
        (ties.migrations, "migrations are on record"),
        (ties.members, "of its clients are in campaigns"),
        (ties.imports, "imported logs are on record"),
        (ties.grouped, "of its clients are in groups (take them out first)"),
    ];
    let all: Vec<_> =
        all.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Requests and filters take an id or a name, so a name must not look like an id.
fn check_name(name: &ObjectName) -> Result<(), Problem> {
    match identify::as_id(name.as_str()) {
        Some(_) => Err(BAD_INPUT.field("name", "looks like an id; choose a name that people can tell from one")),
        None => Ok(()),
    }
}

fn check_address(host: &str, port: u16, user: &str) -> Result<(), Problem> {
    let good = |text: &str| !text.is_empty() && text.len() <= 255 && !text.contains(|c: char| c.is_whitespace());
    if !good(host) {
        return Err(BAD_INPUT.field("host", "must be a host name or an address"));
    }
    if !good(user) {
        return Err(BAD_INPUT.field("user", "must be a user name on the master"));
    }
    if port == 0 {
        return Err(BAD_INPUT.field("port", "must be 1 to 65535"));
    }
    Ok(())
}

/// The name is the one thing of a master that must be its own.
fn taken(error: sqlx::Error, name: &ObjectName) -> Problem {
    match error.as_database_error() {
        Some(violation) if violation.is_unique_violation() => {
            BAD_INPUT.field("name", format!("there is a master called {name} already"))
        }
        _ => db(error),
    }
}

fn no_master(id: Uuid) -> Problem {
    NOT_FOUND.problem(format!("There is no NIM master {id}. List them at /api/v1/masters."))
}
