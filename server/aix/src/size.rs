//! Sizes in MiB, in the many words AIX has for them.
//!
//! AIX says `megabyte` and `MB` and means 2^20 bytes. A transfer size such as `256 kilobytes` is less than one of them, so a
//! size counts KiB and no fraction is ever lost.

use crate::decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

const KIB_PER_MIB: u64 = 1024;

/// A size; in JSON a number of MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    kib: u64,
}

/// A text that is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a size such as 64 megabyte(s) or 8192 MB")]
pub struct BadSize(pub String);

impl Size {
    /// A size of so many KiB.
    #[must_use]
    pub const fn from_kib(kib: u64) -> Self {
        Self { kib }
    }

    /// A size of so many MiB; none where it is beyond what can be counted.
    #[must_use]
    pub const fn from_mib(mib: u64) -> Option<Self> {
        match mib.checked_mul(KIB_PER_MIB) {
            Some(kib) => Some(Self { kib }),
            None => None,
        }
    }

    /// In KiB.
    #[must_use]
    pub const fn kib(self) -> u64 {
        self.kib
    }

    /// In whole MiB; what is less than one is dropped.
    #[must_use]
    pub const fn mib(self) -> u64 {
        self.kib / KIB_PER_MIB
    }

    /// As `lspv` says it: `256 kilobytes`, `1 megabyte`, `2 megabytes`.
    #[must_use]
    pub fn spoken(self) -> String {
        let (amount, unit) = match self.whole_mib() {
            Some(mib) if mib > 0 => (mib, "megabyte"),
            _ => (self.kib, "kilobyte"),
        };
        format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" })
    }

    fn whole_mib(self) -> Option<u64> {
        self.kib.is_multiple_of(KIB_PER_MIB).then(|| self.mib())
    }
}

impl FromStr for Size {
    type Err = BadSize;

    /// Takes a whole number and `kilobyte`, `megabyte`, `gigabyte` or `terabyte`, with `s` or `(s)`, or `KB`, `MB`, `GB`,
    /// `TB`, with or without a blank between.
    fn from_str(text: &str) -> Result<Self, BadSize> {
        let read = || {
            let text = text.trim();
            let (amount, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
            let unit = unit.trim_start().trim_end_matches("(s)").trim_end_matches('s');
            let kib: u64 = match unit {
                "KB" | "kilobyte" => 1,
                "MB" | "megabyte" => KIB_PER_MIB,
                "GB" | "gigabyte" => KIB_PER_MIB * 1024,
                "TB" | "terabyte" => KIB_PER_MIB * 1024 * 1024,
                _ => return None,
            };
            amount.parse::<u64>().ok()?.checked_mul(kib)
        };
        read().map(Self::from_kib).ok_or_else(|| BadSize(text.chars().take(60).collect()))
    }
}

impl fmt::Display for Size {
    /// As `prtconf` does: `8192 MB`; in KB where it is no whole number of MB.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole_mib() {
            Some(mib) => write!(f, "{mib} MB"),
            None => write!(f, "{} KB", self.kib),
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal::serialize(self.kib, KIB_PER_MIB, serializer)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decimal::deserialize(KIB_PER_MIB, deserializer).map(Self::from_kib)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_word_aix_has_for_a_size() {
        let mib = |text: &str| text.parse::<Size>().map(Size::mib);
        assert_eq!(mib("34752 megabytes"), Ok(34_752));
        assert_eq!(mib("64 megabyte(s)"), Ok(64));
        assert_eq!(mib("20912MB"), Ok(20_912));
        assert_eq!(mib("8192 MB"), Ok(8192));
        assert_eq!(mib("1 megabyte"), Ok(1));
        assert_eq!("256 kilobytes".parse(), Ok(Size::from_kib(256)));
        for bad in ["", "64", "MB", "64 pages", "-1 MB", "1.5 GB", "99999999999999999999 MB", "18446744073709551615 GB"]
        {
            assert!(mib(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn json_has_mib() {
        assert_eq!(
            serde_json::to_string(&["64 MB", "256 KB"].map(|s| s.parse::<Size>().unwrap())).unwrap(),
            "[64,0.25]"
        );
        assert!(serde_json::from_str::<Size>("-1").is_err());
        assert!(serde_json::from_str::<Size>("1e300").is_err());
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same_size(kib in 0..1_u64 << 49) {
            let size = Size::from_kib(kib);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
            prop_assert_eq!(size.spoken().parse(), Ok(size));
            prop_assert_eq!(serde_json::from_str::<Size>(&serde_json::to_string(&size).unwrap()).unwrap(), size);
        }

        #[test]
        fn no_text_makes_it_panic(text in "([0-9]{1,25} ?)?(\\PC{0,9}|megabyte|GB|\\(s\\)|s){0,3}") {
            let _ = text.parse::<Size>();
        }
    }
}
