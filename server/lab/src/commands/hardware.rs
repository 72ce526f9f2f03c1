//! What follows from a host's machine: clock, firmware, threads of a processor.
//!
//! `prtconf`, `lparstat` and `lsmcode` all say some of it, and must say the same.

use crate::model::{Hardware, Host};

/// Virtual processors of every host.
pub(super) const PROCESSORS: u32 = 2;

/// What a generation of machines has in common.
pub(super) struct Generation {
    pub(super) clock_mhz: u32,
    /// Threads of a processor.
    pub(super) smt: u8,
    /// `VH950_099`.
    pub(super) firmware: &'static str,
    /// `IBM,FW950.40`.
    pub(super) release: &'static str,
}

/// Levels of the families' own naming (unconfirmed that these very ones were published).
pub(super) fn generation(hardware: &Hardware) -> Generation {
    let of = |clock_mhz, smt, firmware, release| Generation { clock_mhz, smt, firmware, release };
    match hardware.power {
        ..=7 => of(3000, 4, "AL730_149", "IBM,AL730_149"),
        8 => of(3525, 8, "SV860_236", "IBM,FW860.B0"),
        9 => of(2750, 8, "VL950_131", "IBM,FW950.80"),
        _ => of(3150, 8, "ML1030_056", "IBM,FW1030.20"),
    }
}

impl Generation {
    /// `IBM,FW950.40 (VH950_099)`; older machines have one name for it.
    pub(super) fn version(&self) -> String {
        let Self { firmware, release, .. } = self;
        if release.ends_with(firmware) { (*release).to_owned() } else { format!("{release} ({firmware})") }
    }
}

/// The size of a host's paging space, MiB.
pub(super) fn paging_mib(host: &Host) -> u64 {
    let running = host.groups.iter().filter(|vg| vg.id == host.running);
    let paging = running.flat_map(|vg| vg.lvs.iter().filter(|lv| lv.kind == "paging").map(|lv| lv.lps * vg.pp_mib));
    paging.map(u64::from).sum()
}
