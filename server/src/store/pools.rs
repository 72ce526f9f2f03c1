//! The database connections of one server, apart by whom they serve.
//!
//! Guaranteed: however many people read, follow logs or attack, the engine gets a connection at once, so no lease runs out for want of
//! one. With one pool for all, two thousand open streams made the engine lose its claims.

use sqlx::PgPool;

/// Claims, leases, logs of running migrations. The most, because a migration must never wait for a page.
const ENGINE: u32 = 12;
/// What streams and raw logs read. One reads a growing log for all its viewers, but each that comes back reads for itself, and a viewer
/// that is cut off meanwhile takes its connection with it: with 4, browsers on a bad line came back too late.
const VIEWERS: u32 = 12;

/// A pool for each kind of work. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pools {
    /// For the engine, and for nothing that a person asks for.
    pub engine: PgPool,
    /// For pages, REST and sign-in.
    pub pages: PgPool,
    /// For streams and raw logs.
    pub viewers: PgPool,
}

impl Pools {
    /// Takes the given pool for pages, and opens the others to the same database. They connect when they are first used.
    #[must_use]
    pub fn beside(pages: PgPool) -> Self {
        let pool = |connections| super::pool((*pages.connect_options()).clone(), connections);
        Self { engine: pool(ENGINE), viewers: pool(VIEWERS), pages }
    }

    /// Each with its name, as metrics call it.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &PgPool); 3] {
        [("engine", &self.engine), ("pages", &self.pages), ("viewers", &self.viewers)]
    }

    /// Closes all.
    pub async fn close(&self) {
        for (_, pool) in self.named() {
            pool.close().await;
        }
    }
}
