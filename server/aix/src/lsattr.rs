//! `lsattr -El <device> -a <attribute>`: attributes of a device (nimadm.md §3.2 M16).
//!
//! An attribute without a value leaves its column blank, and its description would be taken for one. So ask for attributes
//! that have a value, as `goodsize` and `reserve_policy` do.

use crate::{Unreadable, text::rows};
use serde::{Deserialize, Serialize};

/// An attribute of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name: `goodsize`.
    pub attribute: String,
    /// Its value, as printed; without blanks.
    pub value: String,
    /// What it is.
    pub description: String,
    /// Whether it can be changed.
    pub user_settable: bool,
}

/// Reads `lsattr -El`.
///
/// # Errors
/// A line without name and value, or that does not end in `True` or `False`.
pub fn parse(output: &str) -> Result<Vec<Attribute>, Unreadable> {
    rows("lsattr", output, |line| {
        let mut words: Vec<_> = line.split_whitespace().collect();
        let user_settable = match words.pop()? {
            // AIX 7.2 prints `True+` for what can be changed while in use.
            "True" | "True+" => true,
            "False" => false,
            _ => return None,
        };
        let [attribute, value, description @ ..] = &words[..] else { return None };
        Some(Attribute {
            attribute: (*attribute).to_owned(),
            value: (*value).to_owned(),
            description: description.join(" "),
            user_settable,
        })
    })
}

/// Prints as `lsattr -El` does, every column as wide as its widest word.
#[must_use]
pub fn print(attributes: &[Attribute]) -> String {
    let width = |field: fn(&Attribute) -> &str| attributes.iter().map(|row| field(row).len()).max().unwrap_or(0);
    let (names, values) = (width(|row| &row.attribute), width(|row| &row.value));
    let descriptions = width(|row| &row.description);
    let line = |row: &Attribute| {
        let Attribute { attribute, value, description, user_settable } = row;
        let settable = if *user_settable { "True" } else { "False" };
        format!("{attribute:<names$} {value:<values$} {description:<descriptions$} {settable}\n")
    };
    attributes.iter().map(line).collect()
}

/// The memory of a host in MB: `lsattr -El mem0 -a goodsize`.
#[must_use]
pub fn good_memory_mb(attributes: &[Attribute]) -> Option<u64> {
    attributes.iter().find(|row| row.attribute == "goodsize")?.value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, prelude::*};

    fn any_attribute() -> impl Strategy<Value = Attribute> {
        ("[a-z_]{1,16}", "[a-z0-9_/]{1,16}", "[A-Z][a-z]{0,8}( [a-z]{1,8}){0,4}", any::<bool>()).prop_map(
            |(attribute, value, description, user_settable)| Attribute { attribute, value, description, user_settable },
        )
    }

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("lsattr/goodsize.constructed", parse, |rows| print(rows));
        assert_eq!(good_memory_mb(&parse(&fixture::text("lsattr/goodsize.constructed")).unwrap()), Some(8192));
        for bad in ["lsattr: 0514-519 The following device was not found\n", "ksh: lsattr: not found\n"] {
            assert!(parse(bad).is_err(), "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(rows in vec(any_attribute(), 0..4)) {
            prop_assert_eq!(parse(&print(&rows)).unwrap(), rows);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n| True| False| ){0,40}") {
            let _ = parse(&text).map(|rows| good_memory_mb(&rows));
        }
    }
}
