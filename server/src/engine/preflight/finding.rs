//! A check and what it came to. Pure.

use crate::engine::fact::{Fact, Unread};
use app::model::{Check, Severity, Verdict};

/// A check: its id, its title, and how much it weighs whatever it comes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) severity: Severity,
}

impl Item {
    pub(super) const fn blocks(id: &'static str, title: &'static str) -> Self {
        Self { id, title, severity: Severity::Block }
    }

    pub(super) const fn warns(id: &'static str, title: &'static str) -> Self {
        Self { id, title, severity: Severity::Warn }
    }

    /// Its id.
    pub(crate) fn id(self) -> &'static str {
        self.id
    }

    fn check(self, verdict: Verdict, found: impl Into<String>, advice: impl Into<String>) -> Check {
        Check {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            severity: self.severity,
            verdict,
            found: found.into(),
            advice: advice.into(),
            field: None,
            overridden: false,
            repair: None,
        }
    }

    pub(crate) fn pass(self, found: impl Into<String>) -> Check {
        self.check(Verdict::Pass, found, "")
    }

    pub(super) fn warn(self, found: impl Into<String>, advice: impl Into<String>) -> Check {
        self.check(Verdict::Warn, found, advice)
    }

    pub(crate) fn block(self, found: impl Into<String>, advice: impl Into<String>) -> Check {
        self.check(Verdict::Block, found, advice)
    }

    pub(super) fn not_applicable(self, why: impl Into<String>) -> Check {
        self.check(Verdict::NotApplicable, why, "")
    }

    pub(super) fn unknown(self, unread: &Unread) -> Check {
        let advice =
            format!("Run {} there by hand to see why it does not answer, mend it, then check again.", unread.command);
        self.check(Verdict::Unknown, unread.to_string(), advice)
    }

    /// Judges a fact that was read; one that was not is unknown, and one that nobody needed does not apply.
    pub(super) fn judge<T>(self, fact: Fact<T>, without: &str, judge: impl FnOnce(T) -> Check) -> Check {
        match fact {
            Fact::Read(value) => judge(value),
            Fact::Unreadable(unread) => self.unknown(&unread),
            Fact::NotApplicable => self.not_applicable(without),
        }
    }
}
