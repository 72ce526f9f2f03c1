//! Migrations in a list.

use super::{clock::When, phase_strip::SummaryStrip, state_badge::StateBadge, watch::WatchBadges};
use crate::{
    format,
    model::{MigrationSummary, Operation},
};
use leptos::prelude::*;

/// From which level to which, as far as known.
#[must_use]
pub(crate) fn levels(migration: &MigrationSummary) -> String {
    if migration.operation == Operation::Synchronise {
        return "bos.alt_disk_install".to_owned();
    }
    let from = migration.from_level.map_or_else(|| "?".to_owned(), |level| level.spoken());
    let to = migration.to_level.as_deref().map_or_else(|| "?".to_owned(), format::level);
    format!("{from} → {to}")
}

/// A table of migrations; `empty` is said instead where there are none.
#[component]
pub(crate) fn MigrationTable(
    migrations: Vec<MigrationSummary>,
    #[prop(into)] caption: String,
    empty: &'static str,
) -> impl IntoView {
    if migrations.is_empty() {
        return view! { <p class="empty">{empty}</p> }.into_any();
    }
    let rows = migrations
        .into_iter()
        .map(|migration| {
            let href = format!("/migrations/{}", migration.id);
            view! {
                <tr data-migration=migration.id.to_string()>
                    <th scope="row" data-label="Client"><a href=href>{migration.label()}</a>
                        {(migration.operation != Operation::Migrate).then(|| view! { <span class="reason">{migration.operation.title()}</span> })}
                    </th>
                    <td data-label="State">
                        <StateBadge state=migration.state />
                        {migration.reason.clone().map(|reason| view! { <span class="reason">{reason}</span> })}
                        <WatchBadges signals=migration.signals.clone() interlocks=migration.interlocks.clone() />
                    </td>
                    <td data-label="Levels">{levels(&migration)}</td>
                    <td data-label="Phase"><SummaryStrip migration=migration.clone() /></td>
                    <td data-label="Requested"><When at=migration.requested_at /> " " <span class="by">{migration.requested_by.clone()}</span></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scroll">
            <table class="cards">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Client"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Levels"</th>
                        <th scope="col">"Phase"</th>
                        <th scope="col">"Requested (UTC)"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
