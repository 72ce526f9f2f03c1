//! The whole of what is reachable, and the order of the gates before it.
//!
//! Denied by default: a route is behind the gate unless it is put beside it here, by name. A filter that looked at paths
//! would be one spelling away from letting somebody through.

use super::state::AppState;
use super::{assets, headers, health, pages, problem, rest, trace};
use crate::auth::{csrf, session_layer};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::ConfigError;
use tower_http::limit::RequestBodyLimitLayer;

/// Largest body of a request, in bytes; but for what is put beside the limit by name.
const LARGEST_BODY: usize = 1 << 20;

/// The application. `api` has further routes of `/api/v1` that need a signed-in user: streams and raw logs.
///
/// # Errors
/// The configured public address is no origin.
pub fn router(state: AppState, api: Router<AppState>) -> Result<Router, ConfigError> {
    let small = RequestBodyLimitLayer::new(LARGEST_BODY);
    let guarded = pages::guarded()
        .nest("/api/v1", rest::router().merge(api))
        .layer(small)
        // Beside the limit by name: it reads its body without keeping it, and has a limit of its own.
        .nest("/api/v1", rest::explain::router())
        .layer(from_fn(session_layer::gate));
    let public = pages::public().nest("/api/v1", rest::public()).layer(small);
    let people = guarded
        .merge(public)
        .layer(from_fn_with_state(state.clone(), session_layer::identify))
        .layer(session_layer::layer(state.pool.clone(), state.secure))
        .layer(csrf::layer(state.public_url.as_deref())?);
    let open = Router::new()
        .route("/pkg/{*path}", get(assets::package))
        .route("/favicon.ico", get(assets::favicon))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));
    Ok(people
        .merge(open)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn(problem::dress))
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .layer(from_fn(trace::trace))
        .with_state(state))
}
