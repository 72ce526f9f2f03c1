//! One private cluster: made, started or adopted, watched, stopped.
//!
//! PostgreSQL outlives a server that was killed; that is good, since its shutdown would only cost recovery. So a start
//! first asks whether it still runs, and a second server is kept off by a file lock, not by guesses about processes.
//!
//! Layout below `DATA/postgres` (or `/var/lib/nimdeck/HASH`, where the user `postgres` cannot reach that): `cluster/`,
//! `run/` with the socket, `postgres.log`.
//!
//! The application connects as a role that owns its database and is no superuser ([`access`](super::access)).

use super::{PostgresError, Programs, access};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SOCKET: &str = ".s.PGSQL.5432";
/// `sun_path` holds 108 bytes, the last of them NUL.
const SOCKET_PATH_MAX: usize = 107;
/// How often the supervisor looks.
const WATCH_INTERVAL: Duration = Duration::from_secs(3);
/// After a killed postmaster its children need a moment to notice; until then a start is refused.
const START_TRIES: u32 = 8;

/// Whether a commit survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It does.
    Full,
    /// It does not: for tests, whose data nobody needs again.
    None,
}

/// A running private PostgreSQL. Dropping it leaves PostgreSQL running, as a killed server does; [`Self::stop`] stops it.
#[derive(Debug)]
pub struct PrivatePostgres {
    cluster: Arc<Cluster>,
    watch: CancellationToken,
    watcher: JoinHandle<()>,
}

impl PrivatePostgres {
    /// Makes the cluster where there is none, starts it unless it still runs, and watches it from then on.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start; the error has the end of its log.
    pub async fn start(data_dir: &Path, durability: Durability) -> Result<Self, PostgresError> {
        let cluster = Arc::new(Cluster::locate(data_dir, durability).await?);
        cluster.create().await?;
        cluster.run().await?;
        cluster.settle_access().await?;
        let watch = CancellationToken::new();
        let watcher = tokio::spawn(supervise(Arc::clone(&cluster), watch.clone()));
        Ok(Self { cluster, watch, watcher })
    }

    /// How to connect to the cluster of a server that runs in another process.
    ///
    /// # Errors
    /// PostgreSQL's programs or user are missing.
    pub async fn options_of(data_dir: &Path) -> Result<PgConnectOptions, PostgresError> {
        Ok(Cluster::locate(data_dir, Durability::Full).await?.options())
    }

    /// How to connect.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.cluster.options()
    }

    /// Stops PostgreSQL: open transactions are rolled back, everything committed is on disk.
    ///
    /// # Errors
    /// `pg_ctl stop` failed.
    pub async fn stop(self) -> Result<(), PostgresError> {
        self.watch.cancel();
        if let Err(error) = self.watcher.await {
            tracing::warn!(%error, "the supervisor of the private PostgreSQL ended badly");
        }
        self.cluster.pg_ctl(&["stop", "--mode=fast", "--wait", "--timeout=30"]).await.map(drop)
    }
}

/// Starts PostgreSQL again when it is gone. Queries in between fail, and say so; none is lost silently.
///
/// It is gone when its socket refuses a connection, or is not there. Every other failure to connect may be our own, a lack of
/// descriptors for instance, and says nothing about PostgreSQL.
async fn supervise(cluster: Arc<Cluster>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(WATCH_INTERVAL)).await.is_some() {
        match cluster.look().await {
            Look::Answers => {}
            Look::Unknown(error) => {
                tracing::warn!(%error, "the private PostgreSQL cannot be asked whether it runs; it is left alone");
            }
            Look::Gone => {
                tracing::warn!("the private PostgreSQL does not answer; starting it again");
                if let Err(error) = cluster.run().await {
                    tracing::error!(error = &error as &dyn std::error::Error, "the private PostgreSQL does not start");
                }
            }
        }
    }
}

/// What an attempt to connect says.
#[derive(Debug)]
enum Look {
    /// It runs.
    Answers,
    /// Nobody listens.
    Gone,
    /// Nothing about PostgreSQL.
    Unknown(std::io::Error),
}

impl Look {
    fn of(connected: std::io::Result<UnixStream>) -> Self {
        use std::io::ErrorKind::{ConnectionRefused, NotFound, WouldBlock};
        match connected.map_err(|error| (error.kind(), error)) {
            // Its queue of connections is full: it runs.
            Ok(_) | Err((WouldBlock, _)) => Self::Answers,
            Err((ConnectionRefused | NotFound, _)) => Self::Gone,
            Err((_, error)) => Self::Unknown(error),
        }
    }
}

/// Whom to run PostgreSQL as.
#[derive(Debug, Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

#[derive(Debug)]
struct Cluster {
    programs: Programs,
    /// `DATA/postgres` or its stand-in.
    base: PathBuf,
    socket_dir: PathBuf,
    /// None: as ourselves.
    user: Option<User>,
    /// Names of the operating system's users that may connect: the owner of the files, and root.
    os_users: Vec<String>,
    durability: Durability,
}

impl Cluster {
    async fn locate(data_dir: &Path, durability: Durability) -> Result<Self, PostgresError> {
        tokio::fs::create_dir_all(data_dir).await.map_err(io("cannot create", data_dir))?;
        let data_dir = tokio::fs::canonicalize(data_dir).await.map_err(io("cannot find", data_dir))?;
        let own = number(&["-u"]).await;
        let user = if own == Some(0) { Some(postgres_user().await?) } else { None };
        let base = base_directory(&data_dir, user).await?;
        let os_users = os_users(&base).await?;
        let version = tokio::fs::read_to_string(base.join("cluster/PG_VERSION")).await.ok();
        let programs = Programs::find(version.as_deref().map(str::trim)).await?;
        let socket_dir = socket_directory(&base, user.map(|user| user.uid).or(own))?;
        Ok(Self { programs, base, socket_dir, user, os_users, durability })
    }

    fn data(&self) -> PathBuf {
        self.base.join("cluster")
    }

    /// As the application.
    fn options(&self) -> PgConnectOptions {
        self.at_socket().username(access::ROLE).database(access::DATABASE)
    }

    fn at_socket(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.socket_dir).port(5432)
    }

    async fn answers(&self) -> bool {
        matches!(self.look().await, Look::Answers)
    }

    async fn look(&self) -> Look {
        Look::of(UnixStream::connect(self.socket_dir.join(SOCKET)).await)
    }

    /// `initdb` beside its final place: a cluster that exists is complete, whenever the machine went down.
    async fn create(&self) -> Result<(), PostgresError> {
        let data = self.data();
        if data.join("PG_VERSION").exists() {
            return Ok(());
        }
        let new = self.base.join("cluster.new");
        if new.exists() {
            tokio::fs::remove_dir_all(&new).await.map_err(io("cannot remove", &new))?;
        }
        tracing::info!(path = %data.display(), "creating a private PostgreSQL");
        let mut command = self.command("initdb");
        command.args(["--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=reject"]);
        command.arg(format!("--username={}", access::SUPERUSER)).arg("--pgdata").arg(&new);
        if self.durability == Durability::None {
            command.arg("--no-sync");
        }
        self.output("initdb", command).await?;
        let conf = new.join("postgresql.conf");
        let mut text = tokio::fs::read_to_string(&conf).await.map_err(io("cannot read", &conf))?;
        text.push_str("\ninclude 'nimdeck.conf'\n");
        tokio::fs::write(&conf, text).await.map_err(io("cannot write", &conf))?;
        self.write_access(&new).await?;
        tokio::fs::rename(&new, &data).await.map_err(io("cannot rename", &new))
    }

    /// Makes sure that it runs and answers.
    async fn run(&self) -> Result<(), PostgresError> {
        let running = self.pg_ctl(&["status"]).await.is_ok();
        if running && self.answers().await {
            tracing::info!("adopted the private PostgreSQL that was still running");
            return Ok(());
        }
        let conf = self.data().join("nimdeck.conf");
        tokio::fs::write(&conf, self.configuration()).await.map_err(io("cannot write", &conf))?;
        if self.access_is_ours().await? {
            self.write_access(&self.data()).await?;
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match self.pg_ctl(&["start", "--wait", "--timeout=60"]).await {
                Ok(_) => return Ok(()),
                // Started meanwhile, or still in recovery from a crash and answering now.
                Err(_) if self.answers().await => return Ok(()),
                Err(error) if tries == START_TRIES => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(250 * u64::from(tries))).await,
            }
        }
    }

    fn configuration(&self) -> String {
        let socket_dir = self.socket_dir.display().to_string().replace('\'', "''");
        let mut text = format!(
            "# Written by nimdeck at every start.\nlisten_addresses = ''\nport = 5432\n\
             unix_socket_directories = '\"{socket_dir}\"'\nunix_socket_permissions = 0700\nmax_connections = 100\n"
        );
        if self.durability == Durability::None {
            // Commits stay synchronous: what is committed must outlive a killed postmaster in tests, too.
            text.push_str("fsync = off\nfull_page_writes = off\n");
        }
        text
    }

    /// Who may connect, in the cluster's files. A crash leaves the old file or the new one.
    async fn write_access(&self, data: &Path) -> Result<(), PostgresError> {
        for (name, text) in [("pg_hba.conf", access::hba()), ("pg_ident.conf", access::ident(&self.os_users))] {
            let (path, new) = (data.join(name), data.join(format!("{name}.new")));
            if tokio::fs::read_to_string(&path).await.is_ok_and(|found| found == text) {
                continue;
            }
            tokio::fs::write(&new, text).await.map_err(io("cannot write", &new))?;
            if let Some(User { uid, gid }) = self.user {
                chown(&new, Some(uid), Some(gid)).map_err(io("cannot give away", &new))?;
            }
            tokio::fs::rename(&new, &path).await.map_err(io("cannot rename", &new))?;
        }
        Ok(())
    }

    async fn access_is_ours(&self) -> Result<bool, PostgresError> {
        let hba = self.data().join("pg_hba.conf");
        Ok(access::is_ours(&tokio::fs::read_to_string(&hba).await.map_err(io("cannot read", &hba))?))
    }

    /// Makes the application's role and database where they are missing; upgrades a cluster in which that role is the superuser.
    async fn settle_access(&self) -> Result<(), PostgresError> {
        if !self.access_is_ours().await? {
            tracing::info!("upgrading the private PostgreSQL: its role nimdeck is no superuser any more");
            access::upgrade(&self.at_socket()).await.map_err(PostgresError::Query)?;
        }
        self.write_access(&self.data()).await?;
        // Also where the files are up to date: a start that was killed may have written them and reloaded nothing.
        self.pg_ctl(&["reload"]).await?;
        access::create(&self.at_socket()).await.map_err(PostgresError::Query)
    }

    async fn pg_ctl(&self, arguments: &[&str]) -> Result<Output, PostgresError> {
        let mut command = self.command("pg_ctl");
        command.arg("--pgdata").arg(self.data()).arg("--log").arg(self.log()).args(arguments);
        self.output("pg_ctl", command).await
    }

    fn log(&self) -> PathBuf {
        self.base.join("postgres.log")
    }

    /// A program of PostgreSQL: as the right user, in a process group of its own so that Ctrl-C in the terminal reaches us alone.
    fn command(&self, program: &str) -> Command {
        let mut command = super::child(self.programs.path(program));
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    async fn output(&self, program: &'static str, mut command: Command) -> Result<Output, PostgresError> {
        let path = self.programs.path(program);
        let output = command.output().await.map_err(io("cannot run", &path))?;
        if output.status.success() {
            return Ok(output);
        }
        let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
        said.push_str(&tail(&self.log()).await);
        Err(PostgresError::Program { program, output: said.trim().to_owned() })
    }
}

/// The last lines of a file; empty where there is none.
async fn tail(path: &Path) -> String {
    let text = tokio::fs::read(path).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PostgresError {
    let path = path.to_path_buf();
    move |source| PostgresError::Io { what, path, source }
}

async fn id(arguments: &[&str]) -> Option<String> {
    let output = super::child("id").args(arguments).output().await.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

async fn number(arguments: &[&str]) -> Option<u32> {
    id(arguments).await?.parse().ok()
}

/// Who may connect to a cluster below `base`: its owner; and root, who could become its owner anyway.
async fn os_users(base: &Path) -> Result<Vec<String>, PostgresError> {
    let owner = tokio::fs::metadata(base).await.map_err(io("cannot read", base))?.uid();
    let mut names = Vec::new();
    for uid in [owner, 0] {
        names.extend(id(&["-un", &uid.to_string()]).await.filter(|name| !names.contains(name)));
    }
    Ok(names)
}

async fn postgres_user() -> Result<User, PostgresError> {
    match (number(&["-u", "postgres"]).await, number(&["-g", "postgres"]).await) {
        (Some(uid), Some(gid)) => Ok(User { uid, gid }),
        _ => Err(PostgresError::NoUser),
    }
}

/// `DATA/postgres`; or, where the user `postgres` may not get there (a checkout below a closed home directory), a place where it may.
async fn base_directory(data_dir: &Path, user: Option<User>) -> Result<PathBuf, PostgresError> {
    let base = data_dir.join("postgres");
    make_private(&base, user)?;
    let Some(user) = user else { return Ok(base) };
    let reachable =
        super::child("test").arg("-w").arg(&base).current_dir("/").uid(user.uid).gid(user.gid).status().await;
    if reachable.is_ok_and(|status| status.success()) {
        return Ok(base);
    }
    let elsewhere = Path::new("/var/lib/nimdeck").join(short_hash(data_dir));
    tracing::info!(
        path = %elsewhere.display(),
        "the user postgres may not enter {}; its files are kept elsewhere",
        data_dir.display()
    );
    make_private(&elsewhere, Some(user))?;
    Ok(elsewhere)
}

fn socket_directory(base: &Path, owner: Option<u32>) -> Result<PathBuf, PostgresError> {
    let own = base.join("run");
    let fits = own.join(SOCKET).as_os_str().len() <= SOCKET_PATH_MAX;
    let dir = if fits { own } else { std::env::temp_dir().join(format!("nimdeck-{}", short_hash(base))) };
    let user = std::fs::metadata(base).map_err(io("cannot read", base))?;
    make_private(&dir, Some(User { uid: user.uid(), gid: user.gid() }))?;
    // In a temporary directory anybody may have been first: a link or a directory of theirs would be their socket.
    let found = std::fs::symlink_metadata(&dir).map_err(io("cannot read", &dir))?;
    let ours = found.is_dir() && owner.is_none_or(|uid| uid == found.uid()) && found.permissions().mode() & 0o077 == 0;
    if ours { Ok(dir) } else { Err(PostgresError::SocketDir(dir)) }
}

/// Makes a directory only its owner may enter. One that exists is left as it is.
fn make_private(dir: &Path, user: Option<User>) -> Result<(), PostgresError> {
    if std::fs::symlink_metadata(dir).is_ok() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent).map_err(io("cannot create", parent))?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(dir).map_err(io("cannot create", dir))?;
    if let Some(user) = user {
        chown(dir, Some(user.uid), Some(user.gid)).map_err(io("cannot give away", dir))?;
    }
    Ok(())
}

fn short_hash(path: &Path) -> String {
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    crate::store::hex(&hash[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h1_a_lack_of_descriptors_says_nothing_about_postgresql() {
        use rustix::io::Errno;
        let look = |errno: Errno| Look::of(Err(errno.into()));
        for ours in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::ACCESS] {
            assert!(matches!(look(ours), Look::Unknown(_)), "{ours}");
        }
        assert!(matches!(look(Errno::CONNREFUSED), Look::Gone));
        assert!(matches!(look(Errno::NOENT), Look::Gone));
        assert!(matches!(look(Errno::AGAIN), Look::Answers));
    }

    #[test]
    fn a_long_path_moves_the_socket_out_of_the_data_directory() {
        let dir = tempfile::tempdir().unwrap();
        let short = dir.path().join("s");
        let long = dir.path().join("d".repeat(100));
        for base in [&short, &long] {
            std::fs::create_dir(base).unwrap();
        }
        let owner = std::fs::metadata(&short).unwrap().uid();
        assert_eq!(socket_directory(&short, Some(owner)).unwrap(), short.join("run"));
        let elsewhere = socket_directory(&long, Some(owner)).unwrap();
        assert!(elsewhere.join(SOCKET).as_os_str().len() <= SOCKET_PATH_MAX);
        std::fs::remove_dir(elsewhere).unwrap();
    }

    #[test]
    fn a_socket_directory_that_others_may_enter_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        std::fs::create_dir(&run).unwrap();
        std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o777)).unwrap();
        let owner = std::fs::metadata(&run).unwrap().uid();
        assert!(matches!(socket_directory(dir.path(), Some(owner)), Err(PostgresError::SocketDir(_))));
    }
}
