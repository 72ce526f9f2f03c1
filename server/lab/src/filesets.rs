//! The filesets of a believable AIX, and the levels they have where AIX itself is at some level.
//!
//! Simplified: every system has the same ones, and a level follows from the system's level by a fixed rule.

use aix::Level;

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

/// The level of a fileset, `7.3.3.1`: alt_disk_install and bos.mp64 follow the service pack, others trail it a little.
pub(crate) fn level_of(name: &str, system: Level) -> String {
    let trail = if name == ALT_DISK || name == "bos.mp64" || name == "bos.rte.install" {
        0
    } else {
        name.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % (system.sp + 1)
    };
    format!("{}.{}.{}.{}", system.version, system.release, system.tl, system.sp - trail)
}
