//! What a run came to, by evidence.
//!
//! nimadm's return code is no proof, `Cleaning up` is printed after a success and after a failure, and a line with a message
//! number is as often information as it is an error. So a success is only what shows everything: each phase, the last one's
//! clean-up on both hosts, and nobody who complained.

use super::{
    Outcome, Verdict,
    advice::{self, Case, Cause},
    event::Severity,
    report::{Mode, PhaseEnd},
    run::{Failure, Run, Suspect, cut},
};
use crate::Phase;

impl Run {
    /// It went through and cleaned up itself: what `nimadm -C` had to clean up after did not get to its end.
    pub(super) fn is_complete(&self) -> bool {
        let at_its_end = self.phase() == Some(Phase::LAST) && self.cleaned_up() && !self.cleaned_later;
        self.failure.is_none() && at_its_end && self.missing().is_empty()
    }

    /// Phases that a whole run has and this one does not show. Which of them mksysb mode goes through is (unconfirmed).
    fn missing(&self) -> Vec<Phase> {
        let seen = |phase: &Phase| self.phases.iter().any(|seen| seen.phase == *phase);
        if self.mode == Some(Mode::Mksysb) { Vec::new() } else { Phase::all().filter(|phase| !seen(phase)).collect() }
    }

    pub(super) fn phases_seen(&self) -> Vec<Phase> {
        let mut seen: Vec<_> = self.phases.iter().map(|seen| seen.phase).collect();
        seen.sort_unstable();
        seen
    }

    /// What it came to.
    pub(super) fn verdict(&self) -> Verdict {
        let (outcome, failed_phase, cause) = self.judge();
        let advice = self.case(outcome, failed_phase, &cause).advice();
        Verdict {
            outcome,
            phases_seen: self.phases_seen(),
            failed_phase,
            codes: self.codes.list().to_vec(),
            failed_filesets: self.failed_filesets.list().to_vec(),
            cancelled_filesets: self.cancelled_filesets.list().to_vec(),
            cause: cause.text,
            advice,
            cleaned_up: self.cleaned_up(),
        }
    }

    /// Where to look next.
    pub(super) fn look_at(&self) -> Vec<String> {
        let (outcome, failed_phase, cause) = self.judge();
        self.case(outcome, failed_phase, &cause).look_at()
    }

    fn case<'a>(&'a self, outcome: Outcome, failed_phase: Option<Phase>, cause: &'a Cause) -> Case<'a> {
        let client = self.header.client.as_deref();
        let (last_phase, cleaned_up, mode) = (self.phase(), self.cleaned_up(), self.mode);
        Case { outcome, failed_phase, last_phase, cause, cleaned_up, cleaned_later: self.cleaned_later, mode, client }
    }

    fn judge(&self) -> (Outcome, Option<Phase>, Cause) {
        if let Some(Failure { phase, cause, nearby }) = &self.failure {
            return (Outcome::Failed, *phase, cause_of(*phase, cause.as_ref(), nearby.as_deref()));
        }
        let suspect = self.suspect.as_ref().filter(|suspect| suspect.severity != Severity::Attention);
        // Before phase 1 there is nothing to clean up: nimadm complains and ends.
        if self.phases.is_empty() && suspect.is_some() {
            return (Outcome::Failed, None, cause_of(None, suspect, None));
        }
        // Its complaints have numbers as a rule, but that is not known of all (unconfirmed).
        if self.phases.is_empty()
            && self.header.checked
            && !self.header.started
            && let Some((line, text)) = &self.last_other
            && *line == self.last_line
        {
            return (Outcome::Failed, None, Cause { text: Some(cut(text)), code: None });
        }
        if self.is_complete() {
            return match self.complaints(suspect) {
                None => (Outcome::Success, None, Cause::default()),
                Some(text) => (Outcome::Warning, None, Cause { text: Some(text), code: None }),
            };
        }
        // The last it said was that something failed: it did not get to its clean-up.
        if suspect.is_some() && !self.went_on {
            return (Outcome::Failed, self.phase(), cause_of(self.phase(), suspect, None));
        }
        (Outcome::Incomplete, None, Cause { text: Some(self.where_it_stops()), code: None })
    }

    /// What keeps a complete run from being a success.
    fn complaints(&self, suspect: Option<&Suspect>) -> Option<String> {
        let mut said = Vec::new();
        let (failed, cancelled) = (self.failed_filesets.list(), self.cancelled_filesets.list());
        for (names, word) in [(failed, "FAILED"), (cancelled, "CANCELLED")] {
            if !names.is_empty() {
                said.push(advice::filesets(names, word));
            }
        }
        if self.updates_failed {
            said.push("install_all_updates reported a failure".to_owned());
        }
        if let Some(text) = self.survived.as_deref().or(suspect.map(|suspect| suspect.text.as_str())) {
            said.push(format!("the run went on after \"{text}\""));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }

    fn where_it_stops(&self) -> String {
        let what = |mode| match mode {
            Mode::CleanUp => Some("This is a clean-up (nimadm -C) and no migration."),
            Mode::WakeUp => Some("This run woke a clone up (nimadm -W) and is no migration."),
            Mode::Sleep => Some("This run put a clone to sleep (nimadm -S) and is no migration."),
            _ => None,
        };
        if let Some(text) = self.mode.and_then(what) {
            return text.to_owned();
        }
        let Some(phase) = self.phase() else { return "The log stops before phase 1.".to_owned() };
        if self.cleaned_later {
            return format!("The run stops in phase {phase} ({}), and nimadm -C cleaned up after it.", phase.title());
        }
        if phase == Phase::LAST && self.cleaned_up() {
            let missing: Vec<_> = self.missing().iter().map(ToString::to_string).collect();
            return format!("The log ends well, but shows no phase {}: it is a part of a run.", missing.join(", "));
        }
        format!("The log stops in phase {phase} ({}).", phase.title())
    }

    /// How a phase ended.
    pub(super) fn phase_end(&self, phase: Phase, verdict: &Verdict) -> PhaseEnd {
        let stopped = !self.cleaned_up() || self.cleaned_later;
        match verdict.outcome {
            Outcome::Failed if verdict.failed_phase == Some(phase) => PhaseEnd::Failed,
            Outcome::Incomplete if self.phase() == Some(phase) && stopped => PhaseEnd::Stopped,
            _ => PhaseEnd::Done,
        }
    }
}

/// The decisive line; a line that says only that something failed gives way to what was printed just before it.
fn cause_of(phase: Option<Phase>, suspect: Option<&Suspect>, nearby: Option<&str>) -> Cause {
    match (suspect, nearby) {
        (Some(suspect), None) => Cause { text: Some(suspect.text.clone()), code: suspect.code.clone() },
        (Some(suspect), Some(_)) if suspect.rank() > 1 => {
            Cause { text: Some(suspect.text.clone()), code: suspect.code.clone() }
        }
        (_, Some(nearby)) => Cause { text: Some(nearby.to_owned()), code: None },
        (None, None) => {
            let place = phase.map_or_else(|| "before phase 1".to_owned(), |phase| format!("in phase {phase}"));
            Cause { text: Some(format!("nimadm gave up {place} and did not say why.")), code: None }
        }
    }
}
