//! The pages: sign-in, Leptos' routes and server functions, and the page for addresses that are none.

use super::limits::{ClientAddress, Gone};
use super::problem::{Audience, Failure};
use super::state::AppState;
use crate::auth::sign_in::{self, Attempt};
use crate::error::NOT_FOUND;
use crate::settings::Secret;
use app::model::Caller;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, post};
use axum::{Extension, Router};
use http::{HeaderMap, StatusCode};
use leptos::prelude::provide_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes as _};
use serde::Deserialize;
use tower_sessions::Session;

const SIGN_IN: &str = "/sign-in";

/// What is shown to people who are not signed in: the sign-in page, and nothing else.
pub fn public() -> Router<AppState> {
    let routes = routes().into_iter().filter(|route| route.path() == SIGN_IN).collect();
    Router::new().route(SIGN_IN, post(sign_in)).leptos_routes_with_handler(routes, page)
}

/// Every other page, the server functions, and the answer to unknown addresses.
pub fn guarded() -> Router<AppState> {
    let routes = routes().into_iter().filter(|route| route.path() != SIGN_IN).collect();
    Router::new()
        .route("/sign-out", post(sign_out))
        .route("/api/ui/{*function}", any(server_function))
        .leptos_routes_with_handler(routes, page)
        .fallback(unknown)
}

/// The pages' addresses. The one for all others is left to [`unknown`], which knows programs from people.
fn routes() -> Vec<AxumRouteListing> {
    let routes = leptos_axum::generate_route_list(app::App);
    routes.into_iter().filter(|route| !route.path().contains('*')).collect()
}

/// Renders a page. leptos_axum's own `leptos_routes` would mount every server function once more beside it, and so outside the
/// gate for the public pages.
async fn page(State(state): State<AppState>, request: Request) -> Response {
    let options = state.leptos.clone();
    let render = leptos_axum::render_app_async_with_context(context(&state), move || app::shell(options.clone()));
    render(request).await
}

/// What pages find in context: the port. The caller is in the request they are rendered for.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let deck = state.deck.clone();
    move || provide_context(deck.clone())
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    leptos_axum::handle_server_fns_with_context(context(&state), request).await.into_response()
}

/// An address that is none, in the frame of the pages.
async fn unknown(State(state): State<AppState>, request: Request) -> Response {
    if Audience::of(request.uri().path()) == Audience::Program {
        return Failure(NOT_FOUND.problem(format!("There is nothing at {}.", request.uri().path()))).into_response();
    }
    let mut response = page(State(state), request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: Secret,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(state): State<AppState>,
    Extension(from): Extension<ClientAddress>,
    Extension(gone): Extension<Gone>,
    session: Session,
    headers: HeaderMap,
    form: Result<Form<Credentials>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return Redirect::to(&sign_in::page(Some("ND0003"), "/")).into_response() };
    let attempt = Attempt { username: &form.username, password: form.password, from, headers: &headers, gone };
    match sign_in::sign_in(&state, &session, attempt).await {
        Ok(welcome) => (welcome.device, Redirect::to(sign_in::local(&form.next))).into_response(),
        // A page of its own, so that its status says what programs look at.
        Err(refusal) if refusal.problem.status == 429 || refusal.problem.status >= 500 => {
            refusal.into_response_for(Audience::Person)
        }
        Err(refusal) => Redirect::to(&sign_in::page(Some(&refusal.problem.code), &form.next)).into_response(),
    }
}

async fn sign_out(State(state): State<AppState>, session: Session, Extension(caller): Extension<Caller>) -> Response {
    match sign_in::sign_out(&state, &session, &caller).await {
        Ok(()) => Redirect::to(SIGN_IN).into_response(),
        Err(problem) => Failure(problem).into_response_for(Audience::Person),
    }
}
