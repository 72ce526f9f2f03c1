//! AIX and NIM as types.
//!
//! Everything here is pure: text in, typed values out, no I/O, no clock. The browser, the server and the lab share it, so
//! that a level, a disk or a phase means the same thing in all three.
//!
//! The parsers are tolerant on purpose. Nobody can promise the exact text of every AIX level, so a parser takes what it
//! recognises, never panics, and returns an error naming the line only where going on would be guessing. Facts that
//! were not confirmed by a real log carry the word *unconfirmed* beside the code that relies on them.
//!
//! Sources are given as `nimadm.md §…`, the domain reference of this project.

pub mod bootinfo;
pub mod bootlist;
pub mod command;
mod decimal;
pub mod df;
pub mod diagnosis;
pub mod disk;
pub mod efix;
pub mod errpt;
pub mod explain;
#[cfg(test)]
mod fixture;
mod form;
pub mod getconf;
pub mod getlvodm;
pub mod hundredths;
pub mod instfix;
pub mod level;
#[cfg(test)]
mod linear;
pub mod log;
pub mod lparstat;
pub mod lppchk;
pub mod lsattr;
pub mod lsdev;
pub mod lsfs;
pub mod lslpp;
pub mod lslv;
pub mod lsmcode;
pub mod lsnim;
pub mod lspath;
pub mod lsps;
pub mod lspv;
pub mod lssrc;
pub mod lsvg;
pub mod message;
pub mod mount;
pub mod name;
pub mod nim;
pub mod oslevel;
pub mod phase;
pub mod prtconf;
pub mod ps;
pub mod size;
mod text;
pub mod uname;
pub mod uptime;
pub mod vrmf;
mod words;

pub use disk::{DiskName, Pvid, VgId};
pub use hundredths::Hundredths;
pub use level::Level;
pub use name::ObjectName;
pub use oslevel::OsLevel;
pub use phase::Phase;
pub use size::Size;
pub use vrmf::Vrmf;

/// A line of output that could not be read as what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: line {line} reads {text:?}")]
pub struct Unreadable {
    /// What was being read, for example `lspv`.
    pub what: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// The line's text, at most 200 characters of it.
    pub text: String,
}

impl Unreadable {
    pub(crate) fn new(what: &'static str, line: usize, text: &str) -> Self {
        Self { what, line, text: text.chars().take(200).collect() }
    }
}
