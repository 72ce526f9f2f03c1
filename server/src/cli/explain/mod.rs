//! `nimdeck explain`.

mod report;
mod value;

use crate::{
    error::{BAD_INPUT, INTERNAL},
    logs::explain::{Asked, Explained, Explainer, names},
};
use aix::log::Outcome;
use app::model::Problem;
use clap::{Args, builder::PossibleValuesParser};
use std::{io::Write, path::PathBuf, process::ExitCode};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read at a time, in bytes.
const PIECE: usize = 256 << 10;

#[derive(Args)]
pub(super) struct Explain {
    /// The command that printed it; without it, it is recognised.
    #[arg(long = "as", value_name = "KIND", value_parser = PossibleValuesParser::new(names()), hide_possible_values = false)]
    kind: Option<String>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// A log of nimadm or what an AIX command printed; - reads standard input.
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
}

impl Explain {
    /// 0 for a success and for an output that could be read; 1 for every other log.
    pub(super) async fn run(self) -> Result<ExitCode, Problem> {
        let asked = Asked::read(self.kind.as_deref())?;
        let mut explainer = Explainer::new();
        if self.file.as_os_str() == "-" {
            read(tokio::io::stdin(), &mut explainer).await
        } else {
            match tokio::fs::File::open(&self.file).await {
                Ok(file) => read(file, &mut explainer).await,
                Err(error) => Err(error),
            }
        }
        .map_err(|error| {
            BAD_INPUT.problem(format!(
                "{}: {error}. Name a file that can be read, or - for standard input.",
                self.file.display()
            ))
        })?;
        let explained = explainer.explained(asked)?;
        let good = match &explained {
            Explained::Log(report) => report.verdict.outcome == Outcome::Success,
            Explained::Output { .. } => true,
        };
        let text = if self.json { json(&explained) } else { words(&explained) }
            .map_err(|error| INTERNAL.problem(error.to_string()))?;
        // Colours are left out where nobody sees them. A closed pipe is how people say that they have seen enough.
        let mut out = anstream::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn read(mut input: impl AsyncRead + Unpin, explainer: &mut Explainer) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match input.read(&mut piece).await? {
            0 => return Ok(()),
            length => explainer.push(&piece[..length]),
        }
    }
}

fn json(explained: &Explained) -> Result<String, serde_json::Error> {
    Ok(match explained {
        Explained::Log(report) => format!("{}\n", serde_json::to_string_pretty(report)?),
        Explained::Output { json, .. } => format!("{json}\n"),
    })
}

fn words(explained: &Explained) -> Result<String, serde_json::Error> {
    Ok(match explained {
        Explained::Log(report) => report::print(report),
        Explained::Output { kind, json } => value::print(kind.command, &serde_json::from_str(json)?),
    })
}
