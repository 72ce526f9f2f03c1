//! `bosboot` (nimadm.md §6.15, §3.2 S15) and `alog`: boot images, and the logs of boot and NIM.
//!
//! Only a disk of the rootvg that runs can get a boot image: that of a sleeping clone has no `hd5` under this name.

use super::{Context, Output, date, flags::Flags};
use crate::{LabError, model::Host};
use aix::Level;

/// (unconfirmed text)
const USAGE: &str = "Usage: bosboot {-a | -v} [-d device]";

/// The size of a boot image in 512-byte blocks, as seen in real logs by version (nimadm.md §2.8).
pub(crate) fn image_blocks(level: Level) -> u32 {
    match (level.version, level.release) {
        (..=6, _) => 47_136,
        (7, ..=1) => 49_180,
        (7, 2) => 53_276,
        _ => 69_660,
    }
}

pub(super) fn bosboot(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let Some(flags) = Flags::alone(args, "avqd:").filter(|flags| flags.count("av") > 0) else {
        out.error(USAGE);
        return Ok(1);
    };
    let host = context.host()?;
    let Some(disk) = boot_disk(&host, flags.value('d').unwrap_or("/dev/ipldevice"))? else {
        let device = flags.value('d').unwrap_or_default().trim_start_matches("/dev/");
        out.error(format!(
            "0301-168 bosboot: The current boot logical volume, /dev/hd5,\n        does not exist on /dev/{device}."
        ));
        return Ok(1);
    };
    if !flags.has('a') {
        return Ok(0);
    }
    context.store.update(&context.host, |host| {
        host.system_mut()?.boot_image = true;
        Ok::<_, LabError>(())
    })?;
    let blocks = image_blocks(host.rootvg()?.1.level());
    if flags.has('q') {
        out.line(format!("{blocks} /dev/{disk}"));
    } else {
        out.line(format!("\nbosboot: Boot image is {blocks} 512 byte blocks."));
    }
    Ok(0)
}

/// The disk behind a device name, where it is of the running rootvg and this has a boot volume.
fn boot_disk(host: &Host, device: &str) -> Result<Option<String>, LabError> {
    let (vg, _) = host.rootvg()?;
    let name = device.trim_start_matches("/dev/");
    let boots = vg.lvs.iter().any(|lv| lv.kind == "boot");
    let name = match name {
        "ipldevice" | "ipl_blv" | "hd5" => vg.disks.first().map_or("", String::as_str),
        // The raw device is the same disk.
        other if other.starts_with("rhdisk") => other.trim_start_matches('r'),
        other => other,
    };
    Ok(vg.disks.iter().find(|disk| boots && *disk == name).cloned())
}

/// `alog -o -t TYPE`. What the logs hold is the lab's invention (unconfirmed).
pub(super) fn alog(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let flags = Flags::alone(args, "oLt:").filter(|flags| flags.count("oL") == 1);
    let Some(flags) = flags else {
        out.error("Usage: alog {-o -t LogType | -L [-t LogType]}");
        return Ok(2);
    };
    if flags.has('L') {
        ["boot", "bosinst", "nim", "console", "cfg", "lvmcfg", "lvmt", "dumpsymp"].iter().for_each(|log| out.line(log));
        return Ok(0);
    }
    let booted = date::ctime(date::at(host, host.booted_at));
    let level = host.rootvg()?.1.level();
    match flags.value('t') {
        Some("boot") => {
            out.line("-------------------------------------------------------");
            out.line(format!("{booted}\nattempting to configure device 'sys0'"));
            host.disks
                .iter()
                .for_each(|disk| out.line(format!("invoking /usr/lib/methods/cfgscsidisk -l {}", disk.name)));
        }
        Some("bosinst") => out.line(format!("BOS installation completed at level {level}.")),
        Some("nim") => out.line(format!("{booted} {}: NIM initialized, level {level}", host.name)),
        Some("console" | "cfg" | "lvmcfg" | "lvmt" | "dumpsymp") => {}
        other => {
            out.error(format!("alog: 0315-112 Log type {} is not defined.", other.unwrap_or_default()));
            return Ok(2);
        }
    }
    Ok(0)
}
