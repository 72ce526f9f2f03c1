//! What to do about a phase that failed without saying why.

use super::at;
use crate::Phase;
use serde::Serialize;

/// What happens in a phase, and the next safe action if it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PhaseHelp {
    /// What nimadm does in it.
    pub what_happens: &'static str,
    /// The next safe action if it failed and no line says why.
    pub if_it_fails: &'static str,
    /// Where the evidence is.
    pub look_at: &'static [&'static str],
}

/// Help for a failure that no message explains.
#[must_use]
pub fn of_phase(phase: Phase) -> &'static PhaseHelp {
    match phase.number() {
        1 => &CLONE,
        2 => &CACHE,
        3 => &FILL,
        4 => &BEFORE,
        5 => &RESTORE,
        6 => &INSTALL,
        7 => &AFTER,
        8 => &BOOT_IMAGE,
        9 => &WRITE_BACK,
        10 => &REMOVE,
        11 => &FINISH,
        _ => &CLEAN_UP,
    }
}

const CLONE: PhaseHelp = PhaseHelp {
    what_happens: "The client makes altinst_rootvg on the target disk and copies its running rootvg into it. It is no \
                   rehearsal: the target disk is written to.",
    if_it_fails: "Read /var/adm/ras/alt_disk_inst.log on the client. As a rule the target disk belongs to a volume \
                  group or is too small, or a file system of rootvg is odd. Check with lspv on the client that the \
                  target disk shows None again, then start again.",
    look_at: &[at::ALT_LOG, at::DISKS, at::ROOTVG, "client: lsfs -c"],
};
const CACHE: PhaseHelp = PhaseHelp {
    what_happens: "The master creates file systems for the client's data in the cache volume group; without -j the \
                   client exports its clone instead.",
    if_it_fails: "Check lsvg of the cache volume group and df -g | grep _alt on the master: is it varied on, has it \
                  free partitions, is anything of this client left from before? Without -j, check lssrc -g nfs on the \
                  client. Then start again at phase 1.",
    look_at: &[at::CACHE_VG, at::CACHE, "client: lssrc -g nfs"],
};
const FILL: PhaseHelp = PhaseHelp {
    what_happens: "The client's data is copied into the cache on the master, over nimsh or rsh; without -j the master \
                   mounts the clone over NFS instead. It prints nothing for minutes.",
    if_it_fails: "Check df -g | grep _alt on the master for a full file system, and lssrc -s nimsh and \
                  /var/adm/ras/nimsh.log on the client for a broken connection. Then start again at phase 1.",
    look_at: &[at::CACHE, at::NIMSH, "client: /var/adm/ras/nimsh.log", "client: errpt"],
};
const BEFORE: PhaseHelp = PhaseHelp {
    what_happens: "The pre-migration script given with -a runs on the master.",
    if_it_fails: "Read what the script printed in the log, correct the script on the master, and start again at phase \
                  1.",
    look_at: &[at::NIMADM_LOG, "master: lsnim -l <script>"],
};
const RESTORE: PhaseHelp = PhaseHelp {
    what_happens: "The base operating system of the target level is restored over the copy, and the old configuration \
                   is merged into it. Only the copy is changed.",
    if_it_fails: "Check on the master that lsnim -l of the lpp_source shows simages = yes, and that df -g | grep _alt \
                  and lsvg of the cache volume group show free space. Then start again at phase 1.",
    look_at: &["master: lsnim -l <lpp_source>", at::CACHE, at::CACHE_VG],
};
const INSTALL: PhaseHelp = PhaseHelp {
    what_happens: "installp brings all filesets of the copy to the target level, then updates and RPMs follow. It is \
                   the longest phase.",
    if_it_fails: "Read the FAILURES section and the last Installation Summary in the log. As a rule filesets are \
                  missing in the lpp_source, licences were not accepted (-Y), or space ran out in the cache on the \
                  master. Then start again at phase 1.",
    look_at: &[at::NIMADM_LOG, "master: lsnim -l <lpp_source>", at::CACHE],
};
const AFTER: PhaseHelp = PhaseHelp {
    what_happens: "The post-migration script given with -z runs on the master.",
    if_it_fails: "Read what the script printed in the log, correct the script on the master, and start again at phase \
                  1.",
    look_at: &[at::NIMADM_LOG, "master: lsnim -l <script>"],
};
const BOOT_IMAGE: PhaseHelp = PhaseHelp {
    what_happens: "bosboot makes the boot image of the target level and writes it to the boot volume on the target \
                   disk.",
    if_it_fails: "Check hd5 in lsvg -l rootvg on the client against the size of the boot image in the log, and df -g \
                  of the cache on the master for space in /tmp. Start again at phase 1, with an image_data resource \
                  (-i) if the clone needs a larger hd5. Do not boot the target disk.",
    look_at: &[at::ROOTVG, at::CACHE, at::NIMADM_LOG],
};
const WRITE_BACK: PhaseHelp = PhaseHelp {
    what_happens: "The file systems of the clone are enlarged where needed and the migrated data is written back to \
                   the client; without -j the master only unmounts. It prints nothing for minutes.",
    if_it_fails: "Check free partitions of altinst_rootvg against what /usr needs: as a rule the target disk is too \
                  small. Check lssrc -s nimsh on the client for a broken connection. Start again at phase 1, on a \
                  larger disk if need be. Do not boot the target disk: it is half-written.",
    look_at: &["client: lsvg altinst_rootvg", "client: df -g", at::NIMSH, at::ALT_LOG],
};
const REMOVE: PhaseHelp = PhaseHelp {
    what_happens: "The master unmounts and removes the cache file systems; without -j the client takes back its \
                   exports.",
    if_it_fails: "Find out with fuser on the master who uses a file system of the cache, and have that end. Once ps \
                  -ef | grep nimadm on the master shows no nimadm for this client, run nimadm -C -c <client> -s <spot> \
                  there and start again at phase 1.",
    look_at: &[at::CACHE, "master: fuser -cux <mount point>", at::NIMADM],
};
const FINISH: PhaseHelp = PhaseHelp {
    what_happens: "The client finishes the clone: device data, names, unmounting, varying off. Without -B it also sets \
                   the bootlist to it.",
    if_it_fails: "Read /var/adm/ras/alt_disk_inst.log on the client; leftovers of multibos show here. Check with \
                  bootlist -m normal -o on the client that it boots from its old disk. Then start again at phase 1.",
    look_at: &[at::ALT_LOG, at::BOOTLIST, at::ROOTVG, "client: bootinfo -v"],
};
const CLEAN_UP: PhaseHelp = PhaseHelp {
    what_happens: "nimadm releases its locks and unmounts the SPOT on the client. The clone is complete before it \
                   begins.",
    if_it_fails: "The clone may be good, but do not boot it on that hope. Check lspv and bootlist -m normal -o on the \
                  client, and mount there for /ALT_MIG_SPOT. Whether nimadm -C removes a finished clone is not known \
                  for sure: decide first whether you start again at phase 1, and then run nimadm -C -c <client> -s \
                  <spot> on the master once ps -ef | grep nimadm there shows no nimadm for this client.",
    look_at: &[at::DISKS, at::BOOTLIST, "client: mount", at::CLIENT],
};
