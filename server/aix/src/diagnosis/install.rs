//! 0503: installp and geninstall; 0504: lppchk and lslpp; 0512: mksysb and image.data; 0554: BOS installation.

use super::{
    Diagnosis,
    Evidence::{Blog, Code, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry(
        "0503-008",
        Unconfirmed,
        "installp has not enough free disk space.",
        "A file system of the migrated system cannot grow far enough.",
        "Make more free partitions available in the cache volume group on the master (lsvg), and take a target disk \
         with 2 to 4 GB above the used size of rootvg. Then start again at phase 1.",
        &[at::CACHE_VG, at::CACHE, "client: lsvg rootvg", "client: df -g"],
    ),
    entry(
        "0503-105",
        Code,
        "The directory or device to install from does not exist.",
        "The location of the lpp_source was moved or is not mounted.",
        "Compare lsnim -l of the lpp_source with ls of its location on the master, then start again.",
        &["master: lsnim -l <lpp_source>", "master: mount"],
    ),
    entry(
        "0503-438",
        Code,
        "installp was not told what to install.",
        "An installp_bundle is empty, or nothing in it is in the lpp_source.",
        "Check the installp_bundle given with -b against the lpp_source on the master (nim -o showres), then start \
         again.",
        &["master: nim -o showres <installp_bundle>", "master: nim -o showres <lpp_source>"],
    ),
    entry(
        "0503-466",
        Blog,
        "An update was refused because of its build date.",
        "The lpp_source mixes service packs, or what is installed is newer than the update.",
        "Complete the lpp_source on the master with all updates of one service pack and check it with nim -o check. Do \
         not boot the clone before you know which filesets stayed behind; migrate again at phase 1 or update after the \
         boot.",
        &[at::NIMADM_LOG, "master: lsnim -l <lpp_source>", "client: instfix -i"],
    ),
    entry(
        "0503",
        Code,
        "installp could not do what it was told.",
        "Missing filesets, a lack of space, or a licence that was not accepted.",
        "Read the FAILURES section above it in the log and check the lpp_source on the master for missing requisites. \
         If the run ended, start again at phase 1.",
        &[at::NIMADM_LOG, "master: lsnim -l <lpp_source>"],
    ),
    entry(
        "0504-132",
        Unconfirmed,
        "The fileset is not installed.",
        "A fileset that nimadm or the check needs is missing on that host.",
        "If it is bos.alt_disk_install.rte, install it on the master and into the SPOT at the same level (nim -o \
         cust), then start again. The client does not need it.",
        &["master: lslpp -Lqc bos.alt_disk_install.rte", "master: nim -o lslpp <spot>"],
    ),
    entry(
        "0504-208",
        Unconfirmed,
        "A file has another size than its fileset says.",
        "It was edited or damaged, or an update ended half-way.",
        "Find out with lppchk -c on the client which files differ, and repair them in a change of their own before the \
         next run.",
        &["client: lppchk -c", "client: lppchk -v"],
    ),
    entry(
        "0504-212",
        Unconfirmed,
        "A file has another checksum than its fileset says.",
        "It was edited or damaged, or an update ended half-way.",
        "Find out with lppchk -c on the client which files differ, and repair them in a change of their own before the \
         next run.",
        &["client: lppchk -c", "client: lppchk -v"],
    ),
    entry(
        "0504",
        Unconfirmed,
        "lppchk or lslpp found the software inconsistent.",
        "Filesets of different levels, broken ones, or one that is not installed.",
        "Run lppchk -v on the client and repair what it names, in a change of its own, before the next run.",
        &["client: lppchk -v", "client: lslpp -L"],
    ),
    entry(
        "0512",
        Unconfirmed,
        "mksysb, savevg or mkszfile reports a failure.",
        "Often a stanza of /etc/filesystems that does not fit its logical volume, or no space for image.data.",
        "Compare lsfs -c with lsvg -l rootvg on the client, and look at df -g / /tmp there. Correct what does not fit \
         in a change of its own, then start again at phase 1.",
        &["client: lsfs -c", at::ROOTVG, "client: df -g", at::ALT_LOG],
    ),
    entry(
        "0554",
        Unconfirmed,
        "A step of the base operating system installation failed.",
        "The text of the line says which; bosinst_data or image_data may not fit the target disk.",
        "Check the bosinst_data and image_data resources of the call on the master (nim -o showres), then start again \
         at phase 1.",
        &[at::NIMADM_LOG, at::ALT_LOG],
    ),
];
