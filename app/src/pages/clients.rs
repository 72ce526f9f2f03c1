//! The clients, from live inventory.

use super::query;
use crate::{
    api,
    components::{
        clock::When,
        fields::QueryField,
        frame::Permitted,
        host_state::{HostState, Missing},
        loaded::loaded,
        refresh_client::RefreshClient,
        state_badge::StateBadge,
    },
    model::{Client, ClientFilter, DiskUse, Page, Permission},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

fn joined(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

/// The page.
#[component]
pub(crate) fn ClientsPage() -> impl IntoView {
    let params = use_query_map();
    let filter = move || {
        params.with(|query| ClientFilter {
            q: query::text(query, "q"),
            level: query::text(query, "level"),
            master: query::text(query, "master"),
            missing: query::text(query, "missing").and_then(|word| word.parse().ok()),
            cursor: query::text(query, "cursor"),
            limit: None,
        })
    };
    let clients = Resource::new(filter, api::clients);
    let first = params.get_untracked();
    let chosen = query::text(&first, "missing").unwrap_or_default();
    let listing = [("", "All"), ("false", "Listed by NIM"), ("true", "Missing from NIM")]
        .into_iter()
        .map(|(word, title)| view! { <option value=word selected=chosen == word>{title}</option> })
        .collect_view();
    view! {
        <Title text="Clients – nimdeck" />
        <div class="page-head"><h1>"Clients"</h1></div>
        <form class="filters" method="get" action="/clients" role="search" aria-label="Filter clients">
            <QueryField name="q" label="Name" value=query::text(&first, "q") kind="search" />
            <QueryField name="level" label="Level starts with" value=query::text(&first, "level") />
            <QueryField name="master" label="Master" value=query::text(&first, "master") />
            <label class="field"><span>"Listing"</span><select name="missing">{listing}</select></label>
            <button type="submit">"Filter"</button>
        </form>
        {loaded(clients, move |page| view! { <ClientTable page path=move |cursor: &str| params.with(|query| query::next_page("/clients", query, "cursor", cursor)) /> })}
    }
    .into_any()
}

#[component]
fn ClientTable(page: Page<Client>, path: impl Fn(&str) -> String) -> impl IntoView {
    let Page { items, next } = page;
    let more = next.map(|cursor| view! { <p><a class="button" href=path(&cursor)>"More clients"</a></p> });
    if items.is_empty() {
        return view! { <p class="empty">"No client matches. Clients come from the NIM masters; refresh a master on the overview."</p> }.into_any();
    }
    view! {
        <form method="get" action="/campaigns/new">
        <div class="scroll">
            <table class="cards">
                <caption class="visually-hidden">"Clients"</caption>
                <thead>
                    <tr>
                        <th scope="col"><span class="visually-hidden">"For a campaign"</span></th>
                        <th scope="col">"Client"</th>
                        <th scope="col">"Level"</th>
                        <th scope="col">"rootvg"</th>
                        <th scope="col">"Bootlist"</th>
                        <th scope="col">"Free disks"</th>
                        <th scope="col">"Last migration"</th>
                        <th scope="col">"Answers"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{items.into_iter().map(|client| view! { <ClientRow client /> }).collect_view()}</tbody>
            </table>
        </div>
        <Permitted permission=Permission::Operate>
            <p class="chosen"><button type="submit">"Plan a campaign with the chosen clients"</button></p>
        </Permitted>
        </form>
        {more}
    }
    .into_any()
}

#[component]
fn ClientRow(client: Client) -> impl IntoView {
    let (id, name, label, reference) = (client.id, client.name.to_string(), client.label(), client.reference());
    let client = RwSignal::new(client);
    let (launch, migrate) = (format!("/launch?client={id}"), format!("Migrate {label}"));
    let choose = format!("Choose {label}");
    let cells = move || client.with(|client| view! { <ClientCells client=client.clone() /> });
    let listed = move || client.with(|client| client.missing_since.is_none());
    view! {
        <tr data-client=name data-id=id.to_string()>
            <td class="choose">
                {move || listed().then(|| view! { <input type="checkbox" name="clients" value=reference.clone() aria-label=choose.clone() /> })}
            </td>
            <th scope="row" data-label="Client">
                <a href=format!("/clients/{id}")>{label}</a>
                <span class="small">{client.with_untracked(|client| client.master.to_string())}</span>
            </th>
            {cells}
            <td class="row-actions">
                {move || listed().then(|| {
                    let (launch, migrate) = (launch.clone(), migrate.clone());
                    view! {
                        <Permitted permission=Permission::Operate>
                            <a class="button" href=launch.clone() aria-label=migrate.clone()>"Migrate"</a>
                        </Permitted>
                    }
                })}
                <RefreshClient client />
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn ClientCells(client: Client) -> impl IntoView {
    let free = client.disks.iter().filter(|disk| client.disk_use(disk) == DiskUse::Free);
    let level =
        client.level.map_or_else(|| ("–".to_owned(), String::new()), |level| (level.spoken(), level.to_string()));
    let last = client.last_migration.as_ref().map(|last| {
        view! { <a href=format!("/migrations/{}", last.id)><StateBadge state=last.state /></a> <span class="small"><When at=last.requested_at /></span> }
    });
    view! {
        <td data-label="Level">{level.0} <code class="small">{level.1}</code></td>
        <td data-label="rootvg" class="machine">{joined(client.rootvg.iter().map(ToString::to_string))}</td>
        <td data-label="Bootlist" class="machine">{joined(aix::bootlist::devices(&client.bootlist).into_iter().map(str::to_owned))}</td>
        <td data-label="Free disks" class="machine">{joined(free.map(|disk| disk.disk.to_string()))}</td>
        <td data-label="Last migration">{last} {client.last_migration.is_none().then_some("–")}</td>
        <td data-label="Answers"><Missing since=client.missing_since /> <HostState unreachable=client.unreachable.clone() refreshed_at=client.refreshed_at /></td>
    }
    .into_any()
}
