//! There is no such page.

use leptos::prelude::*;
use leptos_meta::Title;

/// Says so, with status 404.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="No such page – nimdeck" />
        <div class="narrow">
            <h1>"No such page"</h1>
            <p>"The address is wrong, or what was here is gone. Migrations are never deleted: look in the history."</p>
            <p><a href="/">"Overview"</a> " · " <a href="/migrations">"All migrations"</a></p>
        </div>
    }
    .into_any()
}
