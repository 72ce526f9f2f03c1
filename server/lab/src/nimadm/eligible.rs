//! Everything nimadm looks at before phase 1: the objects, the client, their levels; then it takes the client's lock.
//!
//! Texts without a source are (unconfirmed); the diagnoses of the crate `aix` know them by their words.

use super::{Context, Log, lock::alive, plan::Call};
use crate::{
    LabError, clock, image,
    model::{
        Host, Power, VgId, Via,
        migration::{self, Change, Image, Job, Reshape},
        nim::{Nim, Resource},
    },
};
use regex::RegexSet;
use std::{fs, path::PathBuf};

/// A migration that may begin.
pub(super) struct Plan {
    pub(super) job: Job,
    /// Files that `-e` leaves out.
    pub(super) excluded: RegexSet,
    /// What `-b` wants besides.
    pub(super) bundle: Vec<String>,
    /// The NIM scripts of phases 4 and 7: name and file.
    pub(super) pre_script: Option<(String, PathBuf)>,
    pub(super) post_script: Option<(String, PathBuf)>,
}

/// Why a call is refused before phase 1: what it says on standard error, and the exit code.
pub(super) struct Ineligible(pub(super) String, pub(super) u8);

impl From<LabError> for Ineligible {
    fn from(error: LabError) -> Self {
        Self(format!("nimadm: {error}"), 1)
    }
}

fn refuse<T>(text: String) -> Result<T, Ineligible> {
    Err(Ineligible(text, 1))
}

pub(super) fn no_object(name: &str) -> Ineligible {
    Ineligible(format!("0042-053 nimadm: there is no NIM object named \"{name}\""), 53)
}

/// A resource of a kind by the name a flag gave.
pub(super) fn find<'a>(nim: &'a Nim, kind: &str, name: Option<&String>) -> Result<&'a Resource, Ineligible> {
    let name = name.map_or("", String::as_str);
    nim.resource(kind, name).ok_or_else(|| no_object(name))
}

/// The client, where it answers.
pub(super) fn reachable(context: &Context, name: &str) -> Result<Host, Ineligible> {
    if context.store.client(&context.host, name)?.is_none() {
        return Err(no_object(name));
    }
    let client = context.store.host(name)?;
    if client.power != Power::Running {
        return Err(Ineligible(crate::commands::c_rsh::no_answer(name), 6));
    }
    if client.stopped.contains("nimsh") {
        let text = format!(
            "0042-001 nim: processing error encountered on \"{name}\":
   0042-006 m_lslpp: (From_Master) connect Error 0
A remote host refused an attempted connect operation."
        );
        return Err(Ineligible(text, 1));
    }
    Ok(client)
}

/// Looks at everything, and takes the lock.
pub(super) fn check(context: &Context, call: &Call, subject: &str, log: &mut Log) -> Result<Plan, Ineligible> {
    let master = context.host()?;
    let nim = master.nim.as_ref().ok_or_else(|| no_object(subject))?;
    let client = match &call.client {
        Some(name) => {
            if context.store.client(&context.host, name)?.is_none() {
                return Err(no_object(name));
            }
            log.say(&format!("Initializing NIM client {name}."));
            Some(reachable(context, name)?)
        }
        None => None,
    };
    log.say("Verifying alt_disk_migration eligibility.");
    let spot = find(nim, "spot", call.spot.as_ref())?;
    let lpp_source = find(nim, "lpp_source", call.lpp_source.as_ref())?;
    let optional =
        |kind: &str, name: &Option<String>| name.as_ref().map(|name| find(nim, kind, Some(name)).cloned()).transpose();
    let (pre, post) = (optional("script", &call.pre_script)?, optional("script", &call.post_script)?);
    let exclude = optional("exclude_files", &call.exclude)?;
    let bundle = optional("installp_bundle", &call.bundle)?;
    let image_data = optional("image_data", &call.image_data)?;
    optional("bosinst_data", &call.bosinst_data)?;
    let file = |resource: &Resource| context.store.root(&context.host).join(resource.location.trim_start_matches('/'));
    let image = match optional("mksysb", &call.mksysb)? {
        Some(mksysb) => Some((mksysb.name.clone(), image::read(&file(&mksysb))?)),
        None => None,
    };
    let level = spot.level.ok_or_else(|| no_object(&spot.name))?;
    resources_fit(&master, spot, lpp_source)?;
    let system = match (&image, &client) {
        (Some((_, image)), _) => &image.system,
        (None, Some(client)) => client.rootvg()?.1,
        (None, None) => return Err(no_object(subject)),
    };
    let (here, wanted) = (system.level(), (level.version, level.release));
    let same = (here.version, here.release) == wanted;
    if call.update && !same {
        return refuse(format!("nimadm: -U updates within AIX {}; {subject} is at {here}.", level.version_release()));
    }
    if (here.version, here.release) >= wanted && !call.update || call.update && here >= level {
        let at = if call.update { here.to_string() } else { format!("version {}", here.version_release()) };
        return refuse(format!("0505-147 nimadm: Client {subject} is already at {at}."));
    }
    for disk in &call.disks {
        if client.as_ref().is_some_and(|client| client.disk(disk).is_none()) {
            return refuse(format!("0505-125 nimadm: target disk {disk} does not exist on client {subject}."));
        }
    }
    let via = match &call.cache_vg {
        None => Via::Nfs,
        Some(name) => match master.group(name)? {
            None => return refuse(migration::no_such_vg("lsvg", name)),
            Some(group) if !group.varied_on => return refuse(migration::VARIED_OFF.to_owned()),
            Some(_) => Via::Cache(name.clone()),
        },
    };
    let text = |resource: Option<Resource>| resource.map(|found| read_resource(&file(&found))).transpose();
    let job = job(call, subject, client.as_ref(), image, via, spot, lpp_source, text(image_data)?);
    let exclude = text(exclude)?.unwrap_or_default();
    let excluded = RegexSet::new(exclude.lines().map(str::trim).filter(|line| !line.is_empty()));
    let plan = Plan {
        excluded: excluded
            .or_else(|error| refuse(format!("nimadm: the exclude_files resource cannot be read: {error}")))?,
        bundle: filesets_of(&text(bundle)?.unwrap_or_default()),
        pre_script: pre.map(|script| (script.name.clone(), file(&script))),
        post_script: post.map(|script| (script.name.clone(), file(&script))),
        job: take_lock(context, call, job)?,
    };
    Ok(plan)
}

/// Whether the SPOT and the lpp_source can migrate anything from this master.
fn resources_fit(master: &Host, spot: &Resource, lpp_source: &Resource) -> Result<(), Ineligible> {
    if !spot.usable {
        return refuse(format!("nimadm: The SPOT {} cannot be used: Rstate is \"unavailable for use\".", spot.name));
    }
    if lpp_source.level != spot.level {
        return refuse(format!("0505-145 nimadm: {} and {} are not at the same level.", lpp_source.name, spot.name));
    }
    let system = master.rootvg()?.1;
    if Some(system.level()) < spot.level {
        return refuse(format!("0505-146 nimadm: The NIM master is at a lower level than {}.", spot.name));
    }
    let here = system.filesets.get(crate::filesets::ALT_DISK).map(|installed| installed.level);
    let there = spot.alt_disk_level();
    if let (Some(here), Some(there)) = (here, there)
        && here != there
    {
        return refuse(format!(
            "nimadm: The level of bos.alt_disk_install.rte in the SPOT {} ({there}) does not match its level on the NIM master ({here}).",
            spot.name
        ));
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "everything a job consists of, put together once")]
fn job(
    call: &Call,
    subject: &str,
    client: Option<&Host>,
    image: Option<(String, Image)>,
    via: Via,
    spot: &Resource,
    lpp_source: &Resource,
    image_data: Option<String>,
) -> Job {
    let cpuid = client.map_or("00000000", |client| client.hardware.cpuid.as_str());
    let unit = cpuid.get(..8).unwrap_or("00000000").to_ascii_lowercase();
    let clone = if call.disks.is_empty() { String::new() } else { format!("{unit}00004c00{:016x}", clock::now_ms()) };
    Job {
        subject: subject.to_owned(),
        client: call.client.clone(),
        spot: spot.name.clone(),
        lpp_source: lpp_source.name.clone(),
        image,
        disks: call.disks.clone(),
        via,
        level: spot.level.unwrap_or(crate::filesets::level(0, 0, 0, 0, 0)),
        update: call.update,
        hold_bootlist: call.hold_bootlist,
        pid: std::process::id(),
        clone: VgId(clone),
        pvids: call.disks.iter().map(|disk| pvid(&unit, disk)).collect(),
        reshape: image_data.map(|text| reshape(&text)).unwrap_or_default(),
    }
}

/// A PVID for a disk that has none: the machine's number and what follows from the disk's name, so the same in every lab.
fn pvid(unit: &str, disk: &str) -> String {
    let name = disk.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    // An odd factor keeps different names different.
    format!("{unit}{:08x}", name.wrapping_mul(0x9e37_79b1))
}

fn read_resource(path: &std::path::Path) -> Result<String, Ineligible> {
    // 0042-154 is the real message for a location that is not there (nimadm.md §4.2).
    let gone =
        |_| Ineligible(format!("0042-154 nimadm: the file or directory \"{}\" does not exist", path.display()), 154);
    fs::read_to_string(path).map_err(gone)
}

/// The filesets of a bundle: `I:openssh.base.server`, comments with `#`.
fn filesets_of(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let name = line.trim().strip_prefix("I:").unwrap_or(line.trim());
        (!name.is_empty() && !name.starts_with('#')).then(|| name.to_owned())
    };
    text.lines().filter_map(line).collect()
}

/// What an image.data wants changed: sizes of volumes, and names of file systems' volumes.
fn reshape(text: &str) -> Vec<Reshape> {
    let mut wanted = Vec::new();
    let (mut volume, mut mount) = (String::new(), String::new());
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let value = value.trim();
        match key.trim() {
            "LOGICAL_VOLUME" => volume = value.to_owned(),
            "LPs" => wanted.extend(value.parse().ok().map(|lps| Reshape::Size { volume: volume.clone(), lps })),
            "FS_NAME" => mount = value.to_owned(),
            "FS_LV" => wanted
                .push(Reshape::Name { mount: mount.clone(), volume: value.trim_start_matches("/dev/").to_owned() }),
            _ => {}
        }
    }
    wanted
}

impl Plan {
    /// Where the file of a mksysb resource is.
    pub(super) fn image_file(&self, context: &Context, name: &str) -> Result<PathBuf, LabError> {
        let master = context.host()?;
        let found = master.nim.as_ref().and_then(|nim| nim.resource("mksysb", name));
        let location = found.map(|found| found.location.clone()).unwrap_or_default();
        Ok(context.store.root(&context.host).join(location.trim_start_matches('/')))
    }
}

/// Takes the client's lock, unless another nimadm has it: alive or, after a crash, left behind. `-F` takes a left one, and so
/// do single phases, which go on where the last one ended (whether nimadm checks that is unconfirmed, nimadm.md §1.3).
fn take_lock(context: &Context, call: &Call, mut job: Job) -> Result<Job, Ineligible> {
    let (subject, client) = (job.subject.clone(), job.client.clone());
    let goes_on = call.phases.first().is_some_and(|phase| phase.number() > 1);
    context.store.update_site(&context.host, &subject, client.as_deref(), |site| {
        if let Some(work) = &mut site.work {
            let lives = alive(work.pid, &subject);
            if !lives && goes_on {
                work.pid = job.pid;
                job.clone = work.clone.clone();
                return Ok(job);
            }
            if lives || !call.force {
                return refuse(format!(
                    "0505-140 nimadm: Client {subject} is locked by another alt_disk_migration operation."
                ));
            }
        }
        if goes_on && site.work.is_none() {
            return refuse(format!("0505-150 nimadm: No migration of {subject} is in progress; begin with phase 1."));
        }
        if let Some(client) = &site.client
            && !job.disks.is_empty()
            && client.group("altinst_rootvg")?.is_some()
        {
            // Clean up first, as for every earlier migration (nimadm.md §1.2 -C).
            return refuse(format!("0505-111 nimadm: altinst_rootvg already exists on client {subject}."));
        }
        migration::apply(&Change::Lock, &job, site).map_err(|refused| Ineligible(refused.to_string(), 1))?;
        Ok(job)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_disk_gets_a_pvid_of_its_own() {
        let made: HashSet<_> = (0..500).map(|n| pvid("00c9f3a0", &format!("hdisk{n}"))).collect();
        assert_eq!(made.len(), 500);
        assert!(made.iter().all(|pvid| pvid.parse::<aix::Pvid>().is_ok()));
    }

    #[test]
    fn reads_what_an_image_data_and_a_bundle_want() {
        let wanted = reshape(
            "lv_data:\n\tLOGICAL_VOLUME= hd2\n\tLPs= 60\n\nfs_data:\n\tFS_NAME= /opt/monitor\n\tFS_LV= /dev/mon\n",
        );
        let name = Reshape::Name { mount: "/opt/monitor".to_owned(), volume: "mon".to_owned() };
        assert_eq!(wanted, [Reshape::Size { volume: "hd2".to_owned(), lps: 60 }, name]);
        assert_eq!(filesets_of("# x\nI:a.b\n\nc.d\n"), ["a.b", "c.d"]);
    }
}
