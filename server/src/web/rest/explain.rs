//! `/explain`: what an output that somebody has at hand says. Nothing is stored, and nothing of ours is read.
//!
//! A log may be as long as a night of installp; the body is read piece by piece and forgotten. An extractor would hold it
//! in memory first, and a limit that fits one would refuse the logs that most need explaining.
//!
//! Reading is processor work, so it is done in [`crate::compute`], at most [`PIECE`] bytes of a body at a time: then two
//! long logs share the processors with everything else, and a stop waits for one piece only. The longest single job is the
//! last one, which reads what may be a command's output: 4 MiB, in time linear in it (the tests `c2_…` of `aix`).

use super::{AppState, Failure};
use crate::{
    compute,
    error::{BAD_INPUT, BODY_TOO_LARGE, INTERNAL, TOO_BUSY, UPLOAD_STALLED},
    logs::explain::{Asked, Explained, Explainer, LOG},
    web::extract::{Filter, SignedIn},
};
use app::model::Problem;
use axum::{
    Router,
    body::{Body, HttpBody},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::StreamExt;
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use serde::Deserialize;
use std::{convert::Infallible, mem, time::Duration};
use tokio::sync::Semaphore;

/// What is put up with from whoever sends.
#[derive(Clone, Copy)]
struct Limits {
    /// Bytes at most.
    largest: u64,
    /// Longest pause.
    patience: Duration,
}

/// 1 GiB, and half a minute of silence.
const LIMITS: Limits = Limits { largest: 1 << 30, patience: Duration::from_secs(30) };

/// Bytes of a body that are read in one job.
const PIECE: usize = 256 << 10;

/// Bodies that are read at once. Each may hold 4 MiB of its beginning, and its answer some ten times as much.
static AT_ONCE: Semaphore = Semaphore::const_new(16);

/// The header that names what an output was read as; the body is its value and nothing else.
const KIND: HeaderName = HeaderName::from_static("nimdeck-kind");

/// Routes of `/api/v1` whose body is not bound by the limit of all others.
pub fn router() -> Router<AppState> {
    Router::new().route("/explain", post(explain))
}

#[derive(Deserialize)]
struct As {
    #[serde(rename = "as")]
    kind: Option<String>,
}

async fn explain(SignedIn(_): SignedIn, Filter(As { kind }): Filter<As>, body: Body) -> Result<Response, Failure> {
    let asked = Asked::read(kind.as_deref())?;
    let held = AT_ONCE.try_acquire().map_err(|_| {
        TOO_BUSY.problem("The server explains as many outputs as it can hold just now. Try again in a moment.")
    })?;
    let (kind, json) = explained(body, LIMITS, asked).await?;
    // A large output has a large answer: it counts as held until it is sent.
    let sent = futures::stream::iter([Ok::<_, Infallible>(json)]).map(move |json| {
        let _ = &held;
        json
    });
    let mut response = ([(CONTENT_TYPE, "application/json")], Body::from_stream(sent)).into_response();
    if kind != LOG {
        response.headers_mut().insert(KIND, HeaderValue::from_static(kind));
    }
    Ok(response)
}

/// The kind of an output and its value as JSON, in the order in which the command prints it.
async fn explained(body: Body, limits: Limits, asked: Asked) -> Result<(&'static str, Vec<u8>), Problem> {
    let (explainer, rest) = read(body, limits).await?;
    let work = move || {
        let mut explainer = explainer;
        explainer.push(&rest);
        match explainer.explained(asked)? {
            Explained::Log(report) => {
                let json = serde_json::to_vec(&report);
                Ok((LOG, json.map_err(|error| INTERNAL.problem(format!("The report cannot be written: {error}")))?))
            }
            Explained::Output { kind, json } => Ok((kind.name, json.into_bytes())),
        }
    };
    compute::shared().run(work).await?
}

/// Reads the body piece by piece. What is left of it is the last piece, which was not read yet.
async fn read(body: Body, Limits { largest, patience }: Limits) -> Result<(Explainer, Vec<u8>), Problem> {
    let too_large = || {
        BODY_TOO_LARGE.problem(format!("The body has more than {largest} bytes. Send the last run of the log only."))
    };
    if body.size_hint().lower() > largest {
        return Err(too_large());
    }
    let (mut explainer, mut piece, mut seen) = (Explainer::new(), Vec::new(), 0);
    let mut frames = body.into_data_stream();
    loop {
        let frame = match tokio::time::timeout(patience, frames.next()).await {
            Ok(None) => return Ok((explainer, piece)),
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => {
                return Err(BAD_INPUT.problem("The body of the request could not be read to its end. Send it again."));
            }
            Err(_) => {
                let seconds = patience.as_secs();
                return Err(UPLOAD_STALLED.problem(format!(
                    "Nothing came for {seconds} seconds; {seen} bytes had come before. Send it again from the beginning."
                )));
            }
        };
        seen += frame.len() as u64;
        if seen > largest {
            return Err(too_large());
        }
        piece.extend_from_slice(&frame);
        if piece.len() >= PIECE {
            let full = mem::take(&mut piece);
            let work = move || {
                explainer.push(&full);
                explainer
            };
            explainer = compute::shared().run(work).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    async fn refused(body: Body, limits: Limits) -> Problem {
        explained(body, limits, Asked::Anything).await.err().unwrap()
    }

    #[tokio::test]
    async fn a_sender_who_stops_is_not_waited_for_for_ever() {
        let piece = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"Initializing"))]);
        let hurry = Limits { patience: Duration::ZERO, ..LIMITS };
        let problem = refused(Body::from_stream(piece.chain(stream::pending())), hurry).await;
        assert_eq!((problem.status, problem.code.as_str()), (408, "ND0502"));
        assert!(problem.detail.contains("12 bytes"), "{}", problem.detail);
    }

    #[tokio::test]
    async fn more_than_the_limit_is_refused_without_holding_it() {
        let piece = bytes::Bytes::from(vec![b'x'; 1 << 10]);
        let endless = stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
        let small = Limits { largest: 1 << 16, ..LIMITS };
        let problem = refused(Body::from_stream(endless), small).await;
        assert_eq!((problem.status, problem.code.as_str()), (413, "ND0007"));
        let announced = refused(Body::from(vec![b'x'; (1 << 16) + 1]), small).await;
        assert_eq!(announced.status, 413);
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_no_short_log() {
        let pieces = [
            Ok(bytes::Bytes::from_static(b"Starting Alternate Disk Migration.\n")),
            Err(std::io::Error::other("gone")),
        ];
        assert_eq!(refused(Body::from_stream(stream::iter(pieces)), LIMITS).await.code, "ND0003");
    }
}
