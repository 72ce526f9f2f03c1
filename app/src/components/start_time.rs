//! When something may begin, as forms ask for it: a point in time, a maintenance window.

use super::{fields::Complaint, schedule::words};
use crate::{
    api,
    model::{Problem, Timestamp, Window},
};
use leptos::{prelude::*, task::spawn_local};

/// What `datetime-local` gives, taken as UTC; none where it is empty.
///
/// # Errors
/// Where it is no date and time.
pub(crate) fn utc(text: &str) -> Result<Option<Timestamp>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    // Browsers leave the seconds out where they are zero.
    let seconds = if text.len() > "2026-11-28T22:00".len() { "" } else { ":00" };
    let read = serde_json::from_value(format!("{text}{seconds}Z").into());
    read.map(Some).map_err(|_| "give a date and a time")
}

/// A date and a time in UTC.
#[component]
pub(crate) fn TimeField(
    /// What it is called; UTC is said beside it.
    label: &'static str,
    /// As `datetime-local` has it; empty for none.
    value: RwSignal<String>,
    /// More words under the field.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// One must be given before the form is sent.
    #[prop(optional, into)]
    required: Signal<bool>,
    /// What is wrong with it.
    #[prop(optional)]
    complaint: Option<Signal<Option<String>>>,
) -> impl IntoView {
    let wrong = move || complaint.is_some_and(|complaint| complaint.with(Option::is_some)).then_some("true");
    view! {
        <label class="field">
            <span>{label} " (UTC)"</span>
            <input type="datetime-local" required=required aria-invalid=wrong prop:value=value
                on:input:target=move |ev| value.set(ev.target().value()) />
            {hint.map(|hint| view! { <small>{hint}</small> })}
            {complaint.map(|complaint| view! { <Complaint complaint /> })}
        </label>
    }
    .into_any()
}

/// The maintenance windows, asked for in the browser; nothing until they are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows(RwSignal<Option<Result<Vec<Window>, Problem>>>);

impl Windows {
    /// Not asked for yet.
    #[must_use]
    pub(crate) fn unknown() -> Self {
        Self(RwSignal::new(None))
    }

    /// Asks for them.
    pub(crate) fn read(self) {
        spawn_local(async move {
            self.0.try_set(Some(api::schedule().await.map(|schedule| schedule.windows)));
        });
    }

    /// Whether the window of this name is open now.
    #[must_use]
    pub(crate) fn is_open(self, name: &str) -> bool {
        self.0.with(|windows| match windows {
            Some(Ok(windows)) => windows.iter().any(|window| window.open && window.name.as_str() == name),
            _ => false,
        })
    }
}

/// Which maintenance window, of those that exist, and the way to them.
#[component]
pub(crate) fn WindowField(
    /// Its name; empty for none.
    value: RwSignal<String>,
    /// Those that exist; asked for by this field where nobody else does.
    #[prop(optional)]
    windows: Option<Windows>,
    /// The words for choosing none.
    #[prop(default = "No window: at any time")]
    none: &'static str,
    /// One must be chosen before the form is sent.
    #[prop(optional, into)]
    required: Signal<bool>,
    /// What is wrong with it.
    #[prop(optional)]
    complaint: Option<Signal<Option<String>>>,
) -> impl IntoView {
    let asked = windows.is_none();
    let windows = windows.unwrap_or_else(Windows::unknown);
    Effect::new(move || {
        if asked {
            windows.read();
        }
    });
    let choices = move || {
        windows.0.with(|windows| {
            let known = windows.as_ref().and_then(|windows| windows.as_ref().ok()).map_or(&[][..], Vec::as_slice);
            let choice = |window: &Window| {
                let name = window.name.to_string();
                view! { <option value=name.clone() selected=move || value.with(|chosen| *chosen == name)>{words::in_a_line(window)}</option> }
            };
            known.iter().map(choice).collect_view()
        })
    };
    let state = move || {
        windows.0.with(|windows| match windows {
            Some(Ok(windows)) if windows.is_empty() => Some("There is no maintenance window yet.".to_owned()),
            Some(Ok(windows)) => {
                value.with(|name| windows.iter().find(|window| window.name.as_str() == name).map(words::next))
            }
            Some(Err(_)) => {
                Some("The maintenance windows could not be read. Reload the page to choose one.".to_owned())
            }
            None => None,
        })
    };
    let wrong = move || complaint.is_some_and(|complaint| complaint.with(Option::is_some)).then_some("true");
    view! {
        <div class="field">
            <label class="field">
                <span>"Maintenance window"</span>
                <select required=required aria-invalid=wrong on:change:target=move |ev| value.set(ev.target().value())>
                    <option value="">{none}</option>
                    {choices}
                </select>
                {complaint.map(|complaint| view! { <Complaint complaint /> })}
            </label>
            <small>{state} " " <a href="/schedule#windows" target="_blank">"Windows and their times (new tab)"</a></small>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_a_form_is_utc() {
        assert_eq!(utc(""), Ok(None));
        for text in ["2026-11-28T22:00", "2026-11-28T22:00:00"] {
            let at = utc(text).unwrap().unwrap();
            assert_eq!(at.readable(), "2026-11-28 22:00:00");
        }
        assert!(utc("tomorrow").is_err());
    }
}
