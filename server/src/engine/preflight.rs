//! The pre-flight: everything that is looked at before a launch (nimadm.md §3.2).
//!
//! Looking and judging are apart: [`gather`] asks the hosts and writes nothing there; [`checks`] is pure. The same
//! judgement is made once more right before nimadm is started ([`safe`](super::safe)), because an hour may lie between.

use super::{
    host::{self, Answer, HostError},
    look, safe,
};
use crate::{remote::Connection, store::client::Inventory};
use aix::{Level, ObjectName, command::quote, efix, lsnim, lspv::PhysicalVolume, lsvg};
use app::model::{BootlistPolicy, Check, LaunchRequest, Resource, RunMode, Severity, Verdict};

/// What was found.
#[derive(Debug)]
pub struct Facts {
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
    /// The client; the error where it does not answer.
    pub client: Result<ClientFacts, String>,
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
        let used = self.client.as_ref().ok()?.inventory.rootvg_used?;
        Some(cache_need(used))
    }
}

fn cache_need(used: u64) -> u64 {
    used.saturating_mul(6) / 5
}

/// Asks master and client. Nothing is written on either.
///
/// # Errors
/// Where the master cannot be asked; a client that does not answer is a finding, not an error.
pub async fn gather(
    connection: &Connection,
    client: &ObjectName,
    hostname: &ObjectName,
    resources: &[Resource],
    request: &LaunchRequest,
) -> Result<Facts, HostError> {
    let machine = format!("lsnim -l {client}");
    let vg = request.cache_vg.as_ref().map_or_else(|| "true".to_owned(), |vg| format!("lsvg {vg}"));
    let spot = quote(request.spot.as_str());
    let in_spot = format!("nim -o showres -a lslpp_flags=Lc {spot} 2>&1 | egrep 'bos.alt_disk_install.rte|0042-207'");
    let commands = ["oslevel -s", &machine, &vg, "lslpp -Lqc bos.alt_disk_install.rte", &in_spot];
    let [level, machine, vg, on_master, mut from_spot] = host::master(connection, commands).await?;
    // Two showres of one resource cannot run at once (nimadm.md §6.2): whoever comes second waits for the first.
    for _ in 0..SHOWRES_TRIES {
        if !from_spot.text.contains("0042-207") {
            break;
        }
        tokio::time::sleep(SHOWRES_PAUSE).await;
        [from_spot] = host::master(connection, [&in_spot]).await?;
    }
    let resource =
        |name: &ObjectName, kind: &str| resources.iter().find(|r| r.name == *name && r.kind == kind).cloned();
    Ok(Facts {
        master_level: level.text.trim().parse().ok(),
        machine: lsnim::stanzas(&machine.text).ok().and_then(|stanzas| stanzas.into_iter().next()),
        cache_vg: request.cache_vg.is_some().then_some(vg),
        alt_disk_install: (fileset_level(&on_master.text), fileset_level(&from_spot.text)),
        lpp_source: resource(&request.lpp_source, "lpp_source"),
        spot: resource(&request.spot, "spot"),
        client: look_at_client(connection, hostname).await?,
    })
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

/// The third field of lslpp's colon form (nimadm.md §6.2).
fn fileset_level(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains(":bos.alt_disk_install.rte:"))?;
    line.split(':').nth(2).map(|level| level.trim().to_owned()).filter(|level| !level.is_empty())
}

/// Every check, blocks first.
#[must_use]
pub fn checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let mut checks = master_checks(facts, request);
    match &facts.client {
        Ok(client) => {
            checks.push(pass("N3", "The client answers its master", "c_rsh reaches it"));
            checks.extend(disk_checks(client, request));
            checks.extend(rootvg_checks(client, request));
            checks.extend(level_checks(facts, client, request.update));
        }
        Err(why) => checks.push(block(
            "N3",
            "The client answers its master",
            why,
            "On the client: lssrc -s nimsh, /etc/niminfo; name resolution in both directions.",
        )),
    }
    if request.bootlist == BootlistPolicy::Nimadm {
        checks.push(warn(
            "ND-2",
            "The bootlist stays until the cutover",
            "nimadm will set it in phase 11",
            "From phase 11 on any reboot of the client, planned or not, boots the new level.",
        ));
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

fn master_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let mut checks = Vec::new();
    let cstate = facts.machine.as_ref().and_then(|machine| machine.get("Cstate"));
    checks.push(match cstate {
        Some("ready for a NIM operation") => pass("M14", "NIM is ready for the client", "ready for a NIM operation"),
        Some(state) => block(
            "M14",
            "NIM is ready for the client",
            state,
            "Somebody else works on it, or a run left it so. See what runs; then nimadm -C, or nim -o reset.",
        ),
        None => block(
            "N1",
            "The client is a NIM object",
            "lsnim does not know it",
            "Define it on the master, or refresh the master's inventory.",
        ),
    });
    for (id, title, name, found) in [
        ("M4", "lpp_source is ready for use", &request.lpp_source, &facts.lpp_source),
        ("M5", "SPOT is ready for use", &request.spot, &facts.spot),
    ] {
        checks.push(match found {
            Some(resource) if resource.ready => pass(id, title, name.as_str()),
            Some(_) => block(id, title, &format!("{name} is not ready"), "nim -Fo check it, or complete its images."),
            None => {
                block(id, title, &format!("there is no {name}"), "Choose one that lsnim lists, or refresh the master.")
            }
        });
    }
    checks.push(match (&facts.alt_disk_install.0, &facts.alt_disk_install.1) {
        (Some(master), Some(spot)) if master == spot => {
            pass("M3", "bos.alt_disk_install.rte is the same on master and SPOT", master)
        }
        (Some(master), Some(spot)) => block(
            "M3",
            "bos.alt_disk_install.rte is the same on master and SPOT",
            &format!("master {master}, SPOT {spot}"),
            "Install the master's level into the SPOT, or let nimadm -M bring both together.",
        ),
        (None, _) => block(
            "M2",
            "bos.alt_disk_install.rte is on the master",
            "lslpp does not list it",
            "Install it on the master at the level of the SPOT.",
        ),
        (Some(master), None) => check(
            "M3",
            "bos.alt_disk_install.rte is the same on master and SPOT",
            Severity::Block,
            Verdict::Skipped,
            &format!("master {master}; the SPOT could not be read"),
            "Another showres may run on this SPOT; try again.",
        ),
    });
    if let Some(answer) = &facts.cache_vg {
        checks.push(cache_check(answer, facts.client.as_ref().ok().and_then(|c| c.inventory.rootvg_used)));
    }
    checks
}

/// Space arithmetic of nimadm.md §3.3: the client's rootvg and a fifth for growth.
fn cache_check(answer: &Answer, used: Option<u64>) -> Check {
    let (id, title) = ("M9", "The cache volume group has room");
    let Ok(vg) = lsvg::info(&answer.text) else {
        let said = answer.text.lines().next().unwrap_or("lsvg said nothing");
        return block(id, title, said, "Name a volume group of the master that is varied on.");
    };
    let Some(used) = used else {
        let found = format!("{} MiB free; how much rootvg uses could not be read", vg.free_mb());
        return check(id, title, Severity::Block, Verdict::Skipped, &found, "Check it by hand.");
    };
    let need = cache_need(used);
    let found = format!("{} MiB free, about {need} MiB needed", vg.free_mb());
    if vg.free_mb() < need {
        block(id, title, &found, "Wait for other runs to end, extend the volume group, or choose another one.")
    } else {
        pass(id, title, &found)
    }
}

fn disk_checks(client: &ClientFacts, request: &LaunchRequest) -> Vec<Check> {
    let inventory = &client.inventory;
    let mut checks = Vec::new();
    for target in &request.target_disks {
        let title = format!("{target} is free");
        let Some(disk) = inventory.disks.iter().find(|disk| disk.disk == *target) else {
            checks.push(block("D1", &title, "the client has no such disk", "Choose a disk that lspv lists."));
            continue;
        };
        let volume = PhysicalVolume {
            disk: disk.disk.clone(),
            pvid: disk.pvid.clone(),
            vg: disk.vg.clone(),
            state: disk.state.clone(),
        };
        checks.push(match safe::not_free(&volume, &inventory.bootlist) {
            Some(why) => block("D1", &title, &format!("{target} {why}"), "Choose a disk that is in no volume group."),
            None => pass("D1", &title, "in no volume group, not in the bootlist"),
        });
    }
    let size: Option<u64> = request
        .target_disks
        .iter()
        .map(|target| inventory.disks.iter().find(|disk| disk.disk == *target).and_then(|disk| disk.size))
        .sum();
    let title = "The target disks are large enough";
    // IBM's own number is 500 MB above what is used (nimadm.md §3.1).
    checks.push(match (size, inventory.rootvg_used) {
        (Some(size), Some(used)) if size < used.saturating_add(500) => block(
            "D3",
            title,
            &format!("{size} MiB, rootvg uses {used} MiB"),
            "Take a disk with at least 500 MiB more than rootvg uses, better as large as the present one.",
        ),
        (Some(size), Some(used)) => pass("D3", title, &format!("{size} MiB, rootvg uses {used} MiB")),
        _ => {
            check("D3", title, Severity::Block, Verdict::Skipped, "the sizes could not be read", "Check them by hand.")
        }
    });
    checks
}

fn rootvg_checks(client: &ClientFacts, request: &LaunchRequest) -> Vec<Check> {
    // What cannot be read cannot be passed: multibos or a stale mirror would go unseen.
    let volumes = match &client.volumes {
        Ok(volumes) => volumes,
        Err(why) => return vec![block("R3", "rootvg can be looked at", why, "Run lsvg -l rootvg on the client.")],
    };
    let mut checks = Vec::new();
    let names =
        |found: Vec<&lsvg::LogicalVolume>| found.iter().map(|lv| lv.name.clone()).collect::<Vec<_>>().join(", ");
    let select =
        |wanted: &dyn Fn(&lsvg::LogicalVolume) -> bool| names(volumes.iter().filter(|lv| wanted(lv)).collect());
    let multibos = select(&|lv| lv.name.starts_with("bos_"));
    checks.push(if multibos.is_empty() {
        pass("R3", "No multibos instance", "no bos_ logical volumes")
    } else {
        block("R3", "No multibos instance", &multibos, "nimadm does not support it: remove it with multibos -R.")
    });
    let stale = select(&|lv| lv.state.contains("stale"));
    checks.push(if stale.is_empty() {
        pass("R4", "No stale partitions in rootvg", "all syncd")
    } else {
        block("R4", "No stale partitions in rootvg", &stale, "Run syncvg -v rootvg first.")
    });
    let alt = select(&|lv| lv.name.starts_with("alt"));
    if !alt.is_empty() {
        checks.push(block(
            "R2",
            "No names that begin with alt",
            &alt,
            "alt_disk_copy would destroy them: rename them first.",
        ));
    }
    // The limit is documented for alt_disk_install, its text is not public (unconfirmed): it warns, it does not block.
    let long = select(&|lv| lv.name.len() > 11);
    if !long.is_empty() && request.image_data.is_none() {
        checks.push(warn(
            "R1",
            "Logical volume names have at most 11 characters",
            &long,
            "Cloned names get the prefix alt_ and may have 15 characters: shorten them with an image_data resource.",
        ));
    }
    let mirrored = volumes.iter().any(|lv| lv.pps > lv.lps);
    if mirrored && request.target_disks.len() < 2 {
        checks.push(warn(
            "D5",
            "Mirrored rootvg has as many target disks",
            "rootvg is mirrored, one target disk is named",
            "The clone will not be mirrored, or does not fit: name as many disks as there are copies.",
        ));
    }
    checks.push(match &client.efixes {
        None => check("S5", "No interim fixes", Severity::Warn, Verdict::Skipped, "emgr -l could not be read", ""),
        Some(fixes) if fixes.is_empty() => pass("S5", "No interim fixes", "none"),
        Some(fixes) => {
            let labels: Vec<_> = fixes.iter().map(|fix| fix.label.as_str()).collect();
            let advice = "They do not survive a change of version; check that the target level contains them.";
            warn("S5", "No interim fixes", &labels.join(", "), advice)
        }
    });
    checks
}

fn level_checks(facts: &Facts, client: &ClientFacts, update: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    let target: Option<Level> =
        facts.spot.as_ref().and_then(|spot| spot.level.as_deref()).and_then(|level| level.parse().ok());
    let Some(target) = target else {
        let found = "NIM does not say which level the SPOT holds";
        return vec![check("S1", "The target level is higher", Severity::Block, Verdict::Skipped, found, "")];
    };
    let found = format!("{} to {}", client.level.spoken(), target.spoken());
    let version = |level: Level| (level.version, level.release);
    if update {
        checks.push(if version(client.level) == version(target) && client.level < target {
            pass("S1", "The target is a later level of the same release", &found)
        } else {
            block(
                "S1",
                "The target is a later level of the same release",
                &found,
                "-U updates within a release; leave it out to migrate to a higher one, or choose another SPOT and lpp_source.",
            )
        });
        // nimadm.md §1.1: since the third technology level of 7.3.
        let knows = |level: Level| (level.version, level.release, level.tl) >= (7, 3, 3);
        if let Some(master) = facts.master_level.filter(|level| !knows(*level)) {
            let found = format!("the master runs {}", master.spoken());
            checks.push(block(
                "ND-5",
                "nimadm knows -U",
                &found,
                "Update the master to 7.3 TL3 first, or migrate without -U.",
            ));
        }
    } else {
        checks.push(if version(client.level) < version(target) {
        pass("S1", "The target version is higher", &found)
    } else {
        block(
            "S1",
            "The target version is higher",
            &found,
            "nimadm migrates to a higher version; choose another SPOT and lpp_source, or ask for an update (-U) within the release.",
        )
    });
    }
    if let Some(master) = facts.master_level {
        let found = format!("master {}, target {}", master.spoken(), target.spoken());
        checks.push(if version(master) >= version(target) {
            pass("M1", "The master is at the target level or above", &found)
        } else {
            block("M1", "The master is at the target level or above", &found, "Migrate the master first.")
        });
    }
    if let Some(processor) = &client.processor {
        let power: Option<u32> = processor.rsplit_once("POWER").and_then(|(_, n)| n.parse().ok());
        let old = version(target) >= (7, 3) && power.is_some_and(|generation| generation < 8);
        checks.push(if old {
            block("H1", "The hardware runs the target level", processor, "AIX 7.3 needs POWER8 or later.")
        } else {
            pass("H1", "The hardware runs the target level", processor)
        });
    }
    checks
}

fn check(id: &str, title: &str, severity: Severity, verdict: Verdict, found: &str, advice: &str) -> Check {
    Check {
        id: id.to_owned(),
        title: title.to_owned(),
        severity,
        verdict,
        found: found.to_owned(),
        advice: advice.to_owned(),
    }
}

fn pass(id: &str, title: &str, found: &str) -> Check {
    check(id, title, Severity::Block, Verdict::Pass, found, "")
}

fn warn(id: &str, title: &str, found: &str, advice: &str) -> Check {
    check(id, title, Severity::Warn, Verdict::Warn, found, advice)
}

pub(crate) fn block(id: &str, title: &str, found: &str, advice: &str) -> Check {
    check(id, title, Severity::Block, Verdict::Block, found, advice)
}
