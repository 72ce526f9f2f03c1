//! Masters whose `lsnim` answers what a test wants.

use crate::program::Program;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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
