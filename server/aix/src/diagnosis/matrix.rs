//! The failure matrix: situations of a migration as an administrator meets them, and what to do (nimadm.md §4.1).

use serde::Serialize;

/// A situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Situation {
    /// `F1` to `F15`.
    pub id: &'static str,
    /// What has happened.
    pub situation: &'static str,
    /// How it shows.
    pub seen: &'static str,
    /// What to do, in order.
    pub action: &'static str,
}

/// All of them, in order.
pub const SITUATIONS: [Situation; 15] = [
    Situation {
        id: "F1",
        situation: "nimadm failed and cleaned up by itself.",
        seen: "The log ends with both clean-up lines, outside phase 12. lspv on the client shows None for the target \
               disk, lsnim -l <client> on the master shows ready for a NIM operation.",
        action: "Remove the cause and start again at phase 1. Nothing of the run can be used again.",
    },
    Situation {
        id: "F2",
        situation: "nimadm died or was killed, and nothing was cleaned up.",
        seen: "No new lines in the log and no process on the master. The client is not ready in lsnim -l, /alt_inst is \
               mounted on it, and cache file systems of it are on the master.",
        action: "Prove with ps -ef | grep nimadm on the master that no nimadm runs for this client. Run nimadm -C -c \
                 <client> -s <spot> there; if it says the client is locked and ps still shows no nimadm for it, nimadm \
                 -F -C -c <client> -s <spot>. Then look for leftovers as in F6 to F9.",
    },
    Situation {
        id: "F3",
        situation: "The master was booted during phases 2 to 10.",
        seen: "Cache file systems are in lsvg -l of the cache volume group but not mounted. The client still has \
               /alt_inst mounted.",
        action: "As F2: the run is lost. Vary on the cache volume group if lsvg -o on the master does not show it, and \
                 clean up with nimadm -C -c <client> -s <spot> once ps shows no nimadm for this client. Then F6 for \
                 what is left.",
    },
    Situation {
        id: "F4",
        situation: "The client was booted during phases 1 to 10.",
        seen: "It runs its old rootvg, because the bootlist was not changed. lspv shows altinst_rootvg varied off, \
               half-made.",
        action: "Never boot that disk. Once ps -ef | grep nimadm on the master shows no nimadm for this client, run \
                 nimadm -C -c <client> -s <spot> there. Only if that fails, and lspv on the client shows \
                 altinst_rootvg on the target disk, alt_rootvg_op -X altinst_rootvg on the client.",
    },
    Situation {
        id: "F5",
        situation: "Phase 11 or 12 failed, after the data was written back.",
        seen: "0505-218 or 0505-187 near the end of the log; nimadm's own clean-up has removed the clone.",
        action: "Remove the cause, such as leftovers of multibos, and start again at phase 1. Check bootlist -m normal \
                 -o on the client: it must name the old disk.",
    },
    Situation {
        id: "F6",
        situation: "Cache file systems are left on the master.",
        seen: "df -g | grep _alt or lsfs -c on the master shows /<client>_alt/alt_inst.",
        action: "Prove with ps -ef | grep nimadm on the master that no nimadm runs for this client, and try nimadm -C \
                 -c <client> -s <spot> first. What it leaves: umount each /<client>_alt/alt_inst file system, deepest \
                 first, then rmfs -r each, and check lsvg -l of the cache volume group. Touch no name that does not \
                 begin with /<client>_alt/.",
    },
    Situation {
        id: "F7",
        situation: "/alt_inst is left mounted on the client.",
        seen: "mount on the client shows /alt_inst, lspv shows altinst_rootvg active.",
        action: "Prove with ps -ef | grep nimadm on the master that no nimadm runs for this client, and try nimadm -C \
                 -c <client> -s <spot> there first. Then, if lspv on the client still shows altinst_rootvg on the \
                 target disk, alt_rootvg_op -X altinst_rootvg on the client. If it refuses, unmount /alt_inst, deepest \
                 first, and try it again. Do not boot the client before it is gone.",
    },
    Situation {
        id: "F8",
        situation: "The SPOT is left mounted on the client.",
        seen: "mount on the client shows /ALT_MIG_SPOT.",
        action: "Prove with ps -ef | grep nimadm on the master that no nimadm runs for this client, then umount \
                 /ALT_MIG_SPOT on the client.",
    },
    Situation {
        id: "F9",
        situation: "The client's NIM object is stuck.",
        seen: "lsnim -l <client> on the master shows a Cstate other than ready for a NIM operation, and nothing runs.",
        action: "Prove with ps -ef | grep nimadm on the master that no nimadm runs for this client: a reset during a \
                 run spoils its bookkeeping. Then nim -o reset <client>; if that refuses, nim -Fo reset <client>, and \
                 nim -Fo deallocate -a subclass=all <client>. Look at lsnim -l <client> again.",
    },
    Situation {
        id: "F10",
        situation: "A resource is stuck.",
        seen: "lsnim -l of it shows alloc_count above 0, or a call says that a resource is allocated.",
        action: "Find the holder with lsnim -a spot and lsnim -a lpp_source on the master. If it works, wait. If ps \
                 -ef | grep nimadm shows no nimadm for the holder and nothing else works on it, treat the holder as in \
                 F9.",
    },
    Situation {
        id: "F11",
        situation: "The SPOT is broken.",
        seen: "lsnim -l <spot> on the master shows Rstate = unavailable for use.",
        action: "Once ps -ef | grep nimadm on the master shows no nimadm that uses it, nim -Fo check <spot>. If it \
                 stays unavailable, build the SPOT again from its lpp_source.",
    },
    Situation {
        id: "F12",
        situation: "The migrated disk does not boot.",
        seen: "A reference code that stays, or SMS, on the console.",
        action: "In SMS: Select Boot Options, Select Install/Boot Device, Hard Drive, the old disk, Normal Mode Boot. \
                 Once the old system runs, set its bootlist to the old disk and keep the clone for analysis.",
    },
    Situation {
        id: "F13",
        situation: "The client was migrated but is not healthy.",
        seen: "Applications fail, or lppchk -v on the client names filesets.",
        action: "Decide whether to repair or to go back. To go back: see with lspv on the client which disk is \
                 old_rootvg, make sure no clone is awake (nothing under /alt_inst in mount), set bootlist -m normal to \
                 that disk, look at it with -o, and only then shutdown -Fr. Data written to rootvg since is not on the \
                 old disk.",
    },
    Situation {
        id: "F14",
        situation: "The client booted from the old disk by mistake.",
        seen: "bootinfo -b on the client names the old disk, oslevel -s the old level, lspv still altinst_rootvg.",
        action: "The bootlist did not name the clone: -B was given, or something set it since. Nothing is damaged. \
                 Make sure that the log is complete to the end of phase 12 and that no clone is awake (nothing under \
                 /alt_inst in mount), set the bootlist to the disk that lspv shows as altinst_rootvg, and boot again \
                 in an approved window.",
    },
    Situation {
        id: "F15",
        situation: "A second nimadm says that the client is locked.",
        seen: "The call ends in the header of the log, before phase 1.",
        action: "Look with ps -ef | grep nimadm on the master. While it shows one for this client, wait; never force \
                 it with -F. Only if it shows no nimadm for this client, go on as in F2.",
    },
];
