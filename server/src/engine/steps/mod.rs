//! What each state asks for, one work a file. Every one may be begun again from its start at any moment.

mod clean;
mod cutover;
mod follow;
mod start;
mod verify;
