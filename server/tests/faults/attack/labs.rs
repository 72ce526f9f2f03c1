//! A second NIM master, and masters whose `lsnim` answers what it likes.

use crate::estate::{Estate, lab_host};
use crate::program::Program;
use crate::rest::until;
use crate::support::{DataDir, kill, program};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// Another lab whose clients are named like those of the first, registered and read.
pub(crate) struct SecondLab {
    /// The id of its master.
    pub(crate) id: String,
    process: Child,
    dir: DataDir,
}

impl SecondLab {
    pub(crate) async fn start(first: &Program, name: &str, speed: u32) -> Self {
        let dir = DataDir::new();
        // One key for both: the server signs in at every real master with the same one.
        std::fs::copy(first.lab().join("id_ed25519"), dir.path().join("id_ed25519")).unwrap();
        let process = Command::new(program())
            .env_remove("NIMDECK_PROGRAM")
            .args(["lab", "--clients=4", &format!("--speed={speed}"), "--dir"])
            .arg(dir.path())
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        until("the second lab", || async { dir.path().join("known_hosts").is_file().then_some(()) }).await;
        let (address, key) = lab_host(dir.path(), 0);
        until("the second master's sshd", || async { std::net::TcpStream::connect(address).ok() }).await;
        let new = json!({ "name": name, "host": "127.0.0.1", "port": address.port(), "host_key": key });
        let id = first.rest.post("/masters", &new).await.ok()["id"].as_str().unwrap().to_owned();
        first.rest.post(&format!("/masters/{id}/refresh"), &Value::Null).await.ok();
        Self { id, process, dir }
    }

    pub(crate) fn estate(&self) -> Estate {
        Estate(self.dir.path().to_owned())
    }
}

impl Drop for SecondLab {
    fn drop(&mut self) {
        self.estate().end_jobs();
        if let Some(pid) = self.process.id() {
            kill("-KILL", pid);
        }
    }
}

/// The `lsnim` of a lab's master, replaced for a while.
pub(crate) struct Lsnim {
    path: PathBuf,
    original: String,
}

impl Lsnim {
    pub(crate) fn of(lab: &Path) -> Self {
        let path = lab.join("commands/master/lsnim");
        let original = std::fs::read_to_string(&path).unwrap();
        Self { path, original }
    }

    /// Before the real command, `first` runs for the calls whose arguments match the pattern `calls` of the shell, at most `times` times.
    pub(crate) fn before(&self, calls: &str, times: u32, first: &str) {
        let counter = self.path.with_extension("count");
        std::fs::write(&counter, "0").unwrap();
        let real = self.original.trim_start_matches("#!/bin/sh\n");
        let counter = counter.display();
        self.write(&format!(
            "#!/bin/sh\ncase \"$*\" in {calls}) n=$(cat {counter}); if [ $n -lt {times} ]; then echo $((n+1)) >{counter}; {first}; fi;; esac\n{real}"
        ));
    }

    pub(crate) fn restore(&self) {
        self.write(&self.original);
    }

    /// By rename: the command may be starting right now.
    fn write(&self, text: &str) {
        let new = self.path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(&new, &self.path).unwrap();
    }
}

/// The master of the program's own lab.
pub(crate) async fn nim1(program: &Program) -> Value {
    let masters = program.rest.get("/masters").await.ok();
    masters["items"].as_array().unwrap().iter().find(|master| master["name"] == "nim1").unwrap().clone()
}

/// The id of a client of a master.
pub(crate) async fn client_id(program: &Program, master: &str, name: &str) -> String {
    let page = program.rest.get(&format!("/clients?master={master}&q={name}")).await.ok();
    page["items"][0]["id"].as_str().unwrap().to_owned()
}
