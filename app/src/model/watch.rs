//! What nimdeck notices by itself: when a run should end, and what is worth a look. None of it moves a migration.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// When a run should end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eta {
    /// As likely before it as after it.
    pub p50: Timestamp,
    /// Nine in ten runs have ended by then.
    pub p90: Timestamp,
    /// What it is drawn from.
    pub basis: Basis,
    /// How many earlier runs it is drawn from; 0 for shares.
    pub runs: u32,
    /// What those runs have in common with this one; none for shares.
    pub alike: Option<String>,
}

/// What an estimate is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// How long earlier runs took that are like this one.
    History,
    /// The shares of a whole run that phases typically have, and what of it has passed.
    Shares,
}

/// Something about a run that a person may want to look at. It is no failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Which.
    pub kind: SignalKind,
    /// In words.
    pub text: String,
    /// Since when it is so.
    pub since: Timestamp,
}

/// The signals there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// Slower than 95 % of the runs like it.
    Slow,
    /// The log has not grown for long.
    Silent,
}

impl SignalKind {
    /// In a word, for lists.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Slow => "Slow",
            Self::Silent => "Silent",
        }
    }
}

/// Something in the estate that endangers a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interlock {
    /// Which.
    pub kind: InterlockKind,
    /// How much it weighs.
    pub severity: Gravity,
    /// What was found.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// When it was first found.
    pub since: Timestamp,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// Sooner or later.
    Warn,
    /// Now.
    Alarm,
}

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterlockKind {
    /// The bootlist is not what it must be.
    BootlistDrift,
    /// A target disk is gone, or holds something else.
    TargetDisk,
    /// A nimadm for the client runs that is not this migration's.
    ForeignNimadm,
    /// The cache volume group runs full.
    CacheSpace,
    /// The clone is old.
    CloneAge,
    /// The client has rebooted since it was cloned.
    Rebooted,
    /// The old system is not on its disks any more.
    OldRootvg,
    /// The time kept for a rollback ends.
    RollbackWindow,
}

impl InterlockKind {
    /// As people say it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BootlistDrift => "Bootlist drift",
            Self::TargetDisk => "Target disk",
            Self::ForeignNimadm => "Foreign nimadm",
            Self::CacheSpace => "Cache space",
            Self::CloneAge => "Old clone",
            Self::Rebooted => "Client rebooted",
            Self::OldRootvg => "Old system",
            Self::RollbackWindow => "Rollback window",
        }
    }
}
