//! The pre-flight: everything that is looked at before a launch (nimadm.md §3.2).
//!
//! Looking and judging are apart: [`gather`] asks the hosts and writes nothing there; [`checks`] is pure. The same
//! judgement is made once more right before nimadm is started ([`safe`](super::safe)), because an hour may lie between.

mod client;
mod finding;
mod level;
mod nim;

pub(crate) use finding::block;

use super::{
    host::{self, Answer, HostError},
    look::{self, ImageSeen},
    masters::Masters,
};
use crate::{
    remote::Connection,
    store::{client::Inventory, master},
};
use aix::{Level, ObjectName, Size, command::quote, df, efix, lsnim, lsvg};
use app::model::{Approvals, BootlistPolicy, Check, LaunchRequest, Operation, Resource, RunMode};
use finding::{pass, warn};
use uuid::Uuid;

/// What was found.
#[derive(Debug)]
pub struct Facts {
    /// The master's name.
    pub master: String,
    /// Whose word the master asks for.
    pub approvals: Approvals,
    /// The master's level.
    pub master_level: Option<Level>,
    /// `lsnim -l` of the client.
    pub machine: Option<lsnim::Stanza>,
    /// `lsvg` of the cache volume group; none in NFS mode.
    pub cache_vg: Option<Answer>,
    /// Level of bos.alt_disk_install.rte on the master and in the SPOT.
    pub alt_disk_install: (Option<String>, Option<String>),
    /// The lpp_source and the SPOT, as NIM knows them.
    pub lpp_source: Option<Resource>,
    /// The SPOT.
    pub spot: Option<Resource>,
    /// The mksysb that is to be migrated.
    pub mksysb: Option<Resource>,
    /// Where the mksysb that is to be made will be.
    pub image: Option<Place>,
    /// Whether the directory with images is there, where one is named.
    pub images_are_there: Option<bool>,
    /// The client, where the operation has one; the error where it does not answer.
    pub client: Option<Result<ClientFacts, String>>,
}

/// Where a mksysb is to be written.
#[derive(Debug)]
pub struct Place {
    /// What there is of it already.
    pub seen: ImageSeen,
    /// Whether its directory is there.
    pub folder: bool,
    /// What is free in the directory's file system; none where `df` did not say.
    pub free: Option<Size>,
}

/// What the client said.
#[derive(Debug)]
pub struct ClientFacts {
    /// Its level.
    pub level: Level,
    /// Its disks and bootlist.
    pub inventory: Inventory,
    /// `lsvg -l rootvg`, or why it could not be read.
    pub volumes: Result<Vec<lsvg::LogicalVolume>, String>,
    /// `emgr -l`; none where it could not be read.
    pub efixes: Option<Vec<efix::Efix>>,
    /// `Processor Type` of `prtconf`.
    pub processor: Option<String>,
}

/// How often a showres that is held up by another one is tried again, and after how long.
const SHOWRES_TRIES: u32 = 5;
const SHOWRES_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

impl Facts {
    /// MiB free in the cache volume group, where lsvg said so.
    #[must_use]
    pub fn cache_free(&self) -> Option<u64> {
        let answer = self.cache_vg.as_ref()?;
        lsvg::info(&answer.text).ok().map(|vg| vg.free_mb())
    }

    /// MiB that the cache file systems will take: the client's rootvg and a fifth for growth (nimadm.md §3.3).
    #[must_use]
    pub fn cache_need(&self) -> Option<u64> {
        self.rootvg_used().map(cache_need)
    }

    /// MiB that the client's rootvg takes, where that is what is migrated or captured.
    fn rootvg_used(&self) -> Option<u64> {
        let client = self.client.as_ref().filter(|_| self.mksysb.is_none())?;
        client.as_ref().ok()?.inventory.rootvg_used
    }
}

fn cache_need(used: u64) -> u64 {
    used.saturating_mul(6) / 5
}

/// Asks master and client; `client` is its NIM name and its name for c_rsh. Nothing is written on either.
///
/// # Errors
/// Where the master cannot be asked; a client that does not answer is a finding, not an error.
pub async fn gather(
    masters: &Masters,
    connection: &Connection,
    master: &master::Row,
    client: Option<(&ObjectName, &ObjectName)>,
    resources: &[Resource],
    request: &LaunchRequest,
) -> Result<Facts, HostError> {
    let nothing = || "true".to_owned();
    let machine = client.map_or_else(nothing, |(name, _)| format!("lsnim -l {name}"));
    let vg = request.cache_vg.as_ref().map_or_else(nothing, |vg| format!("lsvg {vg}"));
    let folder = request.image.as_ref().map_or_else(nothing, |image| look::path("-d", image.file.parent()));
    let room = request.image.as_ref().map_or_else(nothing, |image| format!("df -k {}", quote(image.file.parent())));
    let images = request.images.as_ref().map_or_else(nothing, |images| look::path("-d", images.as_str()));
    let commands = ["oslevel -s", &machine, &vg, &folder, &room, &images];
    let [level, machine, vg, folder, room, images] = host::master(connection, commands).await?;
    let is_there = |answer: &Answer| !answer.text.trim().is_empty();
    let resource = |name: Option<&ObjectName>, kind: &str| {
        resources.iter().find(|r| Some(&r.name) == name && r.kind == kind).cloned()
    };
    Ok(Facts {
        master: master.name.clone(),
        approvals: master.approvals(),
        master_level: level.text.trim().parse().ok(),
        machine: lsnim::stanzas(&machine.text).ok().and_then(|stanzas| stanzas.into_iter().next()),
        cache_vg: request.cache_vg.is_some().then_some(vg),
        alt_disk_install: alt_disk_install(masters, connection, master.id, &request.spot).await?,
        lpp_source: resource(Some(&request.lpp_source), "lpp_source"),
        spot: resource(Some(&request.spot), "spot"),
        mksysb: resource(request.mksysb.as_ref(), "mksysb"),
        image: match &request.image {
            Some(image) => Some(Place {
                seen: look::image(connection, image).await?,
                folder: is_there(&folder),
                free: free(&room.text),
            }),
            None => None,
        },
        images_are_there: request.images.as_ref().map(|_| is_there(&images)),
        client: match client {
            Some((_, hostname)) => Some(look_at_client(connection, hostname).await?),
            None => None,
        },
    })
}

/// The levels of bos.alt_disk_install.rte on the master and in a SPOT, where they say so.
///
/// # Errors
/// Where the master cannot be asked.
pub async fn alt_disk_install(
    masters: &Masters,
    connection: &Connection,
    master: Uuid,
    spot: &ObjectName,
) -> Result<(Option<String>, Option<String>), HostError> {
    let spot = quote(spot.as_str());
    let in_spot = format!("nim -o showres -a lslpp_flags=Lc {spot} 2>&1 | egrep 'bos.alt_disk_install.rte|0042-207'");
    let ask = || host::master(connection, ["lslpp -Lqc bos.alt_disk_install.rte", &in_spot]);
    let [mut on_master, mut from_spot] = masters.turns.alone(master, ask()).await??;
    // Two showres of one resource cannot run at once (nimadm.md §6.2), and not all that run are ours.
    for _ in 0..SHOWRES_TRIES {
        if !from_spot.text.contains("0042-207") {
            break;
        }
        tokio::time::sleep(SHOWRES_PAUSE).await;
        [on_master, from_spot] = masters.turns.alone(master, ask()).await??;
    }
    Ok((fileset_level(&on_master.text), fileset_level(&from_spot.text)))
}

async fn look_at_client(
    connection: &Connection,
    hostname: &ObjectName,
) -> Result<Result<ClientFacts, String>, HostError> {
    let (level, inventory) = match look::inventory(connection, hostname).await {
        Ok(found) => found,
        Err(error @ HostError::Remote(_)) => return Err(error),
        Err(error) => return Ok(Err(error.chain())),
    };
    let commands = ["lsvg -l rootvg", "emgr -l", "prtconf | grep 'Processor Type'"];
    let [volumes, efixes, processor] = host::client(connection, hostname, commands).await?;
    Ok(Ok(ClientFacts {
        level,
        inventory,
        volumes: lsvg::logical_volumes(&volumes.text).map(|volumes| volumes.lvs).map_err(|error| error.to_string()),
        efixes: efix::parse(&efixes.text).ok().filter(|_| efixes.rc == 0),
        processor: processor.text.split_once(':').map(|(_, kind)| kind.trim().to_owned()),
    }))
}

/// What is free in the one file system that `df` was asked for.
fn free(df: &str) -> Option<Size> {
    let df = df::parse(df).ok()?;
    df.unit?.size(df.rows.first()?.free?)
}

/// The third field of lslpp's colon form (nimadm.md §6.2).
fn fileset_level(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains(":bos.alt_disk_install.rte:"))?;
    line.split(':').nth(2).map(|level| level.trim().to_owned()).filter(|level| !level.is_empty())
}

/// Every check, blocks first.
#[must_use]
pub fn checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let operation = request.operation;
    let mut checks = nim::master_checks(facts, request);
    match &facts.client {
        None => {}
        Some(Ok(client)) => {
            checks.push(pass("N3", "The client answers its master", "c_rsh reaches it"));
            if operation.makes_clone() {
                checks.extend(client::disk_checks(client, request));
            }
            // What is restored from a mksysb has nothing of the rootvg that runs.
            if !operation.reads_mksysb() {
                checks.extend(client::rootvg_checks(client, request));
            }
        }
        Some(Err(why)) => checks.push(block(
            "N3",
            "The client answers its master",
            why,
            "On the client: lssrc -s nimsh, /etc/niminfo; name resolution in both directions.",
        )),
    }
    if operation == Operation::Synchronise {
        checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
        return checks;
    }
    // A client that does not answer has no level to speak of, and is reported already.
    if !matches!(facts.client, Some(Err(_))) || operation.reads_mksysb() {
        checks.extend(level::level_checks(facts, request));
    }
    if request.bootlist == BootlistPolicy::Nimadm {
        let (id, title) = ("ND-2", "The bootlist stays until the cutover");
        checks.push(if facts.approvals.second_person {
            let found = format!(
                "nimadm would set it in phase 11; {} asks for a second person's approval of a cutover",
                facts.master
            );
            block(id, title, &found, "Launch with bootlist hold: nimdeck sets it at the approved cutover.")
        } else {
            let advice = "From phase 11 on any reboot of the client, planned or not, boots the new level.";
            warn(id, title, "nimadm will set it in phase 11", advice)
        });
    }
    if !request.accept_licenses {
        checks.push(warn(
            "ND-3",
            "Licence agreements are accepted",
            "they are not",
            "Without -Y phase 6 cannot install licensed filesets.",
        ));
    }
    if request.mode == RunMode::Stepped {
        checks.push(warn(
            "ND-4",
            "nimadm runs in one call",
            "it will be called once for each group of phases (-P)",
            "IBM documents little about single phases: for experts who know nimadm, one client at a time.",
        ));
    }
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    checks
}

#[cfg(test)]
mod tests;
