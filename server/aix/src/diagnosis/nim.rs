//! 0042: NIM, described in IBM's "NIM error and warning messages". The number is also the return code.

use super::{
    Diagnosis,
    Evidence::{Code, Documented, Log, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry(
        "0042-001",
        Documented,
        "NIM could not process an operation on the host it names.",
        "The lines below it say why; this line says only where.",
        "Read the next lines of the log, and alog -o -t nim on the master. Treat the message they name.",
        &[at::NIM_LOG, at::NIMADM_LOG],
    ),
    entry(
        "0042-006",
        Unconfirmed,
        "The master could not connect to the client.",
        "nimsh is not running on the client, a firewall is between, a name does not resolve both ways, or the client \
         is down.",
        "Check lssrc -s nimsh on the client, and with host on both sides that each resolves the other's name, then \
         start again.",
        &[at::NIMSH, "master: host <client>", "client: host <master>", at::NIMINFO],
    ),
    entry(
        "0042-008",
        Unconfirmed,
        "nimsh on the client denied the master's request.",
        "The master's record of the client's cpuid is out of date, or /etc/niminfo on the client names another master.",
        "Compare lsnim -l <client> on the master (cpuid) with uname -m on the client, and NIM_MASTER_HOSTNAME in \
         /etc/niminfo on the client with the master's name. Correct what differs, then start again.",
        &[at::CLIENT, "client: uname -m", at::NIMINFO, "client: /var/adm/ras/nimsh.log"],
    ),
    entry(
        "0042-021",
        Log,
        "An attribute that the operation needs is missing.",
        "The NIM command was given too few -a attributes, or the object's definition is incomplete.",
        "Query what is required with lsnim -q <operation> <object> on the master and complete the call or the object.",
        &["master: lsnim -q <operation> <object>", at::CLIENT],
    ),
    entry(
        "0042-032",
        Code,
        "A NIM object of that name exists already.",
        "An object was defined under a name that is in use.",
        "List the objects with lsnim on the master; use the one that is there, or another name.",
        &["master: lsnim"],
    ),
    entry(
        "0042-048",
        Unconfirmed,
        "A value is not valid for its attribute.",
        "A name was given where NIM expects an object of another type, or the value was mistyped.",
        "Look the named object up with lsnim -l on the master, correct the call and start again.",
        &["master: lsnim", at::NIMADM_LOG],
    ),
    entry(
        "0042-053",
        Code,
        "There is no NIM object of that name.",
        "The client, SPOT or lpp_source was mistyped or removed.",
        "List the objects with lsnim on the master and start again with the right name. Nothing was changed.",
        &["master: lsnim"],
    ),
    entry(
        "0042-081",
        Code,
        "A resource exists already at that location, or above or below it.",
        "NIM exports locations over NFS and does not let one lie in another.",
        "List locations with lsnim -l of the resource it names on the master; use that resource or another directory.",
        &["master: lsnim -t spot", "master: showmount -e"],
    ),
    entry(
        "0042-154",
        Code,
        "A file or directory that NIM needs does not exist.",
        "The location of a resource was moved, removed, or is not mounted.",
        "Compare the resource's location in lsnim -l with the file system on the master, then start again.",
        &["master: lsnim -l <resource>", "master: ls -ld <location>", "master: mount"],
    ),
    entry(
        "0042-175",
        Log,
        "A command that NIM started gave an unexpected result.",
        "Often a mount that was refused: the client does not resolve the master's name, or the master does not export \
         to it.",
        "Read the lines below it. Check with host on the client that it resolves the master's name, and with showmount \
         -e on the master that the resource is exported, then start again.",
        &["client: host <master>", "master: showmount -e", at::NIM_LOG],
    ),
    entry(
        "0042-207",
        Code,
        "A resource could not be allocated.",
        "Another operation is using it at this moment.",
        "Find the holder with lsnim -a spot and lsnim -a lpp_source on the master, wait until its operation has ended, \
         then try again.",
        &["master: lsnim -a spot", "master: lsnim -a lpp_source", at::SPOT],
    ),
    entry(
        "0042-358",
        Unconfirmed,
        "A reset of a NIM object did not go through.",
        "The object is in use, or its state does not allow it.",
        "Read lsnim -l <client> on the master. While a nimadm runs for the client, leave it alone: a reset would spoil \
         its bookkeeping. Try again only when ps -ef | grep nimadm on the master shows no nimadm for this client.",
        &[at::CLIENT, at::NIMADM],
    ),
    entry(
        "0042",
        Documented,
        "NIM reports a failure.",
        "The text of the line says what it was about; its last three digits are NIM's return code.",
        "Check the client's state with lsnim -l <client> and read alog -o -t nim on the master, then start again.",
        &[at::CLIENT, at::NIM_LOG],
    ),
];
