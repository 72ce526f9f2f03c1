//! The history: migrations, and the logs of runs from before nimdeck.

use super::query;
use crate::{
    api,
    components::{fields::QueryField, import_table::ImportTable, loaded::loaded, migration_table::MigrationTable},
    model::{ImportFilter, ImportedSummary, Master, MigrationFilter, MigrationSummary, Page, Problem, State},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

/// Both halves of the history, and the masters more can be imported from.
type History = (Page<MigrationSummary>, Option<Page<ImportedSummary>>, Vec<Master>);

async fn load((migrations, imports): (MigrationFilter, Option<ImportFilter>)) -> Result<History, Problem> {
    let migrations = api::migrations(migrations).await?;
    let imports = match imports {
        Some(filter) => Some(api::imports(filter).await?),
        None => None,
    };
    Ok((migrations, imports, api::masters().await?.items))
}

/// Imported logs that fit the filters; none where one asks for what only migrations have.
fn imports_filter(query: &ParamsMap) -> Option<ImportFilter> {
    let only_migrations = ["state", "since", "until"].iter().any(|name| query::text(query, name).is_some());
    (!only_migrations).then(|| ImportFilter {
        client: query::text(query, "client"),
        master: query::text(query, "master"),
        q: query::text(query, "q"),
        cursor: query::text(query, "imports"),
        limit: None,
    })
}

/// The page; its filters are a plain GET form, so a filtered list has an address.
#[component]
pub(crate) fn MigrationsPage() -> impl IntoView {
    let params = use_query_map();
    let filter = move || {
        params.with(|query| MigrationFilter {
            state: query::text(query, "state"),
            client: query::text(query, "client"),
            master: query::text(query, "master"),
            q: query::text(query, "q"),
            since: query::time(query, "since"),
            until: query::time(query, "until"),
            cursor: query::text(query, "cursor"),
            limit: None,
        })
    };
    let history = Resource::new(move || (filter(), params.with(imports_filter)), load);
    let first = params.get_untracked();
    let chosen = query::text(&first, "state");
    let states = State::ALL
        .iter()
        .map(|state| {
            let selected = chosen.as_deref() == Some(state.as_str());
            view! { <option value=state.as_str() selected=selected>{state.title()}</option> }
        })
        .collect_view();
    // The overview links to several states at once.
    let several = chosen.filter(|chosen| chosen.contains(','));
    let several = several.map(|words| view! { <option value=words selected=true>"Several states"</option> });
    view! {
        <Title text="Migrations – nimdeck" />
        <div class="page-head"><h1>"Migrations"</h1></div>
        <form class="filters" method="get" action="/migrations" role="search" aria-label="Filter migrations">
            <QueryField name="q" label="Search" value=query::text(&first, "q") kind="search" />
            <label class="field"><span>"State"</span><select name="state"><option value="">"Any"</option>{several}{states}</select></label>
            <QueryField name="client" label="Client" value=query::text(&first, "client") />
            <QueryField name="since" label="Since (UTC)" value=query::text(&first, "since") kind="date" />
            <QueryField name="until" label="Before (UTC)" value=query::text(&first, "until") kind="date" />
            <button type="submit">"Filter"</button>
        </form>
        {loaded(history, move |(page, imports, masters)| {
            let Page { items, next } = page;
            let link = |name: &'static str, cursor: String| params.with_untracked(|query| query::next_page("/migrations", query, name, &cursor));
            let more = next.map(|cursor| link("cursor", cursor));
            let imports = imports.map(|Page { items, next }| {
                let more = next.map(|cursor| link("imports", cursor));
                view! { <Imports imports=items more masters /> }
            });
            view! {
                <MigrationTable migrations=items caption="Migrations, newest first" empty="No migration matches." />
                {more.map(|href| view! { <p><a class="button" href=href>"Earlier migrations"</a></p> })}
                {imports}
            }
        })}
    }
    .into_any()
}

/// Runs from before nimdeck, and where to get more of them.
#[component]
fn Imports(imports: Vec<ImportedSummary>, more: Option<String>, masters: Vec<Master>) -> impl IntoView {
    let sources = masters
        .into_iter()
        .map(|master| view! { " " <a class="button" href=format!("/masters/{}/import", master.id)>{format!("Import from {}", master.name)}</a> })
        .collect_view();
    let table = if imports.is_empty() {
        view! { <p class="empty">"No imported log matches."</p> }.into_any()
    } else {
        view! { <ImportTable imports caption="Imported logs, newest import first" /> }.into_any()
    };
    view! {
        <section class="imports" aria-labelledby="h-imports">
            <div class="section-head"><h2 id="h-imports">"Imported logs"</h2><p class="page-actions">{sources}</p></div>
            {table}
            {more.map(|href| view! { <p><a class="button" href=href>"Earlier imports"</a></p> })}
        </section>
    }
    .into_any()
}
