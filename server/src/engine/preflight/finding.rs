//! Making a finding. Pure.

use app::model::{Check, Severity, Verdict};

pub(super) fn check(id: &str, title: &str, severity: Severity, verdict: Verdict, found: &str, advice: &str) -> Check {
    Check {
        id: id.to_owned(),
        title: title.to_owned(),
        severity,
        verdict,
        found: found.to_owned(),
        advice: advice.to_owned(),
        repair: None,
    }
}

pub(super) fn pass(id: &str, title: &str, found: &str) -> Check {
    check(id, title, Severity::Block, Verdict::Pass, found, "")
}

pub(super) fn warn(id: &str, title: &str, found: &str, advice: &str) -> Check {
    check(id, title, Severity::Warn, Verdict::Warn, found, advice)
}

pub(crate) fn block(id: &str, title: &str, found: &str, advice: &str) -> Check {
    check(id, title, Severity::Block, Verdict::Block, found, advice)
}
