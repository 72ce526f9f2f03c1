//! The program `nimdeck`: web, engine, remote, logs, store.

pub mod error;
pub mod logs;
pub mod remote;
