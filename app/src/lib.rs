//! What people see of nimdeck: pages, components, server functions, and the types that travel.
//!
//! Built twice: with `ssr` into the server, with `hydrate` into the browser. What a page needs from the server it asks for
//! through [`port::Deck`]; nothing here knows a database or a socket.

#![recursion_limit = "256"] // views are deeply nested types

pub mod api;
mod components;
mod format;
pub mod model;
mod pages;
#[cfg(feature = "ssr")]
pub mod port;

pub mod shell;

pub use shell::App;
#[cfg(feature = "ssr")]
pub use shell::shell;
