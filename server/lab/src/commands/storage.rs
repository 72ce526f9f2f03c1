//! File systems and small disk questions (nimadm.md §6.11, §6.15).

use super::{Output, boot::no_device, words};
use crate::{LabError, model::Host};

/// One file system: device, size and used space in MiB, mount point.
fn mounted(host: &Host) -> Result<Vec<(String, u64, u64, String)>, LabError> {
    let mut rows = Vec::new();
    for (_, vg) in host.named_groups()? {
        for (lv, mount) in vg.mounts() {
            rows.push((format!("/dev/{}", lv.name), u64::from(lv.lps * vg.pp_mib), u64::from(lv.used_mib), mount));
        }
    }
    if let Some(spot) = &host.spot_mount {
        rows.push((spot.clone(), 31_744, 21_120, "/ALT_MIG_SPOT".to_owned()));
    }
    Ok(rows)
}

pub(super) fn df(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let title = match words(args)[..] {
        [] => "512-blocks",
        ["-g"] => "GB blocks",
        ["-m"] => "MB blocks",
        ["-k"] => "1024-blocks",
        _ => {
            out.error("Usage: df [-g | -k | -m]");
            return Ok(1);
        }
    };
    let size = |mib: u64| match title {
        "GB blocks" => format!("{}.{:02}", mib / 1024, mib % 1024 * 100 / 1024),
        "MB blocks" => format!("{mib}.00"),
        "1024-blocks" => (mib * 1024).to_string(),
        _ => (mib * 2048).to_string(),
    };
    out.line(format!("Filesystem    {title:>9}      Free %Used    Iused %Iused Mounted on"));
    for (device, total, used, mount) in mounted(host)? {
        let percent = (used * 100).div_ceil(total.max(1)).max(1);
        // Inodes follow the used space (simplified).
        let (inodes, share) = (used * 12 + 4, percent / 6 + 1);
        let (total, free) = (size(total), size(total.saturating_sub(used)));
        out.line(format!("{device:<13} {total:>9} {free:>9} {percent:>4}% {inodes:>8} {share:>5}% {mount}"));
    }
    out.line("/proc                 -         -    -        -      - /proc");
    Ok(0)
}

pub(super) fn lsfs(host: &Host, out: &mut Output) -> Result<u8, LabError> {
    out.line("#MountPoint:Device:Vfs:Nodename:Type:Size:Options:AutoMount:Acct");
    for vg in host.groups.iter().filter(|vg| vg.varied_on) {
        for (lv, mount) in vg.mounts() {
            let blocks = u64::from(lv.lps * vg.pp_mib) * 2048;
            let kind = if vg.system.is_some() { "bootfs" } else { "" };
            out.line(format!("{mount}:/dev/{}:jfs2::{kind}:{blocks}:rw:yes:no", lv.name));
        }
    }
    Ok(0)
}

pub(super) fn getlvodm(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let ["-j", disk] = words(args)[..] else {
        out.error("getlvodm: this lab simulates only getlvodm -j disk");
        return Ok(1);
    };
    if host.disk(disk).is_none() {
        out.error(format!(
            "0516-306 getlvodm: Unable to find physical volume {disk} in the Device\n\tConfiguration Database."
        ));
        return Ok(1);
    }
    match host.owner(disk)? {
        Some((_, vg)) => {
            out.line(&vg.id.0);
            Ok(0)
        }
        None => {
            out.error(format!(
                "0516-320 /usr/sbin/getlvodm: Physical volume {disk} is not assigned to\n        a volume group."
            ));
            Ok(1)
        }
    }
}

pub(super) fn getconf(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match words(args)[..] {
        ["DISK_SIZE", path] => {
            let name = path.strip_prefix("/dev/").unwrap_or(path);
            match host.disk(name) {
                Some(disk) => out.line(disk.size_mib.to_string()),
                None => return Ok(no_device("getconf", path, out)),
            }
        }
        ["BOOT_DEVICE"] => out.line(host.rootvg()?.0.disks.first().map_or("", String::as_str)),
        ["KERNEL_BITMODE" | "HARDWARE_BITMODE"] => out.line("64"),
        ["REAL_MEMORY"] => out.line((u64::from(host.hardware.memory_mib) * 1024).to_string()),
        _ => {
            out.error("getconf: 0016-001 Invalid parameter.");
            return Ok(1);
        }
    }
    Ok(0)
}
