//! `lslv` (nimadm.md §6.4).

use super::{Output, named, words};
use crate::{LabError, model::Host};
use aix::lslv::{Copy, LogicalVolume, Map, MappedLp, print, print_map};

pub(super) fn lslv(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (mapped, name) = match words(args)[..] {
        ["-m", name] => (true, name),
        [name] if !name.starts_with('-') => (false, name),
        _ => {
            out.error("Usage: lslv [-L] [-m] LVname");
            return Ok(1);
        }
    };
    let Some((group, vg, lv)) = host.volume(name) else {
        out.error(format!("0516-306 lslv: Unable to find {name} in the Device\n\tConfiguration Database."));
        return Ok(1);
    };
    let mount_point = vg.mount_point(lv).or_else(|| lv.mount.clone());
    if mapped {
        let mut lps: Vec<MappedLp> =
            (1..=lv.lps).map(|lp| MappedLp { lp: u64::from(lp), copies: Vec::new() }).collect();
        for (disk, used) in host.layout(vg) {
            for (at, (_, lp, _)) in (1_u64..).zip(used).filter(|(_, (found, ..))| found.name == lv.name) {
                if let Some(mapped) = lps.get_mut(lp as usize - 1) {
                    mapped.copies.push(Copy { pp: at, pv: disk.to_owned() });
                }
            }
        }
        lps.retain(|mapped| !mapped.copies.is_empty());
        out.print(print_map(&Map { lv: name.to_owned(), mount_point, lps }));
        return Ok(0);
    }
    let text = |text: &str| Some(text.to_owned());
    let boot = lv.kind == "boot";
    let number = vg.lvs.iter().position(|found| found.name == lv.name).unwrap_or(0) + 1;
    out.print(print(&LogicalVolume {
        name: name.to_owned(),
        vg: named(host, group)?,
        lv_identifier: Some(format!("{}.{number}", vg.id.0)),
        permission: text("read/write"),
        vg_state: text("active/complete"),
        lv_state: text(vg.lv_state(lv)),
        kind: Some(lv.kind.clone()),
        write_verify: text("off"),
        max_lps: Some(512),
        pp_size_mb: Some(u64::from(vg.pp_mib)),
        copies: Some(u64::from(lv.copies)),
        sched_policy: text("parallel"),
        lps: Some(u64::from(lv.lps)),
        pps: Some(u64::from(lv.pps())),
        stale_pps: Some(if lv.stale { u64::from(lv.lps) } else { 0 }),
        bb_policy: text(if boot { "non-relocatable" } else { "relocatable" }),
        inter_policy: text("minimum"),
        relocatable: text(if boot { "no" } else { "yes" }),
        intra_policy: text(if boot { "edge" } else { "center" }),
        upper_bound: Some(32),
        mount_point,
        label: if boot { text("primary_bootlv") } else { lv.mount.clone() },
        mirror_write_consistency: text("on/ACTIVE"),
        each_lp_copy_on_a_separate_pv: text("yes"),
        serialize_io: text("NO"),
        infinite_retry: None,
        preferred_read: None,
        encryption: None,
    }));
    Ok(0)
}
