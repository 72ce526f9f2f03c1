//! `uname` and `hostname` (nimadm.md §6.15).

use super::{Context, Output, flags::Flags};
use crate::{LabError, address, model::Host};
use aix::uname::{self, CpuId};

/// (unconfirmed text)
const USAGE: &str = "usage: uname [-snlMaLrvmpuW]";

pub(super) fn uname(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let host = context.host()?;
    let Some(flags) = Flags::alone(args, "snlMaLrvmpuW") else {
        out.error(USAGE);
        return Ok(1);
    };
    let hardware = &host.hardware;
    if flags.count("snlMaLrvpuW") == 0
        && flags.has('m')
        && let Ok(id) = hardware.cpuid.parse::<CpuId>()
    {
        out.stdout += &uname::print(&id);
        return Ok(0);
    }
    let level = host.rootvg()?.1.level();
    let all = flags.has('a');
    // Whatever the order of the letters, AIX prints in its own.
    let values = [
        (flags.has('s') || all || args.is_empty(), "AIX".to_owned()),
        (flags.has('n') || all, host.name.clone()),
        (flags.has('r') || all, level.release.to_string()),
        (flags.has('v') || all, level.version.to_string()),
        (flags.has('m') || all, hardware.cpuid.clone()),
        (flags.has('l'), hardware.cpuid.clone()),
        (flags.has('p'), "powerpc".to_owned()),
        (flags.has('M'), hardware.model.clone()),
        (flags.has('u'), format!("IBM,02{}", hardware.serial)),
        (flags.has('L'), format!("{} {}", partition(context)?, host.name)),
        (flags.has('W'), "0".to_owned()),
    ];
    let shown: Vec<_> = values.into_iter().filter_map(|(asked, value)| asked.then_some(value)).collect();
    out.line(shown.join(" "));
    Ok(0)
}

/// The partition's number on its machine.
pub(super) fn partition(context: &Context) -> Result<u32, LabError> {
    let index = address::index(&context.store.estate()?, &context.host).unwrap_or(0);
    Ok(u32::try_from(index).unwrap_or(0) + 1)
}

pub(super) fn hostname(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match Flags::alone(args, "s") {
        Some(_) => out.line(&host.name),
        None => {
            // A simulated host keeps its name (unconfirmed text).
            out.error("Usage: hostname [-s]");
            return Ok(1);
        }
    }
    Ok(0)
}
