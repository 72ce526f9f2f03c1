//! `lsvg` (nimadm.md §6.4).

use super::{Output, lspv::distribution, words};
use crate::{
    LabError,
    model::{Host, VolumeGroup, migration::no_such_vg},
};

/// What stands for a volume group that is off.
const VARIED_OFF: &str = "0516-010 : Volume group must be varied on; use varyonvg command.";

/// Prints one view of a volume group that is on.
type Show = fn(&Host, &str, &VolumeGroup, &mut Output);

pub(super) fn lsvg(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (show, name): (Show, &str) = match words(args)[..] {
        [] => return list(host, false, out),
        ["-o"] => return list(host, true, out),
        ["-l", name] => (volumes, name),
        ["-p", name] => (disks, name),
        [name] if !name.starts_with('-') => (summary, name),
        _ => {
            out.error("Usage: lsvg [-o] [-n PVname] | [-l | -M | -p] [-i | VGname...]");
            return Ok(1);
        }
    };
    match host.group(name)? {
        None => out.error(no_such_vg("lsvg", name)),
        Some(vg) if !vg.varied_on => out.error(VARIED_OFF),
        Some(vg) => {
            show(host, name, vg, out);
            return Ok(0);
        }
    }
    Ok(1)
}

fn list(host: &Host, only_active: bool, out: &mut Output) -> Result<u8, LabError> {
    for (name, _) in host.named_groups()?.into_iter().filter(|(_, vg)| vg.varied_on || !only_active) {
        out.line(name);
    }
    Ok(0)
}

fn volumes(_: &Host, name: &str, vg: &VolumeGroup, out: &mut Output) {
    out.line(format!("{name}:"));
    out.line("LV NAME             TYPE       LPs     PPs     PVs  LV STATE      MOUNT POINT");
    for lv in &vg.lvs {
        let mount = match &lv.mount {
            Some(own) => vg.mount_point(lv).unwrap_or_else(|| own.clone()),
            None => "N/A".to_owned(),
        };
        let (pvs, state) = (lv.copies, vg.lv_state(lv));
        let line =
            format!("{:<19} {:<10} {:<7} {:<7} {pvs:<4} {state:<13} {mount}", lv.name, lv.kind, lv.lps, lv.pps());
        out.line(line);
    }
}

fn disks(host: &Host, name: &str, vg: &VolumeGroup, out: &mut Output) {
    out.line(format!("{name}:"));
    out.line("PV_NAME           PV STATE          TOTAL PPs   FREE PPs    FREE DISTRIBUTION");
    for disk in &vg.disks {
        let total = host.disk_pps(disk, vg);
        let free = total.saturating_sub(host.used_on(disk, vg));
        let spread = distribution(free, total);
        out.line(format!("{disk:<17} {:<17} {total:<11} {free:<11} {spread}", "active"));
    }
}

fn summary(host: &Host, name: &str, vg: &VolumeGroup, out: &mut Output) {
    let (total, free, used) = (host.total_pps(vg), host.free_pps(vg), vg.used_pps());
    let pps = |count: u32| format!("{count} ({} megabytes)", count * vg.pp_mib);
    let pvs = vg.disks.len();
    let open = vg.lvs.iter().filter(|lv| vg.lv_state(lv).starts_with("open")).count();
    let descriptors = if pvs == 1 { 2 } else { 3 };
    let rows: [(&str, String, &str, String); 16] = [
        ("VOLUME GROUP:", name.to_owned(), "VG IDENTIFIER:", vg.id.0.clone()),
        ("VG STATE:", "active".to_owned(), "PP SIZE:", format!("{} megabyte(s)", vg.pp_mib)),
        ("VG PERMISSION:", "read/write".to_owned(), "TOTAL PPs:", pps(total)),
        ("MAX LVs:", "256".to_owned(), "FREE PPs:", pps(free)),
        ("LVs:", vg.lvs.len().to_string(), "USED PPs:", pps(used)),
        ("OPEN LVs:", open.to_string(), "QUORUM:", "2 (Enabled)".to_owned()),
        ("TOTAL PVs:", pvs.to_string(), "VG DESCRIPTORS:", descriptors.to_string()),
        ("STALE PVs:", "0".to_owned(), "STALE PPs:", "0".to_owned()),
        ("ACTIVE PVs:", pvs.to_string(), "AUTO ON:", "yes".to_owned()),
        ("MAX PPs per VG:", "32768".to_owned(), "MAX PVs:", "1024".to_owned()),
        ("LTG size (Dynamic):", "256 kilobyte(s)".to_owned(), "AUTO SYNC:", "no".to_owned()),
        ("HOT SPARE:", "no".to_owned(), "BB POLICY:", "relocatable ".to_owned()),
        ("MIRROR POOL STRICT:", "off".to_owned(), "", String::new()),
        ("PV RESTRICTION:", "none".to_owned(), "INFINITE RETRY:", "no".to_owned()),
        ("DISK BLOCK SIZE:", "512".to_owned(), "CRITICAL VG:", "no".to_owned()),
        ("FS SYNC OPTION:", "no".to_owned(), "CRITICAL PVs:", "no".to_owned()),
    ];
    for (left, value, right, other) in rows {
        // The right column begins at character 46.
        out.line(format!("{left:<20}{value:<25}{right:<16}{other}"));
    }
}
