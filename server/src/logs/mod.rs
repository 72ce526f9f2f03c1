//! Logs: from the bytes of a master to the lines of a page.
//!
//! Every byte nimadm prints is stored exactly once and every viewer sees every line exactly once. Both follow from one
//! order: bytes are committed together with the offset they end at, and only then shown. A worker that dies between the two goes on
//! at the offset; a viewer that misses something reads it from the database.

pub mod bus;
pub mod chunker;
pub mod explain;
pub mod fleet;
pub mod ingest;
pub mod lines;
mod post;
pub mod sse;
pub mod stream;
pub mod watch;
