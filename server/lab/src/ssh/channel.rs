//! One session channel: requests until `exec`, `shell` or `subsystem`, then one command until it has ended or its connection is gone.

use super::{
    HostServer,
    backlog::Backlog,
    process::{self, Group, Process},
    sftp,
    terminal::{self, Resizer, Wanted},
};
use russh::{
    Channel, ChannelId, ChannelMsg, ChannelReadHalf, ChannelWriteHalf,
    server::{Handle, Msg},
};
use std::{future::pending, os::unix::process::ExitStatusExt, process::ExitStatus, sync::Arc};
use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

/// Environment variables a client may send, as sshd's `AcceptEnv LANG LC_ALL`.
const ACCEPTED: &[&str] = &["LANG", "LC_ALL"];

/// What a session is to run.
pub(super) enum Program {
    /// A shell that reads its commands.
    Shell,
    /// One command line.
    Command(Vec<u8>),
}

/// What a client asked for before it said what to run.
#[derive(Default)]
pub(super) struct Setting {
    pub(super) variables: Vec<(&'static str, String)>,
    pub(super) terminal: Option<Wanted>,
}

/// Answers one channel until its command has ended or its connection is gone.
pub(super) async fn serve(mut channel: Channel<Msg>, session: Handle, host: HostServer) {
    let id = channel.id();
    let mut setting = Setting::default();
    loop {
        let program = match channel.wait().await {
            Some(ChannelMsg::SetEnv { variable_name, variable_value, .. }) => {
                let known = ACCEPTED.iter().find(|known| **known == variable_name);
                if let Some(known) = known {
                    setting.variables.retain(|(name, _)| name != known);
                    setting.variables.push((known, variable_value));
                }
                answer(&session, id, known.is_some()).await;
                continue;
            }
            Some(ChannelMsg::RequestPty { term, col_width, row_height, terminal_modes, .. }) => {
                let size = terminal::size(col_width, row_height);
                setting.terminal = Some(Wanted { term, size, modes: terminal_modes });
                answer(&session, id, true).await;
                continue;
            }
            Some(ChannelMsg::Exec { command, .. }) => Program::Command(command),
            Some(ChannelMsg::RequestShell { .. }) => Program::Shell,
            Some(ChannelMsg::RequestSubsystem { name, .. }) if name == "sftp" => match sftp::server() {
                Some(server) => Program::Command(format!("exec {server}").into_bytes()),
                None => {
                    tracing::warn!("no sftp: OpenSSH's sftp-server is not installed on this machine");
                    answer(&session, id, false).await;
                    continue;
                }
            },
            Some(
                ChannelMsg::RequestSubsystem { .. } | ChannelMsg::AgentForward { .. } | ChannelMsg::RequestX11 { .. },
            ) => {
                answer(&session, id, false).await;
                continue;
            }
            Some(ChannelMsg::Close) | None => return,
            Some(_) => continue,
        };
        answer(&session, id, true).await;
        run(channel, &session, &host, program, setting).await;
        return;
    }
}

async fn answer(session: &Handle, id: ChannelId, yes: bool) {
    // An error means that the connection is gone; the next wait says so.
    let _sent = if yes { session.channel_success(id).await } else { session.channel_failure(id).await };
}

async fn run(channel: Channel<Msg>, session: &Handle, host: &HostServer, program: Program, setting: Setting) {
    let id = channel.id();
    let (reader, writer) = channel.split();
    let (gone, backlog) = (CancellationToken::new(), Arc::new(Backlog::default()));
    let mut process = match process::start(host, program, setting) {
        Ok(process) => process,
        Err(error) => {
            let text = format!("lab: {error}: {}\n", error.cause());
            drop(session.extended_data(id, 1, text.into_bytes()).await);
            return finish(session, id, process::exited(127)).await;
        }
    };
    let (group, resizer) = (process.group, process.resizer.take());
    host.tasks.spawn(receive(reader, Arc::clone(&backlog), group, resizer, gone.clone()));
    let work = command(process, &backlog, &writer);
    tokio::select! {
        () = gone.cancelled() => if let Some(group) = group { group.signal(process::HANG_UP) },
        () = host.stop.cancelled() => {}
        status = work => finish(session, id, status).await,
    }
    gone.cancel();
}

/// Feeds a command and takes its output until both streams are closed, also by what the command left behind: as sshd does it.
async fn command(mut process: Process, backlog: &Backlog, writer: &ChannelWriteHalf<Msg>) -> ExitStatus {
    let (stdout, stderr) = (copy(process.stdout, writer, None), copy(process.stderr, writer, Some(1)));
    let output = async {
        tokio::join!(stdout, stderr);
        process.child.wait().await.unwrap_or_default()
    };
    tokio::select! {
        status = output => status,
        () = async { backlog.feed(process.stdin).await; pending().await } => ExitStatus::default(),
    }
}

/// Copies a pipe into the channel, at the pace of its window.
async fn copy(pipe: Option<impl AsyncRead + Unpin>, writer: &ChannelWriteHalf<Msg>, stream: Option<u32>) {
    let Some(mut pipe) = pipe else { return };
    let mut channel = writer.make_writer_ext(stream);
    // An error means that the connection is gone, which `receive` notices too, or is how a terminal ends.
    drop(tokio::io::copy(&mut pipe, &mut channel).await);
    drop(channel.flush().await);
}

/// Takes what the client sends: input with its end, signals, new sizes. Says so when the connection is gone.
async fn receive(
    mut reader: ChannelReadHalf,
    backlog: Arc<Backlog>,
    group: Option<Group>,
    resizer: Option<Resizer>,
    gone: CancellationToken,
) {
    loop {
        let message = tokio::select! {
            () = gone.cancelled() => return,
            message = reader.wait() => message,
        };
        match message {
            Some(ChannelMsg::Data { data }) => {
                if let Err(error) = backlog.append(data).await {
                    tracing::warn!(%error, "a session is ended: its input cannot be kept");
                    break;
                }
            }
            Some(ChannelMsg::Eof) => backlog.end(),
            Some(ChannelMsg::Signal { signal }) => {
                if let (Some(group), Some(signal)) = (group, process::signal(&signal)) {
                    group.signal(signal);
                }
            }
            Some(ChannelMsg::WindowChange { col_width, row_height, .. }) => {
                if let Some(resizer) = &resizer {
                    resizer.resize(terminal::size(col_width, row_height));
                }
            }
            Some(ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
    }
    gone.cancel();
}

/// End of output, then how it ended, then the channel. Where the connection is gone nobody hears it, and nobody has to.
async fn finish(session: &Handle, id: ChannelId, status: ExitStatus) {
    let _sent = session.eof(id).await;
    if let Some(signal) = process::exit_signal(status) {
        let _sent = session.exit_signal_request(id, signal, status.core_dumped(), String::new(), String::new()).await;
    } else {
        let code = status.code().and_then(|code| u32::try_from(code).ok()).unwrap_or(255);
        let _sent = session.exit_status_request(id, code).await;
    }
    let _sent = session.close(id).await;
}
