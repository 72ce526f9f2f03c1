//! Passwords: Argon2id, off the async threads, a few at a time.
//!
//! A hash takes 19 MiB and some 30 ms on purpose. Without the semaphore a burst of sign-ins would be a denial of service.
//! For a user who does not exist a hash of the same cost is checked, so that the time does not tell who does.

use crate::settings::Secret;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::Arc;
use tokio::sync::Semaphore;

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
    /// The work was dropped: the program is shutting down.
    #[error("hashing was cancelled")]
    Cancelled,
}

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl Passwords {
    /// Ready to work.
    ///
    /// # Errors
    /// Argon2 refused, as without a source of randomness.
    pub async fn new() -> Result<Self, PasswordError> {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let decoy = hash(Secret::new(random_password())).await?;
        Ok(Self { permits, decoy: decoy.into() })
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// Empty, too long, or Argon2 refused.
    pub async fn hash(&self, password: Secret) -> Result<String, PasswordError> {
        if !(1..=LONGEST).contains(&password.expose().len()) {
            return Err(PasswordError::Length);
        }
        let _permit = self.permits.acquire().await.map_err(|_| PasswordError::Cancelled)?;
        hash(password).await
    }

    /// Whether this is the password behind `stored`; without one, never, after the same time.
    ///
    /// # Errors
    /// The stored hash is none, or the program is shutting down.
    pub async fn verify(&self, stored: Option<&str>, password: Secret) -> Result<bool, PasswordError> {
        if password.expose().len() > LONGEST {
            return Ok(false);
        }
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let _permit = self.permits.acquire().await.map_err(|_| PasswordError::Cancelled)?;
        let matches = tokio::task::spawn_blocking(move || {
            let hash = PasswordHash::new(&stored)
                .map_err(|_| PasswordError::Hash(argon2::password_hash::Error::PasswordInvalid))?;
            Ok::<_, PasswordError>(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
        })
        .await
        .map_err(|_| PasswordError::Cancelled)??;
        Ok(matches && known)
    }
}

async fn hash(password: Secret) -> Result<String, PasswordError> {
    tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.expose().as_bytes())
            .map(|hash| hash.to_string())
            .map_err(PasswordError::Hash)
    })
    .await
    .map_err(|_| PasswordError::Cancelled)?
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
        assert!(passwords.verify(Some(&stored), Secret::new("correct horse")).await.unwrap());
        assert!(!passwords.verify(Some(&stored), Secret::new("wrong horse")).await.unwrap());
        assert!(!passwords.verify(None, Secret::new("correct horse")).await.unwrap());
        assert!(matches!(passwords.hash(Secret::new("")).await, Err(PasswordError::Length)));
    }

    #[test]
    fn made_up_passwords_differ_and_can_be_typed() {
        let one = random_password();
        assert_eq!(one.len(), 23);
        assert_ne!(one, random_password());
    }
}
