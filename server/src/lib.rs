//! The program `nimdeck`: web, engine, remote, logs, store.

pub mod engine;
pub mod error;
pub mod logs;
pub mod remote;
pub mod store;
