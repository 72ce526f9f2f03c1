//! `lsvg -l <vg>`: the logical volumes of a group.

use crate::{
    ObjectName, Unreadable,
    text::{captioned, unless, word},
};
use serde::{Deserialize, Serialize};

/// The logical volumes of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalVolumes {
    /// The group.
    pub vg: ObjectName,
    /// In AIX's order; none in a new or idle cache group.
    pub lvs: Vec<LogicalVolume>,
}

/// One line of `lsvg -l`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalVolume {
    /// Its name.
    #[serde(rename = "lv")]
    pub name: String,
    /// `boot`, `paging`, `jfs2`, `jfs2log`, `sysdump`, …
    #[serde(rename = "type")]
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
    #[serde(rename = "mount")]
    pub mount_point: Option<String>,
}

/// Reads `lsvg -l <vg>`.
///
/// # Errors
/// Output without the group's name, a line under the headings without name, type, three numbers and state, or a second
/// group.
pub fn logical_volumes(output: &str) -> Result<LogicalVolumes, Unreadable> {
    let (vg, lvs) = captioned("lsvg -l", output, "LV NAME", |line| {
        let (name, rest) = word(line)?;
        let (kind, rest) = word(rest)?;
        let (lps, rest) = word(rest)?;
        let (pps, rest) = word(rest)?;
        let (pvs, rest) = word(rest)?;
        let (state, mount) = word(rest)?;
        Some(LogicalVolume {
            name: name.to_owned(),
            kind: kind.to_owned(),
            lps: lps.parse().ok()?,
            pps: pps.parse().ok()?,
            pvs: pvs.parse().ok()?,
            state: state.to_owned(),
            mount_point: unless(mount.trim(), "N/A").filter(|path| !path.is_empty()),
        })
    })?;
    Ok(LogicalVolumes { vg, lvs })
}

/// Prints what [`logical_volumes`] reads.
#[must_use]
pub fn print_logical_volumes(volumes: &LogicalVolumes) -> String {
    let heading =
        format!("{}:\nLV NAME             TYPE       LPs     PPs     PVs  LV STATE      MOUNT POINT\n", volumes.vg);
    let line = |lv: &LogicalVolume| {
        let LogicalVolume { name, kind, lps, pps, pvs, state, mount_point } = lv;
        let mount = mount_point.as_deref().unwrap_or("N/A");
        format!("{name:<19} {kind:<10} {lps:<7} {pps:<7} {pvs:<4} {state:<13} {mount}\n")
    };
    heading + &volumes.lvs.iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_every_sample() {
        let samples = samples!("lsvg": "volumes_61.log", "volumes_awake.constructed", "volumes_idle.constructed",
            "volumes_two_runs.unconfirmed", "volumes_lpar71.constructed", "volumes_lpar72.constructed");
        fixture::read_and_print(samples, logical_volumes, print_logical_volumes);
    }

    #[test]
    fn a_second_group_is_not_mixed_with_the_first() {
        let (_, text) = (samples!("lsvg": "volumes_idle.constructed") as fixture::Samples)[0];
        assert_eq!(logical_volumes(&format!("{text}{text}")).unwrap_err().line, 3);
        assert!(logical_volumes("").is_err());
    }

    prop_compose! {
        fn volume()(
            (name, kind) in ("[a-z][a-z0-9_]{0,14}", "[a-z][a-z0-9_]{0,11}"),
            (lps, pps, pvs) in (count(), count(), count()),
            state in "(open|closed)/(syncd|stale)",
            mount_point in proptest::option::of(fixture::path()),
        ) -> LogicalVolume {
            LogicalVolume { name, kind, lps, pps, pvs, state, mount_point }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(vg in fixture::vg(), lvs in proptest::collection::vec(volume(), 0..5)) {
            let volumes = LogicalVolumes { vg, lvs };
            prop_assert_eq!(logical_volumes(&print_logical_volumes(&volumes)).unwrap(), volumes);
        }
    }
}
