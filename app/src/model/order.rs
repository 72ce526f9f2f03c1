//! Orders: one act on many members of a campaign, and how far it has come.

use super::{CampaignAction, Timestamp, words::words};
use aix::ObjectName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

words! {
    /// How a member of an order stands.
    OrderState {
        /// The engine has not come to it.
        Pending = "pending",
        /// The act was carried out.
        Done = "done",
        /// The act could not be carried out.
        Refused = "refused",
        /// It had moved on already, or the campaign was cancelled.
        Skipped = "skipped",
    }
}

/// A member of an order that was refused or skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderMember {
    /// NIM name of the client.
    pub client: ObjectName,
    /// Its migration.
    pub migration: Uuid,
    /// `refused` or `skipped`.
    pub state: OrderState,
    /// Why.
    pub why: String,
}

/// One act on many members of a campaign. The engine carries it out member by member; nobody has to wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignOrder {
    /// Identifier, UUIDv7.
    pub id: Uuid,
    /// `cutover` or `retry_failed`.
    pub action: CampaignAction,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// Why, for the record.
    pub reason: Option<String>,
    /// A cutover: not before.
    pub not_before: Option<Timestamp>,
    /// A cutover: in this maintenance window.
    pub window: Option<String>,
    /// How many members it is about.
    pub members: u32,
    /// Those that the engine has not come to.
    pub pending: u32,
    /// Those that were acted on.
    pub done: u32,
    /// Those that were refused.
    pub refused: u32,
    /// Those that had moved on.
    pub skipped: u32,
    /// The refused and the skipped ones, with the reason.
    pub not_done: Vec<OrderMember>,
}

impl CampaignOrder {
    /// Whether the engine still works on it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pending > 0
    }
}
