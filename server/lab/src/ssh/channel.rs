//! One session channel: requests until `exec` or `shell`, then one command.

use super::HostServer;
use crate::environment;
use russh::{
    Channel, ChannelId, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig,
    server::{Handle, Msg},
};
use std::{
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::AsyncWriteExt,
    process::{ChildStdin, Command},
};
use tokio_util::sync::CancellationToken;

/// Environment variables a client may send, as sshd's `AcceptEnv LANG LC_ALL`.
const ACCEPTED: &[&str] = &["LANG", "LC_ALL"];

/// Answers one channel until its command has ended or its connection is gone.
pub(super) async fn serve(mut channel: Channel<Msg>, session: Handle, host: HostServer) {
    let id = channel.id();
    let mut variables = Vec::new();
    loop {
        let command = match channel.wait().await {
            Some(ChannelMsg::SetEnv { variable_name, variable_value, .. }) => {
                let taken = ACCEPTED.contains(&variable_name.as_str());
                if taken {
                    variables.push((variable_name, variable_value));
                }
                answer(&session, id, taken).await;
                continue;
            }
            // Accepted and not made: a terminal needs system calls that forbid `unsafe` rules out. The command runs on pipes.
            Some(ChannelMsg::RequestPty { .. } | ChannelMsg::WindowChange { .. }) => {
                answer(&session, id, true).await;
                continue;
            }
            Some(ChannelMsg::Exec { command, .. }) => Some(command),
            Some(ChannelMsg::RequestShell { .. }) => None,
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
        run(channel, &session, &host, command, variables).await;
        return;
    }
}

async fn answer(session: &Handle, id: ChannelId, yes: bool) {
    // An error means that the connection is gone; the next wait says so.
    let _sent = if yes { session.channel_success(id).await } else { session.channel_failure(id).await };
}

async fn run(
    channel: Channel<Msg>,
    session: &Handle,
    host: &HostServer,
    command: Option<Vec<u8>>,
    variables: Vec<(String, String)>,
) {
    let id = channel.id();
    let mut shell = Command::new("/bin/sh");
    if let Some(command) = command {
        use std::os::unix::ffi::OsStringExt;
        shell.arg("-c").arg(std::ffi::OsString::from_vec(command));
    }
    shell
        .env_clear()
        .envs(environment::of(&host.store, &host.name))
        .envs(variables)
        .current_dir(environment::home(&host.store, &host.name))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Its own group, so that a hang-up reaches what it started, and what nohup protects survives.
        .process_group(0);
    let mut child = match shell.spawn() {
        Ok(child) => child,
        Err(error) => {
            let text = format!("lab: cannot run /bin/sh: {error}\n");
            drop(session.extended_data(id, 1, text.into_bytes()).await);
            return finish(session, id, ExitStatus::from_raw(127 << 8)).await;
        }
    };
    let group = child.id();
    let (reader, writer) = channel.split();
    let gone = CancellationToken::new();
    host.tasks.spawn(input(reader, child.stdin.take(), group, gone.clone()));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = async {
        // Until both ends are closed, also by what the command left behind: as sshd does it.
        tokio::join!(copy(stdout, &writer, None), copy(stderr, &writer, Some(1)));
        child.wait().await
    };
    tokio::select! {
        () = gone.cancelled() => signal(group, "HUP").await,
        () = host.stop.cancelled() => {}
        status = output => finish(session, id, status.unwrap_or_default()).await,
    }
    gone.cancel();
}

/// Copies a pipe into the channel, at the pace of its window.
async fn copy(pipe: Option<impl tokio::io::AsyncRead + Unpin>, writer: &ChannelWriteHalf<Msg>, stream: Option<u32>) {
    let Some(mut pipe) = pipe else { return };
    let mut channel = writer.make_writer_ext(stream);
    // An error means that the connection is gone; `input` notices it too and ends the command.
    drop(tokio::io::copy(&mut pipe, &mut channel).await);
    drop(channel.flush().await);
}

/// Carries what the client sends: standard input with its end, and signals. Says so when the connection is gone.
async fn input(
    mut reader: ChannelReadHalf,
    mut stdin: Option<ChildStdin>,
    group: Option<u32>,
    gone: CancellationToken,
) {
    loop {
        let message = tokio::select! {
            () = gone.cancelled() => return,
            message = reader.wait() => message,
        };
        match message {
            Some(ChannelMsg::Data { data }) => {
                if let Some(pipe) = &mut stdin
                    && pipe.write_all(&data).await.is_err()
                {
                    // The command does not read any more; what follows is dropped.
                    stdin = None;
                }
            }
            Some(ChannelMsg::Eof) => stdin = None,
            Some(ChannelMsg::Signal { signal: name }) => {
                if let Some(name) = signal_name(&name) {
                    signal(group, name).await;
                }
            }
            Some(ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
    }
    gone.cancel();
}

/// Sends a signal to a process group, through `kill`: the standard library has no call for it.
async fn signal(group: Option<u32>, name: &str) {
    let Some(group) = group else { return };
    let sent = Command::new("/bin/sh")
        .args(["-c", &format!("kill -{name} -- -{group}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    if let Err(error) = sent {
        tracing::warn!(%error, "cannot send SIG{name}");
    }
}

fn signal_name(signal: &Sig) -> Option<&'static str> {
    Some(match signal {
        Sig::ABRT => "ABRT",
        Sig::ALRM => "ALRM",
        Sig::HUP => "HUP",
        Sig::INT => "INT",
        Sig::KILL => "KILL",
        Sig::PIPE => "PIPE",
        Sig::QUIT => "QUIT",
        Sig::TERM => "TERM",
        Sig::USR1 => "USR1",
        _ => return None,
    })
}

/// End of output, then how it ended, then the channel. Where the connection is gone nobody hears it, and nobody has to.
async fn finish(session: &Handle, id: ChannelId, status: ExitStatus) {
    let _sent = session.eof(id).await;
    if let Some(number) = status.signal() {
        let name = match number {
            1 => Sig::HUP,
            2 => Sig::INT,
            3 => Sig::QUIT,
            6 => Sig::ABRT,
            9 => Sig::KILL,
            13 => Sig::PIPE,
            14 => Sig::ALRM,
            15 => Sig::TERM,
            other => Sig::Custom(other.to_string()),
        };
        let _sent = session.exit_signal_request(id, name, status.core_dumped(), String::new(), String::new()).await;
    } else {
        let code = status.code().and_then(|code| u32::try_from(code).ok()).unwrap_or(255);
        let _sent = session.exit_status_request(id, code).await;
    }
    let _sent = session.close(id).await;
}
