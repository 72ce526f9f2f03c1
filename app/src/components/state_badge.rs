//! The state of a migration as shape, word and colour; the colour never says anything alone.

use crate::model::{PhaseState, State};
use leptos::prelude::*;

/// What kind of state it is; the five looks there are.
#[must_use]
pub(crate) fn tone(state: State) -> &'static str {
    match state {
        State::Completed | State::Verified | State::Finalised | State::RolledBack => "good",
        State::FailedClean | State::FailedDebris | State::VerificationFailed => "bad",
        State::ContactLost
        | State::Held
        | State::CloneReady
        | State::Awake
        | State::AwaitingApproval
        | State::Armed => "attention",
        state if state.is_live() => "live",
        _ => "quiet",
    }
}

/// The shape that goes with the state.
#[component]
pub(crate) fn Shape(#[prop(into)] tone: String) -> impl IntoView {
    // Drawn in the current colour, 16 by 16.
    let path = match tone.as_str() {
        "good" | "done" | "pass" => "M3 8.5l3.2 3.2L13 4.8",
        "bad" | "failed" | "block" => "M4 4l8 8M12 4l-8 8",
        "attention" | "warn" => "M8 3v6M8 12v.6",
        "live" | "running" => "M5 3.5v9L12.5 8z",
        "unknown" => "M5.6 5.9a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2 1-1.2 1.9M8 13v.1",
        "skipped" | "not-applicable" => "M4 8h8",
        _ => "M8 8h.01",
    };
    view! {
        <svg class="shape" data-tone=tone viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
            <path d=path />
        </svg>
    }
    .into_any()
}

/// A migration's state.
#[component]
pub(crate) fn StateBadge(state: State) -> impl IntoView {
    view! {
        <span class="badge" data-tone=tone(state) data-state=state.as_str()>
            <Shape tone=tone(state) />
            {state.title()}
        </span>
    }
    .into_any()
}

/// The word for a phase's state.
#[must_use]
pub(crate) fn phase_word(state: PhaseState) -> &'static str {
    match state {
        PhaseState::Waiting => "waiting",
        PhaseState::Running => "running",
        PhaseState::Done => "done",
        PhaseState::Failed => "failed",
        PhaseState::Skipped => "not reached",
    }
}
