//! Approvals: what a master asks for beyond what roles allow.

use serde::{Deserialize, Serialize};

/// Whose word a master asks for before something happens to its clients. A fresh install asks for nobody's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Approvals {
    /// A launch waits until somebody approves it.
    pub starts: bool,
    /// Whoever asked for a migration or a campaign does not approve it: not its start, not a wave, not a cutover.
    pub second_person: bool,
}

impl Approvals {
    /// Whether `who` may approve what `requester` asked for.
    #[must_use]
    pub fn allow(self, who: &str, requester: &str) -> bool {
        !self.second_person || who != requester
    }

    /// What at least one of two masters asks for.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { starts: self.starts || other.starts, second_person: self.second_person || other.second_person }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_second_person_approves_where_one_is_asked_for() {
        let asks = Approvals { second_person: true, ..Approvals::default() };
        assert!(Approvals::default().allow("jane", "jane"));
        assert!(asks.allow("joe", "jane") && !asks.allow("jane", "jane"));
        assert!(!asks.or(Approvals::default()).allow("jane", "jane"));
    }
}
