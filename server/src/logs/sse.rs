//! Events as they go over the wire.
//!
//! Encoded once, into bytes that all viewers share. axum's own events are built anew for each stream, which with thousands of
//! viewers of one run is thousands of copies of every line. JSON has no raw line end in it, so an event's data is one field.

use bytes::Bytes;
use serde::Serialize;

/// Says that the stream lives: proxies and browsers give up on a silent one.
pub const HEARTBEAT: Bytes = Bytes::from_static(b"event: heartbeat\ndata: {}\n\n");
/// Says that nothing more will come.
pub const END: Bytes = Bytes::from_static(b"event: end\ndata: {}\n\n");

/// An event; none where its data cannot be written as JSON, which is said in our own log.
#[must_use]
pub fn event(name: &str, id: Option<u64>, data: &impl Serialize) -> Option<Bytes> {
    let mut out = Vec::with_capacity(256);
    if let Some(id) = id {
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(id.to_string().as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    if let Err(error) = serde_json::to_writer(&mut out, data) {
        tracing::error!(name, %error, "an event cannot be encoded");
        return None;
    }
    out.extend_from_slice(b"\n\n");
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_block_whatever_is_in_it() {
        let event = event("log", Some(7), &"a\nb\r\n\nid: 8").unwrap();
        assert_eq!(event, "id: 7\nevent: log\ndata: \"a\\nb\\r\\n\\nid: 8\"\n\n");
    }
}
