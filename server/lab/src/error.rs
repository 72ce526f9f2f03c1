//! What can go wrong around the lab itself. What goes wrong *inside* the estate is not an error here: it is printed by
//! the command that met it, in AIX's words.

use std::{io, path::PathBuf};

/// Why the lab could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file of the estate could not be read or written.
    #[error("cannot {what} {path}")]
    File {
        /// What was tried: `read`, `write`, `lock`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file of the estate is not what the lab wrote there.
    #[error("{path} is damaged; remove the lab's directory to start a new estate")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Another lab serves this directory.
    #[error("another lab is running in {0}; stop it or choose another directory")]
    Busy(PathBuf),
    /// The estate has no such host.
    #[error("there is no host {0:?} in this lab")]
    NoHost(String),
    /// The lab knows no such scenario.
    #[error("there is no scenario {0:?}; see lab::scenario::ALL")]
    NoScenario(String),
    /// The scenario is for the other kind of host.
    #[error("the scenario {scenario:?} is not for {host}; see lab::scenario::ALL")]
    ScenarioNotFor {
        /// What was asked for.
        scenario: String,
        /// The host it makes no sense on.
        host: String,
    },
    /// The estate was written by another version of this program.
    #[error("{0} was made by an older nimdeck; remove the lab's directory to start a new estate")]
    OldFormat(PathBuf),
    /// A command of the machine that the lab needs could not be run.
    #[error("cannot run {command}: {why}")]
    Tool {
        /// The command.
        command: &'static str,
        /// Its last words.
        why: String,
    },
    /// The stored model contradicts itself.
    #[error("the stored model of {host} is inconsistent: {what}")]
    Inconsistent {
        /// The host.
        host: String,
        /// The contradiction.
        what: &'static str,
    },
    /// An SSH key could not be made or read.
    #[error("SSH key {path}")]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: russh::keys::ssh_key::Error,
    },
    /// A host's address is taken.
    #[error("cannot listen on {address} for {host}")]
    Listen {
        /// The host.
        host: String,
        /// Address and port.
        address: std::net::SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl LabError {
    pub(crate) fn file(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
