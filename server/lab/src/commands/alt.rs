//! `alt_rootvg_op`: removing clones and asking for their boot disk (nimadm.md §1.9, §6.16).

use super::{Context, Output, words};
use crate::{LabError, model::migration::no_such_vg};

pub(super) fn alt_rootvg_op(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match words(args)[..] {
        ["-X"] => remove(context, "altinst_rootvg", out),
        ["-X", name] => remove(context, name, out),
        ["-q", "-d", disk] => boot_disk(context, disk, out),
        ["-W" | "-S" | "-C" | "-v", ..] => {
            out.error("alt_rootvg_op: this lab does not simulate wake-up, sleep, rename and customising yet");
            Ok(1)
        }
        _ => {
            out.error("Usage: alt_rootvg_op -X [volume group] | -q -d <disk>");
            Ok(1)
        }
    }
}

fn remove(context: &Context, name: &str, out: &mut Output) -> Result<u8, LabError> {
    context.store.update(&context.host, |host| {
        let found = host.group(name)?.map(|vg| (vg.id.clone(), vg.system.is_some() && vg.id != host.running));
        let id = match found {
            Some((id, true)) => id,
            Some((_, false)) => {
                // (unconfirmed text)
                out.error(format!("alt_rootvg_op: 0505-195 {name} is not an alternate rootvg."));
                return Ok(1);
            }
            None => {
                out.error(no_such_vg("alt_rootvg_op", name));
                return Ok(1);
            }
        };
        host.remove_group(&id)?;
        host.bootlist_to_running();
        let disk = host.bootlist.first().map_or("", String::as_str);
        out.line(format!("Bootlist is set to the boot disk: {disk} blv=hd5"));
        Ok(0)
    })
}

fn boot_disk(context: &Context, disk: &str, out: &mut Output) -> Result<u8, LabError> {
    let host = context.host()?;
    if host.disk(disk).is_none() {
        return Ok(super::boot::no_device("alt_rootvg_op", disk, out));
    }
    match host.bootable(disk).and_then(|vg| vg.disks.first()) {
        Some(disk) => {
            out.line(disk);
            Ok(0)
        }
        None => {
            // (unconfirmed text)
            out.error(format!("alt_rootvg_op: 0505-194 no boot disk for {disk}."));
            Ok(1)
        }
    }
}
