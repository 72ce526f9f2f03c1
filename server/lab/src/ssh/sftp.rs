//! File transfer: OpenSSH's own `sftp-server`, run as any other command.
//!
//! It knows every extension that `sftp` and `scp` use, and sees the same files under the same names as the lab's shell: relative
//! paths are those of the login directory, absolute ones the machine's. A server of our own in this process would see them
//! through other eyes, and tools that ask the shell for a path and then transfer it would meet the difference.

use std::path::Path;

/// Where distributions put it.
const PLACES: [&str; 4] = [
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
    "/usr/libexec/sftp-server",
    "/usr/lib/ssh/sftp-server",
];

/// The server, where it is installed.
pub(super) fn server() -> Option<&'static str> {
    PLACES.into_iter().find(|place| Path::new(place).exists())
}
