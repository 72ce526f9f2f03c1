//! Proof: the client before and after, side by side, with a verdict.

use crate::{
    api,
    components::{clock::When, loaded::loaded, preflight::words, state_badge::Shape},
    model::{Migration, Problem, Snapshot, Verdict, Verification, VerificationCheck},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use std::collections::HashSet;
use uuid::Uuid;

/// The output of one command in a snapshot.
type Output = fn(&Snapshot) -> &str;

/// Lines of `text` with whether each is absent from `other`.
fn marked<'a>(text: &'a str, other: &str) -> Vec<(bool, &'a str)> {
    let folded = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let there: HashSet<String> = other.lines().map(folded).collect();
    text.lines().map(|line| (!there.contains(&folded(line)), line)).collect()
}

async fn load(id: Option<Uuid>) -> Result<(Migration, Verification), Problem> {
    let id = id.ok_or_else(super::migration::no_such_migration)?;
    Ok((api::migration(id).await?, api::verification(id).await?))
}

/// The page.
#[component]
pub(crate) fn VerificationPage() -> impl IntoView {
    let params = use_params_map();
    let data = Resource::new(move || params.with(|params| params.get("id").and_then(|id| id.parse().ok())), load);
    loaded(data, |(migration, verification)| view! { <Proof migration verification /> })
}

#[component]
fn Proof(migration: Migration, verification: Verification) -> impl IntoView {
    let client = migration.label();
    let Verification { before, after, diff, checks, verdict } = verification;
    let (slug, said) = match verdict {
        Some(Verdict::Pass) => ("pass", "Verified: the new system runs, and the old one can still be booted"),
        Some(Verdict::Warn) => ("warn", "Verified with warnings: read them below"),
        Some(Verdict::Block) => ("block", "Not verified: the client is not as it should be"),
        Some(Verdict::Unknown) => ("unknown", "Not verified: not everything could be read from the client"),
        Some(Verdict::NotApplicable) | None => {
            ("not-applicable", "No verdict yet: the client has not been rebooted from its clone")
        }
    };
    let sides: [(&'static str, Output); 5] = [
        ("oslevel -s", |snapshot| &snapshot.oslevel),
        ("lspv", |snapshot| &snapshot.lspv),
        ("bootlist -m normal -o", |snapshot| &snapshot.bootlist),
        ("lsvg -l rootvg", |snapshot| &snapshot.rootvg),
        ("uptime", |snapshot| &snapshot.uptime),
    ];
    let text = |side: &Option<Snapshot>, of: Output| side.as_ref().map(|side| of(side).to_owned());
    let rows = sides
        .into_iter()
        .map(|(command, of)| view! { <SideBySide command before=text(&before, of) after=text(&after, of) /> })
        .collect_view();
    let changes = diff.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    view! {
        <Title text=format!("Verification of {client} – nimdeck") />
        <nav class="crumbs" aria-label="Way here"><a href=format!("/migrations/{}", migration.id)>{format!("Migration of {client}")}</a></nav>
        <div class="page-head"><h1>{format!("Verification of {client}")}</h1></div>
        <p class="verdict" data-verdict=slug data-testid="verdict" role="status"><Shape tone=slug /> {said}</p>
        <section aria-labelledby="h-diff"><h2 id="h-diff">"What changed"</h2><ul class="diff machine">{changes}</ul></section>
        <Checks checks />
        <section aria-labelledby="h-sides">
            <h2 id="h-sides">"Before and after"</h2>
            <div class="sides-head" aria-hidden="true">
                <span>"Before " <When at=before.as_ref().map(|side| side.at) /></span>
                <span>"After " <When at=after.as_ref().map(|side| side.at) /></span>
            </div>
            {rows}
        </section>
    }
    .into_any()
}

#[component]
fn Checks(checks: Vec<VerificationCheck>) -> impl IntoView {
    let rows = checks
        .into_iter()
        .map(|check| {
            let (slug, _) = words(check.verdict);
            view! {
                <tr data-check=check.id data-verdict=slug>
                    <td data-label="Verdict"><Shape tone=slug />" "<span>{match check.verdict { Verdict::Pass => "as expected", Verdict::Warn => "warning", Verdict::Block => "wrong", Verdict::Unknown => "not known", Verdict::NotApplicable => "does not apply" }}</span></td>
                    <th scope="row" data-label="Check">{check.title} " " <code class="small">{check.id.clone()}</code></th>
                    <td data-label="Expected" class="machine">{check.expected}</td>
                    <td data-label="Found" class="machine">{check.found}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="h-checks">
            <h2 id="h-checks">"Checks"</h2>
            <div class="scroll">
                <table class="cards">
                    <caption class="visually-hidden">"Checks after the reboot"</caption>
                    <thead>
                        <tr><th scope="col">"Verdict"</th><th scope="col">"Check"</th><th scope="col">"Expected"</th><th scope="col">"Found"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn SideBySide(command: &'static str, before: Option<String>, after: Option<String>) -> impl IntoView {
    let side = |label: &'static str, text: &Option<String>, other: &Option<String>| {
        let lines = match text {
            None => vec![view! { <span class="line none">"not read"</span> }.into_any()],
            // Without the other side nothing can be called changed.
            Some(text) => marked(text, other.as_deref().unwrap_or(text))
                .into_iter()
                .map(|(changed, line)| {
                    let line = format!("{line}\n");
                    if changed {
                        view! { <mark class="line">{line}</mark> }.into_any()
                    } else {
                        view! { <span class="line">{line}</span> }.into_any()
                    }
                })
                .collect(),
        };
        view! { <pre tabindex="0" aria-label=format!("{command}, {label}")>{lines}</pre> }
    };
    view! {
        <h3 class="machine">{command}</h3>
        <div class="sides" data-command=command>{side("before", &before, &after)} {side("after", &after, &before)}</div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_the_other_side_lacks_are_marked_whatever_their_spacing() {
        let before = "hdisk0 00c1 rootvg active\nhdisk1 none None";
        let after = "hdisk0   00c1   old_rootvg\nhdisk1 none   None";
        assert_eq!(marked(before, after), [(true, "hdisk0 00c1 rootvg active"), (false, "hdisk1 none None")]);
    }
}
