//! A form in a dialog. It closes only when the server has taken it: what was refused is said beside its field, and what was typed stays.

use super::problem_box::ProblemBox;
use crate::model::{FieldError, Problem};
use leptos::{html, prelude::*, task::spawn_local};
use std::future::Future;
use wasm_bindgen::JsCast;

/// The state of one such form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    dialog: NodeRef<html::Dialog>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Problem>>,
}

impl Form {
    /// A form that is closed.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { dialog: NodeRef::new(), busy: RwSignal::new(false), problem: RwSignal::new(None) }
    }

    /// Opens it without any complaint.
    pub(crate) fn open(self) {
        self.problem.set(None);
        if let Some(dialog) = self.dialog.get_untracked() {
            // Refused only when it is open already.
            let _ = dialog.show_modal();
        }
    }

    /// Closes it; what was typed stays until it is opened for something else.
    pub(crate) fn close(self) {
        if let Some(dialog) = self.dialog.try_get_untracked().flatten() {
            dialog.close();
        }
    }

    /// It is being sent.
    #[must_use]
    pub(crate) fn busy(self) -> bool {
        self.busy.get()
    }

    /// What is wrong with one of its fields, as a sentence.
    #[must_use]
    pub(crate) fn complaint(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.problem.with(|problem| {
                let errors = &problem.as_ref()?.errors;
                errors.iter().find(|error| error.field == field).map(|error| sentence(&error.message))
            })
        })
    }

    /// Says what is wrong with a field before anything is sent.
    pub(crate) fn refuse(self, field: &str, message: impl Into<String>) {
        self.complain(Problem {
            status: 422,
            code: "ND0003".into(),
            title: "Bad input".into(),
            detail: String::new(),
            errors: vec![FieldError { field: field.to_owned(), message: message.into() }],
            preflight: None,
        });
    }

    /// Sends it. Where the server takes it, it closes and `then` gets the answer.
    pub(crate) fn send<T: 'static>(
        self,
        call: impl Future<Output = Result<T, Problem>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match call.await {
                Ok(answer) => {
                    self.close();
                    self.busy.try_set(false);
                    then(answer);
                }
                Err(refused) => {
                    self.busy.try_set(false);
                    self.complain(refused);
                }
            }
        });
    }

    /// Says a problem, and puts the cursor into the first field that is wrong.
    fn complain(self, problem: Problem) {
        self.problem.try_set(Some(problem));
        request_animation_frame(move || {
            let dialog = self.dialog.try_get_untracked().flatten();
            let wrong = dialog.and_then(|dialog| dialog.query_selector("[aria-invalid=true]").ok().flatten());
            if let Some(field) = wrong.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = field.focus();
            }
        });
    }

    /// What no field says.
    fn rest(self, fields: &'static [&'static str]) -> Option<Problem> {
        let problem = self.problem.get()?;
        let said = |error: &FieldError| fields.contains(&error.field.as_str());
        (problem.errors.is_empty() || !problem.errors.iter().all(said)).then_some(problem)
    }
}

/// `there is no master "nim9"` with a capital and a full stop; what begins with a quoted value keeps it.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// The dialog. Whoever opens it has a button of their own.
#[component]
pub(crate) fn FormDialog(
    form: Form,
    /// What it is about.
    #[prop(into)]
    title: Signal<String>,
    /// The words on the button that sends it.
    #[prop(into)]
    submit: Signal<String>,
    /// Whether that button stands out as a danger.
    #[prop(optional, into)]
    danger: Signal<bool>,
    /// Whether it can be sent.
    #[prop(default = true.into(), into)]
    ready: Signal<bool>,
    /// The names of the fields that say themselves what is wrong with them.
    #[prop(default = &[])]
    fields: &'static [&'static str],
    /// Sends it.
    on_submit: Callback<()>,
    children: Children,
) -> impl IntoView {
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if ready.get_untracked() && !form.busy.get_untracked() {
            on_submit.run(());
        }
    };
    view! {
        <dialog class="form-dialog" node_ref=form.dialog aria-label=title>
            <form method="dialog" on:submit=send>
                <h2>{title}</h2>
                {children()}
                {move || form.rest(fields).map(|problem| view! { <ProblemBox problem /> })}
                <div class="buttons">
                    <button type="submit" class=move || if danger.get() { "danger" } else { "primary" }
                        disabled=move || !ready.get() || form.busy()>{submit}</button>
                    <button type="button" on:click=move |_| form.close()>"Not now"</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("must be after the start"), "Must be after the start.");
        assert_eq!(sentence("\"Mars\" is no time zone"), "\"Mars\" is no time zone.");
        assert_eq!(sentence("Choose a day."), "Choose a day.");
        assert_eq!(sentence(""), ".");
    }
}
