//! Puts the server together, runs it, and takes it apart in the right order.

use crate::auth::{device::DeviceKey, password, password::Passwords, rate::Tries};
use crate::background::{Background, Every};
use crate::error::{BAD_SETTING, CANNOT_LISTEN, INTERNAL, database, with_causes};
use crate::settings::{Secret, Settings};
use crate::store::{self, audit, open::Opened, pools::Pools, secret, session, user};
use crate::web::{
    host::Hosts,
    limits::{Limits, descriptors},
    listen, router,
    state::AppState,
};
use app::model::{Problem, Role};
use app::port::Deck;
use async_trait::async_trait;
use axum::Router;
use leptos::config::LeptosOptions;
use serde_json::json;
use sqlx::PgPool;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests and streams may take to end at shutdown.
const DRAIN: Duration = Duration::from_secs(10);
const SWEEP: Duration = Duration::from_secs(600);
/// How often the head of the record is logged, if it has changed.
const HEAD_INTERVAL: Duration = Duration::from_secs(600);

/// The part behind the web: what drives masters and migrations.
pub struct Engine {
    /// What pages and REST ask.
    pub deck: Arc<dyn Deck>,
    /// Further routes of `/api/v1`: streams and raw logs.
    pub routes: Router<AppState>,
    /// Tasks that end when the shutdown token is cancelled; waited for before the database goes.
    pub tasks: TaskTracker,
}

/// Starts the engine, once the database is there.
#[async_trait]
pub trait StartEngine: Send {
    /// Starts it; everything it spawns ends with `shutdown`.
    ///
    /// # Errors
    /// What keeps it from starting.
    async fn start(
        self,
        settings: &Settings,
        pools: &Pools,
        background: &Background,
        shutdown: CancellationToken,
    ) -> Result<Engine, Problem>;
}

/// What is told on standard output: nothing else of the server writes there.
#[derive(Debug)]
pub enum Notice {
    /// The first user was made; this is the only time its password is seen. None: it was given.
    FirstUser(Option<Secret>),
    /// Requests are answered here.
    Ready(SocketAddr),
}

/// Runs the server until `shutdown`, or until a signal.
///
/// # Errors
/// What keeps it from starting, or from stopping cleanly.
pub async fn run(
    settings: Settings,
    engine: impl StartEngine,
    shutdown: CancellationToken,
    tell: impl Fn(Notice) + Send + Sync,
) -> Result<(), Problem> {
    cancel_on_signal(shutdown.clone())?;
    let descriptors = descriptors::raise();
    let Some(opened) = shutdown.run_until_cancelled(Opened::for_server(&settings)).await else { return Ok(()) };
    let opened = opened?;
    let pools = Pools::beside(opened.pool.clone());
    let served = serve(&settings, descriptors, engine, &pools, shutdown.clone(), tell).await;
    shutdown.cancel();
    pools.close().await;
    opened.close().await?;
    served
}

async fn serve(
    settings: &Settings,
    descriptors: u64,
    engine: impl StartEngine,
    pools: &Pools,
    shutdown: CancellationToken,
    tell: impl Fn(Notice) + Send + Sync,
) -> Result<(), Problem> {
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        let listen = settings.listen;
        CANNOT_LISTEN.problem(format!(
            "Cannot listen on {listen}: {error}. Stop what listens there, or name another address with --listen."
        ))
    })?;
    let address = listener.local_addr().map_err(|error| CANNOT_LISTEN.problem(error.to_string()))?;
    let background = Background::new();
    let passwords = Passwords::new().await.map_err(|error| INTERNAL.problem(with_causes(&error)))?;
    if let Some(notice) = first_user(settings, &pools.pages, &passwords).await? {
        tell(notice);
    }
    let limits = Arc::new(Limits::new(settings, descriptors));
    let device_key = secret::find_or_make(&pools.pages, "device").await.map_err(|error| database(&error))?;
    let device_key = DeviceKey::new(&device_key);
    let Engine { deck, routes, tasks } = engine.start(settings, pools, &background, shutdown.clone()).await?;
    sweep_sessions(&background, pools.pages.clone(), shutdown.clone());
    log_audit_head(&background, pools.pages.clone(), shutdown.clone());
    let state = AppState {
        deck,
        pools: pools.clone(),
        pool: pools.pages.clone(),
        writable: Arc::default(),
        background: background.clone(),
        passwords,
        tries: Arc::new(Tries::default()),
        device_key,
        limits: limits.clone(),
        hosts: Arc::new(Hosts::new(settings, address)),
        leptos: leptos_options(address),
        secure: settings.cookies_are_secure(),
        public_url: settings.public_url.as_deref().map(Arc::from),
        shutdown: shutdown.clone(),
        started: Instant::now(),
    };
    let connections = limits.connections.clone();
    let router = router::router(state, routes).map_err(|error| BAD_SETTING.problem(format!("public_url: {error}")))?;
    let server = listen::serve(listener, router, connections, shutdown.clone());
    tell(Notice::Ready(address));
    // An open stream would hold the shutdown up for ever.
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        () = server => {}
        () = drained => tracing::warn!("some connections did not end in {DRAIN:?}; they are cut"),
    }
    shutdown.cancel();
    limits.requests.handlers.close();
    if tokio::time::timeout(DRAIN, limits.requests.handlers.wait()).await.is_err() {
        tracing::warn!("some requests did not end in {DRAIN:?}; they are given up");
    }
    tasks.close();
    let ended = async { tokio::join!(tasks.wait(), background.wait()) };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!("some tasks did not end in {DRAIN:?}");
    }
    Ok(())
}

/// How pages are rendered.
#[must_use]
pub fn leptos_options(address: SocketAddr) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("nimdeck")
        .site_root("target/site")
        .site_pkg_dir("pkg")
        .site_addr(address)
        .build()
}

pub(crate) fn cancel_on_signal(shutdown: CancellationToken) -> Result<(), Problem> {
    let listen = |kind| signal(kind).map_err(|error| INTERNAL.problem(format!("Cannot listen for signals: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = shutdown.cancelled() => return,
        }
        tracing::info!("shutting down");
        shutdown.cancel();
    });
    Ok(())
}

/// Creates the user `admin` where there is nobody yet.
async fn first_user(settings: &Settings, pool: &PgPool, passwords: &Passwords) -> Result<Option<Notice>, Problem> {
    if user::any(pool).await.map_err(|error| database(&error))? {
        return Ok(None);
    }
    let (chosen, made_up) = match &settings.admin_password {
        Some(given) => (given.clone(), None),
        None => {
            let password = Secret::new(password::random_password());
            (password.clone(), Some(password))
        }
    };
    if chosen.expose().len() < password::SHORTEST {
        tracing::warn!("the first password of admin is short; set a longer one with `nimdeck user password admin`");
    }
    let hash = passwords.hash(chosen).await.map_err(|error| BAD_SETTING.problem(format!("admin_password: {error}")))?;
    let write = async {
        let mut transaction = store::begin(pool).await?;
        let inserted = user::insert(&mut transaction, "admin", &hash, Role::Admin).await?;
        if inserted {
            transaction.record("system", "user.add", "user:admin", json!({ "role": Role::Admin }));
        }
        transaction.commit().await?;
        Ok(inserted)
    };
    // Another server on the same database may have been first: its password is the one.
    let inserted = write.await.map_err(|error| database(&error))?;
    Ok(inserted.then_some(Notice::FirstUser(made_up)))
}

/// Logs the head of the record, so that there is one outside the database (`nimdeck audit verify --expect`).
fn log_audit_head(background: &Background, pool: PgPool, shutdown: CancellationToken) {
    let logged = Arc::new(Mutex::new(None));
    background.repeat(Every::new("audit head", HEAD_INTERVAL), shutdown, move || {
        let (pool, logged) = (pool.clone(), logged.clone());
        async move {
            let head = audit::head(&pool).await?;
            let mut logged = logged.lock().unwrap_or_else(PoisonError::into_inner);
            if logged.as_ref() != Some(&head) {
                tracing::info!(seq = head.count, hash = head.head, "the head of the record of who did what");
                *logged = Some(head);
            }
            Ok(())
        }
    });
}

fn sweep_sessions(background: &Background, pool: PgPool, shutdown: CancellationToken) {
    background.repeat(Every::new("session sweep", SWEEP), shutdown, move || {
        let pool = pool.clone();
        async move {
            let mut tx = store::begin(&pool).await?;
            session::delete_ended(&mut tx).await?;
            Ok(tx.commit().await?)
        }
    });
}
