//! `lspv` (nimadm.md §6.3).

use super::{Output, named, storage::no_disk, words};
use crate::{
    LabError,
    model::{Disk, Host, VolumeGroup},
};
use aix::{
    Size,
    lspv::{
        Detail, DiskVolume, DiskVolumes, PhysicalVolume, UniqueDisk, print, print_detail, print_logical_volumes,
        print_unique,
    },
};

pub(super) fn lspv(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match words(args)[..] {
        [] | ["-L"] => {
            let disks: Result<Vec<_>, _> = host.disks.iter().map(|disk| physical_volume(host, disk)).collect();
            out.print(print(&disks?));
        }
        ["-u"] => {
            let disks: Result<Vec<_>, _> = host.disks.iter().map(|disk| unique(host, disk)).collect();
            out.print(print_unique(&disks?));
        }
        ["-l", name] => return volumes(host, name, out),
        [name] if !name.starts_with('-') => return one(host, name, out),
        _ => {
            out.error("Usage: lspv [-L] [-u] [-l] [PVname]");
            return Ok(1);
        }
    }
    Ok(0)
}

fn physical_volume(host: &Host, disk: &Disk) -> Result<PhysicalVolume, LabError> {
    let owner = host.owner(&disk.name)?;
    Ok(PhysicalVolume {
        disk: named(host, &disk.name)?,
        pvid: disk.pvid.as_deref().map(|pvid| named(host, pvid)).transpose()?,
        vg: owner.map(|(name, _)| named(host, name)).transpose()?,
        state: owner.filter(|(_, vg)| vg.varied_on).map(|_| "active".to_owned()),
    })
}

fn unique(host: &Host, disk: &Disk) -> Result<UniqueDisk, LabError> {
    let PhysicalVolume { disk: name, pvid, vg, state } = physical_volume(host, disk)?;
    Ok(UniqueDisk { disk: name, pvid, vg, state, unique_id: Some(unique_id(host, disk)), uuid: None })
}

/// What identifies the disk wherever it is seen from: the same after every reboot (form unconfirmed).
fn unique_id(host: &Host, disk: &Disk) -> String {
    format!("3521{}{}-{}03IBMfcp", host.hardware.serial, host.hardware.cpuid, disk.name)
}

/// A disk's group, or what AIX says where there is none.
fn grouped<'a>(host: &'a Host, name: &str, out: &mut Output) -> Result<Option<(&'a str, &'a VolumeGroup)>, LabError> {
    if host.disk(name).is_none() {
        no_disk("lspv", name, out);
        return Ok(None);
    }
    let owner = host.owner(name)?;
    if host.disk(name).is_some_and(|disk| disk.pvid.is_none()) {
        // The real words; the second line is unconfirmed.
        out.error(format!("0516-1396 : The physical volume {name}, was not found in the\nsystem database."));
    } else if owner.is_none() {
        out.error(format!("0516-320 lspv: Physical volume {name} is not assigned to\n\ta volume group."));
    }
    Ok(owner)
}

fn one(host: &Host, name: &str, out: &mut Output) -> Result<u8, LabError> {
    let Some((vg_name, vg)) = grouped(host, name, out)? else { return Ok(1) };
    let on = vg.varied_on;
    if !on {
        out.error(crate::model::migration::VARIED_OFF);
    }
    let (total, used) = (host.disk_pps(name, vg), host.used_on(name, vg));
    let pvid = host.disk(name).and_then(|disk| disk.pvid.as_deref());
    let number = |value: u32| on.then_some(u64::from(value));
    let text = |value: &str| on.then(|| value.to_owned());
    let here = vg.lvs.len();
    out.print(print_detail(&Detail {
        disk: named(host, name)?,
        vg: named(host, vg_name)?,
        pvid: pvid.map(|pvid| named(host, pvid)).transpose()?,
        vg_identifier: Some(named(host, &vg.id.0)?),
        pv_state: text("active"),
        stale_partitions: number(0),
        allocatable: text("yes"),
        pp_size_mb: number(vg.pp_mib),
        logical_volumes: number(u32::try_from(here).unwrap_or(u32::MAX)),
        total_pps: number(total),
        vg_descriptors: number(if vg.disks.len() == 1 { 2 } else { 1 }),
        free_pps: number(total - used),
        hot_spare: text("no"),
        used_pps: number(used),
        max_request_mb: Some(Size::from_kib(256)),
        free_distribution: on.then(|| distribution(total - used, total)),
        used_distribution: on.then(|| distribution_from_start(used, total)),
        mirror_pool: None,
    }));
    Ok(0)
}

fn volumes(host: &Host, name: &str, out: &mut Output) -> Result<u8, LabError> {
    let Some((_, vg)) = grouped(host, name, out)? else { return Ok(1) };
    if !vg.varied_on {
        out.error(crate::model::migration::VARIED_OFF);
        return Ok(1);
    }
    let total = host.disk_pps(name, vg);
    let layout = host.layout(vg);
    let used = layout.iter().find(|(disk, _)| *disk == name).map(|(_, used)| used.as_slice()).unwrap_or_default();
    let lvs = vg.lvs.iter().filter_map(|lv| {
        let places: Vec<_> =
            (0_u32..).zip(used).filter(|(_, (found, ..))| found.name == lv.name).map(|(at, _)| at).collect();
        let count = u64::try_from(places.len()).ok().filter(|count| *count > 0)?;
        let region = total.div_ceil(5).max(1);
        let in_region = |region_at: u32| places.iter().filter(|at| **at / region == region_at).count();
        let spread: Vec<_> = (0..5).map(|at| format!("{:02}", in_region(at))).collect();
        let mount = lv.mount.clone();
        Some(DiskVolume {
            name: lv.name.clone(),
            lps: count,
            pps: count,
            distribution: spread.join(".."),
            mount_point: vg.mount_point(lv).or(mount),
        })
    });
    out.print(print_logical_volumes(&DiskVolumes { disk: named(host, name)?, lvs: lvs.collect() }));
    Ok(0)
}

/// `43..00..00..00..128`: free partitions by region of the disk; they lie at its end.
pub(super) fn distribution(free: u32, total: u32) -> String {
    let region = total.div_ceil(5).max(1);
    let used = total - free;
    let in_region = |at: u32| {
        let (start, end) = ((at * region).min(total), ((at + 1) * region).min(total));
        end.saturating_sub(start.max(used))
    };
    (0..5).map(|at| format!("{:02}", in_region(at))).collect::<Vec<_>>().join("..")
}

fn distribution_from_start(used: u32, total: u32) -> String {
    let region = total.div_ceil(5).max(1);
    let in_region = |at: u32| used.min((at + 1) * region).min(total).saturating_sub(at * region);
    (0..5).map(|at| format!("{:02}", in_region(at))).collect::<Vec<_>>().join("..")
}
