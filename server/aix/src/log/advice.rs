//! What to do next, and where to look, in words.

use super::{Mode, Outcome};
use crate::{
    ObjectName, Phase,
    diagnosis::{self, Diagnosis},
};

/// Why a run came to what it came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub(super) text: Option<String>,
    pub(super) code: Option<String>,
}

/// A run, as far as advice depends on it.
pub(super) struct Case<'a> {
    pub(super) outcome: Outcome,
    pub(super) failed_phase: Option<Phase>,
    /// The phase the log ends in.
    pub(super) last_phase: Option<Phase>,
    pub(super) cause: &'a Cause,
    pub(super) cleaned_up: bool,
    /// By a later `nimadm -C`.
    pub(super) cleaned_later: bool,
    pub(super) mode: Option<Mode>,
    pub(super) client: Option<&'a str>,
}

const AFTER_CLEAN_UP: &str = "Check lspv on the client and df -g | grep _alt on the master: nothing of the migration \
     should be left. The next run begins at phase 1.";
const AFTER_WAKING: &str = "Never reboot the client while its clone is awake: put it to sleep first, with nimadm -S -c \
     <client> -s <spot> on the master.";
const AFTER_SLEEP: &str = "Check lspv on the client: altinst_rootvg must be there without a state.";
const A_PART: &str = "Find the rest before you trust it: a log cut at its beginning, or other calls with -P. Only a log \
     with all twelve phases shows that nothing failed.";

/// What shows after a boot of the clone whether something is missing (nimadm.md §5.1).
const AFTER_THE_BOOT: &[&str] = &[
    "master: /var/adm/ras/alt_mig/<client>_alt_mig.log",
    "client, after the boot: lppchk -v",
    "client, after the boot: instfix -i | grep ML",
];

impl Case<'_> {
    /// The next safe action; none after a success.
    pub(super) fn advice(&self) -> Option<String> {
        let text = match self.outcome {
            Outcome::Success => return None,
            Outcome::Warning => diagnosis::AFTER_WARNING.to_owned(),
            Outcome::Failed => self.after_failure(),
            Outcome::Incomplete => match self.mode {
                Some(Mode::CleanUp) => AFTER_CLEAN_UP,
                Some(Mode::WakeUp) => AFTER_WAKING,
                Some(Mode::Sleep) => AFTER_SLEEP,
                _ if self.cleaned_later => AFTER_CLEAN_UP,
                _ if self.last_phase == Some(Phase::LAST) && self.cleaned_up => A_PART,
                _ => diagnosis::AFTER_SILENCE,
            }
            .to_owned(),
        };
        Some(self.named(&text))
    }

    fn after_failure(&self) -> String {
        let action = match (self.known(), self.failed_phase) {
            (Some(known), _) => known.action,
            (None, None) => diagnosis::BEFORE_PHASE_1,
            (None, Some(phase)) => diagnosis::of_phase(phase).if_it_fails,
        };
        // Whatever the cause: what a run leaves behind comes first.
        if self.failed_phase.is_some() && !self.cleaned_up {
            format!("{} {action}", diagnosis::AFTER_DEBRIS)
        } else {
            action.to_owned()
        }
    }

    fn known(&self) -> Option<&'static Diagnosis> {
        let text = self.cause.text.as_deref().filter(|_| self.outcome == Outcome::Failed)?;
        diagnosis::explain(self.cause.code.as_deref(), text)
    }

    /// Commands and files that tell more.
    pub(super) fn look_at(&self) -> Vec<String> {
        let places = match (self.known(), self.failed_phase.or(self.last_phase)) {
            _ if self.outcome == Outcome::Success => &[],
            _ if self.outcome == Outcome::Warning => AFTER_THE_BOOT,
            (Some(known), _) => known.look_at,
            (None, Some(phase)) => diagnosis::of_phase(phase).look_at,
            (None, None) => &["master: /var/adm/ras/alt_mig", "master: lsnim -l <client>", "master: alog -o -t nim"],
        };
        // Whether it still runs comes before everything else.
        let alive = (self.outcome == Outcome::Incomplete && !self.cleaned_up).then_some("master: ps -ef | grep nimadm");
        alive.iter().chain(places).map(|place| self.named(place)).collect()
    }

    /// With the client's name put in. People paste advice into shells, so only what is a name and nothing else.
    fn named(&self, text: &str) -> String {
        match self.client.filter(|client| client.parse::<ObjectName>().is_ok()) {
            Some(client) => text.replace("<client>", client),
            None => text.to_owned(),
        }
    }
}

/// `2 filesets FAILED: a, b`.
pub(super) fn filesets(names: &[String], word: &str) -> String {
    let shown: Vec<_> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    let noun = if names.len() == 1 { "fileset" } else { "filesets" };
    format!("{} {noun} {word}: {}{more}", names.len(), shown.join(", "))
}
