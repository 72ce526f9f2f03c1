//! File systems as they are: `df`, `mount` without arguments, `lsfs` (nimadm.md §6.11).

use super::{Context, Output, words};
use crate::{LabError, model::Host};
use aix::{
    df::{Blocks, Df, Row, Unit, print, print_posix},
    lsfs::{self, FileSystem},
    mount::{self, Mount},
};

/// A file system that is mounted.
struct Mounted {
    node: Option<String>,
    device: String,
    /// The volume its file system logs to.
    log: Option<String>,
    size_mib: u64,
    used_mib: u64,
    mount: String,
}

fn mounted(host: &Host) -> Result<Vec<Mounted>, LabError> {
    let mut rows = Vec::new();
    for (_, vg) in host.named_groups()? {
        for (lv, mount) in vg.mounts() {
            rows.push(Mounted {
                node: None,
                device: format!("/dev/{}", lv.name),
                log: vg.lvs.iter().find(|lv| lv.kind == "jfs2log").map(|log| format!("log=/dev/{}", log.name)),
                size_mib: u64::from(lv.lps * vg.pp_mib),
                used_mib: u64::from(lv.used_mib),
                mount,
            });
        }
    }
    let remote = host.spot_mount.iter().map(|spot| (spot, "/ALT_MIG_SPOT".to_owned()));
    let remote = remote.chain(host.nfs_mounts.iter().map(|found| (&found.remote, found.mount.clone())));
    for (from, mount) in remote {
        let (node, device) = from.split_once(':').unwrap_or(("", from));
        // What another host has there is not asked (simplified).
        rows.push(Mounted {
            node: Some(node.to_owned()),
            device: device.to_owned(),
            log: None,
            size_mib: 31_744,
            used_mib: 21_120,
            mount,
        });
    }
    Ok(rows)
}

pub(super) fn df(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (flags, paths): (Vec<&str>, Vec<&str>) = words(args).into_iter().partition(|word| word.starts_with('-'));
    let flags: String = flags.iter().map(|flags| &flags[1..]).collect();
    if flags.chars().any(|flag| !"gmkPIMt".contains(flag)) {
        out.error("Usage: df [-P] | [-IMitv] [-gkm] [filesystem ...]");
        return Ok(1);
    }
    let posix = flags.contains('P');
    let (unit, per_mib) = match () {
        () if flags.contains('g') => (Unit::Gb, None),
        () if flags.contains('m') => (Unit::Mb, Some(1)),
        () if flags.contains('k') || posix => (Unit::Kb, Some(1024)),
        () => (Unit::HalfKb, Some(2048)),
    };
    let blocks = |mib: u64| {
        let hundredths = per_mib.map_or(mib * 100 / 1024, |per_mib| mib * per_mib * 100);
        Some(Blocks::from_hundredths(hundredths))
    };
    let all = mounted(&context.host()?)?;
    let root = context.store.root(&context.host);
    let mut wanted = Vec::new();
    for path in &paths {
        // The file system that a path lies in: the longest mount point in front of it.
        let there = root.join(path.trim_start_matches('/')).exists();
        let inside = |mount: &str| there && mount == "/" || *path == mount || path.starts_with(&format!("{mount}/"));
        let found = all.iter().filter(|row| inside(&row.mount) || row.device == *path);
        match found.max_by_key(|row| row.mount.len()) {
            Some(row) => wanted.push(row),
            None => out.error(format!("df: {path}: A file or directory in the path name does not exist.")),
        }
    }
    if paths.is_empty() {
        wanted.extend(&all);
    }
    let row = |row: &&Mounted| {
        let percent = (row.used_mib * 100).div_ceil(row.size_mib.max(1)).clamp(1, 100);
        Row {
            fs: row.node.as_ref().map_or_else(|| row.device.clone(), |node| format!("{node}:{}", row.device)),
            blocks: blocks(row.size_mib),
            free: blocks(row.size_mib.saturating_sub(row.used_mib)),
            used_pct: Some(percent),
            // Inodes follow the used space (simplified).
            iused: Some(row.used_mib * 12 + 4),
            iused_pct: Some(percent / 6 + 1),
            mount: row.mount.clone(),
        }
    };
    let mut rows: Vec<_> = wanted.iter().map(row).collect();
    if paths.is_empty() {
        let none = Row {
            fs: "/proc".to_owned(),
            blocks: None,
            free: None,
            used_pct: None,
            iused: None,
            iused_pct: None,
            mount: "/proc".to_owned(),
        };
        rows.push(none);
    }
    let df = Df { unit: Some(unit), rows };
    out.print(if posix { print_posix(&df) } else { print(&df) });
    Ok(u8::from(wanted.is_empty()))
}

/// `mount` without arguments.
pub(super) fn mounts(host: &Host, out: &mut Output) -> Result<u8, LabError> {
    let month = |at: i64| {
        let time = time::OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        let month = time.month().to_string();
        format!("{} {:02} {:02}:{:02}", month.get(..3).unwrap_or_default(), time.day(), time.hour(), time.minute())
    };
    let date = month(host.booted_at);
    let list = mounted(host)?.into_iter().map(|row| {
        let nfs = row.node.is_some();
        Mount {
            node: row.node,
            mounted: row.device,
            mounted_over: row.mount,
            vfs: if nfs { "nfs3" } else { "jfs2" }.to_owned(),
            date: date.clone(),
            options: std::iter::once("rw".to_owned()).chain(row.log).collect(),
        }
    });
    out.print(mount::print(&list.collect::<Vec<_>>()));
    Ok(0)
}

pub(super) fn lsfs(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (flags, wanted): (Vec<&str>, Vec<&str>) = words(args).into_iter().partition(|word| word.starts_with('-'));
    let mut list = Vec::new();
    // A data volume group that is off keeps its stanzas in /etc/filesystems; a clone's are there while it is awake.
    for (_, vg) in host.named_groups()?.into_iter().filter(|(_, vg)| vg.varied_on || vg.system.is_none()) {
        for lv in &vg.lvs {
            let Some(mount_point) = vg.known_mount(lv) else { continue };
            let os = vg.id == host.running;
            list.push(FileSystem {
                mount_point,
                device: Some(format!("/dev/{}", lv.name)),
                vfs: Some("jfs2".to_owned()),
                node: None,
                kind: os.then(|| "bootfs".to_owned()),
                size_512_blocks: Some(u64::from(lv.lps * vg.pp_mib) * 2048),
                options: Some("rw".to_owned()),
                auto_mount: Some(true),
                acct: Some(false),
            });
        }
    }
    if let Some(missing) = wanted.iter().find(|wanted| !list.iter().any(|fs| fs.mount_point == **wanted)) {
        out.error(format!("lsfs: 0506-915 No record matching {missing} was found in /etc/filesystems."));
        return Ok(1);
    }
    list.retain(|fs| wanted.is_empty() || wanted.contains(&fs.mount_point.as_str()));
    out.print(if flags.contains(&"-c") { lsfs::print(&list) } else { lsfs::print_table(&list) });
    Ok(0)
}
