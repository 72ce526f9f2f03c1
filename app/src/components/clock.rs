//! The clock of the page. It has no time until the page is hydrated: what the server renders may not depend on now.

use crate::model::Timestamp;
use leptos::prelude::*;
use std::time::Duration;

/// Milliseconds since 1970 by the browser's clock, once a second; none on the server and until hydration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(RwSignal<Option<i64>>);

impl Clock {
    /// The current time, tracked.
    #[must_use]
    pub(crate) fn now(self) -> Option<i64> {
        self.0.get()
    }
}

/// Starts the clock and provides it in context.
pub(crate) fn provide() {
    let now = RwSignal::new(None);
    provide_context(Clock(now));
    Effect::new(move || {
        now.set(Some(browser_now()));
        let tick = set_interval_with_handle(move || now.set(Some(browser_now())), Duration::from_secs(1));
        on_cleanup(move || {
            if let Ok(tick) = tick {
                tick.clear();
            }
        });
    });
}

/// The clock of this page.
#[must_use]
pub(crate) fn clock() -> Clock {
    use_context().unwrap_or_else(|| Clock(RwSignal::new(None)))
}

/// Milliseconds since 1970 by the browser's clock; only ever called in the browser.
#[must_use]
pub(crate) fn browser_now() -> i64 {
    js_sys::Date::now() as i64
}

/// A point in time in UTC, marked up as one; a dash where there is none.
#[component]
pub(crate) fn When(#[prop(into)] at: Option<Timestamp>) -> impl IntoView {
    match at {
        Some(at) => view! { <time datetime=at.to_string()>{at.readable()}</time> }.into_any(),
        None => view! { <span class="none">"–"</span> }.into_any(),
    }
}
