//! Proof: the client before and after, side by side.

use super::{Severity, Timestamp, Verdict};
use aix::{Level, bootlist::BootDevice, lspv::PhysicalVolume};
use serde::{Deserialize, Serialize};

/// A client at one moment, in its own words and as values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub at: Timestamp,
    /// `oslevel -s`, read.
    pub level: Option<Level>,
    /// `oslevel -s` as printed.
    pub oslevel: String,
    /// `lspv`, read.
    pub disks: Vec<PhysicalVolume>,
    /// `lspv` as printed.
    pub lspv: String,
    /// `bootlist -m normal -o`, read.
    pub boot: Vec<BootDevice>,
    /// `bootlist -m normal -o` as printed.
    pub bootlist: String,
    /// `bootinfo -b`: the disk it booted from.
    pub boot_disk: Option<String>,
    /// `lsvg -l rootvg` as printed.
    pub rootvg: String,
    /// `uptime` as printed.
    pub uptime: String,
}

/// One thing that was checked after the reboot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationCheck {
    /// Its id in nimadm.md §5.1: `V2`.
    pub id: String,
    /// What was checked.
    pub title: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What it came to.
    pub verdict: Verdict,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// The whole proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Just before nimadm was started.
    pub before: Option<Snapshot>,
    /// After the reboot; none before it.
    pub after: Option<Snapshot>,
    /// What differs, in words: `oslevel: 7100-05-11-2246 → 7300-03-01-2520`.
    pub diff: Vec<String>,
    /// The checks; empty before the reboot.
    pub checks: Vec<VerificationCheck>,
    /// The worst of them; none before the reboot.
    pub verdict: Option<Verdict>,
}
