//! What NIM lists: clients and resources, read whole or not at all.
//!
//! `lsnim` can print nothing, or only a part, and still return 0. So an object that is absent from one reading is not gone: a second
//! reading decides, and until then nothing changes. A reading that fails, or that cannot be parsed in every line, says nothing.

use super::{
    host::{self, HostError},
    inventory::RefreshError,
};
use crate::{
    remote::Connection,
    store::{
        client::{self, Listed},
        resource, schedule,
    },
};
use aix::{ObjectName, Unreadable, lsnim};
use app::model::Resource;
use sqlx::PgPool;
use std::{collections::BTreeSet, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// NIM objects of type standalone.
pub(super) const MACHINES: &str = "lsnim -l -t standalone";
/// NIM types of the resources a migration can use. A type that cannot be listed fails the whole reading.
const RESOURCES: &str = "for type in lpp_source spot script installp_bundle bosinst_data image_data exclude_files mksysb; do lsnim -l -t $type || exit; done";
const READY: &str = "ready for use";
/// Time between the two readings. nimesis that restarts, or a NIM database that is locked, is back by then.
const CONFIRM_AFTER: Duration = Duration::from_secs(3);

/// One reading of both lists.
#[derive(Debug)]
pub(super) struct Reading {
    /// When it began, by the database's clock.
    pub(super) at: OffsetDateTime,
    /// Clients with their attributes, by name.
    pub(super) machines: Vec<lsnim::Stanza>,
    /// Resources.
    pub(super) resources: Vec<Resource>,
}

/// Names of objects: those that NIM listed before, or those that a reading lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Of clients.
    pub(super) clients: Vec<String>,
    /// Of resources.
    pub(super) resources: Vec<String>,
}

impl Names {
    /// The objects of a master that NIM listed before.
    pub(super) async fn listed_before(pool: &PgPool, master: Uuid) -> Result<Self, sqlx::Error> {
        let resources = resource::list(pool, master, None).await?;
        let resources = resources.iter().map(|resource| resource.name.to_string()).collect();
        Ok(Self { clients: client::listed(pool, master).await?, resources })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.resources.is_empty()
    }

    /// Those of them that a reading lacks.
    pub(super) fn lacking(&self, reading: &Reading) -> Self {
        let lacking = |names: &[String], listed: BTreeSet<&str>| {
            names.iter().filter(|name| !listed.contains(name.as_str())).cloned().collect()
        };
        Self {
            clients: lacking(&self.clients, reading.machines.iter().map(|machine| machine.name.as_str()).collect()),
            resources: lacking(&self.resources, reading.resources.iter().map(|found| found.name.as_str()).collect()),
        }
    }
}

impl Reading {
    /// Reads both lists.
    pub(super) async fn take(pool: &PgPool, connection: &Connection) -> Result<Self, RefreshError> {
        let at = schedule::clock(pool).await?;
        let [machines, resources] = host::master(connection, [MACHINES, RESOURCES]).await?;
        Ok(Self {
            at,
            machines: read_machines(MACHINES, machines.success(MACHINES)?)?,
            resources: read_resources("lsnim -l -t …", resources.success("lsnim -l -t …")?)?,
        })
    }

    /// Reads both lists once more, after a pause.
    pub(super) async fn again(pool: &PgPool, connection: &Connection) -> Result<Self, RefreshError> {
        tokio::time::sleep(CONFIRM_AFTER).await;
        Self::take(pool, connection).await
    }

    /// Adds what only the other reading lists.
    pub(super) fn join(&mut self, other: Self) {
        for machine in other.machines {
            if self.machines.iter().all(|known| known.name != machine.name) {
                self.machines.push(machine);
            }
        }
        self.machines.sort_by(|one, other| one.name.cmp(&other.name));
        for resource in other.resources {
            if self.resources.iter().all(|known| known.name != resource.name) {
                self.resources.push(resource);
            }
        }
    }
}

/// Every client of a list, by name.
pub(super) fn read_machines(command: &str, text: &str) -> Result<Vec<lsnim::Stanza>, HostError> {
    let mut machines = stanzas(command, text)?;
    if let Some(other) = machines.iter().find(|machine| machine.get("type") != Some("standalone")) {
        return Err(not_whole(command, other));
    }
    machines.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(machines)
}

/// Every resource of a list.
pub(super) fn read_resources(command: &str, text: &str) -> Result<Vec<Resource>, HostError> {
    let resource = |stanza: &lsnim::Stanza| as_resource(stanza).ok_or_else(|| not_whole(command, stanza));
    stanzas(command, text)?.iter().map(resource).collect()
}

/// A list that was cut off within an object is not read.
fn not_whole(command: &str, stanza: &lsnim::Stanza) -> HostError {
    let text = format!("{} is listed without the type that was asked for", stanza.name);
    HostError::Unreadable { command: command.to_owned(), source: Unreadable { what: "lsnim -l", line: 1, text } }
}

pub(super) fn stanzas(command: &str, text: &str) -> Result<Vec<lsnim::Stanza>, HostError> {
    lsnim::stanzas(text).map_err(|source| HostError::Unreadable { command: command.to_owned(), source })
}

/// A client as it is stored.
pub(super) fn listed(machine: &lsnim::Stanza) -> Listed {
    // The second word of `if1` is the host name all tools use (nimadm.md §9 rule 8).
    let hostname = machine.get("if1").and_then(|if1| if1.split_whitespace().nth(1)?.parse::<ObjectName>().ok());
    Listed { name: machine.name.clone(), hostname }
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

#[cfg(test)]
mod tests {
    use super::*;

    const LPAR71: &str = "lpar71:\n   class = machines\n   type  = standalone\n   if1   = net lpar71 0\n";

    fn reading(machines: &str) -> Reading {
        let machines = read_machines(MACHINES, machines).unwrap();
        Reading { at: OffsetDateTime::UNIX_EPOCH, machines, resources: Vec::new() }
    }

    #[test]
    fn m7_a_list_that_is_cut_off_is_not_read() {
        assert_eq!(reading(LPAR71).machines.len(), 1);
        assert_eq!(reading("").machines.len(), 0, "an empty list is a reading: a second one decides");
        for cut in ["lpar71:\n   class = mach", "lpar71:\n", "0042-001 lsnim: processing error\n", "lpar7"] {
            assert!(read_machines(MACHINES, cut).is_err(), "{cut:?}");
        }
        assert!(read_resources("lsnim -l", "spot_7300:\n   class = resources\n").is_err());
    }

    #[test]
    fn m7_only_what_two_readings_lack_is_gone() {
        let known = Names { clients: vec!["lpar71".into(), "lpar72".into()], resources: vec!["spot".into()] };
        let first = known.lacking(&reading(""));
        assert_eq!(first, known);
        let second = first.lacking(&reading(LPAR71));
        assert_eq!(second.clients, ["lpar72"]);
        let mut joined = reading("");
        joined.join(reading(LPAR71));
        assert!(Names { clients: vec!["lpar71".into()], ..Names::default() }.lacking(&joined).is_empty());
    }
}
