//! Looking at a client and at a master: the questions, and what their answers are as values.

use super::host::{self, HostError};
use crate::{remote::Connection, store::client::Inventory};
use aix::{
    DiskName, Level, ObjectName, Unreadable, bootlist,
    command::{Image, quote},
    lspv, lsvg,
};
use app::model::{Disk, Snapshot};
use std::time::Duration;
use time::OffsetDateTime;

/// Prints `hdisk0 102400`, name and MB, for every disk.
const SIZES: &str = "lspv | while read disk rest; do echo \"$disk $(bootinfo -s $disk 2>/dev/null)\"; done";

/// Looks at everything the proof of a migration needs.
///
/// # Errors
/// Where the client does not answer, or answers what nobody understands.
pub async fn snapshot(connection: &Connection, client: &ObjectName) -> Result<Snapshot, HostError> {
    let commands = ["oslevel -s", "lspv", "bootlist -m normal -o", "bootinfo -b", "lsvg -l rootvg", "uptime"];
    let [oslevel, disks, boot, boot_disk, rootvg, uptime] = host::client(connection, client, commands).await?;
    let (oslevel, lspv) = (oslevel.success(commands[0])?.trim(), disks.success(commands[1])?.trim_end());
    let bootlist = boot.success(commands[2])?.trim_end();
    let boot_disk = boot_disk.success(commands[3]).unwrap_or_default().trim();
    Ok(Snapshot {
        at: OffsetDateTime::now_utc().into(),
        level: oslevel.parse().ok(),
        oslevel: oslevel.to_owned(),
        disks: lspv::parse(lspv).map_err(unreadable(commands[1]))?,
        lspv: lspv.to_owned(),
        boot: bootlist::parse(bootlist).map_err(unreadable(commands[2]))?,
        bootlist: bootlist.to_owned(),
        boot_disk: Some(boot_disk).filter(|disk| !disk.is_empty()).map(str::to_owned),
        rootvg: rootvg.success(commands[4])?.trim_end().to_owned(),
        uptime: uptime.success(commands[5]).unwrap_or_default().trim().to_owned(),
    })
}

/// Looks at level, disks, bootlist and rootvg.
///
/// # Errors
/// Where the client does not answer, or answers what nobody understands.
pub async fn inventory(connection: &Connection, client: &ObjectName) -> Result<(Level, Inventory), HostError> {
    let commands = ["oslevel -s", "lspv", "bootlist -m normal -o", SIZES, "lsvg rootvg", "lsvg -l rootvg"];
    let [level, volumes, boot, sizes, info, layout] = host::client(connection, client, commands).await?;
    let level_text = level.success(commands[0])?.trim();
    let level = level_text.parse().map_err(|_| unreadable(commands[0])(line("oslevel -s", level_text)))?;
    let volumes = lspv::parse(volumes.success(commands[1])?).map_err(unreadable(commands[1]))?;
    let sizes = &sizes.text;
    let is_rootvg = |vg: &Option<ObjectName>| vg.as_ref().is_some_and(|vg| vg.as_str() == "rootvg");
    let rootvg: Vec<DiskName> = volumes.iter().filter(|pv| is_rootvg(&pv.vg)).map(|pv| pv.disk.clone()).collect();
    let disks = volumes
        .into_iter()
        .map(|pv| Disk { size: size_of(sizes, &pv.disk), disk: pv.disk, pvid: pv.pvid, vg: pv.vg, state: pv.state })
        .collect();
    let bootlist = bootlist::parse(boot.success(commands[2])?).map_err(unreadable(commands[2]))?;
    let rootvg_used = used(&info.text, &layout.text);
    Ok((level, Inventory { disks, bootlist, rootvg, rootvg_used }))
}

/// A mksysb that is, or was, to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSeen {
    /// Bytes of its file; none where there is no such file.
    pub bytes: Option<u64>,
    /// Whether NIM knows its name; none where it was to get none.
    pub defined: Option<bool>,
}

impl ImageSeen {
    /// Something of it is there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.bytes.is_some() || self.defined == Some(true)
    }
}

/// Prints the path on the master, `.` before it where it is below the login directory. That is `/` for root on AIX, and the lab
/// has one file system for many hosts.
pub(in crate::engine) fn path(test: &str, path: &str) -> String {
    let (here, there) = (quote(&format!(".{path}")), quote(path));
    format!("for p in {here} {there}; do if [ {test} $p ]; then echo $p; break; fi; done")
}

/// Looks at the file and the NIM object of a mksysb.
///
/// # Errors
/// Where the master cannot be asked.
pub async fn image(connection: &Connection, image: &Image) -> Result<ImageSeen, HostError> {
    let file = format!("ls -l $({})", path("-f", image.file.as_str()));
    let file = format!("if [ -n \"$({})\" ]; then {file}; fi", path("-e", image.file.as_str()));
    let name = image.name.as_ref().map_or_else(|| "true".to_owned(), |name| format!("lsnim {name}"));
    let [file, named] = host::master(connection, [&file, &name]).await?;
    let text = file.success("ls -l")?;
    // What is there and says no size is not nothing.
    let bytes = (!text.trim().is_empty())
        .then(|| text.split_whitespace().nth(4).and_then(|n| n.parse().ok()).unwrap_or_default());
    Ok(ImageSeen { bytes, defined: image.name.as_ref().map(|_| named.rc == 0) })
}

/// How much there is to migrate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// MiB of rootvg in use, copies counted once.
    pub rootvg_used: Option<u64>,
    /// Filesets installed.
    pub filesets: Option<u32>,
}

/// How much there is to migrate, as far as the client says so in time: an estimate is worth no failure and no waiting.
pub async fn size(connection: &Connection, client: &ObjectName) -> Size {
    const PATIENCE: Duration = Duration::from_secs(30);
    let commands = ["lsvg rootvg", "lsvg -l rootvg", "lslpp -Lqc | wc -l"];
    let Ok(Ok([info, layout, filesets])) =
        tokio::time::timeout(PATIENCE, host::client(connection, client, commands)).await
    else {
        return Size::default();
    };
    let filesets = filesets.text.trim().parse().ok().filter(|count| *count > 0);
    Size { rootvg_used: used(&info.text, &layout.text), filesets }
}

/// MiB that the logical volumes take, each copy of a mirror counted once.
fn used(info: &str, volumes: &str) -> Option<u64> {
    let pp_size = lsvg::info(info).ok()?.pp_size_mb;
    let volumes = lsvg::logical_volumes(volumes).ok()?;
    volumes.lvs.iter().try_fold(0_u64, |sum, volume| sum.checked_add(volume.lps.checked_mul(pp_size)?))
}

fn size_of(sizes: &str, disk: &DiskName) -> Option<u64> {
    sizes.lines().find_map(|line| {
        let (name, size) = line.split_once(' ')?;
        (name == disk.as_str()).then(|| size.trim().parse().ok()).flatten()
    })
}

fn unreadable(command: &str) -> impl FnOnce(Unreadable) -> HostError {
    let command = command.to_owned();
    move |source| HostError::Unreadable { command, source }
}

fn line(what: &'static str, text: &str) -> Unreadable {
    Unreadable { what, line: 1, text: text.chars().take(200).collect() }
}

/// Clients for the tests of those who judge them.
#[cfg(test)]
pub(in crate::engine) mod fixture {
    use super::{OffsetDateTime, Snapshot, bootlist, lspv};

    /// A client of which only disks and bootlist are known.
    pub(in crate::engine) fn snapshot(disks: &str, boot: &str) -> Snapshot {
        Snapshot {
            at: OffsetDateTime::UNIX_EPOCH.into(),
            level: None,
            oslevel: String::new(),
            disks: lspv::parse(disks).unwrap(),
            lspv: disks.to_owned(),
            boot: bootlist::parse(boot).unwrap(),
            bootlist: boot.to_owned(),
            boot_disk: None,
            rootvg: String::new(),
            uptime: String::new(),
        }
    }
}
