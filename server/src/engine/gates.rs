//! Limits the connections to each master: so many at once, and so many waiting.
//!
//! Guaranteed: a place is taken before the socket opens and given back when it has closed. A request that is dropped still counts while
//! russh closes its connection to a frozen host. If the place went back with the request, a client that asks and hangs up could open any
//! number of connections.
//!
//! People, imports, the engine's own looks and the workers of migrations have places of their own. Two hundred people who list logs do not
//! keep a worker from its migration, and fifty workers do not keep a person from a page. A worker keeps its connection for hours, so
//! workers are limited in how many connect at the same time. How many are connected follows from the migrations the master may run.

use crate::places::{self, Places};
use std::time::Duration;
use uuid::Uuid;

/// Connections for people, per master and server.
const PEOPLE: usize = 8;
/// People who may wait for one of them.
const PEOPLE_WAITING: usize = 24;
/// Connections for imports, which may take an hour.
const IMPORTS: usize = 2;
/// Imports that may wait for one of them.
const IMPORTS_WAITING: usize = 8;
/// Connections for pre-flights of campaigns, looks and refreshes.
const ENGINE: usize = 6;
/// Workers that connect at the same time. sshd drops connections when more than ten have not signed in (MaxStartups).
const WORKERS_CONNECTING: usize = 6;

/// The use of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A person's request.
    Request,
    /// A person's import of many logs.
    Import,
    /// A pre-flight of a campaign, a look at a host, a refresh.
    Look,
    /// A worker of a migration.
    Worker,
}

impl Purpose {
    /// How long a connection may be used.
    #[must_use]
    pub fn longest(self) -> Option<Duration> {
        match self {
            Self::Request => Some(Duration::from_secs(180)),
            Self::Import => Some(Duration::from_secs(3600)),
            Self::Look => Some(Duration::from_secs(900)),
            Self::Worker => None,
        }
    }

    /// The longest wait for a place.
    fn patience(self) -> Duration {
        match self {
            Self::Request | Self::Import => Duration::from_secs(10),
            Self::Look => Duration::from_secs(60),
            Self::Worker => Duration::from_secs(300),
        }
    }
}

/// A place, given back when this is dropped.
pub type Place = places::Place<Uuid>;

/// No place was free in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// The gates of all masters: the places of each use, by master. Clones share them.
#[derive(Debug, Clone)]
pub struct Gates {
    people: Places<Uuid>,
    imports: Places<Uuid>,
    engine: Places<Uuid>,
    workers: Places<Uuid>,
}

impl Default for Gates {
    fn default() -> Self {
        // Masters share nothing, so there is no limit for all of them together.
        let places = |each, waiting| Places::new(each, waiting, usize::MAX);
        Self {
            people: places(PEOPLE, PEOPLE_WAITING),
            imports: places(IMPORTS, IMPORTS_WAITING),
            // The engine limits itself: few tasks a master.
            engine: places(ENGINE, usize::MAX),
            workers: places(WORKERS_CONNECTING, usize::MAX),
        }
    }
}

impl Gates {
    /// Waits for a place at a master, first come, first served. Cancel-safe.
    ///
    /// # Errors
    /// [`Full`] where too many wait already, or none was free in time.
    pub async fn enter(&self, master: Uuid, purpose: Purpose) -> Result<Place, Full> {
        let places = match purpose {
            Purpose::Request => &self.people,
            Purpose::Import => &self.imports,
            Purpose::Look => &self.engine,
            Purpose::Worker => &self.workers,
        };
        places.take(master, purpose.patience()).await.ok_or(Full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    const MASTER: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[tokio::test]
    async fn m10_people_share_eight_places_and_the_queue_has_an_end() {
        let gates = Gates::default();
        let mut held = Vec::new();
        for _ in 0..PEOPLE {
            held.push(gates.enter(MASTER, Purpose::Request).await.unwrap());
        }
        let waiting: Vec<_> = (0..PEOPLE_WAITING)
            .map(|_| {
                let gates = gates.clone();
                tokio::spawn(async move { gates.enter(MASTER, Purpose::Request).await.is_ok() })
            })
            .collect();
        while gates.people.users(&MASTER) < PEOPLE + PEOPLE_WAITING {
            tokio::task::yield_now().await;
        }
        let refused = gates.enter(MASTER, Purpose::Request).now_or_never();
        assert_eq!(refused.map(|entered| entered.err()), Some(Some(Full)), "a full queue refuses at once");
        for purpose in [Purpose::Import, Purpose::Look, Purpose::Worker] {
            assert!(gates.enter(MASTER, purpose).await.is_ok());
        }
        assert!(gates.enter(OTHER, Purpose::Request).await.is_ok());
        drop(held.pop());
        let mut let_in = 0;
        for wait in waiting {
            let_in += usize::from(wait.await.unwrap());
        }
        assert_eq!(let_in, PEOPLE_WAITING, "one after the other, through the one place");
        drop(held);
        assert!(gates.enter(MASTER, Purpose::Request).await.is_ok());
    }

    #[tokio::test]
    async fn a_request_that_stops_waiting_leaves_the_queue() {
        let gates = Gates::default();
        let mut held = Vec::new();
        for _ in 0..PEOPLE {
            held.push(gates.enter(MASTER, Purpose::Request).await.unwrap());
        }
        for _ in 0..PEOPLE_WAITING * 2 {
            let wait = gates.enter(MASTER, Purpose::Request);
            assert!(wait.now_or_never().is_none(), "it waits");
        }
        assert_eq!(gates.people.users(&MASTER), PEOPLE);
    }
}
