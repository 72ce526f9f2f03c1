//! `lparstat -i`: the partition as the hypervisor sees it (nimadm.md §3.2 M16, H3). The layout is unconfirmed.

use crate::{Hundredths, Unreadable, text::rows};
use serde::{Deserialize, Serialize};

/// The output of `lparstat -i`. In JSON the values that checks need have names of their own, and `lines` has them all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "View", into = "View")]
pub struct Lparstat {
    /// Every key with its value, in the order printed; `-` is a value.
    pub lines: Vec<(String, String)>,
}

/// How a [`Lparstat`] looks in JSON. All but the lines follows from them, so it is not read back.
#[derive(Serialize, Deserialize)]
struct View {
    #[serde(rename = "type", skip_deserializing)]
    kind: Option<String>,
    #[serde(skip_deserializing)]
    mode: Option<String>,
    #[serde(skip_deserializing)]
    entitled_capacity: Option<Hundredths>,
    #[serde(skip_deserializing)]
    online_memory_mb: Option<u64>,
    #[serde(skip_deserializing)]
    online_virtual_cpus: Option<u32>,
    lines: Vec<(String, String)>,
}

impl From<Lparstat> for View {
    fn from(stat: Lparstat) -> Self {
        Self {
            kind: stat.kind().map(str::to_owned),
            mode: stat.mode().map(str::to_owned),
            entitled_capacity: stat.entitled_capacity(),
            online_memory_mb: stat.online_memory_mb(),
            online_virtual_cpus: stat.online_virtual_cpus(),
            lines: stat.lines,
        }
    }
}

impl From<View> for Lparstat {
    fn from(View { lines, .. }: View) -> Self {
        Self { lines }
    }
}

impl Lparstat {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|(name, value)| (name == key).then_some(value.as_str()))
    }

    /// `Shared-SMT-8`, `Dedicated-SMT-4`, …
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.get("Type")
    }

    /// `Capped` or `Uncapped`.
    #[must_use]
    pub fn mode(&self) -> Option<&str> {
        self.get("Mode")
    }

    /// Processors that it is entitled to.
    #[must_use]
    pub fn entitled_capacity(&self) -> Option<Hundredths> {
        self.get("Entitled Capacity")?.parse().ok()
    }

    /// Memory in MB.
    #[must_use]
    pub fn online_memory_mb(&self) -> Option<u64> {
        self.get("Online Memory")?.strip_suffix("MB")?.trim_end().parse().ok()
    }

    /// Virtual processors.
    #[must_use]
    pub fn online_virtual_cpus(&self) -> Option<u32> {
        self.get("Online Virtual CPUs")?.parse().ok()
    }
}

/// Reads `lparstat -i`.
///
/// # Errors
/// A line that is not a key, at least one blank, a colon and a value; no line at all.
pub fn parse(output: &str) -> Result<Lparstat, Unreadable> {
    // The blank tells `Mode    : Capped` from the messages of commands.
    let line = |line: &str| {
        let (key, value) = line.split_once(':').filter(|(key, _)| key.ends_with(' '))?;
        let key = key.trim();
        (!key.is_empty()).then(|| (key.to_owned(), value.trim().to_owned()))
    };
    let lines = rows("lparstat -i", output, line)?;
    if lines.is_empty() { Err(Unreadable::new("lparstat -i", 1, "")) } else { Ok(Lparstat { lines }) }
}

/// Prints as `lparstat -i` does.
#[must_use]
pub fn print(stat: &Lparstat) -> String {
    stat.lines.iter().map(|(key, value)| format!("{key:<42} : {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, prelude::*};

    fn any_lparstat() -> impl Strategy<Value = Lparstat> {
        vec(("[A-Z][a-zA-Z/ -]{0,40}[a-z]", "(-|[A-Z0-9]([a-zA-Z0-9 :.%-]{0,20}[a-z0-9%])?)?"), 1..8)
            .prop_map(|lines| Lparstat { lines })
    }

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("lparstat/shared.unconfirmed", parse, print);
        for bad in ["", "ksh: lparstat: not found\n"] {
            assert!(parse(bad).is_err(), "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(stat in any_lparstat()) {
            prop_assert_eq!(&parse(&print(&stat)).unwrap(), &stat);
            let json = serde_json::to_string(&stat).unwrap();
            prop_assert_eq!(serde_json::from_str::<Lparstat>(&json).unwrap(), stat);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n| : |Online Memory : |MB){0,40}") {
            let _ = parse(&text).map(|stat| serde_json::to_string(&stat));
        }
    }
}
