//! Work that is begun on demand, one task a key.
//!
//! Guaranteed: a key has one task at most, and a panic of a task ends that task alone. So what is done for one master can hang without
//! anything being late for another. A pass that did the work itself would be as slow as the slowest of all.

use super::{
    caught,
    task::{Failure, Task},
};
use std::{
    collections::HashSet,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

/// Tasks by key.
#[derive(Debug, Clone)]
pub struct Workers<K> {
    task: Arc<Task>,
    most: usize,
    busy: Arc<Mutex<HashSet<K>>>,
    running: TaskTracker,
    stop: CancellationToken,
}

/// The key of a task that goes on, however it ends.
struct Busy<K: Eq + Hash> {
    key: K,
    busy: Arc<Mutex<HashSet<K>>>,
}

impl<K: Eq + Hash> Drop for Busy<K> {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Workers<K> {
    /// At most so many at once, under this name; `stop` drops them where they are.
    #[must_use]
    pub fn new(name: &'static str, most: usize, stop: CancellationToken) -> Self {
        let task = Arc::new(Task::on_demand(name));
        Self { task, most, busy: Arc::default(), running: TaskTracker::new(), stop }
    }

    /// Begins the work of a key. False where the key has work already, or no more may be begun now.
    pub fn start(&self, key: K, work: impl Future<Output = Result<(), Failure>> + Send + 'static) -> bool {
        {
            let mut busy = self.lock();
            if self.stop.is_cancelled() || busy.len() >= self.most || !busy.insert(key.clone()) {
                return false;
            }
        }
        let busy = Busy { key, busy: self.busy.clone() };
        let (task, stop) = (self.task.clone(), self.stop.clone());
        let work = async move {
            let _busy = busy;
            match stop.run_until_cancelled(caught(work)).await {
                None => {}
                Some(Ok(Ok(()))) => task.succeeded(),
                Some(Ok(Err(why))) => task.failed(&*why),
                Some(Err(message)) => task.panicked(&message),
            }
        };
        self.running.spawn(work.in_current_span());
        true
    }

    /// The keys that have work now.
    #[must_use]
    pub fn busy(&self) -> Vec<K> {
        self.lock().iter().cloned().collect()
    }

    /// What is counted of them.
    #[must_use]
    pub fn task(&self) -> Arc<Task> {
        self.task.clone()
    }

    /// Waits for the end of all, once their stop was called.
    pub async fn wait(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<K>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
