//! The lines of a log that are worth a look, the worst first; those that only look bad are folded.

use crate::components::state_badge::Shape;
use aix::log::{Finding, FindingSeverity};
use leptos::prelude::*;

/// Lines of a kind that are shown.
const SHOWN: usize = 200;

/// How lines of a severity are shown.
struct Kind {
    severity: FindingSeverity,
    /// The look.
    slug: &'static str,
    /// The title of one line.
    one: &'static str,
    /// The title of several, after their number.
    many: &'static str,
    /// Whether they are open at first.
    open: bool,
}

/// The kinds in the order shown.
const KINDS: [Kind; 5] = [
    kind(FindingSeverity::Fatal, "block", "What ended the run", "lines that ended the run", true),
    kind(FindingSeverity::Error, "block", "1 error", "errors", true),
    kind(FindingSeverity::Warning, "warn", "1 warning", "warnings", true),
    kind(FindingSeverity::Info, "skipped", "1 line worth knowing", "lines worth knowing", false),
    kind(
        FindingSeverity::Benign,
        "skipped",
        "1 line that looks like an error and is none",
        "lines that look like errors and are none",
        false,
    ),
];

const fn kind(
    severity: FindingSeverity,
    slug: &'static str,
    one: &'static str,
    many: &'static str,
    open: bool,
) -> Kind {
    Kind { severity, slug, one, many, open }
}

/// The findings by severity.
#[component]
pub(crate) fn Findings(findings: Vec<Finding>, left_out: u64) -> impl IntoView {
    let none = findings.is_empty();
    let groups = KINDS
        .iter()
        .filter_map(|&Kind { severity, slug, one, many, open }| {
            let lines: Vec<_> = findings.iter().filter(|finding| finding.severity == severity).cloned().collect();
            (!lines.is_empty()).then(|| {
                let more = lines.len().saturating_sub(SHOWN);
                let title = if lines.len() == 1 { one.to_owned() } else { format!("{} {many}", lines.len()) };
                let rows = lines.into_iter().take(SHOWN).map(|finding| view! { <Line finding /> }).collect_view();
                view! {
                    <details class="findings" data-verdict=slug open=open>
                        <summary><Shape tone=slug /> {title}</summary>
                        <ul>{rows}</ul>
                        {(more > 0).then(|| view! { <p class="small">{format!("{more} more are in the report.")}</p> })}
                    </details>
                }
            })
        })
        .collect_view();
    view! {
        <section aria-labelledby="h-findings" data-testid="findings">
            <h2 id="h-findings">"Lines worth a look"</h2>
            {none.then(|| view! { <p class="empty">"None: no line has a message number or looks like an error."</p> })}
            {groups}
            {(left_out > 0).then(|| view! { <p class="small">{format!("{left_out} more were too many to keep.")}</p> })}
        </section>
    }
    .into_any()
}

#[component]
fn Line(finding: Finding) -> impl IntoView {
    let Finding { line, phase, text, code, meaning, .. } = finding;
    let place = phase.map_or_else(|| format!("line {line}"), |phase| format!("line {line} · phase {phase}"));
    view! {
        <li data-line=line.to_string()>
            <span class="small">{place} {code.map(|code| view! { " · " <code>{code}</code> })}</span>
            <span class="finding-found">{text}</span>
            {meaning.map(|meaning| view! { <span class="finding-advice">{meaning}</span> })}
        </li>
    }
    .into_any()
}
