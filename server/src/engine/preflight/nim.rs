//! The master: its NIM objects, its levels, its room (nimadm.md §3.2 A). Pure.

use super::{
    facts::{Facts, cache_need},
    finding::Item,
    questions::Role,
};
use crate::engine::{
    fact::Fact,
    places::{self, Allowed},
};
use aix::{ObjectName, Size, lsnim::Stanza, lsvg};
use app::model::{Check, LaunchRequest, Operation};

pub(super) const N1: Item = Item::blocks("N1", "The client is a NIM object");
pub(super) const M14: Item = Item::blocks("M14", "NIM is ready for the client");
pub(super) const M4: Item = Item::blocks("M4", "lpp_source is ready for use");
pub(super) const M5: Item = Item::blocks("M5", "SPOT is ready for use");
pub(super) const ND8: Item = Item::blocks("ND-8", "The mksysb is ready for use");
pub(super) const ND10: Item =
    Item::blocks("ND-10", "Scripts, bundle and other resources are NIM objects of their types");
pub(super) const M2: Item = Item::blocks("M2", "bos.alt_disk_install.rte is on the master");
pub(super) const M3: Item = Item::blocks("M3", "bos.alt_disk_install.rte is the same on master and SPOT");
pub(super) const M9: Item = Item::blocks("M9", "The cache volume group has room");
pub(super) const ND6: Item = Item::blocks("ND-6", "The new mksysb has a place");
pub(super) const ND9: Item = Item::warns("ND-9", "There is room for the new mksysb");
pub(super) const ND11: Item = Item::blocks("ND-11", "The new mksysb goes to an allowed directory");
pub(super) const ND7: Item = Item::blocks("ND-7", "The directory with images is there");
pub(super) const ND12: Item = Item::blocks("ND-12", "The images are read from an allowed directory");

/// As NIM says it.
const READY: &str = "ready for use";
const NO_CLIENT: &str = "the operation has no client";
const NO_IMAGE: &str = "the operation makes no mksysb";
const NO_IMAGES: &str = "no directory with images is named";

pub(super) fn master_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let mut checks = vec![
        N1.judge(facts.machine.as_ref(), NO_CLIENT, |machine| match machine {
            Some(_) => N1.pass("lsnim knows it"),
            None => N1.block("lsnim does not know it", "Define it on the master, or refresh the master's inventory."),
        }),
        M14.judge(cstate(facts), NO_CLIENT, cstate_check),
        object_check(M4, Role::LppSource, facts, request),
        object_check(M5, Role::Spot, facts, request),
        object_check(ND8, Role::Mksysb, facts, request),
        M2.judge(facts.alt_disk_on_master.as_ref(), "", |level| match level {
            Some(level) => M2.pass(level.as_str()),
            None => M2.block("lslpp does not list it", "Install it on the master at the level of the SPOT."),
        }),
        same_level_check(facts, request),
        M9.judge(facts.cache_vg.as_ref(), "the data goes over NFS", |vg| cache_check(vg, facts, request)),
        image_check(facts, request),
        room_check(facts, request),
    ];
    let given: Vec<_> = Role::OTHERS.into_iter().filter(|role| role.of(request).is_some()).collect();
    if given.is_empty() {
        checks.push(ND10.not_applicable("none is named"));
    }
    checks.extend(given.into_iter().map(|role| object_check(ND10, role, facts, request)));
    checks.extend(place_checks(facts, request));
    checks
}

/// `Cstate` of the client. A client that NIM does not know has none, and that is said by another check.
fn cstate(facts: &Facts) -> Fact<&str> {
    match facts.machine.as_ref() {
        Fact::Read(Some(machine)) => attribute(machine, "Cstate"),
        Fact::Read(None) | Fact::NotApplicable => Fact::NotApplicable,
        Fact::Unreadable(unread) => Fact::Unreadable(unread),
    }
}

fn attribute<'a>(object: &'a Stanza, name: &str) -> Fact<&'a str> {
    let unread = || crate::engine::fact::Unread {
        command: format!("lsnim -l {}", object.name),
        rc: Some(0),
        said: String::new(),
        why: format!("it says no {name}"),
    };
    object.get(name).map_or_else(|| Fact::Unreadable(unread()), Fact::Read)
}

fn cstate_check(state: &str) -> Check {
    match state {
        "ready for a NIM operation" => M14.pass(state),
        state => M14.block(
            state,
            "Somebody else works on it, or a run left it so. See what runs; then nimadm -C, or nim -o reset.",
        ),
    }
}

/// A NIM object that the request names: it is there, of the right type, and ready.
fn object_check(item: Item, role: Role, facts: &Facts, request: &LaunchRequest) -> Check {
    let name = role.of(request).map_or("", ObjectName::as_str);
    let about = |text: String| if item.id == ND10.id { format!("{}: {text}", role.field()) } else { text };
    let check = item.judge(facts.object(role), "none is named", |object| {
        let Some(object) = object else {
            return item.block(
                about(format!("there is no NIM object {name}")),
                format!("Name an object of type {} that lsnim lists, or refresh the master.", role.kind()),
            );
        };
        let kind = object.get("type").unwrap_or_default();
        if kind != role.kind() {
            return item.block(
                about(format!("{name} is of type {kind}, not {}", role.kind())),
                format!("Name an object of type {}.", role.kind()),
            );
        }
        item.judge(attribute(object, "Rstate"), "", |state| {
            if state != READY {
                return item.block(about(format!("{name} is {state}")), "nim -Fo check it on the master.");
            }
            // A line that is missing says the same as "no" (nimadm.md §6.1).
            if role == Role::LppSource && object.get("simages") != Some("yes") {
                return item.block(format!("{name} has no simages"), "Complete its images, then nim -Fo check it.");
            }
            item.pass(about(name.to_owned()))
        })
    });
    Check { field: Some(role.field().to_owned()), ..check }
}

/// The one fileset that must be the same on both sides, which `-M` mends.
fn same_level_check(facts: &Facts, request: &LaunchRequest) -> Check {
    let synchronise = request.operation == Operation::Synchronise;
    let both = facts.alt_disk_on_master.as_ref().and(facts.alt_disk_in_spot.as_ref());
    M3.judge(both, "", |levels| match levels {
        (Some(master), Some(spot)) if master == spot && synchronise => {
            M3.warn(master.as_str(), "There is nothing to bring together.")
        }
        (Some(master), Some(spot)) if master == spot => M3.pass(master.as_str()),
        (Some(master), spot) => {
            let spot = spot.as_deref().unwrap_or("none");
            let found = format!("master {master}, SPOT {spot}");
            if synchronise {
                return M3.pass(format!("{found}; they will be the same"));
            }
            Check {
                repair: Some(Box::new(LaunchRequest {
                    master: Some(facts.master.clone()),
                    ..LaunchRequest::new(Operation::Synchronise, request.lpp_source.clone(), request.spot.clone())
                })),
                ..M3.block(found, "Let nimadm -M bring both together, or install the master's level into the SPOT.")
            }
        }
        (None, spot) => {
            let spot = spot.as_deref().unwrap_or("none");
            M3.block(format!("master none, SPOT {spot}"), "Install it on the master at the level of the SPOT.")
        }
    })
}

/// Space arithmetic of nimadm.md §3.3: the client's rootvg and a fifth for growth.
fn cache_check(group: &Result<lsvg::VolumeGroup, String>, facts: &Facts, request: &LaunchRequest) -> Check {
    let group = match group {
        Ok(group) => group,
        Err(said) => return M9.block(said.as_str(), "Name a volume group of the master that is varied on."),
    };
    let free = group.free_mb();
    if !group.state.starts_with("active") {
        return M9.block(format!("its state is {}", group.state), "Vary it on, or name another one.");
    }
    if group.vg_permission.as_deref().is_some_and(|permission| permission != "read/write") {
        return M9.block("it cannot be written to", "Name a volume group that can be written to.");
    }
    if request.operation.reads_mksysb() {
        let found = format!("{free} MiB free; how much the mksysb unpacks to is not known before it is read");
        return M9.warn(found, "Compare with the system that the mksysb was made of (lsmksysb -l -f).");
    }
    M9.judge(facts.rootvg_used(), "", |used| {
        let need = cache_need(used);
        let found = format!("{free} MiB free, about {need} MiB needed");
        if free < need {
            M9.block(found, "Wait for other runs to end, extend the volume group, or choose another one.")
        } else {
            M9.pass(found)
        }
    })
}

/// nimadm would write over what is there, and nobody could tell an old mksysb from a new one.
fn image_check(facts: &Facts, request: &LaunchRequest) -> Check {
    let Some(image) = &request.image else { return ND6.not_applicable(NO_IMAGE) };
    let file = image.file.as_str();
    let name = image.name.as_ref().map_or("", ObjectName::as_str);
    let defined = match facts.image_name.as_ref() {
        Fact::NotApplicable => Fact::Read(false),
        Fact::Read(defined) => Fact::Read(*defined),
        Fact::Unreadable(unread) => Fact::Unreadable(unread),
    };
    let parent = image.file.parent();
    let known = facts.image_file.as_ref().and(defined).and(facts.places.as_ref());
    let check = ND6.judge(known, "", |((there, defined), places)| {
        if *there {
            ND6.block(format!("there is a file {file}"), "Name another one, or move it away.")
        } else if defined {
            ND6.block(format!("NIM has an object {name}"), "Choose another name.")
        } else if places.get(parent).is_some_and(Option::is_some) {
            ND6.pass(format!("{file} is not there yet"))
        } else {
            ND6.block(format!("there is no directory {parent}"), "Make it, or name another one.")
        }
    });
    Check { field: Some("image".to_owned()), ..check }
}

/// An image holds what rootvg's file systems hold, and no paging space: it is smaller than what rootvg uses, MiB, so that less room
/// than that is a warning.
fn room_check(facts: &Facts, request: &LaunchRequest) -> Check {
    let Some(image) = &request.image else { return ND9.not_applicable(NO_IMAGE) };
    if request.operation.reads_mksysb() {
        return ND9.not_applicable("how large it will be is not known before the mksysb is read");
    }
    let gone = facts.places.as_ref().known().is_some_and(|places| places.get(image.file.parent()) == Some(&None));
    if gone {
        return ND9.not_applicable("the directory is not there");
    }
    ND9.judge(facts.image_room.as_ref().and(facts.rootvg_used()), NO_IMAGE, |(free, used)| {
        let free = Size::mib(*free);
        let found = format!("{free} MiB free, rootvg uses {used} MiB");
        if free < used {
            ND9.warn(found, "Name a directory of a larger file system, or extend it (chfs -a size=+4G).")
        } else {
            ND9.pass(found)
        }
    })
}

/// Paths that nimadm writes to and reads from as root.
fn place_checks(facts: &Facts, request: &LaunchRequest) -> [Check; 3] {
    let allow =
        "Name a file in one of them, or let an administrator allow the directory in the settings of the master.";
    let place = |item: Item, path: Option<&str>, allowed: &Fact<Allowed>, field: &str, without: &str| {
        let Some(path) = path else { return item.not_applicable(without) };
        let judged = places::judged(path, allowed.as_ref(), facts.places.as_ref());
        let check = item.judge(judged, without, |inside| match inside {
            Ok(()) => item.pass(path),
            Err(why) => item.block(why, allow),
        });
        Check { field: Some(field.to_owned()), ..check }
    };
    let into = request.image.as_ref().map(|image| image.file.parent());
    let from = request.images.as_ref().map(aix::command::MasterPath::as_str);
    let there = match from {
        None => ND7.not_applicable(NO_IMAGES),
        Some(path) => ND7.judge(facts.places.as_ref(), NO_IMAGES, |places| match places.get(path) {
            Some(Some(_)) => ND7.pass(path),
            Some(None) | None => ND7.block(format!("there is no directory {path}"), "Name one that is on the master."),
        }),
    };
    [
        place(ND11, into, &facts.writable, "image", NO_IMAGE),
        there,
        place(ND12, from, &facts.readable, "images", NO_IMAGES),
    ]
}
