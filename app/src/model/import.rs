//! Logs of nimadm runs from before nimdeck: on their master, and once they are in the history.

use super::{Problem, Timestamp};
use aix::{
    ObjectName, Phase,
    log::{Outcome, Report},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A log as it lies on its master.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldLog {
    /// File name: `lpar61_alt_mig.log`.
    pub name: String,
    /// The client, by the file's name.
    pub client: ObjectName,
    /// Bytes.
    pub bytes: u64,
    /// When it was last written, as the master's `ls -l` prints it: `Aug 28 03:14`, or with a year instead of the time.
    pub modified: String,
    /// The day that means, `2026-08-28`, by the master's clock; none where it cannot be told.
    pub modified_on: Option<String>,
    /// Why it cannot be imported now: it is too large, or still being written.
    pub refused: Option<String>,
    /// The entry of the history that has this name, size and day; importing compares every byte.
    pub imported: Option<Uuid>,
}

/// Which logs of a master to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// File names, as listed; at most 500.
    pub names: Vec<String>,
}

/// What became of one log that was asked for: exactly one of `imported` and `problem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportResult {
    /// The name as it was asked for.
    pub name: String,
    /// The entry of the history.
    pub imported: Option<ImportedSummary>,
    /// True where these very bytes were imported before: nothing was changed.
    pub already: bool,
    /// Why it was not imported.
    pub problem: Option<Problem>,
}

/// An imported log in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedSummary {
    /// Identifier, UUIDv7.
    pub id: Uuid,
    /// The master's id.
    pub master_id: Uuid,
    /// The master's name.
    pub master: ObjectName,
    /// True for a master of the lab.
    pub simulated: bool,
    /// The client, by the file's name; NIM may not know it.
    pub client: ObjectName,
    /// The id of the master's client of that name; none where NIM never listed one.
    #[serde(default)]
    pub client_id: Option<Uuid>,
    /// File name on the master.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// When the file was last written, as the master printed it.
    pub modified: String,
    /// The day that meant, where it could be told.
    pub modified_on: Option<String>,
    /// What the log came to.
    pub outcome: Outcome,
    /// The phase that failed.
    pub failed_phase: Option<Phase>,
    /// Phases whose banner was seen, in order.
    pub phases_seen: Vec<Phase>,
    /// The decisive line of a failure.
    pub cause: Option<String>,
    /// The next safe action after a failure.
    pub advice: Option<String>,
    /// AIX message codes.
    pub codes: Vec<String>,
    /// Who imported it.
    pub imported_by: String,
    /// When.
    pub imported_at: Timestamp,
}

/// An imported log with everything it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// What the lists say.
    #[serde(flatten)]
    pub summary: ImportedSummary,
    /// What the log said when it was imported.
    pub report: Report,
}

/// Which imported logs to list, newest import first. Empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFilter {
    /// Master, by name or id.
    #[serde(default)]
    pub master: Option<String>,
    /// Client, by id or by a name that occurs on one master only. `master` beside a name decides.
    #[serde(default)]
    pub client: Option<String>,
    /// Part of the client's name, the cause, a message code or who imported it.
    #[serde(default)]
    pub q: Option<String>,
    /// Most items a page, 1 to 500; 100 where absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}
