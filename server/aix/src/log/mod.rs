//! The nimadm log reader: bytes in, typed events and a verdict out.
//!
//! The reader judges by evidence. nimadm's return code is no proof, `Cleaning up` is printed after a success and after a
//! failure, and a line with a message number is as often information as it is an error. So success is claimed only for
//! phase 12 with both cleanup lines behind it, all phases before it, and no complaint; a log that just stops is
//! [`Outcome::Incomplete`].
//!
//! A log file collects runs: every run starts with a header, and the verdict is about the last. Three things that look like a
//! run are none: a call of a run in steps (`-P`), the `nimadm -C` that cleans up after the run before it, and a header that a
//! wrapper pasted behind a complete run.
//!
//! [`line`] knows what a line is by itself, [`Reader`] where it belongs; [`run`] keeps what matters,
//! [`judge`] says what it comes to, [`Report`] how it is told.

mod advice;
mod event;
mod judge;
mod line;
mod reader;
mod report;
mod run;
mod step;

pub use event::{Benign, Deed, Event, Fate, Message, Part, Row, Severity, Step};
pub use reader::Reader;
pub use report::{Count, FilesetResult, Finding, FindingSeverity, LogKind, Mode, PhaseEnd, PhaseReport, Report};
pub use step::StepKind;

use crate::Phase;
use serde::{Deserialize, Serialize};

/// What a log came to, by evidence (nimadm.md §2.12, §1.6): nimadm's return code alone proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Phase 12 and both cleanup lines, and nothing failed on the way.
    Success,
    /// As success, but filesets failed or were cancelled, or a command reported a failure although the run went on.
    Warning,
    /// nimadm said that it failed.
    Failed,
    /// It just stops.
    Incomplete,
}

/// What the log says so far; final once the log is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What it came to.
    pub outcome: Outcome,
    /// Phases whose banner was seen, in order.
    pub phases_seen: Vec<Phase>,
    /// The phase that failed; none before phase 1 or where nothing failed.
    pub failed_phase: Option<Phase>,
    /// Message numbers, in order of first appearance.
    pub codes: Vec<String>,
    /// Filesets whose installation FAILED.
    pub failed_filesets: Vec<String>,
    /// Filesets whose installation was CANCELLED.
    pub cancelled_filesets: Vec<String>,
    /// The decisive line of a failure.
    pub cause: Option<String>,
    /// The next safe action after a failure.
    pub advice: Option<String>,
    /// nimadm said that it cleaned up master and client.
    pub cleaned_up: bool,
}

#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod tests;
