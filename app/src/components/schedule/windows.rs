//! Maintenance windows: when they are open, and who may change them.

use super::{
    Shown,
    remove::RemoveDialog,
    window_form::{Editor, WindowForm},
    words::{self, minute},
};
use crate::{
    api,
    components::{form_dialog::Form, frame::Permitted},
    model::{Opening, Permission, Schedule, Window},
};
use leptos::prelude::*;

/// What comes of removing a window: whom it leaves waiting.
fn effect(schedule: &Schedule, name: &str) -> String {
    let uses = |window: &Option<String>| window.as_deref() == Some(name);
    let listed = |clients: Vec<String>| clients.join(", ");
    let launches = schedule.waiting.iter().filter(|waiting| uses(&waiting.window));
    let launches = listed(launches.map(|waiting| waiting.subject.to_string()).collect());
    let cutovers = schedule.planned.iter().filter(|planned| uses(&planned.window));
    let cutovers = listed(cutovers.map(|planned| planned.client.to_string()).collect());
    let mut words = Vec::new();
    if !launches.is_empty() {
        words.push(format!(
            "Waiting for it to start: {launches}. Without it they stay queued until somebody starts or cancels them."
        ));
    }
    if !cutovers.is_empty() {
        words.push(format!(
            "Cutovers planned for it: {cutovers}. Take them back first, on the pages of their migrations."
        ));
    }
    if words.is_empty() {
        words.push(format!("Nothing waits for {name} now. Campaigns that name it cannot launch any more."));
    }
    words.join(" ")
}

/// The list, and the dialogs that change it.
#[component]
pub(crate) fn Windows(shown: Shown) -> impl IntoView {
    let editor = Editor::new();
    let question = Form::new();
    let removed = RwSignal::new(String::new());
    let windows = Memo::new(move |_| {
        shown.schedule.with(|schedule| {
            let of = |window: &Window| {
                let openings = schedule.openings.iter().filter(|opening| opening.window == window.name);
                (window.clone(), openings.cloned().collect::<Vec<_>>())
            };
            schedule.windows.iter().map(of).collect::<Vec<_>>()
        })
    });
    let remove = Callback::new(move |()| {
        let name = removed.get_untracked();
        question.send(api::remove_window(name.clone()), move |()| {
            shown.changed(format!("The maintenance window {name} is removed."));
        });
    });
    let ask = Callback::new(move |name: String| {
        removed.set(name);
        question.open();
    });
    let add = move |_| editor.add(shown);
    let table = move || {
        let windows = windows.get();
        if windows.is_empty() {
            return view! {
                <p class="empty">"No maintenance window yet: launches and cutovers begin as soon as everything else allows it."</p>
            }
            .into_any();
        }
        view! {
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Maintenance windows"</caption>
                <thead><tr>
                    <th scope="col">"Window"</th><th scope="col">"Open"</th><th scope="col">"Next"</th>
                    <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr></thead>
                <tbody>{windows.into_iter().map(|(window, openings)| view! { <Row window openings editor ask /> }).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="windows">
            <div class="section-head">
                <h2 id="windows">"Maintenance windows"</h2>
                <Permitted permission=Permission::Administer>
                    <button type="button" on:click=add>"Add a window"</button>
                </Permitted>
            </div>
            {table}
            <Permitted permission=Permission::Administer>
                <WindowForm editor shown />
                <RemoveDialog form=question title=Signal::derive(move || format!("Remove the window {}", removed.get()))
                    effect=Signal::derive(move || shown.schedule.with(|schedule| effect(schedule, &removed.get()))) on_submit=remove />
            </Permitted>
        </section>
    }
    .into_any()
}

#[component]
fn Row(window: Window, openings: Vec<Opening>, editor: Editor, ask: Callback<String>) -> impl IntoView {
    let name = window.name.to_string();
    let ranges = window.ranges.iter().map(|range| view! { <li>{words::range(range)}</li> }).collect_view();
    let next = openings
        .into_iter()
        .map(|opening| {
            let utc = opening.until.map(|until| format!("{} – {} UTC", minute(opening.from), minute(until)));
            view! { <li>{opening.local} {utc.map(|utc| view! { <span class="small">{utc}</span> })}</li> }
        })
        .collect_view();
    let state = if window.open { ("good", "Open now") } else { ("quiet", "Closed now") };
    let zone = window.time_zone.clone();
    let (change, remove) = (StoredValue::new(window), StoredValue::new(name.clone()));
    view! {
        <tr data-window=name>
            <th scope="row" data-label="Window">{name.clone()}</th>
            <td data-label="Open"><ul>{ranges}</ul> <span class="small">{zone}</span></td>
            <td data-label="Next">
                <span class="badge plain-badge" data-tone=state.0>{state.1}</span>
                <ul class="openings">{next}</ul>
            </td>
            <td class="row-actions">
                <Permitted permission=Permission::Administer>
                    <button type="button" aria-label=change.with_value(|window| format!("Change {}", window.name))
                        on:click=move |_| editor.change(&change.get_value())>"Change"</button>
                    <button type="button" aria-label=remove.with_value(|name| format!("Remove {name}"))
                        on:click=move |_| ask.run(remove.get_value())>"Remove"</button>
                </Permitted>
            </td>
        </tr>
    }
    .into_any()
}
