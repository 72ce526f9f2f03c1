//! Places that are counted by key: so many for each source, user or master, so many for all of them together.
//!
//! A request that finds no place waits a short time in a queue with an end. Both counts matter: without the one by key,
//! one client could take every place; without the other, many clients could. Keys that nobody uses are forgotten, so
//! memory follows use.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Requests that may wait for the common places, as a multiple of these.
const QUEUE_OF_ALL: usize = 32;

/// The places. Clones share them.
#[derive(Debug)]
pub struct Places<K>(Arc<Inner<K>>);

#[derive(Debug)]
struct Inner<K> {
    each: usize,
    queue: usize,
    /// Those who hold a place or wait, at most.
    most: usize,
    all: Arc<Semaphore>,
    used: Mutex<Used<K>>,
}

#[derive(Debug)]
struct Used<K> {
    keys: HashMap<K, Key>,
    total: usize,
}

/// What one key uses.
#[derive(Debug)]
struct Key {
    places: Arc<Semaphore>,
    /// Those who hold a place or wait for one.
    users: usize,
}

/// A place. Dropping it gives it back.
#[derive(Debug)]
pub struct Place<K: Hash + Eq + Clone> {
    _own: OwnedSemaphorePermit,
    _common: OwnedSemaphorePermit,
    _user: User<K>,
}

/// Somebody who holds a place or waits for one.
#[derive(Debug)]
struct User<K: Hash + Eq + Clone> {
    inner: Arc<Inner<K>>,
    key: K,
    places: Arc<Semaphore>,
}

impl<K> Clone for Places<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Hash + Eq + Clone> Places<K> {
    /// `each` places for a key, before them a queue of `queue`, and `all` places in all.
    #[must_use]
    pub fn new(each: usize, queue: usize, all: usize) -> Self {
        let all = all.min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            each,
            queue,
            most: all.saturating_mul(QUEUE_OF_ALL),
            all: Arc::new(Semaphore::new(all)),
            used: Mutex::new(Used { keys: HashMap::new(), total: 0 }),
        }))
    }

    /// Waits for a place, `patience` at most; none where there is none by then, or where the queue is full. Cancel-safe.
    pub async fn take(&self, key: K, patience: Duration) -> Option<Place<K>> {
        let user = self.join(key, self.0.queue)?;
        let wait = async {
            let own = user.places.clone().acquire_owned().await.ok()?;
            let common = self.0.all.clone().acquire_owned().await.ok()?;
            Some((own, common))
        };
        let (own, common) = timeout(patience, wait).await.ok()??;
        Some(Place { _own: own, _common: common, _user: user })
    }

    /// A place at once, or none.
    #[must_use]
    pub fn try_take(&self, key: K) -> Option<Place<K>> {
        let user = self.join(key, 0)?;
        let own = user.places.clone().try_acquire_owned().ok()?;
        let common = self.0.all.clone().try_acquire_owned().ok()?;
        Some(Place { _own: own, _common: common, _user: user })
    }

    fn join(&self, key: K, queue: usize) -> Option<User<K>> {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.total >= self.0.most {
            return None;
        }
        let each = self.0.each;
        let entry = used
            .keys
            .entry(key.clone())
            .or_insert_with(|| Key { places: Arc::new(Semaphore::new(each.min(Semaphore::MAX_PERMITS))), users: 0 });
        if entry.users >= each.saturating_add(queue) {
            return None;
        }
        entry.users += 1;
        let places = entry.places.clone();
        used.total += 1;
        Some(User { inner: self.0.clone(), key, places })
    }

    /// Those of a key who hold a place or wait for one.
    #[cfg(test)]
    pub(crate) fn users(&self, key: &K) -> usize {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).keys.get(key).map_or(0, |key| key.users)
    }

    /// Keys in use.
    #[cfg(test)]
    fn keys(&self) -> usize {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).keys.len()
    }
}

impl<K: Hash + Eq + Clone> Drop for User<K> {
    fn drop(&mut self) {
        let mut used = self.inner.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.total -= 1;
        if let Some(entry) = used.keys.get_mut(&self.key) {
            entry.users -= 1;
            if entry.users == 0 {
                used.keys.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn each_key_has_its_places_and_all_have_theirs() {
        let places = Places::new(2, 0, 3);
        let one = places.try_take("a").unwrap();
        let _two = places.try_take("a").unwrap();
        assert!(places.try_take("a").is_none(), "a third for one key");
        let _three = places.try_take("b").unwrap();
        assert!(places.try_take("c").is_none(), "a fourth in all");
        drop(one);
        assert!(places.try_take("c").is_some());
    }

    #[tokio::test]
    async fn the_queue_has_an_end_and_patience_too() {
        let places = Places::new(1, 1, 8);
        let held = places.take("a", PATIENCE).await.unwrap();
        let waits = tokio::spawn({
            let places = places.clone();
            async move { places.take("a", PATIENCE).await.is_some() }
        });
        while places.0.used.lock().unwrap().total < 2 {
            tokio::task::yield_now().await;
        }
        assert!(places.take("a", PATIENCE).await.is_none(), "the queue is full");
        drop(held);
        assert!(waits.await.unwrap());
        let _held = places.take("a", PATIENCE).await.unwrap();
        assert!(places.take("a", Duration::ZERO).await.is_none(), "nobody gives a place back in time");
    }

    #[tokio::test]
    async fn a_key_that_nobody_uses_is_forgotten() {
        let places = Places::new(1, 1, 8);
        let held = places.take(1, PATIENCE).await.unwrap();
        let mut waits = Box::pin(places.take(1, PATIENCE));
        assert!(futures::poll!(&mut waits).is_pending());
        drop(waits);
        assert_eq!(places.keys(), 1);
        drop(held);
        assert_eq!(places.keys(), 0);
    }
}
