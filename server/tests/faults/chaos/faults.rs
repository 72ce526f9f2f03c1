//! What fails. Three lanes, each one fault after the other: servers, the database, the network with the master's clock. Faults of
//! different lanes overlap as they like.

use super::{Told, pass};
use crate::cluster::Postgres;
use crate::fleet::Node;
use crate::proxy::Proxy;
use crate::support::kill;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Milliseconds after which a frozen server's lease has certainly run out.
const LEASE_IS_OVER: u64 = 7_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    ServerKilled,
    /// Longer than its lease: for the server, a jump of its monotonic clock.
    ServerFrozen,
    ServerUpgraded,
    /// The server that is meant loses its way to the database, the others do not.
    ServerCutOff,
    ServerUnheard,
    DatabaseCrashed,
    DatabaseFailedOver,
    DatabaseCut,
    DatabaseFrozen,
    NetworkCut,
    NetworkFrozen,
    NetworkDrops,
    ClockAhead,
    ClockBehind,
}

/// The faults of one lane, as its seed has them.
pub(super) struct Lane<'a> {
    random: StdRng,
    left: usize,
    told: &'a Told,
}

impl<'a> Lane<'a> {
    pub(super) fn new(seed: u64, number: u64, faults: usize, told: &'a Told) -> Self {
        Self { random: StdRng::seed_from_u64(seed.wrapping_mul(8).wrapping_add(number)), left: faults, told }
    }

    /// Waits a while; then the next fault, how long it lasts, and a number that says which server is meant.
    async fn next(&mut self, faults: &[Fault]) -> Option<(Fault, Duration, usize)> {
        self.left = self.left.checked_sub(1)?;
        pass(Duration::from_millis(self.random.random_range(0..2500))).await;
        let fault = *faults.choose(&mut self.random).unwrap();
        let lasts = match fault {
            Fault::ServerFrozen => LEASE_IS_OVER + self.random.random_range(0..3000),
            Fault::ServerUnheard | Fault::DatabaseFrozen | Fault::NetworkFrozen => self.random.random_range(500..9000),
            Fault::NetworkDrops => self.random.random_range(4000..8000),
            _ => self.random.random_range(0..4000),
        };
        let which = self.random.random_range(0..1000);
        self.told.injected.update(|injected| injected + 1);
        *self.told.faults.borrow_mut().entry(fault).or_default() += 1;
        Some((fault, Duration::from_millis(lasts), which))
    }
}

pub(super) struct Servers<'a> {
    pub(super) nodes: &'a mut Vec<Node>,
    pub(super) options: &'a [String],
    pub(super) lab: &'a Path,
}

impl Servers<'_> {
    pub(super) async fn suffer(&mut self, mut lane: Lane<'_>) {
        let all = [Fault::ServerKilled, Fault::ServerFrozen, Fault::ServerUpgraded];
        while let Some((fault, lasts, which)) = lane.next(&all).await {
            let count = self.nodes.len();
            let node = &mut self.nodes[which % count];
            match fault {
                Fault::ServerKilled => {
                    node.kill().await;
                    pass(lasts).await;
                }
                Fault::ServerUpgraded => node.stop().await,
                _ => {
                    kill("-STOP", node.pid());
                    pass(lasts).await;
                    kill("-CONT", node.pid());
                    continue;
                }
            }
            // One that meets a database that is down may give up, and whatever watches over it starts it again.
            while !node.start_again(self.options, self.lab).await {}
        }
    }
}

pub(super) struct Database<'a> {
    pub(super) primary: &'a mut Arc<Postgres>,
    pub(super) replica: Arc<Postgres>,
    /// One a server.
    pub(super) ways: &'a [Proxy],
}

impl Database<'_> {
    pub(super) async fn suffer(&mut self, mut lane: Lane<'_>) {
        let all = [
            Fault::ServerCutOff,
            Fault::ServerUnheard,
            Fault::DatabaseCrashed,
            Fault::DatabaseFailedOver,
            Fault::DatabaseCut,
            Fault::DatabaseFrozen,
        ];
        while let Some((fault, lasts, which)) = lane.next(&all).await {
            let one = &self.ways[which % self.ways.len()];
            match fault {
                Fault::ServerCutOff => one.cut(),
                Fault::ServerUnheard => one.freeze(),
                Fault::DatabaseCut => self.ways.iter().for_each(Proxy::cut),
                Fault::DatabaseFrozen => self.ways.iter().for_each(Proxy::freeze),
                Fault::DatabaseCrashed => {
                    self.primary.crash().await;
                    pass(lasts).await;
                    let primary = self.primary.clone();
                    aside(async move {
                        primary.start();
                        primary.is_followed().await;
                    })
                    .await;
                    continue;
                }
                _ => {
                    self.fail_over(lasts).await;
                    continue;
                }
            }
            pass(lasts).await;
            self.ways.iter().for_each(Proxy::mend);
        }
    }

    /// The primary is gone for good, its replica takes its place and gets a replica of its own.
    async fn fail_over(&mut self, lasts: Duration) {
        self.primary.crash().await;
        pass(lasts).await;
        let replica = self.replica.clone();
        aside(async move { replica.promote() }).await;
        *self.primary = self.replica.clone();
        self.ways.iter().for_each(|way| way.lead_to(self.primary.address()));
        let primary = self.primary.clone();
        self.replica = aside(async move { Postgres::replica_of(&primary).await }).await.into();
    }
}

/// Does what blocks beside the other lanes.
async fn aside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(work).await.unwrap()
}

pub(super) struct Network<'a> {
    pub(super) way: &'a Proxy,
    pub(super) lab: &'a Path,
}

impl Network<'_> {
    pub(super) async fn suffer(&self, mut lane: Lane<'_>) {
        let all = [
            Fault::NetworkCut,
            Fault::NetworkCut,
            Fault::NetworkFrozen,
            Fault::NetworkFrozen,
            Fault::NetworkDrops,
            Fault::ClockAhead,
            Fault::ClockBehind,
        ];
        let master = |scenario| lab::scenario::set(self.lab, "nim1", scenario).unwrap();
        while let Some((fault, lasts, _)) = lane.next(&all).await {
            match fault {
                Fault::NetworkCut => self.way.cut(),
                Fault::NetworkFrozen => self.way.freeze(),
                Fault::NetworkDrops => master("ssh-drops"),
                Fault::ClockAhead => master("clock-ahead"),
                _ => master("clock-behind"),
            }
            pass(lasts).await;
            self.way.mend();
            master("healthy");
        }
    }
}
