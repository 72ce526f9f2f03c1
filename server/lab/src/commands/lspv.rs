//! `lspv` (nimadm.md §6.3).

use super::{Output, words};
use crate::{LabError, model::Host};

pub(super) fn lspv(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match words(args)[..] {
        [] => list(host, out),
        [disk] if !disk.starts_with('-') => one(host, disk, out),
        _ => {
            out.error("Usage: lspv [-L] [-P|-u] [PVname]");
            Ok(1)
        }
    }
}

fn list(host: &Host, out: &mut Output) -> Result<u8, LabError> {
    for disk in &host.disks {
        let owner = host.owner(&disk.name)?;
        let pvid = disk.pvid.as_deref().unwrap_or("none");
        let state = if owner.is_some_and(|(_, vg)| vg.varied_on) { "active" } else { "" };
        let vg = owner.map_or("None", |(name, _)| name);
        out.line(format!("{:<16}{pvid:<36}{vg:<16}{state:<12}", disk.name));
    }
    Ok(0)
}

fn one(host: &Host, name: &str, out: &mut Output) -> Result<u8, LabError> {
    let Some(disk) = host.disk(name) else {
        out.error(format!(
            "0516-306 lspv: Unable to find physical volume {name} in the Device\n\tConfiguration Database."
        ));
        return Ok(1);
    };
    let Some((vg_name, vg)) = host.owner(name)? else {
        out.error(format!("0516-320 lspv: Physical volume {name} is not assigned to\n\ta volume group."));
        return Ok(1);
    };
    let pvid = disk.pvid.as_deref().unwrap_or("none");
    let row = |left: (&str, String), right: (&str, String)| {
        format!("{:<20}{:<25}{:<18}{}", left.0, left.1, right.0, right.1).trim_end().to_owned()
    };
    let (total, used) = (host.disk_pps(name, vg), host.used_on(name, vg));
    let pps = |count: u32| format!("{count} ({} megabytes)", count * vg.pp_mib);
    let value = |text: String| if vg.varied_on { text } else { "???????".to_owned() };
    if !vg.varied_on {
        out.error("0516-010 : Volume group must be varied on; use varyonvg command.");
    }
    out.line(row(("PHYSICAL VOLUME:", name.to_owned()), ("VOLUME GROUP:", vg_name.to_owned())));
    out.line(format!("PV IDENTIFIER:      {pvid} VG IDENTIFIER     {}", vg.id.0));
    out.line(row(("PV STATE:", value("active".to_owned())), ("", String::new())));
    out.line(row(("STALE PARTITIONS:", value("0".to_owned())), ("ALLOCATABLE:", value("yes".to_owned()))));
    let volumes = vg.lvs.len().to_string();
    out.line(row(("PP SIZE:", value(format!("{} megabyte(s)", vg.pp_mib))), ("LOGICAL VOLUMES:", value(volumes))));
    out.line(row(("TOTAL PPs:", value(pps(total))), ("VG DESCRIPTORS:", value("2".to_owned()))));
    out.line(row(("FREE PPs:", value(pps(total - used))), ("HOT SPARE:", value("no".to_owned()))));
    out.line(row(("USED PPs:", value(pps(used))), ("MAX REQUEST:", "256 kilobytes".to_owned())));
    out.line(row(("FREE DISTRIBUTION:", value(distribution(total - used, total))), ("", String::new())));
    out.line(row(("USED DISTRIBUTION:", value(distribution(used, total))), ("", String::new())));
    out.line(row(("MIRROR POOL:", value("None".to_owned())), ("", String::new())));
    Ok(0)
}

/// `43..00..00..00..128`: partitions by region of the disk. Here free space lies at the end (simplified).
pub(super) fn distribution(count: u32, total: u32) -> String {
    let region = total.div_ceil(5).max(1);
    let mut left = count;
    let mut regions: Vec<_> = std::iter::repeat_with(|| {
        let here = left.min(region);
        left -= here;
        here
    })
    .take(5)
    .collect();
    regions.reverse();
    regions.iter().map(|count| format!("{count:02}")).collect::<Vec<_>>().join("..")
}
