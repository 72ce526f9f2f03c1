//! The private PostgreSQL: a real one, ours alone, for people who have not set one up.
//!
//! An embedded or downloaded database would be one more thing to patch. The machine's own programs are used instead, on a
//! Unix socket in a directory nobody else may enter, so that there is no port and no password to leak. The application's role there
//! is no superuser.

mod access;
mod find;
mod private;

pub use find::Programs;
pub use private::{Durability, PrivatePostgres};

use std::ffi::OsStr;
use std::path::PathBuf;
use tokio::process::Command;

/// What a child gets of our environment: where programs and libraries are, and the local time.
const PASSED_ON: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "TZ", "TMPDIR"];

/// A program to run, with a clean environment. Ours may hold the first administrator's password and the database's
/// (`NIMDECK_…`), and a child keeps it readable for as long as it lives.
fn child(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command.envs(PASSED_ON.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

/// Why there is no private PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Its programs are not installed.
    #[error("no PostgreSQL {} found on PATH or in /usr/lib/postgresql/*/bin", .version.as_deref().unwrap_or("programs (initdb, pg_ctl, postgres)"))]
    Missing {
        /// The major version that an existing cluster needs.
        version: Option<String>,
    },
    /// It runs as root, and there is no user to run PostgreSQL as.
    #[error("PostgreSQL refuses to run as root, and this machine has no user `postgres`")]
    NoUser,
    /// One of its programs failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it printed, and the end of the server's log.
        output: String,
    },
    /// A file or directory could not be made, read or written.
    #[error("{what} {path}")]
    Io {
        /// What was tried: `cannot create`.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The directory of the socket belongs to somebody else.
    #[error("{0} exists and belongs to another user, or others may enter it")]
    SocketDir(PathBuf),
    /// It runs but does not answer as it should.
    #[error("the private PostgreSQL refused its first query")]
    Query(#[source] sqlx::Error),
}

impl From<PostgresError> for app::model::Problem {
    fn from(error: PostgresError) -> Self {
        use crate::error::{POSTGRES_MISSING, POSTGRES_START};
        let why = crate::error::with_causes(&error);
        match error {
            PostgresError::Missing { .. } | PostgresError::NoUser => POSTGRES_MISSING
                .problem(format!("{why}. Install it (`apt-get install postgresql`), or name one with --database-url.")),
            _ => POSTGRES_START.problem(format!(
                "{why}. Look into postgres.log beside the cluster, mend the cause and start again, or name another \
                 PostgreSQL with --database-url."
            )),
        }
    }
}
