//! `lssrc`: subsystems and whether they run (nimadm.md §6.15, Annex A.1).

use crate::{
    Unreadable,
    message::code_at_start,
    text::{begins, table},
};
use serde::{Deserialize, Serialize};

/// A subsystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subsystem {
    /// Its name.
    pub subsystem: String,
    /// The group it belongs to.
    pub group: Option<String>,
    /// Its process; none where it does not run.
    pub pid: Option<u64>,
    /// Whether it runs.
    pub status: Status,
}

/// Whether a subsystem runs. JSON has the words that AIX prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Status {
    /// `active`.
    Active,
    /// `inoperative`.
    Inoperative,
    /// `stopping`.
    Stopping,
    /// `warned to stop`.
    WarnedToStop,
    /// Another word.
    Other(String),
}

impl Status {
    const WORDS: [(Self, &str); 4] = [
        (Self::Active, "active"),
        (Self::Inoperative, "inoperative"),
        (Self::Stopping, "stopping"),
        (Self::WarnedToStop, "warned to stop"),
    ];

    fn words(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => Self::WORDS.iter().find(|(status, _)| status == known).map_or("", |(_, words)| words),
        }
    }
}

impl From<String> for Status {
    fn from(text: String) -> Self {
        let known = Self::WORDS.iter().find(|(_, words)| *words == text);
        known.map_or(Self::Other(text), |(status, _)| status.clone())
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.words().to_owned()
    }
}

/// Reads `lssrc -s`, `-g` and `-a`.
///
/// # Errors
/// A line without name and status, as a message about a subsystem that is not known.
pub fn parse(output: &str) -> Result<Vec<Subsystem>, Unreadable> {
    table("lssrc", output, |line| begins(line, "Subsystem"), row)
}

/// The status is at the end, and of the columns before it the group and the process can be blank. A word of digits is a
/// process.
fn row(line: &str) -> Option<Subsystem> {
    let line = line.trim();
    let ends = |words: &str| line.strip_suffix(words).filter(|rest| rest.ends_with(' '));
    let known = Status::WORDS.iter().find_map(|(status, words)| Some((ends(words)?, status.clone())));
    let (rest, status) = known.or_else(|| line.rsplit_once(' ').map(|(rest, word)| (rest, word.to_owned().into())))?;
    let mut words = rest.split_whitespace().peekable();
    let subsystem = words.next().filter(|name| !name.ends_with(':') && code_at_start(name).is_none())?.to_owned();
    let group = words.next_if(|word| word.parse::<u64>().is_err()).map(str::to_owned);
    let pid = words.next().map(|word| word.parse().map_err(|_| ())).transpose().ok()?;
    words.next().is_none().then_some(Subsystem { subsystem, group, pid, status })
}

/// Prints as `lssrc` does.
#[must_use]
pub fn print(subsystems: &[Subsystem]) -> String {
    let mut out = "Subsystem         Group            PID          Status \n".to_owned();
    for Subsystem { subsystem, group, pid, status } in subsystems {
        let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
        let group = group.as_deref().unwrap_or_default();
        out += &format!(" {subsystem:<16} {group:<16} {pid:<12} {}\n", status.words());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, option, prelude::*};

    fn any_subsystem() -> impl Strategy<Value = Subsystem> {
        let known = proptest::sample::select(Status::WORDS.map(|(status, _)| status).to_vec());
        let status = prop_oneof![known, "x[a-z]{1,9}".prop_map(Status::from)];
        ("[a-z][a-zA-Z0-9._]{0,20}", option::of("[a-z][a-z0-9]{0,20}"), any::<Option<u64>>(), status)
            .prop_map(|(subsystem, group, pid, status)| Subsystem { subsystem, group, pid, status })
    }

    #[test]
    fn fixtures_print_as_they_were() {
        for name in ["nimsh.constructed", "nfs.constructed", "nimesis.constructed", "blank_group.constructed"] {
            fixture::round_trip(&format!("lssrc/{name}"), parse, |rows| print(rows));
        }
        let unknown = "0513-085 The nimsh Subsystem is not on file.\n";
        assert!(parse(unknown).is_err() && parse("ksh: lssrc: not found\n").is_err());
        assert!(parse("0513-004 active\n").is_err());
        assert_eq!(parse("Subsystem\tGroup PID Status\n").unwrap(), []);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(rows in vec(any_subsystem(), 0..4)) {
            prop_assert_eq!(parse(&print(&rows)).unwrap(), rows);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|active| |12){0,40}") {
            let _ = parse(&text);
        }
    }
}
