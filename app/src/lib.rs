//! What people see of nimdeck: pages, components, server functions, and the types that travel.
//!
//! Built twice: with `ssr` into the server, with `hydrate` into the browser. What a page needs from the server it asks for
//! through [`port::Deck`]; nothing here knows a database or a socket.

pub mod api;
pub mod components;
pub mod format;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod port;

mod shell;

pub use shell::App;
#[cfg(feature = "ssr")]
pub use shell::shell;
