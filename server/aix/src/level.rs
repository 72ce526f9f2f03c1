//! AIX levels, as `oslevel -s` prints them.

use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, str::FromStr};

/// A complete AIX level: `7100-05-11-2246` is version 7, release 1, technology level 5, service pack 11, built in week 46
/// of 2022.
///
/// Levels compare by version, release, technology level and service pack. The build date takes no part: service pack 00
/// is printed with and without one (nimadm.md §6.6), and equality follows the same rule.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Level {
    /// Version, as 7 in 7.3.
    pub version: u8,
    /// Release, as 3 in 7.3.
    pub release: u8,
    /// Technology level.
    pub tl: u8,
    /// Service pack.
    pub sp: u8,
    /// Build date as year and week, `2520`; 0 where it is not known.
    pub build: u16,
}

/// A text that is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an AIX level such as 7300-03-01-2520")]
pub struct BadLevel(pub String);

impl Level {
    /// Version and release as nimadm's `-M` takes them: `7.3`.
    #[must_use]
    pub fn version_release(&self) -> String {
        format!("{}.{}", self.version, self.release)
    }

    /// As people say it: `7.3 TL3 SP1`.
    #[must_use]
    pub fn spoken(&self) -> String {
        format!("{}.{} TL{} SP{}", self.version, self.release, self.tl, self.sp)
    }

    fn key(self) -> (u8, u8, u8, u8) {
        (self.version, self.release, self.tl, self.sp)
    }
}

impl PartialEq for Level {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Level {}

impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl std::hash::Hash for Level {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl FromStr for Level {
    type Err = BadLevel;

    /// Reads `VRMF-TL-SP-BUILD` and, with what is missing taken as 0, `VRMF-TL-SP` and `VRMF-TL` (`oslevel -r`).
    fn from_str(text: &str) -> Result<Self, BadLevel> {
        let bad = || BadLevel(text.chars().take(60).collect());
        let digits = |part: &str, len: usize| -> Result<u16, BadLevel> {
            if part.len() == len && part.bytes().all(|b| b.is_ascii_digit()) {
                part.parse().map_err(|_| bad())
            } else {
                Err(bad())
            }
        };
        let small = |value: u16| u8::try_from(value).map_err(|_| bad());
        let mut parts = text.trim().split('-');
        let vrmf = digits(parts.next().unwrap_or_default(), 4)?;
        let tl = digits(parts.next().ok_or_else(bad)?, 2)?;
        let sp = parts.next().map_or(Ok(0), |part| digits(part, 2))?;
        let build = parts.next().map_or(Ok(0), |part| digits(part, 4))?;
        if parts.next().is_some() {
            return Err(bad());
        }
        Ok(Self {
            version: small(vrmf / 1000)?,
            release: small(vrmf / 100 % 10)?,
            tl: small(tl)?,
            sp: small(sp)?,
            build,
        })
    }
}

impl TryFrom<String> for Level {
    type Error = BadLevel;

    fn try_from(text: String) -> Result<Self, BadLevel> {
        text.parse()
    }
}

impl From<Level> for String {
    fn from(level: Level) -> Self {
        level.to_string()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}00-{:02}-{:02}-{:04}", self.version, self.release, self.tl, self.sp, self.build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> Level {
        text.parse().unwrap()
    }

    #[test]
    fn levels_compare_by_service_pack_and_not_by_build() {
        assert!(level("7100-05-12-2336") < level("7300-03-01-2520"));
        assert!(level("7200-05-05-2246") < level("7200-05-11-2110"));
        assert_eq!(level("7300-03-00-0000"), level("7300-03-00-2446"));
        assert_eq!(level("6100-09"), level("6100-09-00-0000"));
    }

    #[test]
    fn printing_and_reading_give_the_same_level() {
        for text in ["5300-12-04-1119", "7300-03-01-2520"] {
            assert_eq!(level(text).to_string(), text);
        }
        assert_eq!(level("7300-03-01-2520").spoken(), "7.3 TL3 SP1");
        for bad in ["", "7300", "7.3", "7300-3", "7300-03-01-2520-1", "73000-03"] {
            assert!(bad.parse::<Level>().is_err(), "{bad:?} was taken");
        }
    }
}
