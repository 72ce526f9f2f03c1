//! `rpm -q`: what came from the AIX Toolbox. The lab's hosts have a few of its packages, built for their release.

use super::{Output, flags::Flags, lslpp::matches};
use crate::{LabError, model::Host};

/// (unconfirmed text)
const USAGE: &str = "Usage: rpm -qa [name ...] | -q name ...";

/// Name, version and release, as the Toolbox has had them.
const PACKAGES: &[(&str, &str)] = &[
    ("AIX-rpm", "3"),
    ("bash", "5.1-4"),
    ("bzip2", "1.0.8-2"),
    ("ca-certificates", "2021.2.52-1"),
    ("curl", "7.79.1-1"),
    ("gettext", "0.21-2"),
    ("gmp", "6.2.1-1"),
    ("libgcc", "8.3.0-6"),
    ("libstdcplusplus", "8.3.0-6"),
    ("less", "557-1"),
    ("libiconv", "1.16-1"),
    ("lsof", "4.91-1"),
    ("ncurses", "6.2-3"),
    ("python3", "3.9.14-1"),
    ("readline", "8.1-3"),
    ("rsync", "3.2.3-1"),
    ("sudo", "1.9.5p2-1"),
    ("wget", "1.21.1-1"),
    ("zlib", "1.2.12-1"),
];

pub(super) fn rpm(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let Some(flags) = Flags::read(args, "qa").filter(|flags| flags.has('q')) else {
        out.error(USAGE);
        return Ok(1);
    };
    let (all, asked) = (flags.has('a'), &flags.operands);
    if !all && asked.is_empty() {
        out.error("rpm: no arguments given for query");
        return Ok(1);
    }
    let level = host.rootvg()?.1.level();
    let (version, release) = (level.version, level.release);
    let full = |name: &str, build: &str| match name {
        // The package that stands for AIX itself has its level.
        "AIX-rpm" => {
            format!("{name}-{version}.{release}.{}.{}-{build}.aix{version}.{release}.ppc", level.tl, level.sp)
        }
        _ => format!("{name}-{build}.aix{version}.{release}.ppc"),
    };
    let mut code = 0;
    if all && asked.is_empty() {
        PACKAGES.iter().for_each(|(name, build)| out.line(full(name, build)));
    }
    for word in asked {
        let found: Vec<_> =
            PACKAGES.iter().filter(|(name, _)| if all { matches(word, name) } else { name == word }).collect();
        if found.is_empty() && !all {
            out.line(format!("package {word} is not installed"));
            code = 1;
        }
        found.iter().for_each(|(name, build)| out.line(full(name, build)));
    }
    Ok(code)
}
