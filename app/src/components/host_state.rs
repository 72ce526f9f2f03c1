//! Whether a host answers, with the reason where it does not; and whether NIM lists it.

use super::clock::When;
use crate::model::Timestamp;
use leptos::prelude::*;

/// That NIM no longer lists a client, and since when; nothing where it does.
#[component]
pub(crate) fn Missing(since: Option<Timestamp>) -> impl IntoView {
    since.map(|since| {
        view! {
            <span class="host" data-tone="bad" data-missing="true">
                <span class="host-word">"Missing"</span>
                <span class="host-when">"not listed by NIM since " <When at=since /></span>
            </span>
        }
    })
}

/// Reachable, or why not; with when it last answered.
#[component]
pub(crate) fn HostState(
    #[prop(into)] unreachable: Option<String>,
    #[prop(into)] refreshed_at: Option<Timestamp>,
) -> impl IntoView {
    let word = match (&unreachable, refreshed_at) {
        (Some(_), _) => ("bad", "Unreachable"),
        (None, Some(_)) => ("good", "Reachable"),
        (None, None) => ("quiet", "Not read yet"),
    };
    view! {
        <span class="host" data-tone=word.0>
            <span class="host-word">{word.1}</span>
            {unreachable.map(|reason| view! { <span class="host-reason">{reason}</span> })}
            <span class="host-when">"read " <When at=refreshed_at /></span>
        </span>
    }
    .into_any()
}
