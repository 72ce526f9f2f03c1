//! Reading a master's NIM objects and its clients again.

use super::{
    host::{self, Answer, HostError},
    look,
    masters::{ConnectError, Masters},
};
use crate::{
    error,
    remote::Connection,
    store::{self, client, master, resource},
};
use aix::{Level, ObjectName, lsnim};
use app::model::{Client, Problem, Resource};
use sqlx::PgPool;
use uuid::Uuid;

/// NIM types of the resources a migration can use.
const RESOURCES: &str = "for type in lpp_source spot script installp_bundle bosinst_data image_data exclude_files mksysb; do lsnim -l -t $type; done";
const READY: &str = "ready for use";

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

/// Reads a master and all its clients. A client that does not answer is remembered as such and is no error.
///
/// # Errors
/// Where the master or the database cannot be asked.
pub async fn refresh_master(pool: &PgPool, masters: &Masters, id: Uuid) -> Result<(), RefreshError> {
    let connection = masters.connect(id).await?;
    let commands = ["oslevel -s", "lsnim -l -t standalone", RESOURCES];
    let [level, machines, resources] = host::master(&connection, commands).await?;
    let level: Option<Level> = level.success(commands[0])?.trim().parse().ok();
    let machines = stanzas(commands[1], machines.success(commands[1])?)?;
    let mut resources = read_resources(&resources)?;
    for source in resources.iter_mut().filter(|resource| resource.kind == "lpp_source") {
        source.level = lpp_source_level(&connection, &source.name).await?;
    }
    let mut tx = store::begin(pool).await?;
    resource::replace(&mut tx, id, &resources).await?;
    for machine in &machines {
        client::ensure(&mut tx, id, &machine.name, hostname(machine).as_ref()).await?;
    }
    let known: Vec<ObjectName> = machines.iter().map(|machine| machine.name.clone()).collect();
    client::forget(&mut tx, id, &known).await?;
    master::refreshed(&mut tx, id, level).await?;
    tx.commit().await?;
    for client in client::of_master(pool, id).await? {
        let cstate = machines.iter().find(|machine| machine.name == client.name).and_then(|m| m.get("Cstate"));
        look_at(pool, &connection, &client, cstate).await?;
    }
    Ok(())
}

/// Adds the mksysbs of a master that were made since it was read.
///
/// # Errors
/// Where the master or the database cannot be asked.
pub async fn refresh_mksysbs(pool: &PgPool, connection: &Connection, master: Uuid) -> Result<(), RefreshError> {
    const MKSYSBS: &str = "lsnim -l -t mksysb";
    let [answer] = host::master(connection, [MKSYSBS]).await?;
    for mksysb in read_resources(&answer)? {
        let mut tx = store::begin(pool).await?;
        resource::add(&mut tx, master, &mksysb).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn read_resources(answer: &Answer) -> Result<Vec<Resource>, RefreshError> {
    Ok(stanzas("lsnim -l", answer.success("lsnim -l")?)?.iter().filter_map(as_resource).collect())
}

/// Reads one client.
///
/// # Errors
/// Where the client, its master or the database cannot be asked.
pub async fn refresh_client(pool: &PgPool, masters: &Masters, client: &Client) -> Result<(), RefreshError> {
    let connection = masters.connect(client.master_id).await?;
    let command = format!("lsnim -l {}", client.name);
    let [machine] = host::master(&connection, [&command]).await?;
    let machine = stanzas(&command, machine.success(&command)?)?;
    let cstate = machine.first().and_then(|machine| machine.get("Cstate"));
    look_at(pool, &connection, client, cstate).await?.map_or(Ok(()), |silent| Err(silent.into()))
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

fn stanzas(command: &str, text: &str) -> Result<Vec<lsnim::Stanza>, HostError> {
    lsnim::stanzas(text).map_err(|source| HostError::Unreadable { command: command.to_owned(), source })
}

/// The second word of `if1` is the host name all tools use (nimadm.md §9 rule 8).
fn hostname(machine: &lsnim::Stanza) -> Option<ObjectName> {
    machine.get("if1")?.split_whitespace().nth(1)?.parse().ok()
}

fn as_resource(stanza: &lsnim::Stanza) -> Option<Resource> {
    let level = stanza.get("oslevel_s").or_else(|| stanza.get("oslevel_r")).map(str::to_owned);
    Some(Resource {
        name: stanza.name.clone(),
        kind: stanza.get("type")?.to_owned(),
        ready: stanza.get("Rstate") == Some(READY) && stanza.get("simages") != Some("no"),
        level,
    })
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
