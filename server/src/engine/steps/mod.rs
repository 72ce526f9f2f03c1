//! The work that each state asks for, one file a kind.

mod cancel;
mod clean;
mod cutover;
mod finalise;
mod follow;
mod rollback;
mod start;
mod verify;
mod wake;
