//! Accepts connections and serves them.
//!
//! As axum's own `serve` does, but for one thing: once the head of an event stream is sent, the connection is taken away from
//! hyper, and the stream writes its chunks itself. hyper keeps buffers of 24 KiB for as long as a connection lives, ready for the
//! next request; a stream that is open for hours has none, and ten thousand of them would be a quarter of a gigabyte of nothing.
//! When the stream ends, so does its connection: HTTP/1.1 allows that at any time between two answers.

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
use hyper_util::rt::TokioIo;
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
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// Before the next connection is accepted where none can be: there are no more files to open, say.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop`, and then until every connection has ended.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((socket, from)) => {
                connections.spawn(connection(socket, from, router.clone(), stop.clone()));
            }
            // Whoever wanted to connect has gone.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(socket: TcpStream, from: SocketAddr, router: Router, stop: CancellationToken) {
    // Events are small and must not wait for each other; where it cannot be set they do.
    let _ = socket.set_nodelay(true);
    // Boxed: what requests need is given back before the stream begins.
    if let Some((socket, events)) = Box::pin(requests(socket, from, router, stop)).await {
        stream(socket, events).await;
    }
}

/// Answers requests until the connection ends, or until an answer is a stream of events: then its head is sent.
async fn requests(
    socket: TcpStream,
    from: SocketAddr,
    router: Router,
    stop: CancellationToken,
) -> Option<(TcpStream, BodyDataStream)> {
    let handover = Arc::new(Handover::default());
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(from));
        // Without chunks, or without a body, hyper does it all.
        let own = request.method() == Method::GET && request.version() == Version::HTTP_11;
        let (answer, handover) = (router.clone().oneshot(request.map(Body::new)), handover.clone());
        async move {
            let response = answer.await?;
            let events = own && is_event_stream(&response);
            Ok::<_, Infallible>(if events { response.map(|body| handover.keep(body)) } else { response })
        }
    });
    let io = Watched { io: TokioIo::new(socket), handover: handover.clone() };
    let mut http = http1::Builder::new().serve_connection(io, service);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            () = handover.sent.notified() => break,
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

fn is_event_stream(response: &Response) -> bool {
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
            None => return drop(socket.write_all(b"0\r\n\r\n").await),
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
    socket.write_all_buf(&mut head[..length].chain(event).chain(&b"\r\n"[..])).await
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

/// A connection that tells when hyper has sent all it had.
struct Watched {
    io: TokioIo<TcpStream>,
    handover: Arc<Handover>,
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
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
