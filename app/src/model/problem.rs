//! What went wrong, for people and for programs: RFC 9457 with a code.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An error as it leaves the server: on a page, from a server function, and as `application/problem+json`.
///
/// `detail` always says what happened, where, and what to do. It never holds a secret or the text of a database error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// The code to look up under `docs/errors/`: `ND0123`.
    pub code: String,
    /// The kind of error, in a few words; the same for every error of this code.
    pub title: String,
    /// What happened, where, and what to do.
    pub detail: String,
    /// For bad input: which fields, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Where a pre-flight refused the launch: what it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preflight: Option<Box<super::Preflight>>,
}

/// One field of bad input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name as in the request.
    pub field: String,
    /// What is wrong with it and what it should be.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}
