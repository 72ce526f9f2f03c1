//! Twelve blocks in a row: where a migration is, at a glance.

use crate::model::{MigrationSummary, Operation, PhaseState, State};
use aix::Phase;
use leptos::prelude::*;

/// What each phase looks like when only the state and the current phase are known.
#[must_use]
pub(crate) fn states_from_summary(state: State, current: Option<Phase>) -> [PhaseState; Phase::COUNT] {
    let failed = matches!(state, State::FailedClean | State::FailedDebris | State::Cancelled | State::Cleaning);
    let cloned = matches!(
        state,
        State::CloneReady
            | State::Waking
            | State::Awake
            | State::FallingAsleep
            | State::Completed
            | State::Armed
            | State::Rebooting
            | State::Verifying
            | State::Verified
            | State::VerificationFailed
            | State::RollingBack
            | State::RolledBack
            | State::Finalised
    );
    let mut states = [PhaseState::Waiting; Phase::COUNT];
    for (phase, slot) in Phase::all().zip(&mut states) {
        *slot = match current {
            _ if cloned => PhaseState::Done,
            Some(current) if phase < current => PhaseState::Done,
            Some(current) if phase == current && failed => PhaseState::Failed,
            Some(current) if phase == current => PhaseState::Running,
            _ if failed => PhaseState::Skipped,
            _ => PhaseState::Waiting,
        };
    }
    states
}

/// The strip of a migration's phases.
#[component]
pub(crate) fn PhaseStrip(#[prop(into)] states: Vec<PhaseState>, #[prop(into)] label: String) -> impl IntoView {
    let states = states.into_iter().map(PhaseState::as_str).collect::<Vec<_>>();
    view! { <Strip states label /> }
}

/// The strip, each block in the look of a word of the style sheet; `label` is what a screen reader says instead of twelve
/// blocks.
#[component]
pub(crate) fn Strip(states: Vec<&'static str>, #[prop(into)] label: String) -> impl IntoView {
    // Widths follow each phase's typical share, with a least width so that short ones can still be seen.
    let mut x = 0;
    let blocks = Phase::all()
        .zip(states)
        .map(|(phase, state)| {
            let width = 16 + phase.typical_share() * 3 / 10;
            let at = x;
            x += width + 3;
            view! { <rect x=at.to_string() y="0" width=width.to_string() height="10" rx="2" data-state=state /> }
        })
        .collect_view();
    view! {
        <svg class="strip" viewBox=format!("0 0 {} 10", x.saturating_sub(3)) preserveAspectRatio="none" role="img" aria-label=label>
            {blocks}
        </svg>
    }
    .into_any()
}

/// The strip of a migration in a list, with its words.
#[component]
pub(crate) fn SummaryStrip(migration: MigrationSummary) -> impl IntoView {
    if migration.operation == Operation::Synchronise {
        return view! { <span class="small">"nimadm -M has no phases"</span> }.into_any();
    }
    let words = match migration.phase {
        Some(phase) => format!("Phase {phase} of {}: {}", Phase::COUNT, phase.title()),
        None => "Not in a phase yet".to_owned(),
    };
    let states = states_from_summary(migration.state, migration.phase).to_vec();
    view! {
        <div class="strip-words">
            <PhaseStrip states label=words.clone() />
            <span aria-hidden="true">{words}</span>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_before_the_failed_one_are_done_and_those_after_it_not_reached() {
        let states = states_from_summary(State::FailedClean, Phase::try_from(3).ok());
        assert_eq!(states[1], PhaseState::Done);
        assert_eq!(states[2], PhaseState::Failed);
        assert_eq!(states[3], PhaseState::Skipped);
    }

    #[test]
    fn a_ready_clone_has_every_phase_done() {
        assert!(states_from_summary(State::CloneReady, None).iter().all(|state| *state == PhaseState::Done));
        assert!(states_from_summary(State::Queued, None).iter().all(|state| *state == PhaseState::Waiting));
    }
}
