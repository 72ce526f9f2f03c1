//! The client's disks and its rootvg (nimadm.md §3.2 C, D, E). Pure.

use super::{
    facts::{ClientFacts, Facts},
    finding::Item,
};
use crate::engine::{
    fact::{Fact, Unread},
    readings, safe,
};
use aix::{ObjectName, bootlist::BootDevice, lspv::PhysicalVolume, lsvg::LogicalVolume};
use app::model::{Check, LaunchRequest, Operation};

pub(super) const N3: Item = Item::blocks("N3", "The client answers its master");
pub(super) const D1: Item = Item::blocks("D1", "The target disks are free");
pub(super) const D3: Item = Item::blocks("D3", "The target disks are large enough");
pub(super) const D5: Item = Item::warns("D5", "Mirrored rootvg has as many target disks");
pub(super) const D6: Item = Item::blocks("D6", "There is no clone yet");
pub(super) const R1: Item = Item::warns("R1", "Logical volume names have at most 11 characters");
pub(super) const R2: Item = Item::blocks("R2", "No names that begin with alt");
pub(super) const R3: Item = Item::blocks("R3", "No multibos instance");
pub(super) const R4: Item = Item::blocks("R4", "No stale partitions in rootvg");
pub(super) const S5: Item = Item::warns("S5", "No interim fixes");

/// Longest name that `alt_` may be put before.
const NAME: usize = 11;
const NO_CLONE: &str = "the operation makes no clone";
const OF_MKSYSB: &str = "what is migrated comes from a mksysb";

pub(super) fn client_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let reached = match &facts.client {
        Fact::Read(Ok(_)) => N3.pass("c_rsh reaches it"),
        Fact::Read(Err(why)) => {
            N3.block(why.as_str(), "On the client: lssrc -s nimsh, /etc/niminfo; name resolution in both directions.")
        }
        Fact::Unreadable(unread) => N3.unknown(unread),
        Fact::NotApplicable => N3.not_applicable("the operation has no client"),
    };
    let mut checks = vec![reached];
    checks.extend(disk_checks(facts, request));
    checks.extend(rootvg_checks(facts, request));
    checks
}

fn disk_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let clone = request.operation.makes_clone();
    let disks = || facts.of_client(|client| client.disks.as_ref());
    let mut checks = Vec::new();
    if !clone {
        checks.push(D1.not_applicable(NO_CLONE));
    }
    for target in request.target_disks.iter().filter(|_| clone) {
        let known = disks().and(facts.of_client(|client| client.bootlist.as_ref()));
        let check = D1.judge(known, NO_CLONE, |(disks, bootlist)| free_check(target.as_str(), disks, bootlist));
        checks.push(Check { title: format!("{target} is free"), field: Some("target_disks".to_owned()), ..check });
    }
    checks.push(if clone { size_check(facts, request) } else { D3.not_applicable(NO_CLONE) });
    let known = disks().and(facts.of_client(|client| client.groups.as_ref()));
    checks.push(if clone {
        D6.judge(known, NO_CLONE, |(disks, groups)| clone_check(disks, groups))
    } else {
        D6.not_applicable(NO_CLONE)
    });
    checks
}

fn free_check(target: &str, disks: &[PhysicalVolume], bootlist: &[BootDevice]) -> Check {
    let Some(volume) = disks.iter().find(|disk| disk.disk.as_str() == target) else {
        return D1.block("the client has no such disk", "Choose a disk that lspv lists.");
    };
    match safe::not_free(volume, bootlist) {
        Some(why) => D1.block(format!("{target} {why}"), "Choose a disk that is in no volume group."),
        None => D1.pass("in no volume group, not in the bootlist"),
    }
}

/// IBM's own number is 500 MB above what is used (nimadm.md §3.1).
fn size_check(facts: &Facts, request: &LaunchRequest) -> Check {
    let target_size = |client: &ClientFacts| match client.sizes.as_ref() {
        Fact::Read(sizes) => {
            let mut sum = 0_u64;
            for target in &request.target_disks {
                match sizes.get(target.as_str()) {
                    Some(Ok(size)) => sum = sum.saturating_add(*size),
                    Some(Err(unread)) => return Fact::Unreadable(unread.clone()),
                    None => {
                        return Fact::Unreadable(Unread {
                            command: format!("bootinfo -s {target}"),
                            rc: None,
                            said: "lspv does not list the disk".to_owned(),
                            why: String::new(),
                        });
                    }
                }
            }
            Fact::Read(sum)
        }
        Fact::Unreadable(unread) => Fact::Unreadable(unread),
        Fact::NotApplicable => Fact::NotApplicable,
    };
    let size = facts.of_client(target_size);
    if request.operation != Operation::Migrate {
        return D3.judge(size, NO_CLONE, |size| {
            let found = format!("{size} MiB; how much the mksysb unpacks to is not known before it is read");
            D3.warn(found, "Compare with the system that the mksysb was made of (lsmksysb -l -f).")
        });
    }
    D3.judge(size.and(facts.rootvg_used()), NO_CLONE, |(size, used)| {
        let found = format!("{size} MiB, rootvg uses {used} MiB");
        if size < used.saturating_add(500) {
            D3.block(
                found,
                "Take a disk with at least 500 MiB more than rootvg uses, better as large as the present one.",
            )
        } else {
            D3.pass(found)
        }
    })
}

/// nimadm refuses where there is a clone, and cleaning up after it would remove that clone.
fn clone_check(disks: &[PhysicalVolume], groups: &[ObjectName]) -> Check {
    let holders = |vg: &str| {
        let held = disks.iter().filter(|pv| readings::in_vg(pv, vg)).map(|pv| pv.disk.to_string()).collect::<Vec<_>>();
        let listed = groups.iter().any(|group| group.as_str() == vg);
        if held.is_empty() && listed { vec!["lsvg".to_owned()] } else { held }
    };
    let (clone, old) = (holders("altinst_rootvg"), holders("old_rootvg"));
    if !clone.is_empty() {
        return D6.block(
            format!("altinst_rootvg is on {}", clone.join(", ")),
            "If nobody needs that clone, remove it (nimadm -C, or alt_rootvg_op -X altinst_rootvg), then check again.",
        );
    }
    if old.is_empty() {
        return D6.pass("no altinst_rootvg, no old_rootvg");
    }
    D6.warn(
        format!("old_rootvg is on {}", old.join(", ")),
        "It is the way back to an earlier system; the next cutover leaves another one of that name. Finalise it if nobody needs it.",
    )
}

fn rootvg_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    // What is restored from a mksysb has nothing of the rootvg that runs.
    let without = if request.operation.reads_mksysb() { OF_MKSYSB } else { "the operation has no client" };
    let volumes = || facts.of_client(|client| client.volumes.as_ref());
    let clone = request.operation == Operation::Migrate;
    let if_clone = |item: Item, judge: &dyn Fn() -> Check| if clone { judge() } else { item.not_applicable(NO_CLONE) };
    vec![
        if_clone(R1, &|| long_names_check(facts)),
        if_clone(R2, &|| {
            R2.judge(volumes(), without, |volumes| match &*select(volumes, |lv| lv.name.starts_with("alt")) {
                "" => R2.pass("none"),
                found => R2.block(found, "alt_disk_copy would destroy them: rename them first."),
            })
        }),
        R3.judge(volumes(), without, |volumes| match &*select(volumes, |lv| lv.name.starts_with("bos_")) {
            "" => R3.pass("no bos_ logical volumes"),
            found => R3.block(found, "nimadm does not support it: remove it with multibos -R."),
        }),
        R4.judge(volumes(), without, |volumes| match &*select(volumes, |lv| lv.state.contains("stale")) {
            "" => R4.pass("all syncd"),
            found => R4.block(found, "Run syncvg -v rootvg first."),
        }),
        if_clone(D5, &|| {
            D5.judge(volumes(), without, |volumes| {
                let mirrored = volumes.iter().any(|lv| lv.pps > lv.lps);
                match (mirrored, request.target_disks.len()) {
                    (false, _) => D5.pass("rootvg is not mirrored"),
                    (true, 2..) => D5.pass(format!("{} target disks", request.target_disks.len())),
                    (true, _) => D5.warn(
                        "rootvg is mirrored, one target disk is named",
                        "The clone will not be mirrored, or does not fit: name as many disks as there are copies.",
                    ),
                }
            })
        }),
        S5.judge(facts.of_client(|client| client.efixes.as_ref()), without, |fixes| {
            let labels: Vec<_> = fixes.iter().map(|fix| fix.label.as_str()).collect();
            let advice = "They do not survive a change of version; check that the target level contains them.";
            if labels.is_empty() { S5.pass("none") } else { S5.warn(labels.join(", "), advice) }
        }),
    ]
}

fn select(volumes: &[LogicalVolume], wanted: impl Fn(&LogicalVolume) -> bool) -> String {
    volumes.iter().filter(|lv| wanted(lv)).map(|lv| lv.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The limit is documented for alt_disk_install, its text is not public (unconfirmed): it warns, it does not block. An image_data only
/// counts where it gives each of the long names a short one.
fn long_names_check(facts: &Facts) -> Check {
    let advice =
        "Cloned names get the prefix alt_ and may have 15 characters: shorten them with an image_data resource.";
    R1.judge(facts.of_client(|client| client.volumes.as_ref()), NO_CLONE, |volumes| {
        let long: Vec<_> = volumes.iter().filter(|lv| lv.name.len() > NAME).collect();
        let found = select(volumes, |lv| lv.name.len() > NAME);
        if long.is_empty() {
            return R1.pass("all are short enough");
        }
        let data = match facts.image_data.as_ref() {
            Fact::Read(data) => data,
            Fact::Unreadable(unread) => return R1.unknown(&unread),
            Fact::NotApplicable => return R1.warn(found, advice),
        };
        let renamed = |lv: &&LogicalVolume| {
            let mut names = data.names.iter().filter(|(mount, _)| lv.mount_point.as_ref() == Some(mount)).peekable();
            names.peek().is_some() && names.all(|(_, name)| !name.is_empty() && name.len() <= NAME)
        };
        let left: Vec<_> = long.iter().filter(|lv| !renamed(lv)).map(|lv| lv.name.as_str()).collect();
        if left.is_empty() {
            R1.pass(format!("image_data renames {found}"))
        } else {
            R1.warn(format!("image_data does not rename {}", left.join(", ")), advice)
        }
    })
}
