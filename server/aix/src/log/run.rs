//! What is known of one run, as far as it was read.
//!
//! Lines are taken in and what matters of them is kept; what it all comes to is asked of `judge` at any moment, because a log
//! that is followed has no end yet. Everything that is kept has a bound: the log may be a night of installp.

use super::{
    event::{Benign, Fate, Row, Severity},
    report::{FindingSeverity, Mode},
    step::StepKind,
};
use crate::Phase;
use std::collections::HashSet;

/// As much of a line as is kept, in characters.
const KEPT: usize = 400;
/// Message numbers that are kept.
const KEPT_CODES: usize = 200;
/// Names of filesets that are kept of a kind.
const KEPT_NAMES: usize = 2000;
/// Rows of Installation Summaries that are kept.
const KEPT_ROWS: usize = 20_000;
/// Findings that are kept: those that are errors or warnings, and those that are none.
const KEPT_FINDINGS: (usize, usize) = (1000, 300);
/// How many lines before the end of a run its unnumbered explanation may stand.
const NEAR: u64 = 4;

/// One run of nimadm, as far as it was read. Its size has a bound, whatever the log's.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    /// Counted from 1; 0 for what stands before the first.
    pub(super) number: u32,
    /// A line of it is nimadm's own; alt_disk_copy and installp print many of the others, too.
    pub(super) recognised: bool,
    pub(super) header: Header,
    pub(super) mode: Option<Mode>,
    /// `7.3`, from alt_disk_copy's `-M`.
    pub(super) target: Option<String>,
    pub(super) disks: Vec<String>,
    /// The disk the bootlist was set to.
    pub(super) bootlist: Option<String>,
    pub(super) phases: Vec<Seen>,
    pub(super) codes: Names,
    pub(super) failed_filesets: Names,
    pub(super) cancelled_filesets: Names,
    pub(super) updates_failed: bool,
    pub(super) rows: Vec<KeptRow>,
    pub(super) rows_left_out: u64,
    pub(super) findings: Vec<Note>,
    pub(super) findings_left_out: u64,
    benign: usize,
    /// The best explanation so far, should this phase turn out to have failed.
    pub(super) suspect: Option<Suspect>,
    /// The run has gone on since the suspect.
    pub(super) went_on: bool,
    /// The first failure that the run survived.
    pub(super) survived: Option<String>,
    pub(super) failure: Option<Failure>,
    pub(super) cleaned_master: bool,
    pub(super) cleaned_client: bool,
    /// The line of the last message, with the lines it went on in.
    message_ends: u64,
    /// Not by itself: a later `nimadm -C` did.
    pub(super) cleaned_later: bool,
    /// The last line that means nothing to us: often it is what a failure is about.
    pub(super) last_other: Option<(u64, String)>,
    /// The step before, to count a line that AIX prints twice only once.
    last_step: String,
    pub(super) last_line: u64,
}

/// What the header said (nimadm.md §1.7).
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    /// `Initializing the NIM master.`
    pub(super) begun: bool,
    pub(super) client: Option<String>,
    /// `Verifying alt_disk_migration eligibility.` or a line behind it.
    pub(super) checked: bool,
    /// `Starting Alternate Disk Migration.`
    pub(super) started: bool,
}

/// A phase whose banner was seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) phase: Phase,
    pub(super) first_line: u64,
    pub(super) last_line: u64,
    pub(super) counts: Vec<(StepKind, u32, Option<u32>)>,
}

#[derive(Debug, Clone)]
pub(super) struct KeptRow {
    pub(super) name: String,
    pub(super) level: String,
    pub(super) part: super::event::Part,
    pub(super) event: super::event::Deed,
    pub(super) result: Fate,
}

/// A line worth a look.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) line: u64,
    pub(super) phase: Option<Phase>,
    pub(super) severity: FindingSeverity,
    pub(super) benign: Option<Benign>,
    pub(super) code: Option<String>,
    pub(super) text: String,
}

#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub(super) severity: Severity,
    pub(super) code: Option<String>,
    pub(super) text: String,
}

#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) phase: Option<Phase>,
    pub(super) cause: Option<Suspect>,
    /// An unnumbered line shortly before, for where the cause says nothing.
    pub(super) nearby: Option<String>,
}

impl Run {
    /// A run that has just begun.
    pub(super) fn begin(number: u32, line: u64) -> Self {
        Self { number, recognised: true, last_line: line, ..Self::default() }
    }

    /// The phase the next line belongs to; none before phase 1.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.phases.last().map(|seen| seen.phase)
    }

    /// It began and did nothing yet.
    pub(super) fn only_begun(&self) -> bool {
        self.header.begun && !self.header.started && self.header.client.is_none() && self.suspect.is_none()
    }

    /// A header that nothing came of, behind a complete run: a wrapper's artefact (nimadm.md §0.3).
    pub(super) fn is_echo_of(&self, before: &Self) -> bool {
        let nothing = self.phases.is_empty() && self.suspect.is_none() && self.failure.is_none() && self.mode.is_none();
        nothing && self.header.started && before.is_complete() && self.header.client == before.header.client
    }

    /// A run in steps (`-P`) goes on where the call before it ended: each call has a header (unconfirmed, nimadm.md §1.3).
    pub(super) fn continues(&self, before: &Self, phase: Phase) -> bool {
        let same = self.header.client.is_none() || self.header.client == before.header.client;
        let next = before.phase().is_some_and(|last| last == phase || last.number() + 1 == phase.number());
        self.phases.is_empty() && same && next && before.failure.is_none() && self.suspect.is_none()
    }

    /// The next call of a run in steps: what the one before cleaned up is no evidence of this one's end.
    pub(super) fn resumes(&mut self) {
        (self.cleaned_master, self.cleaned_client) = (false, false);
    }

    /// Takes over what stood before the first header: it belongs to a wrapper, and only what is harmless is worth keeping.
    pub(super) fn keep_preamble(&mut self, before: Self) {
        self.findings = before.findings.into_iter().filter(|note| note.benign.is_some()).collect();
        self.benign = self.findings.len();
    }

    /// A later `nimadm -C` removed what this run had left. False for a run that left nothing but its clone: then the clone is
    /// gone, and the clean-up is what the log is about.
    pub(super) fn clean(&mut self) -> bool {
        let left_something = !self.is_complete();
        if left_something {
            (self.cleaned_master, self.cleaned_client, self.cleaned_later) = (true, true, true);
        }
        left_something
    }

    pub(super) fn line(&mut self, number: u64) {
        self.last_line = number;
        if let Some(seen) = self.phases.last_mut() {
            seen.last_line = number;
        }
    }

    /// False where the banner is the one before, printed twice.
    pub(super) fn enter(&mut self, phase: Phase) -> bool {
        if self.phase() == Some(phase) {
            return false;
        }
        self.recognised = true;
        self.survive();
        if let Some(before) = self.phases.last_mut() {
            before.last_line = self.last_line.saturating_sub(1);
        }
        // Going back is not nimadm's way; should a log do so, the phase goes on where it was.
        if let Some(at) = self.phases.iter().position(|seen| seen.phase == phase) {
            let seen = self.phases.remove(at);
            self.phases.push(seen);
        } else {
            let (first_line, last_line) = (self.last_line, self.last_line);
            self.phases.push(Seen { phase, first_line, last_line, counts: Vec::new() });
        }
        self.last_step.clear();
        self.last_other = None;
        (self.cleaned_master, self.cleaned_client) = (false, false);
        true
    }

    fn survive(&mut self) {
        if let Some(suspect) = self.suspect.take()
            && suspect.severity != Severity::Attention
            && self.survived.is_none()
        {
            self.survived = Some(suspect.text);
        }
    }

    /// Counts a step; how many of its kind there are in this phase, and how many there will be.
    pub(super) fn step(&mut self, kind: StepKind, text: &str) -> (u32, Option<u32>) {
        self.went_on = true;
        self.last_other = None;
        let again = self.last_step == text;
        if !again {
            self.last_step.clear();
            self.last_step.push_str(text);
        }
        let total = kind.as_many_as().and_then(|other| self.count(other));
        self.counted(kind, |done| if again { done.max(1) } else { done.saturating_add(1) }, total)
    }

    /// Takes a count that the line itself gives.
    pub(super) fn installed(&mut self, done: u32, total: u32) {
        self.went_on = true;
        // Several passes count from 1 each; the phase's count is the sum, so the end of a pass is what is kept.
        let finished = if done == total { done } else { 0 };
        self.counted(StepKind::Installed, |sum| sum.saturating_add(finished), None);
    }

    fn counted(&mut self, kind: StepKind, add: impl Fn(u32) -> u32, total: Option<u32>) -> (u32, Option<u32>) {
        // What is unmounted and removed after a failure is no work of the phase.
        let Some(seen) = self.phases.last_mut().filter(|_| self.failure.is_none()) else { return (1, None) };
        if let Some((_, done, known)) = seen.counts.iter_mut().find(|(known, ..)| *known == kind) {
            *done = add(*done);
            return (*done, *known);
        }
        // AIX may print one more than an earlier phase made; then the total is not one.
        seen.counts.push((kind, add(0), total));
        (add(0), total)
    }

    fn count(&self, kind: StepKind) -> Option<u32> {
        self.phases.iter().flat_map(|seen| &seen.counts).find(|(known, ..)| *known == kind).map(|(_, done, _)| *done)
    }

    pub(super) fn row(&mut self, row: &Row<'_>, number: u64, text: &str) {
        self.went_on = true;
        match row.result {
            Fate::Success => {}
            Fate::Failed => {
                self.failed_filesets.keep(row.name, KEPT_NAMES);
                self.note(number, FindingSeverity::Error, None, text);
            }
            Fate::Cancelled => {
                self.cancelled_filesets.keep(row.name, KEPT_NAMES);
                self.note(number, FindingSeverity::Warning, None, text);
            }
        }
        if self.rows.len() < KEPT_ROWS {
            let (name, level) = (cut(row.name), cut(row.level));
            self.rows.push(KeptRow { name, level, part: row.part, event: row.event, result: row.result });
        } else {
            self.rows_left_out += 1;
        }
    }

    pub(super) fn updates(&mut self, result: &str, number: u64, text: &str) {
        if result != "SUCCESS" {
            self.updates_failed = true;
            self.note(number, FindingSeverity::Error, None, text);
        }
    }

    pub(super) fn benign(&mut self, benign: Benign, number: u64, text: &str) {
        if self.benign < KEPT_FINDINGS.1 {
            self.benign += 1;
            let (phase, severity) = (self.phase(), FindingSeverity::Benign);
            self.findings.push(Note {
                line: number,
                phase,
                severity,
                benign: Some(benign),
                code: None,
                text: cut(text),
            });
        } else {
            self.findings_left_out += 1;
        }
    }

    fn note(&mut self, line: u64, severity: FindingSeverity, code: Option<&str>, text: &str) {
        if self.findings.len() - self.benign < KEPT_FINDINGS.0 {
            let (phase, code) = (self.phase(), code.map(str::to_owned));
            self.findings.push(Note { line, phase, severity, benign: None, code, text: cut(text) });
        } else {
            self.findings_left_out += 1;
        }
    }

    pub(super) fn message(&mut self, severity: Severity, code: Option<&str>, text: &str, number: u64) {
        if let Some(code) = code {
            self.codes.keep(code, KEPT_CODES);
        }
        let shown = match severity {
            Severity::Note if text.contains("arning") || text.contains("WARNING") => FindingSeverity::Warning,
            Severity::Note => FindingSeverity::Info,
            Severity::Complaint | Severity::Attention => FindingSeverity::Warning,
            Severity::Wrapper | Severity::Error => FindingSeverity::Error,
            Severity::Fatal => FindingSeverity::Fatal,
        };
        self.recognised |= text.contains(" nimadm:");
        self.note(number, shown, code, text);
        self.message_ends = number;
        if self.failure.is_some() && severity >= Severity::Error {
            // The clean-up itself went wrong.
            (self.cleaned_master, self.cleaned_client) = (false, false);
        }
        let known = self.suspect.as_ref().map_or(0, Suspect::rank);
        let new = Suspect { severity, code: code.map(str::to_owned), text: cut(text) };
        if self.failure.is_none() && new.rank() > 0 {
            self.went_on = false;
            if new.rank() > known {
                self.suspect = Some(new);
            }
        }
        if severity == Severity::Fatal {
            self.fails();
        }
    }

    pub(super) fn other(&mut self, number: u64, text: &str) {
        if text.starts_with('#') || !text.bytes().any(|b| b.is_ascii_alphabetic()) {
            return;
        }
        if number == self.message_ends + 1 && text.starts_with([' ', '\t']) {
            return self.goes_on(number, text);
        }
        let (line, kept) = self.last_other.get_or_insert_default();
        *line = number;
        kept.clear();
        kept.push_str(text);
    }

    /// A message goes on in an indented line: often only there it says which file system or disk.
    fn goes_on(&mut self, number: u64, text: &str) {
        self.message_ends = number;
        let Some(note) = self.findings.last_mut().filter(|note| note.benign.is_none()) else { return };
        let before = note.text.clone();
        note.text = cut(&format!("{before} {}", text.trim()));
        if let Some(suspect) = self.suspect.as_mut().filter(|suspect| suspect.text == before) {
            suspect.text.clone_from(&note.text);
        }
    }

    /// `Cleaning up.`: `alt_disk_copy` gives up.
    pub(super) fn gives_up(&mut self) {
        if self.suspect.as_ref().is_some_and(|suspect| suspect.severity >= Severity::Attention) {
            self.fails();
        }
    }

    /// `Cleaning up alt_disk_migration on …`. True where the run turns out to be a clean-up of an earlier one.
    pub(super) fn cleans_up(&mut self, of_master: bool, client: &str) -> bool {
        let alone = self.phases.is_empty() && !self.header.checked && self.suspect.is_none() && self.failure.is_none();
        if alone && self.header.begun {
            self.mode = Some(Mode::CleanUp);
        }
        self.recognised = true;
        // nimadm cleans up in phase 12, and at any other time only because the run failed (nimadm.md §1.6).
        if self.phase() != Some(Phase::LAST) && self.mode != Some(Mode::CleanUp) {
            self.fails();
        }
        self.went_on = true;
        if of_master {
            self.cleaned_master = true;
        } else {
            // A name with full stops, cut in its middle, would look whole.
            let is_cut = |known: &str| known != client && known.starts_with(client);
            self.cleaned_client = !self.header.client.as_deref().is_some_and(is_cut);
        }
        self.mode == Some(Mode::CleanUp)
    }

    /// Takes note of the first failure; what comes after it is cleanup and explains nothing.
    fn fails(&mut self) {
        if self.failure.is_none() {
            let near = |(line, _): &(u64, String)| line + NEAR >= self.last_line;
            let nearby =
                self.last_other.take().filter(near).map(|(_, text)| cut(&text)).filter(|text| !text.is_empty());
            self.failure = Some(Failure { phase: self.phase(), cause: self.suspect.take(), nearby });
            (self.cleaned_master, self.cleaned_client) = (false, false);
        }
    }

    /// nimadm said that it cleaned up master and client. A mksysb that becomes a new mksysb has no client (unconfirmed).
    pub(super) fn cleaned_up(&self) -> bool {
        let no_client = self.mode == Some(Mode::Mksysb) && self.header.client.is_none();
        self.cleaned_master && (self.cleaned_client || no_client)
    }
}

impl Suspect {
    /// How much it explains: a wrapper's line says no more than that something failed.
    pub(super) fn rank(&self) -> u8 {
        match self.severity {
            Severity::Note => 0,
            Severity::Wrapper => 1,
            Severity::Fatal if self.text.contains("Error cloning") || self.text.contains("Error processing") => 1,
            Severity::Complaint => 2,
            Severity::Attention => 3,
            Severity::Error | Severity::Fatal => 4,
        }
    }
}

/// The text that is kept of a line.
pub(super) fn cut(text: &str) -> String {
    let text = text.trim();
    if text.len() <= KEPT && memchr::memchr(0, text.as_bytes()).is_none() {
        return text.to_owned();
    }
    text.chars().filter(|c| *c != '\0').take(KEPT).collect()
}

/// Names in the order of their first appearance, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    list: Vec<String>,
    /// The same, to find them at once: a log may repeat its names in a million lines.
    known: HashSet<String>,
}

impl Names {
    /// Keeps a name that is new, unless there are `most` already.
    fn keep(&mut self, name: &str, most: usize) {
        if self.list.len() >= most || self.known.contains(name) {
            return;
        }
        let name = cut(name);
        if self.known.insert(name.clone()) {
            self.list.push(name);
        }
    }

    pub(super) fn list(&self) -> &[String] {
        &self.list
    }
}
