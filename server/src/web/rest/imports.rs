//! `/masters/{id}/logs` and `/imports`: logs of runs from before nimdeck.

use super::{Answer, AppState, Failure};
use crate::store::imported_log;
use crate::web::extract::{At, Body, Filter, OnePage, SignedIn};
use app::model::{ImportFilter, ImportRequest, ImportResult, Imported, ImportedSummary, OldLog, Page};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use sqlx::PgPool;
use uuid::Uuid;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/masters/{id}/logs", get(on_master))
        .route("/masters/{id}/logs/import", post(import))
        .route("/imports", get(list))
        .route("/imports/{id}", get(show))
        .route("/imports/{id}/log", get(raw))
}

async fn on_master(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    _: OnePage,
) -> Answer<Page<OldLog>> {
    Ok(Json(state.deck.old_logs(&caller, id).await?))
}

async fn import(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    Body(request): Body<ImportRequest>,
) -> Answer<Page<ImportResult>> {
    Ok(Json(state.deck.import_logs(&caller, id, request).await?))
}

async fn list(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Filter(filter): Filter<ImportFilter>,
) -> Answer<Page<ImportedSummary>> {
    Ok(Json(state.deck.imports(&caller, filter).await?))
}

async fn show(State(state): State<AppState>, SignedIn(caller): SignedIn, At(id): At<Uuid>) -> Answer<Imported> {
    Ok(Json(state.deck.import(&caller, id).await?))
}

/// The bytes as they were on the master; the `ETag` is their SHA-256.
async fn raw(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let log = state.deck.import(&caller, id).await?.summary;
    let etag = format!("\"{}\"", log.sha256);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .header(header::CONTENT_LENGTH, log.bytes)
        .header(header::CONTENT_DISPOSITION, format!("inline; filename=\"{}\"", log.name))
        .header(header::ETAG, etag)
        .body(axum::body::Body::from_stream(bytes(state.pool, id, log.bytes)));
    response.map_err(|error| Failure(crate::error::INTERNAL.problem(error.to_string())))
}

/// All bytes, a chunk at a time.
fn bytes(pool: PgPool, id: Uuid, total: u64) -> impl futures::Stream<Item = Result<Vec<u8>, sqlx::Error>> {
    futures::stream::try_unfold((pool, 0), move |(pool, at)| async move {
        if at >= total {
            return Ok(None);
        }
        // A chunk that is missing must break the answer off: a short log would look like a whole one.
        let body = imported_log::chunk(&pool, id, at).await?.ok_or(sqlx::Error::RowNotFound)?;
        let next = at + body.len() as u64;
        Ok(Some((body, (pool, next))))
    })
}
