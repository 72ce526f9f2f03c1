//! One client: its disks, its bootlist, its migrations.

use super::query;
use crate::{
    api,
    components::{
        disk_map::DiskMap,
        frame::Permitted,
        host_state::{HostState, Missing},
        import_table::ImportTable,
        loaded::loaded,
        migration_table::MigrationTable,
        refresh_client::RefreshClient,
    },
    format,
    model::{Client, ImportFilter, ImportedSummary, MigrationFilter, MigrationSummary, Permission, Problem},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

async fn load(wanted: String) -> Result<(Client, Vec<MigrationSummary>, Vec<ImportedSummary>), Problem> {
    let client = api::client(wanted).await?;
    // By id: another master may have a client of this name.
    let id = Some(client.id.to_string());
    let filter = MigrationFilter { client: id.clone(), limit: Some(10), ..MigrationFilter::default() };
    let migrations = api::migrations(filter).await?.items;
    let filter = ImportFilter { client: id, limit: Some(10), ..ImportFilter::default() };
    let imports = api::imports(filter).await?.items;
    Ok((client, migrations, imports))
}

/// The page.
#[component]
pub(crate) fn ClientPage() -> impl IntoView {
    let (params, given) = (use_params_map(), use_query_map());
    let wanted = move || {
        let client = params.with(|params| params.get("name").unwrap_or_default());
        match given.with(|given| query::text(given, "master")) {
            Some(master) => format!("{master}/{client}"),
            None => client,
        }
    };
    let data = Resource::new(wanted, load);
    loaded(data, |(client, migrations, imports)| view! { <ClientView client migrations imports /> })
}

/// What is unusual about this client.
#[component]
fn Notices(client: RwSignal<Client>) -> impl IntoView {
    let missing = move || {
        let (missing, master) = client.with(|client| (client.missing_since.is_some(), client.master.to_string()));
        missing.then(|| view! {
            <p class="notice" data-tone="bad" data-testid="missing">{format!(
                "{master} no longer lists this client. It keeps its group and its history. It cannot be migrated until NIM lists it again: define it there, then refresh it here."
            )}</p>
        })
    };
    let ambiguous = move || {
        let (ambiguous, master) = client.with(|client| (client.ambiguous, client.master.to_string()));
        ambiguous.then(|| view! {
            <p class="notice" data-tone="attention">{format!("Another NIM master has a client of this name. This page is about the one of {master}.")}</p>
        })
    };
    view! { {missing} {ambiguous} }
}

#[component]
fn ClientView(client: Client, migrations: Vec<MigrationSummary>, imports: Vec<ImportedSummary>) -> impl IntoView {
    let (id, name, label) = (client.id, client.name.to_string(), client.label());
    let client = RwSignal::new(client);
    let listed = move || client.with(|client| client.missing_since.is_none());
    let migrate = StoredValue::new(format!("Migrate {name}"));
    let facts = move || {
        client.with(|client| {
        let level = client.level.map_or_else(|| "not read yet".to_owned(), |level| format!("{} ({level})", level.spoken()));
        let used = client.rootvg_used.map_or_else(|| "not read yet".to_owned(), format::mib);
        view! {
            <dl class="facts">
                <div><dt>"Level"</dt><dd>{level}</dd></div>
                <div><dt>"Master"</dt><dd>{client.master.to_string()}</dd></div>
                <div><dt>"rootvg in use"</dt><dd>{used}</dd></div>
                <div><dt>"NIM state"</dt><dd>{client.cstate.clone().unwrap_or_else(|| "not read yet".to_owned())}</dd></div>
                <div><dt>"Answers"</dt><dd><Missing since=client.missing_since /> <HostState unreachable=client.unreachable.clone() refreshed_at=client.refreshed_at /></dd></div>
            </dl>
        }
    })
    };
    let boot = move || {
        client.with(|client| {
            client
                .bootlist
                .iter()
                .map(|boot| {
                    let blv = boot.blv.as_ref().map(|blv| format!(" blv={blv}")).unwrap_or_default();
                    let path = boot.pathid.map(|path| format!(" pathid={path}")).unwrap_or_default();
                    view! { <li>{format!("{}{blv}{path}", boot.device)}</li> }
                })
                .collect_view()
        })
    };
    view! {
        <Title text=format!("{label} – nimdeck") />
        <div class="page-head">
            <h1>{label}</h1>
            <div class="page-actions">
                <RefreshClient client />
                {move || listed().then(|| view! {
                    <Permitted permission=Permission::Operate>
                        <a class="button primary" href=format!("/launch?client={id}")>{migrate.get_value()}</a>
                    </Permitted>
                })}
            </div>
        </div>
        <Notices client />
        {facts}
        <section aria-labelledby="h-disks"><h2 id="h-disks">"Disks"</h2> {move || view! { <DiskMap client=client.get() /> }}</section>
        <section aria-labelledby="h-boot"><h2 id="h-boot">"Bootlist, normal mode"</h2><ol class="machine boot">{boot}</ol></section>
        <section aria-labelledby="h-last">
            <h2 id="h-last">"Migrations"</h2>
            <MigrationTable migrations caption="Migrations of this client" empty="This client was never migrated with nimdeck." />
        </section>
        {(!imports.is_empty()).then(|| view! {
            <section aria-labelledby="h-imports">
                <h2 id="h-imports">"Imported logs"</h2>
                <ImportTable imports caption="Imported logs of this client" />
            </section>
        })}
    }
    .into_any()
}
