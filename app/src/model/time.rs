//! Points in time.

use ::time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A point in time in UTC, in the years 0000 to 9999; travels as RFC 3339 with milliseconds.
///
/// What comes from outside may have an offset that leaves these years: `9999-12-31T23:00:00-02:00`. It is refused where it
/// is read; to find out later would be a panic or an answer that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Milliseconds since 1970.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// The point `millis` milliseconds after 1970, or the epoch itself where that is no date.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        let nanos = i128::from(millis) * 1_000_000;
        Self(OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    /// As people read it, in UTC: `2026-11-22 21:57:48`.
    #[must_use]
    pub fn readable(self) -> String {
        let t = self.0;
        let (date, time) = (t.date(), t.time());
        format!(
            "{}-{:02}-{:02} {:02}:{:02}:{:02}",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(value: OffsetDateTime) -> Self {
        // The database gives UTC, which is never out of range.
        Self(value.checked_to_offset(UtcOffset::UTC).unwrap_or(value))
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(value: Timestamp) -> Self {
        value.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.format(&Rfc3339).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ::time::serde::rfc3339::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = ::time::serde::rfc3339::deserialize(deserializer)?;
        let utc = at.checked_to_offset(UtcOffset::UTC).filter(|utc| (0..=9999).contains(&utc.year()));
        utc.map(Self).ok_or_else(|| serde::de::Error::custom("is outside the years 0000 to 9999 in UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_a_time_whose_offset_leaves_the_calendar_is_refused() {
        let read = |text: &str| serde_json::from_value::<Timestamp>(text.into()).map_err(|error| error.to_string());
        for text in ["9999-12-31T23:30:00-01:00", "0000-01-01T00:30:00+01:00", "9999-12-31T23:59:59.9-00:01"] {
            assert!(read(text).unwrap_err().contains("0000 to 9999"), "{text}");
        }
        for text in
            ["9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:30:00+01:00", "0000-01-01T00:30:00-01:00"]
        {
            let written = serde_json::to_value(read(text).unwrap()).unwrap();
            assert_eq!(read(written.as_str().unwrap()), read(text), "{text}");
        }
    }
}
