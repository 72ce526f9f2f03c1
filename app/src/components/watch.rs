//! What nimdeck noticed by itself: notices on a migration's page, badges in lists. The state is another matter, and shown apart.

use super::{clock::When, state_badge::Shape};
use crate::model::{Gravity, Interlock, Migration, Signal};
use leptos::prelude::*;

fn tone(severity: Gravity) -> &'static str {
    match severity {
        Gravity::Warn => "attention",
        Gravity::Alarm => "bad",
    }
}

/// Every finding and signal of a migration, the worst first; where there are none it takes no room.
#[component]
pub(crate) fn WatchNotices(migration: RwSignal<Migration>) -> impl IntoView {
    // Log lines and phases change the migration all the time, and a notice that is drawn anew is read out anew.
    let found = Memo::new(move |_| {
        migration.with(|migration| {
            let mut interlocks = migration.interlocks.clone();
            interlocks.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            (interlocks, migration.signals.clone())
        })
    });
    let notices = move || {
        let (interlocks, signals) = found.get();
        let interlocks = interlocks.into_iter().map(|finding| {
            view! {
                <div class="notice" data-tone=tone(finding.severity) data-testid="interlock">
                    <p><b>{finding.kind.title()}": "</b> {finding.text}</p>
                    <p>{finding.advice} <span class="small">" Since " <When at=finding.since /> " UTC."</span></p>
                </div>
            }
        });
        let signals = signals.into_iter().map(|signal| {
            view! {
                <div class="notice" data-tone="attention" data-testid="signal">
                    <p><b>{signal.kind.title()}": "</b> {signal.text}</p>
                </div>
            }
        });
        (interlocks.collect_view(), signals.collect_view())
    };
    view! { <div class="watched" role="status" aria-live="polite">{notices}</div> }.into_any()
}

/// A badge for each finding and signal of a migration in a list; its words are there when it is pointed at.
#[component]
pub(crate) fn WatchBadges(signals: Vec<Signal>, interlocks: Vec<Interlock>) -> impl IntoView {
    let interlocks = interlocks.into_iter().map(|found| (tone(found.severity), found.kind.title(), found.text));
    let signals = signals.into_iter().map(|signal| ("attention", signal.kind.title(), signal.text));
    let badges: Vec<_> = interlocks.chain(signals).collect();
    (!badges.is_empty()).then(|| {
        let badges = badges.into_iter().map(|(tone, title, text)| {
            view! { <span class="badge" data-tone=tone title=text><Shape tone />{title}</span> " " }
        });
        view! { <span class="watch-badges">{badges.collect_view()}</span> }
    })
}
