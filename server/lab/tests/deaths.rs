//! Every phase, and every way to die in it: the running system is never touched, `nimadm -C` gives the client back, and the next run
//! succeeds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

mod support;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use support::Estate;

const CALL: &str = "nimadm -c lpar71 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk1 -Y -B";
const CLEAN: &str = "nimadm -C -c lpar71 -s spot_7300_03_01";

/// A run that is to end badly.
#[derive(Debug, Clone)]
enum Death {
    /// nimadm dies by itself in the middle of a phase.
    Killed(u8),
    /// nimadm meets an error in a phase.
    Fails(u8),
    /// Somebody sends SIGKILL as soon as the log has so many lines.
    Signal(usize),
    /// The client is rebooted as soon as the log has so many lines.
    Reboot(usize),
    /// The master is.
    MasterReboot(usize),
}

fn death() -> impl Strategy<Value = Death> {
    prop_oneof![
        (1..=12_u8).prop_map(Death::Killed),
        (1..=12_u8).prop_map(Death::Fails),
        (10..900_usize).prop_map(Death::Signal),
        (10..900_usize).prop_map(Death::Reboot),
        (10..900_usize).prop_map(Death::MasterReboot),
    ]
}

fn phases(estate: &Estate) -> String {
    let log = std::fs::read_to_string(estate.root("nim1").join("var/adm/ras/alt_mig/lpar71_alt_mig.log")).unwrap();
    log.lines().filter_map(|line| line.strip_prefix("Executing nimadm phase ")).collect::<Vec<_>>().join("")
}

/// Starts a run and does something to it after so many lines; waits for its end.
fn interrupt(estate: &Estate, call: &str, after: usize, act: impl FnOnce(u32)) {
    use std::io::{BufRead, BufReader, Read};
    let mut shell = estate.shell("nim1", &format!("exec {call}"));
    let mut run = shell.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stdout.take().unwrap());
    for _ in 0..after {
        if lines.read_line(&mut String::new()).unwrap() == 0 {
            break;
        }
    }
    act(run.id());
    drop(lines.read_to_end(&mut Vec::new()));
    run.wait().unwrap();
}

/// Waits until a host answers again after a reboot.
fn until_up(estate: &Estate, host: &str) {
    while !estate.ask(host, "uptime").contains("up") {}
    let file = estate.host(host).join("host.json");
    while !std::fs::read_to_string(&file).unwrap().contains("\"power\":\"running\"") {
        estate.ask(host, "lspv");
    }
}

fn dies(estate: &Estate, death: &Death, cache: bool) {
    let call = if cache { format!("{CALL} -j nimadmvg") } else { CALL.to_owned() };
    let (before, clean) = (estate.untouched("lpar71"), estate.clean("lpar71"));
    match death {
        Death::Killed(phase) => {
            estate.scenario("lpar71", &format!("killed-in-{phase}"));
            assert_eq!(
                estate
                    .run("nim1", &format!("{call}; echo rc=$?"))
                    .stdout
                    .trim_ascii_end()
                    .rsplit(|b| *b == b'=')
                    .next(),
                Some(&b"137"[..])
            );
        }
        Death::Fails(phase) => {
            estate.scenario("lpar71", &format!("fails-in-{phase}"));
            assert_eq!(estate.run("nim1", &call).status.code(), Some(1));
        }
        Death::Signal(lines) => interrupt(estate, &call, *lines, |pid| {
            std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
        }),
        Death::Reboot(lines) => interrupt(estate, &call, *lines, |_| {
            estate.run("lpar71", "shutdown -Fr");
        }),
        Death::MasterReboot(lines) => interrupt(estate, &call, *lines, |_| {
            estate.run("nim1", "shutdown -Fr");
        }),
    }
    if matches!(death, Death::Reboot(_)) {
        until_up(estate, "lpar71");
    }
    if matches!(death, Death::MasterReboot(_)) {
        until_up(estate, "nim1");
    }
    estate.scenario("lpar71", "healthy");
    assert_eq!(estate.untouched("lpar71"), before, "the running system changed");
    estate.ask("nim1", CLEAN);
    assert_eq!(estate.untouched("lpar71"), before, "the clean-up changed the running system");
    // The disk may have got its PVID; everything else is as before.
    let pvid = |text: &str| text.lines().filter(|line| !line.starts_with("hdisk1")).collect::<Vec<_>>().join("\n");
    assert_eq!(pvid(&estate.clean("lpar71")), pvid(&clean), "the client is not clean");
    assert!(estate.ask("lpar71", "lspv").lines().any(|line| line.starts_with("hdisk1") && line.contains("None")));
    estate.ask("nim1", &call);
    assert_eq!(phases(estate), "1.2.3.4.5.6.7.8.9.10.11.12.");
    assert_eq!(estate.untouched("lpar71"), before, "the second run changed the running system");
    estate.ask("nim1", CLEAN);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_or_failed_in_every_phase_in_both_modes() {
    let estate = Estate::start(1_000_000, 4).await;
    for phase in 1..=12 {
        for cache in [true, false] {
            dies(&estate, &Death::Killed(phase), cache);
            dies(&estate, &Death::Fails(phase), cache);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_dies_the_running_system_stays_and_a_second_run_succeeds() {
    let estate = Estate::start(40_000, 4).await;
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    runner
        .run(&(death(), any::<bool>()), |(death, cache)| {
            dies(&estate, &death, cache);
            Ok(())
        })
        .unwrap();
}
