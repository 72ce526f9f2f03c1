//! The phases a log tells of, as a strip and as a list.

use crate::{
    components::{phase_strip::Strip, state_badge::Shape},
    format,
};
use aix::{
    Phase,
    log::{PhaseEnd, PhaseReport},
};
use leptos::prelude::*;

/// The word of the style sheet, the shape and the word for people.
fn words(end: Option<PhaseEnd>) -> (&'static str, &'static str, &'static str) {
    match end {
        Some(PhaseEnd::Done) => ("done", "done", "done"),
        Some(PhaseEnd::Failed) => ("failed", "failed", "failed"),
        Some(PhaseEnd::Stopped) => ("stopped", "attention", "the log stops here"),
        None => ("skipped", "skipped", "not reached"),
    }
}

/// All twelve, whether the log came to them or not.
#[component]
pub(crate) fn Phases(phases: Vec<PhaseReport>) -> impl IntoView {
    let of = |number: Phase| phases.iter().rev().find(|phase| phase.number == number);
    let states = Phase::all().map(|number| words(of(number).map(|phase| phase.state)).0).collect::<Vec<_>>();
    let done = phases.iter().filter(|phase| phase.state == PhaseEnd::Done).count();
    let said = format!("{done} of {} phases done", Phase::COUNT);
    let rows = Phase::all()
        .map(|number| {
            let phase = of(number);
            let (slug, shape, word) = words(phase.map(|phase| phase.state));
            let title = phase.map_or_else(|| number.title().to_owned(), |phase| phase.title.clone());
            let lines = phase.map(|phase| format!("lines {}–{}", phase.first_line, phase.last_line));
            let counts = phase.map(counted).filter(|counts| !counts.is_empty());
            view! {
                <li class="phase" data-testid=format!("report-phase-{number}") data-state=slug>
                    <Shape tone=shape />
                    <span class="phase-number">{number.to_string()}</span>
                    <span class="phase-title">{title}</span>
                    <span class="phase-state">{word}</span>
                    <span class="phase-times">{lines}</span>
                    {counts.map(|counts| view! { <span class="phase-counts">{counts}</span> })}
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="phases-panel" aria-labelledby="h-report-phases">
            <div class="overall">
                <h2 id="h-report-phases">{said.clone()}</h2>
                <Strip states label=said />
            </div>
            <ol class="phases" aria-label="Phases">{rows}</ol>
        </section>
    }
    .into_any()
}

/// `16 logical volumes, 10 file systems`.
fn counted(phase: &PhaseReport) -> String {
    let count = |count: &aix::log::Count| match count.total {
        Some(total) => format!("{} of {} {}", count.done, total, count.what),
        None => format::counted(u64::from(count.done), &count.what),
    };
    phase.counts.iter().map(count).collect::<Vec<_>>().join(", ")
}
