//! What a message number means, and the next safe action (nimadm.md §4.1, §4.2).
//!
//! Every entry says how well it is known. An entry for a whole family, the four digits before the dash, answers for
//! numbers that are not listed; an unknown family has no entry, so that nobody is told a guess.

/// How well an entry is known (nimadm.md §0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// IBM's documentation.
    Documented,
    /// A published log of a real run.
    Log,
    /// Public code that runs against real systems.
    Code,
    /// An administrator's page.
    Blog,
    /// General AIX knowledge only.
    Unconfirmed,
}

/// What is known about a message number or a family of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Diagnosis {
    /// The number, `0505-126`, or the family, `0505`.
    pub code: &'static str,
    /// What the line says.
    pub meaning: &'static str,
    /// Why it comes up, as a rule.
    pub cause: &'static str,
    /// The next safe action.
    pub action: &'static str,
    /// How well this is known.
    pub evidence: Evidence,
}

/// The entry for a number, else for its family.
#[must_use]
pub fn of(code: &str) -> Option<&'static Diagnosis> {
    let family = code.split('-').next().unwrap_or_default();
    let find = |wanted: &str| DIAGNOSES.iter().find(|diagnosis| diagnosis.code == wanted);
    find(code).or_else(|| find(family))
}

/// Advice after a failure that no entry explains.
pub const AFTER_FAILURE: &str = "Read the lines above the failure, and /var/adm/ras/alt_disk_inst.log on the client. \
     Remove the cause and start again: a run begins at phase 1.";
/// Advice after a run that went through with complaints.
pub const AFTER_WARNING: &str = "Do not boot the clone before the complaints are understood: read every Installation \
     Summary in the log. After the boot, lppchk -v and instfix -i show what is missing; the files to update from are in \
     the lpp_source.";
/// Advice for a log that just stops.
pub const AFTER_SILENCE: &str = "Look whether nimadm is alive: ps -ef | grep nimadm on the master. Phases 1, 3, 6 and 9 are \
     silent for minutes. If it is gone, nothing was cleaned up: nimadm -C -c <client> -s <spot>, with -F only if the client \
     is said to be locked and no nimadm is running for it.";

use Evidence::{Blog, Code, Documented, Log, Unconfirmed};

const fn entry(
    code: &'static str,
    meaning: &'static str,
    cause: &'static str,
    action: &'static str,
    evidence: Evidence,
) -> Diagnosis {
    Diagnosis { code, meaning, cause, action, evidence }
}

const DIAGNOSES: &[Diagnosis] = &[
    entry(
        "0042-001",
        "NIM could not process an operation on the host it names.",
        "The lines below it say why.",
        "Read the next lines, and alog -o -t nim on the master.",
        Log,
    ),
    entry(
        "0042-006",
        "The master could not connect to the client.",
        "nimsh is not running on the client, a firewall is between, or a name does not resolve both ways.",
        "Check lssrc -s nimsh on the client and that both hosts resolve each other, then start again.",
        Unconfirmed,
    ),
    entry(
        "0042-053",
        "There is no NIM object of that name.",
        "The client, SPOT or lpp_source was mistyped or removed.",
        "List the objects with lsnim and start again with the right name. Nothing was changed.",
        Code,
    ),
    entry(
        "0042-154",
        "A file or directory that NIM needs does not exist.",
        "The location of a resource was moved or removed.",
        "Compare the resource's location (lsnim -l) with the file system, then start again.",
        Code,
    ),
    entry(
        "0042-175",
        "A command that NIM started gave an unexpected result.",
        "Often a mount that was refused: name resolution on the client, or an export of the master.",
        "Check that the client resolves the master's name and that showmount -e lists the resource, then start again.",
        Log,
    ),
    entry(
        "0042-207",
        "A resource could not be allocated.",
        "Another operation is using it at this moment.",
        "Wait for the other operation to end (lsnim -a spot), then try again.",
        Code,
    ),
    entry(
        "0505-126",
        "The target disk belongs to a volume group.",
        "The disk is in use, or the clone of an earlier run is still on it.",
        "Look at lspv on the client. If the disk carries a clone that is not needed, remove it with alt_rootvg_op -X \
         altinst_rootvg; never take a disk whose volume group is not known to you.",
        Code,
    ),
    entry(
        "0505-158",
        "A step on the client gave an unexpected result.",
        "Seen where nimsh was used with levels too old for it, or rsh did not work both ways.",
        "nimsh needs AIX 6.1 TL8 or 7.1 TL2 on the client; check the levels and the connection, then start again.",
        Blog,
    ),
    entry(
        "0505-187",
        "nimadm could not clone rootvg on the client.",
        "A command on the client failed; this line does not say which.",
        "Read the lines above it and /var/adm/ras/alt_disk_inst.log on the client, remove the cause and start again from \
         phase 1.",
        Log,
    ),
    entry(
        "0505-218",
        "alt_disk_copy could not deal with what multibos left.",
        "The system was once converted with multibos.",
        "Remove the standby BOS on the client (multibos -R) and check that lsvg -l rootvg shows no bos_ logical volumes, \
         then start again. All work of this run is lost.",
        Log,
    ),
    entry(
        "0505",
        "alt_disk_install, alt_disk_copy or nimadm reports a failure.",
        "The text of the line says what it was about.",
        "Read /var/adm/ras/alt_disk_inst.log on the client, remove the cause and start again from phase 1.",
        Log,
    ),
    entry(
        "0042",
        "NIM reports a failure.",
        "The text of the line says what it was about.",
        "Check the client's state with lsnim -l and read alog -o -t nim on the master, then start again.",
        Documented,
    ),
    entry(
        "0301",
        "bosboot could not make the boot image.",
        "Often no space in /tmp or a boot logical volume that is too small for the image.",
        "Check the space in /tmp and the size of hd5 (lsvg -l rootvg), make room and start again.",
        Unconfirmed,
    ),
    entry(
        "0503-008",
        "installp has not enough free disk space.",
        "A file system of the migrated system cannot grow far enough.",
        "Free partitions in the cache volume group and on the target disk, then start again.",
        Unconfirmed,
    ),
    entry(
        "0503",
        "installp could not do what it was told.",
        "Missing filesets, a lack of space, or a licence that was not accepted.",
        "Read the FAILURES section above it and check the lpp_source for missing requisites, then start again.",
        Code,
    ),
    entry(
        "0504",
        "lppchk or lslpp found the software inconsistent.",
        "Filesets of different levels or broken ones.",
        "Run lppchk -v on the client and repair what it names before the next run.",
        Unconfirmed,
    ),
    entry(
        "0506",
        "A command for file systems failed.",
        "A file system is in use, full, or defined twice.",
        "Compare df -g and mount with /etc/filesystems on the host the line is about; unmount leftovers, deepest first.",
        Unconfirmed,
    ),
    entry(
        "0511",
        "Copying files failed.",
        "Often a file system that is full on the side that receives.",
        "Check df -g of the cache file systems on the master and of /alt_inst on the client, make room and start again.",
        Unconfirmed,
    ),
    entry(
        "0513",
        "The System Resource Controller reports the state of a subsystem.",
        "As a rule information: started, or already active.",
        "Nothing is to be done unless a subsystem that is needed does not start: lssrc -g nfs.",
        Log,
    ),
    entry(
        "0514",
        "A device or the bootlist could not be configured.",
        "The disk that is named is not usable as a boot device.",
        "Check lspv and bootlist -m normal -o on the client before anything is rebooted.",
        Unconfirmed,
    ),
    entry(
        "0516-010",
        "The volume group is varied off.",
        "The cache volume group was not varied on after a boot of the master.",
        "Vary it on (varyonvg) and start again.",
        Log,
    ),
    entry(
        "0516-306",
        "The volume group or disk is not in the device configuration.",
        "Its name was mistyped, or it is not on this host.",
        "Compare with lsvg and lspv, then start again with the right name.",
        Code,
    ),
    entry(
        "0516-320",
        "The disk belongs to no volume group.",
        "Its name has changed, or another disk was meant.",
        "Compare the PVIDs with lspv, then start again with the right disk.",
        Code,
    ),
    entry(
        "0516-404",
        "Not enough free partitions.",
        "The cache volume group or the target disk is full.",
        "Make room (leftovers of earlier runs: df -g | grep _alt) or take a larger disk, then start again.",
        Unconfirmed,
    ),
    entry(
        "0516",
        "The Logical Volume Manager reports a failure.",
        "A lack of free partitions, or a volume group or disk that is not there.",
        "Check lsvg of the cache volume group and lspv on the client, then start again.",
        Code,
    ),
    entry(
        "0645",
        "A helper of geninstall or alt_disk_install failed.",
        "The text of the line says what it was about.",
        "Read the lines above it, remove the cause and start again from phase 1.",
        Unconfirmed,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_number_is_found_else_its_family_else_nothing() {
        assert_eq!(of("0505-126").unwrap().code, "0505-126");
        assert_eq!(of("0505-999").unwrap().code, "0505");
        assert_eq!(of("0999-001"), None);
    }

    #[test]
    fn every_entry_is_there_once_and_complete() {
        let codes: HashSet<_> = DIAGNOSES.iter().map(|diagnosis| diagnosis.code).collect();
        assert_eq!(codes.len(), DIAGNOSES.len());
        for text in DIAGNOSES.iter().flat_map(|d| [d.meaning, d.cause, d.action]) {
            assert!(text.ends_with('.') && text.len() > 10 && !text.contains("  "), "{text:?}");
        }
    }
}
