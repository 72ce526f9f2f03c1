//! `errpt`: the summary of the error log (nimadm.md §6.12). `errpt -a` is not read.

use crate::{
    Unreadable,
    text::{begins, word},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One line of `errpt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which error it is, 8 hexadecimal digits: `DE3B8540`.
    pub id: String,
    /// When it was logged.
    pub timestamp: Timestamp,
    /// How bad it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What it is about.
    pub class: Class,
    /// The device or program, cut off by AIX where it is long.
    pub resource: String,
    /// The text.
    pub description: String,
}

/// Column T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "char", into = "char")]
pub enum Kind {
    /// `P`: the device or program does not work any more.
    Permanent,
    /// `T`: it recovered.
    Temporary,
    /// `I`.
    Information,
    /// `U`.
    Unknown,
    /// A letter of another AIX.
    Other(char),
}

/// Column C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "char", into = "char")]
pub enum Class {
    /// `H`.
    Hardware,
    /// `S`.
    Software,
    /// `O`: a message of the operator, as errlogger writes it.
    Operator,
    /// `U`.
    Undetermined,
    /// A letter of another AIX.
    Other(char),
}

impl From<char> for Kind {
    fn from(letter: char) -> Self {
        match letter {
            'P' => Self::Permanent,
            'T' => Self::Temporary,
            'I' => Self::Information,
            'U' => Self::Unknown,
            other => Self::Other(other),
        }
    }
}

impl From<Kind> for char {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Permanent => 'P',
            Kind::Temporary => 'T',
            Kind::Information => 'I',
            Kind::Unknown => 'U',
            Kind::Other(other) => other,
        }
    }
}

impl From<char> for Class {
    fn from(letter: char) -> Self {
        match letter {
            'H' => Self::Hardware,
            'S' => Self::Software,
            'O' => Self::Operator,
            'U' => Self::Undetermined,
            other => Self::Other(other),
        }
    }
}

impl From<Class> for char {
    fn from(class: Class) -> Self {
        match class {
            Class::Hardware => 'H',
            Class::Software => 'S',
            Class::Operator => 'O',
            Class::Undetermined => 'U',
            Class::Other(other) => other,
        }
    }
}

/// A time as errpt prints it, `MMDDhhmmYY`. It compares as time within one century.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    // In the order in which they compare.
    year: u8,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
}

/// A text that is no time of errpt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time as errpt prints it, MMDDhhmmYY")]
pub struct BadTimestamp(pub String);

impl Timestamp {
    /// The year, 2000 to 2099: AIX prints two digits of it.
    #[must_use]
    pub fn year(&self) -> u16 {
        2000 + u16::from(self.year)
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(&self) -> u8 {
        self.day
    }

    /// The hour, 0 to 23, in the host's time zone.
    #[must_use]
    pub fn hour(&self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub fn minute(&self) -> u8 {
        self.minute
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        let read = || {
            let pairs = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit());
            let pair = |index: usize| pairs.then(|| text.get(2 * index..2 * index + 2)?.parse::<u8>().ok())?;
            let time = Self { month: pair(0)?, day: pair(1)?, hour: pair(2)?, minute: pair(3)?, year: pair(4)? };
            let Self { month, day, hour, minute, .. } = time;
            ((1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60).then_some(time)
        };
        read().ok_or_else(|| BadTimestamp(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = BadTimestamp;

    fn try_from(text: String) -> Result<Self, BadTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute } = self;
        write!(f, "{month:02}{day:02}{hour:02}{minute:02}{year:02}")
    }
}

const HEADINGS: &str = "IDENTIFIER TIMESTAMP  T C RESOURCE_NAME  DESCRIPTION";

/// Reads `errpt`, newest entry first; an empty log prints nothing.
///
/// # Errors
/// A line under the headings without identifier, time, two letters and a resource.
pub fn parse(output: &str) -> Result<Vec<Entry>, Unreadable> {
    crate::text::table("errpt", output, |line| begins(line, "IDENTIFIER"), row)
}

fn row(line: &str) -> Option<Entry> {
    let (id, rest) = word(line)?;
    let (timestamp, rest) = word(rest)?;
    let (kind, rest) = word(rest)?;
    let (class, rest) = word(rest)?;
    let (resource, description) = word(rest)?;
    let hexadecimal = id.len() == 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
    Some(Entry {
        id: hexadecimal.then(|| id.to_owned())?,
        timestamp: timestamp.parse().ok()?,
        kind: letter(kind)?.into(),
        class: letter(class)?.into(),
        resource: resource.to_owned(),
        description: description.trim().to_owned(),
    })
}

fn letter(word: &str) -> Option<char> {
    word.parse().ok()
}

/// Prints as `errpt` does; nothing for an empty log.
#[must_use]
pub fn print(entries: &[Entry]) -> String {
    let mut out = String::new();
    if !entries.is_empty() {
        out += &format!("{HEADINGS}\n");
    }
    for Entry { id, timestamp, kind, class, resource, description } in entries {
        let (kind, class) = (char::from(*kind), char::from(*class));
        out += &format!("{id:<10} {timestamp} {kind} {class} {resource:<14} {description}\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, prelude::*};

    fn any_entry() -> impl Strategy<Value = Entry> {
        let time = (0..100_u8, 1..=12_u8, 1..=31_u8, 0..24_u8, 0..60_u8)
            .prop_map(|(year, month, day, hour, minute)| Timestamp { year, month, day, hour, minute });
        let letter = || proptest::char::range('A', 'Z');
        ("[0-9A-F]{8}", time, letter(), letter(), "[a-zA-Z0-9_]{1,16}", "([A-Z][A-Za-z ,]{0,30}[a-z.])?").prop_map(
            |(id, timestamp, kind, class, resource, description)| Entry {
                id,
                timestamp,
                kind: kind.into(),
                class: class.into(),
                resource,
                description,
            },
        )
    }

    #[test]
    fn fixtures_print_as_they_were() {
        for name in ["disk_lost.log", "reboot.unconfirmed"] {
            fixture::round_trip(&format!("errpt/{name}"), parse, |entries| print(entries));
        }
        assert_eq!(parse("").unwrap(), []);
        assert!(parse("errpt: 0315-180 cannot open the error log\n").is_err());
    }

    #[test]
    fn times_are_checked_and_compare_as_times() {
        let time = |text: &str| text.parse::<Timestamp>();
        let newer = time("0101000126").unwrap();
        assert!(time("1231235925").unwrap() < newer);
        assert_eq!((newer.year(), newer.month(), newer.day(), newer.hour(), newer.minute()), (2026, 1, 1, 0, 1));
        for bad in ["", "1301000126", "0132000126", "0101240126", "0101006026", "010100012", "0101+00126", "01010001é"]
        {
            assert!(time(bad).is_err(), "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(entries in vec(any_entry(), 0..5)) {
            prop_assert_eq!(parse(&print(&entries)).unwrap(), entries);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|0901143826|A6DF45AA | I O ){0,40}") {
            let _ = (parse(&text), text.parse::<Timestamp>());
        }
    }
}
