//! The program `nimdeck`: web, engine, remote, logs, store.

// Pages are deeply nested types.
#![recursion_limit = "256"]

pub mod auth;
pub mod background;
pub mod cli;
pub mod compute;
pub mod deck;
pub mod engine;
pub mod error;
pub mod logs;
pub mod places;
pub mod postgres;
pub mod remote;
pub mod serve;
pub mod settings;
pub mod store;
pub mod web;
