//! Host keys: what a host must prove before anything is sent to it.

use russh::keys::{HashAlg, PublicKey};
use std::{fmt, str::FromStr};

/// A host's public key. Two are equal when their key material is; comments do not count.
#[derive(Debug, Clone)]
pub struct HostKey(Box<PublicKey>);

/// A text that is no public key.
#[derive(Debug, thiserror::Error)]
#[error("not an OpenSSH public key such as \"ssh-ed25519 AAAA…\"")]
pub struct BadHostKey(#[source] russh::keys::ssh_key::Error);

/// What is known about a host's key.
#[derive(Debug, Clone)]
pub enum Pin {
    /// Nothing: every key is refused.
    Nobody,
    /// This key and no other is accepted.
    Key(HostKey),
}

impl HostKey {
    /// The key a host offered.
    #[must_use]
    pub fn new(key: PublicKey) -> Self {
        Self(Box::new(key))
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The algorithm to ask the host for.
    #[must_use]
    pub fn algorithm(&self) -> russh::keys::Algorithm {
        self.0.algorithm()
    }

    /// `ssh-ed25519 AAAA…`, without a comment: the form that is stored.
    #[must_use]
    pub fn openssh(&self) -> String {
        let mut key = self.0.clone();
        key.set_comment("");
        key.to_openssh().map_or_else(|_| String::new(), |text| text.trim_end().to_owned())
    }
}

impl PartialEq for HostKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key_data() == other.0.key_data()
    }
}

impl Eq for HostKey {}

impl FromStr for HostKey {
    type Err = BadHostKey;

    fn from_str(text: &str) -> Result<Self, BadHostKey> {
        PublicKey::from_openssh(text.trim()).map(Self::new).map_err(BadHostKey)
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}
