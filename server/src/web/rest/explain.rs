//! `/explain`: what an output that somebody has at hand says. Nothing is stored, and nothing of ours is read.
//!
//! A log may be as long as a night of installp; the body is read piece by piece and forgotten. An extractor would hold it
//! in memory first, and a limit that fits one would refuse the logs that most need explaining.

use super::{AppState, Failure};
use crate::{
    error::{BAD_INPUT, BODY_TOO_LARGE, UPLOAD_STALLED},
    logs::explain::{Explainer, not_a_log},
    web::extract::{Filter, SignedIn},
};
use aix::log::Report;
use app::model::Problem;
use axum::{
    Json, Router,
    body::{Body, HttpBody},
    routing::post,
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
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

/// Routes of `/api/v1` whose body is not bound by the limit of all others.
pub fn router() -> Router<AppState> {
    Router::new().route("/explain", post(explain))
}

#[derive(Deserialize)]
struct As {
    #[serde(rename = "as")]
    kind: Option<String>,
}

/// The value itself, without a wrapper: one variant a kind.
#[derive(Serialize)]
#[serde(untagged)]
enum Explained {
    Log(Box<Report>),
}

async fn explain(
    SignedIn(_): SignedIn,
    Filter(As { kind }): Filter<As>,
    body: Body,
) -> Result<Json<Explained>, Failure> {
    let explained = match kind.as_deref() {
        None | Some("" | "nimadm-log") => Explained::Log(Box::new(log(body, LIMITS).await?)),
        Some(other) => {
            let shown: String = other.chars().take(40).collect();
            return Err(BAD_INPUT
                .field("as", format!("{shown:?} is no kind of output; the one kind is nimadm-log"))
                .into());
        }
    };
    Ok(Json(explained))
}

async fn log(body: Body, limits: Limits) -> Result<Report, Problem> {
    let mut explainer = Explainer::new();
    read(body, limits, |bytes| explainer.push(bytes)).await?;
    explainer.finish().ok_or_else(not_a_log)
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

    async fn refusal(body: Body) -> Problem {
        log(body, LIMITS).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_sender_who_stops_is_not_waited_for_for_ever() {
        let piece = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"Initializing"))]);
        let hurry = Limits { patience: Duration::ZERO, ..LIMITS };
        let problem = log(Body::from_stream(piece.chain(stream::pending())), hurry).await.unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (408, "ND0502"));
        assert!(problem.detail.contains("12 bytes"), "{}", problem.detail);
    }

    #[tokio::test]
    async fn more_than_the_limit_is_refused_without_holding_it() {
        let piece = bytes::Bytes::from(vec![b'x'; 1 << 10]);
        let endless = stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
        let small = Limits { largest: 1 << 16, ..LIMITS };
        let problem = log(Body::from_stream(endless), small).await.unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (413, "ND0007"));
        let announced = log(Body::from(vec![b'x'; (1 << 16) + 1]), small).await.unwrap_err();
        assert_eq!(announced.status, 413);
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_no_short_log() {
        let pieces = [
            Ok(bytes::Bytes::from_static(b"Starting Alternate Disk Migration.\n")),
            Err(std::io::Error::other("gone")),
        ];
        assert_eq!(refusal(Body::from_stream(stream::iter(pieces))).await.code, "ND0003");
    }
}
