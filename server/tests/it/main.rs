//! The outer ring from outside: over HTTP, on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod cancel;
mod explain;
mod explain_command;
mod gates;
mod history;
mod leases;
mod live;
mod postgres;
mod session;
mod turns;
