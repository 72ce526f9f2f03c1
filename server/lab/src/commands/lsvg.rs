//! `lsvg` (nimadm.md §6.4).

use super::{Output, lspv::distribution, named, words};
use crate::{
    LabError,
    model::{
        Host, VolumeGroup,
        migration::{VARIED_OFF, no_such_vg},
    },
};
use aix::{
    Size,
    lsvg::{
        LogicalVolume, LogicalVolumes, Map, Partition, PhysicalVolumes, VgDisk, VolumeGroup as Info, print_info,
        print_list, print_logical_volumes, print_map, print_physical_volumes,
    },
};

/// Prints one view of a volume group that is on.
type Show = fn(&Host, &str, &VolumeGroup) -> Result<String, LabError>;

pub(super) fn lsvg(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let words = words(args);
    let (flags, names): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with('-'));
    let flags: String = flags.iter().map(|flags| &flags[1..]).collect();
    let from_input = flags.contains('i');
    let show: Show = match flags.replace('i', "").as_str() {
        "" if names.is_empty() && !from_input => return list(host, false, out),
        "o" if names.is_empty() => return list(host, true, out),
        "" => summary,
        "l" => volumes,
        "p" => disks,
        "M" => map,
        _ => return usage(out),
    };
    let mut input = String::new();
    if from_input && std::io::Read::read_to_string(&mut std::io::stdin().lock(), &mut input).is_err() {
        return usage(out);
    }
    let names: Vec<_> = names.into_iter().chain(input.split_whitespace()).collect();
    if names.is_empty() && !from_input {
        return usage(out);
    }
    let mut code = 0;
    for name in names {
        match host.group(name)? {
            None => out.error(no_such_vg("lsvg", name)),
            Some(vg) if !vg.varied_on => out.error(VARIED_OFF),
            Some(vg) => {
                out.print(show(host, name, vg)?);
                continue;
            }
        }
        code = 1;
    }
    Ok(code)
}

fn usage(out: &mut Output) -> Result<u8, LabError> {
    out.error("Usage: lsvg [-o] [-n PVname] | [-l | -M | -p] [-i | VGname...]");
    Ok(1)
}

fn list(host: &Host, only_active: bool, out: &mut Output) -> Result<u8, LabError> {
    let groups = host.named_groups()?.into_iter().filter(|(_, vg)| vg.varied_on || !only_active);
    let names: Result<Vec<_>, _> = groups.map(|(name, _)| named(host, name)).collect();
    out.print(print_list(&names?));
    Ok(0)
}

fn volumes(host: &Host, name: &str, vg: &VolumeGroup) -> Result<String, LabError> {
    let volume = |lv: &crate::model::LogicalVolume| LogicalVolume {
        name: lv.name.clone(),
        kind: lv.kind.clone(),
        lps: u64::from(lv.lps),
        pps: u64::from(lv.pps()),
        pvs: u64::from(lv.copies),
        state: vg.lv_state(lv).to_owned(),
        mount_point: vg.mount_point(lv).or_else(|| lv.mount.clone()),
    };
    Ok(print_logical_volumes(&LogicalVolumes { vg: named(host, name)?, lvs: vg.lvs.iter().map(volume).collect() }))
}

fn disks(host: &Host, name: &str, vg: &VolumeGroup) -> Result<String, LabError> {
    let disk = |disk: &String| {
        let total = host.disk_pps(disk, vg);
        let free = total.saturating_sub(host.used_on(disk, vg));
        VgDisk {
            name: disk.clone(),
            state: "active".to_owned(),
            total_pps: u64::from(total),
            free_pps: u64::from(free),
            distribution: Some(distribution(free, total)),
        }
    };
    Ok(print_physical_volumes(&PhysicalVolumes { vg: named(host, name)?, pvs: vg.disks.iter().map(disk).collect() }))
}

fn map(host: &Host, name: &str, vg: &VolumeGroup) -> Result<String, LabError> {
    let mut partitions = Vec::new();
    for (disk, used) in host.layout(vg) {
        let total = u64::from(host.disk_pps(disk, vg));
        let mut next = 1;
        for (lv, lp, copy) in used {
            let copy = (lv.copies > 1).then_some(copy);
            partitions.push(Partition::Used {
                pv: disk.to_owned(),
                pp: next,
                lv: lv.name.clone(),
                lp: u64::from(lp),
                copy,
                state: None,
            });
            next += 1;
        }
        if next <= total {
            partitions.push(Partition::Free { pv: disk.to_owned(), first_pp: next, last_pp: total });
        }
    }
    Ok(print_map(&Map { vg: Some(named(host, name)?), partitions }))
}

/// What a 7.x says of a scalable group; 6.1 says less (nimadm.md §6.4).
fn summary(host: &Host, name: &str, vg: &VolumeGroup) -> Result<String, LabError> {
    let level = host.rootvg()?.1.level();
    let new = (level.version, level.release) >= (7, 1);
    let text = |text: &str| Some(text.to_owned());
    let only_new = |value: &str| new.then(|| value.to_owned());
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let open = vg.lvs.iter().filter(|lv| vg.lv_state(lv).starts_with("open")).count();
    let pvs = count(vg.disks.len());
    Ok(print_info(&Info {
        name: named(host, name)?,
        vg_identifier: Some(named(host, &vg.id.0)?),
        state: "active".to_owned(),
        pp_size_mb: u64::from(vg.pp_mib),
        vg_permission: text("read/write"),
        total_pps: u64::from(host.total_pps(vg)),
        max_lvs: Some(256),
        free_pps: u64::from(host.free_pps(vg)),
        lvs: Some(count(vg.lvs.len())),
        used_pps: u64::from(vg.used_pps()),
        open_lvs: Some(count(open)),
        quorum: Some(2),
        quorum_state: only_new("Enabled"),
        total_pvs: pvs,
        vg_descriptors: Some(if pvs == 1 { 2 } else { 3 }),
        stale_pvs: 0,
        stale_pps: vg.lvs.iter().filter(|lv| lv.stale).map(|lv| u64::from(lv.lps)).sum(),
        active_pvs: pvs,
        auto_on: text("yes"),
        max_pps_per_vg: Some(if new { 32_768 } else { 32_512 }),
        max_pps_per_pv: (!new).then_some(1016),
        max_pvs: Some(if new { 1024 } else { 32 }),
        ltg_size_mb: Some(Size::from_kib(256)),
        auto_sync: text("no"),
        hot_spare: text("no"),
        bb_policy: text("relocatable"),
        mirror_pool_strict: only_new("off"),
        pv_restriction: only_new("none"),
        infinite_retry: only_new("no"),
        disk_block_size: new.then_some(512),
        critical_vg: only_new("no"),
        fs_sync_option: only_new("no"),
        critical_pvs: only_new("no"),
        encryption: ((level.version, level.release) >= (7, 3)).then(|| "no".to_owned()),
    }))
}
