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
