//! `lsmcode`: firmware (nimadm.md §6.14). Both forms are unconfirmed; `prtconf` has the system's level too, confirmed.

use crate::{
    Unreadable,
    text::{filled, lines, rows},
};
use serde::{Deserialize, Serialize};

/// What `lsmcode -c` says about the system's firmware.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firmware {
    /// The level that stays.
    pub permanent: Option<String>,
    /// The level being tried.
    pub temporary: Option<String>,
    /// Which of them runs.
    pub booted: Option<Side>,
}

/// A place for firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// It stays.
    Permanent,
    /// It is being tried, until it is committed.
    Temporary,
}

impl Firmware {
    /// The level that runs.
    #[must_use]
    pub fn running(&self) -> Option<&str> {
        match self.booted? {
            Side::Permanent => self.permanent.as_deref(),
            Side::Temporary => self.temporary.as_deref(),
        }
    }
}

const PERMANENT: &str = "The current permanent system firmware image is ";
const TEMPORARY: &str = "The current temporary system firmware image is ";
const BOOTED: &str = "The system is currently booted from the ";

/// Reads `lsmcode -c`. Other lines are passed over.
///
/// # Errors
/// Output without any of the three sentences.
pub fn parse(output: &str) -> Result<Firmware, Unreadable> {
    let mut firmware = Firmware::default();
    for (_, line) in lines(output) {
        let line = line.trim_start();
        let full_stop = |c: char| c == '.' || c.is_whitespace();
        let image = |start| line.strip_prefix(start).map(|level: &str| filled(level.trim_end_matches(full_stop)));
        if let Some(level) = image(PERMANENT) {
            firmware.permanent = level;
        } else if let Some(level) = image(TEMPORARY) {
            firmware.temporary = level;
        } else if let Some(rest) = line.strip_prefix(BOOTED) {
            firmware.booted = match rest.split_whitespace().next() {
                Some("permanent") => Some(Side::Permanent),
                Some("temporary") => Some(Side::Temporary),
                _ => None,
            };
        }
    }
    let first = output.lines().next().unwrap_or_default();
    if firmware == Firmware::default() { Err(Unreadable::new("lsmcode -c", 1, first)) } else { Ok(firmware) }
}

/// Prints as `lsmcode -c` does.
#[must_use]
pub fn print(firmware: &Firmware) -> String {
    let mut out = String::new();
    for (start, level) in [(PERMANENT, &firmware.permanent), (TEMPORARY, &firmware.temporary)] {
        if let Some(level) = level {
            out += &format!("{start}{level}\n");
        }
    }
    if let Some(side) = firmware.booted {
        let side = if side == Side::Permanent { "permanent" } else { "temporary" };
        out += &format!("{BOOTED}{side} firmware image.\n");
    }
    out
}

/// The microcode of a device: a line of `lsmcode -A`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Microcode {
    /// `sys0`, `hdisk0`, …
    pub device: String,
    /// Its level, as printed: devices write theirs as they like.
    pub level: String,
}

/// Reads `lsmcode -A`.
///
/// # Errors
/// A line that is not `device!level`.
pub fn devices(output: &str) -> Result<Vec<Microcode>, Unreadable> {
    rows("lsmcode -A", output, |line| {
        let (device, level) = line.split_once('!')?;
        let word = !device.is_empty() && device.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        word.then(|| Microcode { device: device.to_owned(), level: level.trim().to_owned() })
    })
}

/// Prints as `lsmcode -A` does.
#[must_use]
pub fn print_devices(devices: &[Microcode]) -> String {
    devices.iter().map(|Microcode { device, level }| format!("{device}!{level}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, option, prelude::*, sample::select};

    fn any_firmware() -> impl Strategy<Value = Firmware> {
        let level = || option::of("[A-Z]{2}[0-9]{3}_[0-9]{3}");
        let side = option::of(select(vec![Side::Permanent, Side::Temporary]));
        (level(), level(), side)
            .prop_map(|(permanent, temporary, booted)| Firmware { permanent, temporary, booted })
            .prop_filter("nothing", |firmware| *firmware != Firmware::default())
    }

    fn any_device() -> impl Strategy<Value = Microcode> {
        ("[a-z0-9]{1,9}", "([A-Za-z0-9]([A-Za-z0-9 :!_.()-]{0,20}[a-z0-9)])?)?")
            .prop_map(|(device, level)| Microcode { device, level })
    }

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("lsmcode/system.unconfirmed", parse, print);
        fixture::round_trip("lsmcode/devices.unconfirmed", devices, |devices| print_devices(devices));
        assert_eq!(parse(&fixture::text("lsmcode/system.unconfirmed")).unwrap().running(), Some("VH950_099"));
        let level = |text: &str| parse(&format!("{PERMANENT}{text}\n")).ok().and_then(|firmware| firmware.permanent);
        assert_eq!((level("VH950_099 .").as_deref(), level(" . ")), (Some("VH950_099"), None));
        assert_eq!(devices("hdisk0! /sh: a: b\n").unwrap()[0].level, "/sh: a: b");
        let bad = "ksh: lsmcode: not found\n";
        assert!(parse("").is_err() && parse(bad).is_err() && devices(bad).is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(firmware in any_firmware(), all in vec(any_device(), 0..4)) {
            prop_assert_eq!(parse(&print(&firmware)).unwrap(), firmware);
            prop_assert_eq!(devices(&print_devices(&all)).unwrap(), all);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|!|The system is currently booted from the ){0,40}") {
            let _ = (parse(&text), devices(&text));
        }
    }
}
