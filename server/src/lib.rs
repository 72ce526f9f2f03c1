//! The program `nimdeck`: web, engine, remote, logs, store.

pub mod error;
