//! Devices and what the ODM says of them (nimadm.md §3.2 C, §6.15).

use super::{Context, Output, boot::no_device, named, storage::no_disk, words};
use crate::{LabError, model::Host, scenario::Scenario};
use aix::{
    Size, getconf, getlvodm as lvodm, lsattr as attributes,
    lsattr::Attribute,
    lsdev::{self as devices, Device, Status},
    lspath::{self as paths, Path, PathStatus},
    lsps::{PageSpace, Summary, print_page_spaces, print_summary},
};

/// 3 where the disk has no group (`[code]`, nimadm.md §3.2 D2).
pub(super) fn getlvodm(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let ["-j", name] = words(args)[..] else {
        out.error("getlvodm: this lab simulates only getlvodm -j disk");
        return Ok(1);
    };
    let Some(disk) = host.disk(name) else {
        no_disk("getlvodm", name, out);
        return Ok(1);
    };
    if let Some((_, vg)) = host.owner(name)? {
        out.print(lvodm::print(Some(&named(host, &vg.id.0)?), &named(host, name)?));
        return Ok(0);
    }
    match disk.pvid {
        Some(_) => out.error(lvodm::print(None, &named(host, name)?).trim_end()),
        None => out.error(format!(
            "0516-1396 /usr/sbin/getlvodm: The physical volume {name}, was not found in the\nsystem database."
        )),
    }
    Ok(3)
}

pub(super) fn getconf(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match words(args)[..] {
        ["DISK_SIZE", path] => {
            let name = path.strip_prefix("/dev/").unwrap_or(path);
            let size = host.disk(name).and_then(|disk| Size::from_mib(u64::from(disk.size_mib)));
            match size {
                Some(size) => out.print(getconf::print_disk_size(size)),
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

pub(super) fn lsdev(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let device = |disk: &crate::model::Disk| Device {
        name: disk.name.clone(),
        status: Status::Available,
        location: None,
        description: Some(if disk.paths > 1 { "MPIO IBM 2107 FC Disk" } else { "SAS Disk Drive" }.to_owned()),
    };
    match words(args)[..] {
        ["-Cc", "disk"] | ["-C", "-c", "disk"] | ["-c", "disk"] => {
            out.print(devices::print(&host.disks.iter().map(device).collect::<Vec<_>>()));
        }
        ["-l", name, ref rest @ ..] | ["-Cl", name, ref rest @ ..] => {
            let Some(disk) = host.disk(name) else {
                out.error(format!("lsdev: 0514-521 Cannot find information in the predefined device\n\tconfiguration database for the customized device {name}."));
                return Ok(1);
            };
            let found = device(disk);
            out.print(match rest {
                ["-F", "status"] | ["-Fstatus"] => devices::print_status(&found.status),
                _ => devices::print(&[found]),
            });
        }
        _ => {
            out.error("Usage: lsdev -Cc class | -l name [-F status]");
            return Ok(1);
        }
    }
    Ok(0)
}

pub(super) fn lspath(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let one = match words(args)[..] {
        [] => None,
        ["-l", name] => Some(name),
        _ => {
            out.error("Usage: lspath [-l name]");
            return Ok(1);
        }
    };
    if let Some(name) = one.filter(|name| host.disk(name).is_none()) {
        out.error(format!("lspath: 0514-538 Cannot perform the requested function because the\n\tspecified device does not exist: {name}"));
        return Ok(1);
    }
    let disks = host.disks.iter().filter(|disk| one.is_none_or(|name| disk.name == name) && disk.paths > 1);
    let list = disks.flat_map(|disk| {
        let kind = if disk.paths == 2 { "vscsi" } else { "fscsi" };
        (0..disk.paths).map(move |path| Path {
            status: PathStatus::Enabled,
            name: disk.name.clone(),
            parent: format!("{kind}{}", if kind == "vscsi" { path } else { path / 2 }),
        })
    });
    out.print(paths::print(&list.collect::<Vec<_>>()));
    Ok(0)
}

pub(super) fn lsattr(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let words = words(args);
    if words.iter().any(|word| word.starts_with('-') && !["-E", "-l", "-El", "-a", "-H", "-EHl"].contains(word)) {
        out.error("Usage: lsattr -E -l Name [-a Attribute]");
        return Ok(1);
    }
    let name =
        words.iter().skip_while(|word| !word.starts_with("-E") && **word != "-l").find(|word| !word.starts_with('-'));
    let name = name.copied().unwrap_or_default();
    let attribute = |attribute: &str, value: &str, description: &str, user_settable| Attribute {
        attribute: attribute.to_owned(),
        value: value.to_owned(),
        description: description.to_owned(),
        user_settable,
    };
    let memory = host.hardware.memory_mib.to_string();
    let mut list = match (name, host.disk(name)) {
        ("mem0", _) => vec![
            attribute("goodsize", &memory, "Amount of usable physical memory in Mbytes", false),
            attribute("size", &memory, "Total amount of physical memory in Mbytes", false),
        ],
        ("sys0", _) => vec![
            attribute("autorestart", "true", "Automatically REBOOT OS after a crash", true),
            attribute("modelname", &host.hardware.model, "Machine name", false),
            attribute("os_uuid", &format!("{}-lab", host.hardware.serial), "N/A", true),
            attribute("systemid", &format!("IBM,02{}", host.hardware.serial), "Hardware system identifier", false),
        ],
        (_, Some(disk)) => vec![
            attribute(
                "pvid",
                &disk.pvid.as_ref().map_or("none".to_owned(), |pvid| format!("{pvid}0000000000000000")),
                "Physical volume identifier",
                false,
            ),
            attribute("queue_depth", "20", "Queue DEPTH", true),
            attribute(
                "reserve_policy",
                if disk.paths > 1 { "no_reserve" } else { "single_path" },
                "Reserve Policy",
                true,
            ),
        ],
        _ => {
            out.error(format!("lsattr: 0514-519 The following device was not found in the customized\n\tdevice configuration database:\n\t{name}"));
            return Ok(1);
        }
    };
    if let Some(wanted) = words.iter().position(|word| *word == "-a").and_then(|at| words.get(at + 1)) {
        list.retain(|found| found.attribute == *wanted);
        if list.is_empty() {
            out.error(format!("lsattr: 0514-528 The \"{wanted}\" attribute does not exist in the predefined\n\tdevice configuration database."));
            return Ok(1);
        }
    }
    out.print(attributes::print(&list));
    Ok(0)
}

/// `lquerypv -h /dev/hdiskN 0 10`, `readvgda hdiskN`: the first bytes of a disk; `_LVM` where a volume group was written there. That is how a
/// group shows that the ODM does not know (form unconfirmed).
pub(super) fn lquerypv(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let name = args.iter().find(|word| !word.starts_with('-')).map_or("", |word| word.trim_start_matches("/dev/"));
    let Some(_) = host.disk(name) else {
        out.error(format!("0516-024 lquerypv: Unable to open physical volume {name}."));
        return Ok(1);
    };
    let written = host.groups.iter().any(|vg| vg.disks.iter().any(|disk| disk == name));
    let foreign = host.scenario == Scenario::TargetDiskInVg && host.owner(name)?.is_none();
    let row = if written || foreign {
        "5F4C564D 00000000 00000000 00000000  |_LVM............|"
    } else {
        "00000000 00000000 00000000 00000000  |................|"
    };
    out.line(format!("00000000   {row}"));
    Ok(0)
}

pub(super) fn lsps(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (vg, _) = host.rootvg()?;
    let spaces = vg.lvs.iter().filter(|lv| lv.kind == "paging");
    let size = |lv: &crate::model::LogicalVolume| u64::from(lv.lps * vg.pp_mib);
    match words(args)[..] {
        ["-s"] => out.print(print_summary(&Summary { total_mb: spaces.map(size).sum(), percent_used: 1 })),
        ["-a"] => {
            let space = |lv: &crate::model::LogicalVolume| PageSpace {
                page_space: lv.name.clone(),
                physical_volume: vg.disks.first().cloned().unwrap_or_default(),
                volume_group: "rootvg".to_owned(),
                size_mb: size(lv),
                percent_used: Some(1),
                active: true,
                auto: true,
                kind: "lv".to_owned(),
                chksum: Some(0),
            };
            out.print(print_page_spaces(&spaces.map(space).collect::<Vec<_>>()));
        }
        _ => {
            out.error("Usage: lsps [-s] [-a]");
            return Ok(1);
        }
    }
    Ok(0)
}

/// `sysdumpdev -l` and `-e` (layout unconfirmed).
pub(super) fn sysdumpdev(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (vg, _) = host.rootvg()?;
    let dump = vg.lvs.iter().find(|lv| lv.kind == "sysdump");
    match words(args)[..] {
        ["-l"] => {
            out.line(format!("primary              /dev/{}", dump.map_or("sysdumpnull", |lv| lv.name.as_str())));
            out.line("secondary            /dev/sysdumpnull\ncopy directory       /var/adm/ras\nforced copy flag     TRUE\nalways allow dump    FALSE\ndump compression     ON\ntype of dump         fw-assisted");
        }
        ["-e"] => {
            out.line(format!(
                "0453-041 Estimated dump size in bytes: {}",
                u64::from(host.hardware.memory_mib) * 40_000
            ));
        }
        _ => {
            out.error("Usage: sysdumpdev -l | -e");
            return Ok(1);
        }
    }
    Ok(0)
}

/// `showmount -e [host]`: what a host exports.
pub(super) fn showmount(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let name = args.iter().find(|word| !word.starts_with('-')).map_or(context.host.as_str(), String::as_str);
    let Ok(host) = context.store.host(name) else {
        out.error(format!("showmount: 1831-383 {name} is not a known host."));
        return Ok(1);
    };
    let resources = host.nim.iter().flat_map(|nim| &nim.resources).map(|resource| resource.location.clone());
    out.line(format!("export list for {name}:"));
    for path in resources.chain(host.exports.iter().cloned()) {
        out.line(format!("{path:<40} (everyone)"));
    }
    Ok(0)
}
