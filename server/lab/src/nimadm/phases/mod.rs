//! The twelve phases: what each prints and changes, in order (nimadm.md §2.1 to §2.12).
//!
//! Pure: a phase is a list of steps made from the estate as it is when the phase begins. The runner paces them.

mod client;
mod master;

pub(super) use master::usr_full;

use super::install;
use crate::{
    model::{
        Host, Via, VolumeGroup, Work,
        migration::{Change, Job, cache_mount, under},
    },
    scenario::Scenario,
};
use aix::{Level, Phase};
use std::{path::PathBuf, time::Duration};

/// One thing that happens in a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A line of the log.
    Say(String),
    /// So many lines at once.
    Burst(u32),
    /// Silence, as long as so many lines.
    Wait(u32),
    /// Silence of a real duration, beside what the phase takes.
    Silence(Duration),
    /// The estate changes.
    Do(Change),
    /// A script of a NIM resource runs: its name and file.
    Script(String, PathBuf),
    /// The cache becomes a mksysb.
    MakeImage,
    /// These lines, then nimadm gives up and cleans up.
    Fail(Vec<String>),
    /// These lines, then nimadm ends without a clean-up.
    Stop(Vec<String>),
    /// nimadm is killed.
    Die,
}

impl Step {
    /// How much of its phase's time it takes, in lines.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Self::Say(_) => 1,
            Self::Wait(lines) => *lines,
            _ => 0,
        }
    }
}

/// What a phase is made from.
pub(super) struct Scene<'a> {
    pub(super) job: &'a Job,
    pub(super) work: Option<&'a Work>,
    pub(super) master: &'a Host,
    pub(super) client: Option<&'a Host>,
    pub(super) scenario: Scenario,
    pub(super) accept_licenses: bool,
    pub(super) pre_script: Option<&'a (String, PathBuf)>,
    pub(super) post_script: Option<&'a (String, PathBuf)>,
    /// Filesets of `-b`.
    pub(super) bundle: &'a [String],
    /// File of `-O`.
    pub(super) output: Option<&'a str>,
}

/// What everybody sees when the client's half of the work went wrong (nimadm.md §1.6).
const CLONING_FAILED: &str = "0505-187 nimadm: Error cloning altinst_rootvg on client.";

/// The steps of one phase, without its banner.
pub(super) fn steps(phase: Phase, scene: &Scene<'_>) -> Vec<Step> {
    let nfs = scene.job.via == Via::Nfs;
    let mut steps = match phase.number() {
        1 => client::clone(scene),
        2 if nfs => client::export(scene),
        2 => master::create_cache(scene),
        3 if nfs => master::mount_exports(scene),
        3 => master::fill_cache(scene),
        4 => script(scene.pre_script),
        5 => master::merge(scene),
        6 => install::steps(scene),
        7 => script(scene.post_script),
        8 => client::boot_image(scene),
        9 if nfs => master::unmount_exports(scene),
        9 if scene.job.disks.is_empty() => master::make_image(scene),
        9 => client::write_back(scene),
        10 if nfs => client::unexport(scene),
        10 => master::remove_cache(scene),
        11 => client::finish(scene),
        _ => release(scene),
    };
    if scene.scenario == Scenario::FailsIn(phase) {
        break_off(phase, scene, &mut steps);
    }
    steps
}

/// A phase in which nimadm dies: somewhere in the middle, after what it has changed by then.
pub(super) fn killed(mut steps: Vec<Step>) -> Vec<Step> {
    steps.truncate(steps.len().div_ceil(2));
    steps.push(Step::Die);
    steps
}

/// Makes a phase fail, late enough that something has happened in it.
fn break_off(phase: Phase, scene: &Scene<'_>, steps: &mut Vec<Step>) {
    // All but the first cause are (unconfirmed) in their words.
    let (keep, cause) = match phase.number() {
        1 => (
            4,
            format!("0505-116 alt_disk_install: target disk(s) {} are not large enough.", scene.job.disks.join(" ")),
        ),
        2 => (2, crate::model::migration::no_space()),
        3 => (2, "nimsh: A connection with a remote socket was reset by that socket.".to_owned()),
        4 => (1, "nimadm: The user customization script pre_migration ended with return code 1.".to_owned()),
        5 => {
            let source = &scene.job.lpp_source;
            let merges = steps.iter().position(|step| matches!(step, Step::Do(Change::RestoreBos))).unwrap_or(0);
            (merges, format!("nimadm: The BOS image is missing from lpp_source {source}; simages is not set."))
        }
        6 => (steps.len() / 2, no_space_in_usr()),
        7 => (1, "nimadm: The user customization script post_migration ended with return code 2.".to_owned()),
        8 => {
            let disk = scene.boot_disk();
            (
                2,
                format!(
                    "0301-168 bosboot: The current boot logical volume, /dev/hd5,\n        does not exist on /dev/{disk}."
                ),
            )
        }
        9 => (1, crate::model::migration::no_space()),
        10 => (1, "umount: 0506-349 Cannot unmount /dev/fslv05: The requested resource is busy.".to_owned()),
        11 => (4, "alt_disk_copy: 0505-218 ATTENTION: init_multibos() returned an unexpected result.".to_owned()),
        _ => {
            let lines = [
                "Cleaning up alt_disk_migration on the NIM master.",
                "0042-006 m_lslpp: (From_Master) connect Error 0",
                "0505-152 nimadm: Error processing phase 12.",
            ];
            *steps = vec![Step::Stop(lines.map(str::to_owned).into())];
            return;
        }
    };
    steps.truncate(keep);
    steps.push(Step::Fail(failure(phase, &cause)));
}

/// The family text of installp (nimadm.md §2.6, unconfirmed).
fn no_space_in_usr() -> String {
    "0503-008 installp:  There is not enough free disk space in filesystem
        /usr (256344 more 512-byte blocks are required).
        An attempt to extend this filesystem was unsuccessful.
        Make more space available then retry this operation."
        .to_owned()
}

/// How the end of a run that failed in `phase` begins; a generic line where the real one is not known (unconfirmed).
pub(super) fn failure(phase: Phase, cause: &str) -> Vec<String> {
    let wrapper = match phase.number() {
        1 | 11 => CLONING_FAILED.to_owned(),
        number => format!("0505-152 nimadm: Error processing phase {number}."),
    };
    cause.lines().map(str::to_owned).chain([wrapper]).collect()
}

/// How every clean-up sounds: the tail of a failed run and `nimadm -C` (nimadm.md §1.6). `mounts` are what the master had
/// mounted, `boot_disk` the client's, where there is a client.
pub(super) fn clean_up(job: &Job, mounts: &[String], boot_disk: Option<&str>) -> Vec<String> {
    let mut lines = vec!["Cleaning up alt_disk_migration on the NIM master.".to_owned()];
    if !mounts.is_empty() {
        lines.push("Unmounting client mounts on the NIM master.".to_owned());
        lines.extend(unmounts(mounts, job.level));
        lines.push("Removing nimadm cache file systems.".to_owned());
        lines.extend(mounts.iter().map(|mount| format!("Removing cache file system {mount}")));
    }
    if let (Some(client), Some(disk)) = (&job.client, boot_disk) {
        lines.push(format!("Cleaning up alt_disk_migration on client {client}."));
        lines.push(format!("Client alt_disk_install command: alt_disk_install -M {} -X", job.level.version_release()));
        lines.push(bootlist_line(disk));
    }
    lines
}

/// `forced unmount` of each, children first, twice on 7.x (nimadm.md §2.10). `mounts` are in alphabetical order.
pub(super) fn unmounts(mounts: &[String], level: Level) -> impl Iterator<Item = String> {
    let times = if level.version >= 7 { 2 } else { 1 };
    mounts.iter().rev().flat_map(move |mount| std::iter::repeat_n(format!("forced unmount of {mount}"), times))
}

fn say(text: impl Into<String>) -> Step {
    Step::Say(text.into())
}

fn bootlist_line(disk: &str) -> String {
    format!("Bootlist is set to the boot disk: {disk} blv=hd5")
}

impl<'a> Scene<'a> {
    /// Mount points of the migrated system's file systems in alphabetical order, as its own system sees them.
    fn mounts(&self) -> Vec<&'a str> {
        let volumes = self.work.into_iter().flat_map(|work| &work.volumes);
        let mut mounts: Vec<_> = volumes.filter_map(|lv| lv.mount.as_deref()).collect();
        mounts.sort_unstable();
        mounts
    }

    /// The same below a directory.
    fn mounts_under(&self, directory: &str) -> Vec<String> {
        self.mounts().iter().map(|mount| under(directory, mount)).collect()
    }

    /// Where the master has them, parents first.
    fn cache_mounts(&self) -> Vec<String> {
        self.mounts_under(&cache_mount(&self.job.subject, "/alt_inst"))
    }

    pub(in crate::nimadm) fn clone_group(&self) -> Option<&'a VolumeGroup> {
        self.client.and_then(|client| client.groups.iter().find(|vg| vg.id == self.job.clone))
    }

    /// From 7.2 on the lines about volumes end in a full stop (nimadm.md §2.14).
    fn full_stop(&self) -> &'static str {
        if (self.job.level.version, self.job.level.release) >= (7, 2) { "." } else { "" }
    }

    fn boot_disk(&self) -> &'a str {
        self.job.disks.first().map_or("", String::as_str)
    }

    fn unmount_steps(&self, mounts: &[String]) -> Vec<Step> {
        unmounts(mounts, self.job.level).map(Step::Say).collect()
    }

    /// File systems that the migration makes bigger: mount point and new size in 512-byte blocks.
    fn growing(&self) -> Vec<(&'a str, u64)> {
        let Some(work) = self.work else { return Vec::new() };
        let bigger = |lv: &'a crate::model::LogicalVolume| {
            let (lps, _) = crate::model::migration::grown(lv);
            (lps > lv.lps).then_some((lv.mount.as_deref()?, u64::from(lps * work.pp_mib) * 2048))
        };
        work.volumes.iter().filter_map(bigger).collect()
    }
}

fn script(script: Option<&(String, PathBuf)>) -> Vec<Step> {
    match script {
        None => vec![say("nimadm: There is no user customization script specified for this phase.")],
        Some((name, file)) => {
            vec![say(format!("Executing user customization script {name}.")), Step::Script(name.clone(), file.clone())]
        }
    }
}

fn release(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![Step::Do(Change::Release), say("Cleaning up alt_disk_migration on the NIM master.")];
    if let Some(client) = &scene.job.client {
        steps.push(say(format!("Cleaning up alt_disk_migration on client {client}.")));
    }
    steps
}
