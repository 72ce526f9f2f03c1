//! 0301: bosboot and its helpers.

use super::{
    Diagnosis,
    Evidence::{Blog, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry(
        "0301-150",
        Unconfirmed,
        "bosboot was given no valid boot device.",
        "The disk it names has no boot volume, or is not the one that was meant.",
        "Check with lspv on the client that the target disk still carries altinst_rootvg, clean up and start again at \
         phase 1. Do not boot the target disk.",
        &[at::DISKS, "client: lsvg -l altinst_rootvg", at::NIMADM_LOG],
    ),
    entry(
        "0301-152",
        Blog,
        "bosboot has no space to build the boot image.",
        "The /tmp it works in is full: in cache mode that of the cache on the master, in NFS mode that of the clone.",
        "Look at df -g on the master for the cache's /tmp and at the free partitions of the cache volume group, make \
         room there and start again at phase 1.",
        &[at::CACHE, at::CACHE_VG, "client: df -g /tmp"],
    ),
    entry(
        "0301-154",
        Unconfirmed,
        "bosboot misses a prototype file.",
        "The clone's software is incomplete: bos.rte.boot or a device fileset was not installed.",
        "Look in the log for FAILED filesets in phase 6, complete the lpp_source on the master and start again at \
         phase 1. Do not boot the target disk.",
        &[at::NIMADM_LOG, "master: lsnim -l <lpp_source>"],
    ),
    entry(
        "0301-158",
        Unconfirmed,
        "The device configuration could not be saved in the boot image.",
        "savebase found no room in the boot volume, or not the disk it was meant for.",
        "Do not boot the target disk before this is understood: check that hd5 is large enough (lsvg -l rootvg on the \
         client), and start again at phase 1 with an image_data resource (-i) that gives the clone a larger hd5.",
        &[at::ROOTVG, "client: lslv -m hd5", at::BOOTLIST],
    ),
    entry(
        "0301-168",
        Unconfirmed,
        "The boot volume is not on the disk it should be on.",
        "hd5 lies on another disk of the volume group, or its name was changed.",
        "Compare lslv -m hd5 with lspv on the client, and which of the target disks is first in the call. Start again \
         at phase 1; do not boot the target disk.",
        &["client: lslv -m hd5", at::DISKS, at::ROOTVG],
    ),
    entry(
        "0301",
        Unconfirmed,
        "bosboot could not make the boot image.",
        "Often no space in /tmp, or a boot volume that is too small for the image.",
        "Check df -g of the cache on the master and the size of hd5 (lsvg -l rootvg) on the client. Make room, give \
         the clone a larger hd5 with an image_data resource (-i) if needed, and start again at phase 1.",
        &[at::CACHE, at::ROOTVG, at::NIMADM_LOG],
    ),
];

/// Found by words.
pub(super) const BOOT_VOLUME_TOO_SMALL: Diagnosis = entry(
    "",
    Unconfirmed,
    "The boot image does not fit into the boot volume.",
    "hd5 of older systems is too small for newer boot images, or its partitions are not one behind the other.",
    "Compare the size in the log's line about the boot image with hd5 in lsvg -l rootvg on the client. Start again at \
     phase 1 with an image_data resource (-i) that gives the clone an hd5 of 32 MB or more, in one piece; the running \
     hd5 stays as it is.",
    &[at::ROOTVG, "client: lslv -m hd5", at::NIMADM_LOG],
);
