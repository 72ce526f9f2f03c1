//! The outer ring from outside: over HTTP, on a real PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod gates;
mod postgres;
mod session;
