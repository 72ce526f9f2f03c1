//! `nimdeck lab`.

use super::{say, settings};
use crate::{
    error::{BAD_SETTING, CANNOT_LISTEN},
    settings::Flags,
};
use app::model::Problem;
use clap::{Args, Subcommand};
use lab::LabOptions;
use std::{
    error::Error,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Lab {
    #[command(subcommand)]
    change: Option<Change>,
    /// Where the estate lives [default: lab in the data directory].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Address to listen on; each host takes a free port of its own, once and for all.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many times faster than life.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    speed: Option<u32>,
    /// How many clients a new estate has.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=5000))]
    clients: u32,
    /// What the invented values of a new estate, and the pace of its migrations, follow from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What happens to a host; may be given several times.
    #[arg(long = "scenario", value_name = "CLIENT=NAME", value_parser = assignment)]
    scenarios: Vec<(String, String)>,
}

#[derive(Subcommand)]
enum Change {
    /// Say what happens to a host: in the next migration of a client, or at once.
    Scenario {
        /// Where the estate lives [default: lab in the data directory].
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// The client, or the master.
        #[arg(value_name = "CLIENT")]
        client: String,
        /// One of those that `nimdeck lab scenarios` lists.
        name: String,
    },
    /// List the scenarios.
    Scenarios,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (client, name) = text.split_once('=').ok_or("write it as CLIENT=NAME")?;
    Ok((client.to_owned(), name.to_owned()))
}

impl Lab {
    pub(super) async fn run(self, flags: &Flags) -> Result<(), Problem> {
        let settings = settings(flags)?;
        let folder = |dir: Option<PathBuf>| dir.unwrap_or_else(|| settings.data_dir.join("lab"));
        match self.change {
            Some(Change::Scenarios) => {
                for entry in lab::scenario::ALL {
                    say(format_args!("{:20} {}", entry.name, entry.what));
                }
                return Ok(());
            }
            Some(Change::Scenario { dir, client, name }) => {
                lab::scenario::set(&folder(dir), &client, &name).map_err(|error| unfit(&error))?;
                say(format_args!("{client}: {name}"));
                return Ok(());
            }
            None => {}
        }
        if self.listen.port() != 0 {
            return Err(BAD_SETTING.problem(format!(
                "--listen {}: every host of the lab has a port of its own; give port 0 and read them in ssh_config.",
                self.listen
            )));
        }
        let stop = CancellationToken::new();
        crate::serve::cancel_on_signal(stop.clone())?;
        let dir = folder(self.dir);
        let mut options = options(&dir)?;
        options.listen_ip = self.listen.ip();
        options.speed = self.speed;
        options.clients = self.clients;
        options.seed = self.seed;
        let lab = lab::Lab::start(options, stop.clone()).await.map_err(|error| cannot_start(&error))?;
        for (client, name) in &self.scenarios {
            lab::scenario::set(&dir, client, name).map_err(|error| unfit(&error))?;
        }
        say(format_args!("{}", lab.describe()));
        lab.wait().await;
        Ok(())
    }
}

/// A lab in this folder whose commands are carried out by this very program.
pub(super) fn options(dir: &Path) -> Result<LabOptions, Problem> {
    let program = std::env::current_exe();
    let program =
        program.map_err(|error| CANNOT_LISTEN.problem(format!("This program cannot find itself: {error}.")))?;
    Ok(LabOptions::new(dir, program))
}

/// The lab does not start.
pub(super) fn cannot_start(error: &dyn Error) -> Problem {
    CANNOT_LISTEN.problem(format!(
        "The lab does not start: {}. Nothing of its estate was changed.",
        crate::error::with_causes(error)
    ))
}

fn unfit(error: &dyn Error) -> Problem {
    BAD_SETTING.problem(format!("{}. `nimdeck lab scenarios` lists what there is.", crate::error::with_causes(error)))
}
