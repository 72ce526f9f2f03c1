//! Disks: their names of the day, and the identifiers that stay.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A disk's name on one host, such as `hdisk1`. It can change at every boot: never remember a disk by it, use [`Pvid`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DiskName(String);

/// A physical volume identifier: 16 hexadecimal digits in lower case, written on the disk itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pvid(String);

/// A volume group's identifier: 32 hexadecimal digits in lower case, written on each of its disks; 16 before AIX 5.2
/// (unconfirmed).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VgId(String);

/// Why a text is no disk name, PVID or volume group identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDisk {
    /// Not a device name.
    #[error("{0:?} is not a disk name such as hdisk1")]
    Name(String),
    /// Not 16 hexadecimal digits.
    #[error("{0:?} is not a PVID (16 hexadecimal digits)")]
    Pvid(String),
    /// Not 32 hexadecimal digits.
    #[error("{0:?} is not a volume group identifier (32 hexadecimal digits)")]
    VgId(String),
}

macro_rules! text_newtype {
    ($type:ident, $error:ty) => {
        impl $type {
            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_newtype!(DiskName, BadDisk);
text_newtype!(Pvid, BadDisk);
text_newtype!(VgId, BadDisk);

impl FromStr for DiskName {
    type Err = BadDisk;

    /// Takes a letter, then letters, digits and `_`, at most 15 in all: `hdisk0`, `hdiskpower12`, and what `rendev` made of them.
    fn from_str(text: &str) -> Result<Self, BadDisk> {
        let good = text.len() <= 15
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if good { Ok(Self(text.to_owned())) } else { Err(BadDisk::Name(text.chars().take(60).collect())) }
    }
}

impl FromStr for Pvid {
    type Err = BadDisk;

    /// Takes 16 hexadecimal digits in either case; keeps lower case.
    fn from_str(text: &str) -> Result<Self, BadDisk> {
        hexadecimal(text, &[16]).map(Self).map_err(BadDisk::Pvid)
    }
}

impl FromStr for VgId {
    type Err = BadDisk;

    /// Takes 32 or 16 hexadecimal digits in either case; keeps lower case.
    fn from_str(text: &str) -> Result<Self, BadDisk> {
        hexadecimal(text, &[32, 16]).map(Self).map_err(BadDisk::VgId)
    }
}

/// The digits in lower case; the beginning of the text where it is something else.
fn hexadecimal(text: &str, lengths: &[usize]) -> Result<String, String> {
    let good = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if good { Ok(text.to_ascii_lowercase()) } else { Err(text.chars().take(60).collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_names_and_pvids_are_allow_lists() {
        assert!("hdisk10".parse::<DiskName>().is_ok());
        for bad in ["", "1disk", "hdisk0123456789x", "hdisk1;reboot", "hdisk 1", "-d1", "hdisk1\n"] {
            assert!(bad.parse::<DiskName>().is_err(), "{bad:?} was taken");
        }
        assert_eq!("00F9C87A12345678".parse::<Pvid>().unwrap().as_str(), "00f9c87a12345678");
        assert!("none".parse::<Pvid>().is_err());
        assert_eq!("00F9C87A00004C000000017A0BD88942".parse::<VgId>().unwrap().as_str().len(), 32);
        assert!("00f9c87a00004c000000017a0bd8894".parse::<VgId>().is_err());
    }
}
