//! `lsvg -p <vg>`: the disks of a group.

use crate::{
    ObjectName, Unreadable,
    text::{captioned, word},
};
use serde::{Deserialize, Serialize};

/// The disks of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalVolumes {
    /// The group.
    pub vg: ObjectName,
    /// Its disks.
    pub pvs: Vec<VgDisk>,
}

/// One line of `lsvg -p`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VgDisk {
    /// The disk as printed. A missing disk may have another name than `hdiskN` (unconfirmed), so it is a text.
    #[serde(rename = "pv")]
    pub name: String,
    /// `active`; `missing` and `removed` where it is not well (unconfirmed).
    pub state: String,
    /// Physical partitions in all.
    pub total_pps: u64,
    /// Physical partitions not in use.
    pub free_pps: u64,
    /// Free partitions by region from the disk's edge to its centre, as printed: `43..00..00..00..128`.
    pub distribution: Option<String>,
}

/// Reads `lsvg -p <vg>`.
///
/// # Errors
/// Output without the group's name, a line under the headings without name, state and two numbers, or a second group.
pub fn physical_volumes(output: &str) -> Result<PhysicalVolumes, Unreadable> {
    let (vg, pvs) = captioned("lsvg -p", output, "PV_NAME", |line| {
        let (name, rest) = word(line)?;
        let (state, rest) = word(rest)?;
        let (total_pps, rest) = word(rest)?;
        let (free_pps, rest) = word(rest)?;
        Some(VgDisk {
            name: name.to_owned(),
            state: state.to_owned(),
            total_pps: total_pps.parse().ok()?,
            free_pps: free_pps.parse().ok()?,
            distribution: word(rest).map(|(distribution, _)| distribution.to_owned()),
        })
    })?;
    Ok(PhysicalVolumes { vg, pvs })
}

/// Prints what [`physical_volumes`] reads.
#[must_use]
pub fn print_physical_volumes(volumes: &PhysicalVolumes) -> String {
    let heading =
        format!("{}:\nPV_NAME           PV STATE          TOTAL PPs   FREE PPs    FREE DISTRIBUTION\n", volumes.vg);
    let line = |pv: &VgDisk| {
        let VgDisk { name, state, total_pps, free_pps, distribution } = pv;
        let distribution = distribution.as_deref().unwrap_or_default();
        format!("{name:<17} {state:<17} {total_pps:<11} {free_pps:<11} {distribution}\n")
    };
    heading + &volumes.pvs.iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_every_sample() {
        let samples = samples!("lsvg": "disks.log", "disks_prtconf.log", "disks_migrated.constructed",
            "disks_nim1.constructed", "disks_missing.unconfirmed");
        fixture::read_and_print(samples, physical_volumes, print_physical_volumes);
        assert_eq!(physical_volumes("rootvg:\nhdisk0 active many 171\n").unwrap_err().line, 2);
    }

    prop_compose! {
        fn volume()(
            (name, state) in ("[a-z][a-z0-9_]{0,14}", "active|missing|removed"),
            (total_pps, free_pps) in (count(), count()),
            distribution in proptest::option::of(fixture::distribution()),
        ) -> VgDisk {
            VgDisk { name, state, total_pps, free_pps, distribution }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(vg in fixture::vg(), pvs in proptest::collection::vec(volume(), 0..5)) {
            let volumes = PhysicalVolumes { vg, pvs };
            prop_assert_eq!(physical_volumes(&print_physical_volumes(&volumes)).unwrap(), volumes);
        }
    }
}
