//! 0505: nimadm, alt_disk_copy and its sisters; 0645: helpers of geninstall and alt_disk_install.

use super::{
    Diagnosis,
    Evidence::{Blog, Code, Log, Unconfirmed},
    at, entry,
};

pub(super) const ENTRIES: &[Diagnosis] = &[
    entry(
        "0505-126",
        Code,
        "The target disk belongs to a volume group.",
        "The disk is in use, or the clone of an earlier run is still on it.",
        "Look at lspv on the client. Take a disk that shows None; never take a disk whose volume group is not known to \
         you. Only if lspv shows altinst_rootvg on the target disk, that clone is not needed, and ps -ef | grep nimadm \
         on the master shows no nimadm for this client, remove it with alt_rootvg_op -X altinst_rootvg on the client.",
        &[at::DISKS, "client: bootinfo -b", at::NIMADM],
    ),
    entry(
        "0505-158",
        Blog,
        "A step on the client gave an unexpected result.",
        "Seen where nimsh was used with levels too old for it, or rsh did not work both ways. As a warning alone it \
         stops nothing.",
        "nimsh needs AIX 6.1 TL8 or 7.1 TL2 on the client: check oslevel -s there and the connection both ways. If the \
         run ended, start again at phase 1.",
        &["client: oslevel -s", at::NIMSH, "client: /var/adm/ras/nimsh.log", at::ALT_LOG],
    ),
    entry(
        "0505-187",
        Log,
        "nimadm could not clone rootvg on the client.",
        "A command on the client failed; this line does not say which.",
        "Read the lines above it and /var/adm/ras/alt_disk_inst.log on the client. If the log shows no clean-up, prove \
         with ps -ef | grep nimadm on the master that no nimadm runs for this client, then run nimadm -C -c <client> \
         -s <spot> there. Remove the cause and start again at phase 1.",
        &[at::ALT_LOG, at::DISKS, at::NIMADM_LOG],
    ),
    entry("0505-218", Log, MULTIBOS.meaning, MULTIBOS.cause, MULTIBOS.action, MULTIBOS.look_at),
    entry(
        "0505",
        Log,
        "nimadm, alt_disk_copy or alt_disk_install reports a failure.",
        "The text of the line says what it was about.",
        "Read the lines above it and /var/adm/ras/alt_disk_inst.log on the client, remove the cause and start again at \
         phase 1.",
        &[at::ALT_LOG, at::NIMADM_LOG, at::DISKS],
    ),
    entry(
        "0645",
        Unconfirmed,
        "A helper of geninstall or alt_disk_install failed.",
        "The text of the line says what it was about.",
        "Read the lines above it and /var/adm/ras/alt_disk_inst.log on the client, remove the cause and start again at \
         phase 1.",
        &[at::NIMADM_LOG, at::ALT_LOG],
    ),
];

/// Found by number and by words.
pub(super) const MULTIBOS: Diagnosis = entry(
    "",
    Log,
    "alt_disk_copy could not deal with what multibos left.",
    "The system was once converted with multibos. It shows in phase 11, when all other work is done.",
    "All work of this run is lost. Look at lsvg -l rootvg and bootinfo -v on the client. Where bootinfo says hd5, a \
     standby BOS in bos_ logical volumes can be removed with multibos -R; that changes the running rootvg, so do it as \
     a change of its own after a mksysb, and start again at phase 1 when no bos_ volume is left. Where it says \
     bos_hd5, the system runs on them: remove nothing and ask IBM.",
    &[at::ROOTVG, "client: bootinfo -v", at::ALT_LOG],
);
