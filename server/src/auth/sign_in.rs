//! Signing in and out: the one path for the form and the API.

use super::{
    device::Device,
    password::PasswordError,
    rate::{Standing, Who},
    session_layer,
    turns::Busy,
};
use crate::error::{INTERNAL, TOO_MANY_TRIES, WRONG_PASSWORD, database};
use crate::settings::Secret;
use crate::store::{self, user};
use crate::web::limits::{ClientAddress, Gone, Refusal, in_words};
use crate::web::state::AppState;
use app::model::{Caller, Problem};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponseParts, ResponseParts};
use http::{HeaderMap, HeaderValue};
use serde_json::json;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tower_sessions::Session;

/// Who wants in, and from where.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// As typed.
    pub password: Secret,
    /// Where it comes from.
    pub from: ClientAddress,
    /// For the browser's name and its device cookie.
    pub headers: &'a HeaderMap,
    /// Whether somebody still waits for the answer.
    pub gone: Gone,
}

/// Somebody who has just signed in.
#[derive(Debug)]
pub struct Welcome {
    /// Who.
    pub caller: Caller,
    /// The cookie by which their browser is known from now on.
    pub device: DeviceCookie,
}

/// The cookie by which a browser is known; a part of the response.
#[derive(Debug, Clone)]
pub struct DeviceCookie(Option<HeaderValue>);

impl IntoResponseParts for DeviceCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// Sends the cookie of a browser that has just signed in. Outside the session layer, so that the session's cookie comes first:
/// some clients look at one cookie only.
pub async fn send_device_cookie(mut response: axum::response::Response) -> axum::response::Response {
    if let Some(DeviceCookie(Some(cookie))) = response.extensions_mut().remove() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Checks name and password and begins a session. Both outcomes are on record.
///
/// In this order, so that each step bounds the next: the brakes, which cost nothing; the turn, whose queue has an end; the database; the
/// hash.
///
/// # Errors
/// ND0103 for a wrong name, a wrong password and a disabled user alike; ND0104 after too many of them; ND0110 where too many
/// sign in at the same time.
pub async fn sign_in(state: &AppState, session: &Session, attempt: Attempt<'_>) -> Result<Welcome, Refusal> {
    let username = user::normal(attempt.username);
    let device = state.device_key.device(&username, attempt.headers);
    let who = Who { name: &username, source: attempt.from.source(), device };
    let standing = admit(state, who, attempt.from)?;
    let turn = state.passwords.turn(standing, who.source, state.tries.account(&username));
    // A client that has left gives its place in the queue to the others.
    let turn = attempt.gone.0.run_until_cancelled(turn).await.unwrap_or(Err(Busy(Duration::ZERO)));
    let turn = turn.map_err(|busy| {
        state.tries.take_back(who, standing);
        Refusal::busy("Too many people sign in at the same time.", busy.0)
    })?;
    let from = attempt.from.0.to_string();
    let known = if user::is_valid(&username) {
        user::by_name(&state.pool, &username).await.map_err(|error| database(&error))?
    } else {
        None
    };
    let stored = known.as_ref().map(|user| user.password_hash.as_str());
    let matches = state.passwords.verify(&turn, stored, attempt.password).await.map_err(unchecked)?;
    // What was typed as a name may be a password in the wrong field. So only the name of somebody who exists is recorded.
    let actor = known.as_ref().map_or(UNKNOWN, |user| user.username.as_str()).to_owned();
    match known.filter(|user| matches && user.disabled_at.is_none()) {
        Some(user) => {
            state.tries.forgive(who, standing, Instant::now());
            let agent = attempt.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
            session_layer::begin(session, user.id, &from, agent).await?;
            if let Some(id) = session.id() {
                state.limits.accept(session_layer::hash(&id));
            }
            record(state, &actor, "session.create", &from).await?;
            let device = device_cookie(state, &actor, device);
            Ok(Welcome { caller: Caller { id: user.id, username: user.username, role: user.role }, device })
        }
        None => {
            record(state, &actor, "session.refuse", &from).await?;
            let text = "Name or password is wrong, or the user is disabled. Ask an administrator if you forgot it.";
            Err(WRONG_PASSWORD.problem(text).into())
        }
    }
}

/// Stands in the record for a name that nobody has.
const UNKNOWN: &str = "unknown";

fn device_cookie(state: &AppState, username: &str, device: Option<Device>) -> DeviceCookie {
    DeviceCookie(state.device_key.cookie(username, device, state.secure))
}

fn unchecked(error: PasswordError) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "a password could not be checked");
    INTERNAL.problem("The password could not be checked; the server's log has the cause.")
}

/// Ends the session and records it.
///
/// # Errors
/// The database's.
pub async fn sign_out(state: &AppState, session: &Session, caller: &Caller) -> Result<(), Problem> {
    session_layer::end(session).await?;
    record(state, &caller.username, "session.delete", "-").await
}

fn admit(state: &AppState, who: Who<'_>, from: ClientAddress) -> Result<Standing, Refusal> {
    state.tries.admit(who, Instant::now()).map_err(|wait| {
        let wait = wait.max(Duration::from_secs(1));
        // Without the name: it may be a password.
        tracing::debug!(from = %from.0, ?wait, "a sign-in is put off");
        let text =
            format!("Too many sign-ins from {} or for this name. Wait {}, then try again.", from.0, in_words(wait));
        Refusal::new(TOO_MANY_TRIES.problem(text), wait)
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
