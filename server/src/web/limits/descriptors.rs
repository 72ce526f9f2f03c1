//! How many files this process may have open, and what is left of them for connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections that need no larger limit: their memory is what bounds them.
const MOST_CONNECTIONS: u64 = 16_384;
/// Descriptors kept for the database, SSH, the lab and files: half of them, and at most so many.
const MOST_RESERVED: u64 = 4096;

/// Raises the limit as far as this user may, and returns it.
pub fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the number of open files cannot be raised");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// How many connections fit into a limit of open files.
#[must_use]
pub fn for_connections(limit: u64) -> usize {
    let reserve = (limit / 2).min(MOST_RESERVED);
    let most = (limit - reserve).clamp(1, MOST_CONNECTIONS);
    usize::try_from(most).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h1_others_keep_their_descriptors() {
        assert_eq!(for_connections(600), 300);
        assert_eq!(for_connections(1024), 512);
        assert_eq!(for_connections(20_000), 15_904);
        assert_eq!(for_connections(u64::MAX), 16_384);
        assert_eq!(for_connections(1), 1);
    }
}
