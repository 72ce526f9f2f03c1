//! `lslv <lv>` and `lslv -m <lv>`: one logical volume and where it lies (nimadm.md §6.4).
//!
//! The two columns touch where an identifier or a mount point is long, so the keys tell them apart. Lines differ from level
//! to level; what is not printed, or printed as question marks while the group is varied off, is none.

mod map;

pub use map::{Copy, Map, MappedLp, map, print_map};

use crate::{
    ObjectName, Unreadable,
    form::{Form, Sheet, pp_size, shown},
    text::unless,
};
use serde::{Deserialize, Serialize};

const LEFT: [&str; 16] = [
    "LOGICAL VOLUME:",
    "LV IDENTIFIER:",
    "VG STATE:",
    "TYPE:",
    "MAX LPs:",
    "COPIES:",
    "LPs:",
    "STALE PPs:",
    "INTER-POLICY:",
    "INTRA-POLICY:",
    "MOUNT POINT:",
    "MIRROR WRITE CONSISTENCY:",
    "EACH LP COPY ON A SEPARATE PV ?:",
    "Serialize IO ?:",
    "INFINITE RETRY:",
    "ENCRYPTION:",
];
const RIGHT: [&str; 12] = [
    "VOLUME GROUP:",
    "PERMISSION:",
    "LV STATE:",
    "WRITE VERIFY:",
    "PP SIZE:",
    "SCHED POLICY:",
    "PPs:",
    "BB POLICY:",
    "RELOCATABLE:",
    "UPPER BOUND:",
    "LABEL:",
    "PREFERRED READ:",
];

/// What `lslv` says about a logical volume. Words are as AIX prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalVolume {
    /// Its name.
    #[serde(rename = "logical_volume")]
    pub name: String,
    /// The group it is in.
    #[serde(rename = "volume_group")]
    pub vg: ObjectName,
    /// The group's identifier, a dot, and a number.
    pub lv_identifier: Option<String>,
    /// `read/write`.
    pub permission: Option<String>,
    /// `active/complete`.
    pub vg_state: Option<String>,
    /// `opened/syncd`, `closed/stale`, …
    pub lv_state: Option<String>,
    /// `boot`, `paging`, `jfs2`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `on` or `off`.
    pub write_verify: Option<String>,
    /// Logical partitions it can have.
    pub max_lps: Option<u64>,
    /// Size of a partition in MiB.
    pub pp_size_mb: Option<u64>,
    /// Copies of each logical partition.
    pub copies: Option<u64>,
    /// `parallel`, `sequential`, …
    pub sched_policy: Option<String>,
    /// Logical partitions.
    pub lps: Option<u64>,
    /// Physical partitions.
    pub pps: Option<u64>,
    /// Physical partitions that are out of date.
    pub stale_pps: Option<u64>,
    /// `relocatable` or `non-relocatable` bad blocks.
    pub bb_policy: Option<String>,
    /// Few disks, `minimum`, or many, `maximum`.
    pub inter_policy: Option<String>,
    /// `yes` where a reorganisation may move it.
    pub relocatable: Option<String>,
    /// Region of the disk: `edge`, `middle`, `center`, …
    pub intra_policy: Option<String>,
    /// Disks it can lie on.
    pub upper_bound: Option<u64>,
    /// Where it is or would be mounted; none where AIX prints `N/A`.
    pub mount_point: Option<String>,
    /// Its label, as a rule the mount point; none where AIX prints `None`.
    pub label: Option<String>,
    /// `on/ACTIVE`, `off`, …
    pub mirror_write_consistency: Option<String>,
    /// `yes` where no disk has two copies of a partition.
    pub each_lp_copy_on_a_separate_pv: Option<String>,
    /// `NO` as a rule.
    pub serialize_io: Option<String>,
    /// `yes` where failed requests are tried for ever; AIX 7.
    pub infinite_retry: Option<String>,
    /// The copy to read from, 0 where any; AIX 7.
    pub preferred_read: Option<u64>,
    /// `yes` where it is encrypted; AIX 7.3 (and late 7.2).
    pub encryption: Option<String>,
}

/// Reads `lslv <lv>`.
///
/// # Errors
/// Output without the volume's name and group, and numbers that cannot be read.
pub fn parse(output: &str) -> Result<LogicalVolume, Unreadable> {
    let form = Form::read("lslv", output, &LEFT, &RIGHT);
    Ok(LogicalVolume {
        name: form.need("LOGICAL VOLUME:")?,
        vg: form.need("VOLUME GROUP:")?,
        lv_identifier: form.text("LV IDENTIFIER:"),
        permission: form.text("PERMISSION:"),
        vg_state: form.text("VG STATE:"),
        lv_state: form.text("LV STATE:"),
        kind: form.text("TYPE:"),
        write_verify: form.text("WRITE VERIFY:"),
        max_lps: form.get("MAX LPs:")?,
        pp_size_mb: form.size_mb("PP SIZE:")?,
        copies: form.get("COPIES:")?,
        sched_policy: form.text("SCHED POLICY:"),
        lps: form.get("LPs:")?,
        pps: form.get("PPs:")?,
        stale_pps: form.get("STALE PPs:")?,
        bb_policy: form.text("BB POLICY:"),
        inter_policy: form.text("INTER-POLICY:"),
        relocatable: form.text("RELOCATABLE:"),
        intra_policy: form.text("INTRA-POLICY:"),
        upper_bound: form.get("UPPER BOUND:")?,
        mount_point: form.text("MOUNT POINT:").and_then(|path| unless(&path, "N/A")),
        label: form.text("LABEL:").and_then(|label| unless(&label, "None")),
        mirror_write_consistency: form.text("MIRROR WRITE CONSISTENCY:"),
        each_lp_copy_on_a_separate_pv: form.text("EACH LP COPY ON A SEPARATE PV ?:"),
        serialize_io: form.text("Serialize IO ?:"),
        infinite_retry: form.text("INFINITE RETRY:"),
        preferred_read: form.get("PREFERRED READ:")?,
        encryption: form.text("ENCRYPTION:"),
    })
}

/// Prints what [`parse`] reads; lines without values are left out.
#[must_use]
pub fn print(lv: &LogicalVolume) -> String {
    let or = |value: &Option<String>, none: &str| Some(value.clone().unwrap_or_else(|| none.to_owned()));
    let mut sheet = Sheet::new(23, 16);
    sheet.row(("LOGICAL VOLUME:", Some(lv.name.clone())), ("VOLUME GROUP:", Some(lv.vg.to_string())));
    sheet.tight(("LV IDENTIFIER:", lv.lv_identifier.clone()), ("PERMISSION:", lv.permission.clone()));
    sheet.row(("VG STATE:", lv.vg_state.clone()), ("LV STATE:", lv.lv_state.clone()));
    sheet.row(("TYPE:", lv.kind.clone()), ("WRITE VERIFY:", lv.write_verify.clone()));
    sheet.row(("MAX LPs:", shown(&lv.max_lps)), ("PP SIZE:", lv.pp_size_mb.map(pp_size)));
    sheet.row(("COPIES:", shown(&lv.copies)), ("SCHED POLICY:", lv.sched_policy.clone()));
    sheet.row(("LPs:", shown(&lv.lps)), ("PPs:", shown(&lv.pps)));
    sheet.row(("STALE PPs:", shown(&lv.stale_pps)), ("BB POLICY:", lv.bb_policy.clone()));
    sheet.row(("INTER-POLICY:", lv.inter_policy.clone()), ("RELOCATABLE:", lv.relocatable.clone()));
    sheet.row(("INTRA-POLICY:", lv.intra_policy.clone()), ("UPPER BOUND:", shown(&lv.upper_bound)));
    sheet.row(("MOUNT POINT:", or(&lv.mount_point, "N/A")), ("LABEL:", or(&lv.label, "None")));
    sheet.one(("MIRROR WRITE CONSISTENCY:", lv.mirror_write_consistency.clone()));
    sheet.one(("EACH LP COPY ON A SEPARATE PV ?:", lv.each_lp_copy_on_a_separate_pv.clone()));
    sheet.one(("Serialize IO ?:", lv.serialize_io.clone()));
    sheet.row(("INFINITE RETRY:", lv.infinite_retry.clone()), ("PREFERRED READ:", shown(&lv.preferred_read)));
    sheet.one(("ENCRYPTION:", lv.encryption.clone()));
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, path, samples, word};
    use proptest::{option::of, prelude::*};

    #[test]
    fn reads_and_prints_every_sample() {
        fixture::read_and_print(samples!("lslv": "hd5.log", "hd1_73.unconfirmed"), parse, print);
        assert!(parse("0516-306 lslv: Unable to find  hd99 in the Device\n\tConfiguration Database.\n").is_err());
    }

    prop_compose! {
        fn arbitrary()(
            (name, vg, lv_identifier) in ("[a-z][a-z0-9_]{0,14}", fixture::vg(), of("[0-9a-f]{32}\\.[0-9]{1,3}")),
            (permission, vg_state, lv_state, kind) in (of(word()), of(word()), of(word()), of(word())),
            (write_verify, sched_policy, bb_policy, inter_policy) in (of(word()), of(word()), of(word()), of(word())),
            (relocatable, intra_policy, serialize_io) in (of(word()), of(word()), of(word())),
            (mirror_write_consistency, each_lp_copy_on_a_separate_pv) in (of(word()), of(word())),
            (infinite_retry, encryption) in (of(word()), of(word())),
            (max_lps, pp_size_mb, copies, lps) in (of(count()), of(1..1_u64 << 17), of(1..4_u64), of(count())),
            (pps, stale_pps, upper_bound, preferred_read) in (of(count()), of(count()), of(count()), of(0..4_u64)),
            (mount_point, label) in (of(path()), of(path())),
        ) -> LogicalVolume {
            LogicalVolume {
                name, vg, lv_identifier, permission, vg_state, lv_state, kind, write_verify, max_lps, pp_size_mb, copies,
                sched_policy, lps, pps, stale_pps, bb_policy, inter_policy, relocatable, intra_policy, upper_bound,
                mount_point, label, mirror_write_consistency, each_lp_copy_on_a_separate_pv, serialize_io, infinite_retry,
                preferred_read, encryption,
            }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(lv in arbitrary()) {
            prop_assert_eq!(parse(&print(&lv)).unwrap(), lv);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "LOGICAL VOLUME:", "VOLUME GROUP:", "LPs:", "PPs:", "PP SIZE:", "hd5", "rootvg", "hd5:N/A",
            "LP    PP1", "0001", "hdisk0", "MOUNT POINT:",
        ])) {
            let _ = (parse(&text), map(&text));
        }
    }
}
