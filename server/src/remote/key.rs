//! nimdeck's own SSH key: ed25519, made at the first start, readable by its owner alone.

use russh::keys::{Algorithm, PrivateKey, ssh_key::LineEnding};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why there is no key to sign in with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the SSH key {path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no key, or needs a passphrase.
    #[error("{path} is not an unencrypted OpenSSH private key")]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: russh::keys::ssh_key::Error,
    },
}

/// Reads the key, or makes it with its public half beside it (`PATH.pub`).
///
/// # Errors
/// When the file cannot be read, written or understood.
pub fn load_or_create(path: &Path) -> Result<Arc<PrivateKey>, KeyError> {
    let file = |source| KeyError::File { path: path.to_owned(), source };
    let format = |source| KeyError::Format { path: path.to_owned(), source };
    match fs::read_to_string(path) {
        Ok(text) => return PrivateKey::from_openssh(text).map(Arc::new).map_err(format),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(file(error)),
    }
    let mut key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).map_err(format)?;
    key.set_comment("nimdeck");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(file)?;
    }
    let public = key.public_key().to_openssh().map_err(format)?;
    fs::write(path.with_extension("pub"), format!("{public}\n")).map_err(file)?;
    write_private(path, key.to_openssh(LineEnding::LF).map_err(format)?.as_bytes()).map_err(file)?;
    Ok(Arc::new(key))
}

/// Creates the file with mode 0600 from the start: a key that was readable for a moment has been read.
fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    use io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}
