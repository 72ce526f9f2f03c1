//! The program `nimdeck`: web, engine, remote, logs, store.

pub mod auth;
pub mod cli;
pub mod error;
pub mod postgres;
pub mod serve;
pub mod settings;
pub mod store;
pub mod web;
