//! 0506: file system commands; 0511: backup, restore and copying; 0652 and 0653: commands for files.

use super::{
    Diagnosis,
    Evidence::{Blog, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry("0506-349", Blog, BUSY.meaning, BUSY.cause, BUSY.action, BUSY.look_at),
    entry(
        "0506",
        Unconfirmed,
        "A command for file systems failed.",
        "A file system is in use, full, or defined twice.",
        "Compare df -g and mount with /etc/filesystems on the host the line is about, remove the cause and start again \
         at phase 1.",
        &["master: mount", "master: lsfs -c", "client: mount", "client: lsfs -c"],
    ),
    entry(
        "0511",
        Unconfirmed,
        "backup, restore or another copying command failed.",
        "Often a file system that is full on the side that receives, or a file that went away while it was read.",
        "Check df -g of the cache file systems on the master and of /alt_inst on the client. Make room and start again \
         at phase 1.",
        &[at::CACHE, "client: df -g", at::ALT_LOG],
    ),
    entry(
        "0652",
        Unconfirmed,
        "A command could not read a file.",
        "The file is not there or may not be read.",
        "Read the lines around it: a file that went away between listing and copying is harmless. If the run ended, \
         start again at phase 1.",
        &[at::NIMADM_LOG],
    ),
    entry(
        "0653",
        Unconfirmed,
        "A command could not copy, move, remove or create a file.",
        "The target is full, read-only, or not there.",
        "Check df -g on the host the line is about and read the lines around it. If the run ended, start again at \
         phase 1.",
        &[at::NIMADM_LOG, at::CACHE, "client: df -g"],
    ),
];

/// Found by number and by words.
pub(super) const BUSY: Diagnosis = entry(
    "",
    Blog,
    "A file system could not be unmounted because something uses it.",
    "A process has a file or its working directory there: a shell, a monitoring agent, a backup.",
    "Find out with fuser -cux on the mount point, on the host the line is about, who uses it, and have that end. Once \
     ps -ef | grep nimadm on the master shows no nimadm for this client, clean up with nimadm -C -c <client> -s <spot> \
     and start again at phase 1.",
    &["master: fuser -cux <mount point>", at::CACHE, "client: mount", at::NIMADM],
);

/// Found by words.
pub(super) const FULL: Diagnosis = entry(
    "",
    Unconfirmed,
    "A file system is full.",
    "In phases 2 to 8 one of the cache on the master, or the master's own /tmp or /var; in phases 1 and 9 one of the \
     clone.",
    "Check df -g on the master for the cache, /tmp and /var, and on the client for /alt_inst. Make room on the master \
     or take a larger cache volume group or target disk, then start again at phase 1.",
    &["master: df -g", at::CACHE_VG, "client: df -g"],
);
