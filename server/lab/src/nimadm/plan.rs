//! What a `nimadm` call asks for (nimadm.md §1.1, §1.2).

/// The modes the lab plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// Mode 1 of §1.1, with `-j`.
    Migrate,
    /// `-C`.
    Clean,
}

/// A call, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) clean: bool,
    pub(super) client: Option<String>,
    pub(super) spot: Option<String>,
    pub(super) lpp_source: Option<String>,
    pub(super) disks: Vec<String>,
    pub(super) cache_vg: Option<String>,
    pub(super) pre_script: Option<String>,
    pub(super) post_script: Option<String>,
    /// Resources named by `-b -e -i -o`: looked up, and of no further effect here.
    pub(super) resources: Vec<(&'static str, String)>,
    pub(super) accept_licenses: bool,
    pub(super) hold_bootlist: bool,
    pub(super) reboot: bool,
    pub(super) force: bool,
}

/// A call that cannot be carried out, in words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadCall {
    #[error("nimadm: Not a recognized flag: {0}")]
    Unknown(String),
    #[error("nimadm: Flag -{0} requires an argument.")]
    NoValue(char),
    #[error("nimadm: Flag -{0} is required.")]
    Missing(char),
    #[error("nimadm: Flags -B and -r cannot be used together.")]
    HoldAndReboot,
    /// True of the lab, not of AIX.
    #[error("nimadm: this lab does not simulate {0} yet; it knows migrations with -j, and -C")]
    NotPlayed(String),
}

impl Call {
    /// The mode.
    pub(super) fn mode(&self) -> Mode {
        if self.clean { Mode::Clean } else { Mode::Migrate }
    }

    /// Reads the arguments as getopts does: values in the same word or the next, flags without values in one word.
    pub(super) fn read(args: &[String]) -> Result<Self, BadCall> {
        let mut call = Self::default();
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
                return Err(BadCall::Unknown(word.clone()));
            };
            for (at, flag) in flags.char_indices() {
                if !"abcdeijlmNoOPsTz".contains(flag) {
                    call.switch(flag)?;
                    continue;
                }
                let rest = &flags[at + flag.len_utf8()..];
                let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.to_owned()) };
                call.set(flag, value.ok_or(BadCall::NoValue(flag))?)?;
                break;
            }
        }
        call.complete()
    }

    fn switch(&mut self, flag: char) -> Result<(), BadCall> {
        match flag {
            'C' => self.clean = true,
            'Y' => self.accept_licenses = true,
            'B' => self.hold_bootlist = true,
            'r' => self.reboot = true,
            'F' => self.force = true,
            'A' | 'D' | 'V' => {}
            'E' | 'M' | 'S' | 'U' | 'W' => return Err(BadCall::NotPlayed(format!("-{flag}"))),
            _ => return Err(BadCall::Unknown(format!("-{flag}"))),
        }
        Ok(())
    }

    fn set(&mut self, flag: char, value: String) -> Result<(), BadCall> {
        match flag {
            'c' => self.client = Some(value),
            's' => self.spot = Some(value),
            'l' => self.lpp_source = Some(value),
            'd' => self.disks = value.split_whitespace().map(str::to_owned).collect(),
            'j' => self.cache_vg = Some(value),
            'a' => self.pre_script = Some(value),
            'z' => self.post_script = Some(value),
            'b' => self.resources.push(("installp_bundle", value)),
            'e' => self.resources.push(("exclude_files", value)),
            'i' => self.resources.push(("image_data", value)),
            'o' => self.resources.push(("bosinst_data", value)),
            'm' => {}
            _ => return Err(BadCall::NotPlayed(format!("-{flag}"))),
        }
        Ok(())
    }

    fn complete(self) -> Result<Self, BadCall> {
        let missing = |flag: char, absent: bool| if absent { Err(BadCall::Missing(flag)) } else { Ok(()) };
        missing('c', self.client.is_none())?;
        missing('s', self.spot.is_none())?;
        if self.mode() == Mode::Clean {
            return Ok(self);
        }
        missing('l', self.lpp_source.is_none())?;
        missing('d', self.disks.is_empty())?;
        if self.hold_bootlist && self.reboot {
            return Err(BadCall::HoldAndReboot);
        }
        if self.cache_vg.is_none() {
            return Err(BadCall::NotPlayed("migrations over NFS (without -j)".to_owned()));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Call, BadCall> {
        let words: Vec<String> = line.split(' ').map(|word| word.replace('+', " ")).collect();
        Call::read(&words)
    }

    #[test]
    fn reads_calls_as_administrators_write_them() {
        let call = read("-j nimadmvg -c lpar72 -sspot_7300_03_01 -l lpp_7300_03_01 -d hdisk2+hdisk3 -YB").unwrap();
        assert_eq!(call.disks, ["hdisk2", "hdisk3"]);
        assert_eq!(call.spot.as_deref(), Some("spot_7300_03_01"));
        assert!(call.accept_licenses && call.hold_bootlist && !call.reboot);
        assert_eq!(read("-F -C -c lpar71 -s spot").unwrap().mode(), Mode::Clean);
    }

    #[test]
    fn refuses_what_nimadm_or_the_lab_does_not_do() {
        assert_eq!(read("-c lpar71 -s spot -d hdisk1 -j vg"), Err(BadCall::Missing('l')));
        assert_eq!(read("-c lpar71 -s spot -l lpp -d hdisk1 -j vg -B -r"), Err(BadCall::HoldAndReboot));
        assert_eq!(read("-c"), Err(BadCall::NoValue('c')));
        assert_eq!(read("-Q"), Err(BadCall::Unknown("-Q".to_owned())));
        for line in ["-c l -s s -l p -d hdisk1 -Y", "-P1 -c l -s s", "-U -c l -s s", "-W -c l -s s -d hdisk1"] {
            assert!(matches!(read(line), Err(BadCall::NotPlayed(_))), "{line}");
        }
    }
}
