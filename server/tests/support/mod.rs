//! What integration tests share: a throw-away PostgreSQL, a server on it, and a deck without an estate.

mod deck;
pub(crate) mod run;

use app::model::Role;
use server::auth::{device::DeviceKey, password::Passwords, rate::Tries};
use server::background::Background;
use server::postgres::{Durability, PrivatePostgres};
use server::settings::Secret;
use server::store::{self, pools::Pools, user};
use server::web::{router::router, state::AppState};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// A password long enough to be taken.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The program under test: the one that was just built, or the one that `NIMDECK_PROGRAM` names. A test of a fault is seen to fail on the
/// program that had it.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("NIMDECK_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_nimdeck").into(), PathBuf::from)
}

/// A data directory that goes with the test, PostgreSQL included, also when the test fails.
pub(crate) struct DataDir(tempfile::TempDir);

impl DataDir {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Where tests run as root, the user postgres must get in.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The postmaster, while there is one.
    pub(crate) fn postmaster(&self) -> Option<u32> {
        let file = self.path().join("postgres/cluster/postmaster.pid");
        std::fs::read_to_string(file).ok()?.lines().next()?.parse().ok()
    }
}

/// Sends a signal; false where there is no such process.
pub(crate) fn kill(signal: &str, pid: u32) -> bool {
    Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status().unwrap().success()
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            kill("-QUIT", pid);
            while kill("-0", pid) {}
        }
    }
}

/// A migrated database.
pub(crate) struct Database {
    pub(crate) pool: PgPool,
    /// What a hand at `psql` may do: its sessions may write without a `store::Tx`.
    pub(crate) by_hand: PgPool,
    _postgres: PrivatePostgres,
    _dir: DataDir,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let dir = DataDir::new();
        let postgres = PrivatePostgres::start(dir.path(), Durability::None).await.unwrap();
        let pool = store::connect(postgres.options()).await.unwrap();
        let by_hand = PgPool::connect_lazy_with(postgres.options());
        Self { pool, by_hand, _postgres: postgres, _dir: dir }
    }
}

/// Makes a transaction of these statements.
pub(crate) async fn write<T, E: From<sqlx::Error>>(
    pool: &PgPool,
    mut statements: impl AsyncFnMut(&mut store::Tx) -> Result<T, E>,
) -> Result<T, E> {
    let mut tx = store::begin(pool).await?;
    let done = statements(&mut tx).await?;
    tx.commit().await?;
    Ok(done)
}

/// A server on a database of its own.
pub(crate) struct Server {
    pub(crate) pool: PgPool,
    address: SocketAddr,
    passwords: Passwords,
    database: Database,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let database = Database::new().await;
        let pool = database.pool.clone();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passwords = Passwords::new().await.unwrap();
        let server = Self { pool: pool.clone(), address, passwords, database };
        let service = server.router_on(&pool).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        server
    }

    /// Everything that is reachable, on another pool of the same database.
    pub(crate) fn router_on(&self, pool: &PgPool) -> axum::Router {
        let state = AppState {
            deck: Arc::new(deck::NoEstate(pool.clone())),
            pools: Pools::beside(pool.clone()),
            pool: pool.clone(),
            writable: Arc::default(),
            background: Background::new(),
            passwords: self.passwords.clone(),
            tries: Arc::new(Tries::default()),
            device_key: DeviceKey::new(&[7; 32]),
            limits: Arc::default(),
            hosts: Arc::new(server::web::host::Hosts::new(&server::settings::Settings::default(), self.address)),
            leptos: server::serve::leptos_options(self.address),
            secure: false,
            public_url: None,
            shutdown: CancellationToken::new(),
            started: Instant::now(),
        };
        router(state, axum::Router::new()).unwrap()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn add_user(&self, username: &str, role: Role) -> user::User {
        let hash = self.passwords.hash(Secret::new(PASSWORD)).await.unwrap();
        assert!(write(&self.pool, async |tx| user::insert(tx, username, &hash, role).await).await.unwrap());
        user::by_name(&self.pool, username).await.unwrap().unwrap()
    }

    /// A client that keeps cookies and follows nothing.
    pub(crate) fn client(&self) -> reqwest::Client {
        reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().unwrap()
    }

    pub(crate) async fn sign_in(&self, client: &reqwest::Client, username: &str, password: &str) -> reqwest::Response {
        let body = serde_json::json!({ "username": username, "password": password });
        client.post(self.url("/api/v1/session")).json(&body).send().await.unwrap()
    }
}

/// The `ND…` code of a problem.
pub(crate) async fn code(response: reqwest::Response) -> String {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    response.json::<serde_json::Value>().await.unwrap()["code"].as_str().unwrap().to_owned()
}
