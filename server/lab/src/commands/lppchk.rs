//! `lppchk` (nimadm.md §6.9): silence and 0 where every fileset is whole.
//!
//! A broken fileset is told from a lagging one: the latter is consistent, and only `oslevel` and `instfix` complain of it.

use super::{Output, flags::Flags, lslpp::matches};
use crate::{
    LabError,
    model::{Host, State},
};
use aix::lppchk::{self, Finding};

/// (unconfirmed text)
const USAGE: &str = "Usage: lppchk { -f | -c | -u | -l | -v } [ -n ] [ -m [ 1|2|3 ] ] [ -O { r | s | u } ] [ ProductName [ FileList... ] ]";

pub(super) fn lppchk(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (_, system) = host.rootvg()?;
    let good = |flags: &Flags<'_>| {
        flags.count("fculv") == 1 && flags.value('m').is_none_or(|detail| matches!(detail, "1" | "2" | "3"))
    };
    let Some(flags) = Flags::read(args, "fculvnm:O:").filter(good) else {
        out.error(USAGE);
        return Ok(1);
    };
    let wanted = |name: &str| flags.operands.first().is_none_or(|product| matches(product, name));
    // Files, checksums and links of the lab's filesets are always right: only -v compares the parts.
    let broken = system
        .filesets
        .iter()
        .filter(|(name, found)| flags.has('v') && found.state == State::Broken && wanted(name))
        .map(|(name, found)| Finding::Fileset {
            fileset: name.clone(),
            level: found.level,
            problem: "usr: COMMITTED, root: not installed".to_owned(),
        });
    let mut findings: Vec<_> = broken.collect();
    if findings.is_empty() {
        return Ok(0);
    }
    let text = "The following filesets need to be installed or corrected to bring the system to a consistent state:";
    findings.insert(0, Finding::Message { code: None, text: text.to_owned() });
    out.stdout += &lppchk::print(&findings);
    Ok(1)
}
