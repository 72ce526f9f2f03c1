//! From which level to which, and whether master and hardware can do it (nimadm.md §3.1, §3.2). Pure.

use super::{facts::Facts, finding::Item, questions::Role};
use crate::engine::fact::Fact;
use aix::Level;
use app::model::{Check, LaunchRequest, Operation};

pub(super) const S1: Item = Item::blocks("S1", "The target level is higher");
pub(super) const ND5: Item = Item::blocks("ND-5", "nimadm knows -U");
pub(super) const M1: Item = Item::blocks("M1", "The master is at the target level or above");
pub(super) const H1: Item = Item::blocks("H1", "The hardware runs the target level");

const NOTHING_MIGRATES: &str = "nothing is migrated";

fn version(level: Level) -> (u8, u8) {
    (level.version, level.release)
}

/// What is migrated, and to which level.
pub(super) fn level_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    if request.operation == Operation::Synchronise {
        return [S1, ND5, M1, H1].map(|item| item.not_applicable(NOTHING_MIGRATES)).into();
    }
    let parsed = |role| match facts.level_of(role) {
        // It was looked at when it was read.
        Fact::Read(text) => text.parse().map_or(Fact::NotApplicable, Fact::Read),
        Fact::Unreadable(unread) => Fact::Unreadable(unread),
        Fact::NotApplicable => Fact::NotApplicable,
    };
    let from: Fact<Level> = if request.operation.reads_mksysb() {
        parsed(Role::Mksysb)
    } else {
        facts.of_client(|client| client.level.clone())
    };
    let target = || parsed(Role::Spot);
    let master = || facts.master_level.clone();
    vec![
        S1.judge(from.and(target()), NOTHING_MIGRATES, |(from, target)| {
            if request.update { update_check(from, target) } else { migration_check(from, target) }
        }),
        if request.update {
            ND5.judge(master(), NOTHING_MIGRATES, |master| {
                let found = format!("the master runs {}", master.spoken());
                // nimadm.md §1.1: since the third technology level of 7.3.
                if (master.version, master.release, master.tl) >= (7, 3, 3) {
                    ND5.pass(found)
                } else {
                    ND5.block(found, "Update the master to 7.3 TL3 first, or migrate without -U.")
                }
            })
        } else {
            ND5.not_applicable("-U is not asked for")
        },
        M1.judge(master().and(target()), NOTHING_MIGRATES, |(master, target)| {
            let found = format!("master {}, target {}", master.spoken(), target.spoken());
            if version(master) >= version(target) {
                M1.pass(found)
            } else {
                M1.block(found, "Migrate the master first.")
            }
        }),
        if request.operation.makes_clone() {
            let processor = facts.of_client(|client| client.processor.clone());
            H1.judge(processor.and(target()), "", |((processor, power), target)| {
                if version(target) >= (7, 3) && power < 8 {
                    H1.block(processor, "AIX 7.3 needs POWER8 or later.")
                } else {
                    H1.pass(processor)
                }
            })
        } else {
            H1.not_applicable("the result does not run on this client")
        },
    ]
}

fn update_check(from: Level, target: Level) -> Check {
    let found = format!("{} to {}", from.spoken(), target.spoken());
    let check = if version(from) == version(target) && from < target {
        S1.pass(found)
    } else {
        S1.block(
            found,
            "-U updates within a release; leave it out to migrate to a higher one, or choose another SPOT and lpp_source.",
        )
    };
    Check { title: "The target is a later level of the same release".to_owned(), ..check }
}

fn migration_check(from: Level, target: Level) -> Check {
    let found = format!("{} to {}", from.spoken(), target.spoken());
    if version(from) < version(target) {
        S1.pass(found)
    } else {
        S1.block(
            found,
            "nimadm migrates to a higher version; choose another SPOT and lpp_source, or ask for an update (-U) within the release.",
        )
    }
}
