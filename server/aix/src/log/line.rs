//! What one line of the log is, looked at alone: no state, no memory.

use super::{
    event::{Benign, Deed, Fate, Part, Row, Severity},
    step::{self, StepKind},
};
use crate::Phase;

/// A line, recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Nothing, or the rule that nimadm and installp draw around their headings.
    Empty,
    /// A phase's banner.
    Phase(Phase),
    /// A milestone and what it names.
    Step(StepKind, &'a str),
    /// `Filesets processed: n of m`.
    Installed {
        done: u32,
        total: u32,
    },
    Row(Row<'a>),
    /// A message number and how bad its line is.
    Coded(&'a str, Severity),
    /// A command complains without a number.
    Complaint(Severity),
    Benign(Benign),
    Other,
}

/// Recognises a line; `text` has no line end.
pub(super) fn read(text: &str) -> Line<'_> {
    let trimmed = text.trim_ascii_end();
    let Some(first) = trimmed.bytes().next() else { return Line::Empty };
    if first == b'+' && trimmed.bytes().all(|b| b == b'-' || b == b'+') {
        return Line::Empty;
    }
    if first == b'E'
        && let Some(phase) = banner(text)
    {
        return Line::Phase(phase);
    }
    match step::find(trimmed) {
        Some((StepKind::Installed, counts)) => return installed(counts).unwrap_or(Line::Other),
        Some((StepKind::NoScript, _)) => return Line::Benign(Benign::NoScript),
        // Cut off in the middle of the name it would still look whole.
        Some((StepKind::CleanUpClient, _)) if !trimmed.ends_with('.') => return Line::Other,
        Some((kind, item)) => return Line::Step(kind, item),
        None => {}
    }
    if let Some(row) = summary_row(trimmed) {
        return Line::Row(row);
    }
    // The lock goes away between listing and copying. Other temporary files do the same (unconfirmed).
    if trimmed.starts_with("cannot access ./") && trimmed.ends_with("in the path name does not exist.") {
        return Line::Benign(Benign::Vanished);
    }
    // Every message number has a dash, and few of installp's lines have one.
    if memchr::memchr(b'-', trimmed.as_bytes()).is_some()
        && let Some(coded) = coded(trimmed)
    {
        return coded;
    }
    complaint(trimmed).map_or(Line::Other, Line::Complaint)
}

/// Only the exact line counts: installp draws the same rules around its headings, and `alt_disk_copy` has a phase 3 too.
fn banner(text: &str) -> Option<Phase> {
    let number = text.strip_prefix("Executing nimadm phase ")?.strip_suffix('.')?;
    let digits = number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| number.parse::<u8>().ok())?.and_then(|n| Phase::try_from(n).ok())
}

/// `  12 of 340  (Total time:  9 secs)`.
fn installed(counts: &str) -> Option<Line<'_>> {
    let mut words = counts.split_ascii_whitespace();
    let done = words.next()?.parse().ok()?;
    let total = words.nth(1)?.parse().ok()?;
    Some(Line::Installed { done, total })
}

/// `bos.rte.install  7.3.3.1  USR  APPLY  SUCCESS`.
fn summary_row(text: &str) -> Option<Row<'_>> {
    if !matches!(text.as_bytes().last(), Some(b'S' | b'D')) {
        return None;
    }
    let result = Fate::read(text.rsplit(' ').next()?)?;
    let mut words = text.split_ascii_whitespace();
    let mut next = || words.next();
    let (name, level) = (next()?, next()?);
    let row = Row { name, level, part: Part::read(next()?)?, event: Deed::read(next()?)?, result };
    let whole = next()? == result.word() && next().is_none();
    let numbers =
        level.bytes().all(|b| b.is_ascii_digit() || b == b'.') && level.bytes().filter(|b| *b == b'.').count() == 3;
    (whole && numbers && !level.contains("..") && !level.starts_with('.') && !level.ends_with('.')).then_some(row)
}

/// A message number, behind at most two words that end in a colon: `warning: 0042-175`, `alt_disk_copy: 0505-218`.
fn coded(text: &str) -> Option<Line<'_>> {
    let (before, code) = crate::message::code_at_start(text)?;
    // Being inoperative is no start message; the rest of SRC's is (nimadm.md §2.13).
    if code.starts_with("0513-") && matches!(code, "0513-029" | "0513-059" | "0513-044" | "0513-095") {
        return Some(Line::Benign(Benign::Subsystem));
    }
    Some(Line::Coded(code, severity(text, before, code)))
}

fn severity(text: &str, before: &str, code: &str) -> Severity {
    let warning = before.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("warning:"));
    match code {
        _ if warning || code.starts_with("0513-") || text.contains("WARNING") => Severity::Note,
        _ if code.starts_with("0505-") && text.contains("nimadm: Error") => Severity::Fatal,
        _ if text.contains("ATTENTION") => Severity::Attention,
        "0042-001" => Severity::Wrapper,
        // These name the command that failed; what that command said comes next (nimadm.md §4.2).
        _ if text.contains("An unexpected result was returned by") => Severity::Wrapper,
        _ => Severity::Error,
    }
}

/// Who complains, and in which words. Both are needed: installp prints descriptions such as `Error Logging and Dump`.
const COMPLAINERS: &[&str] = &[
    "/usr/",
    "alt_disk_",
    "alt_rootvg_op",
    "backup",
    "bosboot",
    "c_rsh",
    "chfs",
    "cp:",
    "cpio:",
    "crfs",
    "error:",
    "host ",
    "installp:",
    "ksh",
    "mount:",
    "mv:",
    "nimadm",
    "nimsh",
    "restore",
    "rexec",
    "rpm",
    "rsh",
    "sh:",
    "ssh",
    "tar:",
    "umount",
];
const COMPLAINTS: &[&str] = &[
    "annot ",
    "denied",
    "does not",
    "rror",
    "ailed",
    "ailure",
    "illed",
    "is locked",
    "no space",
    "No space",
    "not enough",
    "not found",
    "not match",
    "not permitted",
    "refused",
    "imed out",
    "nable to",
    "nreachable",
    "reset by peer",
    "roken pipe",
];

/// Whether somebody who complains begins with this byte: most of installp's lines end here.
const COMPLAINS: [bool; 256] = {
    let mut begins = [false; 256];
    let mut at = 0;
    while at < COMPLAINERS.len() {
        begins[COMPLAINERS[at].as_bytes()[0] as usize] = true;
        at += 1;
    }
    begins
};

fn complaint(text: &str) -> Option<Severity> {
    // installp heads what it could not even begin, and then says why: `  License Agreement Failures` (nimadm.md §2.6).
    if let Some(heading) = text.strip_prefix("  ") {
        return match heading {
            "Filesets listed in this section failed pre-installation verification" => Some(Severity::Wrapper),
            _ if heading.ends_with(" Failures") && !heading.starts_with(' ') => Some(Severity::Complaint),
            _ => None,
        };
    }
    if !COMPLAINS[usize::from(*text.as_bytes().first()?)] {
        return None;
    }
    let by = COMPLAINERS.iter().any(|start| text.starts_with(start));
    (by && COMPLAINTS.iter().any(|words| text.contains(words))).then_some(Severity::Complaint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<(&str, Severity)> {
        match read(text) {
            Line::Coded(code, severity) => Some((code, severity)),
            _ => None,
        }
    }

    #[test]
    fn severity_comes_from_the_words_and_not_from_the_number() {
        use Severity::*;
        // [seed]
        assert_eq!(read("0513-029 The biod Subsystem is already active."), Line::Benign(Benign::Subsystem));
        // [log]
        assert_eq!(code("0505-187 nimadm: Error cloning altinst_rootvg on client."), Some(("0505-187", Fatal)));
        assert_eq!(
            code("alt_disk_copy: 0505-218 ATTENTION: init_multibos() returned an unexpected result."),
            Some(("0505-218", Attention))
        );
        assert_eq!(code("   warning: 0042-175 c_mkbosi: An unexpected result"), Some(("0042-175", Note)));
        assert_eq!(code("0516-010 : Volume group must be varied on; use varyonvg command."), Some(("0516-010", Error)));
        // [code]
        assert_eq!(
            code("0505-126 alt_disk_install: target disk hdisk2 has a volume group assigned to it."),
            Some(("0505-126", Error))
        );
        assert_eq!(code("0042-001 nim: processing error encountered on \"lpar1\":"), Some(("0042-001", Wrapper)));
        // [blog]
        assert_eq!(
            code("0505-158 nimadm: WARNING, unexpected result from the /alt_inst/tmp/i"),
            Some(("0505-158", Note))
        );
        for none in
            ["Result = 0505-187", "00505-187 x", "0505-1 x", "0505-12345", "2024-01-01", "0505-187x", "a 0505-187"]
        {
            assert_eq!(code(none), None, "{none:?}");
        }
    }

    #[test]
    fn only_the_exact_banner_is_a_phase() {
        assert_eq!(read("Executing nimadm phase 12."), Line::Phase(Phase::LAST));
        for other in [
            " Executing nimadm phase 3.",
            "Executing nimadm phase 3. ",
            "Executing nimadm phase 13.",
            "Executing nimadm phase +3.",
            "Executing nimadm phase .",
            "Cloning altinst_rootvg on client, Phase 3.",
            "## Phase 3 ###################",
        ] {
            assert!(!matches!(read(other), Line::Phase(_)), "{other:?}");
        }
    }

    #[test]
    fn rows_of_a_summary_need_all_five_columns() {
        let row = |text| match read(text) {
            Line::Row(row) => Some((row.name, row.part.word(), row.event.word(), row.result.word())),
            _ => None,
        };
        assert_eq!(
            row("bos.net.tcp.client          7.3.3.1         USR         APPLY       FAILED      "),
            Some(("bos.net.tcp.client", "USR", "APPLY", "FAILED"))
        );
        assert_eq!(row("bos.net  7.3.3.1  ROOT  COMMIT  SUCCESS"), Some(("bos.net", "ROOT", "COMMIT", "SUCCESS")));
        assert_eq!(row("bos.net  7.3  USR  APPLY  FAILED"), None);
        assert_eq!(row("install_all_updates: Result = FAILED"), None);
        assert_eq!(
            read("Filesets processed:  12 of 340  (Total time:  9 secs)."),
            Line::Installed { done: 12, total: 340 }
        );
    }

    #[test]
    fn a_complaint_needs_somebody_who_complains() {
        for yes in [
            "ksh: /usr/sbin/foo: not found",
            "rshd: Permission denied",
            "nimadm: The client is locked by another operation; cannot continue.",
            "error: Failed dependencies:",
            "  License Agreement Failures",
        ] {
            assert_eq!(read(yes), Line::Complaint(Severity::Complaint), "{yes:?}");
        }
        for no in [
            "  bos.sysmgt.serv_aid 7.3.3.1                 # Software Error Logging and Dump Ser...",
            "Licensed Materials - Property of IBM",
            "Please review log to verify success",
            "+ echo 0505-187 nimadm: Error cloning altinst_rootvg on client.",
        ] {
            assert!(read(no) == Line::Other, "{no:?}");
        }
    }
}
