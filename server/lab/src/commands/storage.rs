//! Commands that change storage (nimadm.md §4.1, §6.15): what they say where LVM refuses.

use super::{Context, Output, alt::answer, words};
use crate::{LabError, model::VgId};

/// Says that there is no such disk.
pub(super) fn no_disk(command: &str, name: &str, out: &mut Output) {
    out.error(format!(
        "0516-306 {command}: Unable to find physical volume {name} in the Device\n\tConfiguration Database."
    ));
}

/// A command on file systems, volume groups or disks; the exit code.
pub(super) fn change(context: &Context, command: &str, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let words = words(args);
    let names: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).copied().collect();
    let last = names.last().copied().unwrap_or_default();
    // Flags that are known; one that is not must not be taken for granted.
    let known: &[&str] = match command {
        "mount" | "varyonvg" | "varyoffvg" | "exportvg" | "cfgmgr" => &[],
        "umount" => &["-f"],
        "rmfs" => &["-r"],
        "chfs" => &["-a"],
        "chpv" => &["-C"],
        "syncvg" => &["-v"],
        "importvg" => &["-y"],
        "rmdev" => &["-d", "-l", "-dl", "-ld"],
        // mkvg reads its own.
        _ => &["-y", "-s", "-S", "-f", "-n", "-fS", "-Sf"],
    };
    let stray = words.iter().any(|word| word.starts_with('-') && !known.contains(word) && !word.starts_with("-y"));
    let usage = |out: &mut Output| {
        let usage = match command {
            "mount" => "Usage: mount [directory]",
            "umount" => "Usage: umount [-f] directory",
            "rmfs" => "Usage: rmfs [-r] FileSystem",
            "chfs" => "Usage: chfs -a size=[+|-]NewSize[M|G] FileSystem",
            "mkvg" => "Usage: mkvg [-S] [-f] [-s PPsize] [-y VGname] PVname...",
            "chpv" => "Usage: chpv -C PVname",
            "syncvg" => "Usage: syncvg -v VGname",
            "importvg" => "Usage: importvg -y VGname PVname",
            "rmdev" => "Usage: rmdev -dl Name",
            "cfgmgr" => "Usage: cfgmgr",
            _ => "Usage: varyonvg | varyoffvg | exportvg VGname",
        };
        out.error(usage);
        Ok(1)
    };
    if stray || last.is_empty() && command != "cfgmgr" {
        return usage(out);
    }
    let store = &context.store;
    let done = match command {
        "mount" => store.update(&context.host, |host| host.mount(last).map(|()| 0)),
        "umount" => store.update(&context.host, |host| host.unmount(last).map(|()| 0)),
        "rmfs" => store.update(&context.host, |host| {
            let volume = host.remove_file_system(last)?;
            out.line(format!("rmlv: Logical volume {volume} is removed."));
            Ok(0)
        }),
        "varyoffvg" => store.update(&context.host, |host| host.vary_off(last).map(|()| 0)),
        "varyonvg" => store.update(&context.host, |host| host.vary_on(last).map(|()| 0)),
        "exportvg" => store.update(&context.host, |host| host.export_group(last).map(|()| 0)),
        "syncvg" if words.contains(&"-v") => store.update(&context.host, |host| host.synchronise(last).map(|()| 0)),
        "importvg" if names.len() == 2 && words.first() == Some(&"-y") => store.update(&context.host, |host| {
            host.import_group(names[0], last)?;
            out.line(names[0]);
            Ok(0)
        }),
        "rmdev" if words.iter().any(|word| word.contains('d')) => store.update(&context.host, |host| {
            host.remove_disk(last)?;
            out.line(format!("{last} deleted"));
            Ok(0)
        }),
        "cfgmgr" => store.update(&context.host, |host| {
            host.configure();
            Ok(0)
        }),
        "chpv" if words.contains(&"-C") => store.update(&context.host, |host| host.clear_owner(last).map(|()| 0)),
        "chfs" => {
            let Some(size) = words.iter().find_map(|word| word.strip_prefix("size=")) else { return usage(out) };
            store.update(&context.host, |host| {
                let blocks = host.resize(last, |now| sized(now, size))?;
                out.line(format!("Filesystem size changed to {blocks}"));
                Ok(0)
            })
        }
        "mkvg" => return make_group(context, &words, out),
        _ => return usage(out),
    };
    let code = answer(done, out)?;
    crate::tree::sweep(&context.store, &context.host()?)?;
    Ok(code)
}

/// The size that `size=+1G` or `size=8388608` asks for, in 512-byte blocks.
fn sized(now: u64, text: &str) -> Option<u64> {
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.chars().next(), rest),
        None => (None, text),
    };
    let (digits, unit) = match digits.strip_suffix(['M', 'G']) {
        Some(rest) => (rest, if digits.ends_with('G') { 2_097_152 } else { 2048 }),
        None => (digits, 1),
    };
    let by = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    match sign {
        Some('+') => now.checked_add(by),
        Some(_) => now.checked_sub(by),
        None => Some(by),
    }
}

fn make_group(context: &Context, words: &[&str], out: &mut Output) -> Result<u8, LabError> {
    let (mut name, mut pp_mib, mut disks) = (None, 128_u32, Vec::new());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "-y" => name = rest.next().copied(),
            "-s" => pp_mib = rest.next().and_then(|size| size.trim_end_matches('M').parse().ok()).unwrap_or(0),
            "-S" | "-f" | "-n" | "-fS" | "-Sf" => {}
            disk if !disk.starts_with('-') => disks.push(disk.to_owned()),
            _ => pp_mib = 0,
        }
    }
    if disks.is_empty() || !pp_mib.is_power_of_two() {
        out.error("Usage: mkvg [-S] [-f] [-s PPsize] [-y VGname] PVname...");
        return Ok(1);
    }
    let done = context.store.update(&context.host, |host| {
        let taken = |name: &String| host.group(name).is_ok_and(|found| found.is_some());
        let free = (0..).map(|number| format!("vg{number:02}")).find(|name| !taken(name)).unwrap_or_default();
        let name = name.map_or(free, str::to_owned);
        let unit = host.hardware.cpuid.get(..8).unwrap_or_default().to_ascii_lowercase();
        let id = VgId(format!("{unit}00004c00{:016x}", crate::clock::now_ms()));
        host.make_group(&name, pp_mib, &disks, id)?;
        out.line(&name);
        Ok(0)
    });
    answer(done, out)
}
