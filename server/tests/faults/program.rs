//! The real program with its lab, in a data directory of its own; killed and started again as often as a test likes.

use crate::estate::Estate;
use crate::rest::{Rest, until};
use crate::support::{DataDir, PASSWORD, kill, program};
use serde_json::Value;
use server::postgres::PrivatePostgres;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

pub(crate) struct Program {
    pub(crate) rest: Rest,
    options: Vec<String>,
    address: SocketAddr,
    /// Its standard output stays open: a program must not meet a broken pipe.
    server: (Child, Lines<BufReader<ChildStdout>>),
    /// Last: it goes after the processes in it.
    dir: DataDir,
}

impl Program {
    /// Started, signed in, and every client of the lab was looked at.
    pub(crate) async fn start(speed: u32) -> Self {
        Self::start_with(speed, &[]).await
    }

    pub(crate) async fn start_with(speed: u32, options: &[&str]) -> Self {
        Self::start_as(nimdeck(), speed, options).await
    }

    /// The same where it may open so many files, and no more.
    pub(crate) async fn start_with_files(files: u32) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")]).arg(program());
        command.env_remove("NIMDECK_PROGRAM");
        Self::start_as(command, 1, &[]).await
    }

    async fn start_as(command: Command, speed: u32, options: &[&str]) -> Self {
        let dir = DataDir::new();
        let mut options: Vec<String> = options.iter().map(ToString::to_string).collect();
        options.push(format!("--lab-speed={speed}"));
        let (address, server) = spawn(command, dir.path(), &options, SocketAddr::from(([127, 0, 0, 1], 0))).await;
        // A later start must not set the lab's speed back.
        options.pop();
        let rest = Rest::sign_in(address).await;
        until("the first look at the lab", || async {
            let clients = rest.get("/clients").await.ok();
            let seen = |client: &Value| client["level"].is_string();
            clients["items"].as_array().filter(|all| all.len() == 4 && all.iter().all(seen)).map(drop)
        })
        .await;
        Self { rest, options, address, server, dir }
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.0.id().unwrap()
    }

    pub(crate) fn postmaster(&self) -> u32 {
        self.dir.postmaster().unwrap()
    }

    /// What the server has written to its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data().join("server.log")).unwrap()
    }

    pub(crate) fn data(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn lab(&self) -> PathBuf {
        self.dir.path().join("lab")
    }

    /// SIGKILL: nothing of it runs after this returns.
    pub(crate) async fn kill(&mut self) {
        self.server.0.kill().await.unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> std::process::ExitStatus {
        self.server.0.wait().await.unwrap()
    }

    /// Starts it again on the same data directory and address.
    pub(crate) async fn start_again(&mut self) {
        self.server = spawn(nimdeck(), self.dir.path(), &self.options, self.address()).await.1;
    }

    pub(crate) fn estate(&self) -> Estate {
        Estate(self.lab())
    }

    pub(crate) fn on_master(&self, command: &str, stdin: &[u8]) -> Vec<u8> {
        self.estate().on_master(command, stdin)
    }

    /// The job spool of an attempt on the master, below the login directory.
    pub(crate) fn spool(id: &str, attempt: u32) -> String {
        Estate::spool(id, attempt)
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.estate().exists(path)
    }

    pub(crate) fn printed(&self, id: &str, attempt: u32) -> Vec<u8> {
        self.estate().printed(id, attempt)
    }

    pub(crate) fn phase_on_master(&self, id: &str) -> u64 {
        self.estate().phase_on_master(id)
    }

    pub(crate) fn phase_on_disk(&self, id: &str) -> u64 {
        self.estate().phase_on_disk(id)
    }

    pub(crate) async fn log_is_whole(&self, id: &str, attempts: u32) {
        self.estate().log_is_whole(&self.rest, id, attempts).await;
    }

    /// Somebody with a role, signed in.
    pub(crate) async fn person(&self, name: &str, role: &str) -> Rest {
        let mut add = nimdeck();
        add.args(["user", "add", name, "--role", role, "--password-stdin", "--data-dir"]).arg(self.data());
        let mut add = add.current_dir(self.data()).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        add.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).await.unwrap();
        assert!(add.wait().await.unwrap().success());
        Rest::sign_in_as(self.address(), name).await
    }

    /// A token of a user.
    pub(crate) async fn token(&self, name: &str) -> String {
        let mut make = nimdeck();
        make.args(["user", "token", name, "--data-dir"]).arg(self.data()).current_dir(self.data());
        token_in(&make.output().await.unwrap().stdout)
    }

    /// The database, as a hand at `psql` gets to it.
    pub(crate) async fn database(&self) -> sqlx::PgPool {
        sqlx::PgPool::connect_lazy_with(PrivatePostgres::options_of(self.data()).await.unwrap())
    }

    /// `nimdeck audit verify` says that the record is whole.
    pub(crate) async fn record_is_whole(&self) {
        let mut verify = nimdeck();
        verify.args(["audit", "verify", "--data-dir"]).arg(self.dir.path()).args(&self.options);
        let output = verify.current_dir(self.dir.path()).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The token that `nimdeck user token` has printed.
pub(crate) fn token_in(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.split_whitespace().find(|word| word.starts_with("nd_")).unwrap().to_owned()
}

/// The program, without what is meant for its tests.
pub(crate) fn nimdeck() -> Command {
    let mut command = Command::new(program());
    command.env_remove("NIMDECK_PROGRAM");
    command
}

async fn spawn(
    mut command: Command,
    dir: &Path,
    options: &[String],
    listen: SocketAddr,
) -> (SocketAddr, (Child, Lines<BufReader<ChildStdout>>)) {
    command
        .args(["serve", "--lab", &format!("--listen={listen}"), "--data-dir"])
        .arg(dir)
        .args(options)
        .env("NIMDECK_ADMIN_PASSWORD", PASSWORD)
        // Masters that a test adds are the lab's under another address, and the lab knows one key.
        .env("NIMDECK_SSH_KEY", dir.join("lab/id_ed25519"));
    listening(command, dir).await
}

/// Starts a server whose log goes into `dir`; its address, once it listens.
async fn listening(command: Command, dir: &Path) -> (SocketAddr, (Child, Lines<BufReader<ChildStdout>>)) {
    let started = try_listening(command, dir).await;
    let Some(started) = started else {
        panic!("it does not start: {}", fs::read_to_string(dir.join("server.log")).unwrap());
    };
    started
}

/// The same; nothing where it ends instead.
pub(crate) async fn try_listening(
    mut command: Command,
    dir: &Path,
) -> Option<(SocketAddr, (Child, Lines<BufReader<ChildStdout>>))> {
    let log = fs::File::options().create(true).append(true).open(dir.join("server.log")).unwrap();
    let command = command.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut server = command.spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("nimdeck is ready at http://") {
            return Some((address.parse().unwrap(), (server, lines)));
        }
    }
    None
}

impl Drop for Program {
    /// The server, then the nimadms that outlive it by design; PostgreSQL goes with the data directory.
    fn drop(&mut self) {
        if let Some(pid) = self.server.0.id() {
            kill("-KILL", pid);
            // Not reaped yet, but dead: what it watched over is not started again.
        }
        self.estate().end_jobs();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.data().join("server.log")).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(60)..].join("\n");
            #[expect(clippy::print_stderr, reason = "the server's own words are what a failed test is understood by")]
            {
                eprintln!("the end of the server's log:\n{last}");
            }
        }
    }
}
