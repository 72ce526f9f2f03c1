//! What the reader has to tell about a log, for people and programs: the JSON of `nimdeck explain`.

use super::{
    Verdict,
    event::Fate,
    run::{KeptRow, Note, Run, Seen},
};
use crate::{Phase, diagnosis};
use serde::{Deserialize, Serialize};

/// All there is to say about a nimadm log; the contract is `explain --json` (docs/explain.md). Absent values are `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Always `nimadm-log`.
    pub kind: LogKind,
    /// What it came to and why.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Lines worth a look, in the order of the log: errors, warnings, and what only looks like one.
    pub findings: Vec<Finding>,
    /// Findings beyond the number that is kept.
    pub findings_left_out: u64,
    /// The NIM client, where the header names it.
    pub client: Option<String>,
    /// What kind of run it was.
    pub mode: Option<Mode>,
    /// Version and release of the target, `7.3`, as alt_disk_copy was told.
    pub target: Option<String>,
    /// Target disks on the client, as alt_disk_copy was told.
    pub disks: Vec<String>,
    /// The disk the bootlist was set to, where nimadm set it.
    pub bootlist: Option<String>,
    /// The run this report is about, counted from 1.
    pub run: u32,
    /// Runs in the log.
    pub runs: u32,
    /// Lines of the whole log.
    pub lines: u64,
    /// Bytes of the whole log.
    pub bytes: u64,
    /// The phases that were seen, in order.
    pub phases: Vec<PhaseReport>,
    /// Rows of the Installation Summaries, in order.
    pub filesets: Vec<FilesetResult>,
    /// Rows beyond the number that is kept.
    pub filesets_left_out: u64,
    /// Where to look next: commands and files, with their host.
    pub look_at: Vec<String>,
}

/// The one kind of log there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogKind {
    /// A log of nimadm.
    #[serde(rename = "nimadm-log")]
    NimadmLog,
}

/// What kind of run a log is of (nimadm.md §1.1, §1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A migration with `-j`: the tree is cached in a volume group of the master.
    Cache,
    /// A migration over NFS.
    Nfs,
    /// A mksysb is migrated, onto a client or into a new mksysb.
    Mksysb,
    /// `-C`: what is left of an earlier run is removed.
    CleanUp,
    /// `-W`: a finished clone is woken up.
    WakeUp,
    /// `-S`: a woken clone is put to sleep.
    Sleep,
}

/// A line worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its number in the log, from 1.
    pub line: u64,
    /// The phase it stands in; none before phase 1.
    pub phase: Option<Phase>,
    /// The line, cut to 400 characters.
    pub text: String,
    /// How bad it is.
    pub severity: FindingSeverity,
    /// Its message number.
    pub code: Option<String>,
    /// What it means.
    pub meaning: Option<String>,
}

/// How bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// Looks like an error and is none.
    Benign,
    /// Worth knowing.
    Info,
    /// Something may be missing or wrong; the run went on.
    Warning,
    /// A command reported a failure.
    Error,
    /// What ended the run.
    Fatal,
}

/// A phase that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// 1 to 12.
    pub number: Phase,
    /// What it does, in a few words.
    pub title: String,
    /// `done`, `failed`, or `stopped` where the log ends in it.
    pub state: PhaseEnd,
    /// The line of its banner, from 1.
    pub first_line: u64,
    /// Its last line.
    pub last_line: u64,
    /// What was counted in it: `{what: "logical volumes", done: 12, total: null}`.
    pub counts: Vec<Count>,
}

/// How a phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseEnd {
    /// The next phase began, or the run was complete.
    Done,
    /// The run failed in it.
    Failed,
    /// The log ends in it.
    Stopped,
}

/// Things of one kind that were done in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// What is counted, in the plural.
    pub what: String,
    /// How many were done.
    pub done: u32,
    /// How many there are to do, where the log tells.
    pub total: Option<u32>,
}

/// A row of an Installation Summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesetResult {
    /// The fileset.
    pub name: String,
    /// Its level.
    pub level: String,
    /// `USR`, `ROOT`, `SHARE`.
    pub part: String,
    /// `APPLY`, `COMMIT`, …
    pub event: String,
    /// `SUCCESS`, `FAILED`, `CANCELLED`.
    pub result: String,
}

impl Run {
    /// The report of this run, one of `runs`, in a log of so many lines and bytes.
    pub(super) fn report(&self, runs: u32, lines: u64, bytes: u64) -> Report {
        let verdict = self.verdict();
        let mut phases: Vec<_> = self.phases.iter().map(|seen| self.phase_report(seen, &verdict)).collect();
        phases.sort_by_key(|phase| phase.number);
        Report {
            kind: LogKind::NimadmLog,
            findings: self.findings.iter().map(|note| note.finding(&verdict)).collect(),
            findings_left_out: self.findings_left_out,
            client: self.header.client.clone(),
            mode: self.mode,
            target: self.target.clone(),
            disks: self.disks.clone(),
            bootlist: self.bootlist.clone(),
            run: self.number.max(1),
            runs,
            lines,
            bytes,
            phases,
            filesets: self.rows.iter().map(KeptRow::result).collect(),
            filesets_left_out: self.rows_left_out,
            look_at: self.look_at(),
            verdict,
        }
    }

    fn phase_report(&self, seen: &Seen, verdict: &Verdict) -> PhaseReport {
        let count = |(kind, done, total): &(super::step::StepKind, u32, Option<u32>)| {
            // A total that was passed was none: logs of edited or odd systems.
            kind.counted().map(|what| Count {
                what: what.to_owned(),
                done: *done,
                total: total.filter(|total| total >= done),
            })
        };
        PhaseReport {
            number: seen.phase,
            title: seen.phase.title().to_owned(),
            state: self.phase_end(seen.phase, verdict),
            first_line: seen.first_line,
            last_line: seen.last_line,
            counts: seen.counts.iter().filter_map(count).collect(),
        }
    }
}

impl Note {
    fn finding(&self, verdict: &Verdict) -> Finding {
        let decisive = verdict.outcome == super::Outcome::Failed && verdict.cause.as_ref() == Some(&self.text);
        Finding {
            line: self.line,
            phase: self.phase,
            text: self.text.clone(),
            severity: if decisive { FindingSeverity::Fatal } else { self.severity },
            code: self.code.clone(),
            meaning: self.meaning().map(str::to_owned),
        }
    }

    fn meaning(&self) -> Option<&'static str> {
        if let Some(benign) = self.benign {
            return Some(benign.meaning());
        }
        if self.text.ends_with(Fate::Failed.word()) {
            return Some("installp could not install this part of the fileset.");
        }
        if self.text.ends_with(Fate::Cancelled.word()) {
            return Some("installp did not begin with this part of the fileset, because something it needs failed.");
        }
        diagnosis::explain(self.code.as_deref(), &self.text).map(|diagnosis| diagnosis.meaning)
    }
}

impl KeptRow {
    fn result(&self) -> FilesetResult {
        FilesetResult {
            name: self.name.clone(),
            level: self.level.clone(),
            part: self.part.word().to_owned(),
            event: self.event.word().to_owned(),
            result: self.result.word().to_owned(),
        }
    }
}
