//! The live log: what was received ([`buffer`]), and how it is shown ([`view`]).

pub(crate) mod buffer;
mod keys;
pub(crate) mod row;
pub(crate) mod view;
