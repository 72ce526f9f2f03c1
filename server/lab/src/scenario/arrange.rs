//! What a scenario changes in the model when it is set, and how that is put back.

use super::Scenario;
use crate::{
    LabError, clock, filesets,
    model::{Host, LogicalVolume, Power, State},
};
use aix::Vrmf;

/// The volume of somebody else that fills the cache VG.
const FILLER: &str = "otherlv";
/// Partitions it leaves.
const LEFT: u32 = 20;
/// Filesets that are broken on an inconsistent system.
const BROKEN: [&str; 2] = ["bos.net.nfs.client", "X11.motif.lib"];

/// Changes a client's scenario, with what it means for the client and its master.
pub(super) fn switch(master: &mut Host, client: &mut Host, scenario: Scenario) -> Result<(), LabError> {
    put_back(master, client)?;
    client.scenario = scenario;
    match scenario {
        Scenario::CacheVgTooSmall => fill_cache(master)?,
        Scenario::SpotLevelMismatch => spots_at(master, older(master)?),
        Scenario::SpotUnavailable => usable(master, "spot", false),
        Scenario::SourceIncomplete => usable(master, "lpp_source", false),
        Scenario::NimshDown => {
            client.stopped.insert("nimsh".to_owned());
        }
        Scenario::NoFreePartitions => shrink(client)?,
        Scenario::Inconsistent => states(client, State::Broken)?,
        Scenario::StalePartitions => stale(client, true),
        _ => {}
    }
    Ok(())
}

fn put_back(master: &mut Host, client: &mut Host) -> Result<(), LabError> {
    match client.scenario {
        Scenario::CacheVgTooSmall => {
            master.groups.iter_mut().for_each(|vg| vg.lvs.retain(|lv| lv.name != FILLER));
        }
        Scenario::SpotLevelMismatch => spots_at(master, alt_disk_level(master)?),
        Scenario::SpotUnavailable => usable(master, "spot", true),
        Scenario::SourceIncomplete => usable(master, "lpp_source", true),
        Scenario::NimshDown => {
            client.stopped.remove("nimsh");
        }
        Scenario::NoFreePartitions => {
            for disk in &mut client.disks {
                disk.size_mib = disk.full_size_mib.take().unwrap_or(disk.size_mib);
            }
        }
        Scenario::Inconsistent => states(client, State::Committed)?,
        Scenario::StalePartitions => stale(client, false),
        Scenario::NeverReturns if client.power == Power::Hung => client.power = Power::Booting(clock::now_ms()),
        _ => {}
    }
    Ok(())
}

/// A volume in every volume group of the master that holds no files of NIM.
fn fill_cache(master: &mut Host) -> Result<(), LabError> {
    let cache: Vec<_> = master
        .named_groups()?
        .into_iter()
        .filter(|(name, _)| name.contains("nimadm"))
        .map(|(_, vg)| vg.id.clone())
        .collect();
    for id in cache {
        let free = master.groups.iter().find(|vg| vg.id == id).map_or(0, |vg| master.free_pps(vg));
        let lps = free.saturating_sub(LEFT);
        if let Some(group) = master.group_mut(&id).filter(|_| lps > 0) {
            group.lvs.push(LogicalVolume {
                name: FILLER.to_owned(),
                kind: "jfs2".to_owned(),
                lps,
                copies: 1,
                mount: Some("/other".to_owned()),
                used_mib: 0,
                unmounted: false,
                stale: false,
            });
        }
    }
    Ok(())
}

/// The level of alt_disk_install before the master's.
fn older(master: &Host) -> Result<Vrmf, LabError> {
    let level = master.rootvg()?.1.level();
    let before = filesets::known(level.version, level.release).find(|known| *known < level).unwrap_or(level);
    Ok(filesets::level_of(filesets::ALT_DISK, before))
}

/// That of the master.
fn alt_disk_level(master: &Host) -> Result<Vrmf, LabError> {
    Ok(filesets::level_of(filesets::ALT_DISK, master.rootvg()?.1.level()))
}

fn spots_at(master: &mut Host, level: Vrmf) {
    let all = master.nim.iter_mut().flat_map(|nim| &mut nim.resources);
    all.filter(|resource| resource.kind == "spot").for_each(|spot| spot.alt_disk = Some(level));
}

fn usable(master: &mut Host, kind: &str, usable: bool) {
    let all = master.nim.iter_mut().flat_map(|nim| &mut nim.resources);
    all.filter(|resource| resource.kind == kind).for_each(|resource| resource.usable = usable);
}

/// Leaves free disks the size of what rootvg uses.
fn shrink(client: &mut Host) -> Result<(), LabError> {
    let (running, _) = client.rootvg()?;
    let copies = running.lvs.iter().map(|lv| lv.copies).max().unwrap_or(1).max(1);
    // One more for the descriptor area.
    let size = (running.used_pps() / copies + 2) * running.pp_mib;
    let free: Vec<_> = client
        .disks
        .iter()
        .filter(|disk| matches!(client.owner(&disk.name), Ok(None)))
        .map(|disk| disk.name.clone())
        .collect();
    for disk in client.disks.iter_mut().filter(|disk| free.contains(&disk.name) && disk.size_mib > size) {
        disk.full_size_mib = Some(std::mem::replace(&mut disk.size_mib, size));
    }
    Ok(())
}

fn stale(client: &mut Host, stale: bool) {
    let running = client.running.clone();
    let volumes = client.group_mut(&running).into_iter().flat_map(|vg| &mut vg.lvs);
    volumes.filter(|lv| lv.name == "hd9var").for_each(|lv| lv.stale = stale);
}

fn states(client: &mut Host, state: State) -> Result<(), LabError> {
    let system = client.system_mut()?;
    for name in BROKEN {
        if let Some(installed) = system.filesets.get_mut(name) {
            installed.state = state;
        }
    }
    Ok(())
}
