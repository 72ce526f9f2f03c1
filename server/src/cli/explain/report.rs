//! The report of a nimadm log, for people at a terminal.

use crate::logs::lines;
use aix::{
    Phase,
    log::{Count, FilesetResult, Finding, FindingSeverity, Mode, Outcome, PhaseEnd, PhaseReport, Report},
};
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const CARE: Style = AnsiColor::Yellow.on_default().bold();

/// Columns that text is wrapped to.
const WIDTH: usize = 100;
/// Filesets that are listed; the JSON has all.
const LISTED: usize = 200;

macro_rules! say {
    ($out:expr, $($text:tt)*) => {{ let _written = writeln!($out, $($text)*); }};
}

/// Prints a report, with colours.
pub(super) fn print(report: &Report) -> String {
    let mut out = String::new();
    head(&mut out, report);
    phases(&mut out, report);
    findings(&mut out, report);
    filesets(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) {
    let verdict = &report.verdict;
    let client = report.client.as_deref().map(|client| format!(" of {}", shown(client))).unwrap_or_default();
    let target = report.target.as_deref().map(|target| format!(" to {}", shown(target))).unwrap_or_default();
    let disks = if report.disks.is_empty() { String::new() } else { format!(" on {}", shown(&report.disks.join(" "))) };
    let mode = report.mode.map(|mode| format!(", {}", mode_words(mode))).unwrap_or_default();
    say!(out, "{BOLD}nimadm log{client}{BOLD:#}{target}{disks}{mode}");
    let (style, word, what) = match verdict.outcome {
        Outcome::Success => (GOOD, "SUCCESS", "all phases, cleaned up on both hosts".to_owned()),
        Outcome::Warning => (CARE, "WARNING", "the run ended, and not all of it went well".to_owned()),
        Outcome::Failed => (BAD, "FAILED", failed(verdict.failed_phase, verdict.cleaned_up)),
        Outcome::Incomplete => (CARE, "INCOMPLETE", "this log does not show a whole run".to_owned()),
    };
    say!(out, "{style}{word}{style:#}  {what}");
    if report.runs > 1 {
        say!(out, "{DIM}this is about run {} of {} in the log{DIM:#}", report.run, report.runs);
    }
    for (label, text) in [("cause", &verdict.cause), ("next", &verdict.advice)] {
        if let Some(text) = text {
            paragraph(out, label, &shown(text));
        }
    }
    for (at, place) in report.look_at.iter().enumerate() {
        say!(out, "  {DIM}{:<8}{DIM:#} {}", if at == 0 { "look at" } else { "" }, shown(place));
    }
    if let Some(disk) = &report.bootlist {
        say!(out, "  {DIM}{:<8}{DIM:#} set to {}", "bootlist", shown(disk));
    }
}

fn failed(phase: Option<Phase>, cleaned_up: bool) -> String {
    match phase {
        None => "before phase 1: nothing was changed".to_owned(),
        Some(phase) => {
            let debris = if cleaned_up { "nimadm cleaned up" } else { "nothing was cleaned up" };
            format!("in phase {phase} ({}); {debris}", phase.title())
        }
    }
}

fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Cache => "with a cache on the master",
        Mode::Nfs => "over NFS",
        Mode::Mksysb => "from a mksysb",
        Mode::CleanUp => "a clean-up",
        Mode::WakeUp => "a wake-up",
        Mode::Sleep => "a put-to-sleep",
    }
}

fn phases(out: &mut String, report: &Report) {
    title(out, "Phases", "");
    for phase in Phase::all() {
        match report.phases.iter().find(|seen| seen.number == phase) {
            Some(seen) => seen_phase(out, seen),
            None => say!(out, "  {DIM}{phase:>2}  -        {}{DIM:#}", phase.title()),
        }
    }
}

fn seen_phase(out: &mut String, phase: &PhaseReport) {
    let (style, word) = match phase.state {
        PhaseEnd::Done => (GOOD, "done"),
        PhaseEnd::Failed => (BAD, "failed"),
        PhaseEnd::Stopped => (CARE, "stopped"),
    };
    let counted = |count: &Count| match count.done {
        1 => format!("1 {}", count.what.replacen("s ", " ", 1)),
        done => format!("{done} {}", count.what),
    };
    let counts: Vec<_> = phase.counts.iter().map(counted).collect();
    let lines = format!("lines {}-{}", phase.first_line, phase.last_line);
    let behind = if counts.is_empty() { lines } else { format!("{lines:<18} {}", counts.join(", ")) };
    say!(out, "  {:>2}  {style}{word:<8}{style:#} {:<36} {DIM}{behind}{DIM:#}", phase.number.number(), phase.title);
}

fn findings(out: &mut String, report: &Report) {
    let (benign, told): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.severity == FindingSeverity::Benign);
    if !told.is_empty() {
        title(out, "Errors and warnings", &format!(" ({})", told.len()));
        told.iter().for_each(|finding| error(out, finding));
    }
    if !benign.is_empty() {
        title(out, "Lines that look like errors and are none", &format!(" ({})", benign.len()));
        let mut explained = "";
        for finding in benign {
            say!(out, "  {DIM}{:>6}{DIM:#}  {}", finding.line, shown(&finding.text));
            let meaning = finding.meaning.as_deref().unwrap_or_default();
            if meaning != explained {
                explained = meaning;
                say!(out, "          {DIM}{meaning}{DIM:#}");
            }
        }
    }
    if report.findings_left_out > 0 {
        say!(out, "  {DIM}and {} more{DIM:#}", report.findings_left_out);
    }
}

fn error(out: &mut String, finding: &Finding) {
    let (style, word) = match finding.severity {
        FindingSeverity::Fatal => (BAD, "fatal"),
        FindingSeverity::Error => (BAD, "error"),
        FindingSeverity::Warning => (CARE, "warning"),
        FindingSeverity::Info | FindingSeverity::Benign => (DIM, "info"),
    };
    say!(out, "  {DIM}{:>6}{DIM:#}  {style}{word:<7}{style:#}  {}", finding.line, shown(&finding.text));
    for line in finding.meaning.iter().flat_map(|meaning| wrapped(meaning, WIDTH - 19)) {
        say!(out, "{:19}{DIM}{line}{DIM:#}", "");
    }
}

/// One line a fileset and result: what failed first.
fn filesets(out: &mut String, report: &Report) {
    if report.filesets.is_empty() {
        return;
    }
    let rows = report.filesets.len() as u64 + report.filesets_left_out;
    title(out, "Filesets", &format!(" ({rows} rows of installation summaries)"));
    let mut lines: Vec<(&FilesetResult, Vec<String>)> = Vec::new();
    let mut index = std::collections::HashMap::new();
    for row in &report.filesets {
        let at = *index.entry((&row.name, &row.level, &row.result)).or_insert_with(|| {
            lines.push((row, Vec::new()));
            lines.len() - 1
        });
        if let Some((_, deeds)) = lines.get_mut(at) {
            deeds.push(format!("{} {}", row.event, row.part));
        }
    }
    lines.sort_by_key(|(row, _)| match row.result.as_str() {
        "FAILED" => 0,
        "CANCELLED" => 1,
        _ => 2,
    });
    for (row, deeds) in lines.iter().take(LISTED) {
        let style = if row.result == "SUCCESS" { GOOD } else { BAD };
        let (name, level) = (shown(&row.name), shown(&row.level));
        say!(out, "  {style}{:<9}{style:#}  {name:<36} {level:<14} {DIM}{}{DIM:#}", row.result, deeds.join(", "));
    }
    if lines.len() > LISTED {
        say!(out, "  {DIM}and {} more; --json has them all{DIM:#}", lines.len() - LISTED);
    }
}

fn title(out: &mut String, text: &str, behind: &str) {
    say!(out, "\n{BOLD}{text}{BOLD:#}{DIM}{behind}{DIM:#}");
}

fn paragraph(out: &mut String, label: &str, text: &str) {
    for (at, line) in wrapped(text, WIDTH - 11).iter().enumerate() {
        say!(out, "  {DIM}{:<8}{DIM:#} {line}", if at == 0 { label } else { "" });
    }
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A log is somebody else's text: nothing in it may move this terminal's cursor.
pub(super) fn shown(text: &str) -> String {
    lines::shown(text.as_bytes())
}
