//! The next safe action, in words.

use super::Outcome;
use crate::{Phase, diagnosis};

/// Why a run came to what it came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub(super) text: Option<String>,
    pub(super) code: Option<String>,
}

/// `2 filesets FAILED: a, b`.
pub(super) fn filesets(names: &[String], word: &str) -> String {
    let shown: Vec<_> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    let noun = if names.len() == 1 { "fileset" } else { "filesets" };
    format!("{} {noun} {word}: {}{more}", names.len(), shown.join(", "))
}

pub(super) fn for_outcome(outcome: Outcome, phase: Option<Phase>, cause: &Cause, cleaned_up: bool) -> Option<String> {
    let advice = match outcome {
        Outcome::Success => return None,
        Outcome::Warning => diagnosis::AFTER_WARNING.to_owned(),
        Outcome::Incomplete => diagnosis::AFTER_SILENCE.to_owned(),
        Outcome::Failed => {
            let known = cause.code.as_deref().and_then(diagnosis::of);
            let action = known.map_or(diagnosis::AFTER_FAILURE, |diagnosis| diagnosis.action);
            let _ = (phase, cleaned_up);
            action.to_owned()
        }
    };
    Some(advice)
}
