//! The lab's SSH servers as OpenSSH's own programs see them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod streams;
mod terminal;
mod transfer;

use lab::{Lab, LabOptions};
use std::{
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// A lab in a directory of its own.
struct Estate {
    lab: Lab,
    /// Removed with the estate.
    _dir: tempfile::TempDir,
}

impl Estate {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lab = start(dir.path()).await;
        Self { lab, _dir: dir }
    }

    /// One of OpenSSH's programs, set up for the lab.
    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(program);
        client.arg("-F").arg(self.lab.dir().join("ssh_config")).args(["-o", "BatchMode=yes"]);
        client.stdin(Stdio::null()).kill_on_drop(true);
        client
    }

    fn ssh(&self, host: &str, command: &str) -> Command {
        let mut ssh = self.client("ssh");
        ssh.args([host, command]);
        ssh
    }

    async fn run(&self, host: &str, command: &str) -> Output {
        self.ssh(host, command).output().await.expect("openssh-client is installed")
    }

    /// Standard output of a command that must succeed.
    async fn ask(&self, host: &str, command: &str) -> String {
        text(&self.run(host, command).await)
    }

    /// Waits until a command's output is as wanted.
    async fn wait_for(&self, host: &str, command: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        until(async || {
            last = String::from_utf8_lossy(&self.run(host, command).await.stdout).into_owned();
            wanted(&last)
        })
        .await;
        last
    }
}

async fn start(dir: &Path) -> Lab {
    let options =
        LabOptions { speed: Some(10_000), ..LabOptions::new(dir.join("lab"), env!("CARGO_BIN_EXE_lab-exec")) };
    Lab::start(options, CancellationToken::new()).await.unwrap()
}

/// Standard output of what must have succeeded.
fn text(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    text
}

/// Waits for a condition; fails after half a minute.
async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !condition().await {
        assert!(begin.elapsed() < Duration::from_secs(30), "not in half a minute");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Fails where something takes longer than half a minute.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("not in half a minute")
}

/// True while a process exists.
fn alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    // One that ended and was not waited for does not live.
    status.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}
