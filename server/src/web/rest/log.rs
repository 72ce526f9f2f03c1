//! A migration's log: raw, searched, and live.

use super::{AppState, Failure};
use crate::{
    auth::watching::{Held, Rights},
    background::Background,
    compute,
    error::{BAD_INPUT, NO_SUCH_RANGE, NOT_FOUND, NOT_SIGNED_IN, database},
    logs::{
        bus::Bus,
        fleet,
        stream::{self, Start},
    },
    store::log,
    web::{
        extract::{At, Filter, SignedIn},
        limits::{ClientAddress, Refusal, StreamPlace},
    },
};
use app::model::{Caller, LogLine, LogLines, Migration, Problem};
use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{FromRequestParts, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use sqlx::PgPool;
use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;
use uuid::Uuid;

/// Hits a search gives at most.
const HITS: usize = 1000;
/// How long a search may work: enough for gigabytes, unless the pattern is made to be slow.
const SEARCH: Duration = Duration::from_secs(10);

/// Routes of `/api/v1`; the bus is that of this process. Streams end when the right to see them is gone.
pub fn router(pool: PgPool, bus: Arc<Bus>, background: &Background, stop: CancellationToken) -> Router<AppState> {
    let rights = Rights::new(pool);
    rights.watch(background, stop);
    let live = Live { bus, rights };
    let fleet = live.clone();
    Router::new()
        .route("/migrations/{id}/log", get(raw))
        .route("/migrations/{id}/log/search", get(search))
        .route("/migrations/{id}/events", get(move |state, at, query, watcher| events(live, state, at, query, watcher)))
        .route("/events", get(move |state, query, watcher| topics(fleet, state, query, watcher)))
}

/// What streams come from and end by.
#[derive(Clone)]
struct Live {
    bus: Arc<Bus>,
    rights: Arc<Rights>,
}

/// A person or a script that opens a stream, and by what right.
struct Watcher {
    caller: Caller,
    session: Session,
    headers: HeaderMap,
    from: ClientAddress,
}

impl<S: Send + Sync> FromRequestParts<S> for Watcher {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let session = Session::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let Extension(from) = Extension::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self { caller, session, headers: parts.headers.clone(), from })
    }
}

impl Watcher {
    /// Notes that a stream is open by this right.
    fn hold(&self, live: &Live) -> Result<Held, Problem> {
        let none = || NOT_SIGNED_IN.problem("Sign in, or send a token as \"Authorization: Bearer nd_…\".");
        live.rights.hold(&self.session, &self.headers).ok_or_else(none)
    }
}

/// The stream, as long as its watcher may see it; its place is held as long. Proxies that buffer would hold lines back.
fn answer(
    held: Held,
    place: StreamPlace,
    events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
) -> Response {
    let events = events.take_until(Box::pin(held.revoked())).inspect(move |_| {
        let _held = &place;
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// The bytes as nimadm printed them. `Range` is honoured for one range; once the log has ended, the `ETag` is its SHA-256.
async fn raw(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let migration = state.deck.migration(&caller, id).await?;
    let total = migration.log_bytes;
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_DISPOSITION, format!("inline; filename=\"{}-{id}.log\"", migration.subject));
    let etag = etag(&migration);
    // A range of another version than the caller has would not fit its other bytes.
    let same = headers
        .get(header::IF_RANGE)
        .is_none_or(|seen| etag.as_ref().is_some_and(|tag| seen.as_bytes() == tag.as_bytes()));
    if let Some(etag) = etag {
        if headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
        }
        response = response.header(header::ETAG, etag);
    }
    let asked = headers.get(header::RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let asked = asked.map(|range| one_range(range, total));
    let (status, from, to) = match asked {
        None | Some(Ranged::Ignored) => (StatusCode::OK, 0, total),
        Some(Ranged::Part(from, to)) => {
            response = response.header(header::CONTENT_RANGE, format!("bytes {from}-{}/{total}", to - 1));
            (StatusCode::PARTIAL_CONTENT, from, to)
        }
        Some(Ranged::Impossible) => {
            let why = format!(
                "The log has {total} bytes, and none of those that were asked for. Ask for others, or for all."
            );
            let range = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
            return Ok((range, Failure(NO_SUCH_RANGE.problem(why))).into_response());
        }
    };
    let body = Body::from_stream(bytes(state.pool, id, from, to));
    let response = response.status(status).header(header::CONTENT_LENGTH, to - from).body(body);
    response.map_err(|error| Failure(crate::error::INTERNAL.problem(error.to_string())))
}

fn etag(migration: &Migration) -> Option<String> {
    migration.log_sha256.as_ref().map(|hash| format!("\"{hash}\""))
}

/// What a `Range` header comes to.
#[derive(Debug, PartialEq, Eq)]
enum Ranged {
    /// Bytes from the first up to, not including, the second.
    Part(u64, u64),
    /// Nothing of what was asked for exists.
    Impossible,
    /// Not understood, or several ranges: a server may answer with everything.
    Ignored,
}

fn one_range(text: &str, total: u64) -> Ranged {
    let Some((from, to)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ranged::Ignored;
    };
    let range = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) if to < from => return Ranged::Ignored,
        (Ok(from), Ok(to)) => (from, total.min(to.saturating_add(1))),
        (Ok(from), Err(_)) if to.is_empty() => (from, total),
        (Err(_), Ok(last)) if from.is_empty() => (total.saturating_sub(last), total),
        _ => return Ranged::Ignored,
    };
    if range.0 < range.1 { Ranged::Part(range.0, range.1) } else { Ranged::Impossible }
}

/// The bytes from `from` up to, not including, `to`, a chunk at a time.
fn bytes(pool: PgPool, id: Uuid, from: u64, to: u64) -> impl futures::Stream<Item = Result<Vec<u8>, sqlx::Error>> {
    futures::stream::try_unfold((pool, from), move |(pool, at)| async move {
        if at >= to {
            return Ok(None);
        }
        let Some(mut body) = log::from_byte(&pool, id, at).await? else { return Ok(None) };
        body.truncate(usize::try_from(to - at).unwrap_or(usize::MAX));
        let next = at + body.len() as u64;
        Ok(Some((body, (pool, next))))
    })
}

#[derive(Deserialize)]
struct Search {
    q: String,
    #[serde(default)]
    regex: bool,
}

/// Lines that have `q` in them, or that it matches as a regular expression, whatever their case. At most a thousand.
async fn search(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    Filter(search): Filter<Search>,
) -> Result<Json<LogLines>, Failure> {
    if search.q.is_empty() {
        return Err(BAD_INPUT.field("q", "say what to look for").into());
    }
    state.deck.migration(&caller, id).await?;
    let pattern = if search.regex { search.q } else { regex::escape(&search.q) };
    // The engine takes time linear in the text, times the size of the pattern once compiled: hence the limit.
    let wanted = RegexBuilder::new(&pattern).case_insensitive(true).size_limit(1 << 18).build();
    let wanted = wanted.map_err(|why| BAD_INPUT.field("q", format!("is no regular expression: {why}")))?;
    let mut items: Vec<LogLine> = Vec::new();
    let (mut next, mut spent) = (1, Duration::ZERO);
    while items.len() < HITS {
        let rows = log::from_line(&state.pool, id, next, 16).await.map_err(|error| database(&error))?;
        let Some(last) = rows.last() else { break };
        next = last.first_line.unsigned_abs() + u64::from(last.line_count.unsigned_abs());
        let wanted = wanted.clone();
        let work = move || {
            let mut spent = spent;
            hits(&rows, &wanted, &mut spent).map(|hits| (hits, spent))
        };
        let (found, so_far) = compute::shared().run(work).await.map_err(Problem::from)??;
        items.extend(found);
        spent = so_far;
    }
    items.truncate(HITS);
    Ok(Json(LogLines { items }))
}

/// The lines that match; `spent` is how long the whole search has worked.
fn hits(rows: &[log::Row], wanted: &Regex, spent: &mut Duration) -> Result<Vec<LogLine>, Problem> {
    let (begun, before) = (Instant::now(), *spent);
    let mut hits = Vec::new();
    for row in rows {
        for (line, text) in row.lines() {
            if wanted.is_match(&text) {
                hits.push(LogLine { line, phase: row.phase(), at: row.at.into(), text });
            }
            // Between two lines: one has at most 16 KiB here.
            *spent = before + begun.elapsed();
            if *spent > SEARCH {
                let why =
                    format!("took more than {} s up to line {line}; look for something simpler", SEARCH.as_secs());
                return Err(BAD_INPUT.field("q", why));
            }
        }
    }
    Ok(hits)
}

#[derive(Deserialize)]
struct From {
    after: Option<u64>,
    tail: Option<u64>,
}

/// The live stream. A reconnecting browser's `Last-Event-ID` is newer than the address it was first given.
async fn events(
    live: Live,
    State(state): State<AppState>,
    At(id): At<Uuid>,
    Filter(from): Filter<From>,
    watcher: Watcher,
) -> Result<Response, Refusal> {
    let place = state.limits.streams.open(&watcher.caller, watcher.from.source())?;
    let seen =
        watcher.headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.trim().parse().ok());
    let start = match (seen, from.after, from.tail) {
        (Some(line), _, _) | (None, Some(line), _) => Start::After(line),
        (None, None, Some(count)) => Start::Tail(count),
        (None, None, None) => Start::After(0),
    };
    let held = watcher.hold(&live)?;
    let opened = stream::open(&live.bus, state.shutdown, id, start).await;
    let opened = opened.map_err(|error| match error {
        sqlx::Error::RowNotFound => {
            NOT_FOUND.problem(format!("There is no migration {id}. List them at /api/v1/migrations."))
        }
        error => database(&error),
    });
    match opened? {
        Some(viewer) => Ok(answer(held, place, viewer.events())),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

#[derive(Deserialize)]
struct Topics {
    #[serde(default = "whole_fleet")]
    topics: String,
}

fn whole_fleet() -> String {
    "fleet".to_owned()
}

/// States of the whole fleet, or of the migrations that are named.
async fn topics(
    live: Live,
    State(state): State<AppState>,
    Filter(Topics { topics }): Filter<Topics>,
    watcher: Watcher,
) -> Result<Response, Refusal> {
    let place = state.limits.streams.open(&watcher.caller, watcher.from.source())?;
    let mut only = Some(Vec::new());
    for topic in topics.split(',').map(str::trim) {
        match topic.strip_prefix("migration:").map(str::parse::<Uuid>) {
            Some(Ok(id)) => {
                state.deck.migration(&watcher.caller, id).await?;
                if let Some(only) = only.as_mut() {
                    only.push(id);
                }
            }
            None if topic == "fleet" => only = None,
            _ => {
                let why = format!("{topic:?} is no topic: they are fleet and migration:ID");
                return Err(NOT_FOUND.field("topics", why).into());
            }
        }
        if only.is_none() {
            break;
        }
    }
    let held = watcher.hold(&live)?;
    Ok(answer(held, place, fleet::states(state.pool, &live.bus, state.shutdown, only)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood() {
        assert_eq!(one_range("bytes=0-99", 1000), Ranged::Part(0, 100));
        assert_eq!(one_range("bytes=990-2000", 1000), Ranged::Part(990, 1000));
        assert_eq!(one_range("bytes=500-", 1000), Ranged::Part(500, 1000));
        assert_eq!(one_range("bytes=-10", 1000), Ranged::Part(990, 1000));
        assert_eq!(one_range("bytes=1000-", 1000), Ranged::Impossible);
        assert_eq!(one_range("bytes=0-0", 0), Ranged::Impossible);
        for other in ["lines=1-2", "bytes=5-1", "bytes=0-1,3-4", "bytes=a-b"] {
            assert_eq!(one_range(other, 1000), Ranged::Ignored, "{other}");
        }
    }
}
