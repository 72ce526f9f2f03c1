//! SSH: connections to NIM masters, host keys, and the job spool.
//!
//! Two guarantees the rest of the program builds on:
//!
//! * Nothing is sent to a host whose key is not pinned, or that offers another key than the pinned one. There is no way
//!   to switch that off.
//! * Losing a connection is an answer of its own, [`RemoteError::Lost`], never a failure of the command: the command may
//!   well have run. Callers ask the host what happened; they do not guess.

pub mod connection;
pub mod host_key;
pub mod key;
mod socket;
pub mod spool;

pub use connection::{Address, Connection, Output, Terms};
pub use host_key::{HostKey, Pin};

use crate::error;
use app::model::Problem;

/// Why a host could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// No TCP connection, or no SSH on it.
    #[error("{host} does not answer")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the network or SSH said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No key of this host was accepted yet.
    #[error("the host key of {host} is not pinned; it offers {offered}")]
    HostKeyUnknown {
        /// Host and port.
        host: String,
        /// The key it offers.
        offered: HostKey,
    },
    /// The host offers another key than the pinned one.
    #[error("{host} offers the host key {offered} instead of the pinned {pinned}")]
    HostKeyChanged {
        /// Host and port.
        host: String,
        /// The key it offers.
        offered: HostKey,
        /// The key that is pinned.
        pinned: HostKey,
    },
    /// The host does not take nimdeck's key for this user.
    #[error("{host} refuses the SSH key for user {user}")]
    Refused {
        /// Host and port.
        host: String,
        /// The user.
        user: String,
    },
    /// The connection broke: what was sent may or may not have run.
    #[error("the connection to {host} broke")]
    Lost {
        /// Host and port.
        host: String,
        /// What SSH said, where it said anything.
        #[source]
        source: Option<russh::Error>,
    },
    /// The host did not answer a command in time: it may still run.
    #[error("{host} did not answer within {seconds} s")]
    Silent {
        /// Host and port.
        host: String,
        /// How long was waited.
        seconds: u64,
    },
    /// A command printed more than its caller is prepared to hold.
    #[error("{host} printed more than {limit} bytes for {command:?}")]
    TooMuch {
        /// Host and port.
        host: String,
        /// The command.
        command: String,
        /// The limit, in bytes.
        limit: usize,
    },
}

impl RemoteError {
    /// What went wrong and what its causes said, in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        text
    }

    /// The problem for the person whose request met it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let text = self.chain();
        match self {
            Self::HostKeyUnknown { .. } => error::HOST_KEY_UNKNOWN.problem(format!(
                "{text}. Compare this fingerprint with the one on the host's console \
                 (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and pin it on the master's page; until then nothing is sent there."
            )),
            Self::HostKeyChanged { .. } => error::HOST_KEY_CHANGED.problem(format!(
                "{text}. Nothing is sent to this host. Find out why its key changed; if it was reinstalled, pin the new key."
            )),
            Self::Refused { .. } => error::SSH_REFUSED.problem(format!(
                "{text}. Put nimdeck's public key into that user's authorized_keys on the host."
            )),
            Self::Unreachable { .. } | Self::Lost { .. } | Self::Silent { .. } => error::MASTER_UNREACHABLE.problem(format!(
                "{text}. Check the host, its sshd and the network; running migrations go on there and nimdeck re-attaches to them."
            )),
            Self::TooMuch { .. } => error::HOST_COMMAND.problem(format!("{text}. Run it there by hand to see why.")),
        }
    }
}
