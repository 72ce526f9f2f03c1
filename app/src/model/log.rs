//! Lines of a migration's log.

use super::Timestamp;
use aix::Phase;
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number, from 1, for ever.
    pub line: u64,
    /// The phase it belongs to; none before phase 1.
    pub phase: Option<Phase>,
    /// When it was seen.
    pub at: Timestamp,
    /// Its text without the line end. Invalid UTF-8 and control characters are shown as `\u{FFFD}`; a line of more than 16 KiB is
    /// cut, with its length said at the end. The raw log has every byte.
    pub text: String,
}

/// A stretch of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLines {
    /// The lines, in order, without gaps.
    pub items: Vec<LogLine>,
}
