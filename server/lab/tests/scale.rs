//! A thousand clients, and two hundred migrations at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

mod support;

use std::process::Stdio;
use support::Estate;

/// Memory of this process and of its nimadms that nobody shares, with their part of what is shared; MiB.
fn memory_mib(pids: impl IntoIterator<Item = u32>) -> u64 {
    let pss = |pid: u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0)
    };
    pids.into_iter().map(pss).sum::<u64>() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_migrations_at_once_among_a_thousand_clients() {
    let began = std::time::Instant::now();
    let estate = Estate::start(2_000, 1000).await;
    let started = began.elapsed();
    assert_eq!(estate.ask("nim1", "lsnim -t standalone").lines().count(), 1000);
    let clients = estate.ask("nim1", "lsnim -t standalone | awk '{ print $1 }'");
    let free = |host: &str| {
        let lspv = estate.ask(host, "lspv");
        let free: Vec<_> = lspv
            .lines()
            .filter(|line| line.contains("None"))
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect();
        free.join(" ")
    };
    // Those that a 7.3 can be put on: POWER8 and later, at 7.1 or 7.2.
    let fit = |host: &&str| {
        let level = estate.ask(host, "oslevel");
        level.starts_with("7.1") || level.starts_with("7.2")
    };
    let chosen: Vec<_> = clients.lines().filter(fit).take(200).collect();
    assert_eq!(chosen.len(), 200);
    let calls = chosen.iter().map(|client| {
        format!("nimadm -j nimadmvg -c {client} -s spot_7300_03_01 -l lpp_7300_03_01 -d '{}' -Y -B", free(client))
    });
    let calls: Vec<_> = calls.collect();
    let mut runs: Vec<_> = calls
        .iter()
        .map(|call| estate.shell("nim1", &format!("exec {call}")).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    let mut most = 0;
    for at in 0..runs.len() {
        // Looked at whenever one more has ended: in the beginning all of them run.
        most = most.max(memory_mib(runs.iter().skip(at).map(std::process::Child::id).chain([std::process::id()])));
        assert!(runs[at].wait().unwrap().success(), "{}", calls[at]);
    }
    for client in chosen {
        assert!(estate.ask(client, "lspv").contains("altinst_rootvg"), "{client}");
    }
    assert_eq!(estate.ask("nim1", "lsvg -l nimadmvg").lines().count(), 2, "cache left behind");
    println!("started in {started:?}, at most {most} MiB");
    assert!(most < 1024, "{most} MiB");
}
