//! `uname -m`: the machine's identifier, which NIM keeps as `cpuid` (nimadm.md §6.15, §3.2 N9).

use crate::{Unreadable, text::only};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The identifier of a partition's machine: 12 hexadecimal digits, `00F9C87A4C00`. It changes when the partition moves to
/// another machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CpuId(String);

/// A text that is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a machine's identifier (12 hexadecimal digits)")]
pub struct BadCpuId(pub String);

impl CpuId {
    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CpuId {
    type Err = BadCpuId;

    /// Takes digits in either case, and keeps upper case: that is how both `uname` and `lsnim` print them.
    fn from_str(text: &str) -> Result<Self, BadCpuId> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err(BadCpuId(text.chars().take(60).collect()))
        }
    }
}

impl TryFrom<String> for CpuId {
    type Error = BadCpuId;

    fn try_from(text: String) -> Result<Self, BadCpuId> {
        text.parse()
    }
}

impl From<CpuId> for String {
    fn from(id: CpuId) -> Self {
        id.0
    }
}

impl fmt::Display for CpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads `uname -m`.
///
/// # Errors
/// Output that is not exactly one line with an identifier.
pub fn parse(output: &str) -> Result<CpuId, Unreadable> {
    only("uname -m", output, |line| line.trim().parse().ok())
}

/// Prints as `uname -m` does.
#[must_use]
pub fn print(id: &CpuId) -> String {
    format!("{id}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::prelude::*;

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("uname/m.constructed", parse, print);
        for bad in ["", "AIX\n", "ksh: uname: not found\n", "00F9C87A4C00\n00F9C87A4C00\n"] {
            assert!(parse(bad).is_err(), "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(id in "[0-9A-F]{12}".prop_map(CpuId)) {
            prop_assert_eq!(parse(&print(&id)).unwrap(), id);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
