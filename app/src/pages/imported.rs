//! One imported log: what it says, and where it came from.

use crate::{
    api,
    components::{
        clock::When,
        import_table::{OutcomeBadge, written},
        loaded::loaded,
        log_report::LogReport,
    },
    model::{Imported, Problem},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

async fn load(id: Option<Uuid>) -> Result<Imported, Problem> {
    api::import(id.ok_or_else(super::migration::no_such_migration)?).await
}

/// The page.
#[component]
pub(crate) fn ImportedPage() -> impl IntoView {
    let params = use_params_map();
    let data = Resource::new(move || params.with(|params| params.get("id").and_then(|id| id.parse().ok())), load);
    loaded(data, |imported| view! { <ImportedView imported /> })
}

#[component]
fn ImportedView(imported: Imported) -> impl IntoView {
    let Imported { summary, report } = imported;
    let client = summary.client.to_string();
    let id = summary.id;
    let day = written(&summary);
    view! {
        <Title text=format!("Log of {client} – nimdeck") />
        <nav class="crumbs" aria-label="Way here"><a href="/migrations">"Migrations"</a></nav>
        <div class="page-head">
            <h1>{format!("Log of {client}")}</h1>
            <span><OutcomeBadge outcome=summary.outcome /></span>
            <span class="tag">"imported"</span>
        </div>
        <p class="lead">
            "A run from before nimdeck, last written " <b>{day}</b> " · master " {summary.master.to_string()}
            " · file " <span class="machine">{summary.name.clone()}</span>
        </p>
        {summary.simulated.then(|| view! { <p class="simulated-note">"Simulated: this master is the lab’s."</p> })}
        <LogReport report />
        <section class="evidence" aria-label="Evidence">
            <a class="button" href=format!("/api/v1/imports/{id}/log") rel="external">"Raw log"</a>
            <span class="small">
                "Imported by " {summary.imported_by.clone()} ", " <When at=summary.imported_at /> " UTC. The master’s clock said "
                {summary.modified.clone()} "."
            </span>
            <p class="proof" data-testid="sha256">"As it was on the master. SHA-256 " <code>{summary.sha256}</code></p>
        </section>
    }
    .into_any()
}
