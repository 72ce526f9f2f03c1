//! The estate on disk.
//!
//! A host is one file, and so is each client's NIM object and each migration under way; all are replaced by rename, so readers
//! need no lock and never see half a change. Writers hold the estate's lock file from reading to writing. Commands are
//! processes of their own and any of them may be killed at any moment: the lock is the kernel's (`flock`) and dies with them, and
//! what they had not renamed never happened. Nothing is forced to the disk: a lab must outlive processes, not the machine.

use crate::{
    LabError, clock,
    model::{Estate, Host, Power, Site, Work, estate::FORMAT, nim::Client},
    tree,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{self, Write},
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
    pub(crate) fn create(&self, estate: &Estate, hosts: &[Host], clients: &[Client]) -> Result<(), LabError> {
        let master = estate.master();
        for dir in [self.host_dir(master).join("nim"), self.host_dir(master).join("work")] {
            tree::remove(&dir)?;
            fs::create_dir_all(&dir).map_err(LabError::file("create", &dir))?;
        }
        for host in hosts {
            let dir = self.host_dir(&host.name);
            tree::remove(&dir.join("vg"))?;
            for path in host.groups.iter().map(|vg| tree::of(self, host, &vg.id)) {
                fs::create_dir_all(&path).map_err(LabError::file("create", &path))?;
            }
            self.write_host(host)?;
        }
        clients.iter().try_for_each(|client| self.write(&self.client_path(master, &client.name), client))?;
        crate::seed::files(self, hosts)?;
        self.write(&self.estate_path(), estate)
    }

    /// The estate's settings.
    pub(crate) fn estate(&self) -> Result<Estate, LabError> {
        let estate: Estate = read(&self.estate_path())?;
        if estate.format == FORMAT { Ok(estate) } else { Err(LabError::OldFormat(self.dir.clone())) }
    }

    /// A host as it is now. A boot that was due is written, so that its files are there.
    pub(crate) fn host(&self, name: &str) -> Result<Host, LabError> {
        let (host, booted) = self.load(name)?;
        if booted { self.update(name, |host| Ok(host.clone())) } else { Ok(host) }
    }

    /// A client's NIM object.
    pub(crate) fn client(&self, master: &str, name: &str) -> Result<Option<Client>, LabError> {
        read_if_there(&self.client_path(master, name))
    }

    /// Every client's NIM object, by name.
    pub(crate) fn clients(&self, master: &str) -> Result<Vec<Client>, LabError> {
        let dir = self.host_dir(master).join("nim");
        let mut clients = Vec::new();
        for entry in fs::read_dir(&dir).map_err(LabError::file("read", &dir))? {
            let path = entry.map_err(LabError::file("read", &dir))?.path();
            if path.extension().is_some_and(|end| end == "json") {
                clients.extend(read_if_there::<Client>(&path)?);
            }
        }
        clients.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(clients)
    }

    /// The migration under way for a client or mksysb.
    pub(crate) fn work(&self, master: &str, subject: &str) -> Result<Option<Work>, LabError> {
        read_if_there(&self.work_path(master, subject))
    }

    /// Every migration under way, by client or mksysb.
    pub(crate) fn works(&self, master: &str) -> Result<Vec<(String, Work)>, LabError> {
        let dir = self.host_dir(master).join("work");
        let mut works = Vec::new();
        for entry in fs::read_dir(&dir).map_err(LabError::file("read", &dir))? {
            let path = entry.map_err(LabError::file("read", &dir))?.path();
            let subject = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|end| end == "json")
                && let Some(work) = read_if_there(&path)?
            {
                works.push((subject, work));
            }
        }
        Ok(works)
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
        let (mut host, booted) = self.load(name)?;
        let before = (!booted).then(|| host.clone());
        let result = change(&mut host)?;
        if before.as_ref() != Some(&host) {
            self.write_host(&host)?;
        }
        Ok(result)
    }

    /// Changes a client's NIM object, made or removed with it; an error of `change` leaves it as it was.
    pub(crate) fn update_client<R, E: From<LabError>>(
        &self,
        master: &str,
        name: &str,
        change: impl FnOnce(&mut Option<Client>) -> Result<R, E>,
    ) -> Result<R, E> {
        let _lock = self.lock()?;
        let mut client = self.client(master, name)?;
        let before = client.clone();
        let result = change(&mut client)?;
        if client != before {
            self.put(&self.client_path(master, name), client.as_ref())?;
        }
        Ok(result)
    }

    /// Changes two hosts together.
    pub(crate) fn update_pair<R, E: From<LabError>>(
        &self,
        master: &str,
        client: &str,
        change: impl FnOnce(&mut Host, &mut Host) -> Result<R, E>,
    ) -> Result<R, E> {
        let _lock = self.lock()?;
        let (mut first, mut second) = (self.load(master)?.0, self.load(client)?.0);
        let before = (first.clone(), second.clone());
        let result = change(&mut first, &mut second)?;
        if first != before.0 {
            self.write_host(&first)?;
        }
        if second != before.1 {
            self.write_host(&second)?;
        }
        Ok(result)
    }

    /// Changes a migration under way and nothing else; where there is none, nothing.
    pub(crate) fn update_work<E: From<LabError>>(
        &self,
        master: &str,
        subject: &str,
        change: impl FnOnce(&mut Work),
    ) -> Result<(), E> {
        let _lock = self.lock()?;
        let Some(mut work) = self.work(master, subject)? else { return Ok(()) };
        change(&mut work);
        Ok(self.write(&self.work_path(master, subject), &work)?)
    }

    /// Changes everything one migration touches. A kill between the writes leaves a state that a kill a moment earlier or
    /// later in nimadm could have left too; `nimadm -C` puts all of them right.
    pub(crate) fn update_site<R, E: From<LabError>>(
        &self,
        master: &str,
        subject: &str,
        client: Option<&str>,
        change: impl FnOnce(&mut Site) -> Result<R, E>,
    ) -> Result<R, E> {
        let _lock = self.lock()?;
        let mut site = Site {
            master: self.load(master)?.0,
            client: client.map(|name| Ok::<_, LabError>(self.load(name)?.0)).transpose()?,
            entry: client.map(|name| self.client(master, name)).transpose()?.flatten(),
            work: self.work(master, subject)?,
        };
        let before = site.clone();
        let result = change(&mut site)?;
        if site.work != before.work {
            self.put(&self.work_path(master, subject), site.work.as_ref())?;
        }
        if site.master != before.master {
            self.write_host(&site.master)?;
        }
        if let Some(host) = &site.client
            && site.client != before.client
        {
            self.write_host(host)?;
        }
        if let Some(entry) = &site.entry
            && site.entry != before.entry
        {
            self.write(&self.client_path(master, &entry.name), entry)?;
        }
        Ok(result)
    }

    /// The host at this moment, and whether a boot that was due has just happened.
    fn load(&self, name: &str) -> Result<(Host, bool), LabError> {
        let found = read_if_there::<Host>(&self.host_path(name))?;
        let mut host = found.ok_or_else(|| LabError::NoHost(name.to_owned()))?;
        let booting = matches!(host.power, Power::Booting(_));
        host.settle(clock::now_ms());
        let booted = booting && !matches!(host.power, Power::Booting(_));
        Ok((host, booted))
    }

    fn client_path(&self, master: &str, name: &str) -> PathBuf {
        self.host_dir(master).join("nim").join(format!("{name}.json"))
    }

    fn work_path(&self, master: &str, subject: &str) -> PathBuf {
        self.host_dir(master).join("work").join(format!("{subject}.json"))
    }

    fn write_host(&self, host: &Host) -> Result<(), LabError> {
        self.write(&self.host_path(&host.name), host)?;
        tree::mount(self, host)
    }

    /// Writes a record, or removes it where there is none.
    fn put(&self, path: &Path, value: Option<&impl Serialize>) -> Result<(), LabError> {
        match value {
            Some(value) => self.write(path, value),
            None => tree::remove(path),
        }
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
        let text = serde_json::to_vec(value).map_err(|source| LabError::Damaged { path: path.to_owned(), source })?;
        let new = path.with_extension("new");
        let mut file = File::create(&new).map_err(LabError::file("create", &new))?;
        file.write_all(&text).map_err(LabError::file("write", &new))?;
        fs::rename(&new, path).map_err(LabError::file("replace", path))
    }
}

fn read_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, LabError> {
    match read(path) {
        Err(LabError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, LabError> {
    let text = fs::read(path).map_err(LabError::file("read", path))?;
    serde_json::from_slice(&text).map_err(|source| LabError::Damaged { path: path.to_owned(), source })
}
