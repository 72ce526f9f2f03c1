//! What goes wrong on any Tuesday: killed servers, cut connections, a database that is gone, bad input, failing runs.
//!
//! The real program, the lab behind its real SSH server, a real PostgreSQL. Nothing waits a fixed time: every wait has a
//! condition and an end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

#[expect(dead_code, reason = "shared with the tests of the outer ring, which use the rest")]
#[path = "../support/mod.rs"]
mod support;

mod actions;
mod approvals;
mod attack;
mod campaigns;
mod chaos;
mod clients;
mod cluster;
mod contact;
mod database;
mod estate;
mod failover;
mod fleet;
mod input;
mod interlocks;
mod kill;
mod modes;
mod monster;
mod old_logs;
mod phases;
mod program;
mod proxy;
mod rest;
mod scenarios;
mod schedule;
mod servers;
mod viewer;
mod viewers;
