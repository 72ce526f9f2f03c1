//! Going down and coming up.

use super::{ErrorEvent, Host, Power, State, VgId, VolumeGroup};
use crate::scenario::Scenario;

/// AIX 7.3 needs POWER8 (nimadm.md §A.2): older machines do not come up from it.
const POWER_FOR_73: u8 = 8;

impl Host {
    /// The host goes down at `now` and boots at `until`, milliseconds since 1970.
    pub(crate) fn shut_down(&mut self, now: i64, until: i64) {
        if let Ok(system) = self.system_mut() {
            system.log_error(now, ErrorEvent::LogOff);
            system.log_error(now, ErrorEvent::Shutdown);
        }
        self.power = Power::Booting(until);
        self.spot_mount = None;
        self.nfs_mounts.clear();
        self.exports.clear();
        for vg in &mut self.groups {
            vg.mounted_under = None;
        }
    }

    /// Brings the host to `now`: a boot that is due happens. Safe to repeat: the outcome depends on the stored state
    /// alone, so readers may do it without writing it back.
    pub(crate) fn settle(&mut self, now: i64) {
        if let Power::Booting(until) = self.power
            && now >= until
        {
            self.boot(until);
        }
    }

    /// Boots the first disk of the bootlist that has a boot image, as firmware does: what is on it is found out later.
    fn boot(&mut self, at: i64) {
        let found = self.bootlist.iter().find_map(|disk| self.bootable(disk));
        let running = |vg: &&VolumeGroup| vg.id == self.running;
        let found = match self.scenario {
            Scenario::NeverReturns => None,
            // The firmware's own list was set by somebody at the HMC.
            Scenario::BootsWrongDisk => self.groups.iter().find(running),
            _ => found,
        };
        let runs = |vg: &VolumeGroup| {
            vg.system.as_ref().is_some_and(|system| {
                let level = system.level();
                let new = (level.version, level.release) >= (7, 3);
                // A rootvg that went down awake still has its `alt_` names (nimadm.md §1.9).
                let named = vg.lvs.iter().any(|lv| lv.kind == "boot" && !lv.name.starts_with("alt_"));
                system.complete && named && (!new || self.hardware.power >= POWER_FOR_73)
            })
        };
        let Some(id) = found.filter(|vg| runs(vg)).map(|vg| vg.id.clone()) else {
            self.power = Power::Hung;
            return;
        };
        let before = self.rootvg().map(|(_, system)| system.level()).ok();
        self.start(&id);
        self.power = Power::Running;
        self.booted_at = at;
        // The init table starts every subsystem, but for what keeps one from running.
        if self.scenario != Scenario::NimshDown {
            self.stopped.clear();
        }
        let breaks = self.scenario == Scenario::BrokenFilesets;
        let Ok(system) = self.system_mut() else { return };
        let breaks = breaks && before.is_some_and(|before| system.level() > before);
        system.log_error(at, ErrorEvent::LogOn);
        system.log_error(at, ErrorEvent::RmcStarted);
        // What waited for a reboot is done.
        system.efixes.iter_mut().filter(|efix| efix.state == "*Q*").for_each(|efix| efix.state = "S".to_owned());
        for name in ["bos.net.tcp.client_core", "X11.base.lib"].into_iter().filter(|_| breaks) {
            if let Some(installed) = system.filesets.get_mut(name) {
                installed.state = State::Broken;
            }
        }
    }

    /// The named system runs: its file systems are mounted, the data volume groups it knows are on, everything else is off. nimadm's
    /// cache file systems are there and not mounted (nimadm.md §4.1 F3).
    pub(crate) fn start(&mut self, id: &VgId) {
        let system = self.groups.iter().find(|vg| vg.id == *id).and_then(|vg| vg.system.as_ref());
        let known: Vec<_> = system.into_iter().flat_map(|system| system.odm.keys().cloned()).collect();
        for vg in &mut self.groups {
            let on = vg.id == *id || vg.system.is_none() && known.contains(&vg.id);
            vg.varied_on = on;
            for lv in &mut vg.lvs {
                lv.unmounted = lv.mount.as_deref().is_some_and(|mount| mount.contains("_alt/alt_inst"));
            }
            vg.mounted_under = on.then(String::new);
        }
        self.running = id.clone();
    }

    /// The volume group that a boot from this disk would start.
    pub(crate) fn bootable(&self, disk: &str) -> Option<&VolumeGroup> {
        self.groups
            .iter()
            .filter(|vg| vg.disks.iter().any(|member| member == disk))
            .find(|vg| vg.system.as_ref().is_some_and(|system| system.boot_image))
    }

    /// Sets the bootlist back to the running rootvg where it points elsewhere, as every clean-up of alt_disk does
    /// (nimadm.md §1.6).
    pub(crate) fn bootlist_to_running(&mut self) {
        let Some(vg) = self.groups.iter().find(|vg| vg.id == self.running) else { return };
        if !self.bootlist.iter().all(|disk| vg.disks.contains(disk)) || self.bootlist.is_empty() {
            self.bootlist.clone_from(&vg.disks);
        }
    }
}
