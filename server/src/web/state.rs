//! What every handler can reach.

use crate::auth::{device::DeviceKey, password::Passwords, rate::Tries};
use crate::background::Background;
use crate::store::pools::Pools;
use crate::web::{health::Writable, host::Hosts, limits::Limits};
use app::port::Deck;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// What nimdeck can be asked.
    pub deck: Arc<dyn Deck>,
    /// The database, for pages.
    pub pool: PgPool,
    /// All its pools: metrics show them.
    pub pools: Pools,
    /// What the last look at the database came to.
    pub writable: Arc<Writable>,
    /// What goes on in the background: `/readyz` and metrics show it.
    pub background: Arc<Background>,
    /// Password hashing.
    pub passwords: Passwords,
    /// The brake on guessing.
    pub tries: Arc<Tries>,
    /// What knows the browsers that have signed in before.
    pub device_key: DeviceKey,
    /// How much may be used at a time.
    pub limits: Arc<Limits>,
    /// The names this server answers to.
    pub hosts: Arc<Hosts>,
    /// How pages are rendered.
    pub leptos: LeptosOptions,
    /// Mark cookies `Secure` and tell browsers to stay on https.
    pub secure: bool,
    /// The address people use, where a proxy stands before the server.
    pub public_url: Option<Arc<str>>,
    /// Cancelled when the server shuts down: open streams end.
    pub shutdown: CancellationToken,
    /// When the server started.
    pub started: Instant,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
