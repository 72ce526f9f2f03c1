//! The phases a log tells of, as a strip and as a list.

use crate::{
    components::{phase_strip::Strip, state_badge::Shape},
    format,
};
use aix::{
    Phase,
    log::{Count, PhaseEnd, PhaseReport},
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

/// `16 logical volumes created, 10 file systems created`.
fn counted(phase: &PhaseReport) -> String {
    phase.counts.iter().map(one_count).collect::<Vec<_>>().join(", ")
}

/// What is counted comes with what was done to it: `file systems expanded`, but `1 file system expanded`.
fn one_count(count: &Count) -> String {
    let (things, done) = count.what.rsplit_once(' ').unwrap_or((&count.what, ""));
    let said = match count.total {
        Some(total) => format!("{} of {total} {things} {done}", count.done),
        None => format!("{} {done}", format::counted(u64::from(count.done), things)),
    };
    said.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_singular() {
        let said = |what: &str, done, total| one_count(&Count { what: what.to_owned(), done, total });
        assert_eq!(said("file systems expanded", 1, None), "1 file system expanded");
        assert_eq!(said("filesets installed", 23, None), "23 filesets installed");
        assert_eq!(said("cache file systems created", 1, Some(8)), "1 of 8 cache file systems created");
        assert_eq!(said("filesets", 1, None), "1 fileset");
    }
}
