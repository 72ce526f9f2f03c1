//! A request that is refused, and for how long.

use crate::error::TOO_MANY_REQUESTS;
use crate::web::problem::{Audience, Failure};
use app::model::Problem;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header::RETRY_AFTER};
use std::time::Duration;

/// A problem, and how long to wait before the same request makes sense again, where that is known.
#[derive(Debug)]
pub struct Refusal {
    /// What is wrong.
    pub problem: Box<Problem>,
    /// How long to wait.
    pub wait: Option<Duration>,
}

impl Refusal {
    /// A problem, and how long to wait.
    #[must_use]
    pub fn new(problem: Problem, wait: Duration) -> Self {
        Self { problem: Box::new(problem), wait: Some(wait) }
    }

    /// ND0110: a limit is reached. `what` says which, as a sentence.
    #[must_use]
    pub fn busy(what: &str, wait: Duration) -> Self {
        let wait = wait.max(Duration::from_secs(1));
        let problem = TOO_MANY_REQUESTS
            .problem(format!("{what} Nothing was done. Wait {} and send the request again.", in_words(wait)));
        Self::new(problem, wait)
    }

    /// In the form its reader understands.
    #[must_use]
    pub fn into_response_for(self, audience: Audience) -> Response {
        let mut response = Failure(*self.problem).into_response_for(audience);
        if let Some(wait) = self.wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds(wait)));
        }
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), wait: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.into_response_for(Audience::Program)
    }
}

/// Whole seconds, rounded up.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

/// A time to wait as people say it: `5 s`, `3 min`.
#[must_use]
pub fn in_words(wait: Duration) -> String {
    match seconds(wait) {
        seconds @ 0..100 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}
