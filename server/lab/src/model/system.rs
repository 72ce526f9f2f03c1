//! An installed AIX: what lies on a rootvg besides its files.
//!
//! A system has no level of its own. What `oslevel` says follows from the filesets, as on a real machine: that is why a migration
//! whose lpp_source was incomplete, or where filesets failed, shows an older level after the boot without anybody arranging it.

use super::VgId;
use crate::filesets;
use aix::{Level, Vrmf};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An installed AIX.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct System {
    /// By name.
    pub(crate) filesets: BTreeMap<String, Installed>,
    pub(crate) efixes: Vec<Efix>,
    /// Names of the volume groups it knows.
    pub(crate) odm: BTreeMap<VgId, String>,
    /// Whether hd5 holds a boot image. Without one a disk is not bootable.
    pub(crate) boot_image: bool,
    /// False while a clone is being made: its logical volumes still carry `alt_` names and it comes up nowhere.
    pub(crate) complete: bool,
    /// The error log, oldest first.
    #[serde(default)]
    pub(crate) errors: Vec<LoggedError>,
}

/// A fileset on a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installed {
    pub(crate) level: Vrmf,
    pub(crate) state: State,
}

/// How a fileset is installed, in the letters of `lslpp -L`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    #[serde(rename = "C")]
    Committed,
    #[serde(rename = "A")]
    Applied,
    /// Its installation failed half-way: the usr part is there, the root part is not.
    #[serde(rename = "B")]
    Broken,
}

/// An interim fix, as `emgr -l` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Efix {
    /// `S` stable, `*Q*` reboot required.
    pub(crate) state: String,
    pub(crate) label: String,
    /// `02/14/23 09:12:41`.
    pub(crate) installed: String,
    pub(crate) title: String,
    /// Filesets it locks.
    #[serde(default)]
    pub(crate) locks: Vec<String>,
}

/// An entry of the error log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoggedError {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// The identifier and what belongs to it.
    pub(crate) event: ErrorEvent,
    /// `hdisk0`; for those that name no device, the event's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<String>,
}

/// What the lab's systems log (nimadm.md §6.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorEvent {
    LogOff,
    Shutdown,
    LogOn,
    RmcStarted,
    PathFailed,
    VolumeMissing,
    CoreDump,
}

impl System {
    /// What `oslevel -s` says.
    pub(crate) fn level(&self) -> Level {
        filesets::system_level(&self.filesets)
    }

    /// Adds to the error log.
    pub(crate) fn log_error(&mut self, at: i64, event: ErrorEvent) {
        self.errors.push(LoggedError { at, event, resource: None });
    }
}
