//! From a cookie or a token to a [`Caller`], and no further without one.
//!
//! The user is looked up at every request, so that a changed role, a disabled user or a revoked session counts at once.
//! A database that is down must not look like a session that has ended: that would sign everybody out. It is a 503.

use super::token;
use crate::error::{DATABASE_DOWN, INTERNAL, NOT_SIGNED_IN, database};
use crate::store::{self, session::NewSession};
use crate::web::limits::{Arriving, Refusal, Source, body::Holding, is_expensive, source_of};
use crate::web::listen::is_event_stream;
use crate::web::problem::{Audience, Failure};
use crate::web::state::AppState;
use app::model::{Caller, Problem};
use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Method};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{self, SessionStore};
use tower_sessions::{Expiry, Session, SessionManagerLayer};
use uuid::Uuid;

/// Name of the cookie.
pub const COOKIE: &str = "nimdeck";
/// A session ends when it is not used for so long.
const IDLE: Duration = Duration::hours(12);
/// A used session is renewed after so long; at every request would be a write for each of them.
const RENEW_AFTER: Duration = Duration::hours(1);

const USER: &str = "user";
const RENEWED: &str = "renewed";
const IP: &str = "ip";
const AGENT: &str = "agent";

/// tower-sessions' storage in our table.
#[derive(Debug, Clone)]
pub struct SessionStorage(PgPool);

pub(super) fn hash(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_le_bytes()).into()
}

fn backend(error: sqlx::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for SessionStorage {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let user_id = record
            .data
            .get(USER)
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| session_store::Error::Encode("a session begins with a sign-in".to_owned()))?;
        let data =
            serde_json::to_value(&record.data).map_err(|error| session_store::Error::Encode(error.to_string()))?;
        let text = |key| record.data.get(key).and_then(Value::as_str);
        loop {
            let id_hash = hash(&record.id);
            let new = NewSession {
                id_hash: &id_hash,
                user_id,
                data: data.clone(),
                ip: text(IP),
                user_agent: text(AGENT),
                expires_at: record.expiry_date,
            };
            if inserted(&self.0, &new).await.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let data =
            serde_json::to_value(&record.data).map_err(|error| session_store::Error::Encode(error.to_string()))?;
        let renew = async {
            let mut tx = store::begin(&self.0).await?;
            store::session::renew(&mut tx, &hash(&record.id), &data, record.expiry_date).await?;
            tx.commit().await
        };
        renew.await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some((data, expiry_date)) = store::session::find(&self.0, &hash(id)).await.map_err(backend)? else {
            return Ok(None);
        };
        let data = serde_json::from_value(data).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let delete = async {
            let mut tx = store::begin(&self.0).await?;
            store::session::delete(&mut tx, &hash(id)).await?;
            tx.commit().await
        };
        delete.await.map_err(backend)
    }
}

async fn inserted(pool: &PgPool, new: &NewSession<'_>) -> Result<bool, sqlx::Error> {
    let mut tx = store::begin(pool).await?;
    let inserted = store::session::insert(&mut tx, new).await?;
    tx.commit().await?;
    Ok(inserted)
}

/// The layer that reads and sets the cookie. `Lax`: a link in a chat opens signed in; that no other site acts in a user's
/// name is [`super::csrf`]'s work.
#[must_use]
pub fn layer(pool: PgPool, secure: bool) -> SessionManagerLayer<SessionStorage> {
    SessionManagerLayer::new(SessionStorage(pool))
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure)
        .with_expiry(Expiry::OnInactivity(IDLE))
}

/// Makes this browser's session a user's, under a new id: one that somebody planted before is worth nothing.
///
/// # Errors
/// The database's.
pub async fn begin(session: &Session, user: Uuid, ip: &str, agent: Option<&str>) -> Result<(), Problem> {
    let set = async {
        session.cycle_id().await?;
        session.clear().await;
        session.insert(USER, user).await?;
        session.insert(RENEWED, OffsetDateTime::now_utc().unix_timestamp()).await?;
        session.insert(IP, ip).await?;
        session.insert(AGENT, agent).await?;
        session.save().await
    };
    set.await.map_err(unavailable)
}

/// Ends this browser's session.
///
/// # Errors
/// The database's.
pub async fn end(session: &Session) -> Result<(), Problem> {
    session.flush().await.map_err(unavailable)
}

fn unavailable(error: tower_sessions::session::Error) -> Problem {
    tracing::warn!(%error, "sessions cannot be read");
    match error {
        tower_sessions::session::Error::SerdeJson(_) => INTERNAL.problem("The session cannot be read. Sign out and in again."),
        tower_sessions::session::Error::Store(_) => DATABASE_DOWN.problem(
            "The database does not answer, so nimdeck cannot tell who you are. You stay signed in; try again in a moment.",
        ),
    }
}

/// Puts the [`Caller`] into the request, where there is one, and counts the request for them from then on, until its answer
/// has been sent.
pub async fn identify(State(state): State<AppState>, session: Session, mut request: Request, next: Next) -> Response {
    let audience = Audience::of(request.uri().path());
    let (source, expensive) = (source_of(&request), is_expensive(&request));
    let caller = match caller(&state, &session, request.headers(), source).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response_for(audience),
    };
    // Strangers who are slow must not take the places of those who have yet to say who they are.
    request.extensions_mut().remove::<Arriving>();
    let running = match state.limits.requests.run(expensive, caller.as_ref(), source).await {
        Ok(running) => running,
        Err(refusal) => return refusal.into_response_for(audience),
    };
    if let Some(caller) = caller {
        tracing::Span::current().record("user", caller.username.as_str());
        request.extensions_mut().insert(caller);
    }
    let response = next.run(request).await;
    if is_event_stream(&response) {
        // It has a place of its own, for as long as it is open.
        return response;
    }
    response.map(|body| Holding::body(body, running))
}

/// Whose request it is. What has the wrong form is refused without a question to the database; what has the right form but was
/// never accepted waits for a place to be asked about.
async fn caller(
    state: &AppState,
    session: &Session,
    headers: &HeaderMap,
    source: Source,
) -> Result<Option<Caller>, Refusal> {
    let token = token::from_headers(headers)
        .map_err(|error| NOT_SIGNED_IN.problem(format!("{error}. Make a token with `nimdeck user token`.")))?;
    let hash = match (token, session.id()) {
        (Some(token), _) => token::hash(token),
        (None, Some(id)) => hash(&id),
        (None, None) => return Ok(None),
    };
    let _place = state.limits.lookup(&hash, source).await?;
    let found = if token.is_some() {
        let found = store::token::caller(&state.pool, &hash).await.map_err(|error| database(&error))?;
        let unknown = "The token is unknown, expired or revoked. Make one with `nimdeck user token`.";
        Some(found.ok_or_else(|| NOT_SIGNED_IN.problem(unknown))?)
    } else {
        let Some(user) = session.get::<Uuid>(USER).await.map_err(unavailable)? else { return Ok(None) };
        let found = store::user::caller(&state.pool, user).await.map_err(|error| database(&error))?;
        if found.is_some() {
            renew(session).await?;
        }
        found
    };
    if found.is_some() {
        state.limits.accept(hash);
    }
    Ok(found)
}

/// Moves a used session's end; the layer then stores it and sends the cookie anew.
async fn renew(session: &Session) -> Result<(), Problem> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let last: i64 = session.get(RENEWED).await.map_err(unavailable)?.unwrap_or(0);
    if now - last > RENEW_AFTER.whole_seconds() {
        session.insert(RENEWED, now).await.map_err(unavailable)?;
    }
    Ok(())
}

/// Lets nobody through who is not signed in: pages lead to the sign-in, everything else is told so.
pub async fn gate(request: Request, next: Next) -> Response {
    if request.extensions().get::<Caller>().is_some() {
        return next.run(request).await;
    }
    let audience = Audience::of(request.uri().path());
    if audience == Audience::Person && matches!(*request.method(), Method::GET | Method::HEAD) {
        let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return Redirect::to(&super::sign_in::page(None, wanted)).into_response();
    }
    let problem = NOT_SIGNED_IN.problem("Sign in, or send a token as \"Authorization: Bearer nd_…\".");
    Failure(problem).into_response_for(audience)
}
