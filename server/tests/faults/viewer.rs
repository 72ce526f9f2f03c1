//! Somebody who watches a log: reads the stream, and comes back where it was cut.

use crate::rest::Rest;
use futures::StreamExt;
use serde_json::Value;
use std::pin::Pin;
use std::time::Duration;

type Bytes = Pin<Box<dyn futures::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>;

/// An event as it came.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

/// One connection.
pub(crate) struct Events {
    bytes: Bytes,
    buffer: Vec<u8>,
}

/// Opens a stream; the status where it is not 200.
pub(crate) async fn open(rest: &Rest, id: &str, query: &str, last: Option<u64>) -> Result<Events, u16> {
    let mut request = rest.request(reqwest::Method::GET, &format!("/migrations/{id}/events{query}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    opened(request).await
}

/// Opens the stream of the whole fleet.
pub(crate) async fn open_fleet(rest: &Rest) -> Result<Events, u16> {
    opened(rest.request(reqwest::Method::GET, "/events?topics=fleet")).await
}

async fn opened(request: reqwest::RequestBuilder) -> Result<Events, u16> {
    let response = request.send().await.map_err(|_| 0_u16)?;
    if response.status() != 200 {
        return Err(response.status().as_u16());
    }
    Ok(Events { bytes: Box::pin(response.bytes_stream()), buffer: Vec::new() })
}

impl Events {
    /// The next event; none where the connection ends.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(event(&String::from_utf8(block).unwrap()));
            }
            self.buffer.extend_from_slice(&self.bytes.next().await?.ok()?);
        }
    }
}

fn event(block: &str) -> Event {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Event {
        name: field("event:").unwrap_or_default().to_owned(),
        id: field("id:").map(|id| id.parse().unwrap()),
        data: serde_json::from_str(field("data:").unwrap_or("null")).unwrap(),
    }
}

/// What one viewer has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Number of the first line.
    pub(crate) first: Option<u64>,
    pub(crate) lines: Vec<String>,
    pub(crate) connections: u32,
}

impl Seen {
    fn last(&self) -> Option<u64> {
        self.first.map(|first| first + self.lines.len() as u64 - 1)
    }

    /// Takes a batch; fails where a line is missing or comes twice.
    fn take(&mut self, event: &Event) {
        let first = event.data["first"].as_u64().unwrap();
        assert_eq!(self.last().map_or(first, |last| last + 1), first, "a gap, or lines shown twice");
        self.first.get_or_insert(first);
        self.lines.extend(event.data["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()));
        assert_eq!(event.id, self.last(), "the id is the number of the last line");
    }
}

/// Watches to the end; hangs up after as many batches of lines as `cuts` says, each time, and comes back like a browser.
pub(crate) async fn watch(rest: Rest, id: String, query: &str, cuts: impl IntoIterator<Item = u32>) -> Seen {
    let mut seen = Seen::default();
    let mut cuts = cuts.into_iter();
    loop {
        let mut batches = cuts.next();
        let mut events = match open(&rest, &id, query, seen.last()).await {
            Ok(events) => events,
            // Nothing is left to see: the cut came between the last line and the end.
            Err(204) => return seen,
            // What a browser's EventSource does where the server is away.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        seen.connections += 1;
        while batches != Some(0)
            && let Some(event) = events.next().await
        {
            match event.name.as_str() {
                "log" => {
                    seen.take(&event);
                    batches = batches.map(|left| left - 1);
                }
                "end" => return seen,
                _ => {}
            }
        }
    }
}
