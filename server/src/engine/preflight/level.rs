//! From which level to which, and whether master and hardware can do it (nimadm.md §3.1, §3.2). Pure.

use super::{
    Facts,
    finding::{block, check, pass},
};
use aix::Level;
use app::model::{Check, LaunchRequest, Severity, Verdict};

/// What is migrated, and to which level; `S1`, `M1`, `ND-5`, and `H1` where a client is to run it.
pub(super) fn level_checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let mut checks = Vec::new();
    let client = facts.client.as_ref().and_then(|client| client.as_ref().ok());
    let from: Option<Level> = if request.operation.reads_mksysb() {
        facts.mksysb.as_ref().and_then(|mksysb| mksysb.level.as_deref()).and_then(|level| level.parse().ok())
    } else {
        client.map(|client| client.level)
    };
    let target: Option<Level> =
        facts.spot.as_ref().and_then(|spot| spot.level.as_deref()).and_then(|level| level.parse().ok());
    let Some(target) = target else {
        let found = "NIM does not say which level the SPOT holds";
        return vec![check("S1", "The target level is higher", Severity::Block, Verdict::Skipped, found, "")];
    };
    let Some(from) = from else {
        let found = "the level that is to be migrated could not be read";
        return vec![check(
            "S1",
            "The target level is higher",
            Severity::Block,
            Verdict::Skipped,
            found,
            "Check it by hand.",
        )];
    };
    let found = format!("{} to {}", from.spoken(), target.spoken());
    let version = |level: Level| (level.version, level.release);
    if request.update {
        checks.push(if version(from) == version(target) && from < target {
            pass("S1", "The target is a later level of the same release", &found)
        } else {
            block(
                "S1",
                "The target is a later level of the same release",
                &found,
                "-U updates within a release; leave it out to migrate to a higher one, or choose another SPOT and lpp_source.",
            )
        });
        // nimadm.md §1.1: since the third technology level of 7.3.
        let knows = |level: Level| (level.version, level.release, level.tl) >= (7, 3, 3);
        if let Some(master) = facts.master_level.filter(|level| !knows(*level)) {
            let found = format!("the master runs {}", master.spoken());
            checks.push(block(
                "ND-5",
                "nimadm knows -U",
                &found,
                "Update the master to 7.3 TL3 first, or migrate without -U.",
            ));
        }
    } else {
        checks.push(if version(from) < version(target) {
        pass("S1", "The target version is higher", &found)
    } else {
        block(
            "S1",
            "The target version is higher",
            &found,
            "nimadm migrates to a higher version; choose another SPOT and lpp_source, or ask for an update (-U) within the release.",
        )
    });
    }
    if let Some(master) = facts.master_level {
        let found = format!("master {}, target {}", master.spoken(), target.spoken());
        checks.push(if version(master) >= version(target) {
            pass("M1", "The master is at the target level or above", &found)
        } else {
            block("M1", "The master is at the target level or above", &found, "Migrate the master first.")
        });
    }
    let runs_there = request.operation.makes_clone();
    if let Some(processor) = client.and_then(|client| client.processor.as_deref()).filter(|_| runs_there) {
        let power: Option<u32> = processor.rsplit_once("POWER").and_then(|(_, n)| n.parse().ok());
        let old = version(target) >= (7, 3) && power.is_some_and(|generation| generation < 8);
        checks.push(if old {
            block("H1", "The hardware runs the target level", processor, "AIX 7.3 needs POWER8 or later.")
        } else {
            pass("H1", "The hardware runs the target level", processor)
        });
    }
    checks
}
