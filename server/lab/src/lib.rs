//! A simulated NIM estate behind real SSH servers.
//!
//! Three parts. The *model* says what the estate is and how it changes (pure). The *commands* are processes of their own, started by
//! small scripts that call this program as `lab-exec`: they read the model from disk, change it under a lock, and print in AIX's
//! words. The *SSH servers* run a real `/bin/sh` in a host's directory with those commands on its PATH.
//!
//! Nothing of the estate lives in the memory of the program that serves it, so it can be killed and started at any
//! moment: hosts, reboots under way, ports, keys and running nimadms are all still there. A lab that kept its model in memory
//! could not be used to test recovery, which is what it is for.

mod address;
mod clock;
mod commands;
mod environment;
mod error;
mod filesets;
mod image;
mod keys;
mod lab;
mod locale;
mod model;
mod nimadm;
mod old_logs;
mod personas;
pub mod scenario;
mod seed;
pub mod speed;
mod ssh;
mod store;
mod tree;

pub use commands::exec;
pub use error::LabError;
pub use lab::{DEFAULT_SPEED, Lab, LabHost, LabOptions, Role, USER};
