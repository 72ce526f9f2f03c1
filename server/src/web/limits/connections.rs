//! How many connections there are, and which of them is closed when there are too many.
//!
//! A connection on which no request runs waits: for the rest of a head, or for the next request. Anybody can open such
//! connections by the thousand and say nothing. So they are counted apart, and when there are too many the one that has waited
//! longest is closed, not the newest: a real client sends its head at once and is never the one that has waited longest. Those on
//! which a request runs, or a stream is open, are never closed for others; beyond their cap new connections are refused.
//!
//! The caps stay below the number of descriptors of the process, so that its database, its SSH connections and its files
//! always get one.

use super::{Source, TrustedProxies};
use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Connections that wait, at most.
const MOST_WAITING: usize = 4096;
/// Those of one source.
const MOST_WAITING_OF_SOURCE: usize = 1024;

/// How many connections there may be.
#[derive(Debug, Clone)]
pub struct Caps {
    /// In all.
    pub all: usize,
    /// From one source. A trusted proxy has no cap of its own: its connections are everybody's.
    pub of_source: usize,
    /// The proxies.
    pub trusted_proxies: TrustedProxies,
}

/// The connections of this server.
#[derive(Debug)]
pub struct Connections {
    caps: Caps,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    all: usize,
    waiting: usize,
    /// The number of the connection that began to wait last.
    last: u64,
    sources: HashMap<Source, OfSource>,
}

#[derive(Debug, Default)]
struct OfSource {
    all: usize,
    /// Those that wait, the one that waits longest first.
    waiting: BTreeMap<u64, CancellationToken>,
}

/// A connection, as long as it is open.
#[derive(Debug)]
pub struct Connection {
    connections: Arc<Connections>,
    source: Source,
    closed: CancellationToken,
    /// Its number among those that wait.
    waiting: Mutex<Option<u64>>,
}

impl Connections {
    /// None yet.
    #[must_use]
    pub fn new(caps: Caps) -> Arc<Self> {
        Arc::new(Self { caps, state: Mutex::default() })
    }

    /// Lets a connection in, which begins to wait for its first head. Closes another one where that is needed; none where there is
    /// none to close.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Arc<Connection>> {
        let source = Source::from(peer);
        let mut state = self.lock();
        if !self.caps.trusted_proxies.trust(peer) {
            let of_source = state.sources.entry(source).or_default();
            let full = of_source.all >= self.caps.of_source;
            let crowded = full || of_source.waiting.len() >= MOST_WAITING_OF_SOURCE;
            let closed = crowded && state.close_oldest(source);
            if full && !closed {
                return None;
            }
        }
        let full = state.all >= self.caps.all;
        let crowded = full || state.waiting >= MOST_WAITING;
        let closed = crowded && state.close_one();
        if full && !closed {
            state.forget_if_unused(source);
            return None;
        }
        let closed = CancellationToken::new();
        let number = state.wait(source, closed.clone());
        state.all += 1;
        state.sources.entry(source).or_default().all += 1;
        drop(state);
        Some(Arc::new(Connection { connections: self.clone(), source, closed, waiting: Mutex::new(Some(number)) }))
    }

    /// Closes so many of those that wait: there are no descriptors left.
    pub fn make_room(&self, count: usize) {
        let mut state = self.lock();
        for _ in 0..count {
            if !state.close_one() {
                return;
            }
        }
    }

    /// Connections, and how many of them wait.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let state = self.lock();
        (state.all, state.waiting)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, source: Source, closed: CancellationToken) -> u64 {
        self.last += 1;
        self.waiting += 1;
        self.sources.entry(source).or_default().waiting.insert(self.last, closed);
        self.last
    }

    /// Closes the connection of this source that has waited longest.
    fn close_oldest(&mut self, source: Source) -> bool {
        let oldest = self.sources.get_mut(&source).and_then(|of_source| of_source.waiting.pop_first());
        let Some((_, closed)) = oldest else { return false };
        closed.cancel();
        self.waiting -= 1;
        true
    }

    /// Closes the connection that has waited longest of the source that has most of them.
    fn close_one(&mut self) -> bool {
        let most = self.sources.iter().max_by_key(|(_, of_source)| of_source.waiting.len());
        most.map(|(source, _)| *source).is_some_and(|source| self.close_oldest(source))
    }

    fn forget_if_unused(&mut self, source: Source) {
        if self.sources.get(&source).is_some_and(|of_source| of_source.all == 0) {
            self.sources.remove(&source);
        }
    }
}

impl Connection {
    /// A request runs on it.
    pub fn works(&self) {
        let mut own = self.own();
        if let Some(number) = own.take() {
            let mut state = self.connections.lock();
            let of_source = state.sources.get_mut(&self.source);
            if of_source.and_then(|of_source| of_source.waiting.remove(&number)).is_some() {
                state.waiting -= 1;
            }
        }
    }

    /// It waits for the next request.
    pub fn waits(&self) {
        let mut own = self.own();
        if own.is_none() && !self.closed.is_cancelled() {
            *own = Some(self.connections.lock().wait(self.source, self.closed.clone()));
        }
    }

    /// Comes back when it is to be closed.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }

    fn own(&self) -> MutexGuard<'_, Option<u64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.works();
        let mut state = self.connections.lock();
        state.all -= 1;
        if let Some(of_source) = state.sources.get_mut(&self.source) {
            of_source.all -= 1;
        }
        state.forget_if_unused(self.source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(n))
    }

    fn caps(all: usize, of_source: usize) -> Caps {
        Caps { all, of_source, trusted_proxies: TrustedProxies::default() }
    }

    fn is_closed(connection: &Connection) -> bool {
        connection.closed.is_cancelled()
    }

    #[test]
    fn h1_the_one_that_has_waited_longest_is_closed() {
        let connections = Connections::new(caps(10, 3));
        let mut held: Vec<_> = (0..3).map(|_| connections.admit(address(1)).unwrap()).collect();
        held[0].works();
        held.push(connections.admit(address(1)).unwrap());
        assert_eq!(held.iter().map(|one| is_closed(one)).collect::<Vec<_>>(), [false, true, false, false]);
        // The first one has answered: now it has waited for the shortest time.
        held[0].waits();
        held.push(connections.admit(address(1)).unwrap());
        assert!(is_closed(&held[2]) && !is_closed(&held[0]));
        assert!(!is_closed(&connections.admit(address(2)).unwrap()), "another source is not concerned");
        drop(held);
        assert_eq!(connections.count(), (0, 0));
        assert!(connections.lock().sources.is_empty());
    }

    #[test]
    fn those_that_work_are_never_closed_for_others() {
        let connections = Connections::new(caps(4, 2));
        let held: Vec<_> = (0..4).map(|n| connections.admit(address(1 + n / 2)).unwrap()).collect();
        held.iter().for_each(|one| one.works());
        assert!(connections.admit(address(1)).is_none(), "one source");
        assert!(connections.admit(address(9)).is_none(), "all");
        assert!(!held.iter().any(|one| is_closed(one)));
        held[0].waits();
        assert!(connections.admit(address(9)).is_some());
        assert!(is_closed(&held[0]));
    }

    #[test]
    fn h1_a_crowd_that_says_nothing_is_cut_back_where_it_is_largest() {
        let connections = Connections::new(caps(100_000, 100_000));
        let quiet = connections.admit(address(1)).unwrap();
        let crowd: Vec<_> = (0..2 * MOST_WAITING).map(|_| connections.admit(address(2)).unwrap()).collect();
        assert!(!is_closed(&quiet));
        assert_eq!(crowd.iter().filter(|one| !is_closed(one)).count(), MOST_WAITING_OF_SOURCE);
        let many: Vec<_> =
            (0..2 * MOST_WAITING).map(|n| connections.admit(address(10 + n as u32 / 400)).unwrap()).collect();
        assert!(!is_closed(&quiet));
        assert!(connections.count().1 <= MOST_WAITING);
        drop((crowd, many));
        assert_eq!(connections.count(), (1, 1));
    }

    #[test]
    fn a_trusted_proxy_has_no_cap_of_its_own() {
        let trusted_proxies = TrustedProxies::read(["0.0.0.1"]).unwrap();
        let connections = Connections::new(Caps { trusted_proxies, ..caps(10, 1) });
        let held: Vec<_> = (0..5).map(|_| connections.admit(address(1)).unwrap()).collect();
        assert!(!held.iter().any(|one| is_closed(one)));
    }
}
