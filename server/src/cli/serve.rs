//! `nimdeck serve`.

use crate::cli::{say, start_log};
use crate::serve::{self, Notice};
use crate::settings::{Flags, Secret, Settings};
use app::model::Problem;
use clap::Args;
use serde::Serialize;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

#[derive(Args, Serialize)]
pub(super) struct Serve {
    /// Where to listen [default: 127.0.0.1:3000].
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    /// Start the simulated estate, also where masters are configured.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lab: bool,
    /// How many times faster than life the lab runs.
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    lab_speed: Option<u32>,
    /// Believe Forwarded and X-Forwarded-For of these proxies: addresses and networks, with commas.
    #[arg(long, value_name = "LIST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_proxies: Option<String>,
    /// Answer to these host names, too; with commas.
    #[arg(long, value_name = "LIST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_hosts: Option<String>,
    /// Streams that one user may have open [default: 256].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    streams_per_user: Option<u32>,
    /// Connections from one address [default: 2048].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    connections_per_address: Option<u32>,
    #[clap(skip)]
    #[serde(flatten)]
    flags: Flags,
}

impl Serve {
    pub(super) async fn run(mut self, flags: Flags) -> Result<(), Problem> {
        self.flags = flags;
        let settings = Settings::read(self.flags.config.as_deref(), &self)?;
        start_log(&settings, "info")?;
        serve::run(settings, super::engine::Start, CancellationToken::new(), tell).await
    }
}

/// What the person at the terminal must see, also where the log goes elsewhere.
fn tell(notice: Notice) {
    match notice {
        Notice::FirstUser(password) => {
            let password = password.as_ref().map_or("the one you set (NIMDECK_ADMIN_PASSWORD)", Secret::expose);
            say(format_args!("first login: user admin, password {password}"));
        }
        Notice::Ready(address) => say(format_args!("nimdeck is ready at http://{address}")),
    }
}
