//! What happens on the master: the cache or the NFS mounts, and the base system in them.

use super::{Scene, Step, failure, no_space_in_usr, say};
use crate::{
    model::{
        Via,
        migration::{Change, cache_mount},
    },
    scenario::Scenario,
};
use aix::Phase;
use std::time::Duration;

/// The merge methods of phase 5, those of a real 6.1 run; 7.x lists are similar (unconfirmed).
const MERGE_METHODS: &[&str] = &[
    "ODM_merge Config_Rules",
    "ODM_merge SRCextmeth",
    "ODM_merge SRCsubsys",
    "ODM_merge SWservAt",
    "ODM_merge pse.conf",
    "ODM_merge vfs",
    "ODM_merge xtiso.conf",
    "ODM_merge PdAtXtd",
    "ODM_merge PdDv",
    "convert_errnotify",
    "passwd_mig",
    "login_mig",
    "user_mrg",
    "secur_mig",
    "RoleMerge",
    "methods_mig",
    "mkusr_mig",
    "group_mig",
    "ldapcfg_mig",
    "ldapmap_mig",
    "convert_errlog",
    "ODM_merge GAI",
    "ODM_merge PdAt",
    "merge_smit_db",
    "ODM_merge fix",
    "merge_swvpds",
    "SysckMerge",
];

pub(super) fn create_cache(scene: &Scene<'_>) -> Vec<Step> {
    let Via::Cache(vg) = &scene.job.via else { return Vec::new() };
    let mut steps = vec![
        say(format!("Creating nimadm cache file systems on volume group {vg}.")),
        say("Checking for initial required migration space."),
        Step::Do(Change::CreateCache),
    ];
    steps.extend(scene.cache_mounts().into_iter().map(|mount| say(format!("Creating cache file system {mount}"))));
    steps
}

pub(super) fn fill_cache(scene: &Scene<'_>) -> Vec<Step> {
    if let Some((name, _)) = &scene.job.image {
        // (unconfirmed lines)
        let location = scene.master.nim.as_ref().and_then(|nim| nim.resource("mksysb", name));
        let location = location.map_or("", |found| found.location.as_str());
        return vec![
            say(format!("Restoring mksysb image {location} to cache file systems ...")),
            Step::Wait(40),
            Step::Do(Change::FillCache),
            say("Linking to 64bit kernel."),
        ];
    }
    let mut steps = vec![say("Syncing client data to cache ..."), Step::Wait(20)];
    if scene.scenario == Scenario::DiskFullMaster {
        let phase = Phase::ALL[2];
        let cause = "restore: 0511-133 Cannot write to ./usr/lib/objrepos/inventory: There is not enough space in the file system.";
        steps.push(Step::Fail(failure(phase, cause)));
        return steps;
    }
    if scene.scenario == Scenario::Silent {
        steps.push(Step::Silence(Duration::from_secs(6 * 3600)));
    }
    steps.extend([
        Step::Do(Change::FillCache),
        // Harmless: the lock disappears between list and backup (nimadm.md §2.3).
        say("cannot access ./tmp/alt_lock: A file or directory in the path name does not exist."),
        Step::Wait(20),
    ]);
    steps
}

/// (unconfirmed lines, nimadm.md §2.3)
pub(super) fn mount_exports(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps =
        vec![say("NFS mounting client's alt_inst file systems on the NIM master:"), Step::Do(Change::MountExports)];
    let client = &scene.job.subject;
    steps.extend(scene.mounts_under("/alt_inst").iter().map(|mount| say(format!("NFS mounting {client}:{mount}"))));
    steps
}

pub(super) fn unmount_exports(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![say("Unmounting client mounts on the NIM master.")];
    steps.extend(scene.unmount_steps(&scene.cache_mounts()));
    steps.push(Step::Do(Change::UnmountExports));
    steps
}

pub(super) fn merge(scene: &Scene<'_>) -> Vec<Step> {
    let root = cache_mount(&scene.job.subject, "/alt_inst");
    let mut steps = vec![
        say("Saving system configuration files."),
        say("Checking for initial required migration space."),
        Step::Do(Change::Grow),
    ];
    if scene.job.update {
        // An update restores no base system (unconfirmed).
        steps.push(Step::Do(Change::RestoreBos));
        return steps;
    }
    for (mount, blocks) in scene.growing() {
        // (unconfirmed wording for the cache side, nimadm.md §2.5)
        steps.push(say(format!("Expanding {root}{mount} local filesystem.")));
        steps.push(say(format!("Filesystem size changed to {blocks}")));
    }
    steps.extend([say("Setting up for base operating system restore."), say(root)]);
    let source = scene.master.nim.as_ref().and_then(|nim| nim.resource("lpp_source", &scene.job.lpp_source));
    if source.is_some_and(|source| !source.usable) {
        let phase = Phase::ALL[4];
        let cause =
            format!("nimadm: The BOS image is missing from lpp_source {}; simages is not set.", scene.job.lpp_source);
        steps.push(Step::Fail(failure(phase, &cause)));
        return steps;
    }
    steps.extend([
        say("Restoring base operating system."),
        Step::Wait(20),
        Step::Do(Change::RestoreBos),
        say("Merging system configuration files."),
    ]);
    steps.extend(MERGE_METHODS.iter().map(|method| say(format!("Running migration merge method: {method}."))));
    steps
}

/// (unconfirmed lines)
pub(super) fn make_image(scene: &Scene<'_>) -> Vec<Step> {
    let output = scene.output.unwrap_or_default();
    vec![say(format!("Creating mksysb image {output} ...")), Step::Wait(60), Step::MakeImage]
}

pub(super) fn remove_cache(scene: &Scene<'_>) -> Vec<Step> {
    let mounts = scene.cache_mounts();
    let mut steps = vec![say("Unmounting client mounts on the NIM master.")];
    steps.extend(scene.unmount_steps(&mounts));
    steps.push(say("Removing nimadm cache file systems."));
    steps.extend(mounts.iter().map(|mount| say(format!("Removing cache file system {mount}"))));
    steps.push(Step::Do(Change::RemoveCache));
    steps
}

/// What installp says where `/usr` is full.
pub(in crate::nimadm) fn usr_full() -> Step {
    Step::Fail(failure(Phase::ALL[5], &no_space_in_usr()))
}
