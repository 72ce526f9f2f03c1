//! What a command finds around it on a simulated host.

use crate::{locale, store::Store};
use std::{ffi::OsString, path::PathBuf};

/// The environment of a login on a host: nothing of the lab's own, and the AIX commands before the machine's.
pub(crate) fn of(store: &Store, host: &str) -> Vec<(&'static str, OsString)> {
    let mut path = OsString::from(store.host_dir(host).join("bin"));
    path.push(":/usr/bin:/bin");
    let mut all = vec![
        ("PATH", path),
        ("HOME", home(store, host).into()),
        ("USER", "root".into()),
        ("LOGNAME", "root".into()),
        ("SHELL", "/bin/sh".into()),
    ];
    all.extend(locale::environment(store, host));
    all
}

/// What a terminal adds: the kind of terminal at the client, and a prompt that says which host this is.
pub(crate) fn of_terminal(host: &str, term: &str) -> Vec<(&'static str, OsString)> {
    let mut added = vec![("PS1", OsString::from(format!("{host}:$PWD # ")))];
    // A value with a NUL would make every start fail.
    if !term.is_empty() && !term.contains('\0') {
        added.push(("TERM", term.into()));
    }
    added
}

/// The login directory.
pub(crate) fn home(store: &Store, host: &str) -> PathBuf {
    store.root(host)
}
