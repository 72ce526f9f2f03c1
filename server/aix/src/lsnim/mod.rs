//! `lsnim`: the objects of a NIM master (nimadm.md §6.1).
//!
//! [`list`] reads the three columns, [`stanzas`] what `-l` prints, [`Colons`] what `-Z` prints, [`classes`] and
//! [`arguments`] the answers of `-p` and `-q`. Prefer `-l`: `-Z` drops the field of a missing attribute, so that the
//! values after it move to the left.

mod colons;
mod query;
mod stanza;

pub use colons::{Colons, Row, colons, print_colons};
pub use query::{Arguments, arguments, classes, print_arguments, print_classes};
pub use stanza::{Objects, Stanza, print_stanzas, stanzas};

use crate::{ObjectName, Unreadable, text::rows};
use serde::{Deserialize, Serialize};

/// One line of plain `lsnim`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The object's name.
    pub name: ObjectName,
    /// `machines`, `resources`, `networks`, `management`, …
    pub class: String,
    /// `standalone`, `lpp_source`, `spot`, …
    #[serde(rename = "type")]
    pub kind: String,
}

/// Reads the three columns of `lsnim` and `lsnim -t …`. Their width differs between releases, so it is not looked at.
///
/// # Errors
/// A line that does not have exactly three words or whose first is no object name.
pub fn list(output: &str) -> Result<Vec<Entry>, Unreadable> {
    rows("lsnim", output, entry)
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    let entry =
        Entry { name: words.next()?.parse().ok()?, class: words.next()?.to_owned(), kind: words.next()?.to_owned() };
    words.next().is_none().then_some(entry)
}

/// Prints objects as `lsnim` does.
#[must_use]
pub fn print(entries: &[Entry]) -> String {
    let line = |Entry { name, class, kind }: &Entry| format!("{:<24} {class:<14} {kind}\n", name.as_str());
    entries.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
