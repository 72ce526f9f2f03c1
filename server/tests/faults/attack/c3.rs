//! C3: password hashes ran without bound, because the request that was dropped held their permit.

use super::aborts::abort_from;
use super::from::stranger;
use crate::program::Program;
use futures::future::join_all;
use rand::RngExt as _;
use std::time::Duration;

/// Two hashes at a time need 38 MiB; sixty-four would need 1,216.
const MOST_MIB: u64 = 256;

/// Strangers sign in from changing addresses and hang up while their passwords are hashed.
#[tokio::test(flavor = "multi_thread")]
async fn c3_sign_ins_that_hang_up_take_no_memory_without_bound() {
    let program = Program::start(1).await;
    let before = most_memory(program.pid());
    let to = program.address();
    join_all((0..8).map(|attacker| async move {
        for number in 0..8 {
            let from = stranger(1 + attacker * 8 + number);
            let body = format!(r#"{{"username":"stranger{attacker}{number}","password":"guess"}}"#);
            let head = "POST /api/v1/session HTTP/1.1\r\nContent-Type: application/json";
            let patience = Duration::from_millis(rand::rng().random_range(15..60));
            abort_from(from, to, head, &body, patience).await;
        }
    }))
    .await;
    // After all hashes that had begun: a sign-in waits for its turn behind them.
    assert!(program.rest.try_sign_in("admin").await.is_some());
    let grown = most_memory(program.pid()) - before;
    assert!(grown < MOST_MIB, "64 sign-ins took {grown} MiB");
}

/// The most memory that a process has had at once, in MiB.
fn most_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
