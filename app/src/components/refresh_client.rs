//! Reads a client again.

use super::{frame::Permitted, problem_box::ProblemBox};
use crate::{
    api,
    model::{Client, Permission, Problem},
};
use leptos::{prelude::*, task::spawn_local};

/// The button, for those who may, and what went wrong. The answer goes to `client`.
#[component]
pub(crate) fn RefreshClient(client: RwSignal<Client>) -> impl IntoView {
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    let refresh = move |_| {
        let id = client.with_untracked(|client| client.id.to_string());
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match api::refresh_client(id).await {
                Ok(after) => client.set(after),
                Err(refused) => problem.set(Some(refused)),
            }
            busy.set(false);
        });
    };
    let label = move || client.with(|client| format!("Refresh {}", client.name));
    view! {
        <Permitted permission=Permission::Operate>
            <button type="button" aria-label=label disabled=move || busy.get() on:click=refresh>
                {move || if busy.get() { "Reading…" } else { "Refresh" }}
            </button>
        </Permitted>
        {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
    }
    .into_any()
}
