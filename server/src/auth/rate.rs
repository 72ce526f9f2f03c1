//! A brake on guessing passwords: so many tries for one name from one address, so many from one address.
//!
//! Counted by name and address together, so that nobody can lock a colleague out by guessing badly in their name. In memory
//! and bounded: a restart forgives, which costs an attacker more than it gives them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(300);
const TRIES_FOR_NAME: u32 = 10;
const TRIES_FROM_ADDRESS: u32 = 100;
const MOST_KEYS: usize = 10_000;

/// What is counted: a name from an address, or, without a name, the address.
type Key = (Option<String>, IpAddr);

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Instant,
    tries: u32,
}

/// The counts.
#[derive(Debug, Default)]
pub struct Tries(Mutex<HashMap<Key, Count>>);

impl Tries {
    /// Counts a try before it is made.
    ///
    /// # Errors
    /// Too many: the time to wait.
    pub fn admit(&self, username: &str, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() + 2 > MOST_KEYS {
            counts.retain(|_, count| now.duration_since(count.since) < WINDOW);
            // Still full: somebody makes up names. Forget their names, not the counts of addresses.
            if counts.len() + 2 > MOST_KEYS {
                counts.retain(|(name, _), _| name.is_none());
            }
            if counts.len() + 2 > MOST_KEYS {
                counts.clear();
            }
        }
        for (key, most) in [((None, from), TRIES_FROM_ADDRESS), ((Some(username.to_owned()), from), TRIES_FOR_NAME)] {
            let count = counts.entry(key).or_insert(Count { since: now, tries: 0 });
            if now.duration_since(count.since) >= WINDOW {
                *count = Count { since: now, tries: 0 };
            }
            if count.tries >= most {
                return Err(WINDOW.saturating_sub(now.duration_since(count.since)));
            }
            count.tries += 1;
        }
        Ok(())
    }

    /// Forgets the tries for a name from an address: they were its owner's.
    pub fn forgive(&self, username: &str, from: IpAddr) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(&(Some(username.to_owned()), from));
        if let Some(count) = counts.get_mut(&(None, from)) {
            count.tries = count.tries.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn the_eleventh_try_waits_and_only_that_name_from_there() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..TRIES_FOR_NAME {
            tries.admit("jane", HERE, now).unwrap();
        }
        assert_eq!(tries.admit("jane", HERE, now).unwrap_err(), WINDOW);
        tries.admit("jane", THERE, now).unwrap();
        tries.admit("joe", HERE, now).unwrap();
        tries.admit("jane", HERE, now + WINDOW).unwrap();
    }

    #[test]
    fn many_names_from_one_address_wait_too() {
        let (tries, now) = (Tries::default(), Instant::now());
        for n in 0..TRIES_FROM_ADDRESS {
            tries.admit(&format!("user{n}"), HERE, now).unwrap();
        }
        assert!(tries.admit("another", HERE, now).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let (tries, now) = (Tries::default(), Instant::now());
        for n in 0..u32::try_from(MOST_KEYS).unwrap() {
            let _ = tries.admit("x", IpAddr::from(n.to_be_bytes()), now);
        }
        assert!(tries.0.lock().unwrap().len() <= MOST_KEYS);
    }

    #[test]
    fn a_success_forgives() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..3 * TRIES_FROM_ADDRESS {
            tries.admit("jane", HERE, now).unwrap();
            tries.forgive("jane", HERE);
        }
    }
}
