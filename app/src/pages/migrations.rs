//! The history of migrations.

use super::query;
use crate::{
    api,
    components::{fields::QueryField, loaded::loaded, migration_table::MigrationTable},
    model::{MigrationFilter, Page, State},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

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
    let migrations = Resource::new(filter, api::migrations);
    let first = params.get_untracked();
    let chosen = query::text(&first, "state");
    let states = State::ALL
        .iter()
        .map(|state| {
            let selected = chosen.as_deref() == Some(state.as_str());
            view! { <option value=state.as_str() selected=selected>{state.title()}</option> }
        })
        .collect_view();
    view! {
        <Title text="Migrations – nimdeck" />
        <div class="page-head"><h1>"Migrations"</h1></div>
        <form class="filters" method="get" action="/migrations" role="search" aria-label="Filter migrations">
            <QueryField name="q" label="Search" value=query::text(&first, "q") kind="search" />
            <label class="field"><span>"State"</span><select name="state"><option value="">"Any"</option>{states}</select></label>
            <QueryField name="client" label="Client" value=query::text(&first, "client") />
            <QueryField name="since" label="Since (UTC)" value=query::text(&first, "since") kind="date" />
            <QueryField name="until" label="Before (UTC)" value=query::text(&first, "until") kind="date" />
            <button type="submit">"Filter"</button>
        </form>
        {loaded(migrations, move |page| {
            let Page { items, next } = page;
            let more = next.map(|cursor| params.with_untracked(|query| query::next_page("/migrations", query, &cursor)));
            view! {
                <MigrationTable migrations=items caption="Migrations, newest first" empty="No migration matches." />
                {more.map(|href| view! { <p><a class="button" href=href>"Earlier migrations"</a></p> })}
            }
        })}
    }
    .into_any()
}
