//! What the pre-flight found, and how a person goes on in spite of it.
//!
//! Three things look alike and are not: a check that is good, a check that does not apply, and a check that could not be read. The last
//! one is [`Verdict::Unknown`]: it stops a launch just as a failed check does, until a person names it and says why.

use super::LaunchRequest;
use serde::{Deserialize, Serialize};

/// How much a failed check weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Stops the launch.
    Block,
    /// Must be acknowledged.
    Warn,
    /// For the record.
    Info,
}

/// What a check came to, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The check has nothing to do with this migration.
    NotApplicable,
    /// Good.
    Pass,
    /// Go on only knowingly.
    Warn,
    /// It could not be read. Rows that were stored before this word existed say `skipped`.
    #[serde(alias = "skipped")]
    Unknown,
    /// Do not go on.
    Block,
}

/// One pre-flight check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its id in nimadm.md §3.2 (`D1`, `N1`), or `ND-…` for nimdeck's own.
    pub id: String,
    /// What is checked.
    pub title: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found, in the host's own words where there are any.
    pub found: String,
    /// What to do; empty when it passed.
    pub advice: String,
    /// The field of the request that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The request names this check and gives a reason to go on although it could not be read.
    #[serde(default)]
    pub overridden: bool,
    /// A launch that repairs it, ready to be sent.
    #[serde(default)]
    pub repair: Option<Box<LaunchRequest>>,
}

impl Check {
    /// It could not be read, and would stop the launch if it failed: only its name and a reason let the launch go on.
    #[must_use]
    pub fn needs_override(&self) -> bool {
        self.verdict == Verdict::Unknown && self.severity == Severity::Block
    }

    /// It must be acknowledged: a warning, or a check that could only warn and was not read.
    #[must_use]
    pub fn needs_acknowledgement(&self) -> bool {
        self.verdict == Verdict::Warn || (self.verdict == Verdict::Unknown && self.severity == Severity::Warn)
    }

    /// What it means for the launch: an unknown counts as what its check weighs, and as a warning once it is overridden.
    #[must_use]
    pub fn weight(&self) -> Verdict {
        match (self.verdict, self.severity) {
            (Verdict::Unknown, Severity::Block) if !self.overridden => Verdict::Block,
            (Verdict::Unknown, Severity::Block | Severity::Warn) => Verdict::Warn,
            (Verdict::Unknown, Severity::Info) => Verdict::Pass,
            (verdict, _) => verdict,
        }
    }
}

/// The pre-flight of one migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preflight {
    /// The command line as it will run on the master.
    pub command: String,
    /// Every call of nimadm, in order: one, or one for each group of phases.
    #[serde(default)]
    pub commands: Vec<String>,
    /// Every check, blocks first.
    pub checks: Vec<Check>,
    /// What they come to together: `pass`, `warn` or `block`. An unknown of a blocking check makes it `block`.
    pub verdict: Verdict,
    /// True where warnings must be acknowledged before a launch.
    pub warnings_need_ack: bool,
}

impl Preflight {
    /// Puts checks together, the worst first.
    #[must_use]
    pub fn new(command: String, commands: Vec<String>, mut checks: Vec<Check>) -> Self {
        checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
        let verdict = checks.iter().map(Check::weight).max().unwrap_or(Verdict::NotApplicable);
        let warnings_need_ack = checks.iter().any(Check::needs_acknowledgement);
        Self { command, commands, checks, verdict, warnings_need_ack }
    }
}

/// What the requester has read of the findings and goes on with: `true`, or a list of check ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Acknowledgement {
    /// `true`: all warnings. It never covers a blocking check that could not be read: nobody can have read what is not known.
    Warnings(bool),
    /// These checks, and no others: warnings, and blocking checks that could not be read. The latter need a `reason` besides.
    Checks(Vec<String>),
}

impl Default for Acknowledgement {
    fn default() -> Self {
        Self::Warnings(false)
    }
}

impl Acknowledgement {
    /// The check is named.
    #[must_use]
    pub fn names(&self, id: &str) -> bool {
        matches!(self, Self::Checks(ids) if ids.iter().any(|named| named == id))
    }

    /// A warning of this check is covered.
    #[must_use]
    pub fn covers(&self, id: &str) -> bool {
        *self == Self::Warnings(true) || self.names(id)
    }
}

/// A blocking check that could not be read, and that a person went on without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The check's id.
    pub id: String,
    /// What would have been checked.
    pub title: String,
    /// What was found in its place: the command, its exit code and its words.
    pub found: String,
    /// Why the person went on.
    pub reason: String,
    /// Who went on.
    pub by: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(severity: Severity, verdict: Verdict) -> Check {
        Check {
            id: "D3".to_owned(),
            title: String::new(),
            severity,
            verdict,
            found: String::new(),
            advice: String::new(),
            field: None,
            overridden: false,
            repair: None,
        }
    }

    #[test]
    fn h6_an_unknown_weighs_what_its_check_weighs() {
        let of = |severity, verdict| Preflight::new(String::new(), Vec::new(), vec![check(severity, verdict)]);
        let verdict = |severity, verdict| of(severity, verdict).verdict;
        assert_eq!(verdict(Severity::Block, Verdict::Unknown), Verdict::Block);
        assert_eq!(verdict(Severity::Warn, Verdict::Unknown), Verdict::Warn);
        assert!(of(Severity::Warn, Verdict::Unknown).warnings_need_ack);
        assert!(!of(Severity::Block, Verdict::Unknown).warnings_need_ack);
        let overridden = Check { overridden: true, ..check(Severity::Block, Verdict::Unknown) };
        assert_eq!(overridden.weight(), Verdict::Warn);
        let failed = Check { overridden: true, ..check(Severity::Block, Verdict::Block) };
        assert_eq!(failed.weight(), Verdict::Block, "a check that failed is never overridden");
        assert_eq!(verdict(Severity::Block, Verdict::NotApplicable), Verdict::NotApplicable);
    }

    #[test]
    fn h6_true_covers_warnings_and_a_list_only_what_it_names() {
        let read = |json: &str| serde_json::from_str::<Acknowledgement>(json).unwrap();
        assert!(read("true").covers("R1") && !read("true").names("D3"));
        let list = read(r#"["D3"]"#);
        assert!(list.names("D3") && list.covers("D3") && !list.covers("R1"));
        assert!(!read("false").covers("R1"));
        assert!(serde_json::from_str::<Acknowledgement>("\"D3\"").is_err());
    }

    #[test]
    fn h6_rows_that_say_skipped_are_read_as_unknown() {
        assert_eq!(serde_json::from_str::<Verdict>("\"skipped\"").unwrap(), Verdict::Unknown);
        assert_eq!(serde_json::to_string(&Verdict::NotApplicable).unwrap(), "\"not_applicable\"");
    }
}
