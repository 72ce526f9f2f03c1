//! What the pre-flight found, the worst first.

use super::{fields::TextField, state_badge::Shape};
use crate::model::{Check, LaunchRequest, Preflight, Verdict};
use leptos::prelude::*;

/// The word for a verdict, and the look that goes with it.
#[must_use]
pub(crate) fn words(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Block => ("block", "Blocks the launch"),
        Verdict::Warn => ("warn", "Warnings"),
        Verdict::Pass => ("pass", "Passed"),
        Verdict::Unknown => ("unknown", "Not known"),
        Verdict::NotApplicable => ("not-applicable", "Does not apply"),
    }
}

/// The findings, grouped by verdict.
#[component]
pub(crate) fn Findings(preflight: Preflight) -> impl IntoView {
    let groups = [Verdict::Block, Verdict::Unknown, Verdict::Warn, Verdict::Pass, Verdict::NotApplicable]
        .into_iter()
        .filter_map(|verdict| {
            let checks: Vec<_> = preflight.checks.iter().filter(|check| check.verdict == verdict).cloned().collect();
            (!checks.is_empty()).then(|| {
                let (slug, title) = words(verdict);
                let open = matches!(verdict, Verdict::Block | Verdict::Unknown | Verdict::Warn);
                let count = checks.len();
                view! {
                    <details class="findings" data-verdict=slug open=open>
                        <summary><Shape tone=slug /> {title} " " <span class="count">{count}</span></summary>
                        <ul>{checks.into_iter().map(|check| view! { <Finding check /> }).collect_view()}</ul>
                    </details>
                }
            })
        })
        .collect_view();
    // What stops it only because it is not known is not called a failure.
    let unknown =
        preflight.verdict == Verdict::Block && preflight.checks.iter().all(|check| check.verdict != Verdict::Block);
    let shown = if unknown { Verdict::Unknown } else { preflight.verdict };
    let (slug, _) = words(shown);
    let said = match shown {
        Verdict::Block => "Pre-flight: do not go on",
        Verdict::Unknown => "Pre-flight: not everything could be read",
        Verdict::Warn => "Pre-flight: go on only knowingly",
        Verdict::Pass | Verdict::NotApplicable => "Pre-flight: clear",
    };
    view! {
        <div data-testid="preflight" data-verdict=slug>
            <p class="verdict" data-verdict=slug data-testid="verdict" role="status"><Shape tone=slug /> {said}</p>
            {groups}
        </div>
    }
    .into_any()
}

/// How a person goes on although blocking checks could not be read: each is ticked by itself, and a reason is given.
#[component]
pub(crate) fn OverrideChoice(
    /// The checks that could not be read.
    checks: Vec<Check>,
    /// Ids of those that are ticked.
    chosen: RwSignal<Vec<String>>,
    /// Why.
    reason: RwSignal<String>,
) -> impl IntoView {
    let mut ids: Vec<String> = Vec::new();
    let mut boxes = Vec::new();
    for check in checks {
        // Several target disks are one check.
        if ids.contains(&check.id) {
            continue;
        }
        ids.push(check.id.clone());
        let id = StoredValue::new(check.id.clone());
        let checked = move || chosen.with(|chosen| id.with_value(|id| chosen.contains(id)));
        let tick = move |on: bool| {
            let id = id.get_value();
            chosen.update(|chosen| {
                chosen.retain(|known| *known != id);
                if on {
                    chosen.push(id);
                }
            });
        };
        boxes.push(view! {
            <label class="check" data-override=check.id.clone()>
                <input type="checkbox" prop:checked=checked on:change:target=move |ev| tick(ev.target().checked()) />
                <span>{format!("Go on although {} is not known: {}", check.id, check.title)}</span>
            </label>
        });
    }
    view! {
        <fieldset data-testid="overrides">
            <legend>"Not known"</legend>
            <p class="hint">"Each of these checks would stop the launch if it failed. Mend the command on the host and check again; or go on without it. What you tick and why goes on record."</p>
            {boxes}
            <TextField label="Why you go on without them" value=reason />
        </fieldset>
    }
    .into_any()
}

/// The launch page, filled in as far as a request without a client says.
fn launch_link(request: &LaunchRequest) -> String {
    format!(
        "/launch?master={}&operation={}&spot={}&lpp_source={}",
        request.master.as_deref().unwrap_or_default(),
        request.operation,
        request.spot,
        request.lpp_source
    )
}

#[component]
fn Finding(check: Check) -> impl IntoView {
    view! {
        <li data-check=check.id>
            <span class="finding-title">{check.title} " " <code class="small">{check.id.clone()}</code></span>
            <span class="finding-found">{check.found}</span>
            {(!check.advice.is_empty()).then(|| view! { <span class="finding-advice">{check.advice.clone()}</span> })}
            {check.repair.map(|repair| view! { <a class="button" data-testid="repair" href=launch_link(&repair)>{repair.operation.title()}</a> })}
        </li>
    }
    .into_any()
}
