//! Who acts, and what they may do.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Roles, each including the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Launches migrations and runs them.
    Operator,
    /// Approves cutovers.
    Approver,
    /// Manages masters and users.
    Admin,
}

/// What a caller may do; the only words in which the program asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See clients, migrations and logs.
    View,
    /// Launch, start, hold, cancel, clean, retry.
    Operate,
    /// Approve and cut over.
    Approve,
    /// Masters, host keys, users.
    Administer,
}

impl Role {
    /// Every role, lowest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Approver, Self::Admin];

    /// Whether this role holds the permission.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }

    /// The word used in the database and outside.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no role: they are viewer, operator, approver, admin"))
    }
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 4] = [Self::View, Self::Operate, Self::Approve, Self::Administer];

    /// The lowest role that holds it.
    #[must_use]
    pub fn least_role(self) -> Role {
        match self {
            Self::View => Role::Viewer,
            Self::Operate => Role::Operator,
            Self::Approve => Role::Approver,
            Self::Administer => Role::Admin,
        }
    }
}

/// Whoever sent the request: put into the request by the session layer, read by [`crate::port::require`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub id: Uuid,
    /// Their sign-in name.
    pub username: String,
    /// Their role.
    pub role: Role,
}

/// Who am I: the answer of `GET /session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Sign-in name.
    pub username: String,
    /// Role.
    pub role: Role,
    /// What the role allows.
    pub permissions: Vec<Permission>,
    /// True where the estate is the lab's: pages then say that it is simulated.
    pub simulated: bool,
}
