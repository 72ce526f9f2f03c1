//! Asking for a migration, and what the pre-flight says to it.

use super::{Acknowledgement, Approvals, Client, Resource, words::words};
use aix::{
    DiskName, ObjectName, Phase,
    command::{CloneTarget, Image, MasterPath, MountOptions, NimadmCommand, Task, Transfer},
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::HashSet};

words! {
    /// What nimadm is to do: its modes 1 and 5 to 8 (nimadm.md §1.1). Cleaning up, waking and putting to sleep are asked of what these
    /// have made.
    Operation {
        /// A client's rootvg, onto disks of the client.
        Migrate = "migrate",
        /// A mksysb (`-T`), onto disks of a client.
        Restore = "restore",
        /// A client's rootvg, into a new mksysb (`-O`).
        Capture = "capture",
        /// A mksysb, into a new mksysb.
        Convert = "convert",
        /// bos.alt_disk_install of a SPOT and an lpp_source, to the master's level (`-M`).
        Synchronise = "synchronise",
    }
}

#[expect(clippy::derivable_impls, reason = "the words are made by a macro")]
impl Default for Operation {
    fn default() -> Self {
        Self::Migrate
    }
}

impl Operation {
    /// It is about a client; the others are about resources of a master alone.
    #[must_use]
    pub fn has_client(self) -> bool {
        matches!(self, Self::Migrate | Self::Restore | Self::Capture)
    }

    /// It leaves a clone on a client, which can be cut over to.
    #[must_use]
    pub fn makes_clone(self) -> bool {
        matches!(self, Self::Migrate | Self::Restore)
    }

    /// It begins with a mksysb.
    #[must_use]
    pub fn reads_mksysb(self) -> bool {
        matches!(self, Self::Restore | Self::Convert)
    }

    /// It leaves a new mksysb.
    #[must_use]
    pub fn makes_image(self) -> bool {
        matches!(self, Self::Capture | Self::Convert)
    }

    /// As people say it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Migrate => "Clone rootvg and migrate the clone",
            Self::Restore => "Migrate a mksysb onto a disk",
            Self::Capture => "Migrate rootvg into a new mksysb",
            Self::Convert => "Migrate a mksysb into a new mksysb",
            Self::Synchronise => "Bring bos.alt_disk_install to the master's level",
        }
    }
}

/// Volume groups that hold a system: their own, a clone, an old one, and the repository of a cluster.
const NO_CACHE: [&str; 4] = ["rootvg", "altinst_rootvg", "old_rootvg", "caavg_private"];

/// Whether a volume group holds a system, and so can be no cache.
#[must_use]
pub fn holds_a_system(vg: &str) -> bool {
    NO_CACHE.contains(&vg)
}

/// Most checks that can be named, and the longest id of one.
const MOST_CHECKS: usize = 200;
const LONGEST_ID: usize = 64;

/// Why a request makes no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The field of [`LaunchRequest`].
    pub field: &'static str,
    /// What is wrong with it, and what is right.
    pub why: Cow<'static, str>,
}

fn unfit<T>(field: &'static str, why: impl Into<Cow<'static, str>>) -> Result<T, Unfit> {
    Err(Unfit { field, why: why.into() })
}

/// The body of `POST /migrations` and `POST /preflight`: everything a migration is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchRequest {
    /// What nimadm is to do.
    #[serde(default)]
    pub operation: Operation,
    /// The client, where the operation has one: its id, or a NIM name that only one master has.
    #[serde(default)]
    pub client: Option<String>,
    /// Id or name of the master. Needed where the operation has no client, or where several masters have a client of that name.
    #[serde(default)]
    pub master: Option<String>,
    /// The lpp_source at the target level.
    pub lpp_source: ObjectName,
    /// The SPOT at the target level.
    pub spot: ObjectName,
    /// Target disks on the client, where the operation makes a clone.
    #[serde(default)]
    pub target_disks: Vec<DiskName>,
    /// The mksysb that is migrated, with `restore` and `convert`.
    #[serde(default)]
    pub mksysb: Option<ObjectName>,
    /// The mksysb that is made, with `capture` and `convert`.
    #[serde(default)]
    pub image: Option<Image>,
    /// A directory of the master with newer images of bos.alt_disk_install, with `synchronise`.
    #[serde(default)]
    pub images: Option<MasterPath>,
    /// Cache volume group on the master; exactly one of this and `nfs_mount_options` may be given, neither is plain NFS.
    #[serde(default)]
    pub cache_vg: Option<ObjectName>,
    /// NFS mode with these mount options.
    #[serde(default)]
    pub nfs_mount_options: Option<MountOptions>,
    /// Script resource for phase 4.
    #[serde(default)]
    pub pre_script: Option<ObjectName>,
    /// Script resource for phase 7.
    #[serde(default)]
    pub post_script: Option<ObjectName>,
    /// installp_bundle resource for phase 6.
    #[serde(default)]
    pub bundle: Option<ObjectName>,
    /// bosinst_data resource.
    #[serde(default)]
    pub bosinst_data: Option<ObjectName>,
    /// image_data resource.
    #[serde(default)]
    pub image_data: Option<ObjectName>,
    /// exclude_files resource.
    #[serde(default)]
    pub exclude_files: Option<ObjectName>,
    /// Update to a technology level or service pack of the same release (`-U`) instead of migrating to a higher one.
    #[serde(default)]
    pub update: bool,
    /// Accept the licence agreements (`-Y`); phase 6 cannot go without.
    #[serde(default)]
    pub accept_licenses: bool,
    /// Who moves the bootlist.
    #[serde(default)]
    pub bootlist: BootlistPolicy,
    /// One call, or phase groups with hold points.
    #[serde(default)]
    pub mode: RunMode,
    /// Stepped mode: hold after these phases.
    #[serde(default)]
    pub hold_after: Vec<aix::Phase>,
    /// Not to start before, RFC 3339.
    #[serde(default)]
    pub not_before: Option<super::Timestamp>,
    /// Name of a maintenance window.
    #[serde(default)]
    pub window: Option<String>,
    /// Change number, for the record.
    #[serde(default)]
    pub change_ref: Option<String>,
    /// Free text, for the record.
    #[serde(default)]
    pub note: Option<String>,
    /// What of the pre-flight's findings the requester has read and goes on with.
    #[serde(default)]
    pub acknowledge_warnings: Acknowledgement,
    /// Why the requester goes on without a blocking check that could not be read; needed where `acknowledge_warnings` names one.
    #[serde(default)]
    pub reason: Option<String>,
}

impl LaunchRequest {
    /// A request with nothing but what every one has.
    #[must_use]
    pub fn new(operation: Operation, lpp_source: ObjectName, spot: ObjectName) -> Self {
        Self {
            operation,
            client: None,
            master: None,
            lpp_source,
            spot,
            target_disks: Vec::new(),
            mksysb: None,
            image: None,
            images: None,
            cache_vg: None,
            nfs_mount_options: None,
            pre_script: None,
            post_script: None,
            bundle: None,
            bosinst_data: None,
            image_data: None,
            exclude_files: None,
            update: false,
            accept_licenses: false,
            bootlist: BootlistPolicy::Hold,
            mode: RunMode::Full,
            hold_after: Vec::new(),
            not_before: None,
            window: None,
            change_ref: None,
            note: None,
            acknowledge_warnings: Acknowledgement::default(),
            reason: None,
        }
    }

    /// The call that this request becomes; the preview and the run are the same value. `client` is its NIM name, as far as it is known.
    ///
    /// # Errors
    /// [`Unfit`] where something is missing, or given and of no use: what is passed over in silence would be believed.
    pub fn command(&self, client: Option<&ObjectName>) -> Result<NimadmCommand, Unfit> {
        self.fits()?;
        let client = || match client {
            Some(client) => Ok(client.clone()),
            None => unfit("client", "name a client"),
        };
        let onto = || Ok(CloneTarget { client: client()?, disks: self.target_disks.clone() });
        let mksysb = || match &self.mksysb {
            Some(mksysb) => Ok(mksysb.clone()),
            None => unfit("mksysb", "name a mksysb resource of the master"),
        };
        let into = || match &self.image {
            Some(image) => Ok(image.clone()),
            None => unfit("image", "name the file of the new mksysb: {\"file\": \"/export/…\", \"name\": …}"),
        };
        let task = match self.operation {
            Operation::Migrate => Task::Migrate(onto()?),
            Operation::Restore => Task::Restore { mksysb: mksysb()?, onto: onto()? },
            Operation::Capture => Task::Capture { client: client()?, into: into()? },
            Operation::Convert => Task::Convert { mksysb: mksysb()?, into: into()? },
            Operation::Synchronise => Task::Synchronise { images: self.images.clone() },
        };
        Ok(NimadmCommand {
            task,
            lpp_source: self.lpp_source.clone(),
            spot: self.spot.clone(),
            transfer: match &self.cache_vg {
                Some(vg) => Transfer::Cache(vg.clone()),
                None => Transfer::Nfs(self.nfs_mount_options.clone()),
            },
            pre_script: self.pre_script.clone(),
            post_script: self.post_script.clone(),
            bundle: self.bundle.clone(),
            bosinst_data: self.bosinst_data.clone(),
            image_data: self.image_data.clone(),
            exclude_files: self.exclude_files.clone(),
            update: self.update,
            accept_licenses: self.accept_licenses,
            nimadm_sets_bootlist: self.bootlist == BootlistPolicy::Nimadm,
        })
    }

    /// Whether the values fit together and to the operation (nimadm.md §1.1).
    fn fits(&self) -> Result<(), Unfit> {
        let operation = self.operation;
        let disks = &self.target_disks;
        if operation.makes_clone() && disks.is_empty() {
            return unfit("target_disks", "name at least one disk");
        }
        let mut known = HashSet::new();
        if !disks.iter().all(|disk| known.insert(disk)) {
            return unfit("target_disks", "names a disk twice");
        }
        if self.cache_vg.is_some() && self.nfs_mount_options.is_some() {
            return unfit("cache_vg", "give either a cache volume group or NFS mount options, not both");
        }
        if let Some(vg) = self.cache_vg.as_ref().filter(|vg| holds_a_system(vg.as_str())) {
            let why = format!(
                "{vg} cannot be a cache: it holds a system. Name a volume group of the master that is made for nimadm"
            );
            return unfit("cache_vg", why);
        }
        let paths = [("image", self.image.as_ref().map(|image| &image.file)), ("images", self.images.as_ref())];
        if let Some((field, path)) =
            paths.into_iter().find_map(|(field, path)| Some((field, path.filter(|p| !p.is_plain())?)))
        {
            let why = format!("{} has empty parts, \".\" or \"..\": write the path out", path.as_str());
            return unfit(field, why);
        }
        if let Acknowledgement::Checks(ids) = &self.acknowledge_warnings
            && (ids.len() > MOST_CHECKS || ids.iter().any(|id| id.is_empty() || id.len() > LONGEST_ID))
        {
            return unfit("acknowledge_warnings", "is true, or a list of ids of checks such as [\"S5\"]");
        }
        let synchronise = operation == Operation::Synchronise;
        if operation != Operation::Migrate && !synchronise {
            if self.cache_vg.is_none() {
                return unfit("cache_vg", "name one: a mksysb can only be migrated through a cache volume group");
            }
            if !self.accept_licenses {
                return unfit("accept_licenses", "must be true: with a mksysb nimadm insists on -Y");
            }
        }
        let clone_only = "is for operations that leave a clone on a client: migrate and restore";
        let given = [
            ("client", self.client.is_some(), operation.has_client(), "is given, but the operation has none"),
            ("target_disks", !disks.is_empty(), operation.makes_clone(), clone_only),
            ("bootlist", self.bootlist == BootlistPolicy::Nimadm, operation.makes_clone(), clone_only),
            ("mode", self.mode == RunMode::Stepped, operation.makes_clone(), clone_only),
            ("mksysb", self.mksysb.is_some(), operation.reads_mksysb(), "is for restore and convert"),
            ("image", self.image.is_some(), operation.makes_image(), "is for capture and convert"),
            ("images", self.images.is_some(), synchronise, "is for synchronise"),
            (
                "exclude_files",
                self.exclude_files.is_some(),
                !operation.reads_mksysb(),
                "cannot leave out what is in a mksysb",
            ),
            ("update", self.update, operation != Operation::Capture, "is not possible from a client into a mksysb"),
        ];
        if let Some((field, _, _, why)) = given.into_iter().find(|(_, given, fits, _)| *given && !fits) {
            return unfit(field, why);
        }
        if synchronise
            && (self.cache_vg.is_some() || self.nfs_mount_options.is_some() || self.update || self.accept_licenses)
        {
            return unfit("operation", "synchronise takes master, spot, lpp_source and images only");
        }
        let resources = [
            ("pre_script", &self.pre_script),
            ("post_script", &self.post_script),
            ("bundle", &self.bundle),
            ("bosinst_data", &self.bosinst_data),
            ("image_data", &self.image_data),
            ("exclude_files", &self.exclude_files),
        ];
        if let Some((field, _)) = resources.iter().find(|(_, name)| synchronise && name.is_some()) {
            return unfit(field, "is of no use to synchronise");
        }
        if self.mode == RunMode::Full && !self.hold_after.is_empty() {
            return unfit("hold_after", "needs mode \"stepped\": a run in one call has no boundaries to hold at");
        }
        let ends = Phase::STEPS.iter().filter_map(|step| step.last());
        let boundaries: Vec<&Phase> = ends.filter(|phase| **phase != Phase::LAST).collect();
        if let Some(no) = self.hold_after.iter().find(|phase| !boundaries.contains(phase)) {
            let listed: Vec<_> = boundaries.iter().map(ToString::to_string).collect();
            let why = format!("there is no useful stop after phase {no}; boundaries are after {}", listed.join(", "));
            return unfit("hold_after", why);
        }
        Ok(())
    }
}

/// Who moves the bootlist to the clone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootlistPolicy {
    /// nimdeck, at the approved cutover (`-B`).
    #[default]
    Hold,
    /// nimadm in phase 11: from then on any reboot boots the new system.
    Nimadm,
}

/// How nimadm is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// One call for all twelve phases.
    #[default]
    Full,
    /// `-P` groups with hold points; for experts, one client at a time.
    Stepped,
}

/// For whom the launch form is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchFor {
    /// A client: its id, a NIM name that only one master has, or `master/client`.
    Client(String),
    /// A master alone, by id or name.
    Master(String),
}

/// What the launch form offers for one client, or for a master alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchOptions {
    /// The master's name.
    pub master: ObjectName,
    /// The client with its disks, freshly read; none where the operation has none.
    pub client: Option<Client>,
    /// lpp_source, spot, mksysb, script, installp_bundle, bosinst_data, image_data and exclude_files resources of the master.
    pub resources: Vec<Resource>,
    /// Volume groups of the master that can be a cache, with MiB free; rootvg is left out.
    pub cache_vgs: Vec<(ObjectName, Option<u64>)>,
    /// Whose word the master asks for.
    pub approvals: Approvals,
}
