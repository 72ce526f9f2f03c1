//! Comparing a rebooted client with what it should be (nimadm.md §5.1). Pure: snapshots in, checks out.
//!
//! Disks are compared by PVID. Their names may have changed with the reboot, and then `hdisk1` before and `hdisk1` after are
//! two disks.

use super::host::Answer;
use aix::{Level, ObjectName, Pvid, bootlist, lspv::PhysicalVolume, lsvg};
use app::model::{Severity, Snapshot, Verdict, VerificationCheck};

/// What is compared.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Just before nimadm was started.
    pub before: &'a Snapshot,
    /// Now.
    pub after: &'a Snapshot,
    /// The disks the clone was made on.
    pub target: &'a [Pvid],
    /// What NIM said the SPOT holds: `7300-03-01-2520`, `7300-03`.
    pub to_level: Option<&'a str>,
    /// `lppchk -v`.
    pub lppchk: &'a Answer,
}

/// Every check, in the order of nimadm.md §5.1.
#[must_use]
pub fn checks(facts: &Facts<'_>) -> Vec<VerificationCheck> {
    let Facts { before, after, target, to_level, lppchk } = facts;
    let name = |pvid: &Pvid| disk_of(&after.disks, pvid).map_or_else(|| pvid.to_string(), |pv| pv.disk.to_string());
    let targets: Vec<String> = target.iter().map(name).collect();
    let sources: Vec<&Pvid> = in_vg(&before.disks, "rootvg").filter_map(|pv| pv.pvid.as_ref()).collect();
    let vg = |pvid: &Pvid| disk_of(&after.disks, pvid).and_then(|pv| pv.vg.as_ref()).map_or("None", ObjectName::as_str);
    let vgs =
        |pvids: &mut dyn Iterator<Item = &Pvid>| pvids.map(|p| format!("{} {}", name(p), vg(p))).collect::<Vec<_>>();
    let active = |pvid: &Pvid| disk_of(&after.disks, pvid).is_some_and(|pv| pv.state.as_deref() == Some("active"));

    let boot_disk = after.boot_disk.clone().unwrap_or_default();
    let boots = bootlist::devices(&after.boot);
    let first = boots.first().copied().unwrap_or("-");
    let every_boot_has_hd5 = after.boot.iter().all(|boot| boot.blv.as_deref() == Some("hd5"));
    let new_rootvg = !target.is_empty() && target.iter().all(|pvid| vg(pvid) == "rootvg" && active(pvid));
    let old_kept = !sources.is_empty() && sources.iter().all(|pvid| vg(pvid) == "old_rootvg");
    let stale = lsvg::logical_volumes(&after.rootvg).ok().filter(|volumes| !volumes.lvs.is_empty());
    let stale = stale.map(|volumes| volumes.lvs.iter().any(|lv| lv.state.contains("stale")));
    // A host that says nothing, or does not know the command, has not said that something is wrong.
    let unread = |said: &str| said.trim().is_empty();

    vec![
        check(
            "V2",
            "Booted from the clone",
            (!unread(&boot_disk)).then(|| targets.contains(&boot_disk)),
            targets.join(" "),
            boot_disk,
        ),
        check(
            "V3",
            "Level",
            level_reached(before.level, after.level, *to_level),
            to_level.map_or_else(|| "higher than before".to_owned(), str::to_owned),
            after.oslevel.clone(),
        ),
        check(
            "V6",
            "Filesets consistent (lppchk -v)",
            (lppchk.rc != 126 && lppchk.rc != 127).then(|| lppchk.rc == 0 && lppchk.text.trim().is_empty()),
            "nothing to report".to_owned(),
            if lppchk.text.trim().is_empty() {
                format!("nothing, rc {}", lppchk.rc)
            } else {
                lppchk.text.trim().to_owned()
            },
        ),
        check(
            "V7",
            "The clone is the running rootvg",
            (!after.disks.is_empty()).then_some(new_rootvg),
            format!("{} rootvg active", targets.join(" ")),
            vgs(&mut target.iter()).join(", "),
        ),
        check(
            "V7",
            "The old system is kept as old_rootvg",
            (!after.disks.is_empty()).then_some(old_kept),
            "every former rootvg disk in old_rootvg".to_owned(),
            vgs(&mut sources.iter().copied()).join(", "),
        ),
        check(
            "V8",
            "Next boot starts the new system",
            (!after.boot.is_empty()).then(|| targets.iter().any(|disk| disk == first) && every_boot_has_hd5),
            format!("{} blv=hd5", targets.join(" ")),
            after.bootlist.clone(),
        ),
        check(
            "V9",
            "rootvg has no stale partitions",
            stale.map(|stale| !stale),
            "none".to_owned(),
            stale.map_or("lsvg -l rootvg cannot be read", |stale| if stale { "stale" } else { "none" }).to_owned(),
        ),
    ]
}

/// The worst verdict; none without checks.
#[must_use]
pub fn verdict(checks: &[VerificationCheck]) -> Option<Verdict> {
    checks.iter().map(|check| check.verdict).max()
}

/// What differs between two snapshots, in words.
#[must_use]
pub fn diff(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut diff = Vec::new();
    let mut changed = |what: &str, old: &str, new: &str| {
        if old != new {
            diff.push(format!("{what}: {old} → {new}"));
        }
    };
    changed("oslevel", &before.oslevel, &after.oslevel);
    changed("boot disk", before.boot_disk.as_deref().unwrap_or("-"), after.boot_disk.as_deref().unwrap_or("-"));
    changed("bootlist", &bootlist::devices(&before.boot).join(" "), &bootlist::devices(&after.boot).join(" "));
    for old in &before.disks {
        let Some(new) = after.disks.iter().find(|new| match (&old.pvid, &new.pvid) {
            (Some(old), Some(new)) => old == new,
            _ => old.disk == new.disk,
        }) else {
            diff.push(format!("{}: gone", old.disk));
            continue;
        };
        let vg = |pv: &PhysicalVolume| pv.vg.as_ref().map_or_else(|| "None".to_owned(), ObjectName::to_string);
        if old.disk != new.disk {
            diff.push(format!("{} is now called {}", old.disk, new.disk));
        }
        if vg(old) != vg(new) {
            diff.push(format!("{}: {} → {}", new.disk, vg(old), vg(new)));
        }
    }
    diff
}

/// A check that is good, or not, or not known.
fn check(id: &str, title: &str, good: Option<bool>, expected: String, found: String) -> VerificationCheck {
    VerificationCheck {
        id: id.to_owned(),
        title: title.to_owned(),
        severity: Severity::Block,
        verdict: match good {
            Some(true) => Verdict::Pass,
            Some(false) => Verdict::Block,
            None => Verdict::Unknown,
        },
        expected,
        found,
    }
}

/// The level that NIM's SPOT promised was reached; where NIM promised none, it is at least higher than before.
fn level_reached(before: Option<Level>, after: Option<Level>, promised: Option<&str>) -> Option<bool> {
    let after = after?;
    let higher = before.map(|before| after > before);
    // A launch may have gone on without the level before: then the promised one is the evidence.
    let not_lower = higher.unwrap_or(true);
    match promised.map(|text| (text, text.parse::<Level>())) {
        // `oslevel_r` promises a technology level, `oslevel_s` a service pack as well.
        Some((text, Ok(level))) if text.len() > 7 => Some(not_lower && after == level),
        Some((_, Ok(level))) => {
            Some(not_lower && (after.version, after.release, after.tl) == (level.version, level.release, level.tl))
        }
        _ => higher,
    }
}

fn disk_of<'a>(disks: &'a [PhysicalVolume], pvid: &Pvid) -> Option<&'a PhysicalVolume> {
    disks.iter().find(|pv| pv.pvid.as_ref() == Some(pvid))
}

fn in_vg<'a>(disks: &'a [PhysicalVolume], vg: &'a str) -> impl Iterator<Item = &'a PhysicalVolume> {
    disks.iter().filter(move |pv| pv.vg.as_ref().is_some_and(|name| name.as_str() == vg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aix::lspv;
    use app::model::Timestamp;

    fn snapshot(level: &str, lspv: &str, boot: &str, boot_disk: &str) -> Snapshot {
        Snapshot {
            at: Timestamp::from_unix_millis(0),
            level: level.parse().ok(),
            oslevel: level.to_owned(),
            disks: lspv::parse(lspv).unwrap(),
            lspv: lspv.to_owned(),
            boot: bootlist::parse(boot).unwrap(),
            bootlist: boot.to_owned(),
            boot_disk: Some(boot_disk.to_owned()),
            rootvg: ROOTVG.to_owned(),
            uptime: String::new(),
        }
    }

    const ROOTVG: &str = "rootvg:\nLV NAME TYPE LPs PPs PVs LV STATE MOUNT POINT\nhd5 boot 1 1 1 closed/syncd N/A\n";
    const BEFORE: &str = "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 None\n";

    fn failed(after: &Snapshot, lppchk: &str) -> Vec<String> {
        let before = snapshot("7100-05-11-2246", BEFORE, "hdisk0 blv=hd5 pathid=0\nhdisk0 blv=hd5 pathid=1", "hdisk0");
        let facts = Facts {
            before: &before,
            after,
            target: &["00f9c87a12345679".parse().unwrap()],
            to_level: Some("7300-03-01-2520"),
            lppchk: &Answer { rc: 0, text: lppchk.to_owned() },
        };
        let checks = checks(&facts);
        checks.into_iter().filter(|check| check.verdict != Verdict::Pass).map(|check| check.title).collect()
    }

    #[test]
    fn a_good_reboot_passes_even_when_the_disks_changed_names() {
        let after = "hdisk3 00f9c87a12345678 old_rootvg\nhdisk0 00f9c87a12345679 rootvg active\n";
        let after = snapshot("7300-03-01-2520", after, "hdisk0 blv=hd5", "hdisk0");
        assert!(failed(&after, "").is_empty(), "{:?}", failed(&after, ""));
    }

    #[test]
    fn h6_what_the_rebooted_client_does_not_say_is_not_known() {
        let good = "hdisk0 00f9c87a12345678 old_rootvg\nhdisk1 00f9c87a12345679 rootvg active\n";
        let before = snapshot("7100-05-11-2246", BEFORE, "hdisk0 blv=hd5", "hdisk0");
        let whole = snapshot("7300-03-01-2520", good, "hdisk1 blv=hd5", "hdisk1");
        let target = ["00f9c87a12345679".parse().unwrap()];
        let verdicts = |after: &Snapshot, rc, text: &str| {
            let lppchk = Answer { rc, text: text.to_owned() };
            let facts = Facts { before: &before, after, target: &target, to_level: None, lppchk: &lppchk };
            let checks = checks(&facts);
            let wrong = checks.iter().filter(|check| check.verdict != Verdict::Pass);
            wrong.map(|check| (check.id.clone(), check.verdict)).collect::<Vec<_>>()
        };
        assert!(verdicts(&whole, 0, "").is_empty());
        let unknown = |after: Snapshot, rc, text: &str, id: &str| {
            assert_eq!(verdicts(&after, rc, text), [(id.to_owned(), Verdict::Unknown)], "{id}");
        };
        unknown(whole.clone(), 127, "ksh: lppchk: not found", "V6");
        unknown(Snapshot { rootvg: String::new(), ..whole.clone() }, 0, "", "V9");
        unknown(Snapshot { boot: Vec::new(), ..whole.clone() }, 0, "", "V8");
        unknown(Snapshot { boot_disk: None, ..whole.clone() }, 0, "", "V2");
        unknown(Snapshot { level: None, ..whole }, 0, "", "V3");
    }

    #[test]
    fn each_thing_that_can_be_wrong_is_named() {
        let good = "hdisk0 00f9c87a12345678 old_rootvg\nhdisk1 00f9c87a12345679 rootvg active\n";
        let boot = "hdisk1 blv=hd5";
        let cases = [
            (snapshot("7300-03-00-2446", good, boot, "hdisk1"), "", "Level"),
            (snapshot("7300-03-01-2520", good, boot, "hdisk0"), "", "Booted from the clone"),
            (snapshot("7300-03-01-2520", good, boot, "hdisk1"), "bos.rte broken", "Filesets consistent (lppchk -v)"),
            (snapshot("7300-03-01-2520", good, "hdisk1", "hdisk1"), "", "Next boot starts the new system"),
            (snapshot("7300-03-01-2520", good, "hdisk0 blv=hd5", "hdisk1"), "", "Next boot starts the new system"),
            (
                snapshot(
                    "7300-03-01-2520",
                    "hdisk0 00f9c87a12345678 None\nhdisk1 00f9c87a12345679 rootvg active\n",
                    boot,
                    "hdisk1",
                ),
                "",
                "The old system is kept as old_rootvg",
            ),
            (
                snapshot(
                    "7300-03-01-2520",
                    "hdisk0 00f9c87a12345678 old_rootvg\nhdisk1 00f9c87a12345679 altinst_rootvg\n",
                    boot,
                    "hdisk1",
                ),
                "",
                "The clone is the running rootvg",
            ),
        ];
        for (after, lppchk, title) in cases {
            assert_eq!(failed(&after, lppchk), [title]);
        }
    }
}
