//! The brake on guessing passwords: for an account from one source, for one source, for one account.
//!
//! * An account from one source: nobody can lock a colleague out from elsewhere by guessing badly in their name.
//! * One source: many names tried from one address.
//! * One account: many addresses that try one name. This brake alone would let an attacker lock the account's owner out. So it
//!   holds only sources from which that account has never signed in. A browser that has is known by its device cookie
//!   ([`super::device`]), every other client by its address.
//!
//! Each brake is a bucket that so many tries empty and that fills again steadily, so the wait is seconds and not the rest of a
//! window. A try that is refused empties nothing: waiting always ends. Names are kept as hashes: a name that was typed may be a
//! password, or a megabyte. Memory is bounded; a restart forgives, which costs an attacker more than it gives them.

use super::device::Device;
use crate::web::limits::Source;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For an account from one source.
const OWN: Rate = Rate { burst: 10, each: Duration::from_secs(30) };
/// For an account from where it has signed in before: several programs may sign in at the same moment.
const OF_KNOWN: Rate = Rate { burst: 30, each: Duration::from_secs(30) };
/// From one source, whatever the account.
const FROM_SOURCE: Rate = Rate { burst: 100, each: Duration::from_secs(3) };
/// For an account, from all sources together that it has never signed in from.
const FOR_ACCOUNT: Rate = Rate { burst: 60, each: Duration::from_secs(2) };
/// Keys a brake remembers at most.
const MOST_KEYS: usize = 10_000;

/// How many tries at once, and how long until there is one more.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: u32,
    each: Duration,
}

/// Who tries.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The account's name, normalised.
    pub name: &'a str,
    /// Where the try comes from.
    pub source: Source,
    /// The browser, where it has a cookie that says it has signed in as this account.
    pub device: Option<Device>,
}

/// How a try that may be made stands beside others that wait for their hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This account has signed in from here before.
    Known,
    /// Neither the source nor the account has failed lately.
    Calm,
    /// One of them has.
    Suspect,
}

/// A brake: for each key the moment when its bucket is full again.
#[derive(Debug, Default)]
struct Brake(HashMap<u64, Instant>);

#[derive(Debug, Default)]
struct Brakes {
    own: Brake,
    source: Brake,
    account: Brake,
    /// When an account last signed in from a source.
    known: HashMap<u64, Instant>,
}

/// The tries so far.
#[derive(Debug, Default)]
pub struct Tries {
    hasher: RandomState,
    brakes: Mutex<Brakes>,
}

impl Brake {
    /// How long until a try may be made; zero where it may be made now.
    fn wait(&self, key: u64, rate: Rate, now: Instant) -> Duration {
        let full = self.0.get(&key).map_or(Duration::ZERO, |full| full.saturating_duration_since(now));
        (full + rate.each).saturating_sub(rate.each * rate.burst)
    }

    fn count(&mut self, key: u64, rate: Rate, now: Instant) {
        if self.0.len() >= MOST_KEYS && !self.0.contains_key(&key) {
            self.shrink(now);
        }
        let full = self.0.entry(key).or_insert(now);
        *full = (*full).max(now) + rate.each;
    }

    /// Takes a try back.
    fn forgive(&mut self, key: u64, rate: Rate) {
        if let Some(full) = self.0.get_mut(&key) {
            *full = full.checked_sub(rate.each).unwrap_or(*full);
        }
    }

    /// Forgets the half that matters least: made-up names and addresses, tried once. Those that are hammered stay.
    fn shrink(&mut self, now: Instant) {
        self.0.retain(|_, full| *full > now);
        if self.0.len() >= MOST_KEYS {
            keep_latest(&mut self.0, MOST_KEYS / 2);
        }
    }

    fn is_calm(&self, key: u64, now: Instant) -> bool {
        self.0.get(&key).is_none_or(|full| *full <= now)
    }
}

/// Keeps `most` entries: those with the latest moments.
fn keep_latest(entries: &mut HashMap<u64, Instant>, most: usize) {
    let mut moments: Vec<Instant> = entries.values().copied().collect();
    if most == 0 || moments.len() <= most {
        return;
    }
    let (_, least, _) = moments.select_nth_unstable_by(most - 1, |one, other| other.cmp(one));
    let least = *least;
    entries.retain(|_, moment| *moment > least);
}

impl Tries {
    /// Counts a try before it is made, and before anything is asked of the database.
    ///
    /// # Errors
    /// Too many: the time to wait. The try is not counted.
    pub fn admit(&self, who: Who<'_>, now: Instant) -> Result<Standing, Duration> {
        let keys = self.keys(who);
        let mut brakes = self.lock();
        let known = who.device.is_some() || brakes.known.contains_key(&keys.pair);
        let own = if known { OF_KNOWN } else { OWN };
        let mut wait = brakes.own.wait(keys.own, own, now);
        if !known {
            wait = wait.max(brakes.source.wait(keys.source, FROM_SOURCE, now));
            wait = wait.max(brakes.account.wait(keys.account, FOR_ACCOUNT, now));
        }
        if !wait.is_zero() {
            return Err(wait);
        }
        brakes.own.count(keys.own, own, now);
        if known {
            return Ok(Standing::Known);
        }
        let calm = brakes.source.is_calm(keys.source, now) && brakes.account.is_calm(keys.account, now);
        brakes.source.count(keys.source, FROM_SOURCE, now);
        brakes.account.count(keys.account, FOR_ACCOUNT, now);
        Ok(if calm { Standing::Calm } else { Standing::Suspect })
    }

    /// The password was right: forgets the tries for this account from here, and remembers that it signs in from here. `standing` is
    /// what [`Tries::admit`] returned.
    pub fn forgive(&self, who: Who<'_>, standing: Standing, now: Instant) {
        self.take_back(who, standing);
        let keys = self.keys(who);
        let mut brakes = self.lock();
        brakes.own.0.remove(&keys.own);
        brakes.own.0.remove(&keys.pair);
        if brakes.known.len() >= MOST_KEYS && !brakes.known.contains_key(&keys.pair) {
            keep_latest(&mut brakes.known, MOST_KEYS / 2);
        }
        brakes.known.insert(keys.pair, now);
    }

    /// The try was admitted but not made: it does not count.
    pub fn take_back(&self, who: Who<'_>, standing: Standing) {
        let keys = self.keys(who);
        let mut brakes = self.lock();
        if standing == Standing::Known {
            // It counted for nothing else. Otherwise somebody with an account could refill the bucket of their source.
            return brakes.own.forgive(keys.own, OF_KNOWN);
        }
        brakes.own.forgive(keys.own, OWN);
        brakes.source.forgive(keys.source, FROM_SOURCE);
        brakes.account.forgive(keys.account, FOR_ACCOUNT);
    }

    /// The account's name as a number of this process: what is compared, but cannot be read.
    #[must_use]
    pub fn account(&self, name: &str) -> u64 {
        self.hasher.hash_one(name)
    }

    fn keys(&self, Who { name, source, device }: Who<'_>) -> Keys {
        let pair = self.hasher.hash_one((name, source));
        let own = device.map_or(pair, |device| self.hasher.hash_one((name, device)));
        Keys { own, pair, source: self.hasher.hash_one(source), account: self.account(name) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Brakes> {
        self.brakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a try counts for.
struct Keys {
    /// The account from this browser where it is known, else from this source.
    own: u64,
    /// The account from this source.
    pair: u64,
    source: u64,
    account: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn source(n: u32) -> Source {
        IpAddr::V4(Ipv4Addr::from_bits(0xC000_0200 + n)).into()
    }

    fn who(name: &str, n: u32) -> Who<'_> {
        Who { name, source: source(n), device: None }
    }

    #[test]
    fn the_eleventh_try_waits_and_only_that_name_from_there() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..OWN.burst {
            tries.admit(who("jane", 1), now).unwrap();
        }
        assert_eq!(tries.admit(who("jane", 1), now).unwrap_err(), OWN.each);
        tries.admit(who("jane", 2), now).unwrap();
        tries.admit(who("joe", 1), now).unwrap();
        tries.admit(who("jane", 1), now + OWN.each).unwrap();
        assert!(tries.admit(who("jane", 1), now + OWN.each).is_err(), "one more for each time, no more");
    }

    #[test]
    fn many_names_from_one_address_wait_too() {
        let (tries, now) = (Tries::default(), Instant::now());
        for n in 0..FROM_SOURCE.burst {
            tries.admit(who(&format!("user{n}"), 1), now).unwrap();
        }
        assert_eq!(tries.admit(who("another", 1), now).unwrap_err(), FROM_SOURCE.each);
        tries.admit(who("another", 2), now).unwrap();
    }

    #[test]
    fn m1_one_account_from_many_addresses_waits_but_not_where_its_owner_signs_in() {
        let (tries, now) = (Tries::default(), Instant::now());
        let standing = tries.admit(who("jane", 1), now).unwrap();
        tries.forgive(who("jane", 1), standing, now);
        let mut admitted = 0;
        for n in 0..400 {
            admitted += u32::from(tries.admit(who("jane", 1000 + n), now).is_ok());
        }
        assert_eq!(admitted, FOR_ACCOUNT.burst);
        assert_eq!(tries.admit(who("jane", 1), now), Ok(Standing::Known), "her address");
        let device = Some(Device::for_test(7));
        let elsewhere = Who { device, ..who("jane", 77) };
        assert_eq!(tries.admit(elsewhere, now), Ok(Standing::Known), "her browser elsewhere");
        tries.admit(who("joe", 78), now).unwrap();
        // Refused tries empty nothing: a stranger waits for the next place only.
        assert_eq!(tries.admit(who("jane", 79), now).unwrap_err(), FOR_ACCOUNT.each);
    }

    #[test]
    fn m1_a_known_browser_is_no_way_round_the_brake() {
        let (tries, now) = (Tries::default(), Instant::now());
        let stolen = Who { device: Some(Device::for_test(1)), ..who("jane", 1) };
        for _ in 0..OF_KNOWN.burst {
            tries.admit(stolen, now).unwrap();
        }
        assert!(tries.admit(stolen, now).is_err());
    }

    #[test]
    fn m1_somebody_with_an_account_does_not_refill_the_bucket_of_their_source() {
        let (tries, now) = (Tries::default(), Instant::now());
        let mut guessed = 0;
        for n in 0..3 * FROM_SOURCE.burst {
            if let Ok(standing) = tries.admit(who("eve", 1), now) {
                tries.forgive(who("eve", 1), standing, now);
            }
            guessed += u32::from(tries.admit(who(&format!("user{n}"), 1), now).is_ok());
        }
        assert_eq!(guessed, FROM_SOURCE.burst);
    }

    #[test]
    fn a_try_that_was_not_made_does_not_count() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..3 * FROM_SOURCE.burst {
            let standing = tries.admit(who("jane", 1), now).unwrap();
            tries.take_back(who("jane", 1), standing);
        }
    }

    #[test]
    fn sources_and_accounts_that_failed_lately_stand_behind_others() {
        let (tries, now) = (Tries::default(), Instant::now());
        assert_eq!(tries.admit(who("jane", 1), now), Ok(Standing::Calm));
        assert_eq!(tries.admit(who("joe", 1), now), Ok(Standing::Suspect));
        assert_eq!(tries.admit(who("jane", 2), now), Ok(Standing::Suspect));
        assert_eq!(tries.admit(who("ann", 3), now), Ok(Standing::Calm));
    }

    #[test]
    fn memory_is_bounded_and_keeps_those_that_are_hammered() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..OWN.burst {
            tries.admit(who("jane", 1), now).unwrap();
        }
        for n in 0..3 * u32::try_from(MOST_KEYS).unwrap() {
            let name = format!("user{n}");
            let standing = tries.admit(who(&name, 2 + n), now).unwrap();
            tries.forgive(who(&name, 2 + n), standing, now);
            tries.admit(who(&name, 2 + n), now).unwrap();
        }
        let brakes = tries.lock();
        for len in [brakes.own.0.len(), brakes.source.0.len(), brakes.account.0.len(), brakes.known.len()] {
            assert!(len <= MOST_KEYS, "{len}");
        }
        drop(brakes);
        assert!(tries.admit(who("jane", 1), now).is_err());
    }

    #[test]
    fn a_success_forgives() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..3 * FROM_SOURCE.burst {
            let standing = tries.admit(who("jane", 1), now).unwrap();
            tries.forgive(who("jane", 1), standing, now);
        }
    }
}
