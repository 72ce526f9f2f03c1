//! nimadm's log, and standard output beside it.

use crate::LabError;
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

/// Both places a line goes to.
pub(super) struct Log {
    path: PathBuf,
    file: Option<File>,
    /// What was printed before the log was initialised; the log begins with it.
    before: Vec<u8>,
    /// Whether `/var` is full: nothing reaches the log any more.
    pub(super) full: bool,
    /// `-D`: what is run on the client is traced.
    pub(super) trace: bool,
}

impl Log {
    /// The log of a client on a master whose root directory is given.
    pub(super) fn new(root: &Path, subject: &str) -> Self {
        let path = root.join(format!("var/adm/ras/alt_mig/{subject}_alt_mig.log"));
        Self { path, file: None, before: Vec::new(), full: false, trace: false }
    }

    /// Starts a new log over an earlier one, or goes on with it where phases are run one by one (what nimadm does is unconfirmed,
    /// nimadm.md §1.3).
    pub(super) fn open(&mut self, go_on: bool) -> Result<(), LabError> {
        let opened =
            if go_on { File::options().append(true).create(true).open(&self.path) } else { File::create(&self.path) };
        let mut file = opened.map_err(LabError::file("create", &self.path))?;
        file.write_all(&self.before).map_err(LabError::file("write", &self.path))?;
        self.file = Some(file);
        Ok(())
    }

    /// One line.
    pub(super) fn say(&mut self, line: &str) {
        if self.trace
            && let Some(command) = line.strip_prefix("Client alt_disk_install command: ")
        {
            // (unconfirmed form, nimadm.md §2.14)
            self.put(format!("+ {command}\n").as_bytes());
        }
        self.put(&[line.as_bytes(), b"\n"].concat());
    }

    /// Bytes as they are, a script's output for instance.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        match &mut self.file {
            // A full disk must not stop the migration; the missing line is all there is to see.
            Some(file) if !self.full => drop(file.write_all(bytes)),
            Some(_) => {}
            None => self.before.extend_from_slice(bytes),
        }
        // Nobody may be reading any more, and that must not stop it either.
        let mut stdout = std::io::stdout().lock();
        drop(stdout.write_all(bytes).and_then(|()| stdout.flush()));
    }
}
