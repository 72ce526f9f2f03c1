//! Reads rows one by one, so that one that cannot be read does not hide the others.
//!
//! Loops that work through many rows need this. `fetch_all` into a type gives all rows or none: one value that was written by hand (a time
//! of `infinity`, at which the decoder panics; JSON of another shape) would stop the loop for all rows.

use crate::background::message;
use sqlx::postgres::PgRow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a row could not be read, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

/// Reads a row. A panic of the decoder is an error, too.
pub(crate) fn read<T>(row: &PgRow, decode: impl FnOnce(&PgRow) -> Result<T, sqlx::Error>) -> Result<T, Unreadable> {
    match catch_unwind(AssertUnwindSafe(|| decode(row))) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Unreadable(crate::error::with_causes(&error))),
        Err(panic) => Err(Unreadable(message(&*panic))),
    }
}

/// The rows that can be read; the others are logged.
pub(crate) fn readable<T>(
    what: &'static str,
    rows: &[PgRow],
    decode: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
) -> Vec<T> {
    let read = |row| match read(row, &decode) {
        Ok(value) => Some(value),
        Err(Unreadable(why)) => {
            tracing::error!(what, why, "a row cannot be read and is left out; correct it in the database");
            None
        }
    };
    rows.iter().filter_map(read).collect()
}
