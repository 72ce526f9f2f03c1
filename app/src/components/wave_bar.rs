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
    // Drawn, because the pages' policy lets no element bring a style of its own.
    let mut x = 0;
    let bar = parts
        .into_iter()
        .map(|(tone, count, _)| {
            let from = x;
            x += count;
            view! { <rect data-tone=tone x=from y="0" width=count height="1" /> }
        })
        .collect_view();
    view! {
        <svg class="wave-bar" viewBox=format!("0 0 {} 1", wave.members.max(1)) preserveAspectRatio="none" aria-hidden="true" focusable="false">
            {bar}
        </svg>
        <span class="small">{words.join(", ")}</span>
    }
    .into_any()
}
