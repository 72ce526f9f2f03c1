//! The nimadm log reader: lines in, events and a verdict out.

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

/// What one line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `Executing nimadm phase N.`
    Phase(Phase),
    /// A step within a phase.
    Step {
        /// The line, without its full stop.
        what: String,
        /// Steps of this kind done in this phase.
        done: u32,
        /// Steps in all, where the line says so.
        total: Option<u32>,
    },
    /// A line with a message number, `0505-187`.
    Coded {
        /// The number.
        code: String,
        /// True where the line says that nimadm or a command it relies on failed.
        fatal: bool,
    },
    /// Looks like an error and is none (nimadm.md §2.3).
    Benign,
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

/// Reads a log line by line. Memory does not grow with the log.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    phase: Option<Phase>,
}

impl Reader {
    /// A reader at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next line, with or without its line end, in whatever bytes it came.
    pub fn line(&mut self, _line: &[u8]) -> Option<Event> {
        None
    }

    /// The phase the next line belongs to; none before phase 1.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.phase
    }

    /// What the log says so far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict {
            outcome: Outcome::Incomplete,
            phases_seen: Vec::new(),
            failed_phase: None,
            codes: Vec::new(),
            failed_filesets: Vec::new(),
            cancelled_filesets: Vec::new(),
            cause: None,
            advice: None,
            cleaned_up: false,
        }
    }
}
