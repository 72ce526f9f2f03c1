//! The lab's SSH keys: one for each host, one for everybody who signs in.

use crate::LabError;
use russh::keys::{
    HashAlg, PrivateKey,
    ssh_key::{LineEnding, private::Ed25519Keypair},
};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Reads an ed25519 key, or makes one that only its owner can read.
pub(crate) fn load_or_create(path: &Path) -> Result<PrivateKey, LabError> {
    let bad = |source| LabError::Key { path: path.to_owned(), source };
    if path.exists() {
        let text = fs::read_to_string(path).map_err(LabError::file("read", path))?;
        return PrivateKey::from_openssh(text).map_err(bad);
    }
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&rand::random()));
    let text = key.to_openssh(LineEnding::LF).map_err(bad)?;
    // Renamed into place, so that a kill never leaves half a key.
    let new = path.with_extension("new");
    drop(fs::remove_file(&new));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(LabError::file("write", &new))?;
    fs::rename(&new, path).map_err(LabError::file("write", path))?;
    Ok(key)
}

/// The public half, `ssh-ed25519 AAAA…`.
pub(crate) fn public(key: &PrivateKey) -> Result<String, LabError> {
    key.public_key().to_openssh().map_err(|source| LabError::Key { path: "the public key".into(), source })
}

/// Its fingerprint, `SHA256:…`.
pub(crate) fn fingerprint(key: &PrivateKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
