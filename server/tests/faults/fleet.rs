//! Several servers on one PostgreSQL, and an estate that none of them runs.

use crate::cluster::Postgres;
use crate::estate::{Estate, lab_host};
use crate::program::{token_in, try_listening};
use crate::proxy::Proxy;
use crate::rest::{PATIENCE, Rest, until, until_within};
use crate::support::{DataDir, PASSWORD, kill, program, write};
use app::model::NewMaster;
use server::store::{self, master};
use sqlx::postgres::PgConnectOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// One `nimdeck serve`.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    process: (Child, Lines<BufReader<ChildStdout>>),
    /// The port its way to the database begins at.
    way: u16,
    dir: DataDir,
}

pub(crate) struct Fleet {
    pub(crate) nodes: Vec<Node>,
    /// The way of all servers to the database.
    pub(crate) database: Proxy,
    /// Their way to the master.
    pub(crate) network: Proxy,
    pub(crate) primary: Arc<Postgres>,
    /// A session that every server knows.
    pub(crate) rest: Rest,
    pub(crate) options: Vec<String>,
    lab_process: Child,
    pub(crate) lab: DataDir,
}

impl Fleet {
    pub(crate) async fn start(servers: usize, clients: u32, speed: u32, options: &[&str]) -> Self {
        Self::start_on(Postgres::primary().await, servers, clients, speed, options).await
    }

    pub(crate) async fn start_on(
        primary: Postgres,
        servers: usize,
        clients: u32,
        speed: u32,
        options: &[&str],
    ) -> Self {
        let lab = DataDir::new();
        let lab_process = nimdeck()
            .args(["lab", &format!("--clients={clients}"), &format!("--speed={speed}"), "--dir"])
            .arg(lab.path())
            .current_dir(lab.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let primary = Arc::new(primary);
        until("the lab", || async { lab.path().join("known_hosts").is_file().then_some(()) }).await;
        let (address, key) = lab_host(lab.path(), 0);
        until("the master's sshd", || async { std::net::TcpStream::connect(address).ok() }).await;
        let network = Proxy::to(address).await;
        let database = Proxy::to(primary.address()).await;
        let options_here = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(primary.port)
            .username("nimdeck")
            .database("nimdeck");
        // The program itself makes the tables: another build of it may not know those of this one.
        let mut make_tables = nimdeck();
        make_tables
            .args(["audit", "verify", "--database-url", &Postgres::url(primary.port), "--data-dir"])
            .arg(lab.path());
        assert!(make_tables.current_dir(lab.path()).output().await.unwrap().status.success());
        let pool = store::pool(options_here, 1);
        let new = NewMaster {
            name: "nim1".parse().unwrap(),
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: network.port,
            user: "root".to_owned(),
            host_key: Some(key),
        };
        write(&pool, async |tx| master::insert(tx, &new).await).await.unwrap();
        pool.close().await;
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let mut nodes = Vec::new();
        for _ in 0..servers {
            nodes.push(Node::start(&options, database.port, lab.path(), DataDir::new()).await);
        }
        let rest = Rest::sign_in(nodes[0].address).await;
        // A thousand clients are not looked at as soon as four.
        let patience = PATIENCE + Duration::from_millis(400) * clients;
        until_within(patience, "the first look at the estate", || async {
            let seen = rest.clients().await.iter().filter(|client| client["level"].is_string()).count();
            (seen == clients as usize).then_some(())
        })
        .await;
        Self { nodes, database, network, primary, rest, options, lab_process, lab }
    }

    pub(crate) fn estate(&self) -> Estate {
        Estate(self.lab.path().to_owned())
    }

    /// The session at the server of this number.
    pub(crate) fn at(&self, node: usize) -> Rest {
        self.rest.at(self.nodes[node].address)
    }

    /// One more server; its number.
    pub(crate) async fn add(&mut self) -> usize {
        self.add_by(self.database.port).await
    }

    /// One more server that gets to the database by this port; its number.
    pub(crate) async fn add_by(&mut self, way: u16) -> usize {
        self.nodes.push(Node::start(&self.options, way, self.lab.path(), DataDir::new()).await);
        self.nodes.len() - 1
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self, node: usize) {
        self.nodes[node].kill().await;
    }

    /// SIGTERM; it must end well.
    pub(crate) async fn stop(&mut self, node: usize) {
        kill("-TERM", self.nodes[node].pid());
        let status = self.nodes[node].process.0.wait().await.unwrap();
        assert!(status.success(), "{}", self.nodes[node].log());
    }

    /// Starts a server again, on its old address.
    pub(crate) async fn start_again(&mut self, node: usize) {
        assert!(self.nodes[node].start_again(&self.options, self.lab.path()).await, "{}", self.nodes[node].log());
    }

    /// Adds a user whose password is the tests'.
    pub(crate) async fn add_user(&self, name: &str, role: &str) {
        let mut add = self.command(&["user", "add", name, "--role", role, "--password-stdin"]);
        let mut add = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        add.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).await.unwrap();
        assert!(add.wait().await.unwrap().success());
    }

    /// A token of a user.
    pub(crate) async fn token(&self, name: &str) -> String {
        let said = self.command(&["user", "token", name]).output().await.unwrap();
        token_in(&said.stdout)
    }

    /// A command that works on the database of this fleet.
    fn command(&self, arguments: &[&str]) -> Command {
        let dir = self.nodes[0].dir.path();
        let mut command = nimdeck();
        command.args(arguments).args(["--database-url", &Postgres::url(self.primary.port), "--data-dir"]);
        command.arg(dir).current_dir(dir);
        command
    }

    /// A value of the database, past all proxies.
    pub(crate) fn ask(&self, sql: &str) -> String {
        self.primary.ask("nimdeck", sql)
    }

    /// `nimdeck audit verify` says that the record is whole.
    pub(crate) async fn record_is_whole(&self) {
        let output = self.command(&["audit", "verify"]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Node {
    async fn start(options: &[String], way: u16, lab: &Path, dir: DataDir) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (address, process) = spawn(options, way, lab, &dir, any).await.unwrap();
        Self { address, process, way, dir }
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.process.0.kill().await.unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub(crate) async fn stop(&mut self) {
        kill("-TERM", self.pid());
        self.process.0.wait().await.unwrap();
    }

    /// Starts it again on its old address; false where it ended instead of listening.
    pub(crate) async fn start_again(&mut self, options: &[String], lab: &Path) -> bool {
        let started = spawn(options, self.way, lab, &self.dir, self.address).await;
        started.map(|(_, process)| self.process = process).is_some()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id().unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }
}

/// The program, which takes no variable that begins with `NIMDECK_` and is not its own.
fn nimdeck() -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NIMDECK_")) {
        command.env_remove(name);
    }
    command
}

async fn spawn(
    options: &[String],
    database: u16,
    lab: &Path,
    dir: &DataDir,
    listen: SocketAddr,
) -> Option<(SocketAddr, (Child, Lines<BufReader<ChildStdout>>))> {
    let mut command = nimdeck();
    command
        .args(["serve", &format!("--listen={listen}"), "--database-url", &Postgres::url(database), "--data-dir"])
        .arg(dir.path())
        .args(options.iter().filter(|option| option.starts_with("--")))
        .env("NIMDECK_ADMIN_PASSWORD", PASSWORD)
        .env("NIMDECK_SSH_KEY", lab.join("id_ed25519"))
        .envs(options.iter().filter_map(|option| option.split_once('=').filter(|(key, _)| key.starts_with("NIMDECK"))));
    try_listening(command, dir.path()).await
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for node in &self.nodes {
            if let Some(pid) = node.process.0.id() {
                kill("-CONT", pid);
                kill("-KILL", pid);
            }
        }
        self.estate().end_jobs();
        if let Some(pid) = self.lab_process.id() {
            kill("-KILL", pid);
        }
        if std::thread::panicking() {
            for (number, node) in self.nodes.iter().enumerate() {
                let log = node.log();
                let lines: Vec<_> = log.lines().collect();
                let last = lines[lines.len().saturating_sub(40)..].join("\n");
                #[expect(
                    clippy::print_stderr,
                    reason = "the servers' own words are what a failed test is understood by"
                )]
                {
                    eprintln!("the end of the log of server {number}:\n{last}");
                }
            }
        }
    }
}
