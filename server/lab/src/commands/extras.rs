//! Questions about features that the lab's hosts do not use: workload partitions, Trusted Computing Base, trusted execution, encrypted
//! volumes, clusters, foreign drivers (nimadm.md §3.2 R13-R15, S9-S11).
//!
//! The answer is always "no", in the words of each command. All texts are unconfirmed.

use super::{Output, flags::Flags, words};
use crate::{LabError, model::Host};

pub(super) fn lswpar(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match Flags::read(args, "cLqt:s:") {
        Some(flags) if flags.operands.is_empty() => Ok(0),
        Some(flags) => {
            out.error(format!("lswpar: 0960-419 Could not find a workload partition called {}.", flags.operands[0]));
            Ok(1)
        }
        None => Ok(refuse("Usage: lswpar [-c | -L] [-q] [-s state] [-t type] [wparname ...]", out)),
    }
}

pub(super) fn clcmd(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if args.is_empty() {
        return Ok(refuse("Usage: clcmd [-n cluster] [-m node] command", out));
    }
    out.error("Cluster services are not active.");
    Ok(1)
}

pub(super) fn trustchk(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let policies = [
        "TE",
        "CHKEXEC",
        "CHKSHLIB",
        "CHKSCRIPT",
        "CHKKERNEXT",
        "STOP_UNTRUSTD",
        "STOP_ON_CHKFAIL",
        "LOCK_KERN_POLICIES",
    ];
    match words(args)[..] {
        ["-p"] => policies.iter().for_each(|policy| out.line(format!("{policy}=OFF"))),
        ["-p", asked] if policies.contains(&asked) => out.line(format!("{asked}=OFF")),
        _ => return Ok(refuse("Usage: trustchk -p [policy]", out)),
    }
    Ok(0)
}

/// The one object that a check asks for (nimadm.md §3.2 R14).
pub(super) fn odmget(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let Some(flags) = Flags::read(args, "q:").filter(|flags| flags.operands.len() == 1) else {
        return Ok(refuse("Usage: odmget [-q Criteria] ObjectClass", out));
    };
    let query = flags.value('q').map(|query| query.replace(['"', '\'', ' '], ""));
    if flags.operands != ["PdAt"] || query.as_deref() != Some("attribute=TCB_STATE") {
        out.error("odmget: this lab has only attribute=TCB_STATE of PdAt");
        return Ok(1);
    }
    out.line("\nPdAt:\n\tuniquetype = \"\"\n\tattribute = \"TCB_STATE\"\n\tdeflt = \"tcb_disabled\"");
    for field in ["values", "width", "type", "generic", "rep"] {
        out.line(format!("\t{field} = \"\""));
    }
    out.line("\tnls_index = 0");
    Ok(0)
}

pub(super) fn hdcryptmgr(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let ["showlv", name] = words(args)[..] else {
        return Ok(refuse("Usage: hdcryptmgr showlv {vgname | lvname} [-v]", out));
    };
    match host.group(name)? {
        Some(_) => {
            out.error(format!("3020-0125 ({name}) Volume group is not encryption enabled."));
            Ok(1)
        }
        None => {
            out.error(format!("3020-0101 ({name}) Device not found."));
            Ok(1)
        }
    }
}

pub(super) fn manage_disk_drivers(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let ["-l"] = words(args)[..] else {
        return Ok(refuse("Usage: manage_disk_drivers -l", out));
    };
    out.line("Device              Present Driver        Driver Options");
    for device in ["2810XIV", "IBMFlash", "IBMSVC", "DS3950", "DS4100", "DS5100/DS5300"] {
        let present = if device.starts_with("DS") { "AIX_APPCM" } else { "AIX_AAPCM" };
        out.line(format!("{device:<19} {present:<21} {present},AIX_non_MPIO"));
    }
    Ok(0)
}

/// Kernel extensions, all of them AIX's own.
pub(super) fn genkex(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if !args.is_empty() {
        return Ok(refuse("Usage: genkex", out));
    }
    let extensions = [
        ("f1000000c05a0000", "1d000", "/usr/lib/drivers/nfs.ext"),
        ("f1000000c0570000", "28000", "/usr/lib/drivers/krpc.ext"),
        ("f1000000c0480000", "d0000", "/usr/lib/drivers/netinet"),
        ("f1000000c0440000", "20000", "/usr/lib/drivers/vioentdd"),
        ("f1000000c0420000", "18000", "/usr/lib/drivers/aixdiskpcmke"),
        ("f1000000c0400000", "1a000", "/usr/lib/drivers/scsidisk"),
        ("f1000000c03e0000", "12000", "/usr/lib/drivers/vscsi_initdd"),
        ("f1000000c03a0000", "30000", "/usr/lib/drivers/syscalls64.ext"),
    ];
    out.line("    Text address     Size File\n");
    extensions.iter().for_each(|(address, size, file)| out.line(format!("{address:>16} {size:>8} {file}")));
    Ok(0)
}

fn refuse(usage: &str, out: &mut Output) -> u8 {
    out.error(usage);
    1
}
