//! A running lab: the SSH servers of an estate, and what one needs to reach them.

use crate::{
    LabError, clock, commands, keys,
    model::{
        Estate,
        estate::{Address, FORMAT},
    },
    personas,
    ssh::{Connections, HostServer},
    store::Store,
};
use std::{
    fmt::Write as _,
    fs::{self, File},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The user everybody signs in as.
pub const USER: &str = "root";
/// Speed of a new estate: a healthy migration takes about 75 seconds.
pub const DEFAULT_SPEED: u32 = 100;

/// How many hosts a running lab introduces.
const SHOWN: usize = 12;

/// How to start a lab.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// Where the estate lives; made where it does not exist.
    pub dir: PathBuf,
    /// Address to listen on; anything but loopback is warned about.
    pub listen_ip: IpAddr,
    /// How many times faster than real time passes; kept from the last start where not given, else [`DEFAULT_SPEED`].
    pub speed: Option<u32>,
    /// What invented values of a new estate, and the pace of its migrations, are derived from.
    pub seed: u64,
    /// How many clients a new estate has.
    pub clients: u32,
    /// The program that answers to `lab-exec`; the running program as a rule.
    pub program: PathBuf,
}

impl LabOptions {
    /// A lab in `dir` on loopback, whose commands are carried out by `program`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, program: impl Into<PathBuf>) -> Self {
        let listen_ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { dir: dir.into(), listen_ip, speed: None, seed: 1, clients: 4, program: program.into() }
    }
}

/// What a host is in the estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The NIM master.
    Master,
    /// A NIM client.
    Client,
}

/// A host and how to reach it.
#[derive(Debug, Clone)]
pub struct LabHost {
    /// Host name, and NIM object name for a client.
    pub name: String,
    /// Master or client.
    pub role: Role,
    /// Where its SSH server listens.
    pub addr: SocketAddr,
    /// Its public host key in OpenSSH form, `ssh-ed25519 AAAA…`.
    pub host_key: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
}

/// A lab that serves; ends when its token is cancelled or on [`Lab::shutdown`].
pub struct Lab {
    dir: PathBuf,
    hosts: Vec<(LabHost, Connections)>,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Held while the lab runs: one lab a directory.
    _owned: File,
}

impl Lab {
    /// Starts the estate in a directory, made on the first start and continued on every later one.
    ///
    /// # Errors
    /// Where the directory belongs to another running lab or cannot be used, or an address is taken.
    pub async fn start(options: LabOptions, stop: CancellationToken) -> Result<Self, LabError> {
        if !options.listen_ip.is_loopback() {
            tracing::warn!(address = %options.listen_ip, "the lab listens beyond this machine: whoever has its key can run commands here");
        }
        allow_many_files();
        let stop = stop.child_token();
        let tasks = TaskTracker::new();
        let (ip, prepared) = (options.listen_ip, tokio::task::spawn_blocking(move || prepare(&options)).await);
        let Prepared { store, mut estate, owned, key } =
            prepared.unwrap_or_else(|error| match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(LabError::NoHost("(the runtime is shutting down)".to_owned())),
            })?;
        let key = Arc::new(key);
        let mut hosts = Vec::new();
        let mut listeners = Vec::new();
        for (index, address) in estate.hosts.iter_mut().enumerate() {
            let wanted = SocketAddr::new(ip, address.port);
            let failed = |source| LabError::Listen { host: address.name.clone(), address: wanted, source };
            let listener = listen(wanted).await.map_err(failed)?;
            let addr = listener.local_addr().map_err(failed)?;
            address.port = addr.port();
            let host_key = keys::load_or_create(&store.host_dir(&address.name).join("ssh_host_ed25519_key"))?;
            let connections = Connections::default();
            let role = if index == 0 { Role::Master } else { Role::Client };
            hosts.push((
                LabHost {
                    name: address.name.clone(),
                    role,
                    addr,
                    host_key: keys::public(&host_key)?,
                    fingerprint: keys::fingerprint(&host_key),
                },
                connections.clone(),
            ));
            let server = HostServer {
                store: store.clone(),
                name: address.name.clone(),
                host_key,
                authorized: Arc::clone(&key),
                connections,
                tasks: tasks.clone(),
                stop: stop.clone(),
            };
            listeners.push((server, listener));
        }
        store.update_estate(|stored| {
            stored.hosts.clone_from(&estate.hosts);
            Ok(())
        })?;
        let lab = Self { dir: store.dir().to_owned(), hosts, stop, tasks, _owned: owned };
        lab.write_ssh_files()?;
        for (server, listener) in listeners {
            lab.tasks.spawn(server.serve(listener));
        }
        Ok(lab)
    }

    /// The hosts, the master first.
    #[must_use]
    pub fn hosts(&self) -> Vec<LabHost> {
        self.hosts.iter().map(|(host, _)| host.clone()).collect()
    }

    /// The private key that signs in everywhere.
    #[must_use]
    pub fn key_path(&self) -> PathBuf {
        self.dir.join("id_ed25519")
    }

    /// The user to sign in as.
    #[must_use]
    pub fn user(&self) -> &str {
        USER
    }

    /// The estate's directory, absolute.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Cuts all connections of a host at once, as a network failure does; new ones are served.
    pub fn drop_connections(&self, host: &str) {
        self.hosts.iter().filter(|(known, _)| known.name == host).for_each(|(_, connections)| connections.cut());
    }

    /// How to reach each host, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let config = aix::command::quote(&self.dir.join("ssh_config").to_string_lossy());
        let mut text = format!("simulated NIM estate in {}\n", self.dir.display());
        for (host, _) in self.hosts.iter().take(SHOWN) {
            let role = if host.role == Role::Master { "NIM master" } else { "NIM client" };
            let _ = writeln!(text, "  {role}  {:<8} ssh -F {config} {:<8} {}", host.name, host.name, host.fingerprint);
        }
        if let Some(more) = self.hosts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(text, "  and {more} more clients: see {config}");
        }
        text
    }

    /// Waits until the lab was stopped and every connection is closed.
    pub async fn wait(&self) {
        self.stop.cancelled().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Stops the lab. Commands that were started detached, nimadm above all, go on.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.wait().await;
    }

    /// `known_hosts` and `ssh_config`, so that OpenSSH's `ssh -F DIR/ssh_config nim1 lsnim` works.
    fn write_ssh_files(&self) -> Result<(), LabError> {
        let mut known = String::new();
        let mut config = String::from("# Written by the lab at every start.\n");
        let path = |name: &str| self.dir.join(name).display().to_string();
        let (key, known_hosts) = (path("id_ed25519"), path("known_hosts"));
        for (host, _) in &self.hosts {
            let (ip, port) = (host.addr.ip(), host.addr.port());
            let _ = writeln!(known, "[{ip}]:{port} {}", host.host_key);
            let _ = write!(
                config,
                "
Host {}
    HostName {ip}
    Port {port}
    User {USER}
    IdentityFile \"{key}\"
    IdentitiesOnly yes
    UserKnownHostsFile \"{known_hosts}\"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    HostKeyAlgorithms ssh-ed25519
    UpdateHostKeys no
",
                host.name
            );
        }
        for (name, text) in [("known_hosts", known), ("ssh_config", config)] {
            let path = self.dir.join(name);
            fs::write(&path, text).map_err(LabError::file("write", &path))?;
        }
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A thousand hosts listen on a thousand sockets: as many files as this user may have, not as many as a login begins with.
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "cannot raise the number of open files; many hosts may not fit");
    }
}

/// Ports a host may get: below those that the system gives to outgoing connections, or one of these would sooner or later hold a
/// host's port just when its lab starts again.
const PORTS: RangeInclusive<u16> = 10_000..=32_000;

/// Listens on the address; on a free port of [`PORTS`] where its port is 0.
async fn listen(wanted: SocketAddr) -> io::Result<TcpListener> {
    if wanted.port() != 0 {
        return TcpListener::bind(wanted).await;
    }
    loop {
        let port = rand::random_range(PORTS);
        match TcpListener::bind(SocketAddr::new(wanted.ip(), port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            done => return done,
        }
    }
}

/// What is ready before anybody listens.
struct Prepared {
    store: Store,
    estate: Estate,
    owned: File,
    key: russh::keys::PrivateKey,
}

fn prepare(options: &LabOptions) -> Result<Prepared, LabError> {
    fs::create_dir_all(&options.dir).map_err(LabError::file("create", &options.dir))?;
    let dir = options.dir.canonicalize().map_err(LabError::file("find", &options.dir))?;
    let lock = dir.join("lab.lock");
    let owned = File::create(&lock).map_err(LabError::file("create", &lock))?;
    owned.try_lock().map_err(|_| LabError::Busy(dir.clone()))?;
    let store = Store::open(&dir);
    if !store.exists() {
        let made = personas::estate(clock::now_ms(), options.clients, options.seed);
        let hosts = made.hosts.iter().map(|host| Address { name: host.name.clone(), port: 0 }).collect();
        let estate = Estate { format: FORMAT, speed: DEFAULT_SPEED, seed: options.seed, hosts };
        store.create(&estate, &made.hosts, &made.clients)?;
    }
    if let Some(speed) = options.speed {
        crate::speed::set(&dir, speed)?;
    }
    let estate = store.estate()?;
    write_commands(&store, &estate, &options.program)?;
    let key = keys::load_or_create(&dir.join("id_ed25519"))?;
    let public = dir.join("id_ed25519.pub");
    fs::write(&public, format!("{} nimdeck-lab\n", keys::public(&key)?)).map_err(LabError::file("write", &public))?;
    Ok(Prepared { store, estate, owned, key })
}

/// Writes the commands of the master and those of the clients, a folder each, and points every host's `bin` at its own. One script
/// serves all: a thousand hosts with fifty scripts each would take too long to write. What was called, and on which host,
/// is told by the path it was called by.
fn write_commands(store: &Store, estate: &Estate, program: &Path) -> Result<(), LabError> {
    let quote = |path: &Path| aix::command::quote(&path.to_string_lossy());
    let text = format!("#!/bin/sh\nexec {} lab-exec {} \"$0\" \"$@\"\n", quote(program), quote(store.dir()));
    for (folder, master) in [("master", true), ("client", false)] {
        let folder = store.dir().join("commands").join(folder);
        fs::create_dir_all(&folder).map_err(LabError::file("create", &folder))?;
        for name in commands::names(master) {
            let path = folder.join(name);
            // Replaced by rename: a nimadm that still runs may be starting one of them right now.
            let new = path.with_extension("new");
            fs::write(&new, &text)
                .and_then(|()| fs::set_permissions(&new, fs::Permissions::from_mode(0o755)))
                .and_then(|()| fs::rename(&new, &path))
                .map_err(LabError::file("write", &path))?;
        }
    }
    for host in &estate.hosts {
        let folder = if host.name == estate.master() { "master" } else { "client" };
        let target = Path::new("../../commands").join(folder);
        crate::tree::point(&store.host_dir(&host.name).join("bin"), Some(target))?;
    }
    Ok(())
}
