//! The twelve phases of nimadm.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of nimadm's twelve phases (nimadm.md §2.0). Not to be confused with alt_disk_copy's own phases 1 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Phase(u8);

/// A number outside 1 to 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no phase of nimadm: they are 1 to 12")]
pub struct NoSuchPhase(pub u8);

impl Phase {
    /// The number of phases.
    pub const COUNT: usize = 12;
    /// The first phase.
    pub const FIRST: Self = Self(1);
    /// The last phase.
    pub const LAST: Self = Self(12);

    /// All phases in order.
    pub const ALL: [Self; Self::COUNT] =
        [Self(1), Self(2), Self(3), Self(4), Self(5), Self(6), Self(7), Self(8), Self(9), Self(10), Self(11), Self(12)];

    /// The groups of phases that a run in steps (`-P`) is made of: between them, and only there, it can be held. Phases that have
    /// no useful stop between them stay together (nimadm.md §1.3).
    pub const STEPS: [&[Self]; 9] = [
        &[Self(1)],
        &[Self(2), Self(3)],
        &[Self(4)],
        &[Self(5), Self(6)],
        &[Self(7)],
        &[Self(8)],
        &[Self(9), Self(10)],
        &[Self(11)],
        &[Self(12)],
    ];

    /// All phases in order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        Self::ALL.into_iter()
    }

    /// The number, 1 to 12.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// What the phase does, in a few words, in cache mode (`-j`).
    #[must_use]
    pub fn title(self) -> &'static str {
        match self.0 {
            1 => "Clone rootvg on the client",
            2 => "Create cache file systems",
            3 => "Copy client data to the cache",
            4 => "Pre-migration script",
            5 => "Restore BOS and merge configuration",
            6 => "Install and migrate software",
            7 => "Post-migration script",
            8 => "Create the boot image",
            9 => "Write the cache back to the client",
            10 => "Remove cache file systems",
            11 => "Finalise the clone",
            _ => "Clean up",
        }
    }

    /// The share of a whole run that the phase typically takes, in thousandths; they add up to 1000.
    ///
    /// The middle of the ranges of nimadm.md §2.0, scaled to a whole; a first guess until there is history.
    #[must_use]
    pub fn typical_share(self) -> u32 {
        match self.0 {
            1 => 200,
            2 => 20,
            3 => 160,
            4 | 7 | 12 => 5,
            5 => 70,
            6 => 345,
            8 | 10 => 10,
            9 => 150,
            _ => 20,
        }
    }
}

impl TryFrom<u8> for Phase {
    type Error = NoSuchPhase;

    fn try_from(number: u8) -> Result<Self, NoSuchPhase> {
        if (1..=12).contains(&number) { Ok(Self(number)) } else { Err(NoSuchPhase(number)) }
    }
}

impl From<Phase> for u8 {
    fn from(phase: Phase) -> Self {
        phase.0
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_twelve_and_their_shares_make_a_whole() {
        assert_eq!(Phase::all().len(), Phase::COUNT);
        assert_eq!(Phase::all().map(Phase::typical_share).sum::<u32>(), 1000);
        assert!(Phase::STEPS.concat().into_iter().eq(Phase::all()), "every phase once, in order");
        assert_eq!(Phase::try_from(0), Err(NoSuchPhase(0)));
        assert_eq!(Phase::try_from(13), Err(NoSuchPhase(13)));
    }
}
