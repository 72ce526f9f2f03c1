//! A PostgreSQL of the usual kind: a primary, and a replica that takes over.

use crate::rest::until;
use crate::support::{DataDir, kill};
use rand::RngExt as _;
use server::postgres::Programs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One PostgreSQL server in a directory of its own.
pub(crate) struct Postgres {
    programs: Programs,
    data: PathBuf,
    pub(crate) port: u16,
    /// Whether a commit waits for the disk: tests crash servers, not machines.
    fsync: &'static str,
    /// Unmounted before its directory goes.
    disk: Option<Disk>,
    _dir: DataDir,
}

/// A file system in memory, so that a test can fill it.
struct Disk(PathBuf);

impl Disk {
    /// Nothing where this process may not mount.
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "nimdeck-test"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.0).status().ok();
    }
}

/// A port that is free now. Not one that the system chose: until PostgreSQL listens, the system may give that to an outgoing connection.
fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| rand::rng().random_range(15_000..32_000)).take(1000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

impl Postgres {
    /// A primary that a replica can follow.
    pub(crate) async fn primary() -> Self {
        Self::with_fsync("off").await
    }

    /// The same, and whether it acknowledges a commit before it is on disk.
    pub(crate) async fn with_fsync(fsync: &'static str) -> Self {
        let postgres = Self::prepare(fsync).await;
        postgres.init();
        postgres
    }

    /// A primary on a disk of this size. Nothing where this process may not mount one.
    pub(crate) async fn on_a_disk_of(megabytes: u32) -> Option<Self> {
        let mut postgres = Self::prepare("off").await;
        postgres.disk = Some(Disk::mount(&postgres.data, megabytes)?);
        own(&postgres.data);
        postgres.init();
        Some(postgres)
    }

    /// Takes all that is left of its disk.
    pub(crate) fn fill_disk(&self) {
        let full = std::fs::File::create(self.ballast())
            .and_then(|mut file| std::io::copy(&mut std::io::repeat(0), &mut file).map(drop));
        assert_eq!(full.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }

    /// Gives it back.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.data.join("ballast")
    }

    fn init(&self) {
        self.run(
            "initdb",
            &["--auth=trust", "--username=nimdeck", "--encoding=UTF8", "--locale=C", "--no-sync", "-D", self.path()],
        );
        self.start();
        self.sql("postgres", "CREATE DATABASE nimdeck");
    }

    /// A replica of `primary`. From then on the primary acknowledges nothing that the replica does not have.
    pub(crate) async fn replica_of(primary: &Self) -> Self {
        let replica = Self::prepare("off").await;
        let from = format!("host=127.0.0.1 port={} user=nimdeck", primary.port);
        replica.run(
            "pg_basebackup",
            &["-d", &from, "-D", replica.path(), "-R", "-X", "stream", "--no-sync", "-c", "fast"],
        );
        // What the primary was told about its former replica came along.
        std::fs::OpenOptions::new()
            .append(true)
            .open(replica.data.join("postgresql.auto.conf"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, b"synchronous_standby_names = ''\n"))
            .unwrap();
        replica.start();
        primary.is_followed().await;
        primary.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        primary.sql("postgres", "SELECT pg_reload_conf()");
        replica
    }

    /// Waits until its replica has all it has. After a crash that takes a moment, in which what was not acknowledged yet can be read
    /// here and is not there: whoever promotes the replica then loses it.
    pub(crate) async fn is_followed(&self) {
        let caught_up = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND flush_lsn >= pg_current_wal_flush_lsn()";
        until("the replica follows", || async { (self.ask("postgres", caught_up) == "1").then_some(()) }).await;
    }

    async fn prepare(fsync: &'static str) -> Self {
        let dir = DataDir::new();
        let data = dir.path().join("pg");
        let postgres = Self {
            programs: Programs::find(None).await.unwrap(),
            data,
            port: free_port(),
            fsync,
            disk: None,
            _dir: dir,
        };
        std::fs::create_dir(&postgres.data).unwrap();
        own(&postgres.data);
        postgres
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn path(&self) -> &str {
        self.data.to_str().unwrap()
    }

    /// Starts it, or starts it again after [`Postgres::crash`].
    pub(crate) fn start(&self) {
        let options = format!(
            "-p {} -h 127.0.0.1 -k '' -c fsync={} -c wal_level=replica -c max_wal_senders=10 -c max_connections=200 -c wal_keep_size=512",
            self.port, self.fsync
        );
        let log = self.data.join("server.log");
        self.run(
            "pg_ctl",
            &["start", "-w", "-t", "60", "-D", self.path(), "-l", log.to_str().unwrap(), "-o", &options],
        );
    }

    /// SIGQUIT: every connection is gone, nothing is tidied up.
    pub(crate) async fn crash(&self) {
        if let Some(pid) = postmaster(&self.data) {
            kill("-QUIT", pid);
            until("PostgreSQL is gone", || async { (!kill("-0", pid)).then_some(()) }).await;
        }
    }

    /// `pg_ctl promote`: returns once it takes writes.
    pub(crate) fn promote(&self) {
        self.run("pg_ctl", &["promote", "-w", "-D", self.path()]);
    }

    pub(crate) fn url(port: u16) -> String {
        format!("postgres://nimdeck@127.0.0.1:{port}/nimdeck")
    }

    fn sql(&self, database: &str, sql: &str) {
        self.ask(database, sql);
    }

    /// The answer to a query, unadorned.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> String {
        let port = self.port.to_string();
        let output = Command::new(self.program("psql"))
            .args(["-X", "-q", "-t", "-A", "-h", "127.0.0.1", "-p", &port, "-U", "nimdeck", "-d", database, "-c", sql])
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Clients may be installed elsewhere than servers.
    fn program(&self, name: &str) -> PathBuf {
        let here = self.programs.path(name);
        if here.is_file() { here } else { PathBuf::from(name) }
    }

    fn run(&self, program: &str, args: &[&str]) {
        let path = self.program(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        // pg_ctl leaves a server behind that would keep a pipe open.
        let status = command.args(args).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
        assert!(
            status.success(),
            "{program} failed: {}",
            std::fs::read_to_string(self.data.join("server.log")).unwrap_or_default()
        );
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(pid) = postmaster(&self.data) {
            kill("-QUIT", pid);
            while kill("-0", pid) {}
        }
    }
}

/// Makes it a directory that PostgreSQL takes.
fn own(data: &Path) {
    if is_root() {
        Command::new("chown").arg("postgres:").arg(data).status().unwrap();
    }
    Command::new("chmod").arg("700").arg(data).status().unwrap();
}

fn postmaster(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}
