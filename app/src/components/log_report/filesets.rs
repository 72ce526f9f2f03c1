//! The rows of a log's Installation Summaries: what did not go in first, everything on demand.

use crate::{components::state_badge::Shape, format};
use aix::log::FilesetResult;
use leptos::{html, prelude::*};
use std::collections::HashSet;

/// Rows that are shown at a time; the filter finds the others.
const SHOWN: usize = 200;

/// Rows whose name, level or result has every one of the words in it.
fn matching<'a>(rows: &'a [FilesetResult], filter: &str) -> impl Iterator<Item = &'a FilesetResult> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    rows.iter().filter(move |row| {
        let text = format!("{} {} {} {} {}", row.name, row.level, row.part, row.event, row.result).to_lowercase();
        words.iter().all(|word| text.contains(word))
    })
}

/// What did not go in, each once: the rows, and the names that have none.
fn unsuccessful(rows: &[FilesetResult], failed: &[String], cancelled: &[String]) -> Vec<FilesetResult> {
    let mut found: Vec<FilesetResult> = rows.iter().filter(|row| row.result != "SUCCESS").cloned().collect();
    // A log may have thousands of names and of rows.
    let known: HashSet<(&str, &str)> = rows.iter().map(|row| (row.name.as_str(), row.result.as_str())).collect();
    for (names, result) in [(failed, "FAILED"), (cancelled, "CANCELLED")] {
        for name in names {
            if !known.contains(&(name.as_str(), result)) {
                let none = String::new;
                found.push(FilesetResult {
                    name: name.clone(),
                    level: none(),
                    part: none(),
                    event: none(),
                    result: result.to_owned(),
                });
            }
        }
    }
    found.sort_by_key(|row| row.result != "FAILED");
    found
}

/// The filesets; nothing where the log has no summary.
#[component]
pub(crate) fn Filesets(
    /// Every row.
    rows: Vec<FilesetResult>,
    /// Rows that were too many to keep.
    left_out: u64,
    /// Names of filesets that FAILED.
    failed: Vec<String>,
    /// Names of filesets that were CANCELLED.
    cancelled: Vec<String>,
) -> impl IntoView {
    let bad = unsuccessful(&rows, &failed, &cancelled);
    if rows.is_empty() && bad.is_empty() {
        return ().into_any();
    }
    let bad = (!bad.is_empty()).then(|| {
        let count = bad.len();
        let rows = bad.into_iter().take(SHOWN).map(|row| view! { <Row row /> }).collect_view();
        view! {
            <p><b>{format!("{} did not go in:", format::counted(count as u64, "filesets"))}</b></p>
            <Table caption="Filesets that failed or were cancelled" rows=rows.into_any() />
        }
    });
    let all = (!rows.is_empty()).then(|| view! { <AllRows rows left_out /> });
    view! {
        <section aria-labelledby="h-filesets" data-testid="filesets">
            <h2 id="h-filesets">"Installation Summaries"</h2>
            {bad}
            {all}
        </section>
    }
    .into_any()
}

/// All rows, made only once somebody asks for them.
#[component]
fn AllRows(rows: Vec<FilesetResult>, left_out: u64) -> impl IntoView {
    let title = format!("All {}", format::counted(rows.len() as u64, "rows"));
    let rows = StoredValue::new(rows);
    let open = RwSignal::new(false);
    let filter = RwSignal::new(String::new());
    let details: NodeRef<html::Details> = NodeRef::new();
    let toggled = move |_| {
        if let Some(details) = details.get_untracked() {
            open.set(details.open());
        }
    };
    let shown = move || {
        filter.with(|filter| {
            rows.with_value(|rows| {
                let count = matching(rows, filter).count();
                let found: Vec<_> = matching(rows, filter).take(SHOWN).cloned().collect();
                let said = match count {
                    0 => "No row matches.".to_owned(),
                    count if count > SHOWN => {
                        format!("The first {SHOWN} of {count} rows; the filter finds the others.")
                    }
                    count => format::counted(count as u64, "rows"),
                };
                let table = found.into_iter().map(|row| view! { <Row row /> }).collect_view().into_any();
                view! {
                    <p class="small" role="status">{said}</p>
                    <Table caption="Rows of the Installation Summaries" rows=table />
                }
            })
        })
    };
    view! {
        <details class="more" node_ref=details on:toggle=toggled>
            <summary>{title}</summary>
            {move || open.get().then(|| view! {
                <label class="field rows-filter">
                    <span>"Filter"</span>
                    <input type="search" autocomplete="off" placeholder="bos.net failed"
                        on:input:target=move |ev| filter.set(ev.target().value()) />
                </label>
                {shown}
            })}
            {(left_out > 0).then(|| view! { <p class="small">{format!("{left_out} more rows were too many to keep.")}</p> })}
        </details>
    }
    .into_any()
}

#[component]
fn Table(caption: &'static str, rows: AnyView) -> impl IntoView {
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=caption>
            <table class="cards">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr><th scope="col">"Fileset"</th><th scope="col">"Level"</th><th scope="col">"Part"</th><th scope="col">"Event"</th><th scope="col">"Result"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(row: FilesetResult) -> impl IntoView {
    let FilesetResult { name, level, part, event, result } = row;
    let slug = match result.as_str() {
        "SUCCESS" => "pass",
        "FAILED" => "block",
        _ => "warn",
    };
    view! {
        <tr data-verdict=slug>
            <th scope="row" class="machine" data-label="Fileset">{name}</th>
            <td class="machine" data-label="Level">{level}</td>
            <td data-label="Part">{part}</td>
            <td data-label="Event">{event}</td>
            <td data-label="Result" class="fileset-result"><span><Shape tone=slug />" "{result}</span></td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, result: &str) -> FilesetResult {
        let [name, level, part, event, result] = [name, "7.3.3.1", "USR", "APPLY", result].map(str::to_owned);
        FilesetResult { name, level, part, event, result }
    }

    #[test]
    fn failures_come_first_and_each_once() {
        let rows = [row("bos.a", "SUCCESS"), row("bos.b", "CANCELLED"), row("bos.c", "FAILED")];
        let failed = ["bos.c".to_owned(), "bos.d".to_owned()];
        let seen: Vec<_> = unsuccessful(&rows, &failed, &["bos.b".to_owned()]);
        let seen: Vec<_> = seen.iter().map(|row| (row.name.as_str(), row.result.as_str())).collect();
        assert_eq!(seen, [("bos.c", "FAILED"), ("bos.d", "FAILED"), ("bos.b", "CANCELLED")]);
    }

    #[test]
    fn every_word_of_the_filter_must_match() {
        let rows = [row("bos.net.tcp", "SUCCESS"), row("bos.net.nfs", "FAILED"), row("X11.base", "FAILED")];
        assert_eq!(matching(&rows, "NET failed").map(|row| row.name.as_str()).collect::<Vec<_>>(), ["bos.net.nfs"]);
        assert_eq!(matching(&rows, "  ").count(), 3);
    }
}
