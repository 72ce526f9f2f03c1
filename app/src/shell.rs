//! The frame around every page: the document, the navigation, the routes.

use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};

/// The whole document, as the server renders it. `assets` names the hashed files of this build.
#[cfg(feature = "ssr")]
#[must_use]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <MetaTags />
                <HydrationScripts options />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The application: routes and frame.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! { <p>"nimdeck"</p> }
}
