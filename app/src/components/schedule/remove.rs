//! The question before a window, a blackout or a group is removed. A refusal is said in it.

use crate::components::form_dialog::{Form, FormDialog};
use leptos::prelude::*;

/// The question.
#[component]
pub(crate) fn RemoveDialog(
    form: Form,
    /// What is removed.
    #[prop(into)]
    title: Signal<String>,
    /// What comes of it.
    #[prop(into)]
    effect: Signal<String>,
    /// Removes it.
    on_submit: Callback<()>,
) -> impl IntoView {
    view! {
        <FormDialog form title submit="Remove" danger=true on_submit>
            <p>{effect}</p>
        </FormDialog>
    }
    .into_any()
}
