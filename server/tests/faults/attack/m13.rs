//! M13: PostgreSQL had the first administrator's password in its environment.

use crate::program::Program;
use crate::support::PASSWORD;
use std::collections::HashMap;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn m13_no_process_that_the_server_starts_has_its_secrets() {
    let program = Program::start(1).await;
    let own = environment(program.pid());
    assert!(own.contains(PASSWORD), "the server itself was given the password this way");
    let children = below(&[program.pid(), program.postmaster()]);
    assert!(children.contains(&program.postmaster()) && children.len() > 3, "{children:?}");
    for pid in children {
        let environment = environment(pid);
        let secret = environment.lines().find(|line| line.starts_with("NIMDECK_") || line.contains(PASSWORD));
        assert_eq!(secret, None, "in the environment of {pid}");
    }
}

fn environment(pid: u32) -> String {
    // A process may have ended meanwhile.
    let bytes = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', "\n")
}

/// The processes below these, and the second and further ones themselves: PostgreSQL leaves its parent.
fn below(roots: &[u32]) -> Vec<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let parents: HashMap<u32, u32> = pids.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = roots.to_vec();
    let mut seen = 0;
    while seen < found.len() {
        let above = found[seen];
        found.extend(parents.iter().filter(|(_, parent)| **parent == above).map(|(pid, _)| *pid));
        seen += 1;
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|pid| *pid != roots[0]);
    found
}
