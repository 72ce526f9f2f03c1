//! Errors that people meet: one table of codes, one page a code under `docs/errors/`.
//!
//! Inside the program errors stay typed and keep their causes. They become a [`Problem`] at one place, where the request
//! ends, by picking a code from this table and saying what happened, where, and what to do.

use crate::store::Conflict;
use app::model::{FieldError, Problem};

/// A kind of error: its code, its HTTP status, its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `ND0123`: what operators look up.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The kind of error, in a few words.
    pub title: &'static str,
}

impl Code {
    /// A problem of this kind; `detail` says what happened, where, and what to do.
    #[must_use]
    pub fn problem(self, detail: impl Into<String>) -> Problem {
        Problem {
            status: self.status,
            code: self.code.to_owned(),
            title: self.title.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            preflight: None,
        }
    }

    /// A problem with one field of the input.
    #[must_use]
    pub fn field(self, field: &str, message: impl Into<String>) -> Problem {
        let message = message.into();
        let mut problem = self.problem(format!("{field}: {message}"));
        problem.errors.push(FieldError { field: field.to_owned(), message });
        problem
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code { code: $code, status: $status, title: $title };)*
        /// Every code there is.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    /// Something broke that should not; the server's log has the cause.
    INTERNAL = "ND0001", 500, "Internal error";
    /// PostgreSQL does not answer.
    DATABASE_DOWN = "ND0002", 503, "Database unreachable";
    /// The input has a field that is wrong.
    BAD_INPUT = "ND0003", 422, "Bad input";
    /// No such page or thing.
    NOT_FOUND = "ND0004", 404, "Not found";
    /// The same Idempotency-Key was used for something else.
    KEY_REUSED = "ND0005", 409, "Idempotency key reused";
    /// The address exists, but not for this method.
    METHOD_NOT_ALLOWED = "ND0006", 405, "Method not allowed";
    /// The body is larger than the server reads.
    BODY_TOO_LARGE = "ND0007", 413, "Request too large";
    /// PostgreSQL broke the change off in favour of another, again and again.
    TRY_AGAIN = "ND0008", 503, "Try again";
    /// The server has more processor work than it accepts.
    TOO_BUSY = "ND0009", 429, "Server busy";
    /// The bytes that were asked for are not there.
    NO_SUCH_RANGE = "ND0010", 416, "Range not satisfiable";
    /// Nobody is signed in.
    NOT_SIGNED_IN = "ND0101", 401, "Not signed in";
    /// The role does not hold the permission.
    NOT_PERMITTED = "ND0102", 403, "Not permitted";
    /// Name or password is wrong.
    WRONG_PASSWORD = "ND0103", 401, "Wrong name or password";
    /// Too many tries.
    TOO_MANY_TRIES = "ND0104", 429, "Too many tries";
    /// The request came from another site.
    CROSS_SITE = "ND0105", 403, "Cross-site request refused";
    /// A limit on requests, streams or connections is reached.
    TOO_MANY_REQUESTS = "ND0110", 429, "Too many requests";
    /// The request names a host that this server does not answer for.
    WRONG_HOST = "ND0111", 421, "Not the address of this server";
    /// The body of a request came too slowly.
    BODY_TOO_SLOW = "ND0112", 408, "Request too slow";
    /// Nobody could administer nimdeck afterwards.
    LAST_ADMIN = "ND0113", 409, "Last administrator";
    /// The master does not answer.
    MASTER_UNREACHABLE = "ND0201", 502, "NIM master unreachable";
    /// Nobody pinned the master's host key yet.
    HOST_KEY_UNKNOWN = "ND0202", 409, "Host key not pinned";
    /// The master offers another host key than the pinned one.
    HOST_KEY_CHANGED = "ND0203", 409, "Host key changed";
    /// The master refuses nimdeck's key.
    SSH_REFUSED = "ND0204", 502, "SSH sign-in refused";
    /// A command on a host failed or printed what nobody understands.
    HOST_COMMAND = "ND0205", 502, "Command on a host failed";
    /// The client does not answer its master.
    CLIENT_UNREACHABLE = "ND0206", 502, "Client unreachable";
    /// The master has all the connections it may have, or a call that must be made alone takes long.
    MASTER_BUSY = "ND0207", 429, "NIM master busy";
    /// A client's name fits several clients.
    AMBIGUOUS_CLIENT = "ND0211", 409, "Ambiguous client name";
    /// A pre-flight check stops the launch.
    PREFLIGHT_BLOCKED = "ND0301", 422, "Pre-flight blocks the launch";
    /// The pre-flight's warnings were not acknowledged.
    WARNINGS_NOT_ACKNOWLEDGED = "ND0302", 422, "Warnings not acknowledged";
    /// The client has a migration that is not over.
    CLIENT_BUSY = "ND0303", 409, "Client has a live migration";
    /// The state does not allow the action.
    ACTION_REFUSED = "ND0304", 409, "Not possible in this state";
    /// The master asks for somebody other than the requester.
    SECOND_PERSON = "ND0305", 403, "A second person must approve";
    /// What was sent to be explained was not printed by nimadm, nor by a command that is known.
    NOT_A_LOG = "ND0501", 422, "Not a nimadm log";
    /// Whoever sends a log to be explained stopped sending.
    UPLOAD_STALLED = "ND0502", 408, "Upload stopped";
    /// What was said to be a command's output cannot be read as such.
    NOT_THAT_OUTPUT = "ND0503", 422, "Not the output of that command";
    /// Data directory in use by another server.
    DATA_DIR_IN_USE = "ND0401", 500, "Data directory in use";
    /// No PostgreSQL programs on this machine.
    POSTGRES_MISSING = "ND0402", 500, "PostgreSQL not installed";
    /// The private PostgreSQL does not start.
    POSTGRES_START = "ND0403", 500, "PostgreSQL does not start";
    /// A setting is wrong.
    BAD_SETTING = "ND0404", 500, "Bad setting";
    /// The address to listen on is taken or not allowed.
    CANNOT_LISTEN = "ND0405", 500, "Cannot listen";
    /// A loop of the server has done nothing for too long.
    BACKGROUND_OVERDUE = "ND0407", 503, "Background task overdue";
    /// The chain of the audit record does not hold.
    AUDIT_BROKEN = "ND0406", 500, "Audit record broken";
}

/// A replica that was not promoted yet, or a primary that was demoted: the one to write to is somewhere else, or soon will be. The second
/// is a replica's answer to `BEGIN READ WRITE`; nothing else that nimdeck sends can be unsupported.
pub(crate) const READ_ONLY: [&str; 2] = ["25006", "0A000"];

/// Whether PostgreSQL itself fails, and the same request may succeed in a moment (its manual, appendix A): 08 the connection,
/// 53 too little memory, disk or connections, 57P it is shut down or ended the session, 58 the system under it; [`READ_ONLY`];
/// 25P03 and 25P04 a transaction that took too long and was ended; 55P03 a lock that was not to be had in time; 57014 a query that
/// was ended.
fn is_out_of_service(code: &str) -> bool {
    ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class))
        || READ_ONLY.contains(&code)
        || matches!(code, "25P03" | "25P04" | "55P03" | "57014")
}

/// What a database error is to the person whose request met it; the cause goes to the log.
#[must_use]
pub fn database(error: &sqlx::Error) -> Problem {
    use sqlx::Error;
    let code = error.as_database_error().and_then(|error| error.code());
    let gone =
        matches!(error, Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::Tls(_) | Error::WorkerCrashed);
    if gone || code.as_deref().is_some_and(is_out_of_service) {
        tracing::warn!(error = error as &dyn std::error::Error, "database unreachable");
        return DATABASE_DOWN.problem(
            "The database does not answer. nimdeck keeps trying; running migrations go on at their masters and nothing is lost. \
             Try again in a moment.",
        );
    }
    if error.is_conflict() {
        tracing::warn!(error = error as &dyn std::error::Error, "a change lost against others");
        return TRY_AGAIN.problem(
            "Other changes were made at the same moment, and this one gave way. Nothing was changed. Try again.",
        );
    }
    // PostgreSQL keeps no NUL, neither in text (22021) nor in JSON (22P05), so no row can be meant by one.
    if matches!(code.as_deref(), Some("22021" | "22P05")) {
        return BAD_INPUT.problem("The request has a text with a NUL character in it. Leave it out.");
    }
    tracing::error!(error = error as &dyn std::error::Error, "database error");
    INTERNAL
        .problem("The database refused a query; the server's log has the cause. Try again, and report it if it stays.")
}

/// An error with its causes in one line: `what: why: why`.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        // Some libraries repeat their cause in their own words.
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        cause = error.source();
    }
    text
}

impl Conflict for Problem {
    fn is_conflict(&self) -> bool {
        self.code == TRY_AGAIN.code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::error::{DatabaseError, ErrorKind};
    use std::{borrow::Cow, error::Error, fmt};

    /// An error of PostgreSQL with this code.
    #[derive(Debug)]
    struct Coded(&'static str);

    impl fmt::Display for Coded {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Coded {}

    impl DatabaseError for Coded {
        fn message(&self) -> &str {
            self.0
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }
        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn low_a_database_that_is_out_of_service_is_no_fault_of_ours() {
        let status = |code| database(&sqlx::Error::Database(Box::new(Coded(code)))).status;
        for code in [
            "25P03", "25P04", "25006", "57P01", "57P02", "57P03", "57P05", "57014", "53100", "53200", "53300", "40001",
            "40P01", "55P03", "08006", "58030",
        ] {
            assert_eq!(status(code), 503, "{code}");
        }
        assert_eq!((status("22021"), status("22P05")), (422, 422));
        for code in ["42P01", "23505", "23514", "25P02", "XX000"] {
            assert_eq!(status(code), 500, "{code}");
        }
    }

    #[test]
    fn every_code_is_unique_and_has_its_page() {
        let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
        let mut seen = std::collections::HashSet::new();
        for code in ALL {
            assert!(seen.insert(code.code), "{} is used twice", code.code);
            assert!(pages.join(format!("{}.md", code.code)).is_file(), "docs/errors/{}.md is missing", code.code);
        }
    }
}
