//! `lspv -l hdiskN`: the logical volumes that lie on a disk (nimadm.md §6.3). The layout is (unconfirmed): only words and
//! their order are relied on.

use crate::{
    DiskName, Unreadable,
    text::{captioned, unless, word},
};
use serde::{Deserialize, Serialize};

/// What lies on a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskVolumes {
    /// The disk.
    pub disk: DiskName,
    /// Its logical volumes.
    pub lvs: Vec<DiskVolume>,
}

/// One line of `lspv -l`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskVolume {
    /// The logical volume's name.
    #[serde(rename = "lv")]
    pub name: String,
    /// Logical partitions on this disk.
    pub lps: u64,
    /// Physical partitions on this disk.
    pub pps: u64,
    /// Partitions by region of the disk: `01..00..00..00..00`.
    pub distribution: String,
    /// Where it is or would be mounted; none where AIX prints `N/A`.
    #[serde(rename = "mount")]
    pub mount_point: Option<String>,
}

/// Reads `lspv -l hdiskN`.
///
/// # Errors
/// Output without the disk's name, or a line without name, two numbers, distribution and mount point.
pub fn logical_volumes(output: &str) -> Result<DiskVolumes, Unreadable> {
    let (disk, lvs) = captioned("lspv -l", output, "LV NAME", |line| {
        let (name, rest) = word(line)?;
        let (lps, rest) = word(rest)?;
        let (pps, rest) = word(rest)?;
        let (distribution, rest) = word(rest)?;
        Some(DiskVolume {
            name: name.to_owned(),
            lps: lps.parse().ok()?,
            pps: pps.parse().ok()?,
            distribution: distribution.to_owned(),
            mount_point: unless(rest.trim(), "N/A").filter(|path| !path.is_empty()),
        })
    })?;
    Ok(DiskVolumes { disk, lvs })
}

/// Prints what [`logical_volumes`] reads.
#[must_use]
pub fn print_logical_volumes(volumes: &DiskVolumes) -> String {
    let heading =
        format!("{}:\nLV NAME               LPs     PPs     DISTRIBUTION          MOUNT POINT\n", volumes.disk);
    let line = |lv: &DiskVolume| {
        let DiskVolume { name, lps, pps, distribution, mount_point } = lv;
        let mount = mount_point.as_deref().unwrap_or("N/A");
        format!("{name:<21} {lps:<7} {pps:<7} {distribution:<21} {mount}\n")
    };
    heading + &volumes.lvs.iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_the_sample() {
        let samples = samples!("lspv": "logical_volumes.unconfirmed");
        fixture::read_and_print(samples, logical_volumes, print_logical_volumes);
        assert!(logical_volumes("0516-320 : Physical volume hdisk1 is not assigned to\n\ta volume group.\n").is_err());
    }

    prop_compose! {
        fn volume()(
            name in "[a-z][a-z0-9_]{0,14}",
            (lps, pps) in (fixture::count(), fixture::count()),
            distribution in fixture::distribution(),
            mount_point in proptest::option::of(fixture::path()),
        ) -> DiskVolume {
            DiskVolume { name, lps, pps, distribution, mount_point }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(disk in fixture::disk(), lvs in proptest::collection::vec(volume(), 0..5)) {
            let volumes = DiskVolumes { disk, lvs };
            prop_assert_eq!(logical_volumes(&print_logical_volumes(&volumes)).unwrap(), volumes);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&["hdisk0:", "LV NAME", "hd5", "1", "00..00", "N/A"])) {
            let _ = logical_volumes(&text);
        }
    }
}
