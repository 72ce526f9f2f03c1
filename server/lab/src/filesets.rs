//! The filesets of a believable AIX, and the levels they have where AIX itself is at some level.
//!
//! Simplified: every system has the same ones, and a level follows from the system's level by a fixed rule.

use crate::model::{Installed, State};
use aix::{Level, Vrmf};
use std::collections::BTreeMap;

/// A fileset's name and description.
pub(crate) type Fileset = (&'static str, &'static str);

/// The fileset that carries nimadm.
pub(crate) const ALT_DISK: &str = "bos.alt_disk_install.rte";

/// Installed everywhere.
pub(crate) const BASE: &[Fileset] = &[
    ("bos.rte.install", "LPP Install Commands"),
    ("bos.rte", "Base Operating System Runtime"),
    ("bos.rte.boot", "Boot Commands"),
    ("bos.rte.control", "System Control Commands"),
    ("bos.rte.cron", "Batch Operations"),
    ("bos.rte.libc", "libc Library"),
    ("bos.rte.lvm", "Logical Volume Manager"),
    ("bos.rte.odm", "Object Data Manager"),
    ("bos.rte.security", "Base Security Function"),
    ("bos.rte.shell", "Shells (bsh, ksh, csh)"),
    ("bos.rte.streams", "Streams Libraries"),
    ("bos.rte.filesystem", "Filesystem Administration"),
    ("bos.rte.bosinst", "Base OS Install Commands"),
    ("bos.mp64", "Base Operating System 64-bit Multiprocessor Runtime"),
    ("bos.64bit", "Base Operating System 64 bit Runtime"),
    ("bos.acct", "Accounting Services"),
    ("bos.adt.base", "Base Application Development Toolkit"),
    ("bos.adt.include", "Base Application Development Include Files"),
    (ALT_DISK, "Alternate Disk Installation Runtime"),
    ("bos.alt_disk_install.boot_images", "Alternate Disk Installation Disk Boot Images"),
    ("bos.cluster.rte", "Cluster Aware AIX"),
    ("bos.diag.com", "Common Hardware Diagnostics"),
    ("bos.diag.rte", "Hardware Diagnostics"),
    ("bos.net.nfs.client", "Network File System Client"),
    ("bos.net.nfs.server", "Network File System Server"),
    ("bos.net.tcp.client_core", "TCP/IP Client Core Support"),
    ("bos.net.tcp.server_core", "TCP/IP Server Core Support"),
    ("bos.net.tcp.ntp", "Network Time Protocol"),
    ("bos.perf.libperfstat", "Performance Statistics Library"),
    ("bos.perf.perfstat", "Performance Statistics Interface"),
    ("bos.perf.tools", "Base Performance Tools"),
    ("bos.sysmgt.nim.client", "Network Install Manager - Client Tools"),
    ("bos.sysmgt.serv_aid", "Software Error Logging and Dump Service Aids"),
    ("bos.sysmgt.smit", "System Management Interface Tool (SMIT)"),
    ("bos.sysmgt.sysbr", "System Backup and BOS Install Utilities"),
    ("devices.chrp.base.rte", "RISC PC Base System Device Software (CHRP)"),
    ("devices.common.IBM.disk.rte", "Common IBM Disk Software"),
    ("devices.common.IBM.ethernet.rte", "Common Ethernet Software"),
    ("devices.common.IBM.fc.rte", "Common IBM FC Software"),
    ("devices.common.IBM.mpio.rte", "MPIO Disk Path Control Module"),
    ("devices.common.IBM.scsi.rte", "Common SCSI I/O Controller Software"),
    ("devices.vdevice.IBM.l-lan.rte", "Virtual I/O Ethernet Software"),
    ("devices.vdevice.IBM.v-scsi.rte", "Virtual SCSI Client Support"),
    ("devices.vdevice.IBM.vfc-client.rte", "Virtual Fibre Channel Client Support"),
    ("mcr.rte", "Metacluster Checkpoint and Restart"),
    ("perfagent.tools", "Local Performance Analysis and Control Commands"),
    ("rpm.rte", "RPM Package Manager"),
    ("rsct.core.rmc", "RSCT Resource Monitoring and Control"),
    ("rsct.core.utils", "RSCT Utilities"),
    ("security.acf", "ACF/PKCS11 Device Driver"),
    ("sysmgt.cfgassist", "Configuration Assistant"),
    ("xlC.rte", "IBM XL C++ Runtime for AIX"),
    ("openssh.base.server", "Open Secure Shell Server"),
    ("openssl.base", "Open Secure Socket Layer"),
    ("X11.base.lib", "AIXwindows Runtime Libraries"),
    ("X11.motif.lib", "AIXwindows Motif Libraries"),
];

/// Installed on the master besides.
pub(crate) const MASTER: &[Fileset] = &[
    ("bos.sysmgt.nim.master", "Network Install Manager - Master Tools"),
    ("bos.sysmgt.nim.spot", "Network Install Manager - SPOT"),
];

/// The levels the lab knows, as IBM built them (values seen in logs, nimadm.md §6.6).
const KNOWN: &[Level] = &[
    level(6, 1, 6, 5, 1115),
    level(6, 1, 9, 12, 1846),
    level(7, 1, 1, 1, 1141),
    level(7, 1, 5, 11, 2246),
    level(7, 1, 5, 12, 2336),
    level(7, 2, 3, 5, 2016),
    level(7, 2, 5, 5, 2246),
    level(7, 2, 5, 10, 2520),
    level(7, 2, 5, 11, 2546),
    level(7, 3, 2, 1, 2346),
    level(7, 3, 3, 0, 2446),
    level(7, 3, 3, 1, 2520),
    level(7, 3, 3, 2, 2546),
];

/// A level out of its parts.
pub(crate) const fn level(version: u8, release: u8, tl: u8, sp: u8, build: u16) -> Level {
    Level { version, release, tl, sp, build }
}

/// The level a fileset has on a system of that level: some change with every service pack, most with some of them.
/// Never falls from one service pack to the next.
pub(crate) fn level_of(name: &str, system: Level) -> Vrmf {
    let offset = name.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 3;
    let fix = if matches!(name, ALT_DISK | "bos.mp64" | "bos.rte.install" | "bos.rte") {
        system.sp
    } else {
        (0..=system.sp).rev().find(|sp| (sp + offset) % 3 == 0).unwrap_or(0)
    };
    vrmf([system.version, system.release, system.tl, fix])
}

/// A fileset level out of its numbers.
fn vrmf(numbers: [u8; 4]) -> Vrmf {
    let [version, release, modification, fix] = numbers;
    let text = format!("{version}.{release}.{modification}.{fix}");
    text.parse().unwrap_or_else(|_| unreachable!("{text} is a level"))
}

/// Everything that belongs on a system of that level; a master has more.
pub(crate) fn at(system: Level, master: bool) -> BTreeMap<String, Installed> {
    let names = BASE.iter().chain(if master { MASTER } else { &[] });
    let installed = |name| Installed { level: level_of(name, system), state: State::Committed };
    names.map(|&(name, _)| (name.to_owned(), installed(name))).collect()
}

/// A fileset's description.
pub(crate) fn title(name: &str) -> &'static str {
    BASE.iter().chain(MASTER).find_map(|(known, title)| (*known == name).then_some(*title)).unwrap_or("")
}

/// Whether a fileset has a part outside `/usr`.
pub(crate) fn has_root(name: &str) -> bool {
    name.starts_with("bos.rte") || name.starts_with("bos.net.tcp")
}

/// The filesets that keep a system from being at `wanted`: name, level they have, level they should have.
pub(crate) fn behind(filesets: &BTreeMap<String, Installed>, wanted: Level) -> Vec<(&str, &Vrmf, Vrmf)> {
    let lags = |(name, _): &Fileset| {
        let (name, installed) = filesets.get_key_value(*name)?;
        let should = level_of(name, wanted);
        (installed.state == State::Broken || installed.level < should).then_some((
            name.as_str(),
            &installed.level,
            should,
        ))
    };
    BASE.iter().filter_map(lags).collect()
}

/// What `oslevel -s` says: the highest known level that no fileset is behind; the bare release where there is none.
pub(crate) fn system_level(filesets: &BTreeMap<String, Installed>) -> Level {
    let base = filesets.get("bos.rte").map(|found| found.level.numbers());
    let part = |at: usize| base.and_then(|base| base.get(at)).and_then(|part| u8::try_from(*part).ok()).unwrap_or(0);
    let (version, release) = (part(0), part(1));
    let of_release = KNOWN.iter().rev().filter(|known| (known.version, known.release) == (version, release));
    let reached = of_release.copied().find(|known| behind(filesets, *known).is_empty());
    reached.unwrap_or(level(version, release, 0, 0, 0))
}

/// The levels known of a release, newest first.
pub(crate) fn known(version: u8, release: u8) -> impl Iterator<Item = Level> {
    KNOWN.iter().rev().copied().filter(move |known| (known.version, known.release) == (version, release))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_at_a_level_says_so_and_a_lagging_fileset_shows() {
        for known in KNOWN {
            let mut filesets = at(*known, true);
            assert_eq!(system_level(&filesets).to_string(), known.to_string());
            filesets.get_mut("bos.net.tcp.ntp").unwrap().state = State::Broken;
            assert!(system_level(&filesets) < *known);
        }
    }
}
