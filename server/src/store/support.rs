//! Small things every query file needs.

use app::model::{Page, Problem, State};

/// A column holds what its type does not allow.
pub(crate) fn decode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

/// A state column.
pub(crate) fn state(text: &str) -> Result<State, sqlx::Error> {
    text.parse().map_err(|error: String| decode(error))
}

/// Items a page may have: what was asked for, between 1 and 500; 100 where nothing was.
pub(crate) fn limit(asked: Option<u32>) -> i64 {
    i64::from(asked.unwrap_or(100).clamp(1, 500))
}

/// An empty form field is no filter.
pub(crate) fn blank(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Text as part of a LIKE pattern that means itself.
pub(crate) fn like(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// Why a list could not be given.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor is none of this list. To take it for the first page would give a script the same items again and again.
    #[error("the cursor is none of this list")]
    Cursor,
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor => crate::error::BAD_INPUT.field(
                "cursor",
                "is none of this list; send the `next` of the page before, or leave it out for the first page",
            ),
            ListError::Database(error) => crate::error::database(&error),
        }
    }
}

/// The cursor that was sent, read by `read`; none where none was sent.
pub(crate) fn cursor<T>(sent: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ListError> {
    blank(sent).map(|text| read(text).ok_or(ListError::Cursor)).transpose()
}

/// A page from one item more than fits: the extra one only says that there is a next page.
pub(crate) fn page<T>(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items, next }
}
