//! One page a file.

#![expect(unreachable_pub, reason = "what the component macro generates is pub whatever the component is")]

pub(crate) mod audit;
pub(crate) mod campaign;
pub(crate) mod campaign_new;
pub(crate) mod campaigns;
pub(crate) mod client;
pub(crate) mod clients;
pub(crate) mod explain;
pub(crate) mod import;
pub(crate) mod imported;
pub(crate) mod launch;
mod launch_fields;
mod launch_form;
mod launch_policy;
pub(crate) mod migration;
pub(crate) mod migrations;
pub(crate) mod not_found;
pub(crate) mod overview;
pub(crate) mod query;
pub(crate) mod schedule;
pub(crate) mod sign_in;
pub(crate) mod verification;
