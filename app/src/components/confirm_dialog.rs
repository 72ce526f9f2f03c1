//! A question before a danger. The most dangerous ones are answered by typing the client's name.

use leptos::{html, prelude::*};

/// A button that opens the question, and the question.
#[component]
pub(crate) fn ConfirmButton(
    /// The words on the button, naming the effect.
    label: &'static str,
    /// What will happen, in full.
    #[prop(into)]
    effect: String,
    /// What must be typed to confirm; nothing where a click is enough.
    #[prop(into)]
    type_this: Option<String>,
    /// Whether the button stands out as a danger.
    danger: bool,
    /// No action is under way.
    #[prop(into)]
    ready: Signal<bool>,
    /// Called with the reason, empty where none was given.
    on_confirm: Callback<String>,
) -> impl IntoView {
    let dialog: NodeRef<html::Dialog> = NodeRef::new();
    let typed = RwSignal::new(String::new());
    let reason = RwSignal::new(String::new());
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            typed.set(String::new());
            // Refused only when it is open already.
            let _ = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let wanted = StoredValue::new(type_this.clone());
    let may = move || {
        let typed = typed.get();
        ready.get() && wanted.with_value(|wanted| wanted.as_ref().is_none_or(|wanted| *wanted == typed.trim()))
    };
    let confirm = move |ev: web_sys::SubmitEvent| {
        ev.prevent_default();
        if may() {
            close();
            on_confirm.run(reason.get_untracked());
        }
    };
    let input = type_this.map(|name| {
        view! {
            <label class="field">
                <span>"Type " <b>{name}</b> " to confirm"</span>
                <input type="text" autocomplete="off" spellcheck="false" prop:value=typed
                    on:input:target=move |ev| typed.set(ev.target().value()) />
            </label>
        }
    });
    view! {
        <button type="button" class=if danger { "danger" } else { "" } disabled=move || !ready.get() on:click=open>{label}</button>
        <dialog node_ref=dialog aria-label=label>
            <form method="dialog" on:submit=confirm>
                <h2>{label}</h2>
                <p>{effect}</p>
                {input}
                <label class="field">
                    <span>"Reason, for the record (optional)"</span>
                    <input type="text" autocomplete="off" prop:value=reason on:input:target=move |ev| reason.set(ev.target().value()) />
                </label>
                <div class="buttons">
                    <button type="submit" class=if danger { "danger" } else { "primary" } disabled=move || !may()>{label}</button>
                    <button type="button" on:click=move |_| close()>"Not now"</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}
