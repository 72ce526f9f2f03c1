//! `alt_rootvg_op`: removing clones and asking for their boot disk (nimadm.md §1.9, §6.16).

use super::{Context, Output, words};
use crate::{
    LabError,
    model::migration::{Refused, no_such_vg},
    tree,
};

pub(super) fn alt_rootvg_op(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match words(args)[..] {
        ["-X"] => remove(context, "altinst_rootvg", out),
        ["-X", name] => remove(context, name, out),
        ["-q", "-d", disk] => boot_disk(context, disk, out),
        ["-W", "-d", disk] => wake(context, disk, out),
        ["-S"] | ["-S", "-t"] | ["-St"] => sleep(context, out),
        ["-v", new, "-d", disk] => rename(context, new, disk, out),
        ["-C", ..] => {
            out.error("alt_rootvg_op: this lab does not simulate customising (-C)");
            Ok(1)
        }
        _ => {
            out.error(
                "Usage: alt_rootvg_op -X [volume group] | -q -d <disk> | -W -d <disk> | -S [-t] | -v <name> -d <disk>",
            );
            Ok(1)
        }
    }
}

/// What a refused change says; the exit code.
pub(super) fn answer(done: Result<u8, Refused>, out: &mut Output) -> Result<u8, LabError> {
    match done {
        Ok(code) => Ok(code),
        Err(Refused::Lab(error)) => Err(error),
        Err(Refused::Says(text)) => {
            out.error(text);
            Ok(1)
        }
    }
}

fn remove(context: &Context, name: &str, out: &mut Output) -> Result<u8, LabError> {
    let done = context.store.update(&context.host, |host| {
        let found = host.group(name)?.map(|vg| (vg.id.clone(), vg.system.as_ref().map(|system| system.complete)));
        let (id, complete) = match found {
            Some((id, Some(complete))) if id != host.running => (id, complete),
            // (unconfirmed text)
            Some(_) => {
                return Err(Refused::Says(format!("alt_rootvg_op: 0505-195 {name} is not an alternate rootvg.")));
            }
            None => return Err(Refused::Says(no_such_vg("alt_rootvg_op", name))),
        };
        host.forget_group(&id)?;
        if !complete {
            host.groups.retain(|vg| vg.id != id);
        }
        host.bootlist_to_running();
        let disk = host.bootlist.first().map_or("", String::as_str);
        out.line(format!("Bootlist is set to the boot disk: {disk} blv=hd5"));
        Ok(0)
    });
    tree::sweep(&context.store, &context.host()?)?;
    answer(done, out)
}

/// `-W`; FORCE=yes in the environment wakes a newer system, too (nimadm.md §1.9).
fn wake(context: &Context, disk: &str, out: &mut Output) -> Result<u8, LabError> {
    let force = std::env::var_os("FORCE").is_some_and(|value| value == "yes");
    let done = context.store.update(&context.host, |host| {
        let name = host.owner(disk)?.map_or("", |(name, _)| name).to_owned();
        host.wake(disk, force)?;
        // (unconfirmed text)
        out.line(format!("Waking up {name} volume group ..."));
        Ok(0)
    });
    answer(done, out)
}

fn sleep(context: &Context, out: &mut Output) -> Result<u8, LabError> {
    let done = context.store.update(&context.host, |host| {
        let mounts = host.sleep()?;
        // (unconfirmed text)
        out.line("Putting volume group altinst_rootvg to sleep ...");
        mounts.iter().for_each(|mount| out.line(format!("forced unmount of {mount}")));
        out.line("Fixing LV control blocks...");
        out.line("Fixing file system superblocks...");
        Ok(0)
    });
    answer(done, out)
}

fn rename(context: &Context, new: &str, disk: &str, out: &mut Output) -> Result<u8, LabError> {
    let done = context.store.update(&context.host, |host| {
        let Some((name, group)) = host.owner(disk)?.filter(|(_, vg)| vg.system.is_some() && vg.id != host.running)
        else {
            return Err(Refused::Says(format!("alt_rootvg_op: 0505-194 no alternate rootvg on {disk}.")));
        };
        if name != new && host.group(new)?.is_some() {
            return Err(Refused::Says(format!("0516-360 alt_rootvg_op: The device name {new} is already used.")));
        }
        let id = group.id.clone();
        host.system_mut()?.odm.insert(id, new.to_owned());
        Ok(0)
    });
    answer(done, out)
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
