//! What a complaint says in words, where it has no number or one that nobody published.
//!
//! The texts of most of nimadm's refusals are not public (nimadm.md §10.1), so a rule asks for few words, in any order
//! and case. The table goes from the specific to the general: the first rule that fits wins.

use super::{
    Diagnosis,
    Evidence::{Code, Documented, Unconfirmed},
    alt_disk::MULTIBOS,
    at,
    boot::BOOT_VOLUME_TOO_SMALL,
    entry,
    file_system::{BUSY, FULL},
    lvm::{BOOTLIST, NO_PARTITIONS},
    network::{CONNECTION_LOST, CPUID, NAMES, NO_CONNECTION, REFUSED_MOUNT},
    security::{PERMISSION, TCB},
};
use serde::Serialize;

/// Words that all occur in a line, and what it means then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TextRule {
    /// Words or phrases in lower case, each at the beginning of a word of the line.
    pub all: &'static [&'static str],
    /// What the line means; its code is empty.
    pub diagnosis: Diagnosis,
}

/// Beginnings of lines that sound like a complaint and are none (nimadm.md §2.3, §2.4, §2.10).
const HARMLESS: [&str; 3] = ["cannot access ./", "nimadm: There is no user customization script", "forced unmount of "];

pub(super) fn find(line: &str) -> Option<&'static Diagnosis> {
    let line = line.trim_start();
    if HARMLESS.iter().any(|start| line.starts_with(start)) {
        return None;
    }
    let line = line.to_ascii_lowercase();
    RULES.iter().find(|rule| rule.all.iter().all(|words| contains(&line, words))).map(|rule| &rule.diagnosis)
}

/// Whether the words occur in the line, with no letter or digit right before them.
fn contains(line: &str, words: &str) -> bool {
    let word = words.starts_with(|c: char| c.is_ascii_alphanumeric());
    line.match_indices(words).any(|(at, _)| !(word && line[..at].ends_with(|c: char| c.is_ascii_alphanumeric())))
}

const fn rule(all: &'static [&'static str], diagnosis: Diagnosis) -> TextRule {
    TextRule { all, diagnosis }
}

pub(super) const RULES: &[TextRule] = &[
    // refused before phase 1
    rule(&["no nim object named"], NO_OBJECT),
    // before the client's lock: a fileset's name may end in "client"
    rule(&["efix", "lock"], EFIX),
    rule(&["interim fix", "lock"], EFIX),
    rule(&["client", "locked"], LOCKED),
    rule(&["locked by"], LOCKED),
    rule(&["nimadm", "already running"], LOCKED),
    rule(&["bos.alt_disk_install", "level"], SPOT_LEVEL),
    rule(&["bos.alt_disk_install", "match"], SPOT_LEVEL),
    rule(&["bos.alt_disk_install", "not installed"], SPOT_LEVEL),
    rule(&["bos.alt_disk_install", "missing"], SPOT_LEVEL),
    rule(&["already at"], AT_LEVEL),
    rule(&["master", "lower"], MASTER_LOWER),
    rule(&["not at the same level"], RESOURCES_DIFFER),
    rule(&["lpp_source", "spot", "match"], RESOURCES_DIFFER),
    rule(&["lpp_source", "spot", "differ"], RESOURCES_DIFFER),
    rule(&["tcb", "enabled"], TCB),
    rule(&["trusted computing base"], TCB),
    rule(&["unavailable for use"], SPOT_UNAVAILABLE),
    rule(&["rstate"], SPOT_UNAVAILABLE),
    rule(&["spot", "not ready"], SPOT_UNAVAILABLE),
    rule(&["simages"], SIMAGES),
    rule(&["bos image"], SIMAGES),
    rule(&["currently allocated"], ALLOCATED),
    rule(&["unable to allocate", "resource"], ALLOCATED),
    rule(&["resource", "in use"], ALLOCATED),
    rule(&["resource", "allocated"], ALLOCATED),
    rule(&["multibos"], MULTIBOS),
    rule(&["bos_hd5"], MULTIBOS),
    rule(&["standby bos"], MULTIBOS),
    rule(&["cpuid"], CPUID),
    // disks and volume groups
    rule(&["_alt/alt_inst", "already"], OLD_CACHE),
    rule(&["_alt/alt_inst", "exists"], OLD_CACHE),
    rule(&["cache file system", "exists"], OLD_CACHE),
    rule(&["altinst_rootvg", "already"], CLONE_EXISTS),
    rule(&["/alt_inst", "already"], CLONE_EXISTS),
    rule(&["disk", "volume group", "assigned"], DISK_IN_GROUP),
    rule(&["disk", "belongs to", "volume group"], DISK_IN_GROUP),
    rule(&["boot image", "too large"], BOOT_VOLUME_TOO_SMALL),
    rule(&["boot image", "does not fit"], BOOT_VOLUME_TOO_SMALL),
    rule(&["boot image", "not enough"], BOOT_VOLUME_TOO_SMALL),
    rule(&["boot logical volume", "too small"], BOOT_VOLUME_TOO_SMALL),
    rule(&["hd5", "too small"], BOOT_VOLUME_TOO_SMALL),
    rule(&["hd5", "not large enough"], BOOT_VOLUME_TOO_SMALL),
    rule(&["hd5", "contiguous"], BOOT_VOLUME_TOO_SMALL),
    rule(&["disk", "too small"], DISK_TOO_SMALL),
    rule(&["disk", "not large enough"], DISK_TOO_SMALL),
    rule(&["disk", "not enough space"], DISK_TOO_SMALL),
    rule(&["not enough free partitions"], NO_PARTITIONS),
    rule(&["not enough free physical partitions"], NO_PARTITIONS),
    rule(&["fulfill the allocation"], NO_PARTITIONS),
    rule(&["must be varied on"], GROUP_OFF),
    rule(&["unable to find volume group"], NO_GROUP),
    rule(&["boot device list"], BOOTLIST),
    rule(&["bootlist", "unable"], BOOTLIST),
    rule(&["bootlist", "cannot"], BOOTLIST),
    rule(&["bootlist", "could not"], BOOTLIST),
    rule(&["bootlist", "failed"], BOOTLIST),
    // installation
    rule(&["licen", "agreement"], LICENCE),
    rule(&["licen", "accept"], LICENCE),
    rule(&["missing requisite"], REQUISITE),
    rule(&["requisite", "not found"], REQUISITE),
    rule(&["requisite", "could not be found"], REQUISITE),
    rule(&["builddate requisite"], REQUISITE),
    rule(&["requisite failure"], REQUISITE),
    rule(&["failed while executing"], FILESET_SCRIPT),
    rule(&["customization script", "return code"], SCRIPT),
    rule(&["customization script", "failed"], SCRIPT),
    rule(&["customization script", "error"], SCRIPT),
    // network
    rule(&["not in hosts database"], NAMES),
    rule(&["unknown host"], NAMES),
    rule(&["hostname", "not found"], NAMES),
    rule(&["host name", "not found"], NAMES),
    rule(&["name resolution"], NAMES),
    rule(&["cannot resolve"], NAMES),
    rule(&["access denied for"], REFUSED_MOUNT),
    rule(&["mount", "access denied"], REFUSED_MOUNT),
    rule(&["mount", "refused"], REFUSED_MOUNT),
    rule(&["mount", "permission denied"], REFUSED_MOUNT),
    rule(&["mount", "giving up"], REFUSED_MOUNT),
    rule(&["nimsh", "denied"], NO_CONNECTION),
    rule(&["request denied"], NO_CONNECTION),
    rule(&["(from_master)"], NO_CONNECTION),
    rule(&["refused", "connect"], NO_CONNECTION),
    rule(&["cannot connect"], NO_CONNECTION),
    rule(&["unable to connect"], NO_CONNECTION),
    rule(&["could not connect"], NO_CONNECTION),
    rule(&["connect", "error"], NO_CONNECTION),
    rule(&["nfs server", "not responding"], CLIENT_GONE),
    rule(&["not responding"], CLIENT_GONE),
    rule(&["does not respond"], CLIENT_GONE),
    rule(&["does not answer"], CLIENT_GONE),
    rule(&["missing file or filesystem"], CLIENT_GONE),
    rule(&["stale nfs"], CLIENT_GONE),
    rule(&["was rebooted"], CLIENT_GONE),
    rule(&["connection", "reset"], CONNECTION_LOST),
    rule(&["connection", "closed"], CONNECTION_LOST),
    rule(&["connection", "lost"], CONNECTION_LOST),
    rule(&["lost connection"], CONNECTION_LOST),
    rule(&["broken pipe"], CONNECTION_LOST),
    rule(&["timed out"], CONNECTION_LOST),
    rule(&["timeout"], CONNECTION_LOST),
    // in general
    rule(&["not enough space"], FULL),
    rule(&["no space left"], FULL),
    rule(&["out of space"], FULL),
    rule(&["not enough", "disk space"], FULL),
    rule(&["not enough file space"], FULL),
    rule(&["insufficient", "space"], FULL),
    rule(&["file system", "full"], FULL),
    rule(&["filesystem", "full"], FULL),
    rule(&["resource is busy"], BUSY),
    rule(&["device busy"], BUSY),
    rule(&["cannot unmount"], BUSY),
    rule(&["unmount", "busy"], BUSY),
    rule(&["permission denied"], PERMISSION),
    rule(&["permission is denied"], PERMISSION),
    rule(&["access permissions"], PERMISSION),
    rule(&["do not have permission"], PERMISSION),
    rule(&["not authorized"], PERMISSION),
    rule(&["root authority"], PERMISSION),
    rule(&["i/o error"], IO_ERROR),
    rule(&["input or output error"], IO_ERROR),
    rule(&["not enough memory"], MEMORY),
    rule(&["paging space is low"], MEMORY),
    rule(&["killed"], KILLED),
    rule(&["terminated"], KILLED),
    rule(&["hangup"], KILLED),
    rule(&["caught signal"], KILLED),
    rule(&["received signal"], KILLED),
    rule(&["not found"], NOT_FOUND),
    rule(&["no such file"], NOT_FOUND),
    rule(&["in the path name does not exist"], NOT_FOUND),
];

const NO_OBJECT: Diagnosis = entry(
    "",
    Code,
    "There is no NIM object of that name.",
    "The client, SPOT or lpp_source was mistyped or removed.",
    "List the objects with lsnim on the master and start again with the right name. Nothing was changed.",
    &["master: lsnim"],
);
const LOCKED: Diagnosis = entry(
    "",
    Unconfirmed,
    "Another nimadm has the client locked.",
    "A run for this client is going on, or one was killed and left its lock.",
    "Look with ps -ef | grep nimadm on the master. While it shows a nimadm for this client, wait until that ends. Only \
     if it shows no nimadm for this client, the lock is stale: run nimadm -C -c <client> -s <spot>, and if that says \
     the client is locked, nimadm -F -C -c <client> -s <spot>.",
    &[at::NIMADM, at::CLIENT, at::NIMADM_LOG],
);
const SPOT_LEVEL: Diagnosis = entry(
    "",
    Unconfirmed,
    "bos.alt_disk_install.rte is missing in the SPOT, or is not at the master's level there.",
    "The master was updated after the SPOT was built, or the other way round.",
    "Compare lslpp -Lqc bos.alt_disk_install.rte on the master with the same fileset in the SPOT. Bring both to one \
     level with nim -o cust, or with nimadm -M, on the master, then start again. Nothing was changed; the client does \
     not need the fileset.",
    &["master: lslpp -Lqc bos.alt_disk_install.rte", "master: nim -o lslpp <spot>"],
);
const AT_LEVEL: Diagnosis = entry(
    "",
    Unconfirmed,
    "The client is already at the target's version and release.",
    "nimadm migrates to a higher version or release; updates within one are another mode.",
    "Compare oslevel -s on the client with lsnim -l <spot> on the master. For a technology level or service pack of \
     the same release use nimadm -U, from AIX 7.3 TL3 on, or update in another way. Nothing was changed.",
    &["client: oslevel -s", at::SPOT],
);
const MASTER_LOWER: Diagnosis = entry(
    "",
    Documented,
    "The NIM master is at a lower level than the target.",
    "A master can serve its own level and lower ones only.",
    "Compare oslevel -s on the master with lsnim -l <spot>. Update the master first, or take a SPOT and lpp_source of \
     its level. Nothing was changed.",
    &["master: oslevel -s", at::SPOT],
);
const RESOURCES_DIFFER: Diagnosis = entry(
    "",
    Documented,
    "The lpp_source and the SPOT are not at the same level.",
    "One of them was updated, or the wrong one was named in the call.",
    "Compare lsnim -l of both on the master. Take a pair of one level, or update the SPOT from the lpp_source with nim \
     -o cust, then start again. Nothing was changed.",
    &[at::SPOT, "master: lsnim -l <lpp_source>"],
);
const SPOT_UNAVAILABLE: Diagnosis = entry(
    "",
    Documented,
    "A NIM resource is not ready for use.",
    "An operation on it failed or is still going on.",
    "Read lsnim -l <spot> on the master: Rstate must be ready for use. If ps -ef | grep nimadm on the master shows no \
     nimadm and nothing else uses the resource, let NIM check it with nim -Fo check <spot>; rebuild it if that fails.",
    &[at::SPOT, "master: lsnim -a spot", at::NIM_LOG],
);
const SIMAGES: Diagnosis = entry(
    "",
    Documented,
    "The lpp_source has no complete set of base images.",
    "It was made from updates only, or files were removed: the attribute simages is not yes.",
    "Read lsnim -l of the lpp_source on the master. Add the base images of the target level, let NIM check it with nim \
     -o check, and start again at phase 1 when it shows simages = yes.",
    &["master: lsnim -l <lpp_source>"],
);
const ALLOCATED: Diagnosis = entry(
    "",
    Code,
    "A resource is in use by another operation.",
    "Another client is being installed from it, or an operation that ended badly still holds it.",
    "Find the holder with lsnim -a spot and lsnim -a lpp_source on the master and wait for it. Have a stale allocation \
     removed only when ps -ef | grep nimadm on the master shows no nimadm for the client that holds it.",
    &["master: lsnim -a spot", "master: lsnim -a lpp_source", at::NIMADM],
);
const OLD_CACHE: Diagnosis = entry(
    "",
    Unconfirmed,
    "Cache file systems of an earlier run are still there.",
    "A run for this client was killed, or the master was booted while it ran.",
    "Prove with ps -ef | grep nimadm on the master that no nimadm runs for this client, then run nimadm -C -c <client> \
     -s <spot> there. Check df -g | grep _alt and lsfs -c on the master: nothing of this client may be left. Then \
     start again at phase 1.",
    &[at::CACHE, "master: lsfs -c", at::NIMADM],
);
const CLONE_EXISTS: Diagnosis = entry(
    "",
    Unconfirmed,
    "A clone is already on the client.",
    "An earlier run ended well and its clone was not booted, or a run was killed and left half of one.",
    "Look at lspv on the client which disk carries altinst_rootvg, and find out whether somebody waits to boot it. If \
     it is not needed, and ps -ef | grep nimadm on the master shows no nimadm for this client, run nimadm -C -c \
     <client> -s <spot> on the master, or alt_rootvg_op -X altinst_rootvg on the client. Then start again.",
    &[at::DISKS, at::BOOTLIST, at::NIMADM],
);
const DISK_IN_GROUP: Diagnosis = entry(
    "",
    Code,
    "The target disk belongs to a volume group.",
    "The disk is in use, or the clone of an earlier run is still on it.",
    "Look at lspv on the client and take a disk that shows None. Never take a disk whose volume group is not known to \
     you.",
    &[at::DISKS, "client: bootinfo -b"],
);
const DISK_TOO_SMALL: Diagnosis = entry(
    "",
    Unconfirmed,
    "The target disk is too small.",
    "It must hold what rootvg uses and about 500 MB more; the migration makes /usr grow.",
    "Compare USED PPs in lsvg rootvg on the client, divided by the copies if it is mirrored, with bootinfo -s of the \
     target disk. Take a disk with at least 500 MB more, better 4 GB, and start again at phase 1.",
    &["client: lsvg rootvg", "client: bootinfo -s <disk>", at::DISKS],
);
const GROUP_OFF: Diagnosis = entry(
    "",
    Unconfirmed,
    "The volume group is varied off.",
    "As a rule the cache volume group was not varied on after a boot of the master.",
    "If it is the cache volume group, vary it on with varyonvg on the master and start again. Never vary on \
     altinst_rootvg or old_rootvg by hand.",
    &["master: lsvg", "master: lsvg -o", at::DISKS],
);
const NO_GROUP: Diagnosis = entry(
    "",
    Code,
    "There is no volume group of that name on this host.",
    "Its name was mistyped, or it is on another host.",
    "Compare with lsvg on the host the line is about, then start again with the right name.",
    &["master: lsvg", "client: lsvg"],
);
const LICENCE: Diagnosis = entry(
    "",
    Documented,
    "Software licences were not accepted.",
    "nimadm was called without -Y, and ADM_ACCEPT_LICENSES is not set to yes.",
    "Make sure that you may accept the licences the log names, then start again at phase 1 with -Y.",
    &[at::NIMADM_LOG],
);
const REQUISITE: Diagnosis = entry(
    "",
    Code,
    "Filesets were not installed because others that they need are not there.",
    "The lpp_source is incomplete, or mixes levels.",
    "Read the FAILURES section in the log, add what it names to the lpp_source on the master and let NIM check it with \
     nim -o check. Do not boot the clone before you know which filesets are missing; migrate again at phase 1 or \
     install them after the boot.",
    &[at::NIMADM_LOG, "master: lsnim -l <lpp_source>"],
);
const EFIX: Diagnosis = entry(
    "",
    Code,
    "Interim fixes lock filesets that should be updated.",
    "An update, unlike a migration, does not replace filesets that an interim fix locks.",
    "List the fixes with emgr -l on the client. Find out whether the target level contains them, have them removed in \
     a change of their own, and start again at phase 1.",
    &["client: emgr -l", at::NIMADM_LOG],
);
const FILESET_SCRIPT: Diagnosis = entry(
    "",
    Unconfirmed,
    "A script of a fileset failed, and the fileset with it.",
    "Something it wanted to change is not as it expected; the lines above it say what.",
    "Read the lines above it and the Installation Summary in the log. Do not boot the clone before it is understood: \
     after the boot lppchk -v would show the fileset as broken.",
    &[at::NIMADM_LOG],
);
const SCRIPT: Diagnosis = entry(
    "",
    Unconfirmed,
    "A customisation script ended with a failure.",
    "The script given with -a (phase 4) or -z (phase 7); it runs on the master, on the cache or the mounted clone.",
    "Read what the script printed in the log, correct the script resource on the master and start again at phase 1. A \
     script should end with 0 unless it means to stop the migration.",
    &[at::NIMADM_LOG, "master: lsnim -l <script>"],
);
const CLIENT_GONE: Diagnosis = entry(
    "",
    Unconfirmed,
    "The client does not answer any more.",
    "It was booted, is down, or the network to it is.",
    "Look at uptime on the client. If it was booted, it runs its old rootvg and the clone is half-made: never boot the \
     target disk. Once ps -ef | grep nimadm on the master shows no nimadm for this client, run nimadm -C -c <client> \
     -s <spot> there, check lspv on the client, and start again at phase 1.",
    &["client: uptime", at::DISKS, at::BOOTLIST, at::NIMADM],
);
const IO_ERROR: Diagnosis = entry(
    "",
    Unconfirmed,
    "A disk or file system could not be read or written.",
    "A failing disk, path or adapter.",
    "Look at errpt and lspath on the host the line is about, and have the disk or path repaired. Check lsvg rootvg on \
     the client for stale partitions. Then start again at phase 1, if need be on another disk.",
    &["client: errpt", "client: lspath", "client: lsvg rootvg", "master: errpt"],
);
const MEMORY: Diagnosis = entry(
    "",
    Unconfirmed,
    "A host has not enough memory or paging space.",
    "Too many runs at once, or less than the 4 GB that master and client should have each.",
    "Look at lsps -s and svmon -G on the host the line is about. Start fewer runs at once, then start again at phase \
     1.",
    &["master: lsps -s", "client: lsps -s"],
);
const KILLED: Diagnosis = entry(
    "",
    Unconfirmed,
    "A process was killed.",
    "Somebody ended it, the session it belonged to was closed, or the host was being shut down.",
    "Look with ps -ef | grep nimadm on the master. If it shows no nimadm for this client and the log shows no \
     clean-up, run nimadm -C -c <client> -s <spot> there. Then start again at phase 1, detached from the terminal.",
    &[at::NIMADM, "master: uptime", "client: uptime", "master: errpt"],
);
const NOT_FOUND: Diagnosis = entry(
    "",
    Unconfirmed,
    "A command or file is not there.",
    "A path in a customisation script is wrong on the master, or a file system is not mounted.",
    "Read the lines around it. If the line comes from a script given with -a or -z, correct the script on the master; \
     it runs there, not on the client. Then start again at phase 1.",
    &[at::NIMADM_LOG, "master: lsnim -l <script>"],
);
