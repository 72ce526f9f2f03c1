//! The nimadm log reader: lines in, events and a verdict out.
//!
//! The reader judges by evidence. nimadm's return code is no proof, `Cleaning up` is printed after a success and after a
//! failure, and a line with a message number is as often information as it is an error. So success is claimed only for
//! phase 12 with both cleanup lines behind it and no complaint before; a log that just stops is [`Outcome::Incomplete`].
//!
//! A log file collects runs: every run starts with a header, and the verdict is about the last.

mod line;
mod report;

pub use report::{Count, FilesetResult, Finding, FindingSeverity, LogKind, Mode, PhaseEnd, PhaseReport, Report};

use crate::{Phase, diagnosis};
use line::{Line, MILESTONES, Severity};
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
    phases_seen: Vec<Phase>,
    codes: Vec<String>,
    failed_filesets: Vec<String>,
    cancelled_filesets: Vec<String>,
    updates_failed: bool,
    /// How often each milestone was reached in this phase.
    steps: Vec<u32>,
    /// The step before, to count a line that AIX prints twice only once.
    last_step: String,
    /// The best explanation so far, should this phase turn out to have failed.
    suspect: Option<Suspect>,
    /// A command reported a failure and the run went on.
    left_behind: bool,
    failure: Option<Failure>,
    cleaned_master: bool,
    cleaned_client: bool,
}

#[derive(Debug, Clone)]
struct Suspect {
    severity: Severity,
    code: String,
    text: String,
}

#[derive(Debug, Clone)]
struct Failure {
    phase: Option<Phase>,
    cause: Option<Suspect>,
}

/// As much of a line as is looked at, in bytes; nimadm's own lines have at most a few hundred.
const LOOKED_AT: usize = 4096;
/// As much of a line as is kept, in characters.
const KEPT: usize = 400;
/// As many names and numbers as are kept of a kind.
const KEPT_NAMES: usize = 1000;

impl Reader {
    /// A reader at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next line, with or without its line end, in whatever bytes it came.
    pub fn line(&mut self, line: &[u8]) -> Option<Event> {
        let text = String::from_utf8_lossy(&line[..line.len().min(LOOKED_AT)]);
        let text = text.trim_end_matches(['\r', '\n']);
        match line::read(text) {
            Line::Header => {
                *self = Self::default();
                Some(step(text, 1, None))
            }
            Line::Phase(phase) => {
                self.enter(phase);
                Some(Event::Phase(phase))
            }
            Line::Step(kind) => Some(self.milestone(kind, text)),
            Line::Filesets { done, total } => Some(step(text, done, Some(total))),
            Line::CleanedMaster => {
                self.cleans_up();
                self.cleaned_master = true;
                Some(step(text, 1, None))
            }
            Line::CleanedClient => {
                self.cleans_up();
                self.cleaned_client = true;
                Some(step(text, 1, None))
            }
            Line::GivesUp => {
                if self.suspect.as_ref().is_some_and(|suspect| suspect.severity >= Severity::Attention) {
                    self.fails();
                }
                None
            }
            Line::Unsuccessful { fileset, failed } => {
                keep_once(if failed { &mut self.failed_filesets } else { &mut self.cancelled_filesets }, fileset);
                None
            }
            Line::UpdatesFailed => {
                self.updates_failed = true;
                None
            }
            Line::Coded { code, severity } => {
                keep_once(&mut self.codes, code);
                self.suspects(severity, code, text);
                let fatal = matches!(severity, Severity::Wrapper | Severity::Error | Severity::Fatal);
                Some(Event::Coded { code: code.to_owned(), fatal })
            }
            Line::Benign => Some(Event::Benign),
            Line::Other => None,
        }
    }

    /// The phase the next line belongs to; none before phase 1.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.phase
    }

    /// What the log says so far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let (outcome, failed_phase, cause) = self.judge();
        let advice = match outcome {
            Outcome::Success => None,
            Outcome::Warning => Some(diagnosis::AFTER_WARNING),
            Outcome::Incomplete => Some(diagnosis::AFTER_SILENCE),
            Outcome::Failed => {
                let known = cause.and_then(|suspect| diagnosis::of(&suspect.code));
                Some(known.map_or(diagnosis::AFTER_FAILURE, |diagnosis| diagnosis.action))
            }
        };
        Verdict {
            outcome,
            phases_seen: self.phases_seen.clone(),
            failed_phase,
            codes: self.codes.clone(),
            failed_filesets: self.failed_filesets.clone(),
            cancelled_filesets: self.cancelled_filesets.clone(),
            cause: cause.map(|suspect| suspect.text.clone()),
            advice: advice.map(str::to_owned),
            cleaned_up: self.cleaned_up(),
        }
    }

    fn judge(&self) -> (Outcome, Option<Phase>, Option<&Suspect>) {
        if let Some(failure) = &self.failure {
            return (Outcome::Failed, failure.phase, failure.cause.as_ref());
        }
        let suspect = self.suspect.as_ref().filter(|suspect| suspect.severity != Severity::Attention);
        // Before phase 1 there is nothing to clean up: nimadm complains and ends.
        if self.phase.is_none() && suspect.is_some() {
            return (Outcome::Failed, None, suspect);
        }
        if self.phase != Some(Phase::LAST) || !self.cleaned_up() {
            return (Outcome::Incomplete, None, None);
        }
        let complaint = self.left_behind || suspect.is_some();
        let complete = self.failed_filesets.is_empty() && self.cancelled_filesets.is_empty() && !self.updates_failed;
        let outcome = if complete && !complaint { Outcome::Success } else { Outcome::Warning };
        (outcome, None, None)
    }

    fn cleaned_up(&self) -> bool {
        self.cleaned_master && self.cleaned_client
    }

    fn enter(&mut self, phase: Phase) {
        if phase == Phase::FIRST && self.phase.is_some() {
            *self = Self::default(); // another run whose header is not there
        }
        let suspect = self.suspect.take();
        self.left_behind |= suspect.is_some_and(|suspect| suspect.severity != Severity::Attention);
        self.phase = Some(phase);
        if !self.phases_seen.contains(&phase) {
            self.phases_seen.push(phase);
        }
        self.steps.clear();
        self.last_step.clear();
        (self.cleaned_master, self.cleaned_client) = (false, false);
    }

    fn milestone(&mut self, kind: usize, text: &str) -> Event {
        self.steps.resize(MILESTONES.len(), 0);
        let again = self.last_step == cut(text);
        let mut done = 1;
        if let Some(count) = self.steps.get_mut(kind) {
            *count = count.saturating_add(u32::from(!again));
            done = *count;
        }
        self.last_step = cut(text);
        step(text, done, None)
    }

    fn suspects(&mut self, severity: Severity, code: &str, text: &str) {
        let known = self.suspect.as_ref().map_or(0, |known| known.rank());
        let new = Suspect { severity, code: code.to_owned(), text: cut(text) };
        if self.failure.is_none() && new.rank() > known {
            self.suspect = Some(new);
        }
        if severity == Severity::Fatal {
            self.fails();
        }
    }

    /// Takes note of the first failure; what comes after it is cleanup and explains nothing.
    fn fails(&mut self) {
        if self.failure.is_none() {
            self.failure = Some(Failure { phase: self.phase, cause: self.suspect.take() });
            (self.cleaned_master, self.cleaned_client) = (false, false);
        }
    }

    /// nimadm cleans up in phase 12, and at any other time only because the run failed (nimadm.md §1.6).
    fn cleans_up(&mut self) {
        if self.phase != Some(Phase::LAST) {
            self.fails();
        }
    }
}

impl Suspect {
    /// How much it explains: a wrapper's line says no more than that something failed.
    fn rank(&self) -> u8 {
        match self.severity {
            Severity::Note => 0,
            Severity::Wrapper => 1,
            Severity::Fatal if self.code == "0505-187" => 1,
            Severity::Attention => 2,
            Severity::Error | Severity::Fatal => 3,
        }
    }
}

fn step(text: &str, done: u32, total: Option<u32>) -> Event {
    let mut what = cut(text);
    what.truncate(what.trim_end_matches([' ', '.']).len());
    Event::Step { what, done, total }
}

/// The text that is kept of a line.
fn cut(text: &str) -> String {
    text.trim().chars().filter(|c| *c != '\0').take(KEPT).collect()
}

fn keep_once(names: &mut Vec<String>, name: &str) {
    if names.len() < KEPT_NAMES && !names.iter().any(|known| known == name) {
        names.push(cut(name));
    }
}

#[cfg(test)]
mod tests;
