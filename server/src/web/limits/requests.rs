//! How many requests run at a time, and that each runs to its end.
//!
//! A handler runs in a task of its own, which its connection waits for. A browser that leaves ends its connection and with it the
//! waiting, but not the handler: an act that has begun is finished, a transaction is committed or rolled back, a database
//! connection goes back clean. The handler's places go with it, so hanging up and asking again makes no room.
//!
//! A request passes two counts. Until it is known whose it is, it counts for its source; that is short, and its own limit is
//! [`Limits::lookup`]. Then it counts for its user, or, without one, for its source among those who are not signed in. So
//! strangers who are slow take the places of strangers only.

use super::{Refusal, Source, source_of};
use crate::error::INTERNAL;
use crate::places::{Place, Places};
use crate::web::{
    problem::{Audience, Failure, panicked},
    state::AppState,
};
use app::{api, model::Caller};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::Method;
use leptos::server_fn::ServerFn as _;
use std::{sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;
use uuid::Uuid;

/// Requests whose user is not known yet: of one source, waiting for it, in all.
const ARRIVING: (usize, usize, usize) = (64, 1024, 256);
/// Requests of people who are not signed in. Many more than those of one source that may wait for a password to be checked: a real
/// sign-in must get as far as that queue, in which it is first.
const OF_STRANGERS: (usize, usize, usize) = (128, 512, 512);
/// Requests of a user.
const OF_USER: (usize, usize, usize) = (64, 1024, 1024);
/// Those of them that are expensive: they ask hosts, or read much. Many, because those that ask hosts which hang must not keep their
/// user from asking others.
const EXPENSIVE: (usize, usize, usize) = (40, 512, 256);
/// Looks at the server itself, before any sign-in.
const PROBES: (usize, usize, usize) = (8, 256, 16);
/// How long a request waits for its place.
const PATIENCE: Duration = Duration::from_secs(20);

/// Routes that ask hosts, or read much, and the methods that do.
const EXPENSIVE_ROUTES: &[(Method, &str)] = &[
    (Method::POST, "/api/v1/preflight"),
    (Method::POST, "/api/v1/explain"),
    (Method::POST, "/api/v1/migrations"),
    (Method::POST, "/api/v1/masters/{id}/refresh"),
    (Method::GET, "/api/v1/masters/{id}/logs"),
    (Method::POST, "/api/v1/masters/{id}/logs/import"),
    (Method::POST, "/api/v1/clients/{id}/refresh"),
    (Method::GET, "/api/v1/migrations/{id}/log/search"),
    (Method::GET, "/api/v1/audit/export"),
];
/// The same as server functions.
const EXPENSIVE_FUNCTIONS: [&str; 6] = [
    api::PreflightCall::PATH,
    api::LaunchCall::PATH,
    api::RefreshMasterCall::PATH,
    api::RefreshClientCall::PATH,
    api::OldLogsCall::PATH,
    api::ImportLogsCall::PATH,
];

/// The requests that run.
#[derive(Debug)]
pub struct Requests {
    arriving: Places<Source>,
    of_strangers: Places<Source>,
    of_user: Places<Uuid>,
    expensive: Places<Uuid>,
    probes: Places<Source>,
    /// The handlers, which are waited for when the server stops.
    pub handlers: TaskTracker,
}

impl Default for Requests {
    fn default() -> Self {
        fn places<K: std::hash::Hash + Eq + Clone>((each, queue, all): (usize, usize, usize)) -> Places<K> {
            Places::new(each, queue, all)
        }
        Self {
            arriving: places(ARRIVING),
            of_strangers: places(OF_STRANGERS),
            of_user: places(OF_USER),
            expensive: places(EXPENSIVE),
            probes: places(PROBES),
            handlers: TaskTracker::new(),
        }
    }
}

/// The place of a request whose user is not known yet; an extension of the request until then.
#[derive(Clone)]
pub struct Arriving(#[expect(dead_code, reason = "held until it is dropped")] Arc<Place<Source>>);

/// Cancelled when the client has left; an extension of the request. What has begun is finished, but a wait need not go on.
#[derive(Debug, Clone, Default)]
pub struct Gone(pub CancellationToken);

/// The places of a request whose user is known.
pub enum Running {
    /// Of somebody who is not signed in.
    Stranger(Place<Source>),
    /// Of a user; the second one where it is expensive.
    User(Place<Uuid>, Option<Place<Uuid>>),
}

impl Requests {
    /// The places of a request whose user is known now; `expensive` is what [`is_expensive`] says of it.
    ///
    /// # Errors
    /// Too many run.
    pub async fn run(&self, expensive: bool, caller: Option<&Caller>, source: Source) -> Result<Running, Refusal> {
        let Some(Caller { id, .. }) = caller else {
            let place = self.of_strangers.take(source, PATIENCE).await;
            return place.map(Running::Stranger).ok_or_else(|| {
                Refusal::busy("Too many requests come from your address without a sign-in.", PATIENCE / 2)
            });
        };
        // First the scarcer one: who waits for it must not hold the other.
        let expensive = if expensive {
            let refused =
                || Refusal::busy("You have too many requests running that ask hosts or read much.", PATIENCE / 2);
            Some(self.expensive.take(*id, PATIENCE).await.ok_or_else(refused)?)
        } else {
            None
        };
        let place = self.of_user.take(*id, PATIENCE).await;
        let place = place.ok_or_else(|| Refusal::busy("You have too many requests running.", PATIENCE / 2))?;
        Ok(Running::User(place, expensive))
    }

    async fn to_its_end(
        &self,
        handler: impl Future<Output = Response> + Send + 'static,
        audience: Audience,
    ) -> Response {
        match self.handlers.spawn(handler.instrument(tracing::Span::current())).await {
            Ok(response) => response,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => panicked(panic),
                Err(_) => Failure(INTERNAL.problem("The server is stopping. Send the request again in a moment."))
                    .into_response_for(audience),
            },
        }
    }
}

/// Whether a request asks hosts, or reads much.
#[must_use]
pub fn is_expensive(request: &Request) -> bool {
    let Some(route) = request.extensions().get::<MatchedPath>() else { return false };
    EXPENSIVE_ROUTES.iter().any(|(method, path)| method == request.method() && *path == route.as_str())
        || EXPENSIVE_FUNCTIONS.contains(&request.uri().path())
}

/// Runs what is inside in a task of its own, once there is a place for it.
pub async fn detach(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let requests = &state.limits.requests;
    let audience = Audience::of(request.uri().path());
    let Some(place) = requests.arriving.take(source_of(&request), PATIENCE).await else {
        return too_many(audience);
    };
    request.extensions_mut().insert(Arriving(Arc::new(place)));
    let gone = CancellationToken::new();
    request.extensions_mut().insert(Gone(gone.clone()));
    let _gone = gone.drop_guard();
    requests.to_its_end(next.run(request), audience).await
}

/// The same for a look at the server itself. It has places of its own, so that people do not keep a load balancer waiting.
pub async fn detach_probe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let requests = &state.limits.requests;
    let Some(place) = requests.probes.take(source_of(&request), PATIENCE).await else {
        return too_many(Audience::Program);
    };
    let handler = async {
        let _place = place;
        next.run(request).await
    };
    requests.to_its_end(handler, Audience::Program).await
}

fn too_many(audience: Audience) -> Response {
    Refusal::busy("Too many requests come from your address.", PATIENCE / 2).into_response_for(audience)
}
