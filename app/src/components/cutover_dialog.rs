//! The approval of a cutover: now, not before a time, or in a maintenance window.

use super::{
    clock::browser_now,
    fields::TextField,
    form_dialog::{Form, FormDialog},
    start_time::{TimeField, WindowField, Windows, utc},
};
use crate::model::CutoverTime;
use leptos::prelude::*;

/// When it is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    NotBefore,
    InWindow,
}

/// What somebody has approved.
#[derive(Debug, Clone)]
pub(crate) struct Approval {
    /// When it happens.
    pub(crate) time: CutoverTime,
    /// Why, where that was said.
    pub(crate) reason: Option<String>,
    /// Sends it, and says there what was refused.
    pub(crate) form: Form,
}

/// A button that opens the question, and the question.
#[component]
pub(crate) fn CutoverButton(
    /// The words on the button.
    label: &'static str,
    /// What will happen, in full.
    #[prop(into)]
    effect: Signal<String>,
    /// What must be typed to confirm.
    #[prop(into)]
    type_this: String,
    /// No other action is under way.
    #[prop(into)]
    ready: Signal<bool>,
    /// Called with what was approved.
    on_confirm: Callback<Approval>,
) -> impl IntoView {
    let form = Form::new();
    let windows = Windows::unknown();
    let when = RwSignal::new(When::Now);
    let text = || RwSignal::new(String::new());
    let (not_before, window, typed, reason) = (text(), text(), text(), text());
    let open = move |_| {
        typed.set(String::new());
        windows.read();
        form.open();
    };
    let wanted = StoredValue::new(type_this.clone());
    let may = move || typed.with(|typed| wanted.with_value(|wanted| wanted == typed.trim()));
    let send = Callback::new(move |()| {
        let mut time = CutoverTime::default();
        match when.get_untracked() {
            When::Now => {}
            When::NotBefore => match not_before.with_untracked(|text| utc(text)) {
                Ok(Some(at)) if at.unix_millis() > browser_now() => time.not_before = Some(at),
                Ok(Some(_)) => return form.refuse("not_before", "has passed; choose Now, or a later time"),
                Ok(None) => return form.refuse("not_before", "give a date and a time"),
                Err(why) => return form.refuse("not_before", why),
            },
            When::InWindow => {
                let name = window.get_untracked();
                if name.is_empty() {
                    return form.refuse("window", "choose one");
                }
                time.window = Some(name);
            }
        }
        let reason = Some(reason.get_untracked()).filter(|reason| !reason.trim().is_empty());
        on_confirm.run(Approval { time, reason, form });
    });
    let choice = move |value: When, words: &'static str| {
        view! {
            <label class="check">
                <input type="radio" name="when" prop:checked=move || when.get() == value on:change=move |_| when.set(value) />
                <span>{words}</span>
            </label>
        }
    };
    let at_once = move || match when.get() {
        When::Now => true,
        When::NotBefore => false,
        When::InWindow => window.with(|name| windows.is_open(name)),
    };
    let open_now = move || {
        at_once().then(|| {
            view! { <p class="notice" data-tone="attention" role="status">"This window is open: the cutover begins at once."</p> }
        })
    };
    let details = move || match when.get() {
        When::Now => ().into_any(),
        When::NotBefore => view! {
            <TimeField label="Not before" value=not_before required=true complaint=form.complaint("not_before") />
        }
        .into_any(),
        When::InWindow => view! {
            <WindowField value=window windows none="Choose…" required=true complaint=form.complaint("window") />
            {open_now}
        }
        .into_any(),
    };
    let submit = Signal::derive(move || if at_once() { "Cut over" } else { "Plan the cutover" }.to_owned());
    view! {
        <button type="button" class="danger" disabled=move || !ready.get() on:click=open>{label}</button>
        <FormDialog form title=label submit danger=true ready=Signal::derive(may) fields=&["not_before", "window", "reason"] on_submit=send>
            <p>{effect}</p>
            <fieldset class="when">
                <legend>"When"</legend>
                {choice(When::Now, "Now")}
                {choice(When::NotBefore, "Not before a time")}
                {choice(When::InWindow, "In a maintenance window")}
                {details}
            </fieldset>
            <label class="field">
                <span>"Type " <b>{type_this}</b> " to confirm"</span>
                <input type="text" autocomplete="off" spellcheck="false" prop:value=typed
                    on:input:target=move |ev| typed.set(ev.target().value()) />
            </label>
            <TextField label="Reason, for the record (optional)" value=reason complaint=form.complaint("reason") />
        </FormDialog>
    }
    .into_any()
}
