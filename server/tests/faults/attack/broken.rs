//! Commands of the lab's hosts that answer with something else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// How a command is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It prints garbage and returns 127.
    Fails,
    /// It prints nothing and returns 0.
    SaysNothing,
    /// It prints garbage and returns 0.
    SaysGarbage,
    /// It prints bytes that are no text and returns 0.
    SaysNoise,
    /// It prints what it should and returns 3.
    FailsAfterAll,
    /// It is killed before it prints anything.
    Dies,
    /// There is no such command.
    Missing,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] = [
        Self::Fails,
        Self::SaysNothing,
        Self::SaysGarbage,
        Self::SaysNoise,
        Self::FailsAfterAll,
        Self::Dies,
        Self::Missing,
    ];

    /// What a finding must quote of it: the return code, and the host's words where there are any.
    pub(crate) fn quoted(self) -> &'static [&'static str] {
        match self {
            Self::Fails => &["127", "garbage of a broken host"],
            Self::SaysGarbage => &["0", "garbage of a broken host"],
            Self::SaysNothing | Self::SaysNoise => &["0"],
            Self::FailsAfterAll => &["3"],
            Self::Dies => &["137"],
            Self::Missing => &["127"],
        }
    }

    /// The script that stands in; none where there is none. `own` is the command's own script, called by its own name.
    fn script(self, own: &str) -> Option<String> {
        Some(match self {
            Self::Fails => "echo 'garbage of a broken host'; exit 127".to_owned(),
            Self::SaysNothing => "exit 0".to_owned(),
            Self::SaysGarbage => "echo 'garbage of a broken host'".to_owned(),
            Self::SaysNoise => "printf '\\001\\377\\376 \\033[2J\\200=\\201:\\n'".to_owned(),
            Self::FailsAfterAll => format!("( {own} ); exit 3"),
            Self::Dies => "kill -9 $$".to_owned(),
            Self::Missing => return None,
        })
    }
}

/// A command that is replaced; its own is back when this is dropped. All clients of the lab share their commands.
pub(crate) struct Broken {
    path: PathBuf,
    own: PathBuf,
}

impl Broken {
    /// Breaks a command of a host.
    pub(crate) fn new(lab: &Path, host: &str, command: &str, fault: Fault) -> Self {
        let bin = lab.join("hosts").join(host).join("bin");
        let (path, own) = (bin.join(command), bin.join(format!(".{command}.own")));
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split_once('\n').unwrap().1.replace("\"$0\"", &format!("'{}'", path.display()));
        fs::rename(&path, &own).unwrap();
        if let Some(script) = fault.script(text.trim()) {
            let new = bin.join(format!(".{command}.new"));
            fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
            fs::rename(new, &path).unwrap();
        }
        Self { path, own }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        // The lab's folder may be gone by now.
        drop(fs::rename(&self.own, &self.path));
    }
}
