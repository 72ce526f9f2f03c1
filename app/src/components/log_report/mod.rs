//! What a nimadm log says: the outcome first, then why and what to do, then everything it was read from.
//!
//! Everything of the log is shown as text and nothing else: a log is written by whatever ran on somebody's client. Long lists are
//! cut on the page (the report has them all): thousands of rows would make a phone stand still.

mod filesets;
mod findings;
mod phases;

use super::state_badge::Shape;
use crate::format;
use aix::log::{Mode, Outcome, Report, Verdict};
use filesets::Filesets;
use findings::Findings;
use leptos::prelude::*;
use phases::Phases;

/// The verdict of an outcome, as the other pages colour it.
#[must_use]
pub(crate) fn tone(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "pass",
        Outcome::Warning | Outcome::Incomplete => "warn",
        Outcome::Failed => "block",
    }
}

/// An outcome in a word or two, for lists.
#[must_use]
pub(crate) fn short(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "Complete",
        Outcome::Warning => "Complete, with complaints",
        Outcome::Failed => "Failed",
        Outcome::Incomplete => "Stops",
    }
}

/// An outcome as a sentence.
fn outcome_words(report: &Report) -> String {
    let Verdict { outcome, failed_phase, .. } = report.verdict;
    let last = report.phases.last();
    match (outcome, failed_phase, last) {
        (Outcome::Success, _, _) if report.mode == Some(Mode::CleanUp) => {
            "Cleaned up: what an earlier run had left was removed".to_owned()
        }
        (Outcome::Success, _, _) => "Complete: nothing failed".to_owned(),
        (Outcome::Warning, _, _) => "Complete, but something failed on the way".to_owned(),
        (Outcome::Failed, Some(phase), _) => format!("Failed in phase {phase}: {}", phase.title()),
        (Outcome::Failed, None, _) => "Failed before phase 1".to_owned(),
        (Outcome::Incomplete, _, Some(phase)) => format!("The log stops in phase {}: {}", phase.number, phase.title),
        (Outcome::Incomplete, _, None) => "The log stops before phase 1".to_owned(),
    }
}

fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Cache => "Migration, cached on the master (-j)",
        Mode::Nfs => "Migration over NFS",
        Mode::Mksysb => "Migration of a mksysb",
        Mode::CleanUp => "Clean-up (-C)",
        Mode::WakeUp => "Wake-up of a clone (-W)",
        Mode::Sleep => "Clone put to sleep (-S)",
    }
}

/// The report.
#[component]
pub(crate) fn LogReport(report: Report) -> impl IntoView {
    let slug = tone(report.verdict.outcome);
    let words = outcome_words(&report);
    let has_phases = !report.phases.is_empty();
    let phases = report.phases.clone();
    let findings = (report.findings.clone(), report.findings_left_out);
    let failed = (report.verdict.failed_filesets.clone(), report.verdict.cancelled_filesets.clone());
    let filesets = (report.filesets.clone(), report.filesets_left_out);
    view! {
        <div class="report" data-testid="report" data-outcome=slug>
            <p class="verdict" data-verdict=slug data-testid="outcome" role="status"><Shape tone=slug /> {words}</p>
            <Facts report=report.clone() />
            <Why report />
            <div class="report-body" data-phases=has_phases.to_string()>
                {has_phases.then(|| view! { <Phases phases /> })}
                <div>
                    <Findings findings=findings.0 left_out=findings.1 />
                    <Filesets rows=filesets.0 left_out=filesets.1 failed=failed.0 cancelled=failed.1 />
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// What the header tells.
#[component]
fn Facts(report: Report) -> impl IntoView {
    let fact = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
    };
    let disks = (!report.disks.is_empty()).then(|| report.disks.join(", "));
    let runs = (report.runs > 1).then(|| format!("{} of {}: the file holds several", report.run, report.runs));
    let size = format!("{} lines, {}", report.lines, format::bytes(report.bytes));
    view! {
        <dl class="facts">
            {fact("Client", report.client)}
            {fact("Kind of run", report.mode.map(|mode| mode_words(mode).to_owned()))}
            {fact("Target", report.target.map(|target| format!("AIX {target}")))}
            {fact("Target disks", disks)}
            {fact("Bootlist set to", report.bootlist)}
            {fact("Run", runs)}
            {fact("Log", Some(size))}
        </dl>
    }
    .into_any()
}

/// Why it came out like that, and what to do: nothing where all is well.
#[component]
fn Why(report: Report) -> impl IntoView {
    let Verdict { outcome, cause, advice, codes, cleaned_up, .. } = report.verdict;
    if outcome == Outcome::Success && report.look_at.is_empty() && codes.is_empty() {
        return ().into_any();
    }
    let failed = outcome == Outcome::Failed;
    let (class, tone) = match outcome {
        Outcome::Failed => ("problem", "bad"),
        Outcome::Warning | Outcome::Incomplete => ("notice why", "attention"),
        Outcome::Success => ("notice why", "good"),
    };
    let codes = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    let has_places = !report.look_at.is_empty();
    let look_at = report.look_at.into_iter().map(|place| view! { <li class="machine">{place}</li> }).collect_view();
    let cleaned = failed.then_some(if cleaned_up {
        "nimadm says that it cleaned up master and client: the client runs on as before."
    } else {
        "nimadm does not say that it cleaned up: a clone, mounts or a lock may be left."
    });
    view! {
        <section class=class data-tone=tone data-testid="why" aria-label="Cause and advice">
            <h2>{if cause.is_some() { "Cause" } else { "What this means" }}</h2>
            {cause.map(|cause| view! { <pre class="cause" data-testid="cause" tabindex="0">{cause}</pre> })}
            {advice.map(|advice| view! { <p data-testid="advice"><b>"What to do: "</b> {advice}</p> })}
            {cleaned.map(|words| view! { <p>{words}</p> })}
            {has_places.then(|| view! { <div class="look-at"><h3>"Where to look"</h3><ul>{look_at}</ul></div> })}
            <ul class="codes" aria-label="Message codes">{codes}</ul>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: &str, failed_phase: Option<u8>, phases: &[(u8, &str)], mode: Option<Mode>) -> Report {
        let phases: Vec<_> = phases
            .iter()
            .map(|(number, state)| {
                serde_json::json!({ "number": number, "title": "T", "state": state, "first_line": 1, "last_line": 2,
                    "counts": [] })
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "kind": "nimadm-log", "outcome": outcome, "phases_seen": [], "failed_phase": failed_phase, "codes": [],
            "failed_filesets": [], "cancelled_filesets": [], "cause": null, "advice": null, "cleaned_up": false,
            "findings": [], "findings_left_out": 0, "client": null, "mode": mode, "target": null, "disks": [],
            "bootlist": null, "run": 1, "runs": 1, "lines": 1, "bytes": 1, "phases": phases, "filesets": [],
            "filesets_left_out": 0, "look_at": [],
        }))
        .unwrap()
    }

    #[test]
    fn the_outcome_is_said_with_its_phase() {
        let said = |outcome, phase, phases: &[_], mode| outcome_words(&report(outcome, phase, phases, mode));
        assert_eq!(said("failed", Some(11), &[(11, "failed")], None), "Failed in phase 11: Finalise the clone");
        assert_eq!(said("failed", None, &[], None), "Failed before phase 1");
        assert_eq!(said("incomplete", None, &[(6, "stopped")], None), "The log stops in phase 6: T");
        assert_eq!(said("incomplete", None, &[], None), "The log stops before phase 1");
        assert!(said("success", None, &[], Some(Mode::CleanUp)).starts_with("Cleaned up"));
        assert!(said("success", None, &[(12, "done")], Some(Mode::Cache)).starts_with("Complete"));
    }
}
