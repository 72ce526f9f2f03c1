//! A whole nimadm log in, its report out: the one place where the program explains a log that is not a run of its own.
//!
//! Bytes are taken as they come and none is kept: a log of a gigabyte explains itself in the same memory as one of a
//! kilobyte. Reading it as text first would need both its size and its encoding to be what one hopes.
//!
//! The reader is `aix::log`; what it cannot tell yet (line numbers, counts, filesets, the header) is gathered here, and goes
//! from here once it can.

use crate::error::NOT_A_LOG;
use aix::{
    Phase,
    log::{
        Count, Event, FilesetResult, Finding, FindingSeverity, LogKind, Mode, Outcome, PhaseEnd, PhaseReport, Reader,
        Report,
    },
};

use app::model::Problem;

/// As much of a line as is looked at.
const LOOKED_AT: usize = 4096;
/// Characters of a finding that are kept.
const KEPT: usize = 400;
/// Findings that are kept.
const FINDINGS: usize = 500;
/// Rows of Installation Summaries that are kept.
const FILESETS: usize = 5000;

/// Reads a log piece by piece.
#[derive(Debug, Default)]
pub struct Explainer {
    reader: Reader,
    /// The line that has no end yet, as much of it as is looked at.
    line: Vec<u8>,
    /// Whether a line has begun.
    begun: bool,
    lines: u64,
    bytes: u64,
    runs: u32,
    run: Run,
}

/// What is known about the run that is read.
#[derive(Debug, Default)]
struct Run {
    client: Option<String>,
    mode: Option<Mode>,
    target: Option<String>,
    disks: Vec<String>,
    bootlist: Option<String>,
    findings: Vec<Finding>,
    findings_left_out: u64,
    phases: Vec<PhaseReport>,
    filesets: Vec<FilesetResult>,
    filesets_left_out: u64,
}

impl Explainer {
    /// An explainer at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came next, however it was cut on its way.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LOOKED_AT.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            self.begun = true;
            if piece.ends_with(b"\n") {
                self.end_of_line();
            }
        }
    }

    /// The report; none where this is no log of nimadm. The last line may have no end.
    #[must_use]
    pub fn finish(mut self) -> Option<Report> {
        if self.begun {
            self.end_of_line();
        }
        let Self { reader, lines, bytes, runs, run, .. } = self;
        let (runs, verdict) = (if runs == 0 { return None } else { runs }, reader.verdict());
        let Run { client, mode, target, disks, bootlist, mut findings, findings_left_out, mut phases, .. } = run;
        if let Some(last) = phases.last_mut() {
            last.last_line = lines;
            last.state = match verdict.outcome {
                Outcome::Success | Outcome::Warning => PhaseEnd::Done,
                Outcome::Failed => PhaseEnd::Failed,
                Outcome::Incomplete => PhaseEnd::Stopped,
            };
        }
        // The reader names the decisive line by its text; what came after it is clean-up.
        if let Some(cause) = &verdict.cause
            && let Some(decisive) = findings.iter_mut().find(|finding| finding.text == *cause)
        {
            decisive.severity = FindingSeverity::Fatal;
        }
        let look_at = look_at(client.as_deref(), verdict.outcome);
        Some(Report {
            kind: LogKind::NimadmLog,
            verdict,
            findings,
            findings_left_out,
            client,
            mode,
            target,
            disks,
            bootlist,
            run: runs,
            runs,
            lines,
            bytes,
            phases,
            filesets: run.filesets,
            filesets_left_out: run.filesets_left_out,
            look_at,
        })
    }

    fn end_of_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.begun = false;
        self.lines += 1;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        let starts = text == "Initializing the NIM master.";
        let again = text == "Executing nimadm phase 1." && !self.run.phases.is_empty();
        if starts || again || (self.runs == 0 && is_nimadm(text)) {
            self.runs = self.runs.saturating_add(1);
            self.run = Run::default();
        }
        let event = self.reader.line(&line);
        self.run.header(text);
        self.run.fileset(text);
        match event {
            Some(Event::Phase(phase)) => self.run.enter(phase, self.lines),
            Some(Event::Step { what, done, total }) => self.run.counts(&what, done, total),
            Some(Event::Coded { code, fatal }) => {
                let severity = if fatal { FindingSeverity::Error } else { FindingSeverity::Info };
                let meaning = aix::diagnosis::of(&code).map(|known| known.meaning.to_owned());
                self.run.finding(self.lines, self.reader.phase(), text, severity, Some(code), meaning);
            }
            Some(Event::Benign) => {
                let meaning = Some("Looks like an error and is none.".to_owned());
                self.run.finding(self.lines, self.reader.phase(), text, FindingSeverity::Benign, None, meaning);
            }
            None => {}
        }
    }
}

/// What is said of bytes that nimadm did not print.
#[must_use]
pub fn not_a_log() -> Problem {
    NOT_A_LOG.problem(
        "No line of it is one that only nimadm prints: \"Starting Alternate Disk Migration.\", \"Executing nimadm phase N.\" or \
         \"Cleaning up alt_disk_migration …\" was looked for. Send the master's /var/adm/ras/alt_mig/CLIENT_alt_mig.log, or what \
         nimadm printed, uncompressed and from its beginning.",
    )
}

/// Whether only nimadm prints such a line.
fn is_nimadm(text: &str) -> bool {
    text.starts_with("Starting Alternate Disk Migration")
        || text.starts_with("Cleaning up alt_disk_migration")
        || (text.starts_with("Executing nimadm phase ") && text.ends_with('.'))
}

fn look_at(client: Option<&str>, outcome: Outcome) -> Vec<String> {
    let client = client.unwrap_or("the client");
    match outcome {
        Outcome::Success => Vec::new(),
        Outcome::Warning => vec![
            "every Installation Summary in this log".to_owned(),
            format!("/var/adm/ras/install_all_updates.log in the clone of {client}"),
        ],
        Outcome::Failed => vec![
            "the lines of this log above the failure".to_owned(),
            format!("/var/adm/ras/alt_disk_inst.log on {client}"),
            "alog -o -t nim on the master".to_owned(),
        ],
        Outcome::Incomplete => vec!["ps -ef | grep nimadm on the master".to_owned()],
    }
}

impl Run {
    fn header(&mut self, text: &str) {
        if let Some(client) = text.strip_prefix("Initializing NIM client ") {
            self.client = Some(kept(client.trim_end_matches('.')));
        }
        if text.starts_with("Creating nimadm cache file systems") {
            self.mode = Some(Mode::Cache);
        }
        if let Some(disk) = text.strip_prefix("Bootlist is set to the boot disk: ") {
            self.bootlist = disk.split_whitespace().next().map(kept);
        }
        // Client alt_disk_install command: alt_disk_copy -j -M 7.3 -P1 -d "hdisk1 hdisk2"
        if let Some((_, options)) = text.split_once("alt_disk_copy ") {
            self.target = options.split_once("-M ").and_then(|(_, rest)| rest.split(' ').next()).map(kept);
            let disks = options.split_once("-d \"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
            self.disks = disks.split_whitespace().map(kept).collect();
        }
    }

    /// A row of an Installation Summary: `bos.rte 7.3.3.1 USR APPLY SUCCESS`.
    fn fileset(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, level, part, event, result] = words[..] else { return };
        let is_row = matches!(part, "USR" | "ROOT" | "SHARE") && matches!(result, "SUCCESS" | "FAILED" | "CANCELLED");
        if !is_row {
            return;
        }
        if self.filesets.len() >= FILESETS {
            self.filesets_left_out += 1;
            return;
        }
        let [name, level, part, event, result] = [name, level, part, event, result].map(kept);
        self.filesets.push(FilesetResult { name, level, part, event, result });
    }

    fn enter(&mut self, phase: Phase, line: u64) {
        if let Some(before) = self.phases.last_mut() {
            before.last_line = line.saturating_sub(1);
        }
        self.phases.push(PhaseReport {
            number: phase,
            title: phase.title().to_owned(),
            state: PhaseEnd::Done,
            first_line: line,
            last_line: line,
            counts: Vec::new(),
        });
    }

    fn counts(&mut self, step: &str, done: u32, total: Option<u32>) {
        let kinds = [
            ("Creating logical volume ", "logical volumes"),
            ("Creating cache file system ", "cache file systems"),
            ("Creating /alt_inst", "file systems"),
            ("Running migration merge method", "merge methods"),
            ("Removing cache file system ", "cache file systems"),
            ("forced unmount of ", "unmounts"),
        ];
        let what = if total.is_some() {
            Some("filesets")
        } else {
            kinds.iter().find(|(start, _)| step.starts_with(start)).map(|(_, what)| *what)
        };
        let (Some(what), Some(phase)) = (what, self.phases.last_mut()) else { return };
        match phase.counts.iter_mut().find(|count| count.what == what) {
            Some(count) => (count.done, count.total) = (done, total),
            None => phase.counts.push(Count { what: what.to_owned(), done, total }),
        }
    }

    fn finding(
        &mut self,
        line: u64,
        phase: Option<Phase>,
        text: &str,
        severity: FindingSeverity,
        code: Option<String>,
        meaning: Option<String>,
    ) {
        if self.findings.len() >= FINDINGS {
            self.findings_left_out += 1;
            return;
        }
        self.findings.push(Finding { line, phase, text: kept(text), severity, code, meaning });
    }
}

fn kept(text: &str) -> String {
    text.trim().chars().filter(|c| *c != '\0').take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = include_bytes!("../../aix/fixtures/webmanual01_alt_mig.log");

    fn explained(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Option<Report> {
        let mut explainer = Explainer::new();
        pieces.for_each(|piece| explainer.push(piece.as_ref()));
        explainer.finish()
    }

    #[test]
    fn a_real_log_says_whose_it_is_and_how_far_it_came() {
        let report = explained([LOG].iter()).unwrap();
        assert_eq!(report.client.as_deref(), Some("webmanual01"));
        assert_eq!(
            (report.target.as_deref(), report.disks.as_slice()),
            (Some("6.1"), ["hdisk0".to_owned()].as_slice())
        );
        assert_eq!(report.phases.len(), 12);
        assert_eq!(report.bytes, LOG.len() as u64);
    }

    #[test]
    fn any_cutting_gives_the_same_report() {
        let whole = explained([LOG].iter());
        for size in [1, 7, 64, 4096] {
            assert_eq!(explained(LOG.chunks(size)), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_log_has_no_report() {
        for other in [&b""[..], b"hdisk0 none None\n", b"\0\xff\n", &vec![b'x'; 1 << 20]] {
            assert_eq!(explained([other].iter()), None);
        }
    }
}
