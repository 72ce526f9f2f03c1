//! `/explain`: what an output that somebody has at hand says. Nothing is stored, and nothing of ours is read.
//!
//! A log may be as long as a night of installp; the body is read piece by piece and forgotten. An extractor would hold it
//! in memory first, and a limit that fits one would refuse the logs that most need explaining.

use super::{AppState, Failure};
use crate::{
    error::{BAD_INPUT, BODY_TOO_LARGE, UPLOAD_STALLED},
    logs::explain::{Asked, Explained, Explainer},
    web::extract::{Filter, SignedIn},
};
use app::model::Problem;
use axum::{
    Json, Router,
    body::{Body, HttpBody},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::StreamExt;
use http::{HeaderName, header::CONTENT_TYPE};
use serde::Deserialize;
use std::time::Duration;

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
    Ok(match explained(body, LIMITS, asked).await? {
        Explained::Log(report) => Json(report).into_response(),
        // It is JSON already, in the order in which the command prints it.
        Explained::Output { kind, json } => {
            ([(CONTENT_TYPE, "application/json"), (KIND, kind.name)], json).into_response()
        }
    })
}

async fn explained(body: Body, limits: Limits, asked: Asked) -> Result<Explained, Problem> {
    let mut explainer = Explainer::new();
    read(body, limits, |bytes| explainer.push(bytes)).await?;
    explainer.explained(asked)
}

/// Gives the body to `take`, piece by piece.
async fn read(body: Body, Limits { largest, patience }: Limits, mut take: impl FnMut(&[u8])) -> Result<(), Problem> {
    let too_large = || {
        BODY_TOO_LARGE.problem(format!("The body has more than {largest} bytes. Send the last run of the log only."))
    };
    if body.size_hint().lower() > largest {
        return Err(too_large());
    }
    let mut seen = 0;
    let mut pieces = body.into_data_stream();
    loop {
        let piece = match tokio::time::timeout(patience, pieces.next()).await {
            Ok(None) => return Ok(()),
            Ok(Some(Ok(piece))) => piece,
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
        seen += piece.len() as u64;
        if seen > largest {
            return Err(too_large());
        }
        take(&piece);
        // Explaining is work: others on this thread get their turn, however fast the bytes come.
        tokio::task::yield_now().await;
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
