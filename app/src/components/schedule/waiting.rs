//! What waits for its turn, and the cutovers that wait for their time.

use super::{Shown, words::minute};
use crate::model::{PlannedCutover, Timestamp, Waiting};
use leptos::prelude::*;

/// What nobody has judged yet.
const SOON: &str = "Its turn is being looked at.";

/// What waits for its turn, and why.
#[component]
pub(crate) fn WaitingTable(shown: Shown) -> impl IntoView {
    let waiting = Memo::new(move |_| shown.schedule.with(|schedule| schedule.waiting.clone()));
    let row = |waiting: Waiting| {
        let place = match waiting.group {
            Some(group) => format!("{}, group {group}", waiting.master),
            None => waiting.master.to_string(),
        };
        view! {
            <tr data-waiting=waiting.subject.to_string()>
                <th scope="row" data-label="Client"><a href=format!("/migrations/{}", waiting.id)>{waiting.subject.to_string()}</a></th>
                <td data-label="Why it waits">{waiting.reason.unwrap_or_else(|| SOON.to_owned())}</td>
                <td data-label="Master">{place}</td>
                <td data-label="Asked for (UTC)">{minute(waiting.requested_at)} " " <span class="by">{waiting.requested_by}</span></td>
            </tr>
        }
    };
    let table = move || {
        let waiting = waiting.get();
        if waiting.is_empty() {
            return view! { <p class="empty">"Nothing waits."</p> }.into_any();
        }
        view! {
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Migrations that wait for their turn, in the order they were asked for"</caption>
                <thead><tr>
                    <th scope="col">"Client"</th><th scope="col">"Why it waits"</th><th scope="col">"Master"</th>
                    <th scope="col">"Asked for (UTC)"</th>
                </tr></thead>
                <tbody>{waiting.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="waiting">
            <h2 id="waiting">"Waiting for their turn"</h2>
            {table}
        </section>
    }
    .into_any()
}

/// When a planned cutover happens, in words.
#[must_use]
pub(crate) fn when(not_before: Option<Timestamp>, window: Option<&str>) -> String {
    match (not_before, window) {
        (Some(at), None) => format!("not before {} UTC", minute(at)),
        (None, Some(window)) => format!("in the maintenance window {window}"),
        (Some(at), Some(window)) => {
            format!("in the maintenance window {window}, not before {} UTC", minute(at))
        }
        (None, None) => "as soon as possible".to_owned(),
    }
}

/// Approved cutovers that wait for their time.
#[component]
pub(crate) fn PlannedTable(shown: Shown) -> impl IntoView {
    let planned = Memo::new(move |_| shown.schedule.with(|schedule| schedule.planned.clone()));
    let row = |planned: PlannedCutover| {
        let at = when(planned.not_before, planned.window.as_deref());
        view! {
            <tr data-planned=planned.client.to_string()>
                <th scope="row" data-label="Client"><a href=format!("/migrations/{}", planned.id)>{planned.client.to_string()}</a></th>
                <td data-label="When">{at} <span class="reason">{planned.reason.unwrap_or_else(|| SOON.to_owned())}</span></td>
                <td data-label="Master">{planned.master.to_string()}</td>
                <td data-label="Approved (UTC)">{minute(planned.approved_at)} " " <span class="by">{planned.approved_by}</span></td>
            </tr>
        }
    };
    let table = move || {
        let planned = planned.get();
        if planned.is_empty() {
            return view! {
                <p class="empty">"No cutover is planned. A cutover is given its time where it is approved: on the page of a migration whose clone is ready."</p>
            }
            .into_any();
        }
        view! {
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Cutovers that are approved and wait for their time"</caption>
                <thead><tr>
                    <th scope="col">"Client"</th><th scope="col">"When"</th><th scope="col">"Master"</th>
                    <th scope="col">"Approved (UTC)"</th>
                </tr></thead>
                <tbody>{planned.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="planned">
            <h2 id="planned">"Planned cutovers"</h2>
            {table}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_time_is_said_whole() {
        let at = Some(Timestamp::from_unix_millis(1_795_899_600_000));
        assert_eq!(when(at, None), "not before 2026-11-28 21:00 UTC");
        assert_eq!(when(None, Some("night")), "in the maintenance window night");
        assert_eq!(when(at, Some("night")), "in the maintenance window night, not before 2026-11-28 21:00 UTC");
    }
}
