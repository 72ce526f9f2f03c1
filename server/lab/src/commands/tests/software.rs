//! Filesets, levels and interim fixes.

use super::{HOSTS, Lab};
use crate::{
    filesets,
    model::{Efix, State, System},
};
use aix::{
    OsLevel, efix,
    instfix::{self, Status},
    lppchk, lslpp, oslevel,
};

fn locked(system: &System, fileset: &str) -> bool {
    system.efixes.iter().any(|efix| efix.locks.iter().any(|name| name == fileset))
}

fn state(system: &System, fileset: &str) -> lslpp::State {
    match system.filesets[fileset].state {
        State::Broken => lslpp::State::Broken,
        _ if locked(system, fileset) => lslpp::State::EfixLocked,
        State::Applied => lslpp::State::Applied,
        State::Committed => lslpp::State::Committed,
    }
}

/// Every form of every command against the filesets and fixes of the system.
fn agrees(lab: &Lab, host: &str) {
    let system = lab.system(host);
    levels_agree(lab, host, &system);
    filesets_agree(lab, host, &system);
    broken_agree(lab, host, &system);
    keywords_agree(lab, host, &system);
    fixes_agree(lab, host, &system);
}

fn levels_agree(lab: &Lab, host: &str, system: &System) {
    let level = system.level();
    assert_eq!(oslevel::parse(&lab.ask(host, "oslevel -s")).unwrap(), OsLevel::from(level), "{host}");
    assert_eq!(oslevel::parse(&lab.ask(host, "oslevel -r")).unwrap().tl(), Some(level.tl));
    assert_eq!(lab.ask(host, "oslevel"), format!("{}.{}.0.0\n", level.version, level.release));
    let known = oslevel::known(&lab.ask(host, "oslevel -sq")).unwrap();
    assert!(level.build == 0 || known.contains(&OsLevel::from(level)), "{host}: {known:?}");
    let tls = oslevel::known(&lab.ask(host, "oslevel -q -r")).unwrap();
    assert_eq!(tls.len(), usize::from(known[0].tl().unwrap()) + 1);
    let newest = filesets::known(level.version, level.release).next().unwrap();
    let behind = oslevel::behind(&lab.ask(host, &format!("oslevel -sl {newest}"))).unwrap();
    let behind: Vec<_> = behind.into_iter().map(|row| (row.fileset, row.actual, row.recommended)).collect();
    let wanted = filesets::behind(&system.filesets, newest).into_iter();
    assert_eq!(behind, wanted.map(|(name, is, should)| (name.to_owned(), *is, should)).collect::<Vec<_>>(), "{host}");
}

fn filesets_agree(lab: &Lab, host: &str, system: &System) {
    let names: Vec<_> = system.filesets.keys().cloned().collect();
    let row = |name: &String| (name.clone(), system.filesets[name].level.to_string(), state(system, name));
    let rows: Vec<_> = names.iter().map(row).collect();
    let listed = lslpp::listing(&lab.ask(host, "lslpp -L")).unwrap();
    let found = listed.iter().map(|row| (row.fileset.clone(), row.level.clone(), row.state.clone()));
    assert_eq!(found.collect::<Vec<_>>(), rows);
    assert!(listed.iter().all(|row| row.description.as_deref() == Some(filesets::title(&row.fileset))));
    let packages = lslpp::packages(&lab.ask(host, "lslpp -Lc all")).unwrap();
    let found = packages.iter().map(|row| (row.fileset.clone(), row.level.clone(), row.fix_state.clone().unwrap()));
    assert_eq!(found.collect::<Vec<_>>(), rows);
    assert!(packages.iter().all(|row| row.efix_locked == Some(row.fix_state == Some(lslpp::State::EfixLocked))));
    let colons = lslpp::installed_colons(&lab.ask(host, "lslpp -lc")).unwrap();
    let (usr, root): (Vec<_>, Vec<_>) = colons.iter().partition(|row| row.path == "/usr/lib/objrepos");
    let found = usr.iter().map(|row| (row.fileset.clone(), row.level.clone(), row.state.clone()));
    assert_eq!(found.collect::<Vec<_>>(), rows);
    let rooted = |name: &&String| filesets::has_root(name) && system.filesets[*name].state != State::Broken;
    let wanted: Vec<_> = names.iter().filter(rooted).collect();
    assert_eq!(root.iter().map(|row| &row.fileset).collect::<Vec<_>>(), wanted);
    let table = lslpp::installed(&lab.ask(host, "lslpp -l")).unwrap();
    let same = |(a, b): (&lslpp::Installed, &lslpp::InstalledColons)| {
        (a.path.as_ref(), &a.fileset, &a.level, &a.state) == (Some(&b.path), &b.fileset, &b.level, &b.state)
    };
    assert!(table.len() == colons.len() && table.iter().zip(&colons).all(same));
}

fn broken_agree(lab: &Lab, host: &str, system: &System) {
    let all = system.filesets.iter().filter(|(_, found)| found.state == State::Broken);
    let broken: Vec<_> = all.map(|(name, _)| name).collect();
    let checked = lab.run(host, "lppchk -vm3");
    let findings = lppchk::parse(&checked.stdout).unwrap();
    let found = findings.iter().filter_map(|finding| match finding {
        lppchk::Finding::Fileset { fileset, .. } => Some(fileset),
        _ => None,
    });
    assert_eq!((found.collect::<Vec<_>>(), checked.code), (broken.clone(), u8::from(!broken.is_empty())), "{host}");
    for flag in ["-c", "-f", "-l"] {
        assert_eq!(lab.ask(host, &format!("lppchk {flag}")), "");
    }
}

fn keywords_agree(lab: &Lab, host: &str, system: &System) {
    let fixes = instfix::parse(&lab.ask(host, "instfix -i")).unwrap();
    let sets = instfix::filesets(&lab.ask(host, "instfix -icqv")).unwrap();
    for fix in &fixes {
        // `7.2.0.0_AIX_ML` names no technology level.
        let level = fix.level().unwrap();
        let (tl, sp) = (level.tl().unwrap_or(0), level.sp().unwrap_or(0));
        let behind = filesets::behind(&system.filesets, filesets::level(level.version(), level.release(), tl, sp, 0));
        let behind: Vec<_> = behind.iter().map(|row| row.0).collect();
        assert_eq!(fix.complete, behind.is_empty(), "{host}: {fix:?}");
        let below = sets.iter().filter(|row| row.keyword == fix.keyword && row.status == Status::Below);
        assert_eq!(below.map(|row| row.fileset.as_str()).collect::<Vec<_>>(), behind);
        let one = lab.run(host, &format!("instfix -ik {}", fix.keyword));
        assert_eq!((one.code, instfix::parse(&one.stdout).unwrap()), (u8::from(!fix.complete), vec![fix.clone()]));
    }
    let levels: Vec<_> = fixes.iter().filter(|fix| fix.keyword.ends_with("_AIX_ML")).collect();
    let tls = oslevel::known(&lab.ask(host, "oslevel -rq")).unwrap().len();
    assert_eq!(levels.len(), tls + 1);
    let base = levels.iter().position(|fix| fix.keyword.contains(".0.0_"));
    assert_eq!(base, Some(if system.level().version < 7 { tls } else { 0 }));
    assert!(fixes.len() > levels.len(), "{host}: no service pack");
}

fn fixes_agree(lab: &Lab, host: &str, system: &System) {
    let text = lab.ask(host, "emgr -l");
    let wanted = (1..).zip(&system.efixes).map(|(id, efix)| efix::Efix {
        id,
        state: efix.state.replace('*', ""),
        label: efix.label.clone(),
        install_time: efix.installed.clone(),
        updated_by: None,
        about: Some(efix.title.clone()),
    });
    assert_eq!(efix::parse(&text).unwrap(), wanted.collect::<Vec<_>>());
    let level = system.level();
    let rule = if (level.version, level.release) >= (7, 3) { "\n====== =====" } else { "\n=== =====" };
    assert!(system.efixes.is_empty() || text.contains(rule), "{text}");
    assert_eq!(lab.ask(host, "lslpp -e"), text);
}

#[test]
fn software_is_what_the_model_holds_whole_lagging_and_broken() {
    let lab = Lab::new();
    for host in HOSTS {
        agrees(&lab, host);
        let before = lab.system(host).level();
        lab.lag(host, "bos.net.tcp.ntp");
        assert!(lab.system(host).level() < before);
        agrees(&lab, host);
        lab.state(host, "X11.base.lib", State::Broken);
        lab.state(host, "bos.rte.libc", State::Applied);
        agrees(&lab, host);
        let broken = lslpp::installed(&lab.ask(host, "lslpp -l X11.base.lib")).unwrap();
        assert_eq!((broken.len(), &broken[0].state), (1, &lslpp::State::Broken));
    }
}

#[test]
fn names_patterns_and_quiet_forms_of_lslpp() {
    let lab = Lab::new();
    let quiet = lab.ask("nim1", "lslpp -Lqc bos.alt_disk_install.rte");
    assert_eq!(
        quiet,
        "bos.alt_disk_install:bos.alt_disk_install.rte:7.3.3.1: : :C: :Alternate Disk Installation Runtime: : : : : : :0:0:/:2520\n"
    );
    let some = lslpp::listing(&lab.ask("lpar72", "lslpp -L 'bos.alt*' bos.rte")).unwrap();
    assert_eq!(some.len(), 3);
    assert!(!lab.ask("lpar72", "lslpp -Lq bos.rte").contains("State"));
    let missing = lab.run("lpar72", "lslpp -L bos.rte bos.wpars");
    assert_eq!((missing.code, missing.stderr.as_str()), (1, "lslpp: 0504-132  Fileset bos.wpars not installed.\n"));
    assert_eq!(lslpp::listing(&missing.stdout).unwrap().len(), 1);
    assert_eq!(lab.run("lpar72", "instfix -ik IV00000").code, 1);
    assert_eq!(lab.run("lpar72", "oslevel -rl 7300-01").code, 1);
}

#[test]
fn what_is_applied_is_committed_and_what_is_broken_is_cleaned_up() {
    let lab = Lab::new();
    assert_eq!(lab.run("lpar71", "installp -s").stdout, "");
    lab.state("lpar71", "bos.rte.libc", State::Applied);
    lab.state("lpar71", "X11.motif.lib", State::Broken);
    assert!(lab.ask("lpar71", "installp -s all").contains("bos.rte.libc"));
    assert!(lab.ask("lpar71", "installp -pc all").contains("PREVIEW"));
    assert_eq!(lab.system("lpar71").filesets["bos.rte.libc"].state, State::Applied);
    let summary = lab.ask("lpar71", "installp -cgX all");
    assert!(summary.contains("ROOT        COMMIT      SUCCESS") && !summary.contains("X11"), "{summary}");
    assert_eq!(lab.system("lpar71").filesets["bos.rte.libc"].state, State::Committed);
    assert!(lab.ask("lpar71", "installp -C").contains("X11.motif.lib"));
    assert!(!lab.system("lpar71").filesets.contains_key("X11.motif.lib"));
    agrees(&lab, "lpar71");
    assert!(lab.ask("lpar61", "rpm -qa").lines().all(|line| line.ends_with(".aix6.1.ppc")));
    assert_eq!(lab.run("lpar61", "rpm -q nothing").code, 1);
}

#[test]
fn interim_fixes_are_shown_in_detail_and_removed() {
    let lab = Lab::new();
    let detail = lab.ask("lpar73", "emgr -lv3");
    assert!(["IJ50934s1a", "REBOOT REQUIRED", "bos.mp64", "IJ50428s1a"].iter().all(|text| detail.contains(text)));
    let locked = lab.ask("lpar73", "emgr -P");
    assert!(locked.contains("bos.mp64") && locked.contains("IJ50934s1a"));
    assert_eq!(lab.run("lpar73", "emgr -r -L IJ00000s1a").code, 1);
    lab.ask("lpar73", "emgr -rp -L IJ50934s1a");
    assert_eq!(lab.system("lpar73").efixes.len(), 2);
    lab.ask("lpar73", "emgr -r -L IJ50934s1a");
    let left: Vec<_> = lab.system("lpar73").efixes.into_iter().map(|Efix { label, .. }| label).collect();
    assert_eq!(left, ["IJ50428s1a"]);
    agrees(&lab, "lpar73");
    assert_eq!(lab.ask("lpar61", "emgr -lv3"), "There is no efix data on this system.\n");
}
