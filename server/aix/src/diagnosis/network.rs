//! 1831: NFS mounts; 0826: remote shells; 0821 and 0822: TCP/IP; 0513: the System Resource Controller.

use super::{
    Diagnosis,
    Evidence::{Code, Log, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry(
        "0513-004",
        Unconfirmed,
        "The subsystem is not running.",
        "It was stopped, or was never started. During a shutdown this is as it should be.",
        "If NFS, nimesis or nimsh is needed and named, look at lssrc -g nfs, lssrc -s nimesis on the master and lssrc \
         -s nimsh on the client, and start what is missing with startsrc.",
        &["master: lssrc -g nfs", "master: lssrc -s nimesis", at::NIMSH],
    ),
    entry(
        "0513-029",
        Log,
        "The subsystem is running already.",
        "It was to be started a second time. This is information.",
        "Nothing is to be done.",
        &["master: lssrc -g nfs"],
    ),
    entry(
        "0513-059",
        Log,
        "The subsystem has been started.",
        "This is information.",
        "Nothing is to be done.",
        &["master: lssrc -g nfs"],
    ),
    entry(
        "0513",
        Log,
        "The System Resource Controller reports the state of a subsystem.",
        "As a rule information: started, or already active.",
        "Nothing is to be done unless a subsystem that is needed does not start: lssrc -g nfs on the master, lssrc -s \
         nimsh on the client.",
        &["master: lssrc -g nfs", at::NIMSH],
    ),
    entry(
        "0821",
        Unconfirmed,
        "A TCP/IP command reports a failure.",
        "As a rule a host name that does not resolve, or an interface that is down.",
        "Check with host on master and client that each resolves the other's name, then start again.",
        &["master: host <client>", "client: host <master>", "client: netstat -rn"],
    ),
    entry(
        "0822",
        Unconfirmed,
        "A TCP/IP service reports a failure.",
        "The text of the line says which service.",
        "Read the lines around it and check the connection between master and client both ways, then start again.",
        &[at::NIMADM_LOG, "master: host <client>", "client: host <master>"],
    ),
    entry(
        "0826",
        Unconfirmed,
        "A remote shell was refused or failed.",
        "With connect = shell the client must trust the master in /.rhosts, by the name it resolves for it.",
        "Check lsnim -l <client> on the master (connect) and, for shell, /.rhosts on the client and rsh <client> date \
         from the master; or change the client to nimsh. Then start again.",
        &[at::CLIENT, "client: /.rhosts", "client: lssrc -ls inetd"],
    ),
    entry(
        "1831-008",
        Log,
        "An NFS mount was given up.",
        "The line above it says why: as a rule access was denied, or the server did not answer.",
        "Check showmount -e and lssrc -g nfs on the master, and with host on the client that both agree on names, then \
         start again.",
        &["master: showmount -e", "master: lssrc -g nfs", "client: host <master>"],
    ),
    entry("1831-011", Log, REFUSED_MOUNT.meaning, REFUSED_MOUNT.cause, REFUSED_MOUNT.action, REFUSED_MOUNT.look_at),
    entry(
        "1831",
        Log,
        "An NFS mount failed.",
        "The export does not name the client, names do not resolve both ways, or NFS is down.",
        "Check showmount -e and lssrc -g nfs on the master, and rpcinfo -p <master> on the client, then start again.",
        &["master: showmount -e", "master: lssrc -g nfs", "client: rpcinfo -p <master>"],
    ),
];

/// Found by number and by words.
pub(super) const REFUSED_MOUNT: Diagnosis = entry(
    "",
    Log,
    "The NFS server denied access.",
    "The directory is not exported to this host, often because the host comes with another name than the export lists.",
    "Look at showmount -e on the master and with host at the name the client's address resolves to there. Make both \
     agree, then start again.",
    &["master: showmount -e", "master: host <client>", "client: host <master>"],
);

/// Found by words.
pub(super) const NO_CONNECTION: Diagnosis = entry(
    "",
    Unconfirmed,
    "The master could not reach the client's nimsh or shell service.",
    "nimsh is not running on the client, a firewall is between (3901 and 3902; 514 for shell), or the client is down.",
    "Check lssrc -s nimsh and /etc/niminfo on the client, and lsnim -l <client> on the master (connect), then start \
     again.",
    &[at::NIMSH, at::NIMINFO, at::CLIENT, "client: /var/adm/ras/nimsh.log"],
);

/// Found by words.
pub(super) const CONNECTION_LOST: Diagnosis = entry(
    "",
    Unconfirmed,
    "The connection between master and client broke.",
    "The network, a firewall that drops idle connections, nimsh on the client, or the client itself.",
    "Check errpt, uptime and lssrc -s nimsh on the client. If the log shows no clean-up, prove with ps -ef | grep \
     nimadm on the master that no nimadm runs for this client and run nimadm -C -c <client> -s <spot> there. Then \
     start again at phase 1.",
    &[at::NIMSH, "client: uptime", "client: /var/adm/ras/nimsh.log", "client: errpt"],
);

/// Found by words.
pub(super) const NAMES: Diagnosis = entry(
    "",
    Log,
    "A host name does not resolve.",
    "/etc/hosts, DNS or /etc/netsvc.conf of one side does not know the other side, or knows it under another name.",
    "Check host <client> on the master and host with the master's name on the client, and NIM_MASTER_HOSTNAME in \
     /etc/niminfo on the client. Make both sides agree, then start again.",
    &["master: host <client>", "client: host <master>", at::NIMINFO],
);

/// Found by words.
pub(super) const CPUID: Diagnosis = entry(
    "",
    Code,
    "The client's machine number is not the one the master knows.",
    "The LPAR was moved or rebuilt since it was registered.",
    "Compare lsnim -l <client> on the master (cpuid) with uname -m on the client. If the client is the right machine, \
     have the NIM administrator correct cpuid in the client's definition, then start again.",
    &[at::CLIENT, "client: uname -m"],
);
