//! REST, under `/api/v1`: the very functions the pages call, as JSON.

mod audit;
mod campaigns;
mod clients;
pub mod explain;
mod imports;
pub mod log;
mod masters;
mod migrations;
mod schedule;
mod session;

use super::problem::Failure;
use super::state::AppState;
use axum::{Json, Router};

/// What a handler answers.
type Answer<T> = Result<Json<T>, Failure>;

/// Routes for signed-in callers.
pub fn router() -> Router<AppState> {
    session::router()
        .merge(masters::router())
        .merge(clients::router())
        .merge(migrations::router())
        .merge(campaigns::router())
        .merge(schedule::router())
        .merge(imports::router())
        .merge(audit::router())
}

/// The one route for everybody: signing in.
pub fn public() -> Router<AppState> {
    session::public()
}

/// Where the thing that was just made is found.
fn location(noun: &str, id: uuid::Uuid) -> Result<http::HeaderValue, Failure> {
    http::HeaderValue::from_str(&format!("/api/v1/{noun}/{id}"))
        .map_err(|_| Failure(crate::error::INTERNAL.problem("The new address could not be written.")))
}
