//! One span and one line of log a request, under an id that the answer carries.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use std::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

/// Opens the span. The id is ours: a caller's could be anything. Queries stay out of the log, they may hold secrets.
pub async fn trace(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        path = request.uri().path(),
        user = tracing::field::Empty
    );
    async move {
        let started = Instant::now();
        let mut response = next.run(request).await;
        let (status, elapsed) = (response.status().as_u16(), started.elapsed());
        if response.status().is_server_error() {
            tracing::warn!(status, ?elapsed, "answered");
        } else {
            tracing::debug!(status, ?elapsed, "answered");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
    .instrument(span)
    .await
}
