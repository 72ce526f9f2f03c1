//! `lspath -l hdiskN`: the paths to a disk (nimadm.md §6.15). Columns are as wide as their longest word (unconfirmed), so
//! words are read.

use crate::{Unreadable, text::rows, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// What can be done with a path.
    PathStatus {
        /// In use or ready for it.
        Enabled = "Enabled",
        /// Switched off by hand.
        Disabled = "Disabled",
        /// Given up after errors.
        Failed = "Failed",
        /// Known from earlier, not there now.
        Defined = "Defined",
        /// Not found at the last boot.
        Missing = "Missing",
        /// Known, not in use because its disk is closed.
        Detected = "Detected",
    }
}

/// One line of `lspath`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Whether it can be used.
    pub status: PathStatus,
    /// The disk.
    pub name: String,
    /// The adapter it goes through: `fscsi0`, `vscsi0`, `sas0`.
    pub parent: String,
}

/// Reads `lspath -l hdiskN`; a disk without multipathing has no line.
///
/// # Errors
/// A line that is not a status, a disk and an adapter.
pub fn parse(output: &str) -> Result<Vec<Path>, Unreadable> {
    rows("lspath", output, |line| {
        let mut words = line.split_whitespace();
        let (status, name, parent) = (words.next()?, words.next()?, words.next()?);
        let good = status.bytes().all(|b| b.is_ascii_alphabetic()) && [name, parent].into_iter().all(is_device);
        (good && words.next().is_none()).then(|| Path {
            status: status.to_owned().into(),
            name: name.to_owned(),
            parent: parent.to_owned(),
        })
    })
}

/// Prints what [`parse`] reads.
#[must_use]
pub fn print(paths: &[Path]) -> String {
    let states = paths.iter().map(|path| path.status.as_str().len()).max().unwrap_or(0);
    let names = paths.iter().map(|path| path.name.len()).max().unwrap_or(0);
    let line = |Path { status, name, parent }: &Path| format!("{status:<states$} {name:<names$} {parent}\n");
    paths.iter().map(line).collect()
}

fn is_device(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_every_sample() {
        let samples = samples!("lspath": "two_paths.constructed", "failed.unconfirmed");
        fixture::read_and_print(samples, parse, |paths| print(paths));
        assert!(parse("lspath: 0514-534 The following device was not found\n").is_err());
        assert!(parse("ksh: lspath:  not found.\n").is_err());
    }

    prop_compose! {
        fn path()(
            status in "Enabled|Disabled|Failed|Defined|Missing|Detected|[A-Z][a-z]{2,8}",
            (name, parent) in ("hdisk[0-9]{1,3}", "(fscsi|vscsi|sas)[0-9]{1,2}"),
        ) -> Path {
            Path { status: status.into(), name, parent }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(paths in proptest::collection::vec(path(), 0..9)) {
            prop_assert_eq!(parse(&print(&paths)).unwrap(), paths);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&["Enabled", "hdisk0", "fscsi0"])) {
            let _ = parse(&text);
        }
    }
}
