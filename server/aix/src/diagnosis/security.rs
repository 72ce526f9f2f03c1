//! 3001: the Trusted Computing Base; 3004: users and permissions; 0403 and 0481: shell and cron, as scripts meet them.

use super::{
    Diagnosis,
    Evidence::{Documented, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry(
        "0403",
        Unconfirmed,
        "The shell could not understand or run a command.",
        "As a rule a mistake in a customisation script.",
        "Read the lines around it. If they come from a script resource, correct the script on the master, try it there \
         with ksh -n, and start again at phase 1.",
        &[at::NIMADM_LOG, "master: lsnim -l <script>"],
    ),
    entry(
        "0481",
        Unconfirmed,
        "cron or at reports a failure.",
        "A user may not use them, or a crontab cannot be read.",
        "It does not concern nimadm as such: read the lines around it. If they come from a script resource, correct \
         the script on the master.",
        &[at::NIMADM_LOG],
    ),
    entry(
        "3001",
        Unconfirmed,
        "The Trusted Computing Base reports a file that is not as recorded.",
        "tcbck found an owner, mode, link or checksum it did not expect, as happens after updates.",
        "Find out whether the Trusted Computing Base is in use: odmget -q attribute=TCB_STATE PdAt on the client. If \
         so, migrate with a cache volume group (-j), and compare tcbck -n ALL after the boot.",
        &["client: odmget -q attribute=TCB_STATE PdAt", at::NIMADM_LOG],
    ),
    entry(
        "3004",
        Unconfirmed,
        "A command for users, groups or passwords reports a failure.",
        "A user or group does not exist or may not do this; in phases 5 and 6 it is about the clone's files.",
        "Read the lines around it. Run usrck -n ALL and grpck -n ALL on the client, repair what they name in a change \
         of its own, then start again at phase 1.",
        &["client: usrck -n ALL", "client: grpck -n ALL", at::NIMADM_LOG],
    ),
];

/// Found by words.
pub(super) const TCB: Diagnosis = entry(
    "",
    Documented,
    "The Trusted Computing Base is enabled on the client.",
    "Over NFS it cannot see what it must check, so nimadm does not migrate such a client in NFS mode.",
    "Start again with a cache volume group on the master (-j). Nothing was changed.",
    &["client: odmget -q attribute=TCB_STATE PdAt", "master: lsvg"],
);

/// Found by words.
pub(super) const PERMISSION: Diagnosis = entry(
    "",
    Unconfirmed,
    "Permission was denied.",
    "nimadm must run as root on the master; for a client with connect = shell, root's /.rhosts must name the master; \
     for NFS, the export must give root access.",
    "Check who started nimadm, lsnim -l <client> (connect) and showmount -e on the master. Correct what is missing, \
     then start again.",
    &[at::CLIENT, "master: showmount -e", "client: /.rhosts", at::NIMINFO],
);
