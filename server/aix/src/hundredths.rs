//! Numbers with two decimals.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A number with two decimals, as capacities and loads are printed: `0.30`. A number in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Hundredths(pub u32);

/// A text or number that is none with two decimals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a number with two decimals such as 0.30")]
pub struct BadHundredths(pub String);

impl FromStr for Hundredths {
    type Err = BadHundredths;

    fn from_str(text: &str) -> Result<Self, BadHundredths> {
        let read = || {
            let (whole, decimals) = text.split_once('.')?;
            let digits = decimals.len() == 2 && whole.bytes().chain(decimals.bytes()).all(|b| b.is_ascii_digit());
            let whole: u32 = whole.parse().ok().filter(|_| digits)?;
            whole.checked_mul(100)?.checked_add(decimals.parse().ok()?).map(Self)
        };
        read().ok_or_else(|| BadHundredths(text.chars().take(60).collect()))
    }
}

impl TryFrom<f64> for Hundredths {
    type Error = BadHundredths;

    fn try_from(number: f64) -> Result<Self, BadHundredths> {
        format!("{number:.2}").parse()
    }
}

impl From<Hundredths> for f64 {
    fn from(Hundredths(hundredths): Hundredths) -> Self {
        Self::from(hundredths) / 100.0
    }
}

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn neither_text_nor_json_changes_it(number in any::<u32>().prop_map(Hundredths)) {
            prop_assert_eq!(number.to_string().parse::<Hundredths>().unwrap(), number);
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<Hundredths>(&json).unwrap(), number);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,8}|[0-9]{1,12}\\.[0-9]{0,3}") {
            let _ = text.parse::<Hundredths>();
        }
    }
}
