//! The database: one file a noun, its queries and nothing else.

pub mod audit;
pub mod client;
pub mod fence;
pub mod log;
pub mod master;
pub mod migration;
pub mod phase;
pub mod resource;
mod support;

pub(crate) use support::{blank, decode, like, limit, page, state};

/// Bytes as lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut s, b| { let _ = write!(s, "{b:02x}"); s })
}
