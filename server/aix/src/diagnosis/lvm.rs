//! 0516: the Logical Volume Manager; 0514: device configuration and the bootlist; 0518: the ODM.

use super::{
    Diagnosis,
    Evidence::{Blog, Code, Log, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry(
        "0516-010",
        Log,
        "The volume group is varied off.",
        "As a rule the cache volume group was not varied on after a boot of the master. A finished clone is varied off \
         on purpose.",
        "If it is the cache volume group, vary it on with varyonvg on the master and start again. Never vary on \
         altinst_rootvg or old_rootvg by hand: they are place-holders.",
        &["master: lsvg", "master: lsvg -o", at::DISKS],
    ),
    entry(
        "0516-306",
        Code,
        "The volume group or disk is not in the device configuration.",
        "Its name was mistyped, or it is not on this host.",
        "Compare with lsvg and lspv on the host the line is about, then start again with the right name.",
        &["master: lsvg", "master: lspv", at::DISKS],
    ),
    entry(
        "0516-320",
        Code,
        "The disk belongs to no volume group.",
        "Its name has changed, or another disk was meant. For a target disk this is as it should be.",
        "If it is the target disk, nothing is to be done. Otherwise compare the PVIDs with lspv on that host, then \
         start again with the right disk.",
        &[at::DISKS, "client: getlvodm -j <disk>"],
    ),
    entry(
        "0516-404",
        Unconfirmed,
        NO_PARTITIONS.meaning,
        NO_PARTITIONS.cause,
        NO_PARTITIONS.action,
        NO_PARTITIONS.look_at,
    ),
    entry(
        "0516-787",
        Blog,
        "A logical volume may not have so many partitions.",
        "Its limit, MAX LPs in lslv, is lower than the size it should get.",
        "On the master, raise the limit of the cache's own file systems by taking a volume group with larger \
         partitions. For a volume of the clone, give the limit in an image_data resource (-i). Then start again at \
         phase 1.",
        &["client: lslv alt_hd2", "client: lslv hd2", at::CACHE],
    ),
    entry(
        "0516-788",
        Unconfirmed,
        "A logical volume could not be extended.",
        "The line above it says why: as a rule no free partitions, or the volume's own limit.",
        "Read the line above it. Compare FREE PPs in lsvg of the cache volume group on the master, and of \
         altinst_rootvg on the client, with what is needed.",
        &[at::CACHE_VG, "client: lsvg altinst_rootvg"],
    ),
    entry(
        "0516-822",
        Unconfirmed,
        "A logical volume could not be created.",
        "The line above it says why: as a rule no free partitions.",
        "Read the line above it. Compare FREE PPs in lsvg of the cache volume group on the master with what is needed, \
         make room and start again.",
        &[at::CACHE_VG, at::CACHE, at::DISKS],
    ),
    entry(
        "0516-862",
        Code,
        "A volume group could not be created.",
        "The line above it says why: the disk is not there, or has a volume group already.",
        "Read the line above it and lspv on that host. Take another disk; never force the creation over a disk whose \
         content is not known to you.",
        &[at::DISKS, "master: lspv"],
    ),
    entry(
        "0516-1396",
        Code,
        "The disk is not known to the Logical Volume Manager.",
        "It has no PVID yet. For a target disk this is as it should be: it gets one in phase 1.",
        "If it is the target disk, nothing is to be done. Otherwise compare lspv on that host.",
        &[at::DISKS],
    ),
    entry(
        "0516-2038",
        Code,
        "Volumes of this type cannot be encrypted or decrypted.",
        "Encryption was asked for paging, boot or aio_cache volumes.",
        "Look at hdcryptmgr showlv rootvg on the client. Whether nimadm can migrate an encrypted rootvg is not known: \
         ask IBM before you start again.",
        &["client: hdcryptmgr showlv rootvg"],
    ),
    entry(
        "0516",
        Code,
        "The Logical Volume Manager reports a failure.",
        "A lack of free partitions, or a volume group or disk that is not there.",
        "Check lsvg of the cache volume group on the master and lspv on the client, then start again.",
        &[at::CACHE_VG, at::DISKS, "client: alog -o -t lvmt"],
    ),
    entry("0514-221", Unconfirmed, BOOTLIST.meaning, BOOTLIST.cause, BOOTLIST.action, BOOTLIST.look_at),
    entry(
        "0514",
        Unconfirmed,
        "A device or the bootlist could not be configured.",
        "The device it names is busy, missing, or not fit for what was asked.",
        "Check lspv and bootlist -m normal -o on the client before anything is booted: the first disk must be the one \
         meant, with blv=hd5.",
        &[at::DISKS, at::BOOTLIST, "client: errpt"],
    ),
    entry(
        "0518",
        Unconfirmed,
        "The Object Data Manager reports a failure.",
        "A class or object of the device or software database is missing, locked or damaged.",
        "Read the lines around it: in phases 5 and 6 it is about the clone's database, on the client about its own. If \
         the run ended, start again at phase 1; if it comes back, ask IBM and do not repair the client's database by \
         hand.",
        &[at::NIMADM_LOG, at::ALT_LOG],
    ),
];

/// Found by number and by words.
pub(super) const NO_PARTITIONS: Diagnosis = entry(
    "",
    Unconfirmed,
    "Not enough free partitions.",
    "In phases 2 to 6 the cache volume group on the master is full; in phases 1 and 9 the client's target disk is.",
    "Compare FREE PPs in lsvg of the cache volume group on the master with the sizes of the client's rootvg file \
     systems. Remove what earlier runs left there (df -g | grep _alt) only for clients for which ps -ef | grep nimadm \
     shows no nimadm, or add a disk to that volume group. In phases 1 and 9 take a larger target disk: used size of \
     rootvg, and 2 to 4 GB more. Then start again at phase 1.",
    &[at::CACHE_VG, at::CACHE, "client: lsvg rootvg", at::DISKS],
);

/// Found by number and by words.
pub(super) const BOOTLIST: Diagnosis = entry(
    "",
    Unconfirmed,
    "The bootlist could not be set.",
    "The disk it names has no boot volume, is no boot device for the firmware, or is not there.",
    "Do not boot the client before bootlist -m normal -o there shows what you expect, with blv=hd5 behind the first \
     disk. While it shows the old disk, nothing has happened: the client boots as before.",
    &[at::BOOTLIST, at::DISKS, "client: bootinfo -b"],
);
