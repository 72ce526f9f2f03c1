//! Asking for a migration, and what the pre-flight says to it.

use super::{Client, Resource};
use aix::{
    DiskName, ObjectName,
    command::{MountOptions, NimadmCommand, Transfer},
};
use serde::{Deserialize, Serialize};

/// The body of `POST /migrations` and `POST /preflight`: everything a migration is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchRequest {
    /// Id or NIM name of the client.
    pub client: String,
    /// The lpp_source at the target level.
    pub lpp_source: ObjectName,
    /// The SPOT at the target level.
    pub spot: ObjectName,
    /// Target disks on the client.
    pub target_disks: Vec<DiskName>,
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
    /// The requester has read the pre-flight's warnings.
    #[serde(default)]
    pub acknowledge_warnings: bool,
}

impl LaunchRequest {
    /// The command that this request becomes for a client; the preview and the run are the same value.
    #[must_use]
    pub fn command(&self, client: ObjectName) -> NimadmCommand {
        NimadmCommand {
            client,
            lpp_source: self.lpp_source.clone(),
            spot: self.spot.clone(),
            target_disks: self.target_disks.clone(),
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
        }
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

/// How much a failed check weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Stops the launch.
    Block,
    /// Must be acknowledged.
    Warn,
    /// For the record.
    Info,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Could not or need not be looked at.
    Skipped,
    /// Good.
    Pass,
    /// Go on only knowingly.
    Warn,
    /// Do not go on.
    Block,
}

/// One pre-flight check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its id in nimadm.md §3.2 (`D1`, `N1`), or `ND-…` for nimdeck's own.
    pub id: String,
    /// What is checked.
    pub title: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found, in the host's own words where there are any.
    pub found: String,
    /// What to do; empty when it passed.
    pub advice: String,
}

/// The pre-flight of one migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preflight {
    /// The command line as it will run on the master.
    pub command: String,
    /// Every check, blocks first.
    pub checks: Vec<Check>,
    /// The worst of them.
    pub verdict: Verdict,
    /// True where warnings must be acknowledged before a launch.
    pub warnings_need_ack: bool,
}

/// What the launch form offers for one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchOptions {
    /// The client with its disks, freshly read.
    pub client: Client,
    /// lpp_source, spot, script, installp_bundle, bosinst_data, image_data and exclude_files resources of the master.
    pub resources: Vec<Resource>,
    /// Volume groups of the master that can be a cache, with MiB free; rootvg is left out.
    pub cache_vgs: Vec<(ObjectName, Option<u64>)>,
}
