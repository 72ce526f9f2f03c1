//! `lspv hdiskN`: one disk and its partitions (nimadm.md §6.3).
//!
//! Of a disk whose volume group is varied off, AIX knows name, group and identifiers only, and prints question marks for
//! the rest, below its message `0516-010`. That is an answer, not an error: a finished clone looks like that.

use crate::{
    DiskName, ObjectName, Pvid, Size, Unreadable, VgId,
    form::{Form, Sheet, partitions, pp_size, shown},
    text::unless,
};
use serde::{Deserialize, Serialize};

const LEFT: [&str; 11] = [
    "PHYSICAL VOLUME:",
    "PV IDENTIFIER:",
    "PV STATE:",
    "STALE PARTITIONS:",
    "PP SIZE:",
    "TOTAL PPs:",
    "FREE PPs:",
    "USED PPs:",
    "FREE DISTRIBUTION:",
    "USED DISTRIBUTION:",
    "MIRROR POOL:",
];
/// `VG IDENTIFIER` has no colon in this form.
const RIGHT: [&str; 7] = [
    "VOLUME GROUP:",
    "VG IDENTIFIER",
    "ALLOCATABLE:",
    "LOGICAL VOLUMES:",
    "VG DESCRIPTORS:",
    "HOT SPARE:",
    "MAX REQUEST:",
];

/// What `lspv` says about one disk. All behind `vg_identifier` but `max_request_mb` is none where the group is varied off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The disk's name.
    #[serde(rename = "physical_volume")]
    pub disk: DiskName,
    /// The volume group it belongs to: AIX shows no other disk in this form.
    #[serde(rename = "volume_group")]
    pub vg: ObjectName,
    /// The disk's PVID.
    #[serde(rename = "pv_identifier")]
    pub pvid: Option<Pvid>,
    /// The group's identifier.
    pub vg_identifier: Option<VgId>,
    /// `active`, `missing`, `removed` (the last two unconfirmed); none where the group is varied off.
    pub pv_state: Option<String>,
    /// Partitions that are out of date.
    pub stale_partitions: Option<u64>,
    /// `yes` where new partitions may be placed on it.
    pub allocatable: Option<String>,
    /// Size of a partition in MiB.
    pub pp_size_mb: Option<u64>,
    /// Logical volumes that lie on it, in part or whole.
    pub logical_volumes: Option<u64>,
    /// Partitions in all.
    pub total_pps: Option<u64>,
    /// Copies of the group's description on it.
    pub vg_descriptors: Option<u64>,
    /// Partitions not in use.
    pub free_pps: Option<u64>,
    /// `no`, or how it stands by.
    pub hot_spare: Option<String>,
    /// Partitions in use.
    pub used_pps: Option<u64>,
    /// The largest single transfer, in MiB: 0.25 for `256 kilobytes`.
    pub max_request_mb: Option<Size>,
    /// Free partitions by region from the disk's edge to its centre: `43..00..00..00..128`.
    pub free_distribution: Option<String>,
    /// Used partitions by region.
    pub used_distribution: Option<String>,
    /// The mirror pool; none where AIX prints `None` and before AIX 6.1.
    pub mirror_pool: Option<String>,
}

/// Reads `lspv hdiskN`, with the message `0516-010` before it or not.
///
/// # Errors
/// Output without disk and volume group, as of a disk in no group, or with a number that cannot be read.
pub fn detail(output: &str) -> Result<Detail, Unreadable> {
    let form = Form::read("lspv of a disk", output, &LEFT, &RIGHT);
    Ok(Detail {
        disk: form.need("PHYSICAL VOLUME:")?,
        vg: form.need("VOLUME GROUP:")?,
        pvid: form.get("PV IDENTIFIER:")?,
        vg_identifier: form.get("VG IDENTIFIER")?,
        pv_state: form.text("PV STATE:"),
        stale_partitions: form.get("STALE PARTITIONS:")?,
        allocatable: form.text("ALLOCATABLE:"),
        pp_size_mb: form.size_mb("PP SIZE:")?,
        logical_volumes: form.get("LOGICAL VOLUMES:")?,
        total_pps: form.get("TOTAL PPs:")?,
        vg_descriptors: form.get("VG DESCRIPTORS:")?,
        free_pps: form.get("FREE PPs:")?,
        hot_spare: form.text("HOT SPARE:"),
        used_pps: form.get("USED PPs:")?,
        max_request_mb: form.size("MAX REQUEST:")?,
        free_distribution: form.text("FREE DISTRIBUTION:"),
        used_distribution: form.text("USED DISTRIBUTION:"),
        mirror_pool: form.text("MIRROR POOL:").and_then(|pool| unless(&pool, "None")),
    })
}

/// Prints what [`detail`] reads, without the message of a group varied off: that goes to standard error.
#[must_use]
pub fn print_detail(disk: &Detail) -> String {
    let known = |value: Option<String>| value.or_else(|| Some("???????".to_owned()));
    let count = |pps: Option<u64>| known(pps.map(|pps| partitions(pps, disk.pp_size_mb.unwrap_or_default())));
    let no_pool = if disk.pv_state.is_some() { "None" } else { "???????" };
    let mut sheet = Sheet::new(25, 18);
    sheet.row(("PHYSICAL VOLUME:", Some(disk.disk.to_string())), ("VOLUME GROUP:", Some(disk.vg.to_string())));
    sheet.tight(("PV IDENTIFIER:", shown(&disk.pvid)), ("VG IDENTIFIER", shown(&disk.vg_identifier)));
    sheet.one(("PV STATE:", known(disk.pv_state.clone())));
    sheet.row(
        ("STALE PARTITIONS:", known(shown(&disk.stale_partitions))),
        ("ALLOCATABLE:", known(disk.allocatable.clone())),
    );
    sheet.row(
        ("PP SIZE:", known(disk.pp_size_mb.map(pp_size))),
        ("LOGICAL VOLUMES:", known(shown(&disk.logical_volumes))),
    );
    sheet.row(("TOTAL PPs:", count(disk.total_pps)), ("VG DESCRIPTORS:", known(shown(&disk.vg_descriptors))));
    sheet.row(("FREE PPs:", count(disk.free_pps)), ("HOT SPARE:", known(disk.hot_spare.clone())));
    sheet.row(("USED PPs:", count(disk.used_pps)), ("MAX REQUEST:", known(disk.max_request_mb.map(Size::spoken))));
    sheet.one(("FREE DISTRIBUTION:", known(disk.free_distribution.clone())));
    sheet.one(("USED DISTRIBUTION:", known(disk.used_distribution.clone())));
    sheet.one(("MIRROR POOL:", disk.mirror_pool.clone().or_else(|| Some(no_pool.to_owned()))));
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, samples, word};
    use proptest::{option::of, prelude::*};

    #[test]
    fn reads_and_prints_a_disk_in_use() {
        fixture::read_and_print(samples!("lspv": "detail_active.log"), detail, print_detail);
    }

    #[test]
    fn reads_a_disk_of_a_group_varied_off() {
        let samples = samples!("lspv": "detail_varied_off.log");
        fixture::read(samples, detail);
        let (_, text) = samples[0];
        let without_message = text.split_once('\n').unwrap().1;
        assert_eq!(print_detail(&detail(text).unwrap()), without_message);
    }

    #[test]
    fn a_value_that_fills_its_column_ends_at_the_next_key() {
        let disk = detail(
            "PHYSICAL VOLUME:    hdisk0                   VOLUME GROUP:     datavg\n\
             PP SIZE:            512 megabyte(s)          LOGICAL VOLUMES:  1\n\
             TOTAL PPs:          20480 (10485760 megabytes)VG DESCRIPTORS:   2\n",
        )
        .unwrap();
        assert_eq!((disk.total_pps, disk.vg_descriptors), (Some(20_480), Some(2)));
        // wherever the next key is
        let disk = detail("PHYSICAL VOLUME: hdisk0 VOLUME GROUP: datavg ALLOCATABLE: yesHOT SPARE: no\n").unwrap();
        assert_eq!((disk.allocatable.as_deref(), disk.hot_spare.as_deref()), (Some("yes"), Some("no")));
    }

    #[test]
    fn an_error_is_no_disk_and_a_bad_number_is_named() {
        assert!(detail("0516-320 lspv: Physical volume hdisk1 is not assigned to\n\ta volume group.\n").is_err());
        let bad = "PHYSICAL VOLUME:    hdisk0                   VOLUME GROUP:     rootvg\nTOTAL PPs:          many\n";
        assert_eq!(detail(bad).unwrap_err().line, 2);
    }

    prop_compose! {
        /// Unlike AIX, any value can be unknown here: that reads as well.
        fn arbitrary()(
            (disk, vg, pvid, vg_identifier) in (fixture::disk(), fixture::vg(), of(fixture::pvid()), of(fixture::vg_id())),
            (pv_state, allocatable, hot_spare) in (of(word()), of(word()), of(word())),
            pp_size_mb in of(1..1_u64 << 17),
            (stale_partitions, logical_volumes, vg_descriptors) in (of(count()), of(count()), of(0..3_u64)),
            (total_pps, free_pps, used_pps) in (of(count()), of(count()), of(count())),
            max_request_mb in of((1..1_u64 << 30).prop_map(Size::from_kib)),
            (free_distribution, used_distribution) in (of(fixture::distribution()), of(fixture::distribution())),
            mirror_pool in of(word()),
        ) -> Detail {
            Detail {
                disk, vg, pvid, vg_identifier, pv_state, stale_partitions, allocatable, pp_size_mb, logical_volumes,
                total_pps, vg_descriptors, free_pps, hot_spare, used_pps, max_request_mb, free_distribution,
                used_distribution, mirror_pool,
            }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(disk in arbitrary()) {
            prop_assert_eq!(detail(&print_detail(&disk)).unwrap(), disk);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "PHYSICAL VOLUME:", "VOLUME GROUP:", "VG IDENTIFIER", "PP SIZE:", "hdisk1", "???????",
            "rootvg", "64 megabyte(s)",
        ])) {
            let _ = detail(&text);
        }
    }
}
