//! Names of NIM objects and volume groups.
//!
//! These names end up inside a shell command on somebody's NIM master, so they are an allow-list, not an escape: a value
//! of this type has no character that any shell reads as anything but itself, and never starts like an option.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A NIM object, volume group or host name: 1 to 39 characters of `A-Z a-z 0-9 _ . -`, not starting with `-` or `.`.
///
/// The length limit is that of NIM objects (nimadm.md §9 rule 10, unconfirmed).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName(String);

/// Why a text is no object name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing was given.
    #[error("a name is needed")]
    Empty,
    /// More than 39 characters.
    #[error("{0:?} is longer than 39 characters")]
    TooLong(String),
    /// A character that NIM names do not have.
    #[error("{0:?} has a character other than letters, digits, '_', '.' and '-', or starts with '-' or '.'")]
    BadCharacter(String),
}

impl ObjectName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let shown = || text.chars().take(60).collect::<String>();
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if !text.bytes().all(allowed) || text.starts_with(['-', '.']) {
            return Err(BadName::BadCharacter(shown()));
        }
        if text.len() > 39 {
            return Err(BadName::TooLong(shown()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ObjectName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_nim_names_and_nothing_a_shell_would_read() {
        for good in ["lpar71", "spot_7300_03_01", "5300-TL_00_to_08_works", "net.1"] {
            assert_eq!(good.parse::<ObjectName>().unwrap().as_str(), good);
        }
        for bad in ["", "-rf", ".x", "a b", "a;b", "a$b", "a'b", "a/b", "é", "a\nb", &"x".repeat(40)] {
            assert!(bad.parse::<ObjectName>().is_err(), "{bad:?} was taken");
        }
    }
}
