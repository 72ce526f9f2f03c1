//! What a nimadm that has ended came to. Pure.
//!
//! The return code alone proves nothing (nimadm.md §1.6), and neither does the log: success is the log's own evidence *and* a
//! clone on the disk it was meant for. Where any of it is missing, something may be left behind, and that is what is said.

use super::{fact::Fact, look::ImageSeen, machine::Ending};
use aix::{
    DiskName, ObjectName, Phase, Pvid,
    log::{Outcome, Verdict},
    lspv::PhysicalVolume,
};

/// The evidence.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// What the whole log says.
    pub verdict: &'a Verdict,
    /// What nimadm returned; none where it never said.
    pub rc: Option<i32>,
    /// In a run in steps, the last phase of this one.
    pub step: Option<Phase>,
    /// `lspv` of the client, now.
    pub disks: &'a [PhysicalVolume],
    /// The target disks as asked for; names hold as long as the client was not rebooted.
    pub targets: &'a [DiskName],
    /// Their PVIDs where they had one before the start.
    pub pvids: &'a [Pvid],
}

/// How it ended, why in words, and the PVIDs of the clone's disks.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> (Ending, Option<String>, Vec<Pvid>) {
    let Evidence { verdict, rc, step, disks, targets, pvids } = evidence;
    let in_clone = |pv: &&PhysicalVolume| pv.vg.as_ref().map(ObjectName::as_str) == Some("altinst_rootvg");
    let wanted =
        |pv: &&PhysicalVolume| targets.contains(&pv.disk) || pv.pvid.as_ref().is_some_and(|pvid| pvids.contains(pvid));
    let any_clone = disks.iter().any(|pv| in_clone(&pv));
    let found: Vec<Pvid> = disks.iter().filter(in_clone).filter(wanted).filter_map(|pv| pv.pvid.clone()).collect();
    // One disk may be enough for a clone that was given two; what was found must be what was asked for.
    let clone_is_there = !found.is_empty() && (pvids.is_empty() || found.iter().all(|pvid| pvids.contains(pvid)));
    let returned = rc.map_or_else(|| "nimadm was killed".to_owned(), |rc| format!("nimadm returned {rc}"));
    let said = verdict.cause.clone().unwrap_or_else(|| returned.clone());
    // A step that is not the last has no log that is complete; its own phases, its return code and the clone are its evidence.
    if let Some(last) = step.filter(|last| *last != Phase::LAST)
        && *rc == Some(0)
        && clone_is_there
        && verdict.failed_phase.is_none()
        && verdict.phases_seen.contains(&last)
    {
        return (Ending::Step { hold: false }, None, found);
    }
    match verdict.outcome {
        Outcome::Success | Outcome::Warning if *rc == Some(0) && clone_is_there => {
            let reason = (verdict.outcome == Outcome::Warning).then_some(said);
            (Ending::CloneReady, reason, found)
        }
        Outcome::Success | Outcome::Warning if !clone_is_there => (
            Ending::Debris,
            Some(format!("The log ends well, but lspv shows no altinst_rootvg on the target disk; {returned}")),
            found,
        ),
        Outcome::Failed if verdict.cleaned_up && !any_clone => (Ending::Clean, Some(said), found),
        Outcome::Failed => (Ending::Debris, Some(said), found),
        // It stopped before it did anything: no phase was begun and the client has no clone.
        Outcome::Incomplete if verdict.phases_seen.is_empty() && !any_clone && rc.is_some_and(|rc| rc != 0) => {
            (Ending::Clean, Some(said), found)
        }
        Outcome::Incomplete => {
            let phase =
                verdict.phases_seen.last().map_or_else(|| "before phase 1".to_owned(), |p| format!("in phase {p}"));
            (Ending::Debris, Some(format!("The log stops {phase} without an end; {returned}")), found)
        }
        Outcome::Success | Outcome::Warning => (Ending::Debris, Some(returned), found),
    }
}

/// How a run ended that was to make a mksysb, and why in words: the log must end well *and* the image be there.
#[must_use]
pub fn judge_image(verdict: &Verdict, rc: Option<i32>, image: ImageSeen) -> (Ending, Option<String>) {
    let returned = rc.map_or_else(|| "nimadm was killed".to_owned(), |rc| format!("nimadm returned {rc}"));
    let said = verdict.cause.clone().unwrap_or_else(|| returned.clone());
    let good = matches!(verdict.outcome, Outcome::Success | Outcome::Warning) && rc == Some(0);
    let missing = match image {
        ImageSeen { bytes: None, .. } => Some("the file of the new mksysb is not there"),
        ImageSeen { bytes: Some(0), .. } => Some("the file of the new mksysb is empty"),
        ImageSeen { defined: Some(false), .. } => Some("NIM does not know the new mksysb"),
        _ => None,
    };
    match missing {
        None if good => (Ending::Completed, (verdict.outcome == Outcome::Warning).then_some(said)),
        Some(missing) if good => (Ending::Debris, Some(format!("The log ends well, but {missing}"))),
        _ if image.is_there() => (Ending::Debris, Some(said)),
        _ if verdict.cleaned_up || (verdict.phases_seen.is_empty() && rc.is_some_and(|rc| rc != 0)) => {
            (Ending::Clean, Some(said))
        }
        _ => (Ending::Debris, Some(said)),
    }
}

/// The level of bos.alt_disk_install.rte; none where it is not installed.
type Level = Fact<Option<String>>;

/// How `nimadm -M` ended: the levels of bos.alt_disk_install.rte on the master and in the SPOT are the evidence; its log is no migration's.
#[must_use]
pub fn judge_levels(rc: Option<i32>, master: &Level, spot: &Level, said: &str) -> (Ending, Option<String>) {
    let shown = |level: &Level| match level {
        Fact::Read(level) => level.clone().unwrap_or_else(|| "none".to_owned()),
        Fact::Unreadable(unread) => format!("one that is not known ({unread})"),
        Fact::NotApplicable => "one that nobody asked for".to_owned(),
    };
    if let (Some(0), Fact::Read(Some(here)), Fact::Read(Some(there))) = (rc, master, spot)
        && here == there
    {
        return (Ending::Completed, Some(format!("Master and SPOT have bos.alt_disk_install.rte {here}.")));
    }
    let returned = rc.map_or_else(|| "was killed".to_owned(), |rc| format!("returned {rc}"));
    let levels = format!("the master has bos.alt_disk_install.rte {}, the SPOT {}", shown(master), shown(spot));
    (Ending::Clean, Some(format!("nimadm -M {returned}: {levels}. It said: {said}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aix::lspv;

    #[test]
    fn an_image_needs_the_log_the_return_code_the_file_and_its_name() {
        let seen = |bytes, defined| ImageSeen { bytes, defined };
        let (good, whole) = (verdict(Outcome::Success), seen(Some(4096), Some(true)));
        let of = |verdict: &Verdict, rc, image| judge_image(verdict, rc, image).0;
        assert_eq!(of(&good, Some(0), whole), Ending::Completed);
        assert_eq!(of(&good, Some(0), seen(Some(4096), None)), Ending::Completed);
        assert_eq!(of(&good, Some(1), whole), Ending::Debris);
        assert_eq!(of(&good, None, whole), Ending::Debris);
        for missing in [seen(None, Some(true)), seen(Some(0), None), seen(Some(4096), Some(false)), seen(None, None)] {
            assert_eq!(of(&good, Some(0), missing), Ending::Debris, "{missing:?}");
        }
        let mut failed = verdict(Outcome::Failed);
        assert_eq!(of(&failed, Some(1), seen(None, None)), Ending::Debris, "it did not say that it cleaned up");
        failed.cleaned_up = true;
        assert_eq!(of(&failed, Some(1), seen(None, None)), Ending::Clean);
        assert_eq!(of(&failed, Some(1), whole), Ending::Debris, "a file was left");
    }

    #[test]
    fn levels_that_differ_are_no_success_whatever_nimadm_returned() {
        let fact = |level: Option<&str>| Fact::Read(level.map(str::to_owned));
        let of = |rc, master, spot| judge_levels(rc, &fact(master), &fact(spot), "").0;
        assert_eq!(of(Some(0), Some("7.3.3.1"), Some("7.3.3.1")), Ending::Completed);
        assert_eq!(of(Some(0), Some("7.3.3.1"), Some("7.3.2.0")), Ending::Clean);
        assert_eq!(of(Some(1), Some("7.3.3.1"), Some("7.3.3.1")), Ending::Clean);
        assert_eq!(of(None, Some("7.3.3.1"), Some("7.3.3.1")), Ending::Clean);
        assert_eq!(of(Some(0), None, None), Ending::Clean);
        assert_eq!(judge_levels(Some(0), &Fact::NotApplicable, &Fact::NotApplicable, "").0, Ending::Clean);
    }

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict {
            outcome,
            phases_seen: vec![Phase::FIRST],
            failed_phase: None,
            codes: Vec::new(),
            failed_filesets: Vec::new(),
            cancelled_filesets: Vec::new(),
            cause: None,
            advice: None,
            cleaned_up: false,
        }
    }

    fn ending(verdict: &Verdict, rc: Option<i32>, vg: &str) -> Ending {
        let disks =
            lspv::parse(&format!("hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 {vg}\n")).unwrap();
        let targets = ["hdisk1".parse().unwrap()];
        let pvids = ["00f9c87a12345679".parse().unwrap()];
        judge(&Evidence { verdict, rc, step: None, disks: &disks, targets: &targets, pvids: &pvids }).0
    }

    #[test]
    fn a_step_goes_on_only_with_its_phases_its_return_code_and_the_clone() {
        let steps = |seen: &[u8], rc, vg: &str| {
            let mut verdict = verdict(Outcome::Incomplete);
            verdict.phases_seen = seen.iter().map(|n| Phase::try_from(*n).unwrap()).collect();
            let disks = lspv::parse(&format!("hdisk1 00f9c87a12345679 {vg}\n")).unwrap();
            let targets = ["hdisk1".parse().unwrap()];
            let step = Phase::try_from(3).ok();
            judge(&Evidence { verdict: &verdict, rc, step, disks: &disks, targets: &targets, pvids: &[] }).0
        };
        assert_eq!(steps(&[1, 2, 3], Some(0), "altinst_rootvg"), Ending::Step { hold: false });
        assert_eq!(steps(&[1, 2], Some(0), "altinst_rootvg"), Ending::Debris);
        assert_eq!(steps(&[1, 2, 3], Some(1), "altinst_rootvg"), Ending::Debris);
        assert_eq!(steps(&[1, 2, 3], Some(0), "None"), Ending::Debris);
    }

    #[test]
    fn success_needs_the_log_the_return_code_and_the_clone() {
        let good = verdict(Outcome::Success);
        assert_eq!(ending(&good, Some(0), "altinst_rootvg"), Ending::CloneReady);
        assert_eq!(ending(&good, Some(0), "None"), Ending::Debris);
        assert_eq!(ending(&good, Some(1), "altinst_rootvg"), Ending::Debris);
        assert_eq!(ending(&good, None, "altinst_rootvg"), Ending::Debris);
        assert_eq!(ending(&verdict(Outcome::Incomplete), Some(0), "altinst_rootvg"), Ending::Debris);
    }

    #[test]
    fn a_failure_is_clean_only_when_nimadm_said_so_and_nothing_is_left() {
        let mut failed = verdict(Outcome::Failed);
        assert_eq!(ending(&failed, Some(1), "None"), Ending::Debris);
        failed.cleaned_up = true;
        assert_eq!(ending(&failed, Some(1), "None"), Ending::Clean);
        assert_eq!(ending(&failed, Some(1), "altinst_rootvg"), Ending::Debris);
    }

    #[test]
    fn a_log_that_just_stops_is_debris() {
        assert_eq!(ending(&verdict(Outcome::Incomplete), None, "None"), Ending::Debris);
        assert_eq!(ending(&verdict(Outcome::Incomplete), Some(137), "altinst_rootvg"), Ending::Debris);
    }
}
