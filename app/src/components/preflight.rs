//! What the pre-flight found, the worst first.

use super::state_badge::Shape;
use crate::model::{Check, LaunchRequest, Preflight, Verdict};
use leptos::prelude::*;

/// The word for a verdict, and the look that goes with it.
#[must_use]
pub(crate) fn words(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Block => ("block", "Blocks the launch"),
        Verdict::Warn => ("warn", "Warnings"),
        Verdict::Pass => ("pass", "Passed"),
        Verdict::Skipped => ("skipped", "Not looked at"),
    }
}

/// The findings, grouped by verdict.
#[component]
pub(crate) fn Findings(preflight: Preflight) -> impl IntoView {
    let groups = [Verdict::Block, Verdict::Warn, Verdict::Pass, Verdict::Skipped]
        .into_iter()
        .filter_map(|verdict| {
            let checks: Vec<_> = preflight.checks.iter().filter(|check| check.verdict == verdict).cloned().collect();
            (!checks.is_empty()).then(|| {
                let (slug, title) = words(verdict);
                let open = matches!(verdict, Verdict::Block | Verdict::Warn);
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
    let (slug, _) = words(preflight.verdict);
    let said = match preflight.verdict {
        Verdict::Block => "Pre-flight: do not go on",
        Verdict::Warn => "Pre-flight: go on only knowingly",
        Verdict::Pass | Verdict::Skipped => "Pre-flight: clear",
    };
    view! {
        <div data-testid="preflight" data-verdict=slug>
            <p class="verdict" data-verdict=slug data-testid="verdict" role="status"><Shape tone=slug /> {said}</p>
            {groups}
        </div>
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
