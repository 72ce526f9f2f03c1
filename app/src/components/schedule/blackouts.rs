//! Blackouts: times in which nothing begins.

use super::{Shown, remove::RemoveDialog, words::minute};
use crate::{
    api,
    components::{
        clock::{browser_now, clock},
        fields::{SelectField, TextField},
        form_dialog::{Form, FormDialog},
        frame::Permitted,
        start_time::{TimeField, utc},
    },
    model::{Blackout, NewBlackout, Permission, Timestamp},
};
use leptos::prelude::*;

/// The list, and the dialogs that change it.
#[component]
pub(crate) fn Blackouts(shown: Shown) -> impl IntoView {
    let form = Form::new();
    let question = Form::new();
    let removed = RwSignal::new(None::<Blackout>);
    let blackouts = Memo::new(move |_| shown.schedule.with(|schedule| schedule.blackouts.clone()));
    let remove = Callback::new(move |()| {
        let Some(blackout) = removed.get_untracked() else { return };
        question.send(api::remove_blackout(blackout.id), move |()| {
            shown.changed(format!("The blackout {} is removed.", blackout.reason));
        });
    });
    let ask = Callback::new(move |blackout: Blackout| {
        removed.set(Some(blackout));
        question.open();
    });
    let title = Signal::derive(move || {
        let reason = removed.with(|removed| removed.as_ref().map(|blackout| blackout.reason.clone()));
        format!("Remove the blackout {}", reason.unwrap_or_default())
    });
    let table = move || {
        let blackouts = blackouts.get();
        if blackouts.is_empty() {
            return view! { <p class="empty">"No blackout."</p> }.into_any();
        }
        view! {
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Blackouts that are not over, by their start"</caption>
                <thead><tr>
                    <th scope="col">"Why"</th><th scope="col">"From (UTC)"</th><th scope="col">"Until (UTC)"</th>
                    <th scope="col">"For"</th><th scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr></thead>
                <tbody>{blackouts.into_iter().map(|blackout| view! { <Row blackout ask /> }).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="blackouts">
            <div class="section-head">
                <h2 id="blackouts">"Blackouts"</h2>
                <Permitted permission=Permission::Administer>
                    <button type="button" on:click=move |_| form.open()>"Add a blackout"</button>
                </Permitted>
            </div>
            <p class="hint">"Nothing is started or cut over in them, whatever its window says. What runs goes on."</p>
            {table}
            <Permitted permission=Permission::Administer>
                <BlackoutForm form shown />
                <RemoveDialog form=question title effect="What waits for its end may begin as soon as everything else allows it." on_submit=remove />
            </Permitted>
        </section>
    }
    .into_any()
}

#[component]
fn Row(blackout: Blackout, ask: Callback<Blackout>) -> impl IntoView {
    let clock = clock();
    let (from, until) = (blackout.starts_at, blackout.ends_at);
    let now = move || {
        let now = clock.now()?;
        (from.unix_millis() <= now && now < until.unix_millis())
            .then(|| view! { <span class="badge plain-badge" data-tone="attention">"Now"</span> })
    };
    let for_whom = blackout.master.as_ref().map_or_else(|| "all masters".to_owned(), ToString::to_string);
    let reason = blackout.reason.clone();
    let removed = StoredValue::new(blackout);
    view! {
        <tr data-blackout=reason>
            <th scope="row" data-label="Why">{reason.clone()} " " {now}</th>
            <td data-label="From (UTC)" class="number">{minute(from)}</td>
            <td data-label="Until (UTC)" class="number">{minute(until)}</td>
            <td data-label="For">{for_whom}</td>
            <td class="row-actions">
                <Permitted permission=Permission::Administer>
                    <button type="button" aria-label=removed.with_value(|blackout| format!("Remove {}", blackout.reason))
                        on:click=move |_| ask.run(removed.get_value())>"Remove"</button>
                </Permitted>
            </td>
        </tr>
    }
    .into_any()
}

/// A time that must be given.
fn given(form: Form, field: &'static str, text: RwSignal<String>) -> Option<Timestamp> {
    match text.with_untracked(|text| utc(text)) {
        Ok(Some(at)) => Some(at),
        Ok(None) => {
            form.refuse(field, "give a date and a time");
            None
        }
        Err(why) => {
            form.refuse(field, why);
            None
        }
    }
}

#[component]
fn BlackoutForm(form: Form, shown: Shown) -> impl IntoView {
    let empty = || RwSignal::new(String::new());
    let (reason, starts_at, ends_at, master) = (empty(), empty(), empty(), empty());
    let send = Callback::new(move |()| {
        let Some(from) = given(form, "starts_at", starts_at) else { return };
        let Some(until) = given(form, "ends_at", ends_at) else { return };
        if from < until && until.unix_millis() <= browser_now() {
            form.refuse("ends_at", "is over already");
            return;
        }
        let only = Some(master.get_untracked()).filter(|name| !name.is_empty());
        let new = NewBlackout { reason: reason.get_untracked(), starts_at: from, ends_at: until, master: only };
        form.send(api::add_blackout(new), move |blackout| {
            for field in [reason, starts_at, ends_at, master] {
                field.set(String::new());
            }
            shown.changed(format!("The blackout {} is stored.", blackout.reason));
        });
    });
    let masters = move || {
        let names = shown.masters.with(|masters| {
            masters.iter().map(|master| (master.name.to_string(), master.name.to_string())).collect::<Vec<_>>()
        });
        view! { <SelectField label="Only for the clients of" value=master options=names none="All masters" /> }
    };
    view! {
        <FormDialog form title="Add a blackout" submit="Add it" fields=&["reason", "starts_at", "ends_at"] on_submit=send>
            <TextField label="Why" value=reason required=true hint="Whoever waits is told" complaint=form.complaint("reason") />
            <TimeField label="From" value=starts_at required=true complaint=form.complaint("starts_at") />
            <TimeField label="Until" value=ends_at required=true complaint=form.complaint("ends_at") />
            {masters}
        </FormDialog>
    }
    .into_any()
}
