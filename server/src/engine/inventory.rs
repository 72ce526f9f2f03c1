//! Reading a master's NIM objects and its clients again.
//!
//! Nothing is deleted because it is absent from a list: [`listing`](super::listing) says why. A client that two readings do not list is
//! marked missing, and keeps its id, its group and its history.

use super::{
    host::{self, Answer, HostError},
    listing::{MACHINES, Names, Reading, listed, read_machines, read_resources, stanzas},
    look,
    masters::{ConnectError, Masters},
};
use crate::{
    error,
    remote::Connection,
    store::{self, client, master, resource, schedule},
};
use aix::{Level, ObjectName};
use app::model::{Client, Problem, SecondReading, ShrunkList};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

/// Why an inventory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The hosts.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The database.
    #[error("the database refused a query")]
    Database(#[from] sqlx::Error),
}

impl RefreshError {
    /// The problem for the person whose request met it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Connect(error) => error.problem(),
            Self::Host(error) => error.problem(),
            Self::Database(source) => error::database(source),
        }
    }
}

/// Reads a master and all its clients. A client that does not answer is remembered as such and is no error. A reading that fails, the
/// first or the one that is to confirm it, changes neither clients nor resources.
///
/// # Errors
/// Where the master or the database cannot be asked.
pub async fn refresh_master(pool: &PgPool, masters: &Masters, id: Uuid) -> Result<(), RefreshError> {
    let connection = masters.connect(id).await?;
    let [level] = host::master(&connection, ["oslevel -s"]).await?;
    let level: Option<Level> = level.success("oslevel -s")?.trim().parse().ok();
    let before = Names::listed_before(pool, id).await?;
    let mut reading = Reading::take(pool, &connection).await?;
    let (gone, shrunk) = confirm(pool, &connection, id, &before, &mut reading).await?;
    for source in reading.resources.iter_mut().filter(|resource| resource.kind == "lpp_source") {
        source.level = lpp_source_level(&connection, &source.name).await?;
    }
    store_reading(pool, id, &reading, &gone, shrunk.as_ref(), level).await?;
    for client in client::of_master(pool, id).await?.iter().filter(|client| client.missing_since.is_none()) {
        let machine = reading.machines.iter().find(|machine| machine.name == client.name);
        look_at(pool, &connection, client, machine.and_then(|machine| machine.get("Cstate"))).await?;
    }
    Ok(())
}

/// The objects that NIM listed before and lists no longer. Where the reading lacks some, a second one decides and is joined to it.
async fn confirm(
    pool: &PgPool,
    connection: &Connection,
    master: Uuid,
    before: &Names,
    reading: &mut Reading,
) -> Result<(Names, Option<ShrunkList>), RefreshError> {
    let lacking = before.lacking(reading);
    if lacking.is_empty() {
        return Ok((lacking, None));
    }
    let (read_at, clients, resources) = (reading.at.into(), reading.machines.len(), reading.resources.len());
    let list = |second| ShrunkList {
        read_at,
        clients_before: number(before.clients.len()),
        clients: number(clients),
        resources_before: number(before.resources.len()),
        resources: number(resources),
        second,
    };
    let second_at = schedule::clock(pool).await?.into();
    let second = match Reading::again(pool, connection).await {
        Ok(second) => second,
        Err(error) => {
            let second = SecondReading::Failed { at: second_at, why: error.problem().detail };
            let mut tx = store::begin(pool).await?;
            master::set_shrunk(&mut tx, master, Some(&list(second))).await?;
            tx.commit().await?;
            return Err(error);
        }
    };
    let (at, gone) = (second.at.into(), lacking.lacking(&second));
    reading.join(second);
    let second = if gone.is_empty() { SecondReading::Recovered { at } } else { SecondReading::Confirmed { at } };
    Ok((gone, Some(list(second))))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Stores what was listed and what is gone, in one transaction.
async fn store_reading(
    pool: &PgPool,
    master: Uuid,
    reading: &Reading,
    gone: &Names,
    shrunk: Option<&ShrunkList>,
    level: Option<Level>,
) -> Result<(), RefreshError> {
    let mut tx = store::begin(pool).await?;
    let Some(row) = master::find(&mut *tx, master).await? else {
        return Err(ConnectError::NoSuchMaster(master).into());
    };
    let missing_before = client::missing(&mut *tx, master).await?;
    for machine in &reading.machines {
        client::ensure(&mut tx, master, &listed(machine), reading.at).await?;
    }
    let missed = client::miss(&mut tx, master, &gone.clients, reading.at).await?;
    for resource in &reading.resources {
        resource::add(&mut tx, master, resource).await?;
    }
    resource::remove(&mut tx, master, &gone.resources).await?;
    let missing = client::missing(&mut *tx, master).await?;
    let back: Vec<&String> = missing_before.iter().filter(|name| !missing.contains(name)).collect();
    match shrunk {
        // Clients that are missing stay a fact of the card: the reading that confirmed it stays, too.
        None if missing.is_empty() => master::set_shrunk(&mut tx, master, None).await?,
        None => master::keep_confirmed_shrunk(&mut tx, master).await?,
        Some(_) => master::set_shrunk(&mut tx, master, shrunk).await?,
    }
    master::refreshed(&mut tx, master, level).await?;
    let subject = format!("master:{}", row.name);
    if !missed.is_empty() || !gone.resources.is_empty() {
        let detail = json!({ "clients_missing": missed, "resources_gone": gone.resources, "list": shrunk });
        tx.record("system", "inventory.missing", &subject, detail);
    }
    if !back.is_empty() {
        tx.record("system", "inventory.back", &subject, json!({ "clients": back }));
    }
    Ok(tx.commit().await?)
}

/// Adds the mksysbs of a master that were made since it was read.
///
/// # Errors
/// Where the master or the database cannot be asked.
pub async fn refresh_mksysbs(pool: &PgPool, connection: &Connection, master: Uuid) -> Result<(), RefreshError> {
    const MKSYSBS: &str = "lsnim -l -t mksysb";
    let [answer] = host::master(connection, [MKSYSBS]).await?;
    let mksysbs = read_resources(MKSYSBS, answer.success(MKSYSBS)?)?;
    let mut tx = store::begin(pool).await?;
    for mksysb in mksysbs {
        resource::add(&mut tx, master, &mksysb).await?;
    }
    Ok(tx.commit().await?)
}

/// Reads one client. Where NIM says that there is no such object, the list of clients is the second reading: the client is marked missing
/// if that does not list it either. A missing client that NIM describes again is no longer missing.
///
/// # Errors
/// Where the client, its master or the database cannot be asked.
pub async fn refresh_client(pool: &PgPool, masters: &Masters, client: &Client) -> Result<(), RefreshError> {
    let connection = masters.connect(client.master_id).await?;
    let command = format!("lsnim -l {}", client.name);
    let at = schedule::clock(pool).await?;
    let [answer] = host::master(&connection, [&command]).await?;
    if no_such_object(&answer) {
        let [list] = host::master(&connection, [MACHINES]).await?;
        let machines = read_machines(MACHINES, list.success(MACHINES)?)?;
        if machines.iter().any(|machine| machine.name == client.name) {
            // The two answers contradict each other: an error, and nothing is changed.
            answer.success(&command)?;
        }
        return Ok(gone(pool, client, at).await?);
    }
    let machines = stanzas(&command, answer.success(&command)?)?;
    let Some(machine) = machines.iter().find(|machine| machine.name == client.name) else {
        let said = "it said nothing of the client".to_owned();
        return Err(HostError::Command { command, rc: answer.rc, said }.into());
    };
    if client.missing_since.is_some() {
        let mut tx = store::begin(pool).await?;
        client::ensure(&mut tx, client.master_id, &listed(machine), at).await?;
        let detail = json!({ "clients": [client.name], "master": client.master });
        tx.record("system", "inventory.back", &format!("client:{}", client.id), detail);
        tx.commit().await?;
    }
    look_at(pool, &connection, client, machine.get("Cstate")).await?.map_or(Ok(()), |silent| Err(silent.into()))
}

/// `0042-053 lsnim: there is no NIM object named "lpar9"` (nimadm.md §6.1).
fn no_such_object(answer: &Answer) -> bool {
    answer.rc != 0 && answer.text.contains("0042-053")
}

/// Marks one client missing.
async fn gone(pool: &PgPool, client: &Client, at: time::OffsetDateTime) -> Result<(), sqlx::Error> {
    let mut tx = store::begin(pool).await?;
    let missed = client::miss(&mut tx, client.master_id, &[client.name.to_string()], at).await?;
    if !missed.is_empty() {
        let detail = json!({ "clients_missing": missed, "master": client.master });
        tx.record("system", "inventory.missing", &format!("client:{}", client.id), detail);
    }
    tx.commit().await
}

/// Looks at a client and stores what it said; gives back why it did not answer.
async fn look_at(
    pool: &PgPool,
    connection: &Connection,
    client: &Client,
    cstate: Option<&str>,
) -> Result<Option<HostError>, RefreshError> {
    let hostname = client::hostname(pool, client.id).await?;
    match look::inventory(connection, &hostname).await {
        Ok((level, inventory)) => {
            let mut tx = store::begin(pool).await?;
            client::answered(&mut tx, client.id, level, &inventory, cstate).await?;
            tx.commit().await?;
            Ok(None)
        }
        Err(error @ HostError::Remote(_)) => Err(error.into()),
        Err(error) => {
            let mut tx = store::begin(pool).await?;
            client::failed(&mut tx, client.id, &error.chain()).await?;
            tx.commit().await?;
            Ok(Some(error))
        }
    }
}

/// NIM does not say which level an lpp_source holds; its bos.mp64 does: 7.3.3.1 is 7300-03 (nimadm.md §8.2).
async fn lpp_source_level(connection: &Connection, name: &ObjectName) -> Result<Option<String>, HostError> {
    let command = format!("nim -o showres {name} | grep bos.mp64");
    let [answer] = host::master(connection, [&command]).await?;
    Ok(level_of_bos(&answer.text))
}

fn level_of_bos(text: &str) -> Option<String> {
    let mut words = text.split_whitespace().skip_while(|word| *word != "bos.mp64").skip(1);
    let numbers: Vec<u8> = words.next()?.split('.').map_while(|part| part.parse().ok()).collect();
    match numbers[..] {
        [version, release, tl, _] => Some(format!("{version}{release}00-{tl:02}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_of_an_lpp_source_is_that_of_its_kernel() {
        let line = "  bos.mp64                          7.3.3.1                    S  N usr,root\n";
        assert_eq!(level_of_bos(line).as_deref(), Some("7300-03"));
        assert_eq!(level_of_bos("0042-207 m_showres: Unable to allocate"), None);
    }
}
