//! Every scenario does what its line in the list says, and `healthy` puts it back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

mod support;

use aix::log::{Outcome, Reader};
use support::Estate;

const CALL: &str = "nimadm -j nimadmvg -c lpar71 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk1 -Y -B";
const CLEAN: &str = "nimadm -C -c lpar71 -s spot_7300_03_01";

/// What comes of a migration: exit code, last phase begun (0 for none), and a text in the output.
const OUTCOMES: &[(&str, i32, u8, &str)] = &[
    ("healthy", 0, 12, "Cleaning up alt_disk_migration on client lpar71."),
    ("target-disk-in-vg", 1, 1, "0505-126"),
    ("cache-vg-too-small", 1, 2, "0516-404"),
    ("spot-level-mismatch", 1, 0, "does not match its level on the NIM master"),
    ("spot-unavailable", 1, 0, "unavailable for use"),
    ("source-incomplete", 1, 5, "simages is not set"),
    ("nimsh-down", 1, 0, "0042-006"),
    ("filesets-failed", 0, 12, "FAILED"),
    ("multibos", 1, 11, "0505-218"),
    ("no-free-pps", 1, 9, "0516-404"),
    ("wrong-level", 0, 12, "install_all_updates: Result = SUCCESS"),
    ("log-burst", 0, 12, "./usr/lib/nls/msg/en_US/burst100000.cat"),
    ("silent", 0, 12, "Syncing client data to cache ..."),
    ("disk-full-master", 1, 3, "0511-133"),
    ("disk-full-clone", 1, 6, "0503-008"),
    ("fails-in-1", 1, 1, "0505-116"),
    ("fails-in-2", 1, 2, "0516-404"),
    ("fails-in-3", 1, 3, "was reset by that socket"),
    ("fails-in-4", 1, 4, "ended with return code 1"),
    ("fails-in-5", 1, 5, "BOS image is missing"),
    ("fails-in-6", 1, 6, "0503-008"),
    ("fails-in-7", 1, 7, "ended with return code 2"),
    ("fails-in-8", 1, 8, "0301-168"),
    ("fails-in-9", 1, 9, "0516-404"),
    ("fails-in-10", 1, 10, "0506-349"),
    ("fails-in-11", 1, 11, "0505-187"),
    ("fails-in-12", 1, 12, "0505-152"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_ends_as_the_list_says() {
    let estate = Estate::start(1_000_000, 4).await;
    let clean = |estate: &Estate| {
        estate.clean("lpar71").lines().filter(|line| !line.starts_with("hdisk1")).collect::<Vec<_>>().join("\n")
    };
    let (before, untouched) = (clean(&estate), estate.untouched("lpar71"));
    for &(name, code, phase, text) in OUTCOMES {
        estate.scenario("lpar71", name);
        let output = estate.run("nim1", &format!("{CALL} 2>&1"));
        let log = String::from_utf8_lossy(&output.stdout);
        let tail: Vec<_> = log.lines().rev().take(12).collect();
        assert_eq!(output.status.code(), Some(code), "{name}: {tail:#?}");
        let last = log.lines().filter_map(|line| line.strip_prefix("Executing nimadm phase ")).next_back();
        assert_eq!(last.map_or(0, |last| last.trim_end_matches('.').parse().unwrap()), phase, "{name}: {tail:#?}");
        assert!(log.contains(text), "{name}: {text} is missing: {tail:#?}");
        if phase > 0 {
            judged(name, &output.stdout, code, phase);
        }
        estate.scenario("lpar71", "healthy");
        let leaves = code == 0 || name == "fails-in-12";
        assert_eq!(estate.ask("lpar71", "lspv").contains("altinst_rootvg"), leaves, "{name}");
        if leaves {
            estate.ask("nim1", CLEAN);
        }
        assert_eq!(clean(&estate), before, "{name}");
        assert_eq!(estate.untouched("lpar71"), untouched, "{name}");
    }
    let tested = OUTCOMES.iter().map(|(name, ..)| *name);
    let elsewhere = |name: &str| name.starts_with("killed") || name.starts_with("ssh-") || OTHERS.contains(&name);
    let all: Vec<_> = lab::scenario::ALL.iter().map(|entry| entry.name).filter(|name| !elsewhere(name)).collect();
    assert!(all.iter().all(|name| tested.clone().any(|tested| tested == *name)), "{all:?}");
}

/// The lock of a nimadm that died holds against a clean-up, until somebody breaks it.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_lock_is_broken_by_force_alone() {
    let estate = Estate::start(1_000_000, 4).await;
    estate.scenario("lpar71", "killed-in-6");
    estate.run("nim1", &format!("{CALL} 2>&1"));
    estate.scenario("lpar71", "stale-lock");
    let refused = estate.run("nim1", &format!("{CLEAN} 2>&1"));
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stdout).contains("0505-140"));
    assert!(estate.ask("lpar71", "lspv").contains("altinst_rootvg"));
    estate.ask("nim1", &CLEAN.replace("-C", "-F -C"));
    assert!(!estate.ask("lpar71", "lspv").contains("altinst_rootvg"));
}

/// What the reader of nimadm's logs makes of it: the same as the list says, with a cause and an advice for every failure.
fn judged(name: &str, log: &[u8], code: i32, phase: u8) {
    let mut reader = Reader::new();
    reader.push(log, &mut |_, _| {});
    reader.finish(&mut |_, _| {});
    let report = reader.verdict();
    let wanted = match (name, code) {
        ("filesets-failed", _) => Outcome::Warning,
        (_, 0) => Outcome::Success,
        _ => Outcome::Failed,
    };
    assert_eq!(report.outcome, wanted, "{name}: {report:#?}");
    if wanted == Outcome::Failed {
        assert_eq!(report.failed_phase.map(|failed| failed.number()), Some(phase), "{name}: {report:#?}");
        assert!(report.cause.is_some() && report.advice.is_some(), "{name}: {report:#?}");
    }
}

/// Tested below, in `deaths.rs` and with the SSH servers.
const OTHERS: &[&str] = &[
    "broken-filesets",
    "never-returns",
    "boots-wrong-disk",
    "inconsistent",
    "stale-partitions",
    "french",
    "clock-ahead",
    "clock-behind",
    "showres-busy",
    "host-key-changed",
    "stale-lock",
];

/// Reboots a client; true where it comes up again.
fn reboot(estate: &Estate, disk: &str) -> bool {
    estate.ask("lpar71", &format!("bootlist -m normal {disk}"));
    estate.run("lpar71", "shutdown -Fr");
    let file = estate.host("lpar71").join("host.json");
    loop {
        estate.run("lpar71", "lspv");
        let text = std::fs::read_to_string(&file).unwrap();
        if text.contains("\"power\":\"running\"") {
            return true;
        }
        if text.contains("\"power\":\"hung\"") {
            return false;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reboot_ends_as_the_list_says() {
    let estate = Estate::start(1_000_000, 4).await;
    let ask = |command: &str| estate.ask("lpar71", command);
    let level = "7300-03-01-2520\n";
    for (name, wanted) in
        [("healthy", level), ("wrong-level", "7300-03-00-2446\n"), ("filesets-failed", "7300-00-00-0000\n")]
    {
        estate.scenario("lpar71", name);
        estate.ask("nim1", CALL);
        assert!(reboot(&estate, "hdisk1"), "{name}");
        assert_eq!(ask("oslevel -s"), wanted, "{name}");
        assert!(reboot(&estate, "hdisk0"), "{name}");
        estate.ask("nim1", CLEAN);
    }
    estate.scenario("lpar71", "healthy");
    estate.ask("nim1", CALL);
    estate.scenario("lpar71", "broken-filesets");
    assert!(reboot(&estate, "hdisk1"));
    assert_ne!(ask("oslevel -s"), level);
    assert!(reboot(&estate, "hdisk0"));
    estate.scenario("lpar71", "boots-wrong-disk");
    assert!(reboot(&estate, "hdisk1"));
    assert_eq!(ask("oslevel -s"), "7100-05-11-2246\n");
    estate.scenario("lpar71", "never-returns");
    assert!(!reboot(&estate, "hdisk1"));
    assert_eq!(estate.run("nim1", "c_rsh lpar71 lspv").status.code(), Some(6));
    estate.scenario("lpar71", "healthy");
    while !ask("oslevel -s").starts_with("7300-00") {}
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_are_as_the_list_says() {
    let estate = Estate::start(1_000, 4).await;
    let code = |command: &str| estate.run("nim1", command).status.code();
    estate.scenario("nim1", "showres-busy");
    let output = estate.run("nim1", "nim -o showres lpp_7300_03_01");
    assert_eq!(output.status.code(), Some(207));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("0042-207 m_showres: Unable to allocate the lpp_7300_03_01")
    );
    estate.scenario("nim1", "healthy");
    assert_eq!(code("nim -o showres lpp_7300_03_01"), Some(0));
    // Two at once: one of them is refused, as on a real master.
    let both = "nim -o showres spot_7300_03_01 >a 2>&1 & nim -o showres spot_7300_03_01 >b 2>&1 & wait; cat a b";
    let mut seen = 0;
    while !estate.ask("nim1", both).contains("0042-207") {
        seen += 1;
        assert!(seen < 50, "two showres never met");
    }
    estate.scenario("lpar71", "spot-unavailable");
    assert!(estate.ask("nim1", "lsnim -l spot_7300_03_01").contains("Rstate        = unavailable for use"));
    assert_ne!(code("nim -o check spot_7300_03_01"), Some(0));
    assert_eq!(code("nim -Fo check spot_7300_03_01"), Some(0));
    assert!(estate.ask("nim1", "lsnim -l spot_7300_03_01").contains("Rstate        = ready for use"));
    for (host, name) in [("nim1", "multibos"), ("lpar71", "showres-busy"), ("lpar71", "no-such"), ("nobody", "healthy")]
    {
        assert!(lab::scenario::set(estate.lab.dir(), host, name).is_err(), "{host} {name}");
    }
}
