//! A wave in numbers: a bar for the eye, words for everybody.

use crate::model::WaveSummary;
use leptos::prelude::*;

/// How the clients of a wave stand.
#[component]
pub(crate) fn WaveBar(wave: WaveSummary) -> impl IntoView {
    let parts = [
        ("good", wave.verified, "verified"),
        ("attention", wave.ready, "clone ready"),
        ("live", wave.running, "at work"),
        ("bad", wave.failed, "failed"),
        ("quiet", wave.left_out, "left out"),
        ("none", wave.waiting, "waiting"),
    ];
    let words: Vec<_> =
        parts.iter().filter(|(_, count, _)| *count > 0).map(|(_, count, word)| format!("{count} {word}")).collect();
    let bar = parts
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(tone, count, _)| view! { <span data-tone=tone style=format!("flex-grow:{count}")></span> })
        .collect_view();
    view! {
        <div class="wave-bar" aria-hidden="true">{bar}</div>
        <span class="small">{words.join(", ")}</span>
    }
    .into_any()
}
