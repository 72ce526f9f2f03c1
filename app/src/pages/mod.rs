//! One page a file.

pub mod audit;
pub mod client;
pub mod clients;
pub mod launch;
pub mod launch_form;
pub mod migration;
pub mod migrations;
pub mod not_found;
pub mod overview;
pub mod query;
pub mod sign_in;
pub mod verification;
