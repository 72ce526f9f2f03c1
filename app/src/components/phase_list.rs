//! The twelve phases of one migration, each with its state, times and progress.

use super::{
    clock::clock,
    state_badge::{Shape, phase_word},
};
use crate::{
    format,
    model::{PhaseRecord, PhaseState, Progress},
};
use leptos::prelude::*;

/// The list, following `phases`.
#[component]
pub(crate) fn PhaseList(#[prop(into)] phases: Signal<Vec<PhaseRecord>>) -> impl IntoView {
    view! {
        <ol class="phases" aria-label="Phases">
            <For each=move || phases.get() key=|phase| phase.number let:phase>
                <PhaseRow number=phase.number first=phase phases />
            </For>
        </ol>
    }
    .into_any()
}

#[component]
fn PhaseRow(number: aix::Phase, first: PhaseRecord, phases: Signal<Vec<PhaseRecord>>) -> impl IntoView {
    let phase = Memo::new(move |before: Option<&PhaseRecord>| {
        let found = phases.with(|all| all.iter().find(|phase| phase.number == number).cloned());
        found.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    let clock = clock();
    let state = move || phase.with(|phase| phase.state);
    let took = move || {
        let (from, to, state) = phase.with(|phase| (phase.started_at, phase.ended_at, phase.state));
        let now = if state == PhaseState::Running { clock.now() } else { None };
        format::elapsed(from, to, now)
    };
    let expected = move || {
        let (state, p50, p90) = phase.with(|phase| (phase.state, phase.eta, phase.p90));
        let goes_on = matches!(state, PhaseState::Running | PhaseState::Waiting);
        // An estimate is asked for now and then only; one whose time has come says nothing any more.
        let (p50, p90) = (p50.filter(|at| goes_on && clock.now().is_none_or(|now| at.unix_millis() > now))?, p90?);
        let title = format!("Expected end; nine in ten runs have ended it by {}", format::to_the_minute(p90));
        Some(view! { <span class="phase-eta" title=title>{format!("≈ {}", format::to_the_minute(p50))}</span> })
    };
    let started = move || phase.with(|phase| phase.started_at.map(format::time_of_day));
    view! {
        <li class="phase" data-testid=format!("phase-{number}") data-state=move || state().as_str()>
            {move || view! { <Shape tone=state().as_str() /> }}
            <span class="phase-number">{number.to_string()}</span>
            <span class="phase-title">{move || phase.with(|phase| phase.title.clone())}</span>
            <span class="phase-state">{move || phase_word(state())}</span>
            <span class="phase-times">
                <span class="phase-start">{started}</span>
                <span class="phase-took">{took}</span>
                {expected}
            </span>
            {move || phase.with(|phase| {
                let shown = matches!(phase.state, PhaseState::Running | PhaseState::Failed);
                phase.progress.clone().filter(|_| shown).map(|progress| view! { <ProgressLine progress /> })
            })}
        </li>
    }
    .into_any()
}

#[component]
fn ProgressLine(progress: Progress) -> impl IntoView {
    let Progress { done, total, what } = progress;
    let bar = total.map(|total| {
        let (value, max) = (done.min(total).to_string(), total.max(1).to_string());
        view! { <progress value=value max=max aria-label="Progress of this phase"></progress> }
    });
    let count = match total {
        Some(total) => format!("{done}/{total}"),
        None => format!("step {done}"),
    };
    view! {
        <span class="phase-progress">
            {bar}
            <span class="phase-count">{count}</span>
            <span class="phase-what">{what}</span>
        </span>
    }
    .into_any()
}
