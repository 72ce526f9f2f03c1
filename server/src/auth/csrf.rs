//! No other site acts in a user's name.
//!
//! By `Sec-Fetch-Site` and `Origin`, which a page cannot forge; no tokens in forms that go stale. Scripts send neither
//! header and pass; what they cannot send is a browser's cookie.

use crate::error::CROSS_SITE;
use crate::web::problem::Failure;
use axum::response::{IntoResponse, Response};
use tower_http::csrf::{ConfigError, CsrfLayer, ProtectionError, ResponseForProtectionError};

/// The layer; `public_url` is the address people use where a proxy changes `Host`.
///
/// # Errors
/// `public_url` is no origin.
pub fn layer(public_url: Option<&str>) -> Result<CsrfLayer<Refusal>, ConfigError> {
    let layer = CsrfLayer::new().with_rejection_response(Refusal);
    match public_url {
        Some(url) => layer.add_trusted_origin(url),
        None => Ok(layer),
    }
}

/// Says no, in the form every error has.
#[derive(Debug, Clone, Copy)]
pub struct Refusal;

impl ResponseForProtectionError<axum::body::Body> for Refusal {
    fn response_for_protection_error(&mut self, error: ProtectionError) -> Response {
        tracing::warn!(%error, "cross-site request refused");
        Failure(CROSS_SITE.problem(
            "The request came from another site. Open nimdeck itself and try again; behind a proxy, set public_url to the \
             address in the browser.",
        ))
        .into_response()
    }
}
