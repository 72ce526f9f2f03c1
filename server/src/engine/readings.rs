//! What commands say, as values; or why it cannot be said. Pure.
//!
//! A parser takes what a command could print; this takes only what a healthy host must print. Nothing, half of it, or other words with
//! return code 0 are no answer: every AIX has a rootvg, a bootlist and a level, and a list without them is not the list.

use super::{fact::Unread, host::Answer};
use aix::{DiskName, Level, ObjectName, Unreadable, bootlist, df, efix, lsnim, lspv, lsvg, mount, prtconf, ps};
use app::model::Snapshot;
use std::collections::BTreeMap;

/// Length of `7300-03-01-2520`: a level that was cut off still looks like one.
const LEVEL: usize = 15;
/// How lines end an answer of [`picked`].
const PICKED: &str = "@rc ";

/// Reading a value of an answer.
pub type Reading<T> = Result<T, String>;

/// Asks a command that prints much for its first lines, for those that match, and for its own return code: that of a pipe is another.
#[must_use]
pub fn pick(command: &str, pattern: &str) -> String {
    format!("{{ {command}; echo \"{PICKED}$?\"; }} 2>&1 | sed -n -e 1,3p -e '/{pattern}/p' -e '/^{PICKED}/p'")
}

/// What [`pick`] asked for. An answer that is not one stays as it is.
#[must_use]
pub fn picked(answer: Answer) -> Answer {
    let end = answer.text.rfind(PICKED).filter(|at| *at == 0 || answer.text.as_bytes().get(at - 1) == Some(&b'\n'));
    let rc = end.and_then(|at| answer.text.get(at + PICKED.len()..)?.trim().parse().ok());
    match (end, rc) {
        (Some(at), Some(rc)) if answer.rc == 0 => Answer { rc, text: answer.text[..at].to_owned() },
        _ => answer,
    }
}

fn text(answer: &Answer) -> Reading<&str> {
    if answer.rc == 0 { Ok(&answer.text) } else { Err(String::new()) }
}

fn unreadable(error: Unreadable) -> String {
    format!("line {} cannot be read", error.line)
}

/// `oslevel -s`, in full.
///
/// # Errors
/// Why it is none.
pub fn level(answer: &Answer) -> Reading<Level> {
    let level = text(answer)?.trim();
    let whole = level.len() == LEVEL;
    level.parse().ok().filter(|_| whole).ok_or_else(|| "it is no level such as 7300-03-01-2520".to_owned())
}

/// `lspv`: every disk. An AIX without a disk of rootvg is none.
///
/// # Errors
/// Why it cannot be relied on.
pub fn disks(answer: &Answer) -> Reading<Vec<lspv::PhysicalVolume>> {
    let disks = lspv::parse(text(answer)?).map_err(unreadable)?;
    has_rootvg(&disks).map(|()| disks)
}

fn has_rootvg(disks: &[lspv::PhysicalVolume]) -> Reading<()> {
    if disks.iter().any(|pv| in_vg(pv, "rootvg")) { Ok(()) } else { Err("it lists no disk of rootvg".to_owned()) }
}

/// A disk belongs to this volume group.
#[must_use]
pub fn in_vg(volume: &lspv::PhysicalVolume, vg: &str) -> bool {
    volume.vg.as_ref().is_some_and(|name| name.as_str() == vg)
}

/// `bootlist -m normal -o`.
///
/// # Errors
/// Why it cannot be relied on; see [`boots`].
pub fn bootlist(answer: &Answer, disks: Option<&[lspv::PhysicalVolume]>) -> Reading<Vec<bootlist::BootDevice>> {
    let list = bootlist::parse(text(answer)?).map_err(unreadable)?;
    boots(&list, disks).map(|()| list)
}

/// Whether a bootlist can be relied on: it names a disk that `lspv` lists, and besides it only devices. An empty one, or a word that
/// is no device, would let every disk pass for one that does not boot.
fn boots(list: &[bootlist::BootDevice], disks: Option<&[lspv::PhysicalVolume]>) -> Reading<()> {
    let listed = |name: &str| disks.is_some_and(|disks| disks.iter().any(|pv| pv.disk.as_str() == name));
    let device = |name: &str| name == "-" || name.ends_with(|c: char| c.is_ascii_digit());
    if list.is_empty() {
        return Err("it names no device".to_owned());
    }
    if let Some(other) = list.iter().find(|boot| !device(&boot.device) && !listed(&boot.device)) {
        return Err(format!("{} is no device", other.device));
    }
    // Where lspv could not be read, that is said there.
    if disks.is_some() && !list.iter().any(|boot| listed(&boot.device)) {
        return Err("it names no disk that lspv lists".to_owned());
    }
    Ok(())
}

/// Asks for the size of every disk: a line for each with name, return code and what `bootinfo -s` printed.
pub const SIZES: &str = "lspv | while read disk rest; do size=$(bootinfo -s $disk 2>&1); echo \"$disk $? $size\"; done";

/// Sizes of disks, MiB, by name.
pub type Sizes = BTreeMap<String, Result<u64, Unread>>;

/// What [`SIZES`] asked for. A disk of size 0 is one that could not be opened.
///
/// # Errors
/// Not one disk is in it.
pub fn sizes(answer: &Answer) -> Reading<Sizes> {
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let disk: DiskName = words.next()?.parse().ok()?;
        let rc = words.next()?.parse().ok()?;
        let said = words.next().unwrap_or_default().trim().to_owned();
        let size = said.parse().ok().filter(|size: &u64| rc == 0 && *size > 0);
        let command = format!("bootinfo -s {disk}");
        let unread = || Unread::new(&command, &Answer { rc, text: said.clone() }, "");
        Some((disk.to_string(), size.ok_or_else(unread)))
    };
    let sizes: Sizes = text(answer)?.lines().filter_map(line).collect();
    if sizes.is_empty() { Err("it gives no size of a disk".to_owned()) } else { Ok(sizes) }
}

/// `lsvg` of a volume group that is there.
///
/// # Errors
/// Why it is not about this group.
pub fn group(answer: &Answer, name: &str) -> Reading<lsvg::VolumeGroup> {
    let group = lsvg::info(text(answer)?).map_err(unreadable)?;
    if group.name.as_str() == name { Ok(group) } else { Err(format!("it is about {}", group.name)) }
}

/// `lsvg` of a volume group that may not be there, or may be varied off; then AIX's words.
///
/// # Errors
/// Why neither can be said.
pub fn group_if_any(answer: &Answer, name: &str) -> Reading<Result<lsvg::VolumeGroup, String>> {
    let says = |code: &str| answer.text.contains(code);
    // 0516-306: no such group; 0516-010: not varied on (nimadm.md §3.2 M9).
    if says("0516-306") || says("0516-010") {
        return Ok(Err(answer.text.lines().next().unwrap_or_default().to_owned()));
    }
    group(answer, name).map(Ok)
}

/// `lsvg -l rootvg`. A rootvg has logical volumes.
///
/// # Errors
/// Why it cannot be relied on.
pub fn volumes(answer: &Answer) -> Reading<Vec<lsvg::LogicalVolume>> {
    rootvg_volumes(text(answer)?)
}

fn rootvg_volumes(text: &str) -> Reading<Vec<lsvg::LogicalVolume>> {
    let found = lsvg::logical_volumes(text).map_err(unreadable)?;
    if found.vg.as_str() != "rootvg" {
        return Err(format!("it is about {}", found.vg));
    }
    if found.lvs.is_empty() { Err("it lists no logical volume".to_owned()) } else { Ok(found.lvs) }
}

/// `lsvg`: the volume groups of a host, rootvg among them.
///
/// # Errors
/// Why it cannot be relied on.
pub fn groups(answer: &Answer) -> Reading<Vec<ObjectName>> {
    let groups = lsvg::list(text(answer)?).map_err(unreadable)?;
    let rootvg = groups.iter().any(|vg| vg.as_str() == "rootvg");
    if rootvg { Ok(groups) } else { Err("it does not list rootvg".to_owned()) }
}

/// `emgr -l`. No fixes are said in words: headings alone are a list that was cut off.
///
/// # Errors
/// Why it cannot be relied on.
pub fn efixes(answer: &Answer) -> Reading<Vec<efix::Efix>> {
    let fixes = efix::parse(text(answer)?).map_err(unreadable)?;
    let none = answer.text.contains("no efix data");
    if fixes.is_empty() && !none {
        Err("it lists no fix and does not say that there is none".to_owned())
    } else {
        Ok(fixes)
    }
}

/// `prtconf`: the processor as printed, and its POWER generation.
///
/// # Errors
/// It names no POWER processor.
pub fn processor(answer: &Answer) -> Reading<(String, u8)> {
    let system = prtconf::parse(text(answer)?).map_err(unreadable)?;
    let found = system.processor_type.clone().zip(system.power());
    found.ok_or_else(|| "it names no POWER processor".to_owned())
}

/// `lsnim -l` of one object; none where NIM says that there is none (0042-053).
///
/// # Errors
/// Why neither can be said.
pub fn object(answer: &Answer, name: &str) -> Reading<Option<lsnim::Stanza>> {
    if answer.text.contains("0042-053") {
        return Ok(None);
    }
    let found = lsnim::stanzas(text(answer)?).map_err(unreadable)?;
    match <[lsnim::Stanza; 1]>::try_from(found) {
        Ok([object]) if object.name.as_str() == name && object.get("type").is_some() => Ok(Some(object)),
        _ => Err(format!("it does not describe {name}")),
    }
}

/// `lsnim NAME`: whether NIM has an object of this name.
///
/// # Errors
/// Why neither can be said.
pub fn is_defined(answer: &Answer, name: &str) -> Reading<bool> {
    if answer.text.contains("0042-053") {
        return Ok(false);
    }
    let found = lsnim::list(text(answer)?).map_err(unreadable)?;
    if found.iter().any(|entry| entry.name.as_str() == name) {
        Ok(true)
    } else {
        Err(format!("it does not list {name}"))
    }
}

/// `lsnim -l -t TYPE`: objects of a type. A master of migrations has some of each type that is asked for here.
///
/// # Errors
/// Why it cannot be relied on.
pub fn objects(answer: &Answer) -> Reading<Vec<lsnim::Stanza>> {
    let found = lsnim::stanzas(text(answer)?).map_err(unreadable)?;
    let whole = |object: &lsnim::Stanza| object.get("location").is_some();
    match found.iter().find(|object| !whole(object)) {
        Some(object) => Err(format!("{} has no location", object.name)),
        None if found.is_empty() => {
            Err("it lists nothing; an administrator can name directories in the settings of the master".to_owned())
        }
        None => Ok(found),
    }
}

/// The level of bos.alt_disk_install.rte in a list of filesets in colon form (nimadm.md §6.2); none where it is not installed.
///
/// # Errors
/// Why neither can be said.
pub fn alt_disk_install(answer: &Answer) -> Reading<Option<String>> {
    if answer.text.contains("0504-132") {
        return Ok(None);
    }
    if answer.text.contains("0042-207") {
        return Err("another showres runs on this SPOT; try again".to_owned());
    }
    let listed = text(answer)?;
    let Some(line) = listed.lines().find(|line| line.contains(":bos.alt_disk_install.rte:")) else {
        let whole = listed.lines().any(|line| line.starts_with("#Package Name:"));
        return if whole { Ok(None) } else { Err("it is no list of filesets".to_owned()) };
    };
    let level = line.split(':').nth(2).unwrap_or_default().trim();
    let good = level.split('.').count() == 4 && level.split('.').all(|part| part.parse::<u16>().is_ok());
    if good { Ok(Some(level.to_owned())) } else { Err("it says no level of bos.alt_disk_install.rte".to_owned()) }
}

/// Bytes of a file that was looked for; none where it is not there. What is there and says no size is not nothing.
///
/// # Errors
/// Why neither can be said.
pub fn file(answer: &Answer) -> Reading<Option<u64>> {
    let mut lines = text(answer)?.lines();
    match lines.next().map(str::trim) {
        Some("absent") => Ok(None),
        Some("there") => {
            let size = lines.next().and_then(|line| line.split_whitespace().nth(4)?.parse().ok());
            Ok(Some(size.unwrap_or_default()))
        }
        _ => Err("it says neither that the file is there nor that it is not".to_owned()),
    }
}

/// What is free in the one file system that `df -k` was asked for.
///
/// # Errors
/// Why that cannot be said.
pub fn free(answer: &Answer) -> Reading<aix::Size> {
    let df = df::parse(text(answer)?).map_err(unreadable)?;
    let free = || df.unit?.size(df.rows.first()?.free?);
    free().ok_or_else(|| "it does not say what is free".to_owned())
}

/// `ps -ef`: every process. One at least runs: ps itself.
///
/// # Errors
/// Why it cannot be relied on.
pub fn processes(answer: &Answer) -> Reading<Vec<ps::Process>> {
    let found = ps::processes(text(answer)?).map_err(unreadable)?;
    if found.is_empty() { Err("it lists no process".to_owned()) } else { Ok(found) }
}

/// `mount`: everything that is mounted, the root among it.
///
/// # Errors
/// Why it cannot be relied on.
pub fn mounts(answer: &Answer) -> Reading<Vec<mount::Mount>> {
    let found = mount::parse(text(answer)?).map_err(unreadable)?;
    let root = found.iter().any(|mount| mount.mounted_over == "/");
    if root { Ok(found) } else { Err("it does not list the root file system".to_owned()) }
}

/// What an order to a client may do without, because its launch went on without it: somebody has named the check and said why. Disks
/// and bootlist are never waived (design rule 1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waived {
    /// The client's level.
    pub level: bool,
    /// The logical volumes of rootvg.
    pub rootvg: bool,
}

impl Waived {
    /// Only disks and bootlist are needed.
    pub const ALL: Self = Self { level: true, rootvg: true };
}

/// Whether a look at a client says which disks run and boot (design rule 1).
///
/// # Errors
/// What is missing, with the client's words.
pub fn disks_and_bootlist(look: &Snapshot) -> Result<(), String> {
    has_rootvg(&look.disks).map_err(|why| quoted("lspv", &look.lspv, &why))?;
    boots(&look.boot, Some(&look.disks)).map_err(|why| quoted("bootlist -m normal -o", &look.bootlist, &why))
}

/// Whether a look at a client has all that an order to it relies on.
///
/// # Errors
/// What is missing, with the client's words.
pub fn whole(look: &Snapshot, waived: Waived) -> Result<(), String> {
    disks_and_bootlist(look)?;
    if look.level.is_none() && !waived.level {
        return Err(quoted("oslevel -s", &look.oslevel, "it is no level"));
    }
    match rootvg_volumes(&look.rootvg) {
        Err(why) if !waived.rootvg => Err(quoted("lsvg -l rootvg", &look.rootvg, &why)),
        _ => Ok(()),
    }
}

/// A look keeps no return codes: a command that fails ends it.
fn quoted(command: &str, text: &str, why: &str) -> String {
    Unread::new(command, &Answer { rc: 0, text: text.to_owned() }, why).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::look::fixture::snapshot;

    #[test]
    fn h6_only_what_the_launch_went_on_without_is_waived_and_never_disks_or_bootlist() {
        let sound = || snapshot("hdisk0 00f9c87a12345678 rootvg active\n", "hdisk0 blv=hd5 pathid=0\n");
        assert_eq!(whole(&sound(), Waived::default()), Ok(()));
        let no_level = Snapshot { level: None, oslevel: "garbage".to_owned(), ..sound() };
        assert!(whole(&no_level, Waived::default()).unwrap_err().contains("oslevel -s returned 0: \"garbage\""));
        assert!(whole(&no_level, Waived { rootvg: true, ..Waived::default() }).is_err());
        assert_eq!(whole(&no_level, Waived { level: true, ..Waived::default() }), Ok(()));
        let no_rootvg = Snapshot { rootvg: "rootvg:\n".to_owned(), ..sound() };
        assert!(whole(&no_rootvg, Waived::default()).unwrap_err().contains("lsvg -l rootvg"));
        assert_eq!(whole(&no_rootvg, Waived { rootvg: true, ..Waived::default() }), Ok(()));
        for bad in [
            Snapshot { boot: Vec::new(), bootlist: String::new(), ..sound() },
            Snapshot { disks: Vec::new(), lspv: String::new(), ..sound() },
        ] {
            assert!(whole(&bad, Waived::ALL).is_err());
        }
    }
}
