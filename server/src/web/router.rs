//! The whole of what is reachable, and the order of the gates before it.
//!
//! Denied by default: a route is behind the gate unless it is put beside it here, by name. A filter that looked at paths
//! would be one spelling away from letting somebody through.

use super::limits::{self, LARGEST_BODY, LARGEST_SIGN_IN};
use super::state::AppState;
use super::{assets, headers, health, host, pages, problem, rest, trace};
use crate::auth::{csrf, session_layer, sign_in};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::ConfigError;
use tower_http::limit::RequestBodyLimitLayer;

/// The application. `api` has further routes of `/api/v1` that need a signed-in user: streams and raw logs.
///
/// # Errors
/// The configured public address is no origin.
pub fn router(state: AppState, api: Router<AppState>) -> Result<Router, ConfigError> {
    let small = RequestBodyLimitLayer::new(LARGEST_BODY);
    let guarded = pages::guarded()
        .nest("/api/v1", rest::router().merge(api))
        .layer(small)
        .layer(from_fn(limits::body::in_time))
        // Beside the limit by name: it reads its body without keeping it, and has a limit of its own.
        .nest("/api/v1", rest::explain::router())
        .layer(from_fn(session_layer::gate));
    let public = pages::public()
        .nest("/api/v1", rest::public())
        .layer(RequestBodyLimitLayer::new(LARGEST_SIGN_IN))
        .layer(from_fn(limits::body::in_time_to_sign_in));
    let people = guarded
        .merge(public)
        .layer(from_fn_with_state(state.clone(), session_layer::identify))
        .layer(session_layer::layer(state.pool.clone(), state.secure))
        .layer(map_response(sign_in::send_device_cookie))
        .layer(csrf::layer(state.public_url.as_deref())?)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(state.clone(), limits::detach));
    let open = Router::new()
        .route("/pkg/{*path}", get(assets::package))
        .route("/favicon.ico", get(assets::favicon))
        .layer(from_fn_with_state(state.clone(), host::check));
    let probes = Router::new()
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(from_fn_with_state(state.clone(), limits::detach_probe))
        // It does nothing, so it needs no place.
        .route("/healthz", get(health::alive));
    Ok(people
        .layer(from_fn_with_state(state.clone(), host::check))
        .merge(open)
        .merge(probes)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn(problem::dress))
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .layer(from_fn_with_state(state.clone(), limits::find_client))
        .layer(from_fn(trace::trace))
        .with_state(state))
}
