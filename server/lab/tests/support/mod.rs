//! A lab of its own for a test, driven from outside: its local commands (`DIR/hosts/NAME/bin`) and OpenSSH.

#![allow(dead_code, reason = "each test binary uses its part")]

use lab::{Lab, LabOptions};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tokio_util::sync::CancellationToken;

/// A running lab in a directory that goes with it.
pub(crate) struct Estate {
    pub(crate) lab: Lab,
    _dir: tempfile::TempDir,
}

impl Estate {
    pub(crate) async fn start(speed: u32, clients: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = LabOptions {
            speed: Some(speed),
            clients,
            ..LabOptions::new(dir.path().join("lab"), env!("CARGO_BIN_EXE_lab-exec"))
        };
        Self { lab: Lab::start(options, CancellationToken::new()).await.unwrap(), _dir: dir }
    }

    /// A host's directory.
    pub(crate) fn host(&self, name: &str) -> PathBuf {
        self.lab.dir().join("hosts").join(name)
    }

    /// What a host's users see as their files.
    pub(crate) fn root(&self, name: &str) -> PathBuf {
        self.host(name).join("root")
    }

    pub(crate) fn scenario(&self, host: &str, name: &str) {
        lab::scenario::set(self.lab.dir(), host, name).unwrap();
    }

    /// A shell command on a host, run locally as through its `bin` directory.
    pub(crate) fn shell(&self, host: &str, command: &str) -> Command {
        let mut shell = Command::new("/bin/sh");
        let path = format!("{}:/usr/bin:/bin", self.host(host).join("bin").display());
        shell.args(["-c", command]).env_clear().env("PATH", path).current_dir(self.root(host)).stdin(Stdio::null());
        shell
    }

    pub(crate) fn run(&self, host: &str, command: &str) -> Output {
        self.shell(host, command).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub(crate) fn ask(&self, host: &str, command: &str) -> String {
        let output = self.run(host, command);
        let (text, complaint) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{host}: {command}: {} {text}{complaint}", output.status);
        text
    }

    /// What must not change before a cutover: the model's view of the running system, and its files. Left out is what a
    /// real alt_disk_copy writes there, too: its log, its lock and an image.data.
    pub(crate) fn untouched(&self, client: &str) -> String {
        let seen = self.ask(
            client,
            "bootlist -m normal -o; bootinfo -b; oslevel -s; lsvg rootvg; lsvg -l rootvg; lslpp -Lc; emgr -l",
        );
        let mut files = Vec::new();
        digest(&fs::canonicalize(self.root(client)).unwrap(), Path::new(""), &mut files);
        let written = ["tmp/alt_lock", "image.data", "var/adm/ras/alt_disk_inst.log"];
        files.retain(|(path, _)| !written.iter().any(|known| path == known));
        files.sort();
        format!("{seen}{files:#?}")
    }

    /// What a client shows when nobody has migrated anything.
    pub(crate) fn clean(&self, client: &str) -> String {
        let text = self.ask(client, "lspv; df -g; lsvg");
        let nim = self.ask(
            "nim1",
            &format!("lsnim -a Cstate {client}; lsvg -l nimadmvg; lsvg nimadmvg; df -g | grep _alt || true"),
        );
        format!("{text}{nim}{:?}", self.root("nim1").join(format!("{client}_alt")).exists())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Paths and contents below a directory, without what is mounted there.
fn digest(root: &Path, at: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(root.join(at)).unwrap() {
        let entry = entry.unwrap();
        let path = at.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            digest(root, &path, files);
        } else if kind.is_file() {
            files.push((path.display().to_string(), fs::read(entry.path()).unwrap()));
        }
    }
}
