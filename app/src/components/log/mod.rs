//! The live log: what was received ([`buffer`]), and how it is shown ([`view`]).

pub mod buffer;
mod keys;
pub mod row;
pub mod view;
