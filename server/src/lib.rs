//! The program `nimdeck`: web, engine, remote, logs, store.

pub mod auth;
pub mod cli;
pub mod deck;
pub mod engine;
pub mod error;
pub mod logs;
pub mod postgres;
pub mod remote;
pub mod serve;
pub mod settings;
pub mod store;
pub mod web;
