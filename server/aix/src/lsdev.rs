//! `lsdev -Cc disk` and `lsdev -l hdiskN -F status`: devices and whether they can be used (nimadm.md §3.2 D7).
//!
//! AIX makes each column as wide as its longest word, and a virtual device has no location, so columns cannot be counted on.
//! A location is known by its look instead: it has a digit and a dash, as `00-08-00`, `C5-T1-01`, `04-08-00-8,0` or
//! `U8286.41A.1234567-V5-C10-T1` do and the first word of a description, `Virtual`, `SAS`, `16`, does not.

use crate::{
    Unreadable,
    text::{only, rows, word},
    words::words,
};
use serde::{Deserialize, Serialize};

words! {
    /// What can be done with a device.
    Status {
        /// In use or ready for it.
        Available = "Available",
        /// Known from earlier, not there now.
        Defined = "Defined",
        /// Configured, and not ready.
        Stopped = "Stopped",
    }
}

/// One line of `lsdev`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its name, `hdisk0`.
    pub name: String,
    /// Whether it can be used.
    pub status: Status,
    /// Its location code; none where it is virtual.
    pub location: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

/// Reads `lsdev -Cc disk`, or of another class.
///
/// # Errors
/// A line that does not begin with a device's name and a status.
pub fn parse(output: &str) -> Result<Vec<Device>, Unreadable> {
    rows("lsdev", output, |line| {
        let (name, rest) = word(line)?;
        let (status, rest) = word(rest)?;
        let (location, description) = match word(rest) {
            Some((first, behind)) if is_location(first) => (Some(first), behind),
            _ => (None, rest),
        };
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Some(Device {
            name: Some(name.to_owned()).filter(|name| is_name(name))?,
            status: read_status(status)?,
            location: location.and_then(text),
            description: text(description.trim()),
        })
    })
}

/// Prints what [`parse`] reads, in columns as wide as their longest word.
#[must_use]
pub fn print(devices: &[Device]) -> String {
    fn width<'a>(column: impl Iterator<Item = &'a str>) -> usize {
        column.map(str::len).max().unwrap_or(0)
    }
    let names = width(devices.iter().map(|device| device.name.as_str()));
    let states = width(devices.iter().map(|device| device.status.as_str()));
    let locations = width(devices.iter().filter_map(|device| device.location.as_deref()));
    let line = |Device { name, status, location, description }: &Device| {
        let location = location.as_deref().unwrap_or_default();
        let description = description.as_deref().unwrap_or_default();
        format!("{name:<names$} {status:<states$} {location:<locations$} {description}\n")
    };
    devices.iter().map(line).collect()
}

/// Reads `lsdev -l hdiskN -F status`.
///
/// # Errors
/// Anything but one word that can be a status.
pub fn status(output: &str) -> Result<Status, Unreadable> {
    only("lsdev -F status", output, read_status)
}

/// Prints what [`status`] reads.
#[must_use]
pub fn print_status(status: &Status) -> String {
    format!("{status}\n")
}

/// A status is a word with a capital: `Cannot find` begins no line of a table.
fn read_status(word: &str) -> Option<Status> {
    let good = word.starts_with(|c: char| c.is_ascii_uppercase()) && word.bytes().all(|b| b.is_ascii_alphabetic());
    good.then(|| word.to_owned().into())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn is_location(text: &str) -> bool {
    text.contains('-') && text.contains(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::{option::of, prelude::*};

    #[test]
    fn reads_every_sample_and_prints_those_in_columns() {
        let samples = samples!("lsdev": "disks_aligned.constructed", "disks_virtual.constructed");
        fixture::read_and_print(samples, parse, |devices| print(devices));
        fixture::read(samples!("lsdev": "disks.constructed"), parse);
        fixture::read_and_print(samples!("lsdev": "status.constructed"), status, print_status);
    }

    #[test]
    fn an_error_is_no_device() {
        for text in
            ["lsdev: 0514-521 Cannot find information in the predefined device\n", "Cannot find it\n", "hdisk0\n"]
        {
            assert!(parse(text).is_err() && status(text).is_err(), "{text:?} was taken");
        }
    }

    fn any_status() -> impl Strategy<Value = Status> {
        "Available|Defined|Stopped|[A-Z][a-z]{2,8}".prop_map(Status::from)
    }

    prop_compose! {
        fn device()(
            name in "[a-z]{2,9}[0-9]{1,3}",
            status in any_status(),
            location in of("[A-Z]?[0-9]{1,2}(-[A-Z]?[0-9]{1,2}){1,3}(,[0-9])?"),
            // no dash in the first word: AIX itself would not be understood
            description in of("[A-Za-z0-9]{1,8}( [A-Za-z0-9-]{1,8}){0,4}"),
        ) -> Device {
            Device { name, status, location, description }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(devices in proptest::collection::vec(device(), 0..5), state in any_status()) {
            prop_assert_eq!(parse(&print(&devices)).unwrap(), devices);
            prop_assert_eq!(status(&print_status(&state)).unwrap(), state);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "hdisk0", "Available", "Defined", "00-08-00", "SAS Disk Drive",
        ])) {
            let _ = (parse(&text), status(&text));
        }
    }
}
