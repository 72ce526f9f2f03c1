//! When something may begin: what waits and why, the windows, blackouts and limits that decide. Follows the fleet's events.

use crate::{
    api,
    components::{
        fleet::on_change,
        loaded::loaded,
        schedule::{
            Shown,
            blackouts::Blackouts,
            groups::Groups,
            masters::Masters,
            waiting::{PlannedTable, WaitingTable},
            windows::Windows,
        },
    },
    model::{Master, Problem, Schedule},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

async fn load() -> Result<(Schedule, Vec<Master>), Problem> {
    Ok((api::schedule().await?, api::masters().await?.items))
}

/// The page.
#[component]
pub(crate) fn SchedulePage() -> impl IntoView {
    let data = Resource::new(|| (), |()| load());
    view! {
        <Title text="Schedule – nimdeck" />
        <div class="page-head"><h1>"Schedule"</h1></div>
        {loaded(data, |(schedule, masters)| view! { <Sections schedule masters /> })}
    }
    .into_any()
}

#[component]
fn Sections(schedule: Schedule, masters: Vec<Master>) -> impl IntoView {
    let (schedule, masters) = (RwSignal::new(schedule), RwSignal::new(masters));
    let reread = Callback::new(move |()| {
        spawn_local(async move {
            // What could not be read is read at the next event; the page shows what it knows until then.
            if let Ok((now, known)) = load().await {
                schedule.try_set(now);
                masters.try_set(known);
            }
        });
    });
    on_change(move || reread.run(()));
    let shown = Shown::new(schedule, masters, reread);
    view! {
        <p class="lead schedule-lead">
            "A launch or a planned cutover begins when no blackout forbids it and its own time and maintenance window have come. A launch also \
             waits for a place on its master, for its group, and for space in the cache."
        </p>
        <p class="visually-hidden" role="status">{move || shown.said()}</p>
        <WaitingTable shown />
        <PlannedTable shown />
        <Windows shown />
        <Blackouts shown />
        <Groups shown />
        <Masters shown />
    }
    .into_any()
}
