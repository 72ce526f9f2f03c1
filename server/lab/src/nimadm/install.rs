//! Phase 6: installp, fileset by fileset (nimadm.md §2.6).

use super::{
    RULE,
    phases::{Scene, Step, failure, usr_full},
};
use crate::{
    filesets,
    model::migration::{Change, Fileset},
    scenario::Scenario,
};
use aix::{Level, Phase};
use std::collections::BTreeMap;

/// Filesets that a last pass updates from what came after the base images.
const UPDATED: &[&str] = &["xlC.rte", "rpm.rte", "openssh.base.server", "openssl.base"];
/// Filesets whose root part fails where the scenario says so.
const FAILING: &[&str] = &["bos.perf.tools", "X11.base.lib"];
/// Filesets that an incomplete lpp_source has of an older level.
const OLDER: &[&str] = &["bos.mp64", "bos.rte.libc", "devices.common.IBM.fc.rte"];

/// The steps of phase 6.
pub(super) fn steps(scene: &Scene<'_>) -> Vec<Step> {
    let level = scene.job.level;
    let first = if scene.job.update { "Updating software." } else { "Installing and migrating software." };
    let mut steps = vec![Step::Say(first.to_owned())];
    if !scene.job.update {
        steps.push(Step::Say("Updating install utilities.".to_owned()));
    }
    if !scene.accept_licenses {
        steps.push(licences_refused(level));
        return steps;
    }
    let system =
        scene.work.and_then(|work| work.system.as_ref()).or(scene.clone_group().and_then(|vg| vg.system.as_ref()));
    let none = BTreeMap::new();
    let installed = system.map_or(&none, |system| &system.filesets);
    let names = || installed.keys().map(String::as_str).filter(|name| *name != "bos.rte.install");
    let base: Vec<_> = names().filter(|name| !UPDATED.contains(name)).collect();
    let extra: Vec<_> = scene.bundle.iter().map(String::as_str).collect();
    let locked: Vec<_> = system.iter().flat_map(|system| &system.efixes).flat_map(|efix| &efix.locks).collect();
    let passes = [&["bos.rte.install"][..], &base, UPDATED, &extra];
    for names in passes {
        let planned: Vec<_> = names.iter().map(|name| plan(scene, name)).collect();
        // An update leaves alone what is there already.
        let needed = |plan: &Fileset| {
            !scene.job.update || installed.get(&plan.name).is_none_or(|found| found.level < plan.level)
        };
        let planned: Vec<_> = planned.into_iter().filter(needed).collect();
        if !planned.is_empty() {
            pass(&mut steps, &planned, &|name| scene.job.update && locked.iter().any(|locked| *locked == name));
        }
    }
    if scene.scenario == Scenario::LogBurst {
        steps.push(Step::Burst(100_000));
    }
    let whole = scene.scenario != Scenario::FilesetsFailed;
    verdict(&mut steps, level, whole);
    if scene.scenario == Scenario::DiskFullClone {
        steps.truncate(steps.len() / 2);
        steps.push(usr_full());
    }
    steps
}

fn plan(scene: &Scene<'_>, name: &str) -> Fileset {
    let level = scene.job.level;
    let older = || filesets::known(level.version, level.release).find(|known| *known < level).unwrap_or(level);
    let of = if scene.scenario == Scenario::WrongLevel && OLDER.contains(&name) { older() } else { level };
    let fails = scene.scenario == Scenario::FilesetsFailed && FAILING.contains(&name);
    Fileset { name: name.to_owned(), level: filesets::level_of(name, of), fails }
}

/// (layout unconfirmed)
fn licences_refused(level: Level) -> Step {
    let mut lines = Vec::new();
    banner(&mut lines, "                    Pre-installation Verification...");
    lines.extend(text(&format!(
        "Verifying selections...done
Verifying requisites...done
Results...

FAILURES
--------
  Filesets listed in this section failed pre-installation verification
  and will not be installed.

  License Agreement Failures
  --------------------------
  The installation cannot proceed because the following filesets require
  software license agreements which have not been accepted:

    bos.rte {:<25} # Base Operating System Runtime

  << End of Failure Section >>
",
        filesets::level_of("bos.rte", level)
    )));
    lines.extend(failure(Phase::ALL[5], ""));
    Step::Fail(lines)
}

fn text(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn banner(lines: &mut Vec<String>, title: &str) {
    lines.extend([RULE, title, RULE].map(str::to_owned));
}

/// One installp transaction, from verification to summary. What an interim fix locks is not touched.
fn pass(steps: &mut Vec<Step>, planned: &[Fileset], locked: &dyn Fn(&str) -> bool) {
    let count = planned.len();
    let mut lines = Vec::new();
    banner(&mut lines, "                    Pre-installation Verification...");
    lines.extend(text(
        "Verifying selections...done
Verifying requisites...done
Results...

SUCCESSES
---------
  Filesets listed in this section passed pre-installation verification
  and will be installed.

  Selected Filesets
  -----------------",
    ));
    for Fileset { name, level, .. } in planned {
        lines.push(format!("  {:<43} # {}", format!("{name} {level}"), filesets::title(name)));
    }
    lines.extend(text("\n  << End of Success Section >>\n\n"));
    banner(&mut lines, "                   BUILDDATE Verification ...");
    lines.extend(text(&format!(
        "Verifying build dates...done
FILESET STATISTICS
------------------
{count:>5}  Selected to be installed, of which:
{count:>9}  Passed pre-installation verification
  ----
{count:>5}  Total to be installed

"
    )));
    banner(&mut lines, "                         Installing Software...");
    steps.extend(lines.into_iter().chain([String::new()]).map(Step::Say));
    let mut seconds = 0;
    for (index, planned) in (1_u32..).zip(planned) {
        let Fileset { name, level, .. } = planned;
        seconds += 4 + u32::try_from(name.len()).unwrap_or(0);
        let product = name.split('.').next().unwrap_or(name);
        let head = format!(
            "installp: APPLYING software for:
        {name} {level}

. . . . . << Copyright notice for {product} >> . . . . . . .
 Licensed Materials - Property of IBM
"
        );
        steps.extend(text(&head).into_iter().map(Step::Say));
        if !locked(name) {
            steps.push(Step::Do(Change::Install(planned.clone())));
        }
        let done = format!("Filesets processed:  {index} of {count}  (Total time:  {}).", spoken(seconds));
        steps.extend([String::new(), done, String::new()].map(Step::Say));
    }
    let mut lines = text(&format!(
        "Finished processing all filesets.  (Total time:  {}).

Installation Summary
--------------------
Name                        Level           Part        Event       Result
-------------------------------------------------------------------------------",
        spoken(seconds + 2)
    ));
    for Fileset { name, level, fails } in planned {
        for part in ["USR", "ROOT"].into_iter().take(if filesets::has_root(name) || *fails { 2 } else { 1 }) {
            let bad = *fails && part == "ROOT" || locked(name);
            // A name longer than its column pushes the rest (unconfirmed).
            lines.push(format!(
                "{name:<27} {level:<16}{part:<12}{:<12}{}",
                "APPLY",
                if bad { "FAILED" } else { "SUCCESS" }
            ));
        }
    }
    steps.extend(lines.into_iter().chain([String::new()]).map(Step::Say));
}

/// What install_all_updates says at the end.
fn verdict(steps: &mut Vec<Step>, level: Level, whole: bool) {
    let tl = format!("{}{}00-{:02}", level.version, level.release, level.tl);
    let result = if whole { "SUCCESS" } else { "FAILURE" };
    let lines = format!(
        "install_all_updates: Generating list of updatable rpm packages.
install_all_updates: No updatable rpm packages found.

install_all_updates: Checking for recommended maintenance level {tl}.
install_all_updates: Executing /usr/bin/oslevel -rf, Result = {tl}
install_all_updates: Verification completed.
install_all_updates: Log file is /var/adm/ras/install_all_updates.log
install_all_updates: Result = {result}
Known Recommended Maintenance Levels
------------------------------------
Restoring device ODM database."
    );
    steps.extend(text(&lines).into_iter().map(Step::Say));
}

fn spoken(seconds: u32) -> String {
    if seconds < 60 { format!("{seconds} secs") } else { format!("{} mins {} secs", seconds / 60, seconds % 60) }
}
