//! Ten thousand viewers of one run, in a process of their own, beside one.

use crate::{
    figures::{Times, goal, row},
    latency::{cookie, launch},
    program::Program,
    viewer::{STAMP, Viewer},
};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::task::JoinSet;

/// What the process of the viewers is called with.
pub(crate) const VIEWERS: &str = "viewers";
const CROWD: usize = 10_000;
const LINES: u64 = 30;
/// How many viewers come at the same time.
const AT_ONCE: usize = 32;

pub(crate) async fn measure() {
    let (one, _) = run(1).await;
    row("baseline: one viewer, a line a second", &one.text());
    let (all, memory) = run(CROWD).await;
    row(&format!("{CROWD} viewers, a line a second"), &all.text());
    row("lines lost or doubled", "none: each viewer checks its own");
    let each = memory as f64 / CROWD as f64;
    goal("at most 10 KiB of the server's memory each", &format!("{each:.1} KiB"), each <= 10.0);
}

/// Delays of all viewers, and by how many KiB the server grew.
async fn run(viewers: usize) -> (Times, u64) {
    // All of them are one user at one address.
    let program = Program::start_with(2000, &["--streams-per-user=20000", "--connections-per-address=30000"]).await;
    let address = program.address().to_string();
    // The lines begin when everybody is there.
    let script = format!(
        "while [ ! -f go ]; do sleep 1; done\ni=0\nwhile [ $i -lt {LINES} ]; do\n\
         echo \"{STAMP}$(/bin/date +%s%N) and what such a line says besides\"\n/bin/sleep 1\ni=$((i+1))\ndone\n"
    );
    let id = launch(&program, &script).await;
    program.rest.reach(&id, &["running"]).await;
    let before = memory(program.pid());
    let mut crowd = Command::new(std::env::current_exe().unwrap());
    crowd.args([VIEWERS, &viewers.to_string(), &address, &cookie(&address).await, &id]);
    crowd.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).kill_on_drop(true);
    let mut crowd = crowd.spawn().unwrap();
    let mut said = BufReader::new(crowd.stdout.take().unwrap()).lines();
    assert_eq!(said.next_line().await.unwrap().unwrap(), "there");
    let spool = Program::spool(&id, 1);
    program.on_master(&format!("touch {spool}/go"), b"");
    tokio::time::sleep(Duration::from_secs(LINES / 2)).await;
    let after = memory(program.pid());
    let mut delays = Vec::new();
    while let Some(line) = said.next_line().await.unwrap() {
        delays.push(Duration::from_micros(line.parse().unwrap()));
    }
    assert!(crowd.wait().await.unwrap().success());
    assert_eq!(delays.len(), viewers * usize::try_from(LINES).unwrap(), "lines are missing");
    (Times::of(delays), after.saturating_sub(before))
}

/// Memory of a process that is in use, in KiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The viewers: says "there" when all are, and then each delay in microseconds.
pub(crate) async fn watch(arguments: &[String]) {
    let [viewers, address, cookie, id] = arguments else { panic!("viewers N ADDRESS COOKIE ID") };
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let (mut crowd, mut there) = (JoinSet::new(), JoinSet::new());
    // So many come at the same time; each next one when somebody was let in.
    for number in 0..viewers.parse::<usize>().unwrap() {
        if number >= AT_ONCE {
            crowd.spawn(seen(there.join_next().await.unwrap().unwrap()));
        }
        let (address, cookie, id) = (address.clone(), cookie.clone(), id.clone());
        there.spawn(async move { Viewer::open(&address, &cookie, &id).await });
    }
    while let Some(viewer) = there.join_next().await {
        crowd.spawn(seen(viewer.unwrap()));
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut out = tokio::io::stdout();
    out.write_all(b"there\n").await.unwrap();
    out.flush().await.unwrap();
    let mut text = String::new();
    while let Some(viewer) = crowd.join_next().await {
        for delay in viewer.unwrap().seen.delays {
            text.push_str(&delay.as_micros().to_string());
            text.push('\n');
        }
    }
    out.write_all(text.as_bytes()).await.unwrap();
    out.flush().await.unwrap();
}

async fn seen(mut viewer: Viewer) -> Viewer {
    viewer.watch(|seen| seen.stamped >= LINES).await;
    viewer
}
