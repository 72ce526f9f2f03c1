//! Data of the server-sent events.
//!
//! `log` carries a [`LogBatch`], `phase` a [`super::PhaseRecord`], `state` a [`super::MigrationSummary`], `end` and `heartbeat` an empty object.

use aix::Phase;
use serde::{Deserialize, Serialize};

/// The data of a `log` event; its `id` is the number of the batch's last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBatch {
    /// Number of the first line.
    pub first: u64,
    /// The lines' texts, shown as [`super::LogLine::text`] is.
    pub lines: Vec<String>,
    /// The phase all of them belong to.
    pub phase: Option<Phase>,
}
