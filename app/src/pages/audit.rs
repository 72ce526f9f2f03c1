//! The record of who did what.

use super::query;
use crate::{
    api,
    components::{clock::When, fields::QueryField, loaded::loaded},
    model::{AuditEntry, AuditFilter, Page},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The particulars of an entry in one line, `client=lpar71 disk=hdisk1`.
fn particulars(detail: &serde_json::Value) -> String {
    use serde_json::Value;
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match detail {
        Value::Null => String::new(),
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !value.is_null());
            said.map(|(name, value)| format!("{name}={}", word(value))).collect::<Vec<_>>().join("  ")
        }
        other => word(other),
    }
}

/// The page.
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let params = use_query_map();
    let filter = move || {
        params.with(|query| AuditFilter {
            actor: query::text(query, "actor"),
            action: query::text(query, "action"),
            subject: query::text(query, "subject"),
            since: query::time(query, "since"),
            cursor: query::text(query, "cursor"),
            limit: None,
        })
    };
    let entries = Resource::new(filter, api::audit);
    let first = params.get_untracked();
    view! {
        <Title text="Audit – nimdeck" />
        <div class="page-head"><h1>"Audit"</h1></div>
        <form class="filters" method="get" action="/audit" role="search" aria-label="Filter the record">
            <QueryField name="actor" label="Actor" value=query::text(&first, "actor") />
            <QueryField name="action" label="Action starts with" value=query::text(&first, "action") />
            <QueryField name="subject" label="Subject starts with" value=query::text(&first, "subject") />
            <QueryField name="since" label="Since (UTC)" value=query::text(&first, "since") kind="date" />
            <button type="submit">"Filter"</button>
        </form>
        {loaded(entries, move |page| {
            let Page { items, next } = page;
            let more = next.map(|cursor| params.with_untracked(|query| query::next_page("/audit", query, "cursor", &cursor)));
            view! {
                <Entries entries=items />
                {more.map(|href| view! { <p><a class="button" href=href>"Earlier entries"</a></p> })}
            }
        })}
    }
    .into_any()
}

#[component]
fn Entries(entries: Vec<AuditEntry>) -> impl IntoView {
    if entries.is_empty() {
        return view! { <p class="empty">"No entry matches."</p> }.into_any();
    }
    let rows = entries
        .into_iter()
        .map(|entry| {
            let link = entry.subject.strip_prefix("migration:").map(|id| format!("/migrations/{id}"));
            let link = link.or_else(|| entry.subject.strip_prefix("client:").map(|name| format!("/clients/{name}")));
            let subject = match link {
                Some(href) => view! { <a href=href>{entry.subject.clone()}</a> }.into_any(),
                None => view! { <span>{entry.subject.clone()}</span> }.into_any(),
            };
            view! {
                <tr>
                    <td data-label="No." class="number">{entry.seq}</td>
                    <td data-label="When (UTC)"><When at=entry.at /></td>
                    <td data-label="Who">{entry.actor}</td>
                    <th scope="row" data-label="What">{entry.action}</th>
                    <td data-label="On what" class="machine subject">{subject}</td>
                    <td data-label="Particulars" class="machine particulars">{particulars(&entry.detail)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scroll">
            <table class="cards">
                <caption class="visually-hidden">"The record, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"No."</th>
                        <th scope="col">"When (UTC)"</th>
                        <th scope="col">"Who"</th>
                        <th scope="col">"What"</th>
                        <th scope="col">"On what"</th>
                        <th scope="col">"Particulars"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particulars_are_one_line_without_json_quotes() {
        let detail = serde_json::json!({"client": "lpar71", "reason": null, "warnings": 2});
        assert_eq!(particulars(&detail), "client=lpar71  warnings=2");
        assert_eq!(particulars(&serde_json::Value::Null), "");
    }
}
