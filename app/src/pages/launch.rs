//! Launch a migration: choose the client, then everything it is told.

use super::{launch_form::LaunchForm, query};
use crate::{
    api,
    components::loaded::loaded,
    model::{Client, ClientFilter, LaunchFor, LaunchOptions, Master, Problem},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
enum Step {
    Choose(Vec<Client>, Vec<Master>),
    Fill(Box<LaunchOptions>),
}

async fn load(wanted: Option<LaunchFor>) -> Result<Step, Problem> {
    Ok(match wanted {
        Some(wanted) => Step::Fill(Box::new(api::launch_options(wanted).await?)),
        None => {
            let filter = ClientFilter { missing: Some(false), limit: Some(500), ..ClientFilter::default() };
            let clients = api::clients(filter).await?.items;
            Step::Choose(clients, api::masters().await?.items)
        }
    })
}

fn wanted(query: &ParamsMap) -> Option<LaunchFor> {
    match (query::text(query, "client"), query::text(query, "master")) {
        (Some(client), Some(master)) => Some(LaunchFor::Client(format!("{master}/{client}"))),
        (Some(client), None) => Some(LaunchFor::Client(client)),
        (None, master) => master.map(LaunchFor::Master),
    }
}

/// The page.
#[component]
pub(crate) fn LaunchPage() -> impl IntoView {
    let params = use_query_map();
    let step = Resource::new(move || params.with(wanted), load);
    loaded(step, |step| match step {
        Step::Choose(clients, masters) => Either::Left(view! { <Chooser clients masters /> }),
        Step::Fill(options) => Either::Right(view! { <LaunchForm options=*options /> }),
    })
}

#[component]
fn Chooser(clients: Vec<Client>, masters: Vec<Master>) -> impl IntoView {
    let options = clients
        .into_iter()
        .map(|client| {
            let level = client.level.map_or_else(|| "level not read".to_owned(), |level| level.spoken());
            view! { <option value=client.id.to_string()>{format!("{} – {level}", client.label())}</option> }
        })
        .collect_view();
    let masters = masters
        .into_iter()
        .map(|master| {
            let name = master.name.to_string();
            view! { <option value=name>{name.clone()}</option> }
        })
        .collect_view();
    view! {
        <Title text="Launch – nimdeck" />
        <div class="page-head"><h1>"Launch a migration"</h1></div>
        <form class="filters" method="get" action="/launch" aria-label="Choose a client">
            <label class="field"><span>"Client"</span><select name="client" required>{options}</select></label>
            <button class="primary" type="submit">"Go on"</button>
        </form>
        <h2>"Without a client"</h2>
        <p class="hint">"Migrate a mksysb into a new mksysb, or bring bos.alt_disk_install of a SPOT and an lpp_source to the master’s level."</p>
        <form class="filters" method="get" action="/launch" aria-label="Choose a master">
            <label class="field"><span>"NIM master"</span><select name="master" required>{masters}</select></label>
            <button type="submit">"Go on"</button>
        </form>
    }
    .into_any()
}
