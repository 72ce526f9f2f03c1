//! A viewer that costs little: thousands of them run beside the server they measure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What begins a line that says when it was printed: nanoseconds since 1970.
pub(crate) const STAMP: &str = "printed-at ";

/// What one viewer saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The last line.
    pub(crate) last: u64,
    /// When the newest stamped line was printed, since 1970.
    pub(crate) printed: Duration,
    /// How long each stamped line was on its way.
    pub(crate) delays: Vec<Duration>,
    /// The number of the last stamped line that was counted, and how many were.
    pub(crate) stamped: u64,
}

/// An open stream.
pub(crate) struct Viewer {
    socket: TcpStream,
    buffer: Vec<u8>,
    pub(crate) seen: Seen,
}

pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// When a stamped line was printed.
fn printed(after_stamp: &[u8]) -> Duration {
    let digits = after_stamp.iter().take_while(|byte| byte.is_ascii_digit());
    Duration::from_nanos(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// How long ago a stamped line was printed.
pub(crate) fn delay(after_stamp: &[u8], now: Duration) -> Duration {
    now.saturating_sub(printed(after_stamp))
}

impl Viewer {
    /// Opens the stream of a migration from its first line on, and waits for the answer to begin.
    pub(crate) async fn open(address: &str, cookie: &str, id: &str) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /api/v1/migrations/{id}/events HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\naccept: text/event-stream\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = Vec::with_capacity(4096);
        assert!(socket.read_buf(&mut buffer).await.unwrap() > 0, "the server hung up");
        Self { socket, buffer, seen: Seen::default() }
    }

    /// Takes what comes until `enough`, or until the stream ends.
    pub(crate) async fn watch(&mut self, mut enough: impl FnMut(&Seen) -> bool) {
        loop {
            let now = now();
            let mut from = 0;
            while let Some(end) = find(&self.buffer[from..], b"\n\n") {
                let event = &self.buffer[from..from + end];
                from += end + 2;
                self.seen.take(event, now);
            }
            self.buffer.drain(..from);
            if enough(&self.seen) {
                return;
            }
            // Read without a large buffer for each: whatever the chunks of HTTP are, an event ends with an empty line.
            self.buffer.shrink_to(4096);
            self.buffer.reserve(2048);
            if self.socket.read_buf(&mut self.buffer).await.unwrap() == 0 {
                return;
            }
        }
    }
}

impl Seen {
    fn take(&mut self, event: &[u8], now: Duration) {
        // Before it is the end of the HTTP chunk before; of all else in an answer nothing begins a line like this.
        let Some(at) = find(event, b"\nid: ") else { return };
        let number = |text: &[u8]| {
            let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
            digits.fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'))
        };
        let last = number(&event[at + 5..]);
        let first = find(event, b"\"first\":").map(|at| number(&event[at + 8..])).unwrap();
        assert_eq!(first, self.last + 1, "a line is missing, or came twice");
        self.last = last;
        let mut rest = event;
        while let Some(at) = find(rest, STAMP.as_bytes()) {
            rest = &rest[at + STAMP.len()..];
            self.printed = printed(rest);
            self.delays.push(now.saturating_sub(self.printed));
            self.stamped += 1;
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}
