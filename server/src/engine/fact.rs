//! What a host was asked for, as far as it could be read.
//!
//! An `Option` has one word for "the host said nothing" and for "there is nothing to ask": a check that meets it passes both by. A
//! [`Fact`] keeps them apart, and a check does not compile until it has said what it does with each. The host's words stay with it, so
//! that a person can see why something is not known.

use super::host::{Answer, HostError};
use std::fmt;

/// Characters of a host's words that are kept.
const KEPT: usize = 300;

/// Something that a host was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// The host said it.
    Read(T),
    /// The host did not say it, or not so that it can be read.
    Unreadable(Unread),
    /// It has nothing to do with this migration, and nobody asked.
    NotApplicable,
}

/// A command whose answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The command, as a person would type it.
    pub command: String,
    /// Its return code; none where there was no answer at all.
    pub rc: Option<i32>,
    /// The beginning of what it printed, or why there is no answer.
    pub said: String,
    /// What is wrong with output that looks right at first; empty where there is nothing more to say.
    pub why: String,
}

impl Unread {
    /// An answer that cannot be read.
    #[must_use]
    pub fn new(command: &str, answer: &Answer, why: impl Into<String>) -> Self {
        let said = answer.text.trim().chars().take(KEPT).collect();
        Self { command: command.to_owned(), rc: Some(answer.rc), said, why: why.into() }
    }

    /// A question without an answer.
    #[must_use]
    pub fn silent(command: &str, why: &HostError) -> Self {
        let said = why.chain().chars().take(KEPT).collect();
        Self { command: command.to_owned(), rc: None, said, why: String::new() }
    }
}

impl fmt::Display for Unread {
    /// `bootinfo -s hdisk1 returned 127: "ksh: bootinfo: not found"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, rc, said, why } = self;
        match rc {
            None => write!(f, "{command} was not answered: {said}")?,
            Some(rc) if said.is_empty() => write!(f, "{command} returned {rc} and printed nothing")?,
            Some(rc) => write!(f, "{command} returned {rc}: {said:?}")?,
        }
        if why.is_empty() { Ok(()) } else { write!(f, " ({why})") }
    }
}

impl<T> Fact<T> {
    /// What a command's answer comes to; `read` says why it cannot be read, where that is so.
    pub fn of(command: &str, answer: &Answer, read: impl FnOnce(&Answer) -> Result<T, String>) -> Self {
        match read(answer) {
            Ok(value) => Self::Read(value),
            Err(why) => Self::Unreadable(Unread::new(command, answer, why)),
        }
    }

    /// The same, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Read(value) => Fact::Read(value),
            Self::Unreadable(unread) => Fact::Unreadable(unread.clone()),
            Self::NotApplicable => Fact::NotApplicable,
        }
    }

    /// Applies a function to the value.
    #[must_use]
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Read(value) => Fact::Read(to(value)),
            Self::Unreadable(unread) => Fact::Unreadable(unread),
            Self::NotApplicable => Fact::NotApplicable,
        }
    }

    /// Both, where both were read. One that cannot be read makes both unreadable; else one that was not asked for decides.
    #[must_use]
    pub fn and<U>(self, other: Fact<U>) -> Fact<(T, U)> {
        match (self, other) {
            (Self::Read(one), Fact::Read(two)) => Fact::Read((one, two)),
            (Self::Unreadable(unread), _) | (_, Fact::Unreadable(unread)) => Fact::Unreadable(unread),
            (Self::NotApplicable, _) | (_, Fact::NotApplicable) => Fact::NotApplicable,
        }
    }

    /// The value, for estimates and display only: a check must say why it has none.
    #[must_use]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Unreadable(_) | Self::NotApplicable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h6_what_cannot_be_read_keeps_the_hosts_words() {
        let said = |rc, text: &str| Unread::new("lspv", &Answer { rc, text: text.to_owned() }, "").to_string();
        assert_eq!(said(127, "ksh: lspv: not found\n"), "lspv returned 127: \"ksh: lspv: not found\"");
        assert_eq!(said(0, " \n"), "lspv returned 0 and printed nothing");
        assert!(said(0, &"x".repeat(1000)).len() < 400);
    }

    #[test]
    fn h6_one_fact_that_cannot_be_read_makes_both_unreadable() {
        let unread = Unread { command: "lspv".to_owned(), rc: Some(1), said: String::new(), why: String::new() };
        let none: Fact<u8> = Fact::NotApplicable;
        assert_eq!(none.clone().and(Fact::<u8>::Unreadable(unread.clone())), Fact::Unreadable(unread));
        assert_eq!(none.and(Fact::Read(1)), Fact::NotApplicable);
        assert_eq!(Fact::Read(1).and(Fact::Read(2)), Fact::Read((1, 2)));
    }
}
