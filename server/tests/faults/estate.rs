//! The lab's estate as everybody else reaches it: over SSH.

use crate::rest::{Rest, sha256};
use crate::support::kill;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Address and host key of one of the lab's hosts, as the lab's `known_hosts` tells them to `ssh`.
pub(crate) fn lab_host(lab: &Path, index: usize) -> (SocketAddr, String) {
    let known = fs::read_to_string(lab.join("known_hosts")).unwrap();
    let (place, key) = known.lines().nth(index).unwrap().split_once(' ').unwrap();
    (place.replace(['[', ']'], "").parse().unwrap(), key.to_owned())
}

/// The lab's directory.
pub(crate) struct Estate(pub(crate) PathBuf);

impl Estate {
    /// A command on one of the lab's hosts, over SSH as everybody else does it; its output, whatever its exit code.
    pub(crate) fn on(&self, host: &str, command: &str, stdin: &[u8]) -> Vec<u8> {
        let mut ssh = std::process::Command::new("ssh");
        ssh.arg("-F").arg(self.0.join("ssh_config")).args(["-o", "BatchMode=yes", host, command]);
        let mut ssh = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut pipe = ssh.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || pipe.write_all(stdin));
            let output = ssh.wait_with_output().unwrap();
            assert_ne!(output.status.code(), Some(255), "{host} cannot be reached");
            output.stdout
        })
    }

    /// The same on the lab's master.
    pub(crate) fn on_master(&self, command: &str, stdin: &[u8]) -> Vec<u8> {
        self.on("nim1", command, stdin)
    }

    /// The job spool of an attempt on the master, below the login directory.
    pub(crate) fn spool(id: &str, attempt: u32) -> String {
        format!("var/adm/ras/nimdeck/{id}-{attempt}")
    }

    /// Whether something is there on the master.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.on_master(&format!("[ -e {path} ] && echo yes"), b"") == b"yes\n"
    }

    /// What nimadm has printed so far in an attempt.
    pub(crate) fn printed(&self, id: &str, attempt: u32) -> Vec<u8> {
        self.on_master(&format!("cat {}/out 2>/dev/null", Self::spool(id, attempt)), b"")
    }

    /// The last phase that nimadm has announced on the master; 0 before the first.
    pub(crate) fn phase_on_master(&self, id: &str) -> u64 {
        last_phase(&self.printed(id, 1))
    }

    /// The same while the server is dead, and the SSH servers of its lab with it: read from the master's disk.
    pub(crate) fn phase_on_disk(&self, id: &str) -> u64 {
        let out = self.0.join("hosts/nim1/root").join(Self::spool(id, 1)).join("out");
        last_phase(&fs::read(out).unwrap_or_default())
    }

    /// Every byte nimadm printed in `attempts` attempts is stored once, numbered by line, proven by hash.
    pub(crate) async fn log_is_whole(&self, rest: &Rest, id: &str, attempts: u32) {
        let printed: Vec<u8> = (1..=attempts).flat_map(|attempt| self.printed(id, attempt)).collect();
        let stored = rest.log(id).await;
        assert!(stored == printed, "{} bytes stored, {} printed", stored.len(), printed.len());
        let migration = rest.migration(id).await;
        assert_eq!(migration["log_sha256"], sha256(&printed), "{migration}");
        assert_eq!(migration["log_bytes"], printed.len());
        let text = String::from_utf8(printed).unwrap();
        assert_eq!(rest.lines(id).await, text.lines().collect::<Vec<_>>());
    }

    /// Ends the nimadms that outlive their servers by design.
    pub(crate) fn end_jobs(&self) {
        let spool = self.0.join("hosts/nim1/root/var/adm/ras/nimdeck");
        for job in fs::read_dir(spool).into_iter().flatten().flatten().filter(|job| !job.path().join("rc").exists()) {
            for file in fs::read_dir(job.path()).into_iter().flatten().flatten() {
                let name = file.file_name();
                if name.to_str().is_some_and(|name| name.starts_with("pid") || name.starts_with("nimadm")) {
                    let pid = fs::read_to_string(file.path()).ok().and_then(|pid| pid.trim().parse().ok());
                    pid.map(|pid| kill("-KILL", pid));
                }
            }
        }
    }
}

fn last_phase(printed: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(printed);
    let numbers = text.lines().filter_map(|line| line.strip_prefix("Executing nimadm phase "));
    numbers.filter_map(|rest| rest.strip_suffix('.')?.parse().ok()).next_back().unwrap_or(0)
}
