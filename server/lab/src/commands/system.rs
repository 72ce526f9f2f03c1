//! What machine this is, and what runs on it (nimadm.md §6.13, §6.15, §A.1).

use super::{Output, words};
use crate::{LabError, model::Host};

pub(super) fn uname(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let level = host.rootvg()?.1.level();
    let value = match words(args)[..] {
        [] | ["-s"] => "AIX".to_owned(),
        ["-m"] => host.hardware.cpuid.clone(),
        ["-n"] => host.name.clone(),
        ["-r"] => level.release.to_string(),
        ["-v"] => level.version.to_string(),
        ["-M"] => host.hardware.model.clone(),
        ["-p"] => "powerpc".to_owned(),
        ["-a"] => format!("AIX {} {} {} {}", host.name, level.release, level.version, host.hardware.cpuid),
        _ => {
            out.error("usage: uname [-amnprsvM]");
            return Ok(1);
        }
    };
    out.line(value);
    Ok(0)
}

pub(super) fn hostname(host: &Host, out: &mut Output) -> Result<u8, LabError> {
    out.line(&host.name);
    Ok(0)
}

pub(super) fn prtconf(host: &Host, out: &mut Output) -> Result<u8, LabError> {
    let hardware = &host.hardware;
    out.line(format!("System Model: {}", hardware.model));
    out.line(format!("Machine Serial Number: {}", hardware.serial));
    out.line(format!("Processor Type: PowerPC_POWER{}", hardware.power));
    out.line(format!("Processor Implementation Mode: POWER {}", hardware.power));
    out.line(format!("Processor Version: PV_{}_Compat", hardware.power));
    out.line("Number Of Processors: 2");
    out.line("CPU Type: 64-bit");
    out.line("Kernel Type: 64-bit");
    out.line(format!("LPAR Info: 1 {}", host.name));
    out.line(format!("Memory Size: {} MB", hardware.memory_mib));
    out.line(format!("Good Memory Size: {} MB", hardware.memory_mib));
    out.line("Console Login: enable");
    out.line("Auto Restart: true");
    out.line("Full Core: false");
    Ok(0)
}

/// Subsystem, group, process id where it is active.
type Subsystem = (&'static str, &'static str, Option<u32>);

/// What runs on the master.
const ON_MASTER: &[Subsystem] = &[
    ("biod", "nfs", Some(6_226_300)),
    ("nfsd", "nfs", Some(7_143_738)),
    ("rpc.mountd", "nfs", Some(7_405_946)),
    ("rpc.lockd", "nfs", Some(6_357_436)),
    ("rpc.statd", "nfs", Some(6_488_384)),
    ("nfsrgyd", "nfs", None),
    ("gssd", "nfs", None),
    ("nimesis", "nim", Some(8_978_768)),
];
/// What runs on a client.
const ON_CLIENT: &[Subsystem] = &[("biod", "nfs", Some(5_177_710)), ("nimsh", "nimclient", Some(5_308_782))];

pub(super) fn lssrc(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let all = if host.nim.is_some() { ON_MASTER } else { ON_CLIENT };
    let shown: Vec<_> = match words(args)[..] {
        ["-a"] => all.iter().collect(),
        ["-s", name] => all.iter().filter(|(subsystem, ..)| *subsystem == name).collect(),
        ["-g", name] => all.iter().filter(|(_, group, _)| *group == name).collect(),
        _ => {
            out.error("usage: lssrc -a | -g group | -s subsystem");
            return Ok(1);
        }
    };
    if shown.is_empty() {
        let name = args.get(1).map_or("", String::as_str);
        // Known text of the family (unconfirmed).
        out.error(format!("0513-085 The {name} Subsystem is not on file."));
        return Ok(1);
    }
    out.line("Subsystem         Group            PID          Status ");
    for (subsystem, group, pid) in shown {
        let (pid, status) = pid.map_or((String::new(), "inoperative"), |pid| (pid.to_string(), "active"));
        out.line(format!(" {subsystem:<16} {group:<16} {pid:<12} {status}"));
    }
    Ok(0)
}
