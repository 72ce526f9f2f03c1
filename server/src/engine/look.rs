//! Looking at a client and at a master: the questions, and what their answers are as values.

use super::{
    fact::Unread,
    host::{self, Answer, HostError},
    places,
    preflight::questions,
    readings::{self, Waived},
};
use crate::{remote::Connection, store::client::Inventory};
use aix::{DiskName, Level, ObjectName, Unreadable, bootlist, command::Image, lspv, lsvg};
use app::model::{Disk, LaunchRequest, Snapshot};
use std::time::Duration;
use time::OffsetDateTime;

const LOOK: [&str; 6] = ["oslevel -s", "lspv", "bootlist -m normal -o", "bootinfo -b", "lsvg -l rootvg", "uptime"];

/// Looks at everything the proof of a migration needs.
///
/// # Errors
/// Where the client does not answer, or answers what nobody understands.
pub async fn snapshot(connection: &Connection, client: &ObjectName) -> Result<Snapshot, HostError> {
    read(&host::client(connection, client, LOOK).await?, Waived::default())
}

fn read(answers: &[Answer; 6], waived: Waived) -> Result<Snapshot, HostError> {
    let [oslevel, disks, boot, boot_disk, rootvg, uptime] = answers;
    // A waived fact is kept as the client reported it.
    let said = |answer: &Answer, at: usize, waived: bool| {
        if waived { Ok(answer.text.clone()) } else { answer.success(LOOK[at]).map(str::to_owned) }
    };
    let (lspv, bootlist) = (disks.success(LOOK[1])?.trim_end(), boot.success(LOOK[2])?.trim_end());
    let boot_disk = boot_disk.success(LOOK[3]).unwrap_or_default().trim();
    Ok(Snapshot {
        at: OffsetDateTime::now_utc().into(),
        level: oslevel.success(LOOK[0]).ok().and_then(|level| level.trim().parse().ok()),
        oslevel: said(oslevel, 0, waived.level)?.trim().to_owned(),
        disks: lspv::parse(lspv).map_err(unreadable(LOOK[1]))?,
        lspv: lspv.to_owned(),
        boot: bootlist::parse(bootlist).map_err(unreadable(LOOK[2]))?,
        bootlist: bootlist.to_owned(),
        boot_disk: Some(boot_disk).filter(|disk| !disk.is_empty()).map(str::to_owned),
        rootvg: said(rootvg, 4, waived.rootvg)?.trim_end().to_owned(),
        uptime: uptime.success(LOOK[5]).unwrap_or_default().trim().to_owned(),
    })
}

/// Looks at a client before an order is sent to it or a run is judged: everything that either relies on was read. A bootlist that is
/// empty, or disks without a rootvg, would let every disk pass for a free one.
///
/// # Errors
/// Where the client does not answer, as for [`snapshot`]; [`HostError::Incomplete`] with the client's words where something cannot be read.
pub async fn whole(connection: &Connection, client: &ObjectName, waived: Waived) -> Result<Snapshot, HostError> {
    let look = read(&host::client(connection, client, LOOK).await?, waived)?;
    readings::whole(&look, waived).map_err(HostError::Incomplete)?;
    Ok(look)
}

/// The same for an order that is refused where something cannot be read: then the client's words.
///
/// # Errors
/// Only where the client does not answer: it is asked again later.
pub async fn for_order(
    connection: &Connection,
    client: &ObjectName,
    waived: Waived,
) -> Result<Result<Snapshot, String>, HostError> {
    match whole(connection, client, waived).await {
        Ok(look) => Ok(Ok(look)),
        Err(error) if error.is_unreadable() => Ok(Err(error.chain())),
        Err(error) => Err(error),
    }
}

/// Looks at level, disks, bootlist and rootvg.
///
/// # Errors
/// Where the client does not answer, or answers what nobody understands.
pub async fn inventory(connection: &Connection, client: &ObjectName) -> Result<(Level, Inventory), HostError> {
    let commands = ["oslevel -s", "lspv", "bootlist -m normal -o", readings::SIZES, "lsvg rootvg", "lsvg -l rootvg"];
    let [level, volumes, boot, sizes, info, layout] = host::client(connection, client, commands).await?;
    let level_text = level.success(commands[0])?.trim();
    let level = level_text.parse().map_err(|_| unreadable(commands[0])(line("oslevel -s", level_text)))?;
    // What was known before is better than a list without a rootvg, or a bootlist of nothing.
    let incomplete = |command: &str, answer: &Answer, why: String| {
        HostError::Incomplete(Unread::new(command, answer, why).to_string())
    };
    volumes.success(commands[1])?;
    boot.success(commands[2])?;
    let volumes = readings::disks(&volumes).map_err(|why| incomplete(commands[1], &volumes, why))?;
    let bootlist = readings::bootlist(&boot, Some(&volumes)).map_err(|why| incomplete(commands[2], &boot, why))?;
    let sizes = readings::sizes(&sizes).unwrap_or_default();
    let is_rootvg = |vg: &Option<ObjectName>| vg.as_ref().is_some_and(|vg| vg.as_str() == "rootvg");
    let rootvg: Vec<DiskName> = volumes.iter().filter(|pv| is_rootvg(&pv.vg)).map(|pv| pv.disk.clone()).collect();
    let disks = volumes
        .into_iter()
        .map(|pv| Disk {
            size: sizes.get(pv.disk.as_str()).and_then(|size| size.as_ref().ok().copied()),
            disk: pv.disk,
            pvid: pv.pvid,
            vg: pv.vg,
            state: pv.state,
        })
        .collect();
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

/// Looks at the file and the NIM object of a mksysb.
///
/// # Errors
/// Where the master cannot be asked, or does not say whether they are there.
pub async fn image(connection: &Connection, image: &Image) -> Result<ImageSeen, HostError> {
    let path = image.file.as_str();
    let name = image.name.as_ref().map_or_else(|| "true".to_owned(), |name| format!("lsnim {name}"));
    let [file, named] = host::master(connection, [&questions::file(path), &name]).await?;
    let incomplete = |command: &str, answer: &Answer, why: String| {
        HostError::Incomplete(Unread::new(command, answer, why).to_string())
    };
    let bytes = readings::file(&file).map_err(|why| incomplete(&format!("ls -ld {path}"), &file, why))?;
    let defined = match &image.name {
        None => None,
        Some(wanted) => {
            Some(readings::is_defined(&named, wanted.as_str()).map_err(|why| incomplete(&name, &named, why))?)
        }
    };
    Ok(ImageSeen { bytes, defined })
}

/// Why a path of a request is not in a directory where it may be, as the master itself resolves it; none where it is.
///
/// # Errors
/// Where the master cannot be reached.
pub async fn misplaced(
    connection: &Connection,
    request: &LaunchRequest,
    setting: &[String],
) -> Result<Option<String>, HostError> {
    let image = request.image.as_ref().map(|image| image.file.parent());
    let Some(path) = image.or(request.images.as_ref().map(aix::command::MasterPath::as_str)) else { return Ok(None) };
    let objects = if image.is_some() { "lsnim -l -t mksysb" } else { "lsnim -l -t lpp_source" };
    let [listed] = host::master(connection, [objects]).await?;
    let of_nim = if image.is_some() { places::of_mksysbs } else { places::of_sources };
    let allowed = if setting.is_empty() {
        match readings::objects(&listed) {
            Ok(objects) => of_nim(&objects),
            Err(why) => return Ok(Some(Unread::new(objects, &listed, why).to_string())),
        }
    } else {
        places::of_setting(setting)
    };
    let asked = places::question([path].into_iter().chain(allowed.directories.iter().map(String::as_str)));
    let [answer] = host::master(connection, [&asked]).await?;
    Ok(match places::read(&answer) {
        Ok(places) => places::inside(path, &allowed, &places).err(),
        Err(why) => Some(Unread::new(&format!("cd {path}; pwd -P"), &answer, why).to_string()),
    })
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

    /// A client with these disks and this bootlist; nothing else of it is missing.
    pub(in crate::engine) fn snapshot(disks: &str, boot: &str) -> Snapshot {
        Snapshot {
            at: OffsetDateTime::UNIX_EPOCH.into(),
            level: "7100-05-11-2246".parse().ok(),
            oslevel: "7100-05-11-2246".to_owned(),
            disks: lspv::parse(disks).unwrap(),
            lspv: disks.to_owned(),
            boot: bootlist::parse(boot).unwrap(),
            bootlist: boot.to_owned(),
            boot_disk: None,
            rootvg: "rootvg:\nLV NAME TYPE LPs PPs PVs LV STATE MOUNT POINT\nhd5 boot 1 1 1 closed/syncd N/A\n"
                .to_owned(),
            uptime: String::new(),
        }
    }
}
