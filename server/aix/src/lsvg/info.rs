//! `lsvg <vg>`: a volume group as a whole.
//!
//! AIX 7 prints more lines than AIX 6, and which level added which line is (unconfirmed). So every line is its own answer,
//! and only what a decision needs must be there.

use crate::{
    ObjectName, Size, Unreadable, VgId,
    form::{Form, Sheet, partitions, pp_size, shown},
};
use serde::{Deserialize, Serialize};

const LEFT: [&str; 19] = [
    "VOLUME GROUP:",
    "VG STATE:",
    "VG PERMISSION:",
    "MAX LVs:",
    "LVs:",
    "OPEN LVs:",
    "TOTAL PVs:",
    "STALE PVs:",
    "ACTIVE PVs:",
    "MAX PPs per VG:",
    "MAX PPs per PV:",
    "LTG size (Dynamic):",
    "LTG size (Static):",
    "HOT SPARE:",
    "MIRROR POOL STRICT:",
    "PV RESTRICTION:",
    "DISK BLOCK SIZE:",
    "FS SYNC OPTION:",
    "ENCRYPTION:",
];
const RIGHT: [&str; 15] = [
    "VG IDENTIFIER:",
    "PP SIZE:",
    "TOTAL PPs:",
    "FREE PPs:",
    "USED PPs:",
    "QUORUM:",
    "VG DESCRIPTORS:",
    "STALE PPs:",
    "AUTO ON:",
    "MAX PVs:",
    "AUTO SYNC:",
    "BB POLICY:",
    "INFINITE RETRY:",
    "CRITICAL VG:",
    "CRITICAL PVs:",
];

/// What `lsvg <vg>` says about a volume group. Words are as AIX prints them; none where the level has no such line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeGroup {
    /// Its name.
    #[serde(rename = "volume_group")]
    pub name: ObjectName,
    /// Its identifier.
    pub vg_identifier: Option<VgId>,
    /// `active`, `active/complete`, …
    #[serde(rename = "vg_state")]
    pub state: String,
    /// Size of a physical partition in MB.
    pub pp_size_mb: u64,
    /// `read/write`, `read-only`, `passive-only`.
    pub vg_permission: Option<String>,
    /// Physical partitions in all.
    pub total_pps: u64,
    /// Logical volumes it can have.
    pub max_lvs: Option<u64>,
    /// Physical partitions not in use.
    pub free_pps: u64,
    /// Logical volumes it has.
    pub lvs: Option<u64>,
    /// Physical partitions in use.
    pub used_pps: u64,
    /// Logical volumes that are open.
    pub open_lvs: Option<u64>,
    /// Descriptors that must be there for the group to stay on.
    pub quorum: Option<u64>,
    /// `Enabled` or `Disabled`, which AIX 6 and earlier do not say.
    pub quorum_state: Option<String>,
    /// Disks in all.
    pub total_pvs: u64,
    /// Copies of the group's description.
    pub vg_descriptors: Option<u64>,
    /// Disks with stale partitions.
    pub stale_pvs: u64,
    /// Stale partitions: copies of a mirror that are out of date.
    pub stale_pps: u64,
    /// Disks that can be reached.
    pub active_pvs: u64,
    /// `yes` where it is varied on at the boot.
    pub auto_on: Option<String>,
    /// Partitions the group can have.
    pub max_pps_per_vg: Option<u64>,
    /// Partitions a disk can have; a scalable group has no such limit.
    pub max_pps_per_pv: Option<u64>,
    /// Disks it can have.
    pub max_pvs: Option<u64>,
    /// Logical track group, the largest transfer, in MiB: 0.25 for `256 kilobyte(s)`.
    pub ltg_size_mb: Option<Size>,
    /// `yes` where stale partitions are synchronised on their own.
    pub auto_sync: Option<String>,
    /// `no`, or how spare disks take over.
    pub hot_spare: Option<String>,
    /// `relocatable` or `non-relocatable` bad blocks.
    pub bb_policy: Option<String>,
    /// `off`, `on`, `super`.
    pub mirror_pool_strict: Option<String>,
    /// Kinds of disks it is restricted to, `none`.
    pub pv_restriction: Option<String>,
    /// `yes` where failed requests are tried for ever.
    pub infinite_retry: Option<String>,
    /// Bytes of a block.
    pub disk_block_size: Option<u64>,
    /// `yes` where the host stops with the group.
    pub critical_vg: Option<String>,
    /// As printed (meaning unconfirmed).
    pub fs_sync_option: Option<String>,
    /// As printed (meaning unconfirmed).
    pub critical_pvs: Option<String>,
    /// `yes` where its logical volumes may be encrypted; AIX 7.3 (and late 7.2).
    pub encryption: Option<String>,
}

impl VolumeGroup {
    /// Free space in MB.
    #[must_use]
    pub fn free_mb(&self) -> u64 {
        self.free_pps.saturating_mul(self.pp_size_mb)
    }
}

/// Reads `lsvg <vg>`; of several groups one after the other, the first.
///
/// # Errors
/// Output in which the name, the state, or the numbers of partitions or disks are missing, as for a group varied off, and
/// numbers that cannot be read.
pub fn info(output: &str) -> Result<VolumeGroup, Unreadable> {
    let form = Form::read("lsvg of a volume group", output, &LEFT, &RIGHT);
    let missing = || Unreadable::new("lsvg of a volume group", 1, output.lines().next().unwrap_or_default());
    let quorum_state = form.text("QUORUM:").and_then(|quorum| {
        let (_, state) = quorum.split_once('(')?;
        Some(state.trim_end_matches(')').to_owned())
    });
    Ok(VolumeGroup {
        name: form.need("VOLUME GROUP:")?,
        vg_identifier: form.get("VG IDENTIFIER:")?,
        state: form.text("VG STATE:").ok_or_else(missing)?,
        pp_size_mb: form.size_mb("PP SIZE:")?.ok_or_else(missing)?,
        vg_permission: form.text("VG PERMISSION:"),
        total_pps: form.need("TOTAL PPs:")?,
        max_lvs: form.get("MAX LVs:")?,
        free_pps: form.need("FREE PPs:")?,
        lvs: form.get("LVs:")?,
        used_pps: form.need("USED PPs:")?,
        open_lvs: form.get("OPEN LVs:")?,
        quorum: form.get("QUORUM:")?,
        quorum_state,
        total_pvs: form.need("TOTAL PVs:")?,
        vg_descriptors: form.get("VG DESCRIPTORS:")?,
        stale_pvs: form.need("STALE PVs:")?,
        stale_pps: form.need("STALE PPs:")?,
        active_pvs: form.need("ACTIVE PVs:")?,
        auto_on: form.text("AUTO ON:"),
        max_pps_per_vg: form.get("MAX PPs per VG:")?,
        max_pps_per_pv: form.get("MAX PPs per PV:")?,
        max_pvs: form.get("MAX PVs:")?,
        ltg_size_mb: form.size("LTG size (Dynamic):")?.or(form.size("LTG size (Static):")?),
        auto_sync: form.text("AUTO SYNC:"),
        hot_spare: form.text("HOT SPARE:"),
        bb_policy: form.text("BB POLICY:"),
        mirror_pool_strict: form.text("MIRROR POOL STRICT:"),
        pv_restriction: form.text("PV RESTRICTION:"),
        infinite_retry: form.text("INFINITE RETRY:"),
        disk_block_size: form.get("DISK BLOCK SIZE:")?,
        critical_vg: form.text("CRITICAL VG:"),
        fs_sync_option: form.text("FS SYNC OPTION:"),
        critical_pvs: form.text("CRITICAL PVs:"),
        encryption: form.text("ENCRYPTION:"),
    })
}

/// Prints what [`info`] reads, in the shape of AIX 7; lines without values are left out, which is the shape of AIX 6.
#[must_use]
pub fn print_info(vg: &VolumeGroup) -> String {
    let count = |pps| Some(partitions(pps, vg.pp_size_mb));
    let quorum = vg.quorum.map(|disks| match &vg.quorum_state {
        Some(state) => format!("{disks} ({state})"),
        None => disks.to_string(),
    });
    let ltg = vg.ltg_size_mb.map(|size| format!("{} kilobyte(s)", size.kib()));
    let mut sheet = Sheet::new(25, 16);
    sheet.row(("VOLUME GROUP:", Some(vg.name.to_string())), ("VG IDENTIFIER:", shown(&vg.vg_identifier)));
    sheet.row(("VG STATE:", Some(vg.state.clone())), ("PP SIZE:", Some(pp_size(vg.pp_size_mb))));
    sheet.row(("VG PERMISSION:", vg.vg_permission.clone()), ("TOTAL PPs:", count(vg.total_pps)));
    sheet.row(("MAX LVs:", shown(&vg.max_lvs)), ("FREE PPs:", count(vg.free_pps)));
    sheet.row(("LVs:", shown(&vg.lvs)), ("USED PPs:", count(vg.used_pps)));
    sheet.row(("OPEN LVs:", shown(&vg.open_lvs)), ("QUORUM:", quorum));
    sheet.row(("TOTAL PVs:", Some(vg.total_pvs.to_string())), ("VG DESCRIPTORS:", shown(&vg.vg_descriptors)));
    sheet.row(("STALE PVs:", Some(vg.stale_pvs.to_string())), ("STALE PPs:", Some(vg.stale_pps.to_string())));
    sheet.row(("ACTIVE PVs:", Some(vg.active_pvs.to_string())), ("AUTO ON:", vg.auto_on.clone()));
    let (per_vg, per_pv) = (("MAX PPs per VG:", shown(&vg.max_pps_per_vg)), shown(&vg.max_pps_per_pv));
    let max_pvs = ("MAX PVs:", shown(&vg.max_pvs));
    if per_pv.is_some() {
        sheet.one(per_vg);
        sheet.row(("MAX PPs per PV:", per_pv), max_pvs);
    } else {
        sheet.row(per_vg, max_pvs);
    }
    sheet.row(("LTG size (Dynamic):", ltg), ("AUTO SYNC:", vg.auto_sync.clone()));
    sheet.row(("HOT SPARE:", vg.hot_spare.clone()), ("BB POLICY:", vg.bb_policy.clone()));
    sheet.one(("MIRROR POOL STRICT:", vg.mirror_pool_strict.clone()));
    sheet.row(("PV RESTRICTION:", vg.pv_restriction.clone()), ("INFINITE RETRY:", vg.infinite_retry.clone()));
    sheet.row(("DISK BLOCK SIZE:", shown(&vg.disk_block_size)), ("CRITICAL VG:", vg.critical_vg.clone()));
    sheet.row(("FS SYNC OPTION:", vg.fs_sync_option.clone()), ("CRITICAL PVs:", vg.critical_pvs.clone()));
    sheet.one(("ENCRYPTION:", vg.encryption.clone()));
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, samples, word};
    use proptest::{option::of, prelude::*};

    #[test]
    fn reads_and_prints_both_shapes() {
        fixture::read_and_print(samples!("lsvg": "info_6.log", "info_7.log"), info, print_info);
    }

    #[test]
    fn takes_the_first_of_several_groups() {
        let [old, new] = ["info_6", "info_7"].map(|name| {
            let samples: fixture::Samples = samples!("lsvg": "info_6.log", "info_7.log");
            samples.iter().find(|(sample, _)| sample.contains(name)).unwrap().1
        });
        // AIX 6 has no such line: the second group's must not be taken for it
        assert_eq!(info(&format!("{old}{new}")).unwrap(), info(old).unwrap());
        assert_eq!(info(new).unwrap().free_mb(), 204_672);
    }

    #[test]
    fn a_bad_number_is_named() {
        let (_, text) = (samples!("lsvg": "info_6.log") as fixture::Samples)[0];
        assert_eq!(info(&text.replace("256 ", "many")).unwrap_err().line, 4);
    }

    prop_compose! {
        fn arbitrary()(
            (name, vg_identifier) in (fixture::vg(), of(fixture::vg_id())),
            (state, vg_permission, auto_on, auto_sync) in (word(), of(word()), of(word()), of(word())),
            pp_size_mb in 1..1_u64 << 17,
            (total_pps, free_pps, used_pps, stale_pps) in (count(), count(), count(), count()),
            (max_lvs, lvs, open_lvs, vg_descriptors) in (of(count()), of(count()), of(count()), of(count())),
            quorum in of((0..99_u64, of("Enabled|Disabled"))),
            (total_pvs, stale_pvs, active_pvs) in (count(), count(), count()),
            (max_pps_per_vg, max_pps_per_pv, max_pvs) in (of(count()), of(count()), of(count())),
            disk_block_size in of(count()),
            ltg_size_mb in of((1..1_u64 << 30).prop_map(Size::from_kib)),
            (hot_spare, bb_policy, mirror_pool_strict) in (of(word()), of(word()), of(word())),
            pv_restriction in of(word()),
            (infinite_retry, critical_vg, fs_sync_option) in (of(word()), of(word()), of(word())),
            (critical_pvs, encryption) in (of(word()), of(word())),
        ) -> VolumeGroup {
            let quorum_state = quorum.as_ref().and_then(|(_, state)| state.clone());
            VolumeGroup {
                name, vg_identifier, state, pp_size_mb, vg_permission, total_pps, max_lvs, free_pps, lvs, used_pps, open_lvs,
                quorum: quorum.map(|(disks, _)| disks), quorum_state, total_pvs, vg_descriptors, stale_pvs, stale_pps,
                active_pvs, auto_on, max_pps_per_vg, max_pps_per_pv, max_pvs, ltg_size_mb, auto_sync, hot_spare, bb_policy,
                mirror_pool_strict, pv_restriction, infinite_retry, disk_block_size, critical_vg, fs_sync_option,
                critical_pvs, encryption,
            }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(vg in arbitrary()) {
            prop_assert_eq!(info(&print_info(&vg)).unwrap(), vg);
        }
    }
}
