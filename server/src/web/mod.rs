//! The outer ring: what comes in over HTTP and in which form it is answered.

pub mod assets;
pub mod extract;
pub mod headers;
pub mod health;
pub mod host;
pub mod limits;
pub mod listen;
pub mod pages;
pub mod problem;
pub mod rest;
pub mod router;
pub mod state;
pub mod trace;
