//! Signing in and out: the one path for the form and the API.

use super::{rate::Tries, session_layer};
use crate::error::{INTERNAL, TOO_MANY_TRIES, WRONG_PASSWORD, database};
use crate::settings::Secret;
use crate::store::{self, user};
use crate::web::state::AppState;
use app::model::{Caller, Problem};
use http::HeaderMap;
use serde_json::json;
use std::net::IpAddr;
use std::time::Instant;
use tower_sessions::Session;

/// Who wants in, and from where.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// As typed.
    pub password: Secret,
    /// The other end of the connection.
    pub from: IpAddr,
    /// For the browser's name.
    pub headers: &'a HeaderMap,
}

/// Checks name and password and begins a session. Both outcomes are on record.
///
/// # Errors
/// ND0103 for a wrong name, a wrong password and a disabled user alike; ND0104 after too many of them.
pub async fn sign_in(state: &AppState, session: &Session, attempt: Attempt<'_>) -> Result<Caller, Problem> {
    let username = user::normal(attempt.username);
    admit(&state.tries, &username, attempt.from)?;
    let from = attempt.from.to_string();
    let known = if user::is_valid(&username) {
        user::by_name(&state.pool, &username).await.map_err(|error| database(&error))?
    } else {
        None
    };
    let stored = known.as_ref().map(|user| user.password_hash.as_str());
    let matches = state.passwords.verify(stored, attempt.password).await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a password could not be checked");
        INTERNAL.problem("The password could not be checked; the server's log has the cause.")
    })?;
    match known.filter(|user| matches && user.disabled_at.is_none()) {
        Some(user) => {
            state.tries.forgive(&username, attempt.from);
            let agent = attempt.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
            session_layer::begin(session, user.id, &from, agent).await?;
            record(state, &username, "session.create", &from).await?;
            Ok(Caller { id: user.id, username: user.username, role: user.role })
        }
        None => {
            // What was typed may be a password in the wrong field: only a name that could exist is recorded.
            let actor = if user::is_valid(&username) { username.as_str() } else { "unknown" };
            record(state, actor, "session.refuse", &from).await?;
            Err(WRONG_PASSWORD
                .problem("Name or password is wrong, or the user is disabled. Ask an administrator if you forgot it."))
        }
    }
}

/// Ends the session and records it.
///
/// # Errors
/// The database's.
pub async fn sign_out(state: &AppState, session: &Session, caller: &Caller) -> Result<(), Problem> {
    session_layer::end(session).await?;
    record(state, &caller.username, "session.delete", "-").await
}

fn admit(tries: &Tries, username: &str, from: IpAddr) -> Result<(), Problem> {
    tries.admit(username, from, Instant::now()).map_err(|wait| {
        let minutes = wait.as_secs().div_ceil(60);
        TOO_MANY_TRIES.problem(format!("Too many sign-ins from {from}. Wait {minutes} min and try again."))
    })
}

async fn record(state: &AppState, username: &str, action: &str, from: &str) -> Result<(), Problem> {
    let write = async {
        let mut transaction = store::begin(&state.pool).await?;
        transaction.record(username, action, &format!("user:{username}"), json!({ "from": from }));
        transaction.commit().await
    };
    write.await.map_err(|error| database(&error))
}

/// The address of the sign-in page: with the error to show, and where to go afterwards.
#[must_use]
pub fn page(error: Option<&str>, next: &str) -> String {
    let mut query = Vec::new();
    query.extend(error.map(|code| format!("error={code}")));
    let next = local(next);
    if next != "/" {
        query.push(format!("next={}", encode(next)));
    }
    if query.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?{}", query.join("&")) }
}

/// The wanted address where it is a path of this site, else `/`: a link to the sign-in must not lead elsewhere.
#[must_use]
pub fn local(next: &str) -> &str {
    let path = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let plain = next.bytes().all(|b| b.is_ascii_graphic()) && !next.starts_with("/sign-");
    if path && plain { next } else { "/" }
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths_are_gone_to() {
        for good in ["/", "/migrations/1?tab=log&x=y", "/clients"] {
            assert_eq!(local(good), good);
        }
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "evil",
            "",
            "/a\r\nSet-Cookie: x",
            "/sign-in",
            "javascript:x",
        ] {
            assert_eq!(local(bad), "/", "{bad:?}");
        }
    }

    #[test]
    fn the_page_keeps_the_way() {
        assert_eq!(page(None, "/"), "/sign-in");
        assert_eq!(
            page(Some("ND0103"), "/clients?q=a&level=71"),
            "/sign-in?error=ND0103&next=/clients%3Fq%3Da%26level%3D71"
        );
    }
}
