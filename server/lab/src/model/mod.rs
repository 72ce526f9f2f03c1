//! The estate as data: hosts, disks, volume groups, the systems on them, NIM objects, and how a migration changes them.
//!
//! Pure: no files, no clock, no printing. A command loads a host, asks or changes it here, and prints. The names `rootvg`,
//! `altinst_rootvg` and `old_rootvg` are stored nowhere as *the* name of a volume group: each system has an ODM that
//! names the volume groups it knows, and the name seen is the one in the ODM of the system that is booted. That is why
//! names flip at a reboot by themselves (nimadm.md §2.15); a model with one name a volume group has to patch them and gets it wrong
//! after a rollback.

pub(crate) mod boot;
pub(crate) mod estate;
pub(crate) mod host;
pub(crate) mod migration;
pub(crate) mod nim;
pub(crate) mod site;
pub(crate) mod storage;
pub(crate) mod system;
pub(crate) mod volume_group;

pub(crate) use estate::Estate;
pub(crate) use host::{Disk, Hardware, Host, Power};
pub(crate) use site::{Site, Via, Work};
pub(crate) use system::{Efix, ErrorEvent, Installed, LoggedError, State, System};
pub(crate) use volume_group::{LogicalVolume, VgId, VolumeGroup};
