//! Errors as they leave the server: RFC 9457 for programs, a page for people.

use crate::error::{BAD_INPUT, BODY_TOO_LARGE, INTERNAL, MASTER_BUSY, METHOD_NOT_ALLOWED, NOT_FOUND};
use app::model::Problem;
use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A person, in a browser.
    Person,
    /// A program.
    Program,
}

impl Audience {
    /// By path. This only chooses the form of an answer, never whether it is given.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path == "/api" || path.starts_with("/api/") { Self::Program } else { Self::Person }
    }
}

/// A problem on its way out.
#[derive(Debug)]
pub struct Failure(pub Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status(), self.retry_after());
        let mut response = (status, Json(self.0)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(retry_after.map(|seconds| (RETRY_AFTER, seconds)));
        response
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// In the form its reader understands.
    #[must_use]
    pub fn into_response_for(self, audience: Audience) -> Response {
        if audience == Audience::Program {
            return self.into_response();
        }
        let (status, retry_after) = (self.status(), self.retry_after());
        let mut response = (status, Html(page(&self.0))).into_response();
        let policy =
            HeaderValue::from_static("default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'");
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        response.headers_mut().extend(retry_after.map(|seconds| (RETRY_AFTER, seconds)));
        response
    }

    /// Seconds to wait before the same request makes sense again.
    fn retry_after(&self) -> Option<HeaderValue> {
        let seconds = match self.status() {
            StatusCode::TOO_MANY_REQUESTS if self.0.code == MASTER_BUSY.code => "10",
            // A limit that knows better says it: `limits::Refusal`.
            StatusCode::TOO_MANY_REQUESTS => "2",
            StatusCode::SERVICE_UNAVAILABLE => "5",
            _ => return None,
        };
        Some(HeaderValue::from_static(seconds))
    }
}

/// A page without scripts: it must work when nothing else does.
fn page(problem: &Problem) -> String {
    let [title, code, detail] = [&problem.title, &problem.code, &problem.detail].map(|text| escape(text));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title} · nimdeck</title>\
         <link rel=\"stylesheet\" href=\"/pkg/nimdeck.css\"></head>\
         <body><main class=\"error-page\"><h1>{title}</h1><p>{detail}</p><p><code>{code}</code></p>\
         <p><a href=\"/\">To the overview</a></p></main></body></html>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Gives an error that a library answered with an empty or plain body the form that all others have. Server functions
/// keep theirs: their client reads it.
pub async fn dress(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    let plain = response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || !plain || path.starts_with("/api/ui/") {
        return response;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => NOT_FOUND.problem("There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => METHOD_NOT_ALLOWED.problem("This address exists, but not for this method."),
        StatusCode::PAYLOAD_TOO_LARGE => BODY_TOO_LARGE.problem("The body of the request is larger than 1 MiB."),
        status if status.is_client_error() => BAD_INPUT.problem("The request could not be read."),
        _ => INTERNAL.problem("Something broke that should not; the server's log has the cause."),
    };
    Failure(problem).into_response_for(Audience::of(&path))
}

/// The answer where a handler panicked. The message stays in the log.
#[must_use]
pub fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(message, "a handler panicked");
    Failure(INTERNAL.problem("Something broke that should not; the server's log has the cause. Please report it."))
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_pages_escape() {
        let page = page(&NOT_FOUND.problem("<script>\"&"));
        assert!(page.contains("&lt;script&gt;&quot;&amp;") && !page.contains("<script>"));
    }
}
