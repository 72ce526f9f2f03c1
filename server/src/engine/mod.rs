//! The phase engine: decides, and carries out.
//!
//! [`machine`] decides and is pure. [`runner`] carries out: for a migration it holds the lease of, it does the work that
//! the migration's state asks for, and nothing else. No step is remembered outside the database, so a server that takes
//! over does not continue somebody's plan; it looks at the state, asks the hosts what is true, and goes on from there.

pub mod host;
pub mod look;
pub mod machine;
pub mod verify;
