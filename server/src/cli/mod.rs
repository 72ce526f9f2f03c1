//! The command line: arguments in, exit codes out. 0 done, 1 failed, 2 bad arguments.

mod audit;
mod check_config;
mod engine;
mod explain;
mod lab;
mod serve;
mod user;

use crate::error::INTERNAL;
use crate::settings::{Flags, LogFormat, Settings};
use crate::store::open::Opened;
use app::model::Problem;
use clap::{Parser, Subcommand};
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// How long the end of the program waits for work on blocking threads.
const LAST_WORK: Duration = Duration::from_secs(1);

#[derive(Parser)]
#[command(name = "nimdeck", version, about = "The flight deck for IBM AIX's nimadm", arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    /// Run the simulated estate alone, or change a running one.
    Lab(lab::Lab),
    /// Say what a nimadm log or the output of an AIX command says.
    Explain(explain::Explain),
    /// Manage the people who may sign in.
    #[command(subcommand)]
    User(user::User),
    /// Look after the record of who did what.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Read the settings, say what they come to, and start nothing.
    CheckConfig,
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no errors; clap knows where each goes and gives 2 for bad arguments.
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&INTERNAL.problem(format!("The program cannot start its threads: {error}")));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(cli));
    // Everything that must end in order has ended. Processor work that nobody waits for any more must not keep the program
    // alive: dropping the runtime would wait for it.
    runtime.shutdown_timeout(LAST_WORK);
    match ended {
        Ok(code) => code,
        Err(problem) => {
            complain(&problem);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Problem> {
    let Cli { flags, command } = cli;
    match command {
        // It needs no settings: it works on a laptop that has nothing but a log.
        Command::Explain(command) => return command.run().await,
        Command::Serve(command) => command.run(flags).await,
        Command::Lab(command) => command.run(&flags).await,
        Command::User(command) => command.run(&settings(&flags)?).await,
        Command::Audit(command) => command.run(&settings(&flags)?).await,
        Command::CheckConfig => check_config::run(&settings(&flags)?),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The settings of a command that has no settings of its own; its log is set up too.
fn settings(flags: &Flags) -> Result<Settings, Problem> {
    let settings = Settings::read(flags.config.as_deref(), flags)?;
    start_log(&settings, "warn")?;
    Ok(settings)
}

/// Sends the log to standard error; `quiet` is the level where the settings leave it at its default.
fn start_log(settings: &Settings, quiet: &str) -> Result<(), Problem> {
    let filter = if settings.log == Settings::default().log { quiet } else { &settings.log };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        crate::error::BAD_SETTING.problem(format!("log: {error}. Write it as in log = \"nimdeck=debug,info\"."))
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match settings.log_format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|error| INTERNAL.problem(format!("The log cannot be started: {error}")))
}

/// Does something with the database and closes it again, whatever came of it.
async fn with_database<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&sqlx::PgPool) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let opened = Opened::for_command(settings).await?;
    let result = work(&opened.pool).await;
    opened.close().await?;
    result
}

/// Says something to the person at the terminal. A closed pipe is their way to say that they have seen enough.
fn say(text: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn complain(problem: &Problem) {
    let _ = writeln!(std::io::stderr().lock(), "error[{}]: {}", problem.code, problem.detail);
}
