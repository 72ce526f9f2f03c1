//! What is known of master and client, as facts: each was read, could not be read, or was not asked for. Pure.

use super::questions::{Answers, Role, Topic};
use crate::engine::{
    fact::{Fact, Unread},
    host::Answer,
    places::{self, Allowed, Places},
    readings::{self, Reading, Sizes},
};
use aix::{Level, ObjectName, Size, bootlist::BootDevice, efix, lsnim, lspv, lsvg};
use app::model::{Approvals, LaunchRequest};
use std::collections::BTreeMap;

/// A NIM object that was looked up; none where NIM has no such object.
pub(super) type Object = Option<lsnim::Stanza>;

/// What was found.
#[derive(Debug)]
pub struct Facts {
    /// The master's name.
    pub master: String,
    /// Which approvals the master asks for.
    pub approvals: Approvals,
    /// The master's level.
    pub master_level: Fact<Level>,
    /// `lsnim -l` of the client.
    pub machine: Fact<Object>,
    /// `lsvg` of the cache volume group; AIX's words where there is no such group, or it is varied off.
    pub cache_vg: Fact<Result<lsvg::VolumeGroup, String>>,
    /// Level of bos.alt_disk_install.rte on the master; none where it is not installed.
    pub alt_disk_on_master: Fact<Option<String>>,
    /// The same in the SPOT.
    pub alt_disk_in_spot: Fact<Option<String>>,
    /// The NIM objects that the request names.
    pub objects: BTreeMap<Role, Fact<Object>>,
    /// What the image_data says of logical volumes.
    pub image_data: Fact<ImageData>,
    /// Whether something is in the place of the new mksysb.
    pub image_file: Fact<bool>,
    /// Whether NIM has an object of the new mksysb's name.
    pub image_name: Fact<bool>,
    /// What is free where the new mksysb goes.
    pub image_room: Fact<Size>,
    /// Below which directories a mksysb may be written.
    pub writable: Fact<Allowed>,
    /// Below which directories images may be read.
    pub readable: Fact<Allowed>,
    /// Where directories of the master really are.
    pub places: Fact<Places>,
    /// The client, where the operation has one; the error where it does not answer.
    pub client: Fact<Result<ClientFacts, String>>,
}

/// What the client said.
#[derive(Debug)]
pub struct ClientFacts {
    /// Its level.
    pub level: Fact<Level>,
    /// Its disks.
    pub disks: Fact<Vec<lspv::PhysicalVolume>>,
    /// Its bootlist.
    pub bootlist: Fact<Vec<BootDevice>>,
    /// MiB of each disk.
    pub sizes: Fact<Sizes>,
    /// `lsvg rootvg`.
    pub rootvg: Fact<lsvg::VolumeGroup>,
    /// `lsvg -l rootvg`.
    pub volumes: Fact<Vec<lsvg::LogicalVolume>>,
    /// Its volume groups.
    pub groups: Fact<Vec<ObjectName>>,
    /// `emgr -l`.
    pub efixes: Fact<Vec<efix::Efix>>,
    /// The processor as printed, and its POWER generation.
    pub processor: Fact<(String, u8)>,
}

/// What an image.data calls the logical volumes, by mount point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageData {
    /// Mount point and name, as often as it is said.
    pub names: Vec<(String, String)>,
}

impl ImageData {
    /// Reads the stanzas `lv_data` (`LOGICAL_VOLUME`, `MOUNT_POINT`) and `fs_data` (`FS_NAME`, `FS_LV`).
    fn read(answer: &Answer) -> Reading<Self> {
        if answer.rc != 0 {
            return Err(String::new());
        }
        if answer.text.trim() == "absent" {
            return Err("there is no such file".to_owned());
        }
        let (mut names, mut stanzas) = (Vec::new(), 0);
        let (mut volume, mut mount) = (String::new(), String::new());
        for (key, value) in answer.text.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim().to_owned();
            match key.trim() {
                "LOGICAL_VOLUME" => (volume, stanzas) = (value, stanzas + 1),
                "MOUNT_POINT" if !volume.is_empty() && !value.is_empty() => names.push((value, volume.clone())),
                "FS_NAME" => (mount, stanzas) = (value, stanzas + 1),
                "FS_LV" => names.push((mount.clone(), value.trim_start_matches("/dev/").to_owned())),
                _ => {}
            }
        }
        if stanzas == 0 { Err("it is no image.data".to_owned()) } else { Ok(Self { names }) }
    }
}

/// What is known without asking.
#[derive(Debug)]
pub struct About<'a> {
    /// The master's name.
    pub master: &'a str,
    /// Which approvals it asks for.
    pub approvals: Approvals,
    /// The directories that its settings allow.
    pub setting: &'a [String],
    /// NIM name of the client; empty where the operation has none.
    pub name: &'a str,
    /// The error where the client does not answer at all.
    pub client: Fact<Result<(), String>>,
}

impl Facts {
    /// Reads the answers.
    #[must_use]
    pub fn read(answers: &Answers, request: &LaunchRequest, about: About<'_>) -> Self {
        let About { master, approvals, setting, name, client } = about;
        let image_name = request.image.as_ref().and_then(|image| image.name.as_ref()).map_or("", ObjectName::as_str);
        let objects = [Role::LppSource, Role::Spot, Role::Mksysb].into_iter().chain(Role::OTHERS);
        let cache = request.cache_vg.as_ref().map_or("", ObjectName::as_str);
        Self {
            master: master.to_owned(),
            approvals,
            master_level: answers.read(Topic::MasterLevel, readings::level),
            machine: answers.read(Topic::Machine, |answer| readings::object(answer, name)),
            cache_vg: answers.read(Topic::CacheVg, |answer| readings::group_if_any(answer, cache)),
            alt_disk_on_master: answers.read(Topic::AltDiskOnMaster, readings::alt_disk_install),
            alt_disk_in_spot: answers.read(Topic::AltDiskInSpot, readings::alt_disk_install),
            objects: objects.map(|role| (role, answers.object(role, request))).collect(),
            image_data: image_data(answers, request),
            image_file: answers.read(Topic::ImageFile, |answer| readings::file(answer).map(|file| file.is_some())),
            image_name: answers.read(Topic::ImageName, |answer| readings::is_defined(answer, image_name)),
            image_room: answers.read(Topic::ImageRoom, readings::free),
            writable: answers.writable(setting, request),
            readable: answers.readable(setting, request),
            places: answers.read(Topic::Places, places::read),
            client: client.map(|reached| reached.map(|()| ClientFacts::read(answers))),
        }
    }

    /// A NIM object that the request names.
    #[must_use]
    pub fn object(&self, role: Role) -> Fact<&Object> {
        self.objects.get(&role).map_or(Fact::NotApplicable, Fact::as_ref)
    }

    /// The level that a NIM object holds, as NIM says it: `7300-03-01-2520`, or `7300-03`.
    #[must_use]
    pub fn level_of(&self, role: Role) -> Fact<String> {
        let name =
            |object: &lsnim::Stanza| object.get("oslevel_s").or_else(|| object.get("oslevel_r")).map(str::to_owned);
        let level = match self.object(role) {
            Fact::Read(Some(object)) => name(object).filter(|level| level.parse::<Level>().is_ok()),
            Fact::Read(None) => None,
            Fact::Unreadable(unread) => return Fact::Unreadable(unread),
            Fact::NotApplicable => return Fact::NotApplicable,
        };
        let unread = || Unread {
            command: format!("lsnim -l of the {}", role.field()),
            rc: Some(0),
            said: String::new(),
            why: "NIM does not say which level it holds".to_owned(),
        };
        level.map_or_else(|| Fact::Unreadable(unread()), Fact::Read)
    }

    /// MiB free in the cache volume group, where lsvg said so.
    #[must_use]
    pub fn cache_free(&self) -> Option<u64> {
        Some(self.cache_vg.as_ref().known()?.as_ref().ok()?.free_mb())
    }

    /// MiB that the cache file systems will take: the client's rootvg and a fifth for growth (nimadm.md §3.3). None where that is not
    /// known: then nothing else is let into the cache beside it.
    #[must_use]
    pub fn cache_need(&self) -> Option<u64> {
        self.rootvg_used().known().map(cache_need)
    }

    /// MiB that the client's rootvg takes. A mksysb says nothing about what it unpacks to.
    #[must_use]
    pub fn rootvg_used(&self) -> Fact<u64> {
        match &self.client {
            Fact::Read(Ok(client)) => client.rootvg_used(),
            Fact::Read(Err(why)) => Fact::Unreadable(unreachable(why)),
            Fact::Unreadable(unread) => Fact::Unreadable(unread.clone()),
            Fact::NotApplicable => Fact::NotApplicable,
        }
    }

    /// A fact of the client. Of a client that does not answer nothing can be read.
    pub(super) fn of_client<'a, T>(&'a self, fact: impl FnOnce(&'a ClientFacts) -> Fact<T>) -> Fact<T> {
        match &self.client {
            Fact::Read(Ok(client)) => fact(client),
            Fact::Read(Err(why)) => Fact::Unreadable(unreachable(why)),
            Fact::Unreadable(unread) => Fact::Unreadable(unread.clone()),
            Fact::NotApplicable => Fact::NotApplicable,
        }
    }
}

fn unreachable(why: &str) -> Unread {
    Unread { command: "c_rsh".to_owned(), rc: None, said: why.to_owned(), why: String::new() }
}

pub(super) fn cache_need(used: u64) -> u64 {
    used.saturating_mul(6) / 5
}

impl ClientFacts {
    fn read(answers: &Answers) -> Self {
        let disks = answers.read(Topic::Disks, readings::disks);
        let rootvg = answers.read(Topic::Rootvg, |answer| readings::group(answer, "rootvg"));
        let listed = disks.as_ref().known().map(Vec::as_slice);
        // One command vouches for the other: a list that was cut off is shorter than lsvg says.
        let (pvs, lvs) = match rootvg.as_ref() {
            Fact::Read(vg) => (Some(vg.total_pvs), vg.lvs),
            Fact::Unreadable(_) | Fact::NotApplicable => (None, None),
        };
        let count = |found: usize, said: Option<u64>, what: &str| match said {
            Some(said) if said != found as u64 => Err(format!("it lists {found} of the {said} {what} of rootvg")),
            _ => Ok(()),
        };
        let own = |disks: &[lspv::PhysicalVolume]| disks.iter().filter(|pv| readings::in_vg(pv, "rootvg")).count();
        Self {
            level: answers.read(Topic::ClientLevel, readings::level),
            bootlist: answers.read(Topic::Bootlist, |answer| readings::bootlist(answer, listed)),
            sizes: answers.read(Topic::Sizes, readings::sizes),
            volumes: answers.read(Topic::Volumes, |answer| {
                let volumes = readings::volumes(answer)?;
                count(volumes.len(), lvs, "logical volumes").map(|()| volumes)
            }),
            disks: answers.read(Topic::Disks, |answer| {
                let disks = readings::disks(answer)?;
                count(own(&disks), pvs, "disks").map(|()| disks)
            }),
            groups: answers.read(Topic::Groups, readings::groups),
            efixes: answers.read(Topic::Efixes, readings::efixes),
            processor: answers.read(Topic::Processor, readings::processor),
            rootvg,
        }
    }

    /// MiB that the logical volumes of rootvg take, each copy of a mirror counted once.
    #[must_use]
    pub fn rootvg_used(&self) -> Fact<u64> {
        let used = |(vg, volumes): (&lsvg::VolumeGroup, &Vec<lsvg::LogicalVolume>)| {
            volumes.iter().fold(0_u64, |sum, volume| sum.saturating_add(volume.lps.saturating_mul(vg.pp_size_mb)))
        };
        self.rootvg.as_ref().and(self.volumes.as_ref()).map(used)
    }
}

fn image_data(answers: &Answers, request: &LaunchRequest) -> Fact<ImageData> {
    match answers.read(Topic::ImageDataText, ImageData::read) {
        // Where the object cannot be read, its file was not asked for.
        Fact::NotApplicable => match answers.object(Role::ImageData, request) {
            Fact::Unreadable(unread) => Fact::Unreadable(unread),
            Fact::Read(_) | Fact::NotApplicable => Fact::NotApplicable,
        },
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m11_an_image_data_is_read_for_what_it_renames() {
        let read = |text: &str| ImageData::read(&Answer { rc: 0, text: text.to_owned() });
        let text = "lv_data:\n\tLOGICAL_VOLUME= hd2\n\tLPs= 60\n\tMOUNT_POINT= /usr\n\nfs_data:\n\tFS_NAME= /opt/monitor\n\tFS_LV= /dev/mon\n";
        let names = [("/usr", "hd2"), ("/opt/monitor", "mon")].map(|(mount, name)| (mount.to_owned(), name.to_owned()));
        assert_eq!(read(text).unwrap().names, names);
        for bad in ["", "absent\n", "control_flow:\n  PROMPT = no\n"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
