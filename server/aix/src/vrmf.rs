//! Levels of filesets: version, release, modification and fix.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A level of two to four numbers, as filesets have it: `7.3.3.1`, `10.1.0.2000`.
///
/// Levels compare as numbers: `7.2.5.9` is below `7.2.5.200`, which as text it is not. A missing number is below zero,
/// so that `7.3` is below `7.3.0.0` and equality stays that of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vrmf {
    numbers: [u32; 4],
    len: usize,
}

/// A text that is no level of a fileset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a fileset level such as 7.3.3.1")]
pub struct BadVrmf(pub String);

impl Vrmf {
    /// The numbers that were given, two to four.
    #[must_use]
    pub fn numbers(&self) -> &[u32] {
        self.numbers.get(..self.len).unwrap_or_default()
    }
}

impl FromStr for Vrmf {
    type Err = BadVrmf;

    fn from_str(text: &str) -> Result<Self, BadVrmf> {
        let bad = || BadVrmf(text.chars().take(60).collect());
        let mut level = Self { numbers: [0; 4], len: 0 };
        for part in text.split('.') {
            // `parse` would take a sign
            let digits = part.bytes().all(|b| b.is_ascii_digit());
            let number = part.parse().ok().filter(|_| digits).ok_or_else(bad)?;
            *level.numbers.get_mut(level.len).ok_or_else(bad)? = number;
            level.len += 1;
        }
        if level.len < 2 { Err(bad()) } else { Ok(level) }
    }
}

impl TryFrom<String> for Vrmf {
    type Error = BadVrmf;

    fn try_from(text: String) -> Result<Self, BadVrmf> {
        text.parse()
    }
}

impl From<Vrmf> for String {
    fn from(level: Vrmf) -> Self {
        level.to_string()
    }
}

impl fmt::Display for Vrmf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.numbers().iter().map(u32::to_string).collect();
        f.pad(&numbers.join("."))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_level() -> impl Strategy<Value = Vrmf> {
        ([0..100_000_u32, 0..100, 0..100, 0..10_000], 2..=4_usize).prop_map(|(mut numbers, len)| {
            numbers[len..].fill(0);
            Vrmf { numbers, len }
        })
    }

    #[test]
    fn levels_compare_as_numbers() {
        let level = |text: &str| text.parse::<Vrmf>().unwrap();
        assert!(level("7.2.5.9") < level("7.2.5.200"));
        assert!(level("7.3") < level("7.3.0.0"));
        assert!(level("7.3") > level("7.2.9.9"));
        for bad in ["", "7", "7.", "7.3.3.1.2", "7.-3", "+7.3", "7.3a", "5.1-4", "99999999999.1"] {
            assert!(bad.parse::<Vrmf>().is_err(), "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same_level(level in any_level()) {
            prop_assert_eq!(level.to_string().parse::<Vrmf>().unwrap(), level);
        }
    }
}
