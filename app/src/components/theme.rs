//! The choice between the system's theme, light and dark; kept in this browser.

use leptos::prelude::*;

const KEY: &str = "nimdeck-theme";

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// The chooser.
#[component]
pub(crate) fn ThemeChooser() -> impl IntoView {
    let chosen = RwSignal::new(String::from("auto"));
    Effect::new(move || {
        if let Some(stored) = storage().and_then(|storage| storage.get_item(KEY).ok().flatten()) {
            chosen.set(stored);
        }
    });
    let choose = move |theme: String| {
        if let Some(root) = document().document_element() {
            let _ = if theme == "auto" {
                root.remove_attribute("data-theme")
            } else {
                root.set_attribute("data-theme", &theme)
            };
        }
        if let Some(storage) = storage() {
            // Where storing is forbidden the choice lasts as long as the page.
            let _ = storage.set_item(KEY, &theme);
        }
        chosen.set(theme);
    };
    view! {
        <label class="theme">
            <span class="visually-hidden">"Theme"</span>
            <select on:change:target=move |ev| choose(ev.target().value()) prop:value=chosen>
                <option value="auto">"Auto"</option>
                <option value="light">"Light"</option>
                <option value="dark">"Dark"</option>
            </select>
        </label>
    }
    .into_any()
}
