//! Limits: how much of the server one source, one user and all of them together may use at a time.
//!
//! All numbers are here, so that they can be compared with each other. Each limit belongs to the work that it bounds, not
//! to the request that asked for it: a client that hangs up must not free a place while its work goes on.
//!
//! What is beyond a limit is refused with 429 and `Retry-After`; 503 means the database and nothing else. Limits before the
//! sign-in count by source address, those behind it by user, so that people who share an address do not share one limit.

pub mod body;
pub mod connections;
pub mod descriptors;
mod refusal;
mod requests;
mod source;
mod streams;

pub use connections::{Caps, Connection, Connections};
pub use refusal::{Refusal, in_words};
pub use requests::{Arriving, Gone, Requests, Running, detach, detach_probe, is_expensive};
pub use source::{ClientAddress, Source, TrustedProxies, find_client, source_of};
pub use streams::{StreamPlace, Streams};

use crate::places::{Place, Places};
use crate::settings::Settings;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Largest body of a request before the sign-in, in bytes: a name and a password.
pub const LARGEST_SIGN_IN: usize = 16 << 10;
/// Largest body of a request behind the sign-in, in bytes; but for what is put beside the limit by name.
pub const LARGEST_BODY: usize = 1 << 20;

/// Questions to the database whether a cookie or a token is one of ours: at a time for one source, waiting for one source, at a time
/// in all. Fewer than the pool of pages has connections, so that junk never takes them all.
const LOOKUPS: (usize, usize, usize) = (4, 256, 8);
/// How long such a question waits for its place.
const LOOKUP_PATIENCE: Duration = Duration::from_secs(5);
/// Cookies and tokens of which we remember that they were accepted.
const MOST_ACCEPTED: usize = 10_000;

/// The limits of this server. One for all requests.
#[derive(Debug)]
pub struct Limits {
    /// Whose `Forwarded` and `X-Forwarded-For` are believed.
    pub trusted_proxies: TrustedProxies,
    /// Connections.
    pub connections: Arc<Connections>,
    /// Requests that run.
    pub requests: Requests,
    /// Streams that are open.
    pub streams: Streams,
    lookups: Places<Source>,
    accepted: Mutex<HashSet<[u8; 32]>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(&Settings::default(), 1024)
    }
}

impl Limits {
    /// Those of the settings, for a process that may open so many files. Nothing is used yet.
    #[must_use]
    pub fn new(settings: &Settings, descriptors: u64) -> Self {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let trusted_proxies = settings.trusted_proxies();
        let fit = descriptors::for_connections(descriptors);
        let all = settings.connections.map_or(fit, |all| number(all).min(fit));
        let of_source = number(settings.connections_per_address);
        let caps = Caps { all, of_source, trusted_proxies: trusted_proxies.clone() };
        // Pages must still be had where streams are at their limit.
        let streams = |all: usize| (all / 4 * 3).max(1);
        let (each, queue, most) = LOOKUPS;
        Self {
            trusted_proxies,
            connections: Connections::new(caps),
            requests: Requests::default(),
            streams: Streams::new(number(settings.streams_per_user), streams(of_source), streams(all)),
            lookups: Places::new(each, queue, most),
            accepted: Mutex::default(),
        }
    }

    /// A place to ask the database about a cookie or a token, by its hash. None is needed for one that was accepted before: only what
    /// nobody vouches for is bounded, so junk from one source does not hold up people who are signed in.
    ///
    /// # Errors
    /// Too many unknown ones are being asked about.
    pub async fn lookup(&self, hash: &[u8; 32], from: Source) -> Result<Option<Place<Source>>, Refusal> {
        if self.accepted().contains(hash) {
            return Ok(None);
        }
        let place = self.lookups.take(from, LOOKUP_PATIENCE).await;
        place.map(Some).ok_or_else(|| {
            Refusal::busy("Too many cookies and tokens from your address wait to be checked.", LOOKUP_PATIENCE)
        })
    }

    /// Remembers that a cookie or a token, by its hash, was accepted.
    pub fn accept(&self, hash: [u8; 32]) {
        let mut accepted = self.accepted();
        if accepted.len() >= MOST_ACCEPTED && !accepted.contains(&hash) {
            // Rare, and those who are forgotten only wait for a place once.
            accepted.clear();
        }
        accepted.insert(hash);
    }

    fn accepted(&self) -> std::sync::MutexGuard<'_, HashSet<[u8; 32]>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
