//! Form fields with their labels.

use leptos::prelude::*;

/// A text field of a GET form.
#[component]
pub(crate) fn QueryField(
    /// The name in the query.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// What it holds now.
    value: Option<String>,
    /// The kind of input.
    #[prop(default = "text")]
    kind: &'static str,
) -> impl IntoView {
    view! {
        <label class="field">
            <span>{label}</span>
            <input type=kind name=name value=value.unwrap_or_default() autocomplete="off" />
        </label>
    }
    .into_any()
}

/// A select over `options` (value, words), bound to `value`; with `none` there is a choice of nothing.
#[component]
pub(crate) fn SelectField(
    /// What it is called.
    label: &'static str,
    /// The choices.
    options: Vec<(String, String)>,
    /// The chosen value; empty for none.
    value: RwSignal<String>,
    /// The words for choosing nothing; a choice must be made where absent.
    #[prop(optional)]
    none: Option<&'static str>,
    /// More words under the field.
    #[prop(optional)]
    hint: Option<&'static str>,
) -> impl IntoView {
    let first = value.get_untracked();
    let choices = options
        .into_iter()
        .map(|(option, words)| {
            let selected = option == first;
            view! { <option value=option selected=selected>{words}</option> }
        })
        .collect_view();
    view! {
        <label class="field">
            <span>{label}</span>
            <select on:change:target=move |ev| value.set(ev.target().value())>
                {none.map(|words| view! { <option value="">{words}</option> })} {choices}
            </select>
            {hint.map(|hint| view! { <small>{hint}</small> })}
        </label>
    }
    .into_any()
}

/// A text field bound to `value`.
#[component]
pub(crate) fn TextField(
    /// What it is called.
    label: &'static str,
    /// Its text.
    value: RwSignal<String>,
    /// More words under the field.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// The kind of input.
    #[prop(default = "text")]
    kind: &'static str,
    /// The id of a `datalist` with likely values.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Something must be typed before the form is sent.
    #[prop(optional)]
    required: bool,
    /// What is wrong with it.
    #[prop(optional)]
    complaint: Option<Signal<Option<String>>>,
) -> impl IntoView {
    let wrong = move || complaint.is_some_and(|complaint| complaint.with(Option::is_some)).then_some("true");
    view! {
        <label class="field">
            <span>{label}</span>
            <input type=kind list=list required=required aria-invalid=wrong autocomplete="off"
                prop:value=value on:input:target=move |ev| value.set(ev.target().value()) />
            {hint.map(|hint| view! { <small>{hint}</small> })}
            {complaint.map(|complaint| view! { <Complaint complaint /> })}
        </label>
    }
    .into_any()
}

/// What is wrong with a field, beside it; said aloud when it appears.
#[component]
pub(crate) fn Complaint(complaint: Signal<Option<String>>) -> impl IntoView {
    move || complaint.get().map(|text| view! { <small class="complaint" role="alert">{text}</small> })
}

/// A check box bound to `value`.
#[component]
pub(crate) fn CheckField(
    /// What it is called.
    label: &'static str,
    /// Whether it is checked.
    value: RwSignal<bool>,
) -> impl IntoView {
    let first = value.get_untracked();
    view! {
        <label class="check">
            <input type="checkbox" checked=first prop:checked=value on:change:target=move |ev| value.set(ev.target().checked()) />
            <span>{label}</span>
        </label>
    }
    .into_any()
}
