//! The record of who did what.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place in the chain, from 1, without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Sign-in name, or `system`.
    pub actor: String,
    /// What, `migration.launch`, `session.create`.
    pub action: String,
    /// On what: `migration:0198…`, `client:lpar71`.
    pub subject: String,
    /// Particulars; never a secret.
    pub detail: serde_json::Value,
    /// SHA-256 over this entry and the hash of the one before it, hexadecimal.
    pub hash: String,
}

/// Which entries to list, newest first. Empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Sign-in name.
    #[serde(default)]
    pub actor: Option<String>,
    /// Start of the action: `migration`.
    #[serde(default)]
    pub action: Option<String>,
    /// Start of the subject: `client:lpar71`.
    #[serde(default)]
    pub subject: Option<String>,
    /// At or after, RFC 3339.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Most items a page, 1 to 500; 100 where absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}
