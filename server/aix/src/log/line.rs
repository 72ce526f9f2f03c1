//! What one line of the log is, looked at alone.

use crate::Phase;

/// A line, recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The first line of every run.
    Header,
    /// A phase's banner.
    Phase(Phase),
    /// A milestone within a phase: its place in [`MILESTONES`].
    Step(usize),
    /// `Filesets processed: n of m`.
    Filesets {
        done: u32,
        total: u32,
    },
    CleanedMaster,
    CleanedClient,
    /// `Cleaning up.`: `alt_disk_copy` gives up.
    GivesUp,
    /// A row of an Installation Summary that is no success.
    Unsuccessful {
        fileset: &'a str,
        failed: bool,
    },
    /// `install_all_updates: Result = FAILURE`.
    UpdatesFailed,
    Coded {
        code: &'a str,
        severity: Severity,
    },
    Benign,
    Other,
}

/// How bad a line with a message number is (nimadm.md §2.13). The number alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Information: SRC's start messages, and what says that it is a warning.
    Note,
    /// Says only that something else failed: 0505-187, 0042-001.
    Wrapper,
    /// `ATTENTION`: fatal if the command then gives up.
    Attention,
    /// A command reports a failure.
    Error,
    /// nimadm reports a failure.
    Fatal,
}

/// Beginnings of the lines that show progress, by phase; those that are counted by item come to have a `done` above 1.
pub(super) const MILESTONES: [&str; 42] = [
    "Initializing NIM client ",
    "Verifying alt_disk_migration eligibility.",
    "Starting Alternate Disk Migration.",
    // 1
    "Calling mkszfile to create new /image.data file.",
    "Checking disk sizes.",
    "Creating cloned rootvg volume group and associated logical volumes.",
    "Creating logical volume alt_",
    "Creating /alt_inst",
    "Generating a list of files",
    "Backing-up the rootvg files",
    "Phase 1 complete.",
    // 2
    "Creating nimadm cache file systems on volume group ",
    "Checking for initial required migration space.",
    "Creating cache file system ",
    // 3
    "Syncing client data to cache",
    // 4, 7
    "nimadm: There is no user customization script specified for this phase.",
    // 5
    "Saving system configuration files.",
    "Setting up for base operating system restore.",
    "Restoring base operating system.",
    "Merging system configuration files.",
    "Running migration merge method: ",
    // 6
    "Installing and migrating software.",
    "Updating install utilities.",
    "Finished processing all filesets.",
    "install_all_updates: Verification completed.",
    "Restoring device ODM database.",
    // 8
    "Creating client boot image.",
    "bosboot: Boot image is ",
    "Writing boot image to client's alternate boot disk ",
    // 9
    "Adjusting client file system sizes",
    "Adjusting size for ",
    "Expanding /",
    "Syncing cache data to client",
    // 10
    "Unmounting client mounts on the NIM master.",
    "forced unmount of ",
    "Removing nimadm cache file systems.",
    "Removing cache file system ",
    // 11
    "Verifying altinst_rootvg",
    "Modifying ODM on cloned disk.",
    "Changing logical volume names in volume group descriptor area.",
    "Fixing ",
    "Bootlist is set to the boot disk: ",
];

/// Recognises a line; `text` has no line end.
pub(super) fn read(text: &str) -> Line<'_> {
    if let Some(phase) = banner(text) {
        return Line::Phase(phase);
    }
    let text = text.trim_end();
    match text {
        "Initializing the NIM master." => return Line::Header,
        "Cleaning up alt_disk_migration on the NIM master." => return Line::CleanedMaster,
        "Cleaning up." => return Line::GivesUp,
        "install_all_updates: Result = FAILURE" => return Line::UpdatesFailed,
        _ => {}
    }
    if text.starts_with("Cleaning up alt_disk_migration on client ") {
        return Line::CleanedClient;
    }
    // The lock goes away between listing and copying. Other temporary files do the same (unconfirmed).
    if text.starts_with("cannot access ./") && text.ends_with("in the path name does not exist.") {
        return Line::Benign;
    }
    if let Some(line) = filesets(text).or_else(|| summary_row(text)).or_else(|| coded(text)) {
        return line;
    }
    MILESTONES.iter().position(|start| text.starts_with(start)).map_or(Line::Other, Line::Step)
}

/// Only the exact line counts: installp draws the same rules around its headings, and `alt_disk_copy` has a phase 3 too.
fn banner(text: &str) -> Option<Phase> {
    let number = text.strip_prefix("Executing nimadm phase ")?.strip_suffix('.')?;
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| number.parse::<u8>().ok())?.and_then(|n| Phase::try_from(n).ok())
}

fn filesets(text: &str) -> Option<Line<'_>> {
    let mut words = text.strip_prefix("Filesets processed:")?.split_whitespace();
    let done = words.next()?.parse().ok()?;
    let total = words.nth(1)?.parse().ok()?;
    Some(Line::Filesets { done, total })
}

/// `bos.rte.install  7.3.3.1  USR  APPLY  FAILED`. The words FAILED and CANCELLED are installp's standard (unconfirmed).
fn summary_row(text: &str) -> Option<Line<'_>> {
    let mut words = text.split_whitespace();
    let (fileset, level, part, event, result) =
        (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let four_numbers = level.split('.').count() == 4 && level.split('.').all(|part| part.parse::<u32>().is_ok());
    let row = words.next().is_none()
        && four_numbers
        && matches!(part, "USR" | "ROOT" | "SHARE")
        && matches!(event, "APPLY" | "COMMIT" | "REJECT" | "CLEANUP" | "DEINSTALL");
    match result {
        "FAILED" if row => Some(Line::Unsuccessful { fileset, failed: true }),
        "CANCELLED" if row => Some(Line::Unsuccessful { fileset, failed: false }),
        _ => None,
    }
}

/// A message number, behind at most two words that end in a colon: `warning: 0042-175`, `alt_disk_copy: 0505-218`.
fn coded(text: &str) -> Option<Line<'_>> {
    let code = text.split_whitespace().take(3).find_map(number)?;
    let (before, _) = text.split_once(code)?;
    before
        .split_whitespace()
        .all(|word| word.ends_with(':'))
        .then(|| Line::Coded { code, severity: severity(text, before, code) })
}

/// `0[0-9]{3}-[0-9]{2,4}` at a word's beginning, with nothing but punctuation behind.
fn number(word: &str) -> Option<&str> {
    let (family, rest) = word.split_once('-')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let good = family.len() == 4
        && family.starts_with('0')
        && family.bytes().all(|b| b.is_ascii_digit())
        && (2..=4).contains(&digits)
        && !rest[digits..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
    good.then(|| &word[..5 + digits])
}

fn severity(text: &str, before: &str, code: &str) -> Severity {
    let warning =
        before.split_whitespace().any(|word| word.eq_ignore_ascii_case("warning:")) || text.contains("WARNING");
    match code {
        _ if warning || code.starts_with("0513-") => Severity::Note,
        _ if code.starts_with("0505-") && text.contains("nimadm: Error") => Severity::Fatal,
        _ if text.contains("ATTENTION") => Severity::Attention,
        "0042-001" => Severity::Wrapper,
        _ => Severity::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<(&str, Severity)> {
        match read(text) {
            Line::Coded { code, severity } => Some((code, severity)),
            _ => None,
        }
    }

    #[test]
    fn severity_comes_from_the_words_and_not_from_the_number() {
        use Severity::*;
        // [seed]
        assert_eq!(code("0513-029 The biod Subsystem is already active."), Some(("0513-029", Note)));
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
        let row = "bos.net.tcp.client          7.3.3.1         USR         APPLY       FAILED      ";
        assert_eq!(read(row), Line::Unsuccessful { fileset: "bos.net.tcp.client", failed: true });
        assert_eq!(read("bos.net  7.3.3.1  ROOT  APPLY  SUCCESS"), Line::Other);
        assert_eq!(read("bos.net  7.3  USR  APPLY  FAILED"), Line::Other);
        assert_eq!(
            read("Filesets processed:  12 of 340  (Total time:  9 secs)."),
            Line::Filesets { done: 12, total: 340 }
        );
    }
}
