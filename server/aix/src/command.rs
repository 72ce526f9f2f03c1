//! The nimadm command line, built from typed parts, and the one way to quote for a shell.

use crate::{DiskName, ObjectName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Everything one `nimadm` call is told (nimadm.md §1.1). Calls about a finished clone are [`clean`], [`wake`] and [`sleep`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NimadmCommand {
    /// What of, and what into.
    pub task: Task,
    /// `-l`: the lpp_source at the target level.
    pub lpp_source: ObjectName,
    /// `-s`: the SPOT at the target level.
    pub spot: ObjectName,
    /// How the master reaches the client's data.
    pub transfer: Transfer,
    /// `-a`: NIM script run in phase 4.
    pub pre_script: Option<ObjectName>,
    /// `-z`: NIM script run in phase 7.
    pub post_script: Option<ObjectName>,
    /// `-b`: installp_bundle installed in phase 6.
    pub bundle: Option<ObjectName>,
    /// `-o`: bosinst_data resource.
    pub bosinst_data: Option<ObjectName>,
    /// `-i`: image_data resource.
    pub image_data: Option<ObjectName>,
    /// `-e`: exclude_files resource.
    pub exclude_files: Option<ObjectName>,
    /// `-U`: a technology level or service pack within the same release instead of a migration (AIX 7.3 TL3 and later).
    pub update: bool,
    /// `-Y`: accept licence agreements.
    pub accept_licenses: bool,
    /// Without it `-B` is passed: the bootlist stays as it is.
    pub nimadm_sets_bootlist: bool,
}

/// What a call migrates, and where the result goes. Modes as numbered in nimadm.md §1.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Mode 1: a client's rootvg, onto disks of the client.
    Migrate(CloneTarget),
    /// Mode 6: a mksysb, onto disks of a client.
    Restore {
        /// `-T`: the mksysb.
        mksysb: ObjectName,
        /// Where it goes.
        onto: CloneTarget,
    },
    /// Mode 7: a mksysb, into a new mksysb.
    Convert {
        /// `-T`: the mksysb.
        mksysb: ObjectName,
        /// What is made.
        into: Image,
    },
    /// Mode 8: a client's rootvg, into a new mksysb.
    Capture {
        /// `-c`: the NIM client.
        client: ObjectName,
        /// What is made.
        into: Image,
    },
    /// Mode 5, `-M`: bos.alt_disk_install of SPOT and lpp_source is brought to the master's level. Nothing is migrated, and only `-s`,
    /// `-l` and `-d` are passed.
    Synchronise {
        /// `-d`: a directory of the master with newer images.
        images: Option<MasterPath>,
    },
}

/// Where a clone goes: disks of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneTarget {
    /// `-c`: the NIM client.
    pub client: ObjectName,
    /// `-d`: the target disks on the client; never empty.
    pub disks: Vec<DiskName>,
}

/// A mksysb that is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// `-O`: its file on the master.
    pub file: MasterPath,
    /// `-N`: the NIM object that is defined for it.
    #[serde(default)]
    pub name: Option<ObjectName>,
}

/// An absolute path on the master: letters, digits and `_.-+/` only, so that no part of nimadm takes it apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MasterPath(String);

impl MasterPath {
    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It has no empty parts and no `.` or `..`: two spellings would be one place, and one spelling could be another place.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.strip_prefix('/').is_some_and(|path| path.split('/').all(|part| !matches!(part, "" | "." | "..")))
    }

    /// The directory it is in.
    #[must_use]
    pub fn parent(&self) -> &str {
        match self.0.trim_end_matches('/').rsplit_once('/') {
            Some((parent, _)) if !parent.is_empty() => parent,
            _ => "/",
        }
    }
}

impl TryFrom<String> for MasterPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-+/".contains(&b);
        if text.len() > 1 && text.len() <= 255 && text.starts_with('/') && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is not an absolute path of letters, digits and _.-+/"))
        }
    }
}

impl From<MasterPath> for String {
    fn from(path: MasterPath) -> Self {
        path.0
    }
}

/// Where the migrated tree lives during phases 2 to 10 (nimadm.md §1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// `-j`: in a volume group of the master.
    Cache(ObjectName),
    /// On the client's disk, mounted over NFS; `-m` where mount options are given.
    Nfs(Option<MountOptions>),
}

/// Options for `mount`, passed on by `-m`: letters, digits and `-_=,.: ` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MountOptions(String);

impl TryFrom<String> for MountOptions {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_=,.: ".contains(&b);
        if !text.is_empty() && text.len() <= 200 && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} has characters that mount options do not have"))
        }
    }
}

impl From<MountOptions> for String {
    fn from(options: MountOptions) -> Self {
        options.0
    }
}

impl NimadmCommand {
    /// The words of the call, program first, not yet quoted.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["nimadm".to_owned()];
        if let Task::Synchronise { images } = &self.task {
            let named = ["-M", "-s", self.spot.as_str(), "-l", self.lpp_source.as_str()];
            let directory = images.iter().flat_map(|path| ["-d", path.as_str()]);
            return words.into_iter().chain(named.into_iter().chain(directory).map(str::to_owned)).collect();
        }
        let mut flag = |letter: &str, value: &str| words.extend([letter.to_owned(), value.to_owned()]);
        match &self.transfer {
            Transfer::Cache(vg) => flag("-j", vg.as_str()),
            Transfer::Nfs(Some(options)) => flag("-m", &options.0),
            Transfer::Nfs(None) => {}
        }
        if let Task::Restore { mksysb, .. } | Task::Convert { mksysb, .. } = &self.task {
            flag("-T", mksysb.as_str());
        }
        if let Task::Migrate(CloneTarget { client, .. })
        | Task::Restore { onto: CloneTarget { client, .. }, .. }
        | Task::Capture { client, .. } = &self.task
        {
            flag("-c", client.as_str());
        }
        flag("-s", self.spot.as_str());
        flag("-l", self.lpp_source.as_str());
        match &self.task {
            Task::Migrate(CloneTarget { disks, .. }) | Task::Restore { onto: CloneTarget { disks, .. }, .. } => {
                flag("-d", &disk_list(disks));
            }
            Task::Convert { into, .. } | Task::Capture { into, .. } => {
                flag("-O", into.file.as_str());
                if let Some(name) = &into.name {
                    flag("-N", name.as_str());
                }
            }
            Task::Synchronise { .. } => {}
        }
        let options = [
            ("-a", &self.pre_script),
            ("-z", &self.post_script),
            ("-b", &self.bundle),
            ("-o", &self.bosinst_data),
            ("-i", &self.image_data),
            ("-e", &self.exclude_files),
        ];
        for (letter, value) in options {
            if let Some(name) = value {
                flag(letter, name.as_str());
            }
        }
        let no_bootlist = matches!(self.task, Task::Migrate(_) | Task::Restore { .. }) && !self.nimadm_sets_bootlist;
        let switches = [("-U", self.update), ("-Y", self.accept_licenses), ("-B", no_bootlist)];
        words.extend(switches.iter().filter(|(_, on)| *on).map(|(letter, _)| (*letter).to_owned()));
        words
    }
}

fn disk_list(disks: &[DiskName]) -> String {
    disks.iter().map(DiskName::as_str).collect::<Vec<_>>().join(" ")
}

/// `nimadm -C` (mode 2): removes what a run left behind. With `force` it takes a lock that another run left (`-F`).
#[must_use]
pub fn clean(client: &str, spot: &ObjectName, force: bool) -> String {
    let force = if force { &["-F"][..] } else { &[] };
    quote_words(["nimadm"].iter().chain(force).chain(&["-C", "-c", client, "-s", spot.as_str()]))
}

/// `nimadm -W` (mode 3): mounts a finished clone on the client and the master.
#[must_use]
pub fn wake(client: &str, spot: &ObjectName, disks: &[DiskName]) -> String {
    quote_words(["nimadm", "-W", "-c", client, "-s", spot.as_str(), "-d", &disk_list(disks)])
}

/// `nimadm -S` (mode 4): unmounts it.
#[must_use]
pub fn sleep(client: &str, spot: &ObjectName) -> String {
    quote_words(["nimadm", "-S", "-c", client, "-s", spot.as_str()])
}

impl fmt::Display for NimadmCommand {
    /// The command line exactly as a shell takes it: `nimadm -j nimadmvg -c lpar71 … -d hdisk1 -Y -B`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote_words(self.words()))
    }
}

/// A stored command line, for these phases only (`-P`, nimadm.md §1.3).
#[must_use]
pub fn for_phases(command: &str, phases: &[crate::Phase]) -> String {
    let numbers: Vec<_> = phases.iter().map(ToString::to_string).collect();
    format!("{command} -P {}", numbers.join(","))
}

/// One shell word: as it is where that is safe, else in single quotes. A NUL cannot be in a command line and is dropped.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-/=:,+@%".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\0', "").replace('\'', r"'\''"))
}

/// Words joined by blanks, each quoted.
#[must_use]
pub fn quote_words(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    words.into_iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    fn onto() -> CloneTarget {
        CloneTarget {
            client: "lpar72".parse().unwrap(),
            disks: vec!["hdisk2".parse().unwrap(), "hdisk3".parse().unwrap()],
        }
    }

    fn call() -> NimadmCommand {
        NimadmCommand {
            task: Task::Migrate(onto()),
            lpp_source: "lpp_7300_03_01".parse().unwrap(),
            spot: "spot_7300_03_01".parse().unwrap(),
            transfer: Transfer::Cache("nimadmvg".parse().unwrap()),
            pre_script: None,
            post_script: None,
            bundle: None,
            bosinst_data: None,
            image_data: None,
            exclude_files: None,
            update: false,
            accept_licenses: true,
            nimadm_sets_bootlist: false,
        }
    }

    #[test]
    fn several_disks_are_one_word_and_the_bootlist_is_held() {
        assert_eq!(
            call().to_string(),
            "nimadm -j nimadmvg -c lpar72 -s spot_7300_03_01 -l lpp_7300_03_01 -d 'hdisk2 hdisk3' -Y -B"
        );
    }

    #[test]
    fn each_mode_is_called_as_ibm_writes_it() {
        let mksysb: ObjectName = "lpar72_mksysb".parse().unwrap();
        let path = |text: &str| MasterPath::try_from(text.to_owned()).unwrap();
        let into = || Image { file: path("/export/nim/new.mksysb"), name: "new_mksysb".parse().ok() };
        let of = |task| NimadmCommand { task, ..call() }.to_string();
        let named = "-s spot_7300_03_01 -l lpp_7300_03_01";
        assert_eq!(
            of(Task::Restore { mksysb: mksysb.clone(), onto: onto() }),
            format!("nimadm -j nimadmvg -T lpar72_mksysb -c lpar72 {named} -d 'hdisk2 hdisk3' -Y -B")
        );
        assert_eq!(
            of(Task::Convert { mksysb, into: into() }),
            format!("nimadm -j nimadmvg -T lpar72_mksysb {named} -O /export/nim/new.mksysb -N new_mksysb -Y")
        );
        assert_eq!(
            of(Task::Capture { client: onto().client, into: Image { name: None, ..into() } }),
            format!("nimadm -j nimadmvg -c lpar72 {named} -O /export/nim/new.mksysb -Y")
        );
        assert_eq!(of(Task::Synchronise { images: None }), format!("nimadm -M {named}"));
        let images = Some(path("/export/images"));
        assert_eq!(of(Task::Synchronise { images }), format!("nimadm -M {named} -d /export/images"));
        let (client, spot) = ("lpar72", call().spot);
        assert_eq!(clean(client, &spot, true), "nimadm -F -C -c lpar72 -s spot_7300_03_01");
        assert_eq!(wake(client, &spot, &onto().disks), "nimadm -W -c lpar72 -s spot_7300_03_01 -d 'hdisk2 hdisk3'");
        assert_eq!(sleep(client, &spot), "nimadm -S -c lpar72 -s spot_7300_03_01");
        for bad in ["", "/", "relative", "/with blank", "/q'uote"] {
            assert!(MasterPath::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!((path("/a/b/").parent(), path("/a").parent()), ("/a", "/"));
        assert!(path("/export/nim..x/.new").is_plain());
        for other in ["/a/../b", "/a/./b", "/a//b", "/a/", "/..", "//a"] {
            assert!(!path(other).is_plain(), "{other}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A real shell reads back exactly the words that were quoted.
        #[test]
        fn a_real_shell_reads_the_words_back(words in prop::collection::vec("[^\0]{0,12}", 1..4)) {
            let script = format!("printf '%s\\0' {}", quote_words(&words));
            let out = Command::new("/bin/sh").arg("-c").arg(script).output().unwrap();
            let expected: Vec<u8> = words.iter().flat_map(|word| word.bytes().chain([0])).collect();
            prop_assert_eq!(out.stdout, expected);
        }
    }
}
