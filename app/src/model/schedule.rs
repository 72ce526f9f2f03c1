//! When migrations may start, and how many at once.

use super::{NamedClient, Timestamp};
use aix::ObjectName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are the days of the week")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// Monday to Sunday.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// `Mon`.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Mon => "Mon",
            Self::Tue => "Tue",
            Self::Wed => "Wed",
            Self::Thu => "Thu",
            Self::Fri => "Fri",
            Self::Sat => "Sat",
            Self::Sun => "Sun",
        }
    }
}

/// A time of some days of the week. Where `to` is not after `from`, it ends on the next day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyRange {
    /// The days it begins on.
    pub days: Vec<Day>,
    /// `22:00`, wall-clock time.
    pub from: String,
    /// `04:00`, wall-clock time; not included.
    pub to: String,
}

/// A recurring maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// By which launches and cutovers name it.
    pub name: ObjectName,
    /// IANA name: `Europe/Berlin`.
    pub time_zone: String,
    /// When it is open.
    pub ranges: Vec<WeeklyRange>,
    /// Whether it is open now; not read from requests.
    #[serde(default)]
    pub open: bool,
    /// When it opens next, where it is closed now; not read from requests.
    #[serde(default)]
    pub opens_at: Option<Timestamp>,
}

/// A time in which nothing starts and nothing is cut over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blackout {
    /// Identifier.
    pub id: Uuid,
    /// Why: shown to whoever waits.
    pub reason: String,
    /// From then on.
    pub starts_at: Timestamp,
    /// Until then, not included.
    pub ends_at: Timestamp,
    /// Only for the clients of this master; all where absent.
    pub master: Option<ObjectName>,
}

/// The body of `POST /blackouts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBlackout {
    /// Why.
    pub reason: String,
    /// From then on, RFC 3339.
    pub starts_at: Timestamp,
    /// Until then, RFC 3339.
    pub ends_at: Timestamp,
    /// Name or id of the only master it is for.
    #[serde(default)]
    pub master: Option<String>,
}

/// Clients of which only some may be worked on at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name.
    pub name: ObjectName,
    /// At most so many at once; 1 for the nodes of a cluster.
    pub max_running: u16,
    /// Its clients; a client is in one group. Each is an id, a NIM name that only one master has, or `master/client`. Answers give the
    /// shortest text that identifies the client.
    pub clients: Vec<String>,
    /// The same clients with their ids; not read from requests.
    #[serde(default)]
    pub members: Vec<NamedClient>,
}

/// A time in which a window is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The window.
    pub window: ObjectName,
    /// From then on.
    pub from: Timestamp,
    /// Until then, not included; none where it never closes.
    pub until: Option<Timestamp>,
    /// The same as its time zone has it: `Sat 2026-11-28 22:00 to Sun 04:00 CET`.
    pub local: String,
}

/// A migration that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The migration.
    pub id: Uuid,
    /// What it is about: the client, else the mksysb or the SPOT.
    pub subject: ObjectName,
    /// Its master's name.
    pub master: ObjectName,
    /// The group of its client.
    pub group: Option<ObjectName>,
    /// What it waits for; none until that was judged for the first time.
    pub reason: Option<String>,
    /// Not before.
    pub not_before: Option<Timestamp>,
    /// In this maintenance window.
    pub window: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
}

/// An approved cutover that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCutover {
    /// The migration.
    pub id: Uuid,
    /// NIM name of its client.
    pub client: ObjectName,
    /// The client's id.
    pub client_id: Uuid,
    /// Its master's name.
    pub master: ObjectName,
    /// What it waits for; none until that was judged for the first time.
    pub reason: Option<String>,
    /// Not before.
    pub not_before: Option<Timestamp>,
    /// In this maintenance window.
    pub window: Option<String>,
    /// Who approved it.
    pub approved_by: String,
    /// When.
    pub approved_at: Timestamp,
}

/// Everything that decides when something may begin, beside the limits of the masters; and what waits for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Maintenance windows, by name.
    pub windows: Vec<Window>,
    /// The next openings of every window, the present one among them, by window and time.
    pub openings: Vec<Opening>,
    /// Blackouts that are not over, by start.
    pub blackouts: Vec<Blackout>,
    /// Groups of clients, by name.
    pub groups: Vec<Group>,
    /// The first 500 migrations that wait for their turn, in the order of asking.
    pub waiting: Vec<Waiting>,
    /// The first 500 cutovers that are approved and wait for their time, in the order of approval.
    pub planned: Vec<PlannedCutover>,
}

/// When an approved cutover happens. Both empty: now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutoverTime {
    /// Not before, RFC 3339.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// Name of a maintenance window.
    #[serde(default)]
    pub window: Option<String>,
}

impl CutoverTime {
    /// Whether it is not to happen at once.
    #[must_use]
    pub fn is_later(&self) -> bool {
        self.not_before.is_some() || self.window.is_some()
    }
}
