//! Passwords: Argon2id, off the async threads, a few at a time.
//!
//! A hash takes 19 MiB and some 30 ms on purpose, so a burst of sign-ins must wait ([`super::turns`]). The turn goes into
//! the closure that hashes: a client that hangs up ends its request, but not its hash, and a turn that the request held
//! alone would then let any number of hashes run. For a user who does not exist a hash of the same cost is checked, so that
//! the time does not tell who does.

use super::rate::Standing;
use super::turns::{Busy, Turn, Turns};
use crate::settings::Secret;
use crate::web::limits::Source;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Shortest password that people are given or may choose; the first one, from the settings, is its owner's affair.
pub const SHORTEST: usize = 8;
/// Longest one that is looked at.
const LONGEST: usize = 1024;
const AT_ONCE: usize = 2;

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It may not be used.
    #[error("a password has 1 to {LONGEST} bytes")]
    Length,
    /// Argon2 refused.
    #[error("hashing failed: {0}")]
    Hash(argon2::password_hash::Error),
    /// Too many wait already.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The work was dropped: the program is shutting down.
    #[error("hashing was cancelled")]
    Cancelled,
}

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Turns,
    decoy: Arc<str>,
}

impl Passwords {
    /// Ready to work.
    ///
    /// # Errors
    /// Argon2 refused, as without a source of randomness.
    pub async fn new() -> Result<Self, PasswordError> {
        let mut passwords = Self { turns: Turns::new(AT_ONCE), decoy: Arc::default() };
        passwords.decoy = passwords.hash(Secret::new(random_password())).await?.into();
        Ok(passwords)
    }

    /// Waits for the turn to check a password. Take it before anything else is done for a sign-in, so that what a sign-in costs
    /// is bounded as a whole. `account` is any number that stands for the name.
    ///
    /// # Errors
    /// Too many wait already.
    pub async fn turn(&self, standing: Standing, source: Source, account: u64) -> Result<Arc<Turn>, Busy> {
        self.turns.take(standing, source, account).await.map(Arc::new)
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// Empty, too long, or Argon2 refused.
    pub async fn hash(&self, password: Secret) -> Result<String, PasswordError> {
        if !(1..=LONGEST).contains(&password.expose().len()) {
            return Err(PasswordError::Length);
        }
        // Asked for by this program or at its command line.
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST).into();
        let turn = self.turn(Standing::Known, here, 0).await?;
        work(turn, move || {
            let hash = Argon2::default().hash_password(password.expose().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(PasswordError::Hash)
        })
        .await
    }

    /// Whether this is the password behind `stored`; without one, never, after the same time.
    ///
    /// # Errors
    /// The stored hash is none, or the program is shutting down.
    pub async fn verify(
        &self,
        turn: &Arc<Turn>,
        stored: Option<&str>,
        password: Secret,
    ) -> Result<bool, PasswordError> {
        if password.expose().len() > LONGEST {
            return Ok(false);
        }
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let matches = work(turn.clone(), move || {
            let hash = PasswordHash::new(&stored)
                .map_err(|_| PasswordError::Hash(argon2::password_hash::Error::PasswordInvalid))?;
            Ok(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
        });
        Ok(matches.await? && known)
    }
}

/// Hashes on a blocking thread, which holds the turn until it is done.
async fn work<T: Send + 'static>(
    turn: Arc<Turn>,
    hash: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        hash()
    });
    done.await.map_err(|_| PasswordError::Cancelled)?
}

/// A password nobody has to think of: 100 random bits in letters that are not mistaken for each other.
#[must_use]
pub fn random_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let bytes: [u8; 20] = rand::random();
    let letters: Vec<u8> = bytes.iter().map(|byte| LETTERS[usize::from(byte % 32)]).collect();
    let groups: Vec<_> = letters.chunks(5).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn right_wrong_and_nobody() {
        let passwords = Passwords::new().await.unwrap();
        let stored = passwords.hash(Secret::new("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        let turn = passwords.turn(Standing::Calm, IpAddr::V4(Ipv4Addr::LOCALHOST).into(), 1).await.unwrap();
        let verify = async |stored, password| passwords.verify(&turn, stored, Secret::new(password)).await.unwrap();
        assert!(verify(Some(stored.as_str()), "correct horse").await);
        assert!(!verify(Some(stored.as_str()), "wrong horse").await);
        assert!(!verify(None, "correct horse").await);
        assert!(matches!(passwords.hash(Secret::new("")).await, Err(PasswordError::Length)));
    }

    #[tokio::test]
    async fn c3_a_hash_keeps_its_turn_when_its_request_is_dropped() {
        let passwords = Passwords::new().await.unwrap();
        let here: Source = IpAddr::V4(Ipv4Addr::LOCALHOST).into();
        let mut requests = Vec::new();
        // Requests that go away as soon as their hash has begun, one after the other.
        for account in 0..32 {
            let mut turn = Box::pin(passwords.turn(Standing::Calm, here, account));
            let futures::task::Poll::Ready(Ok(turn)) = futures::poll!(&mut turn) else { break };
            let (release, released) = std::sync::mpsc::sync_channel::<()>(0);
            let mut request = Box::pin(work(turn, move || Ok(released.recv())));
            assert!(futures::poll!(&mut request).is_pending());
            drop(request);
            requests.push(release);
        }
        assert_eq!(requests.len(), AT_ONCE, "their hashes still run, so nobody else has a turn");
        drop(requests);
        passwords.turn(Standing::Calm, here, 99).await.unwrap();
    }

    #[test]
    fn made_up_passwords_differ_and_can_be_typed() {
        let one = random_password();
        assert_eq!(one.len(), 23);
        assert_ne!(one, random_password());
    }
}
