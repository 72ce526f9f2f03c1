//! The shell of a session, on pipes or on a terminal.
//!
//! Every shell leads a process group: a hang-up reaches what it started, and what nohup protects survives. On a terminal it leads a
//! session besides, whose controlling terminal the kernel hangs up when the lab lets go of its end.

use super::{
    HostServer,
    channel::{Program, Setting},
    terminal::Resizer,
};
use crate::environment;
use russh::Sig;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    error::Error,
    ffi::OsString,
    io,
    os::unix::{ffi::OsStringExt, process::ExitStatusExt},
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    process::{Child, ChildStderr, Command},
};

/// What a hang-up sends.
pub(super) const HANG_UP: Signal = Signal::HUP;

/// Why a session has no shell.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("cannot open a terminal")]
    Terminal(#[source] pty_process::Error),
    #[error("cannot hold a terminal")]
    Hold(#[source] io::Error),
    #[error("cannot run /bin/sh on a terminal")]
    OnTerminal(#[source] pty_process::Error),
    #[error("cannot run /bin/sh")]
    OnPipes(#[source] io::Error),
}

impl StartError {
    /// The cause in words.
    pub(super) fn cause(&self) -> String {
        self.source().map(ToString::to_string).unwrap_or_default()
    }
}

/// A shell that runs.
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) group: Option<Group>,
    pub(super) stdin: Box<dyn AsyncWrite + Send + Unpin>,
    pub(super) stdout: Option<Box<dyn AsyncRead + Send + Unpin>>,
    /// None on a terminal, where both come one way.
    pub(super) stderr: Option<ChildStderr>,
    pub(super) resizer: Option<Resizer>,
}

/// The process group of a session.
#[derive(Clone, Copy)]
pub(super) struct Group(Pid);

impl Group {
    fn of(child: &Child) -> Option<Self> {
        child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).map(Self)
    }

    /// Sends a signal to everything in the group.
    pub(super) fn signal(self, signal: Signal) {
        if let Err(error) = kill_process_group(self.0, signal) {
            // As a rule it has just ended.
            tracing::debug!(%error, "cannot signal a session");
        }
    }
}

/// Starts the shell of a session. Not a login shell: the profile of the machine the lab runs on would take the AIX commands from
/// its PATH.
pub(super) fn start(host: &HostServer, program: Program, setting: Setting) -> Result<Process, StartError> {
    let mut shell = Command::new("/bin/sh");
    if let Program::Command(command) = program {
        shell.arg("-c").arg(OsString::from_vec(command));
    }
    shell
        .env_clear()
        .envs(environment::of(&host.store, &host.name))
        .envs(setting.variables)
        .current_dir(environment::home(&host.store, &host.name));
    let Some(wanted) = setting.terminal else {
        return on_pipes(shell);
    };
    shell.envs(environment::of_terminal(&host.name, &wanted.term));
    let (pty, pts) = wanted.open().map_err(StartError::Terminal)?;
    let resizer = Resizer::of(&pty).map_err(StartError::Hold)?;
    let child = pty_process::Command::from(shell).spawn(pts).map_err(StartError::OnTerminal)?;
    let (reader, writer) = pty.into_split();
    Ok(Process {
        group: Group::of(&child),
        child,
        stdin: Box::new(writer),
        stdout: Some(Box::new(reader)),
        stderr: None,
        resizer: Some(resizer),
    })
}

fn on_pipes(mut shell: Command) -> Result<Process, StartError> {
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = shell.spawn().map_err(StartError::OnPipes)?;
    let stdin: Box<dyn AsyncWrite + Send + Unpin> = match child.stdin.take() {
        Some(pipe) => Box::new(pipe),
        None => Box::new(tokio::io::sink()),
    };
    Ok(Process {
        group: Group::of(&child),
        stdin,
        stdout: child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn AsyncRead + Send + Unpin>),
        stderr: child.stderr.take(),
        child,
        resizer: None,
    })
}

/// How a session ends that has no process to ask.
pub(super) fn exited(code: u8) -> ExitStatus {
    ExitStatus::from_raw(i32::from(code) << 8)
}

/// A signal a client sends.
pub(super) fn signal(signal: &Sig) -> Option<Signal> {
    Some(match signal {
        Sig::ABRT => Signal::ABORT,
        Sig::ALRM => Signal::ALARM,
        Sig::HUP => Signal::HUP,
        Sig::INT => Signal::INT,
        Sig::KILL => Signal::KILL,
        Sig::PIPE => Signal::PIPE,
        Sig::QUIT => Signal::QUIT,
        Sig::TERM => Signal::TERM,
        Sig::USR1 => Signal::USR1,
        _ => return None,
    })
}

/// The signal that ended a command.
pub(super) fn exit_signal(status: ExitStatus) -> Option<Sig> {
    Some(match status.signal()? {
        1 => Sig::HUP,
        2 => Sig::INT,
        3 => Sig::QUIT,
        6 => Sig::ABRT,
        9 => Sig::KILL,
        13 => Sig::PIPE,
        14 => Sig::ALRM,
        15 => Sig::TERM,
        other => Sig::Custom(other.to_string()),
    })
}
