//! The master: its NIM objects, its levels, its room (nimadm.md §3.2 A). Pure.

use super::{
    Facts, Place, cache_need,
    finding::{block, check, pass, warn},
};
use crate::engine::host::Answer;
use aix::{ObjectName, Size, command::Image, lsvg};
use app::model::{Check, LaunchRequest, Operation, Severity, Verdict};

pub(super) fn master_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let mut checks = Vec::new();
    if request.operation.has_client() {
        checks.push(machine_check(facts));
    }
    let mksysb = request.mksysb.as_ref().map(|name| ("ND-8", "The mksysb is ready for use", name, &facts.mksysb));
    let pair = [
        ("M4", "lpp_source is ready for use", &request.lpp_source, &facts.lpp_source),
        ("M5", "SPOT is ready for use", &request.spot, &facts.spot),
    ];
    for (id, title, name, found) in pair.into_iter().chain(mksysb) {
        checks.push(match found {
            Some(resource) if resource.ready => pass(id, title, name.as_str()),
            Some(_) => block(id, title, &format!("{name} is not ready"), "nim -Fo check it, or complete its images."),
            None => {
                block(id, title, &format!("there is no {name}"), "Choose one that lsnim lists, or refresh the master.")
            }
        });
    }
    checks.push(alt_disk_install_check(facts, request));
    if let Some(answer) = &facts.cache_vg {
        checks.push(cache_check(answer, facts.rootvg_used()));
    }
    if let Some((image, place)) = request.image.as_ref().zip(facts.image.as_ref()) {
        checks.push(image_check(image, place));
        // How large what becomes of a mksysb will be is known to nobody before.
        if place.folder && !request.operation.reads_mksysb() {
            checks.push(room_check(place.free.map(Size::mib), facts.rootvg_used()));
        }
    }
    if let Some((path, false)) = request.images.as_ref().zip(facts.images_are_there) {
        let found = format!("there is no directory {}", path.as_str());
        checks.push(block("ND-7", "The directory with images is there", &found, "Name one that is on the master."));
    }
    checks
}

fn machine_check(facts: &Facts) -> Check {
    let cstate = facts.machine.as_ref().and_then(|machine| machine.get("Cstate"));
    match cstate {
        Some("ready for a NIM operation") => pass("M14", "NIM is ready for the client", "ready for a NIM operation"),
        Some(state) => block(
            "M14",
            "NIM is ready for the client",
            state,
            "Somebody else works on it, or a run left it so. See what runs; then nimadm -C, or nim -o reset.",
        ),
        None => block(
            "N1",
            "The client is a NIM object",
            "lsnim does not know it",
            "Define it on the master, or refresh the master's inventory.",
        ),
    }
}

/// The one fileset that must be the same on both sides, which `-M` mends.
fn alt_disk_install_check(facts: &Facts, request: &LaunchRequest) -> Check {
    let title = "bos.alt_disk_install.rte is the same on master and SPOT";
    let synchronise = request.operation == Operation::Synchronise;
    match (&facts.alt_disk_install.0, &facts.alt_disk_install.1) {
        (Some(master), Some(spot)) if master == spot && synchronise => {
            warn("M3", title, master, "There is nothing to bring together.")
        }
        (Some(master), Some(spot)) if master == spot => pass("M3", title, master),
        (Some(master), Some(spot)) if synchronise => pass(
            "M3",
            "bos.alt_disk_install.rte differs, and will be the same",
            &format!("master {master}, SPOT {spot}"),
        ),
        (Some(master), Some(spot)) => Check {
            repair: Some(Box::new(LaunchRequest {
                master: Some(facts.master.clone()),
                ..LaunchRequest::new(Operation::Synchronise, request.lpp_source.clone(), request.spot.clone())
            })),
            ..block(
                "M3",
                title,
                &format!("master {master}, SPOT {spot}"),
                "Let nimadm -M bring both together, or install the master's level into the SPOT.",
            )
        },
        (None, _) => block(
            "M2",
            "bos.alt_disk_install.rte is on the master",
            "lslpp does not list it",
            "Install it on the master at the level of the SPOT.",
        ),
        (Some(master), None) => check(
            "M3",
            title,
            Severity::Block,
            Verdict::Skipped,
            &format!("master {master}; the SPOT could not be read"),
            "Another showres may run on this SPOT; try again.",
        ),
    }
}

/// Space arithmetic of nimadm.md §3.3: the client's rootvg and a fifth for growth.
fn cache_check(answer: &Answer, used: Option<u64>) -> Check {
    let (id, title) = ("M9", "The cache volume group has room");
    let Ok(vg) = lsvg::info(&answer.text) else {
        let said = answer.text.lines().next().unwrap_or("lsvg said nothing");
        return block(id, title, said, "Name a volume group of the master that is varied on.");
    };
    let Some(used) = used else {
        let found = format!("{} MiB free; how much rootvg uses could not be read", vg.free_mb());
        return check(id, title, Severity::Block, Verdict::Skipped, &found, "Check it by hand.");
    };
    let need = cache_need(used);
    let found = format!("{} MiB free, about {need} MiB needed", vg.free_mb());
    if vg.free_mb() < need {
        block(id, title, &found, "Wait for other runs to end, extend the volume group, or choose another one.")
    } else {
        pass(id, title, &found)
    }
}

/// nimadm would write over it, and nobody could tell an old mksysb from a new one.
fn image_check(image: &Image, place: &Place) -> Check {
    let (id, title, file) = ("ND-6", "The new mksysb has a place", image.file.as_str());
    if place.seen.bytes.is_some() {
        block(id, title, &format!("there is a file {file}"), "Name another one, or move it away.")
    } else if place.seen.defined == Some(true) {
        let name = image.name.as_ref().map_or("", ObjectName::as_str);
        block(id, title, &format!("NIM has an object {name}"), "Choose another name.")
    } else if place.folder {
        let free = place.free.map_or_else(String::new, |free| format!("; its file system has {} free", free.spoken()));
        pass(id, title, &format!("{file} is free{free}"))
    } else {
        let found = format!("there is no directory {}", image.file.parent());
        block(id, title, &found, "Make it, or name another one.")
    }
}

/// An image holds what rootvg's file systems hold, and no paging space: it is smaller than what rootvg uses, MiB, so that less room
/// than that is a warning.
fn room_check(free: Option<u64>, used: Option<u64>) -> Check {
    let (id, title) = ("ND-9", "There is room for the new mksysb");
    let (Some(free), Some(used)) = (free, used) else {
        let found = "df did not say what is free, or the client not what rootvg uses";
        return check(id, title, Severity::Warn, Verdict::Skipped, found, "Check it by hand.");
    };
    let found = format!("{free} MiB free, rootvg uses {used} MiB");
    if free < used {
        warn(id, title, &found, "Name a directory of a larger file system, or extend it (chfs -a size=+4G).")
    } else {
        pass(id, title, &found)
    }
}
