//! Whose password is hashed next.
//!
//! A hash is costly on purpose, so only a few are made at a time, and everybody else waits. Four hundred bad tries in one
//! queue would keep a real user waiting for minutes. So there are three queues, by [`Standing`]; within each, sources take
//! turns; and each queue ends where its last place would wait longer than its [`LONGEST`]. In a queue that is full, the source with
//! most places gives its last one to a source with fewer. A try without a place is refused at once, before the database is
//! asked anything.
//!
//! A [`Turn`] is shared by the request and by the hash on its blocking thread: a client that hangs up does not make room for
//! another hash while its own still runs.

use super::rate::Standing;
use crate::web::limits::Source;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The longest wait that is begun, by [`Standing`].
const LONGEST: [Duration; 3] = [Duration::from_secs(10), Duration::from_secs(5), Duration::from_secs(2)];
/// When somebody who found no place should try again, at most.
const AGAIN: Duration = Duration::from_secs(2);
/// Places of a queue that are always given, however slow the machine is.
const LEAST_PLACES: usize = 4;
/// Places of a queue at most.
const MOST_PLACES: usize = 128;
/// Places for one source, and for one account from it.
const FOR_SOURCE: usize = 32;
const FOR_ACCOUNT: usize = 16;
/// So often the turn is that of the last queue where somebody waits: the first must not starve it.
const LAST_FIRST: u64 = 4;
/// What a turn is thought to take before one was measured.
const FIRST_GUESS: Duration = Duration::from_millis(100);

/// The turns. Clones share them.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    at_once: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    running: usize,
    /// By standing.
    queues: [Queue; 3],
    given: u64,
    /// What a turn took lately.
    takes: Duration,
}

#[derive(Debug, Default)]
struct Queue {
    /// Sources with somebody waiting, in the order of their turns.
    order: VecDeque<Source>,
    waiting: HashMap<Source, VecDeque<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    account: u64,
    turn: oneshot::Sender<Turn>,
}

/// Leave to hash one password. The next one gets it when this is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Arc<Inner>,
    begun: Instant,
}

/// There is no place in the queue; how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub struct Busy(pub Duration);

impl Turns {
    /// So many at a time.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        let state = State { running: 0, queues: Default::default(), given: 0, takes: FIRST_GUESS };
        Self(Arc::new(Inner { at_once, state: Mutex::new(state) }))
    }

    /// Waits for a turn. Cancel-safe.
    ///
    /// # Errors
    /// There is no place in the queue.
    pub async fn take(&self, standing: Standing, source: Source, account: u64) -> Result<Turn, Busy> {
        let wait = {
            let mut state = self.0.lock();
            if state.running < self.0.at_once {
                state.running += 1;
                return Ok(Turn { turns: self.0.clone(), begun: Instant::now() });
            }
            state.join(self.0.at_once, standing, source, account)?
        };
        // The sender is dropped where the place was given to another source.
        wait.await.map_err(|_| Busy(AGAIN))
    }
}

impl State {
    fn join(
        &mut self,
        at_once: usize,
        standing: Standing,
        source: Source,
        account: u64,
    ) -> Result<oneshot::Receiver<Turn>, Busy> {
        let (queue, longest) = (standing as usize, LONGEST[standing as usize]);
        let ahead: usize = self.queues[..=queue].iter().map(Queue::len).sum();
        let rounds = u32::try_from(ahead / at_once + 1).unwrap_or(u32::MAX);
        let wait = self.takes.saturating_mul(rounds);
        let queue = &mut self.queues[queue];
        let len = queue.len();
        let own = queue.waiting.entry(source).or_default();
        own.retain(|waiting| !waiting.turn.is_closed());
        let places = own.len();
        let too_many =
            places >= FOR_SOURCE || own.iter().filter(|waiting| waiting.account == account).count() >= FOR_ACCOUNT;
        let full = len >= MOST_PLACES || (len >= LEAST_PLACES && wait > longest);
        if too_many || (full && !queue.shorten(places + 1)) {
            queue.waiting.retain(|_, waiting| !waiting.is_empty());
            return Err(Busy(wait.clamp(Duration::from_secs(1), AGAIN)));
        }
        let (turn, receiver) = oneshot::channel();
        queue.waiting.entry(source).or_default().push_back(Waiting { account, turn });
        if !queue.order.contains(&source) {
            queue.order.push_back(source);
        }
        Ok(receiver)
    }

    /// The next one that waits.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        self.given += 1;
        let last_first = self.given.is_multiple_of(LAST_FIRST);
        let next = if last_first {
            self.queues.iter_mut().rev().find_map(Queue::next)
        } else {
            self.queues.iter_mut().find_map(Queue::next)
        };
        next.map(|waiting| waiting.turn)
    }
}

impl Queue {
    fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// Takes the last place of the source that has most, if it has more than `than`: its owner is then refused.
    fn shorten(&mut self, than: usize) -> bool {
        let largest = self.waiting.values_mut().max_by_key(|waiting| waiting.len());
        largest.filter(|waiting| waiting.len() > than).and_then(VecDeque::pop_back).is_some()
    }

    /// The first of the source whose turn it is; the source goes to the end.
    fn next(&mut self) -> Option<Waiting> {
        while let Some(source) = self.order.pop_front() {
            let Some(own) = self.waiting.get_mut(&source) else { continue };
            let next = own.pop_front();
            if own.is_empty() {
                self.waiting.remove(&source);
            } else {
                self.order.push_back(source);
            }
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        // The mean of the last few.
        state.takes = (state.takes * 7 + self.begun.elapsed()) / 8;
        loop {
            let Some(next) = state.next() else {
                state.running -= 1;
                return;
            };
            if next.is_closed() {
                continue;
            }
            drop(state);
            // Where its receiver went meanwhile, the turn that comes back is dropped here, and gives itself to the next one.
            let _ = next.send(Turn { turns: self.turns.clone(), begun: Instant::now() });
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::task::JoinSet;

    fn source(n: u32) -> Source {
        IpAddr::V4(Ipv4Addr::from_bits(n)).into()
    }

    fn waiting(turns: &Turns) -> usize {
        turns.0.lock().queues.iter().map(Queue::len).sum()
    }

    async fn wait_for(turns: &Turns, count: usize) {
        while waiting(turns) < count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn m1_a_real_user_is_next_however_many_strangers_wait() {
        let turns = Turns::new(1);
        let first = turns.take(Standing::Calm, source(0), 0).await.unwrap();
        let mut strangers = JoinSet::new();
        for n in 0..400_u32 {
            let turns = turns.clone();
            strangers.spawn(async move {
                let turn = turns.take(Standing::Suspect, source(n), n.into()).await;
                // Held until the test has seen the known one's turn.
                if turn.is_ok() {
                    std::future::pending::<()>().await;
                }
            });
        }
        // Those that found no place were refused.
        while strangers.len() > waiting(&turns) {
            assert!(strangers.join_next().await.unwrap().is_ok());
        }
        assert!(waiting(&turns) <= MOST_PLACES);
        let known = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(Standing::Known, source(1000), 1000).await }
        });
        let before = waiting(&turns);
        wait_for(&turns, before + 1).await;
        drop(first);
        assert!(known.await.unwrap().is_ok());
        strangers.abort_all();
    }

    #[tokio::test]
    async fn sources_take_turns_and_one_account_takes_few_places() {
        let turns = Turns::new(1);
        let first = turns.take(Standing::Calm, source(0), 0).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for (n, from) in [1, 1, 1, 2, 3].into_iter().enumerate() {
            let (turns, order) = (turns.clone(), order.clone());
            tasks.spawn({
                let turns = turns.clone();
                async move {
                    let _turn = turns.take(Standing::Calm, source(from), 9).await.unwrap();
                    order.lock().unwrap().push(from);
                }
            });
            wait_for(&turns, n + 1).await;
        }
        drop(first);
        while tasks.join_next().await.is_some() {}
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 1, 1]);
        assert_eq!(turns.0.lock().running, 0);

        let _first = turns.take(Standing::Calm, source(0), 0).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..FOR_ACCOUNT {
            let mut wait = Box::pin(turns.take(Standing::Calm, source(1), 9));
            assert!(futures::poll!(&mut wait).is_pending());
            held.push(wait);
        }
        assert!(turns.take(Standing::Calm, source(1), 9).await.is_err(), "a fifth for one account");
        // Those that went away free their places.
        held.clear();
        let mut wait = Box::pin(turns.take(Standing::Calm, source(1), 9));
        assert!(futures::poll!(&mut wait).is_pending());
    }

    #[tokio::test]
    async fn m1_a_source_with_many_places_gives_one_to_a_source_with_none() {
        let turns = Turns::new(1);
        let first = turns.take(Standing::Calm, source(0), 0).await.unwrap();
        let mut crowd = Vec::new();
        for account in 0..2 * MOST_PLACES as u64 {
            let mut wait = Box::pin(turns.take(Standing::Calm, source(1 + account as u32 % 2), account));
            if futures::poll!(&mut wait).is_pending() {
                crowd.push(wait);
            }
        }
        let full = waiting(&turns);
        let mut other = Box::pin(turns.take(Standing::Calm, source(9), 1));
        assert!(futures::poll!(&mut other).is_pending(), "it has a place");
        assert_eq!(waiting(&turns), full, "it has the place of another");
        drop(crowd);
        drop(first);
        assert!(other.await.is_ok());
    }

    #[tokio::test]
    async fn a_turn_that_nobody_takes_goes_to_the_next() {
        let turns = Turns::new(1);
        let first = turns.take(Standing::Calm, source(0), 0).await.unwrap();
        let mut gone = Box::pin(turns.take(Standing::Calm, source(1), 1));
        assert!(futures::poll!(&mut gone).is_pending());
        let mut stays = Box::pin(turns.take(Standing::Calm, source(2), 2));
        assert!(futures::poll!(&mut stays).is_pending());
        drop(first);
        // Given to the first of them, which never looks.
        drop(gone);
        assert!(stays.await.is_ok());
        assert_eq!(turns.0.lock().running, 0);
    }
}
