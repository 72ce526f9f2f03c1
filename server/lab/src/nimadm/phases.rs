//! The twelve phases in cache mode: what each prints and changes, in order (nimadm.md §2.1 to §2.12).
//!
//! Pure: a phase is a list of steps made from the estate as it is when the phase begins. The runner paces them.

use super::install;
use crate::{
    model::{
        Host, VolumeGroup,
        migration::{Change, Job, alt_name, cache_mount, disk_in_vg, grown},
    },
    scenario::Scenario,
};
use aix::Phase;

/// One thing that happens in a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A line of the log.
    Say(String),
    /// Silence, as long as so many lines.
    Wait(u32),
    /// The estate changes.
    Do(Change),
    /// These lines, then nimadm gives up and cleans up.
    Fail(Vec<String>),
    /// nimadm is killed.
    Die,
}

/// What a phase is made from.
pub(super) struct Scene<'a> {
    pub(super) job: &'a Job,
    pub(super) client: &'a Host,
    pub(super) scenario: Scenario,
    pub(super) accept_licenses: bool,
    pub(super) pre_script: Option<&'a str>,
    pub(super) post_script: Option<&'a str>,
}

/// What everybody sees when the client's half of the work went wrong (nimadm.md §1.6).
const CLONING_FAILED: &str = "0505-187 nimadm: Error cloning altinst_rootvg on client.";

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

/// The steps of one phase, without its banner.
pub(super) fn steps(phase: Phase, scene: &Scene<'_>) -> Vec<Step> {
    match phase.number() {
        1 => clone(scene),
        2 => cache(scene),
        3 => vec![
            say("Syncing client data to cache ..."),
            Step::Wait(20),
            Step::Do(Change::FillCache),
            // Harmless: the lock disappears between list and backup (nimadm.md §2.3).
            say("cannot access ./tmp/alt_lock: A file or directory in the path name does not exist."),
            Step::Wait(20),
        ],
        4 => script(scene.pre_script),
        5 => merge(scene),
        6 => install(scene),
        7 => script(scene.post_script),
        8 => boot_image(scene),
        9 => write_back(scene),
        10 => remove_cache(scene),
        11 => finish(scene),
        _ => vec![
            Step::Do(Change::Release),
            say("Cleaning up alt_disk_migration on the NIM master."),
            say(format!("Cleaning up alt_disk_migration on client {}.", scene.job.client)),
        ],
    }
}

/// How the end of a run that failed in `phase` begins; a generic line where the real one is not known (unconfirmed).
pub(super) fn failure(phase: Phase, cause: &str) -> Vec<String> {
    let wrapper = match phase.number() {
        1 | 11 => CLONING_FAILED.to_owned(),
        number => format!("0505-152 nimadm: Error processing phase {number}."),
    };
    cause.lines().map(str::to_owned).chain([wrapper]).collect()
}

/// How every clean-up sounds: the tail of a failed run and `nimadm -C` (nimadm.md §1.6).
pub(super) fn clean_up(client: &str, version_release: &str, boot_disk: &str) -> [String; 4] {
    [
        "Cleaning up alt_disk_migration on the NIM master.".to_owned(),
        format!("Cleaning up alt_disk_migration on client {client}."),
        format!("Client alt_disk_install command: alt_disk_install -M {version_release} -X"),
        bootlist_line(boot_disk),
    ]
}

fn say(text: impl Into<String>) -> Step {
    Step::Say(text.into())
}

fn bootlist_line(disk: &str) -> String {
    format!("Bootlist is set to the boot disk: {disk} blv=hd5")
}

/// Mount points of a rootvg's file systems in alphabetical order, as its own system sees them.
fn mounts(vg: Option<&VolumeGroup>) -> Vec<&str> {
    let mut mounts: Vec<_> = vg.into_iter().flat_map(|vg| &vg.lvs).filter_map(|lv| lv.mount.as_deref()).collect();
    mounts.sort_unstable();
    mounts
}

/// The same under a directory: `/` becomes the directory itself.
fn under(directory: &str, mounts: &[&str]) -> Vec<String> {
    mounts.iter().map(|mount| format!("{directory}{}", mount.strip_suffix('/').unwrap_or(mount))).collect()
}

impl<'a> Scene<'a> {
    fn rootvg(&self) -> Option<&'a VolumeGroup> {
        self.client.rootvg().ok().map(|(vg, _)| vg)
    }

    fn clone_group(&self) -> Option<&'a VolumeGroup> {
        self.client.groups.iter().find(|vg| vg.id == self.job.clone)
    }

    /// The cache file systems, parents first.
    fn cache_mounts(&self) -> Vec<String> {
        under(&cache_mount(&self.job.client, "/alt_inst"), &mounts(self.clone_group().or(self.rootvg())))
    }

    fn client_command(&self, phase: u8) -> Step {
        let (level, disks) = (self.job.level.version_release(), self.job.disks.join(" "));
        say(format!("Client alt_disk_install command: alt_disk_copy -j -M {level} -P{phase} -d \"{disks}\""))
    }

    fn boot_disk(&self) -> &'a str {
        self.job.disks.first().map_or("", String::as_str)
    }

    /// `forced unmount` of each, children first, twice on 7.x (nimadm.md §2.10).
    fn unmounts(&self, mounts: &[String]) -> impl Iterator<Item = Step> {
        let times = if self.job.level.version >= 7 { 2 } else { 1 };
        let lines: Vec<_> = mounts.iter().rev().map(|mount| format!("forced unmount of {mount}")).collect();
        lines.into_iter().flat_map(move |line| std::iter::repeat_n(say(line), times))
    }
}

fn clone(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![say("Cloning altinst_rootvg on client, Phase 1."), scene.client_command(1)];
    if scene.scenario == Scenario::TargetDiskInVg {
        let cause = disk_in_vg(scene.boot_disk());
        steps.push(Step::Fail(failure(Phase::FIRST, &cause)));
        return steps;
    }
    steps.extend([
        say("Calling mkszfile to create new /image.data file."),
        Step::Wait(4),
        say("Checking disk sizes."),
        say("Creating cloned rootvg volume group and associated logical volumes."),
        Step::Do(Change::Clone),
    ]);
    // From 7.2 on these lines end in a full stop (nimadm.md §2.14).
    let stop = if (scene.job.level.version, scene.job.level.release) >= (7, 2) { "." } else { "" };
    let volumes = scene.rootvg().into_iter().flat_map(|vg| &vg.lvs);
    steps.extend(volumes.map(|lv| say(format!("Creating logical volume {}{stop}", alt_name(&lv.name)))));
    let file_systems = mounts(scene.rootvg());
    steps.extend(file_systems.iter().map(|mount| say(format!("Creating /alt_inst{mount} file system."))));
    steps.extend([
        say("Generating a list of files"),
        say("for backup and restore into the alternate file system..."),
        Step::Wait(60),
        say("Phase 1 complete."),
    ]);
    steps
}

fn cache(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![
        say(format!("Creating nimadm cache file systems on volume group {}.", scene.job.cache_vg)),
        say("Checking for initial required migration space."),
        Step::Do(Change::CreateCache),
    ];
    steps.extend(scene.cache_mounts().into_iter().map(|mount| say(format!("Creating cache file system {mount}"))));
    steps
}

fn script(name: Option<&str>) -> Vec<Step> {
    let none = "nimadm: There is no user customization script specified for this phase.";
    // The output of a script would be here; the lab has none to run (simplified).
    vec![say(name.map_or_else(|| none.to_owned(), |name| format!("Executing user customization script {name}.")))]
}

fn merge(scene: &Scene<'_>) -> Vec<Step> {
    let root = cache_mount(&scene.job.client, "/alt_inst");
    let mut steps = vec![
        say("Saving system configuration files."),
        say("Checking for initial required migration space."),
        Step::Do(Change::GrowCache),
    ];
    for (_, mount, blocks) in growing(scene) {
        // (unconfirmed wording for the cache side, nimadm.md §2.5)
        steps.push(say(format!("Expanding {root}{mount} local filesystem.")));
        steps.push(say(format!("Filesystem size changed to {blocks}")));
    }
    steps.extend([
        say("Setting up for base operating system restore."),
        say(root),
        say("Restoring base operating system."),
        Step::Wait(20),
        say("Merging system configuration files."),
    ]);
    steps.extend(MERGE_METHODS.iter().map(|method| say(format!("Running migration merge method: {method}."))));
    steps
}

/// File systems that the migration makes bigger: volume, mount point, new size in 512-byte blocks.
fn growing<'a>(scene: &Scene<'a>) -> Vec<(&'a str, &'a str, u64)> {
    let Some(vg) = scene.clone_group() else { return Vec::new() };
    let bigger = |lv: &'a crate::model::LogicalVolume| {
        let (lps, _) = grown(lv);
        (lps > lv.lps).then_some((lv.name.as_str(), lv.mount.as_deref()?, u64::from(lps * vg.pp_mib) * 2048))
    };
    vg.lvs.iter().filter_map(bigger).collect()
}

fn install(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![say("Installing and migrating software.")];
    if !scene.accept_licenses {
        // Family text of installp (unconfirmed).
        let cause = "0503-430 installp: Software license agreements must be accepted; use the -Y flag.";
        steps.push(Step::Fail(failure(Phase::try_from(6).unwrap_or(Phase::LAST), cause)));
        return steps;
    }
    steps.push(say("Updating install utilities."));
    let lines: Vec<_> = install::passes(scene.job.level).into_iter().map(Step::Say).collect();
    let killed_after = lines.len() * 2 / 5;
    for (at, line) in lines.into_iter().enumerate() {
        if scene.scenario == Scenario::Killed && at == killed_after {
            steps.push(Step::Die);
        }
        steps.push(line);
    }
    steps
}

fn boot_image(scene: &Scene<'_>) -> Vec<Step> {
    // Sizes seen in real logs, by target (nimadm.md §2.8).
    let blocks = match (scene.job.level.version, scene.job.level.release) {
        (..=6, _) => 47136,
        (7, ..=2) => 53276,
        _ => 69660,
    };
    vec![
        say("Creating client boot image."),
        say(format!("bosboot: Boot image is {blocks} 512 byte blocks.")),
        Step::Do(Change::WriteBootImage),
        say(format!("Writing boot image to client's alternate boot disk {}.", scene.boot_disk())),
    ]
}

fn write_back(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![say("Adjusting client file system sizes ...")];
    let bigger = growing(scene);
    steps.push(Step::Do(Change::WriteBack));
    for mount in mounts(scene.clone_group()) {
        steps.push(say(format!("Adjusting size for {mount}")));
        for (_, _, blocks) in bigger.iter().filter(|(_, grown, _)| *grown == mount) {
            steps.push(say(format!("Expanding /alt_inst{mount} client filesystem.")));
            steps.push(say(format!("Filesystem size changed to {blocks}")));
        }
    }
    steps.extend([say("Syncing cache data to client ..."), Step::Wait(60)]);
    steps
}

fn remove_cache(scene: &Scene<'_>) -> Vec<Step> {
    let mounts = scene.cache_mounts();
    let mut steps = vec![say("Unmounting client mounts on the NIM master.")];
    steps.extend(scene.unmounts(&mounts));
    steps.push(say("Removing nimadm cache file systems."));
    steps.extend(mounts.iter().map(|mount| say(format!("Removing cache file system {mount}"))));
    steps.push(Step::Do(Change::RemoveCache));
    steps
}

fn finish(scene: &Scene<'_>) -> Vec<Step> {
    let alternate = under("/alt_inst", &mounts(scene.clone_group()));
    let mut steps = vec![
        say("Cloning altinst_rootvg on client, Phase 3."),
        scene.client_command(3),
        say("## Phase 3 ###################"),
        say("Verifying altinst_rootvg..."),
        say("Modifying ODM on cloned disk."),
    ];
    if scene.scenario == Scenario::Multibos {
        steps.push(say("alt_disk_copy: 0505-218 ATTENTION: init_multibos() returned an unexpected result."));
        steps.push(say("Cleaning up."));
        steps.extend(scene.unmounts(&alternate));
        steps.push(Step::Fail(vec![CLONING_FAILED.to_owned()]));
        return steps;
    }
    steps.extend(scene.unmounts(&alternate));
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
