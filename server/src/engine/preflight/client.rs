//! The client's disks and its rootvg (nimadm.md §3.2 C, D, E). Pure.

use super::{
    ClientFacts,
    finding::{block, check, pass, warn},
};
use crate::engine::safe;
use aix::{lspv::PhysicalVolume, lsvg};
use app::model::{Check, LaunchRequest, Operation, Severity, Verdict};

pub(super) fn disk_checks(client: &ClientFacts, request: &LaunchRequest) -> Vec<Check> {
    let inventory = &client.inventory;
    let mut checks = Vec::new();
    for target in &request.target_disks {
        let title = format!("{target} is free");
        let Some(disk) = inventory.disks.iter().find(|disk| disk.disk == *target) else {
            checks.push(block("D1", &title, "the client has no such disk", "Choose a disk that lspv lists."));
            continue;
        };
        let volume = PhysicalVolume {
            disk: disk.disk.clone(),
            pvid: disk.pvid.clone(),
            vg: disk.vg.clone(),
            state: disk.state.clone(),
        };
        checks.push(match safe::not_free(&volume, &inventory.bootlist) {
            Some(why) => block("D1", &title, &format!("{target} {why}"), "Choose a disk that is in no volume group."),
            None => pass("D1", &title, "in no volume group, not in the bootlist"),
        });
    }
    let size: Option<u64> = request
        .target_disks
        .iter()
        .map(|target| inventory.disks.iter().find(|disk| disk.disk == *target).and_then(|disk| disk.size))
        .sum();
    let title = "The target disks are large enough";
    // How much a mksysb unpacks to is known to nobody before it is read.
    let used = inventory.rootvg_used.filter(|_| request.operation == Operation::Migrate);
    // IBM's own number is 500 MB above what is used (nimadm.md §3.1).
    checks.push(match (size, used) {
        (Some(size), Some(used)) if size < used.saturating_add(500) => block(
            "D3",
            title,
            &format!("{size} MiB, rootvg uses {used} MiB"),
            "Take a disk with at least 500 MiB more than rootvg uses, better as large as the present one.",
        ),
        (Some(size), Some(used)) => pass("D3", title, &format!("{size} MiB, rootvg uses {used} MiB")),
        (Some(size), None) => check(
            "D3",
            title,
            Severity::Block,
            Verdict::Skipped,
            &format!("{size} MiB; how much is needed is not known"),
            "Check it by hand.",
        ),
        (None, _) => {
            check("D3", title, Severity::Block, Verdict::Skipped, "the sizes could not be read", "Check them by hand.")
        }
    });
    checks
}

pub(super) fn rootvg_checks(client: &ClientFacts, request: &LaunchRequest) -> Vec<Check> {
    // What cannot be read cannot be passed: multibos or a stale mirror would go unseen.
    let volumes = match &client.volumes {
        Ok(volumes) => volumes,
        Err(why) => return vec![block("R3", "rootvg can be looked at", why, "Run lsvg -l rootvg on the client.")],
    };
    let mut checks = Vec::new();
    let names =
        |found: Vec<&lsvg::LogicalVolume>| found.iter().map(|lv| lv.name.clone()).collect::<Vec<_>>().join(", ");
    let select =
        |wanted: &dyn Fn(&lsvg::LogicalVolume) -> bool| names(volumes.iter().filter(|lv| wanted(lv)).collect());
    let multibos = select(&|lv| lv.name.starts_with("bos_"));
    checks.push(if multibos.is_empty() {
        pass("R3", "No multibos instance", "no bos_ logical volumes")
    } else {
        block("R3", "No multibos instance", &multibos, "nimadm does not support it: remove it with multibos -R.")
    });
    let stale = select(&|lv| lv.state.contains("stale"));
    checks.push(if stale.is_empty() {
        pass("R4", "No stale partitions in rootvg", "all syncd")
    } else {
        block("R4", "No stale partitions in rootvg", &stale, "Run syncvg -v rootvg first.")
    });
    let clone = request.operation.makes_clone();
    let alt = select(&|lv| clone && lv.name.starts_with("alt"));
    if !alt.is_empty() {
        checks.push(block(
            "R2",
            "No names that begin with alt",
            &alt,
            "alt_disk_copy would destroy them: rename them first.",
        ));
    }
    // The limit is documented for alt_disk_install, its text is not public (unconfirmed): it warns, it does not block.
    let long = select(&|lv| clone && lv.name.len() > 11);
    if !long.is_empty() && request.image_data.is_none() {
        checks.push(warn(
            "R1",
            "Logical volume names have at most 11 characters",
            &long,
            "Cloned names get the prefix alt_ and may have 15 characters: shorten them with an image_data resource.",
        ));
    }
    let mirrored = volumes.iter().any(|lv| lv.pps > lv.lps);
    if mirrored && clone && request.target_disks.len() < 2 {
        checks.push(warn(
            "D5",
            "Mirrored rootvg has as many target disks",
            "rootvg is mirrored, one target disk is named",
            "The clone will not be mirrored, or does not fit: name as many disks as there are copies.",
        ));
    }
    checks.push(match &client.efixes {
        None => check("S5", "No interim fixes", Severity::Warn, Verdict::Skipped, "emgr -l could not be read", ""),
        Some(fixes) if fixes.is_empty() => pass("S5", "No interim fixes", "none"),
        Some(fixes) => {
            let labels: Vec<_> = fixes.iter().map(|fix| fix.label.as_str()).collect();
            let advice = "They do not survive a change of version; check that the target level contains them.";
            warn("S5", "No interim fixes", &labels.join(", "), advice)
        }
    });
    checks
}
