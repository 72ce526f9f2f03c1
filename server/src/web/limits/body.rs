//! The time that a request's body may take, and what an answer's body holds.
//!
//! A head has its time limit in `web/listen`. A body that comes a byte a minute would hold its request's place just as well. So a
//! body that pauses, or that takes too long as a whole, ends with [`TooSlow`].

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Longest pause between two pieces.
const PAUSE: Duration = Duration::from_secs(30);
/// Longest time for a body of at most [`super::LARGEST_BODY`].
const WHOLE: Duration = Duration::from_secs(120);
/// Longest time for the name and the password of a sign-in.
const SIGN_IN: Duration = Duration::from_secs(15);

/// The body came too slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body of the request did not come in time")]
pub struct TooSlow;

/// Limits the time of a body behind the sign-in.
pub async fn in_time(request: Request, next: Next) -> Response {
    next.run(request.map(|body| Body::new(Timed::new(body, PAUSE, WHOLE)))).await
}

/// Limits the time of a body before the sign-in.
pub async fn in_time_to_sign_in(request: Request, next: Next) -> Response {
    next.run(request.map(|body| Body::new(Timed::new(body, SIGN_IN, SIGN_IN)))).await
}

struct Timed {
    body: Body,
    pause: Duration,
    end: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Timed {
    fn new(body: Body, pause: Duration, whole: Duration) -> Self {
        Self { body, pause, end: Instant::now() + whole, timer: None }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(piece) = Pin::new(&mut self.body).poll_frame(cx) {
            self.timer = None;
            return Poll::Ready(piece.map(|piece| piece.map_err(Into::into)));
        }
        let at = (Instant::now() + self.pause).min(self.end);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        timer.as_mut().poll(cx).map(|()| Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body that holds something until it has been sent: the places of its request, say.
pub struct Holding<T> {
    body: Body,
    _held: T,
}

impl<T: Send + Unpin + 'static> Holding<T> {
    /// The body, which holds `held`.
    pub fn body(body: Body, held: T) -> Body {
        Body::new(Self { body, _held: held })
    }
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether an error goes back to [`TooSlow`].
#[must_use]
pub fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<TooSlow>() {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{StreamExt, stream};
    use std::io;

    const SOON: Duration = Duration::from_millis(50);
    const LATE: Duration = Duration::from_secs(600);

    /// So many pieces, a moment apart.
    fn drip(pieces: u64) -> Body {
        let piece = async |n| {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok::<_, io::Error>(Bytes::from(format!("{n}")))
        };
        Body::from_stream(stream::iter(0..pieces).then(piece))
    }

    async fn read(body: Body, pause: Duration, whole: Duration) -> Result<Bytes, axum::Error> {
        axum::body::to_bytes(Body::new(Timed::new(body, pause, whole)), 1 << 20).await
    }

    #[tokio::test]
    async fn h1_a_body_that_pauses_or_never_ends_is_given_up() {
        assert_eq!(read(drip(10), LATE, LATE).await.unwrap(), "0123456789");
        let pauses = Body::from_stream(stream::pending::<io::Result<Bytes>>());
        assert!(is_too_slow(&read(pauses, SOON, LATE).await.unwrap_err()));
        assert!(is_too_slow(&read(drip(u64::MAX), LATE, SOON).await.unwrap_err()));
        let broken = stream::iter([Err::<Bytes, _>(io::Error::other("gone"))]);
        assert!(!is_too_slow(&read(Body::from_stream(broken), LATE, LATE).await.unwrap_err()));
    }
}
