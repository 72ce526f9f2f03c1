//! Launch a migration: choose the client, then everything it is told.

use super::{launch_form::LaunchForm, query};
use crate::{
    api,
    components::loaded::loaded,
    model::{Client, ClientFilter, LaunchOptions, Problem},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
enum Step {
    Choose(Vec<Client>),
    Fill(Box<LaunchOptions>),
}

async fn load(client: Option<String>) -> Result<Step, Problem> {
    Ok(match client {
        Some(client) => Step::Fill(Box::new(api::launch_options(client).await?)),
        None => Step::Choose(api::clients(ClientFilter { limit: Some(500), ..ClientFilter::default() }).await?.items),
    })
}

/// The page.
#[component]
pub(crate) fn LaunchPage() -> impl IntoView {
    let params = use_query_map();
    let step = Resource::new(move || params.with(|query| query::text(query, "client")), load);
    loaded(step, |step| match step {
        Step::Choose(clients) => Either::Left(view! { <Chooser clients /> }),
        Step::Fill(options) => Either::Right(view! { <LaunchForm options=*options /> }),
    })
}

#[component]
fn Chooser(clients: Vec<Client>) -> impl IntoView {
    let options = clients
        .into_iter()
        .map(|client| {
            let level = client.level.map_or_else(|| "level not read".to_owned(), |level| level.spoken());
            let name = client.name.to_string();
            view! { <option value=name>{format!("{name} – {level}")}</option> }
        })
        .collect_view();
    view! {
        <Title text="Launch – nimdeck" />
        <div class="page-head"><h1>"Launch a migration"</h1></div>
        <form class="filters" method="get" action="/launch" aria-label="Choose a client">
            <label class="field"><span>"Client"</span><select name="client" required>{options}</select></label>
            <button class="primary" type="submit">"Go on"</button>
        </form>
    }
    .into_any()
}
