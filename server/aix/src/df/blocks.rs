//! A number of blocks, with two decimals where the unit is large.

use crate::decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A number of blocks, exact to the hundredth that `df` prints; in JSON a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blocks {
    hundredths: u64,
}

/// A text that is no number of blocks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a number of blocks such as 13.06")]
pub struct BadBlocks(pub String);

impl Blocks {
    /// So many hundredths of a block.
    #[must_use]
    pub const fn from_hundredths(hundredths: u64) -> Self {
        Self { hundredths }
    }

    /// In hundredths of a block.
    #[must_use]
    pub const fn hundredths(self) -> u64 {
        self.hundredths
    }

    /// In whole blocks; what is less than one is dropped.
    #[must_use]
    pub const fn whole(self) -> u64 {
        self.hundredths / 100
    }

    /// What is left after taking `other` away, at least nothing.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self { hundredths: self.hundredths.saturating_sub(other.hundredths) }
    }
}

impl FromStr for Blocks {
    type Err = BadBlocks;

    /// Takes digits, and up to two more behind a point.
    fn from_str(text: &str) -> Result<Self, BadBlocks> {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let read = || {
            let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
            let part: u64 = match part.len() {
                1 => part.parse::<u64>().ok()? * 10,
                2 => part.parse().ok()?,
                _ => return None,
            };
            let hundredths = whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part)?;
            text.split('.').all(digits).then_some(hundredths)
        };
        read().map(Self::from_hundredths).ok_or_else(|| BadBlocks(text.chars().take(60).collect()))
    }
}

impl fmt::Display for Blocks {
    /// `13.06`; with the precision 0, whole blocks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.precision() {
            Some(0) => write!(f, "{}", self.whole()),
            _ => write!(f, "{}.{:02}", self.whole(), self.hundredths % 100),
        }
    }
}

impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal::serialize(self.hundredths, 100, serializer)
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decimal::deserialize(100, deserializer).map(Self::from_hundredths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_two_decimals_at_most() {
        let read = |text: &str| text.parse::<Blocks>().map(Blocks::hundredths).ok();
        assert_eq!([read("13.06"), read("4096"), read("0.5")], [Some(1306), Some(409_600), Some(50)]);
        for bad in ["", ".", "-", "1.", ".5", "1.005", "+1", "1.+5", "1.2.3", "-1", "184467440737095517"] {
            assert_eq!(read(bad), None, "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn text_and_json_give_the_same_number(hundredths in 0..1_u64 << 49) {
            let blocks = Blocks::from_hundredths(hundredths);
            prop_assert_eq!(blocks.to_string().parse(), Ok(blocks));
            prop_assert_eq!(serde_json::from_str::<Blocks>(&serde_json::to_string(&blocks).unwrap()).unwrap(), blocks);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9]{0,22}\\PC?[0-9]{0,3}") {
            let _ = text.parse::<Blocks>();
        }
    }
}
