//! What a complaint in a log means, and the next safe action (nimadm.md §4.1, §4.2).
//!
//! Three ways lead to an entry: the message number; the words of a line, because the numbers of most of nimadm's own
//! refusals are not public; and the number's family, the four digits before the dash, which answers for numbers that
//! nobody listed. An unknown family has no entry, so that nobody is told a guess, and every entry says how well it is
//! known. Where no line explains a failure, [`of_phase`] says what the phase does and what to do next.
//!
//! Every advice must be safe to follow by somebody who reads nothing else; the tests hold rules for that.
//! `<client>` and `<spot>` stand for the names of the run.

mod alt_disk;
mod boot;
mod file_system;
mod install;
mod lvm;
pub mod matrix;
mod network;
mod nim;
mod phase;
mod security;
mod text;

use serde::Serialize;

pub use phase::{PhaseHelp, of_phase};
pub use text::TextRule;

/// How well an entry is known (nimadm.md §0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// IBM's documentation.
    Documented,
    /// A published log of a real run.
    Log,
    /// Public code that runs against real systems.
    Code,
    /// An administrator's page.
    Blog,
    /// General AIX knowledge only.
    Unconfirmed,
}

/// What is known about a message number, a family of them, or a line that says a thing in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The number, `0505-126`, or the family, `0505`; empty where words led here.
    pub code: &'static str,
    /// What the line says.
    pub meaning: &'static str,
    /// Why it comes up, as a rule.
    pub cause: &'static str,
    /// The next safe action.
    pub action: &'static str,
    /// Where the evidence is: a command or a file, with its host in front.
    pub look_at: &'static [&'static str],
    /// How well this is known.
    pub evidence: Evidence,
}

const TABLES: [&[Diagnosis]; 8] = [
    nim::ENTRIES,
    alt_disk::ENTRIES,
    lvm::ENTRIES,
    install::ENTRIES,
    boot::ENTRIES,
    file_system::ENTRIES,
    network::ENTRIES,
    security::ENTRIES,
];

/// The entries for numbers and families, by subject.
pub fn all() -> impl Iterator<Item = &'static Diagnosis> {
    TABLES.iter().copied().flatten()
}

/// The entries for words, from the most specific to the most general.
#[must_use]
pub fn text_rules() -> &'static [TextRule] {
    text::RULES
}

/// The entry for a number, else for its family.
#[must_use]
pub fn of(code: &str) -> Option<&'static Diagnosis> {
    exactly(code).or_else(|| family(code))
}

/// The entry for what a line says in words. Made for lines that complain: a line that only tells of success hits no
/// rule, but a script's output may say anything.
#[must_use]
pub fn of_text(line: &str) -> Option<&'static Diagnosis> {
    text::find(line)
}

/// The best explanation of a line: its exact number, else its words, else its number's family.
#[must_use]
pub fn explain(code: Option<&str>, text: &str) -> Option<&'static Diagnosis> {
    code.and_then(exactly).or_else(|| of_text(text)).or_else(|| code.and_then(family))
}

fn exactly(code: &str) -> Option<&'static Diagnosis> {
    all().find(|diagnosis| diagnosis.code == code)
}

fn family(code: &str) -> Option<&'static Diagnosis> {
    code.split_once('-').and_then(|(family, _)| exactly(family))
}

/// Advice after a failure that no entry explains.
pub const AFTER_FAILURE: &str = "Read the lines above the failure in the log, and /var/adm/ras/alt_disk_inst.log on \
     the client. Check with lspv on the client that the target disk is free again, remove the cause and start again: a \
     run begins at phase 1, it cannot be resumed.";
/// Advice after a run that went through with complaints.
pub const AFTER_WARNING: &str = "Do not boot the clone before the complaints are understood: read every Installation \
     Summary in the log, and the lines around each message number. After the boot, lppchk -v and instfix -i on the \
     client show what is missing; the files to update from are in the lpp_source.";
/// Advice for a log that just stops.
pub const AFTER_SILENCE: &str = "Look whether nimadm is alive: ps -ef | grep nimadm on the master. Phases 1, 3, 6 and \
     9 are silent for minutes: while it lives, wait. Only if ps shows no nimadm for this client, nothing was cleaned \
     up: run nimadm -C -c <client> -s <spot> on the master, with -F added only if that says the client is locked and \
     ps still shows no nimadm for it.";
/// Advice after a failure without a clean-up.
pub const AFTER_DEBRIS: &str = "The run failed and did not clean up. Do not boot the target disk, and start nothing \
     for this client yet. Prove with ps -ef | grep nimadm on the master that no nimadm runs for it, then run nimadm -C \
     -c <client> -s <spot> on the master, with -F added only if that says the client is locked and ps still shows no \
     nimadm for it. Check lspv on the client and df -g | grep _alt on the master, then start again at phase 1.";
/// Advice after a call that nimadm refused.
pub const BEFORE_PHASE_1: &str = "nimadm refused before phase 1, so neither the client nor the master was changed. \
     Remove the cause that the log names and start again.";

const fn entry(
    code: &'static str,
    evidence: Evidence,
    meaning: &'static str,
    cause: &'static str,
    action: &'static str,
    look_at: &'static [&'static str],
) -> Diagnosis {
    Diagnosis { code, meaning, cause, action, look_at, evidence }
}

/// Places that many entries point to.
mod at {
    pub(super) const NIMADM_LOG: &str = "master: /var/adm/ras/alt_mig/<client>_alt_mig.log";
    pub(super) const NIM_LOG: &str = "master: alog -o -t nim";
    pub(super) const CLIENT: &str = "master: lsnim -l <client>";
    pub(super) const SPOT: &str = "master: lsnim -l <spot>";
    pub(super) const NIMADM: &str = "master: ps -ef | grep nimadm";
    pub(super) const CACHE: &str = "master: df -g | grep _alt";
    pub(super) const CACHE_VG: &str = "master: lsvg <cache VG>";
    pub(super) const ALT_LOG: &str = "client: /var/adm/ras/alt_disk_inst.log";
    pub(super) const DISKS: &str = "client: lspv";
    pub(super) const ROOTVG: &str = "client: lsvg -l rootvg";
    pub(super) const BOOTLIST: &str = "client: bootlist -m normal -o";
    pub(super) const NIMSH: &str = "client: lssrc -s nimsh";
    pub(super) const NIMINFO: &str = "client: /etc/niminfo";
}

#[cfg(test)]
mod tests;
