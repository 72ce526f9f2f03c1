//! The frame around every page: the document, its security policy, the routes.

use crate::{
    components::{clock, frame::Frame},
    pages::{
        audit::AuditPage, campaign::CampaignPage, campaign_new::CampaignNewPage, campaigns::CampaignsPage,
        client::ClientPage, clients::ClientsPage, explain::ExplainPage, import::ImportPage, imported::ImportedPage,
        launch::LaunchPage, migration::MigrationPage, migrations::MigrationsPage, not_found::NotFound,
        overview::OverviewPage, schedule::SchedulePage, sign_in::SignInPage, verification::VerificationPage,
    },
};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

/// Sets the stored theme before the first paint. Runs under the page's nonce.
#[cfg(feature = "ssr")]
const EARLY_THEME: &str = r#"try{const t=localStorage.getItem("nimdeck-theme");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}"#;

/// The whole document, as the server renders it; sets the Content-Security-Policy of the response.
#[cfg(feature = "ssr")]
#[must_use]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use leptos_meta::{HashedStylesheet, MetaTags};

    let nonce = leptos::nonce::use_nonce();
    set_policy(nonce.as_deref());
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href=ICON />
                <script nonce=nonce>{EARLY_THEME}</script>
                <HashedStylesheet options=options.clone() />
                <MetaTags />
                <HydrationScripts options />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The mark of nimdeck: a clone beside its original.
#[cfg(feature = "ssr")]
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' \
    height='32' rx='7' fill='%230b4f6c'/%3E%3Cpath d='M8 23V9l8 10V9' fill='none' stroke='%23fff' stroke-width='3' \
    stroke-linejoin='round' stroke-linecap='round'/%3E%3Cpath d='M21 9v14' stroke='%235ad1c4' stroke-width='3' \
    stroke-linecap='round'/%3E%3C/svg%3E";

#[cfg(feature = "ssr")]
fn set_policy(nonce: Option<&str>) {
    use http::{HeaderValue, header::CONTENT_SECURITY_POLICY};

    // Without a nonce no script runs at all, which is the safe way to be wrong.
    let scripts = nonce.map_or_else(|| "'none'".to_owned(), |nonce| format!("'nonce-{nonce}' 'strict-dynamic'"));
    let policy = format!(
        "default-src 'self'; script-src {scripts} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    );
    if let (Some(response), Ok(value)) = (use_context::<leptos_axum::ResponseOptions>(), HeaderValue::from_str(&policy))
    {
        response.insert_header(CONTENT_SECURITY_POLICY, value);
    }
}

/// The application: routes and frame. Every page is rendered whole before it is sent, so its status and title are true.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    clock::provide();
    Effect::new(|| {
        if let Some(body) = document().body() {
            // What a browser test waits for: from here on the page answers.
            let _ = body.set_attribute("data-hydrated", "true");
        }
    });
    view! {
        <Title text="nimdeck" />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async />
                    <Route path=path!("/clients") view=ClientsPage ssr=SsrMode::Async />
                    <Route path=path!("/clients/:name") view=ClientPage ssr=SsrMode::Async />
                    <Route path=path!("/launch") view=LaunchPage ssr=SsrMode::Async />
                    <Route path=path!("/migrations") view=MigrationsPage ssr=SsrMode::Async />
                    <Route path=path!("/migrations/:id") view=MigrationPage ssr=SsrMode::Async />
                    <Route path=path!("/migrations/:id/verification") view=VerificationPage ssr=SsrMode::Async />
                    <Route path=path!("/campaigns") view=CampaignsPage ssr=SsrMode::Async />
                    <Route path=path!("/campaigns/new") view=CampaignNewPage ssr=SsrMode::Async />
                    <Route path=path!("/campaigns/:id") view=CampaignPage ssr=SsrMode::Async />
                    <Route path=path!("/schedule") view=SchedulePage ssr=SsrMode::Async />
                    <Route path=path!("/imports/:id") view=ImportedPage ssr=SsrMode::Async />
                    <Route path=path!("/masters/:id/import") view=ImportPage ssr=SsrMode::Async />
                    <Route path=path!("/explain") view=ExplainPage ssr=SsrMode::Async />
                    <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async />
                    <Route path=path!("/*any") view=NotFound ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
