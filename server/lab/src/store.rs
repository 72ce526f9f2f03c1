//! The estate on disk.
//!
//! A host is one file, replaced by rename, so readers need no lock and never see half a change. Writers hold the estate's
//! lock file from reading to writing. Commands are processes of their own and any of them may be killed at any moment: the lock
//! is the kernel's (`flock`) and dies with them, and what they had not renamed never happened.

use crate::{
    LabError, clock,
    model::{Estate, Host},
    old_logs,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// Access to the estate in a directory.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// The estate in `dir`, which may not exist yet.
    pub(crate) fn open(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Where it lives.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A host's directory.
    pub(crate) fn host_dir(&self, name: &str) -> PathBuf {
        self.dir.join("hosts").join(name)
    }

    /// A host's root directory: its login directory and what its commands write to.
    pub(crate) fn root(&self, name: &str) -> PathBuf {
        self.host_dir(name).join("root")
    }

    /// True where an estate was made here before.
    pub(crate) fn exists(&self) -> bool {
        self.estate_path().exists()
    }

    /// Writes a new estate, its settings last: without them there is none, and the next start begins again.
    pub(crate) fn create(&self, estate: &Estate, hosts: &[Host]) -> Result<(), LabError> {
        for host in hosts {
            for sub in ["root/tmp", "root/var/adm/ras/alt_mig", "bin"] {
                let path = self.host_dir(&host.name).join(sub);
                fs::create_dir_all(&path).map_err(LabError::file("create", &path))?;
            }
            self.write(&self.host_path(&host.name), host)?;
        }
        old_logs::write(&self.root(estate.master()))?;
        self.write(&self.estate_path(), estate)
    }

    /// The estate's settings.
    pub(crate) fn estate(&self) -> Result<Estate, LabError> {
        read(&self.estate_path())
    }

    /// A host as it is now.
    pub(crate) fn host(&self, name: &str) -> Result<Host, LabError> {
        let path = self.host_path(name);
        if !path.exists() {
            return Err(LabError::NoHost(name.to_owned()));
        }
        let mut host: Host = read(&path)?;
        host.settle(clock::now_ms());
        Ok(host)
    }

    /// Changes the estate's settings; an error of `change` leaves them as they were.
    pub(crate) fn update_estate<R>(
        &self,
        change: impl FnOnce(&mut Estate) -> Result<R, LabError>,
    ) -> Result<R, LabError> {
        let _lock = self.lock()?;
        let mut estate = self.estate()?;
        let result = change(&mut estate)?;
        self.write(&self.estate_path(), &estate)?;
        Ok(result)
    }

    /// Changes one host; an error of `change` leaves it as it was.
    pub(crate) fn update<R, E: From<LabError>>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Host) -> Result<R, E>,
    ) -> Result<R, E> {
        let _lock = self.lock()?;
        let mut host = self.host(name)?;
        let result = change(&mut host)?;
        self.write(&self.host_path(name), &host)?;
        Ok(result)
    }

    /// Changes a master and a client together. A kill between the two writes leaves a state that a kill a moment earlier in
    /// nimadm could have left too; `nimadm -C` puts both right.
    pub(crate) fn update_pair<R, E: From<LabError>>(
        &self,
        master: &str,
        client: &str,
        change: impl FnOnce(&mut Host, &mut Host) -> Result<R, E>,
    ) -> Result<R, E> {
        let _lock = self.lock()?;
        let (mut first, mut second) = (self.host(master)?, self.host(client)?);
        let before = (first.clone(), second.clone());
        let result = change(&mut first, &mut second)?;
        if first != before.0 {
            self.write(&self.host_path(master), &first)?;
        }
        if second != before.1 {
            self.write(&self.host_path(client), &second)?;
        }
        Ok(result)
    }

    fn estate_path(&self) -> PathBuf {
        self.dir.join("estate.json")
    }

    fn host_path(&self, name: &str) -> PathBuf {
        self.host_dir(name).join("host.json")
    }

    fn lock(&self) -> Result<File, LabError> {
        let path = self.dir.join("estate.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(LabError::file("open", &path))?;
        file.lock().map_err(LabError::file("lock", &path))?;
        Ok(file)
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), LabError> {
        let text =
            serde_json::to_vec_pretty(value).map_err(|source| LabError::Damaged { path: path.to_owned(), source })?;
        let new = path.with_extension("new");
        let mut file = File::create(&new).map_err(LabError::file("create", &new))?;
        file.write_all(&text).and_then(|()| file.sync_data()).map_err(LabError::file("write", &new))?;
        fs::rename(&new, path).map_err(LabError::file("replace", path))
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, LabError> {
    let text = fs::read(path).map_err(LabError::file("read", path))?;
    serde_json::from_slice(&text).map_err(|source| LabError::Damaged { path: path.to_owned(), source })
}
