//! Accepts connections and serves them.
//!
//! As axum's own `serve` does, but for one thing: once the head of an event stream is sent, the connection is taken away from
//! hyper, and the stream writes its chunks itself. hyper keeps buffers of 24 KiB for as long as a connection lives, ready for the
//! next request; a stream that is open for hours has none, and ten thousand of them would be a quarter of a gigabyte of nothing.
//! When the stream ends, so does its connection: HTTP/1.1 allows that at any time between two answers.
//!
//! A client may be slow, or may send nothing at all. A head has [`HEAD`] to arrive, and a connection that takes nothing of an answer
//! for [`STALLED`] is closed. How many connections there are, and which one is closed for another, is decided by
//! [`limits::connections`](super::limits::connections).

use super::limits::{Connection, Connections, body::Holding};
use axum::{
    Router,
    body::{Body, BodyDataStream},
    extract::{ConnectInfo, Request},
    response::Response,
};
use bytes::{Buf, Bytes};
use futures::StreamExt;
use http::{Method, Version, header};
use hyper::{
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    io::{self, ErrorKind, IoSlice, Write as _},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::{Sleep, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// Before the next connection is accepted where none can be: there are no descriptors left, say.
const PAUSE: Duration = Duration::from_millis(200);
/// How many connections that wait are then closed.
const MAKE_ROOM: usize = 16;
/// So often, at most, it is said that none can be accepted.
const SAY_AGAIN: Duration = Duration::from_secs(60);
/// How long the head of a request may take, from the end of the answer before it.
const HEAD: Duration = Duration::from_secs(15);
/// Largest head of a request, and largest buffer of an answer, in bytes.
const LARGEST_HEAD: usize = 64 << 10;
/// After so long without a byte taken, the connection of an answer or a stream is closed. A viewer that comes back goes on after
/// the last line it has seen.
const STALLED: Duration = Duration::from_secs(60);
/// The answer to a connection for which there is no room, whatever it wants.
const NO_ROOM: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 213\r\n\r\n\
    {\"status\":429,\"code\":\"ND0110\",\"title\":\"Too many requests\",\"detail\":\"As many connections are open as may be, and \
    each of them is in use. Nothing was done. Close some tabs, or wait 5 s and send the request again.\"}\n";

/// Serves until `stop`, and then until every connection has ended.
pub async fn serve(listener: TcpListener, router: Router, connections: Arc<Connections>, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let mut said: Option<Instant> = None;
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((socket, from)) => match connections.admit(from.ip()) {
                Some(place) => {
                    tasks.spawn(connection(socket, from, place, router.clone(), stop.clone()));
                }
                // The client may not get to read it: what it has sent is not read.
                None => drop(socket.try_write(NO_ROOM)),
            },
            // The client has gone already.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                if said.is_none_or(|at| at.elapsed() > SAY_AGAIN) {
                    said = Some(Instant::now());
                    tracing::error!(%error, "no connection can be accepted; those that wait are closed to make room");
                }
                connections.make_room(MAKE_ROOM);
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

async fn connection(
    socket: TcpStream,
    from: SocketAddr,
    place: Arc<Connection>,
    router: Router,
    stop: CancellationToken,
) {
    // Events are small and must not wait for each other; where it cannot be set they do.
    let _ = socket.set_nodelay(true);
    // Boxed: what requests need is given back before the stream begins.
    if let Some((socket, events)) = Box::pin(requests(socket, from, &place, router, stop)).await {
        stream(socket, events).await;
    }
}

/// Answers requests until the connection ends, or until an answer is a stream of events: then its head is sent.
async fn requests(
    socket: TcpStream,
    from: SocketAddr,
    place: &Arc<Connection>,
    router: Router,
    stop: CancellationToken,
) -> Option<(TcpStream, BodyDataStream)> {
    let handover = Arc::new(Handover::default());
    let service = service_fn(|mut request: Request<Incoming>| {
        let working = Working::on(place.clone());
        request.extensions_mut().insert(ConnectInfo(from));
        // Without chunks, or without a body, hyper does it all.
        let own = request.method() == Method::GET && request.version() == Version::HTTP_11;
        let (answer, handover) = (router.clone().oneshot(request.map(Body::new)), handover.clone());
        async move {
            let response = answer.await?;
            let events = own && is_event_stream(&response);
            Ok::<_, Infallible>(response.map(|body| {
                let body = Holding::body(body, working);
                if events { handover.keep(body) } else { body }
            }))
        }
    });
    let io = Watched { io: TokioIo::new(socket), handover: handover.clone(), stalled: None };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(LARGEST_HEAD);
    let mut http = http.serve_connection(io, service);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            () = handover.sent.notified() => break,
            () = place.closed() => return None,
            served = &mut http => {
                if let Err(error) = served {
                    tracing::trace!(%error, "a connection broke");
                }
                return None;
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                Pin::new(&mut http).graceful_shutdown();
            }
        }
    }
    let socket = http.into_parts().io.io.into_inner();
    let events = handover.events.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    Some((socket, events.into_data_stream()))
}

/// A request runs on the connection, until its answer has been sent.
struct Working(Arc<Connection>);

impl Working {
    fn on(connection: Arc<Connection>) -> Self {
        connection.works();
        Self(connection)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.waits();
    }
}

/// Whether an answer is a stream of events.
pub(crate) fn is_event_stream(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Sends the events until there are no more, or nobody who reads them.
async fn stream(mut socket: TcpStream, mut events: BodyDataStream) {
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = hung_up(&socket) => return,
        };
        let sent = match event {
            Some(Ok(event)) if event.is_empty() => Ok(()),
            Some(Ok(event)) => send(&mut socket, event).await,
            // The end, as HTTP says it. Without it the other side knows that something is missing.
            None => return drop(timeout(STALLED, socket.write_all(b"0\r\n\r\n")).await),
            Some(Err(error)) => Err(io::Error::other(error)),
        };
        if let Err(error) = sent {
            return tracing::trace!(%error, "a stream broke");
        }
    }
}

/// Sends a chunk of HTTP/1.1.
async fn send(socket: &mut TcpStream, event: Bytes) -> io::Result<()> {
    let mut head = [0; 20];
    let mut rest = &mut head[..];
    write!(rest, "{:x}\r\n", event.len())?;
    let unused = rest.len();
    let length = head.len() - unused;
    let mut chunk = head[..length].chain(event).chain(&b"\r\n"[..]);
    while chunk.has_remaining() {
        let sent = timeout(STALLED, socket.write_buf(&mut chunk)).await;
        if sent.map_err(|_| io::Error::from(ErrorKind::TimedOut))?? == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

/// Comes back when the other side has closed. What it says meanwhile is not asked for.
async fn hung_up(socket: &TcpStream) {
    loop {
        let mut unasked = [0; 64];
        let read = async {
            socket.readable().await?;
            socket.try_read(&mut unasked)
        };
        match read.await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// How a stream of events leaves hyper.
#[derive(Default)]
struct Handover {
    events: Mutex<Option<Body>>,
    /// hyper has written the head to its buffer and asks for the body.
    asked: AtomicBool,
    /// And has sent it.
    sent: Notify,
}

impl Handover {
    /// Keeps the events; gives hyper a body that never has anything.
    fn keep(self: Arc<Self>, events: Body) -> Body {
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
        Body::from_stream(futures::stream::poll_fn(move |_| -> Poll<Option<Result<Bytes, Infallible>>> {
            self.asked.store(true, Ordering::Relaxed);
            Poll::Pending
        }))
    }
}

/// A connection that tells when hyper has sent all it had, and that breaks when nobody takes what is sent.
struct Watched {
    io: TokioIo<TcpStream>,
    handover: Arc<Handover>,
    /// Runs while nothing is taken.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    /// What came of a write; an error where none came for too long.
    fn unless_stalled(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALLED)));
        stalled.as_mut().poll(cx).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.unless_stalled(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.unless_stalled(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// hyper flushes when its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.io).poll_flush(cx));
        if self.handover.asked.load(Ordering::Relaxed) {
            self.handover.sent.notify_one();
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_for_which_there_is_no_room_is_well_formed() {
        let text = std::str::from_utf8(NO_ROOM).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{}", body.len());
        let problem: app::model::Problem = serde_json::from_str(body).unwrap();
        assert_eq!(problem.code, crate::error::TOO_MANY_REQUESTS.code);
    }
}
