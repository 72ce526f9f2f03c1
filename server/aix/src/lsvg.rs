//! `lsvg` in its four forms (nimadm.md §6.4).

use crate::{
    ObjectName, Unreadable,
    text::{number, rows, table, value},
};
use serde::{Deserialize, Serialize};

/// What `lsvg <vg>` says about a volume group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeGroup {
    /// Its name.
    pub name: ObjectName,
    /// `active`, `active/complete`, …
    pub state: String,
    /// Size of a physical partition in MB.
    pub pp_size_mb: u64,
    /// Physical partitions in all.
    pub total_pps: u64,
    /// Physical partitions not in use.
    pub free_pps: u64,
    /// Physical partitions in use.
    pub used_pps: u64,
    /// Disks in all.
    pub total_pvs: u64,
    /// Disks that can be reached.
    pub active_pvs: u64,
    /// Disks with stale partitions.
    pub stale_pvs: u64,
    /// Stale partitions: copies of a mirror that are out of date.
    pub stale_pps: u64,
}

impl VolumeGroup {
    /// Free space in MB.
    #[must_use]
    pub fn free_mb(&self) -> u64 {
        self.free_pps.saturating_mul(self.pp_size_mb)
    }
}

/// One line of `lsvg -l`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalVolume {
    /// Its name.
    pub name: String,
    /// `boot`, `paging`, `jfs2`, `jfs2log`, `sysdump`, …
    pub kind: String,
    /// Logical partitions.
    pub lps: u64,
    /// Physical partitions; more than `lps` where mirrored.
    pub pps: u64,
    /// Disks it lies on.
    pub pvs: u64,
    /// `open/syncd`, `closed/stale`, …
    pub state: String,
    /// Where it is or would be mounted; none where AIX prints `N/A`.
    pub mount_point: Option<String>,
}

/// One line of `lsvg -p`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VgDisk {
    /// The disk as printed. A missing disk may have another name than `hdiskN` (unconfirmed), so it is a text.
    pub name: String,
    /// `active`; `missing` and `removed` where it is not well (unconfirmed).
    pub state: String,
    /// Physical partitions in all.
    pub total_pps: u64,
    /// Physical partitions not in use.
    pub free_pps: u64,
}

/// Reads `lsvg` and `lsvg -o`: one name a line.
///
/// # Errors
/// A line that is no volume group's name.
pub fn list(output: &str) -> Result<Vec<ObjectName>, Unreadable> {
    rows("lsvg", output, |line| line.trim().parse().ok())
}

/// Reads `lsvg <vg>`: the shape of AIX 5 and 6 and that of 7 have the same fields, 7 has more of them.
///
/// # Errors
/// Output in which the name, the state, or the number or size of partitions is missing, as for a group varied off.
pub fn info(output: &str) -> Result<VolumeGroup, Unreadable> {
    let read = || {
        let text = |key| value(output, key);
        let number = |key| number(output, key);
        Some(VolumeGroup {
            name: text("VOLUME GROUP:")?.parse().ok()?,
            state: text("VG STATE:")?.to_owned(),
            pp_size_mb: number("PP SIZE:")?,
            total_pps: number("TOTAL PPs:")?,
            free_pps: number("FREE PPs:")?,
            used_pps: number("USED PPs:")?,
            total_pvs: number("TOTAL PVs:")?,
            active_pvs: number("ACTIVE PVs:")?,
            stale_pvs: number("STALE PVs:")?,
            stale_pps: number("STALE PPs:")?,
        })
    };
    read().ok_or_else(|| Unreadable::new("lsvg of a volume group", 1, output.lines().next().unwrap_or_default()))
}

/// Reads `lsvg -l <vg>`.
///
/// # Errors
/// A line under the headings without name, type, three numbers and state.
pub fn logical_volumes(output: &str) -> Result<Vec<LogicalVolume>, Unreadable> {
    table(
        "lsvg -l",
        output,
        |line| above(line, "LV NAME"),
        |line| {
            let mut words = line.split_whitespace();
            let mut text = || words.next().map(str::to_owned);
            let (name, kind) = (text()?, text()?);
            let mut number = || text()?.parse::<u64>().ok();
            let (lps, pps, pvs) = (number()?, number()?, number()?);
            let state = text()?;
            let mount_point = text().filter(|path| path != "N/A");
            Some(LogicalVolume { name, kind, lps, pps, pvs, state, mount_point })
        },
    )
}

/// Reads `lsvg -p <vg>`.
///
/// # Errors
/// A line under the headings without name, state and two numbers.
pub fn physical_volumes(output: &str) -> Result<Vec<VgDisk>, Unreadable> {
    table(
        "lsvg -p",
        output,
        |line| above(line, "PV_NAME"),
        |line| {
            let mut words = line.split_whitespace();
            Some(VgDisk {
                name: words.next()?.to_owned(),
                state: words.next()?.to_owned(),
                total_pps: words.next()?.parse().ok()?,
                free_pps: words.next()?.parse().ok()?,
            })
        },
    )
}

/// The `rootvg:` line or the headings under it.
fn above(line: &str, heading: &str) -> bool {
    line.starts_with(heading) || (line.ends_with(':') && !line.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// AIX 6 `[log]`.
    const AIX6: &str = "\
VOLUME GROUP:       rootvg                   VG IDENTIFIER:  000dda6e0000d600000001119e467657
VG STATE:           active                   PP SIZE:        32 megabyte(s)
VG PERMISSION:      read/write               TOTAL PPs:      798 (25536 megabytes)
MAX LVs:            256                      FREE PPs:       201 (6432 megabytes)
LVs:                19                       USED PPs:       597 (19104 megabytes)
OPEN LVs:           17                       QUORUM:         2
TOTAL PVs:          2                        VG DESCRIPTORS: 3
STALE PVs:          0                        STALE PPs:      3
ACTIVE PVs:         2                        AUTO ON:        no
MAX PPs per VG:     32512
MAX PPs per PV:     1016                     MAX PVs:        32
";
    /// AIX 7.2 and 7.3, scalable `[log, ansible fixture]`.
    const AIX7: &str = "\
VOLUME GROUP:       nimadmvg                 VG IDENTIFIER:  00f6f42a00004c000000017a0bd88942
VG STATE:           active                   PP SIZE:        128 megabyte(s)
VG PERMISSION:      read/write               TOTAL PPs:      1599 (204672 megabytes)
MAX LVs:            256                      FREE PPs:       1599 (204672 megabytes)
LVs:                0                        USED PPs:       0 (0 megabytes)
OPEN LVs:           0                        QUORUM:         2 (Enabled)
TOTAL PVs:          1                        VG DESCRIPTORS: 2
STALE PVs:          0                        STALE PPs:      0
ACTIVE PVs:         1                        AUTO ON:        yes
PV RESTRICTION:     none                     INFINITE RETRY: no
ENCRYPTION:         no
";

    #[test]
    fn reads_both_shapes_of_a_group() {
        let old = info(AIX6).unwrap();
        assert_eq!((old.pp_size_mb, old.total_pps, old.free_pps, old.used_pps), (32, 798, 201, 597));
        assert_eq!((old.total_pvs, old.active_pvs, old.stale_pvs, old.stale_pps), (2, 2, 0, 3));
        let new = info(AIX7).unwrap();
        assert_eq!((new.name.as_str(), new.state.as_str(), new.free_mb()), ("nimadmvg", "active", 204_672));
        assert!(info("0516-010 : Volume group must be varied on; use varyonvg command.\n").is_err());
        assert_eq!(list("rootvg\nnimadmvg\n").unwrap().len(), 2);
    }

    #[test]
    fn reads_logical_volumes_awake_mirrored_and_none() {
        // `[log]` for the columns; the rows of an awake clone and of a mirrored rootvg are constructed
        let lvs = logical_volumes(
            "altinst_rootvg:\n\
             LV NAME             TYPE       LPs     PPs     PVs  LV STATE      MOUNT POINT\n\
             alt_hd5             boot       1       2       2    closed/syncd  N/A\n\
             alt_hd2             jfs2       48      96      2    open/syncd    /alt_inst/usr\n",
        )
        .unwrap();
        assert_eq!((lvs[0].lps, lvs[0].pps, lvs[0].mount_point.as_deref()), (1, 2, None));
        assert_eq!(lvs[1].mount_point.as_deref(), Some("/alt_inst/usr"));
        // Annex A.1: an idle cache volume group has headings only
        let none = "nimadmvg:\nLV NAME             TYPE       LPs     PPs     PVs  LV STATE      MOUNT POINT\n";
        assert_eq!(logical_volumes(none).unwrap(), []);
    }

    #[test]
    fn reads_the_disks_of_a_group() {
        // `[log]`
        let disks = physical_volumes(
            "rootvg:\nPV_NAME           PV STATE          TOTAL PPs   FREE PPs    FREE DISTRIBUTION\n\
             hdisk0            active            639         171         43..00..00..00..128\n",
        )
        .unwrap();
        assert_eq!((disks[0].name.as_str(), disks[0].total_pps, disks[0].free_pps), ("hdisk0", 639, 171));
        assert_eq!(physical_volumes("rootvg:\nhdisk0 active many 171\n").unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|VG STATE:|  |PP SIZE:){0,80}") {
            let _ = (list(&text), info(&text), logical_volumes(&text), physical_volumes(&text));
        }
    }
}
