//! Levels, filesets and fixes (nimadm.md §6.6 to §6.10).

use super::{Output, words};
use crate::{
    LabError, filesets,
    model::{Host, Installed},
};
use aix::Vrmf;

pub(super) fn oslevel(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let level = host.rootvg()?.1.level();
    match words(args)[..] {
        [] => out.line(format!("{}.{}.0.0", level.version, level.release)),
        ["-r"] => out.line(format!("{}{}00-{:02}", level.version, level.release, level.tl)),
        ["-s"] => out.line(level.to_string()),
        _ => {
            out.error("Usage: oslevel [ -r | -s ]");
            return Ok(1);
        }
    }
    Ok(0)
}

/// The product a fileset belongs to: `bos.alt_disk_install` for `bos.alt_disk_install.rte`.
fn package(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(package, _)| package)
}

/// A line of `lslpp -Lc`, which `nim -o showres -a lslpp_flags=Lc` prints too.
pub(super) fn colon_line(name: &str, title: &str, vrmf: Vrmf, build: u16) -> String {
    format!("{}:{name}:{vrmf}: : :C: :{title}: : : : : : :0:0:/:{build:04}", package(name))
}

/// The header above such lines.
pub(super) const COLON_HEADER: &str = "#Package Name:Fileset:Level:State:PTF Id:Fix State:Type:Description:Destination Dir.:Uninstaller:Message Catalog:Message Set:Message Number:Parent:Automatic:EFIX Locked:Install Path:Build Date";

pub(super) fn lslpp(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let level = host.rootvg()?.1.level();
    let installed = &host.rootvg()?.1.filesets;
    let flags: String = args.iter().filter_map(|word| word.strip_prefix('-')).collect();
    let wanted: Vec<_> = args.iter().filter(|word| !word.starts_with('-') && *word != "all").collect();
    let matches = |name: &str, pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let mut missing = false;
    for pattern in wanted.iter().filter(|pattern| !installed.keys().any(|name| matches(name, pattern))) {
        out.error(format!("lslpp: 0504-132  Fileset {pattern} not installed."));
        missing = true;
    }
    if missing {
        return Ok(1);
    }
    let shown: Vec<_> = installed
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|pattern| matches(name, pattern)))
        .collect();
    let quiet = flags.contains('q');
    let has = |flag: char| flags.contains(flag);
    if has('L') && has('c') {
        if !quiet {
            out.line(COLON_HEADER);
        }
        for (name, found) in shown {
            out.line(colon_line(name, filesets::title(name), found.level, level.build));
        }
    } else if has('c') {
        if !quiet {
            out.line("#Fileset:Level:PTF Id:State:Type:Description:EFIX Locked");
        }
        for (name, found) in shown {
            let (vrmf, title) = (found.level, filesets::title(name));
            out.line(format!("/usr/lib/objrepos:{name}:{vrmf}::COMMITTED:F:{title}:"));
        }
    } else if has('L') {
        listing(shown, out);
    } else {
        if !quiet {
            out.line("  Fileset                      Level  State      Description         ");
            out.line("  ----------------------------------------------------------------------------");
        }
        out.line("Path: /usr/lib/objrepos");
        for (name, found) in shown {
            let (vrmf, title) = (found.level, filesets::title(name));
            out.line(format!("  {name:<24} {vrmf:>9}  COMMITTED  {title}"));
        }
    }
    Ok(0)
}

/// `lslpp -L`, and `nim -o lslpp`.
pub(super) fn listing<'a>(shown: impl IntoIterator<Item = (&'a String, &'a Installed)>, out: &mut Output) {
    out.line("  Fileset                      Level  State  Type  Description (Uninstaller)");
    out.line("  ----------------------------------------------------------------------------");
    for (name, found) in shown {
        let (vrmf, title) = (found.level, filesets::title(name));
        out.line(format!("  {name:<24} {vrmf:>9}    C     F    {title}"));
    }
}

pub(super) fn emgr(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if words(args)[..] != ["-l"] {
        out.error("emgr: this lab simulates only the list, emgr -l");
        return Ok(1);
    }
    let (_, system) = host.rootvg()?;
    if system.efixes.is_empty() {
        out.line("There is no efix data on this system.");
        return Ok(0);
    }
    out.line("");
    out.line("ID  STATE LABEL      INSTALL TIME      UPDATED BY ABSTRACT");
    // 7.3 draws the rule without gaps, which broke parsers (nimadm.md §6.8).
    out.line(if (system.level().version, system.level().release) >= (7, 3) {
        "====== ================ ================= ========== ======================================"
    } else {
        "=== ===== ========== ================= ========== ======================================"
    });
    for (id, efix) in (1..).zip(&system.efixes) {
        let (label, installed, title) = (&efix.label, &efix.installed, &efix.title);
        let state = format!("{:^3}", efix.state);
        out.line(format!("{id:<3} {state:<5} {label:<10} {installed:<17} {:<10} {title:<38}", ""));
    }
    out.line(
        "
STATE codes:
 S = STABLE
 M = MOUNTED
 U = UNMOUNTED
 Q = REBOOT REQUIRED
 B = BROKEN
 I = INSTALLING
 R = REMOVING
 T = TESTED
 P = PATCHED
 N = NOT PATCHED
 SP = STABLE + PATCHED
 SN = STABLE + NOT PATCHED
 QP = BOOT IMAGE MODIFIED + PATCHED
 QN = BOOT IMAGE MODIFIED + NOT PATCHED
 RQ = REMOVING + REBOOT REQUIRED",
    );
    Ok(0)
}

pub(super) fn instfix(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if args.first().map(String::as_str) != Some("-i") {
        out.error("Usage: instfix -i [-k keyword]");
        return Ok(1);
    }
    let level = host.rootvg()?.1.level();
    let (version, release) = (level.version, level.release);
    let base = format!("    All filesets for {version}.{release}.0.0_AIX_ML were found.");
    let tls = (0..=level.tl).map(|tl| format!("    All filesets for {version}{release}00-{tl:02}_AIX_ML were found."));
    // The base line comes last on 6.1 and first on 7.x (nimadm.md §6.10).
    if version < 7 {
        tls.chain([base]).for_each(|line| out.line(line));
    } else {
        std::iter::once(base).chain(tls).for_each(|line| out.line(line));
    }
    Ok(0)
}
