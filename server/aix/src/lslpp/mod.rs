//! `lslpp`: installed filesets (nimadm.md §6.7, §6.2).
//!
//! [`listing`] reads `-L`, which `nim -o lslpp` prints too; [`installed`] reads `-l`; [`packages`] reads `-Lc`, also from
//! `nim -o showres -a lslpp_flags=Lc`; [`installed_colons`] reads `-lc`. Levels are kept as printed: those of RPM packages
//! are no [`Vrmf`](crate::Vrmf).

mod colons;
mod packages;
mod tables;

pub use colons::{InstalledColons, installed_colons, print_installed_colons};
pub use packages::{Package, packages, print_packages};
pub use tables::{Installed, Listed, installed, listing, print_installed, print_listing};

use serde::{Deserialize, Serialize};

/// The state of a fileset. JSON has the long word, `COMMITTED`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum State {
    /// `A`, `APPLIED`: the level before it can come back.
    Applied,
    /// `B`, `BROKEN`: to be installed again.
    Broken,
    /// `C`, `COMMITTED`.
    Committed,
    /// `E`: locked by an interim fix. The long word is unconfirmed.
    EfixLocked,
    /// `O`: partially migrated to a newer version. The long word is unconfirmed.
    Obsolete,
    /// `?`: not consistent.
    Inconsistent,
    /// A state that a command in progress leaves (`APPLYING`), or a word of another language (`VALIDE`).
    Other(String),
}

impl State {
    const WORDS: [(Self, &str, &str); 6] = [
        (Self::Applied, "A", "APPLIED"),
        (Self::Broken, "B", "BROKEN"),
        (Self::Committed, "C", "COMMITTED"),
        (Self::EfixLocked, "E", "EFIXLOCKED"),
        (Self::Obsolete, "O", "OBSOLETE"),
        (Self::Inconsistent, "?", "?"),
    ];

    /// Whether the fileset needs a repair before a migration.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Broken | Self::Inconsistent)
    }

    fn letter(&self) -> &str {
        self.words().0
    }

    fn word(&self) -> &str {
        self.words().1
    }

    fn words(&self) -> (&str, &str) {
        match self {
            Self::Other(word) => (word, word),
            known => Self::WORDS
                .iter()
                .find(|(state, ..)| state == known)
                .map_or(("?", "?"), |(_, letter, word)| (letter, word)),
        }
    }
}

impl From<String> for State {
    fn from(text: String) -> Self {
        let known = Self::WORDS.iter().find(|(_, letter, word)| *letter == text || *word == text);
        known.map_or(Self::Other(text), |(state, ..)| state.clone())
    }
}

impl From<State> for String {
    fn from(state: State) -> Self {
        state.word().to_owned()
    }
}

#[cfg(test)]
mod tests;
