//! Whether a host answers, with the reason where it does not.

use super::clock::When;
use crate::model::Timestamp;
use leptos::prelude::*;

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
