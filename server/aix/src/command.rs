//! The nimadm command line, built from typed parts, and the one way to quote for a shell.

use crate::{DiskName, ObjectName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Everything one `nimadm` migration call is told (nimadm.md §1.1, mode 1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NimadmCommand {
    /// `-c`: the NIM client.
    pub client: ObjectName,
    /// `-l`: the lpp_source at the target level.
    pub lpp_source: ObjectName,
    /// `-s`: the SPOT at the target level.
    pub spot: ObjectName,
    /// `-d`: the target disks on the client; never empty.
    pub target_disks: Vec<DiskName>,
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
        let mut flag = |letter: &str, value: &str| words.extend([letter.to_owned(), value.to_owned()]);
        match &self.transfer {
            Transfer::Cache(vg) => flag("-j", vg.as_str()),
            Transfer::Nfs(Some(options)) => flag("-m", &options.0),
            Transfer::Nfs(None) => {}
        }
        flag("-c", self.client.as_str());
        flag("-s", self.spot.as_str());
        flag("-l", self.lpp_source.as_str());
        let disks: Vec<_> = self.target_disks.iter().map(DiskName::as_str).collect();
        flag("-d", &disks.join(" "));
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
        if self.update {
            words.push("-U".to_owned());
        }
        if self.accept_licenses {
            words.push("-Y".to_owned());
        }
        if !self.nimadm_sets_bootlist {
            words.push("-B".to_owned());
        }
        words
    }
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

    fn call() -> NimadmCommand {
        NimadmCommand {
            client: "lpar72".parse().unwrap(),
            lpp_source: "lpp_7300_03_01".parse().unwrap(),
            spot: "spot_7300_03_01".parse().unwrap(),
            target_disks: vec!["hdisk2".parse().unwrap(), "hdisk3".parse().unwrap()],
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
