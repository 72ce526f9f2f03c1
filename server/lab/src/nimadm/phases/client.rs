//! What happens on the client: the clone is made, gets its boot image and its data, and is finished.

use super::{CLONING_FAILED, Scene, Step, bootlist_line, failure, say};
use crate::{
    commands::bosboot::image_blocks,
    model::{
        Via,
        migration::{Change, alt_name, disk_in_vg},
    },
    scenario::Scenario,
};
use aix::Phase;

fn command(scene: &Scene<'_>, name: &str, phase: u8) -> Step {
    let (level, disks) = (scene.job.level.version_release(), scene.job.disks.join(" "));
    let cache = if scene.job.via == Via::Nfs { "" } else { " -j" };
    say(format!("Client alt_disk_install command: {name}{cache} -M {level} -P{phase} -d \"{disks}\""))
}

pub(super) fn clone(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = match &scene.job.image {
        None => vec![say("Cloning altinst_rootvg on client, Phase 1."), command(scene, "alt_disk_copy", 1)],
        Some((name, _)) => vec![
            say(format!("Creating altinst_rootvg on client from mksysb {name}, Phase 1.")),
            command(scene, "alt_disk_mksysb", 1),
        ],
    };
    if scene.scenario == Scenario::TargetDiskInVg {
        steps.push(Step::Fail(failure(Phase::FIRST, &disk_in_vg(scene.boot_disk()))));
        return steps;
    }
    if scene.master.stopped.contains("nfsd") {
        // Family text confirmed (nimadm.md §4.2): the client needs the SPOT by NFS.
        let cause = format!(
            "mount: 1831-010 server {} not responding: RPC: 1832-019 Program not registered",
            scene.master.name
        );
        steps.push(Step::Fail(failure(Phase::FIRST, &cause)));
        return steps;
    }
    steps.push(say(match scene.job.image {
        None => "Calling mkszfile to create new /image.data file.",
        Some(_) => "Restoring /image.data from mksysb image.",
    }));
    steps.extend([
        Step::Wait(4),
        say("Checking disk sizes."),
        say("Creating cloned rootvg volume group and associated logical volumes."),
        Step::Do(Change::Clone),
    ]);
    let stop = scene.full_stop();
    let volumes = scene.work.into_iter().flat_map(|work| &work.volumes);
    steps.extend(volumes.map(|lv| say(format!("Creating logical volume {}{stop}", alt_name(&lv.name)))));
    steps.extend(scene.mounts().iter().map(|mount| say(format!("Creating /alt_inst{mount} file system."))));
    if scene.job.image.is_none() {
        steps.extend([
            say("Generating a list of files"),
            say("for backup and restore into the alternate file system..."),
            Step::Wait(60),
        ]);
    }
    steps.push(say("Phase 1 complete."));
    steps
}

/// (unconfirmed lines, nimadm.md §2.2)
pub(super) fn export(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![say(format!("Exporting alt_inst filesystems from client {}:", scene.job.subject))];
    steps.push(Step::Do(Change::Export));
    steps.extend(scene.mounts_under("/alt_inst").into_iter().map(|mount| say(format!("Exporting {mount}"))));
    steps
}

/// (unconfirmed lines)
pub(super) fn unexport(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![say(format!("Unexporting alt_inst filesystems on client {}:", scene.job.subject))];
    steps.push(Step::Do(Change::RemoveCache));
    steps.extend(scene.mounts_under("/alt_inst").into_iter().map(|mount| say(format!("Unexporting {mount}"))));
    steps
}

pub(super) fn boot_image(scene: &Scene<'_>) -> Vec<Step> {
    let blocks = image_blocks(scene.job.level);
    let mut steps = vec![
        say("Creating client boot image."),
        say(format!("bosboot: Boot image is {blocks} 512 byte blocks.")),
        Step::Do(Change::WriteBootImage),
    ];
    if !scene.job.disks.is_empty() {
        steps.push(say(format!("Writing boot image to client's alternate boot disk {}.", scene.boot_disk())));
    }
    steps
}

pub(super) fn write_back(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![say("Adjusting client file system sizes ..."), Step::Do(Change::WriteBack)];
    let bigger = scene.growing();
    for mount in scene.mounts() {
        steps.push(say(format!("Adjusting size for {mount}")));
        for (_, blocks) in bigger.iter().filter(|(grown, _)| *grown == mount) {
            steps.push(say(format!("Expanding /alt_inst{mount} client filesystem.")));
            steps.push(say(format!("Filesystem size changed to {blocks}")));
        }
    }
    steps.extend([say("Syncing cache data to client ..."), Step::Wait(60)]);
    steps
}

pub(super) fn finish(scene: &Scene<'_>) -> Vec<Step> {
    let mut alternate = scene.mounts_under("/alt_inst");
    if scene.clone_group().is_none() {
        alternate.clear();
    }
    let mut steps = vec![
        say("Cloning altinst_rootvg on client, Phase 3."),
        command(scene, "alt_disk_copy", 3),
        say("## Phase 3 ###################"),
        say("Verifying altinst_rootvg..."),
        say("Modifying ODM on cloned disk."),
    ];
    if scene.scenario == Scenario::Multibos {
        steps.push(say("alt_disk_copy: 0505-218 ATTENTION: init_multibos() returned an unexpected result."));
        steps.push(say("Cleaning up."));
        steps.extend(scene.unmount_steps(&alternate));
        steps.push(Step::Fail(vec![CLONING_FAILED.to_owned()]));
        return steps;
    }
    steps.extend(scene.unmount_steps(&alternate));
    steps.extend([
        say("Changing logical volume names in volume group descriptor area."),
        say("Fixing LV control blocks..."),
        say("Fixing file system superblocks..."),
        Step::Do(Change::Finish),
    ]);
    if !scene.job.hold_bootlist {
        steps.extend([Step::Do(Change::SetBootlist), say(bootlist_line(scene.boot_disk()))]);
    }
    steps
}
