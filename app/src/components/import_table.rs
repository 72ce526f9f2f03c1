//! Imported logs in a list.

use super::{
    clock::When,
    log_report::{short, tone},
    phase_strip::Strip,
    state_badge::Shape,
};
use crate::model::ImportedSummary;
use aix::{Phase, log::Outcome};
use leptos::prelude::*;

/// What each phase looks like, as far as the summary tells.
fn states(log: &ImportedSummary) -> Vec<&'static str> {
    let last = log.phases_seen.last();
    let state = |phase: Phase| match log.outcome {
        _ if log.failed_phase == Some(phase) => "failed",
        _ if !log.phases_seen.contains(&phase) => "skipped",
        Outcome::Incomplete if last == Some(&phase) => "stopped",
        _ => "done",
    };
    Phase::all().map(state).collect()
}

/// How far it came: `11 of 12 phases, failed in 11: Finalise the clone`.
fn words(log: &ImportedSummary) -> String {
    let seen = format!("{} of {} phases", log.phases_seen.len(), Phase::COUNT);
    match (log.outcome, log.failed_phase) {
        (_, Some(phase)) => format!("{seen}, failed in {phase}: {}", phase.title()),
        (Outcome::Failed, None) => format!("{seen}, failed before the first"),
        _ => seen,
    }
}

/// What an imported log came to, as shape, word and colour.
#[component]
pub(crate) fn OutcomeBadge(outcome: Outcome) -> impl IntoView {
    let slug = tone(outcome);
    view! { <span class="badge" data-verdict=slug data-testid="outcome-badge"><Shape tone=slug /> {short(outcome)}</span> }
        .into_any()
}

/// When the file was last written: the day where it is known, else as the master printed it.
#[must_use]
pub(crate) fn written(log: &ImportedSummary) -> String {
    log.modified_on.clone().unwrap_or_else(|| log.modified.clone())
}

/// A table of imported logs, never empty.
#[component]
pub(crate) fn ImportTable(imports: Vec<ImportedSummary>, #[prop(into)] caption: String) -> impl IntoView {
    let rows = imports
        .into_iter()
        .map(|log| {
            let href = format!("/imports/{}", log.id);
            let codes = log.codes.iter().take(6).cloned().collect::<Vec<_>>().join(" ");
            let said = words(&log);
            let written = written(&log);
            view! {
                <tr data-import=log.id.to_string()>
                    <th scope="row" data-label="Client"><span><a href=href>{log.client.to_string()}</a>" "<span class="tag">"imported"</span></span></th>
                    <td data-label="Outcome">
                        <OutcomeBadge outcome=log.outcome />
                        {log.cause.clone().map(|cause| view! { <span class="reason">{cause}</span> })}
                    </td>
                    <td data-label="Phases">
                        <div class="strip-words"><Strip states=states(&log) label=said.clone() /><span aria-hidden="true">{said}</span></div>
                    </td>
                    <td data-label="Codes" class="machine">{codes}</td>
                    <td data-label="Written" class="number">{written}</td>
                    <td data-label="Master">{log.master.to_string()} {log.simulated.then(|| view! { <span class="small">"simulated"</span> })}</td>
                    <td data-label="Imported"><When at=log.imported_at /> " " <span class="by">{log.imported_by.clone()}</span></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scroll">
            <table class="cards">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Client"</th>
                        <th scope="col">"Outcome"</th>
                        <th scope="col">"Phases"</th>
                        <th scope="col">"Codes"</th>
                        <th scope="col">"Last written"</th>
                        <th scope="col">"Master"</th>
                        <th scope="col">"Imported (UTC)"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
