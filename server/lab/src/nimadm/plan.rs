//! What a `nimadm` call asks for (nimadm.md §1.1, §1.2).

use aix::Phase;

/// The modes of §1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Modes 1 and 6 to 8: a migration of a client or of a mksysb (`-T`), to disks or to a mksysb (`-O`).
    Migrate,
    /// `-C`.
    Clean,
    /// `-W`.
    Wake,
    /// `-S`.
    Sleep,
    /// `-M`.
    Sync,
}

/// A call, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Call {
    mode: Option<Mode>,
    pub(super) client: Option<String>,
    pub(super) spot: Option<String>,
    pub(super) lpp_source: Option<String>,
    /// Target disks; with `-M` one device or directory.
    pub(super) disks: Vec<String>,
    pub(super) cache_vg: Option<String>,
    pub(super) pre_script: Option<String>,
    pub(super) post_script: Option<String>,
    pub(super) bundle: Option<String>,
    pub(super) exclude: Option<String>,
    pub(super) image_data: Option<String>,
    pub(super) bosinst_data: Option<String>,
    /// `-T`: the mksysb that is migrated.
    pub(super) mksysb: Option<String>,
    /// `-O`: the file of the migrated mksysb.
    pub(super) output: Option<String>,
    /// `-N`: its NIM name.
    pub(super) output_name: Option<String>,
    /// `-P`: only these, in order; all where none is named.
    pub(super) phases: Vec<Phase>,
    /// `-M -P`.
    pub(super) preview: bool,
    pub(super) mount_options: Option<String>,
    pub(super) accept_licenses: bool,
    pub(super) update: bool,
    pub(super) hold_bootlist: bool,
    pub(super) reboot: bool,
    pub(super) force: bool,
    pub(super) debug: bool,
    /// `-E`: on an error, a prompt.
    pub(super) debugger: bool,
}

/// A call that cannot be carried out, in words (all unconfirmed).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadCall {
    #[error("nimadm: Not a recognized flag: {0}")]
    Unknown(String),
    #[error("nimadm: Flag -{0} requires an argument.")]
    NoValue(char),
    #[error("nimadm: Flag -{0} is required.")]
    Missing(char),
    #[error("nimadm: Flags -{0} and -{1} cannot be used together.")]
    Together(char, char),
    #[error("nimadm: Invalid phase: {0}. Phases are 1 to 12, separated by commas or blanks.")]
    Phase(String),
}

impl Call {
    /// The mode.
    pub(super) fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Migrate)
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
                let bare = flag == 'P' && call.mode == Some(Mode::Sync);
                if bare || !"abcdeijlmNoOPsTz".contains(flag) {
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
            'C' => self.mode = Some(Mode::Clean),
            'W' => self.mode = Some(Mode::Wake),
            'S' => self.mode = Some(Mode::Sleep),
            'M' => self.mode = Some(Mode::Sync),
            'P' => self.preview = true,
            'Y' => self.accept_licenses = true,
            'U' => self.update = true,
            'B' => self.hold_bootlist = true,
            'r' => self.reboot = true,
            'F' => self.force = true,
            'D' => self.debug = true,
            'E' => self.debugger = true,
            // What -A means is not published; -V says more than the lab has to say.
            'A' | 'V' => {}
            _ => return Err(BadCall::Unknown(format!("-{flag}"))),
        }
        Ok(())
    }

    fn set(&mut self, flag: char, value: String) -> Result<(), BadCall> {
        let place = match flag {
            'c' => &mut self.client,
            's' => &mut self.spot,
            'l' => &mut self.lpp_source,
            'j' => &mut self.cache_vg,
            'a' => &mut self.pre_script,
            'z' => &mut self.post_script,
            'b' => &mut self.bundle,
            'e' => &mut self.exclude,
            'i' => &mut self.image_data,
            'o' => &mut self.bosinst_data,
            'm' => &mut self.mount_options,
            'T' => &mut self.mksysb,
            'O' => &mut self.output,
            'N' => &mut self.output_name,
            'P' => return self.set_phases(&value),
            _ => {
                self.disks = value.split_whitespace().map(str::to_owned).collect();
                return Ok(());
            }
        };
        *place = Some(value);
        Ok(())
    }

    fn set_phases(&mut self, value: &str) -> Result<(), BadCall> {
        let words = value.split([',', ' ']).filter(|word| !word.is_empty());
        let phase = |word: &str| word.parse::<u8>().ok().and_then(|number| Phase::try_from(number).ok());
        let read: Result<Vec<_>, _> = words.map(|word| phase(word).ok_or(BadCall::Phase(word.to_owned()))).collect();
        self.phases = read?;
        self.phases.sort_unstable();
        self.phases.dedup();
        if self.phases.is_empty() { Err(BadCall::Phase(value.to_owned())) } else { Ok(()) }
    }

    fn complete(self) -> Result<Self, BadCall> {
        let missing = |flag: char, absent: bool| if absent { Err(BadCall::Missing(flag)) } else { Ok(()) };
        missing('s', self.spot.is_none())?;
        if self.mode() == Mode::Sync {
            missing('l', self.lpp_source.is_none())?;
            return Ok(self);
        }
        missing('c', self.client.is_none() && !(self.mksysb.is_some() && self.output.is_some()))?;
        match self.mode() {
            Mode::Clean | Mode::Sleep | Mode::Sync => return Ok(self),
            Mode::Wake => return missing('d', self.disks.is_empty()).map(|()| self),
            Mode::Migrate => {}
        }
        missing('l', self.lpp_source.is_none())?;
        missing('d', self.disks.is_empty() && self.output.is_none())?;
        missing('j', self.cache_vg.is_none() && (self.mksysb.is_some() || self.output.is_some()))?;
        missing('O', self.output_name.is_some() && self.output.is_none())?;
        let together = |a: char, b: char, both: bool| if both { Err(BadCall::Together(a, b)) } else { Ok(()) };
        together('B', 'r', self.hold_bootlist && self.reboot)?;
        together('O', 'd', self.output.is_some() && !self.disks.is_empty())?;
        together('T', 'e', self.mksysb.is_some() && self.exclude.is_some())?;
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
        let steps = |line| read(line).unwrap().phases.iter().map(|phase| phase.number()).collect::<Vec<_>>();
        assert_eq!(steps("-c l -s s -l p -d hdisk1 -P1,3 -Y"), [1, 3]);
        assert_eq!(steps("-c l -s s -l p -d hdisk1 -P 12+2"), [2, 12]);
        assert!(read("-M -s s -l p -P").unwrap().preview);
        assert_eq!(read("-T m -O /f -s s -l p -j vg -Y").unwrap().mode(), Mode::Migrate);
    }

    #[test]
    fn refuses_what_nimadm_does_not_do() {
        assert_eq!(read("-c lpar71 -s spot -d hdisk1 -j vg"), Err(BadCall::Missing('l')));
        assert_eq!(read("-c lpar71 -s spot -l lpp -d hdisk1 -j vg -B -r"), Err(BadCall::Together('B', 'r')));
        assert_eq!(read("-c"), Err(BadCall::NoValue('c')));
        assert_eq!(read("-Q"), Err(BadCall::Unknown("-Q".to_owned())));
        assert_eq!(read("-T m -c l -s s -l p -d hdisk1 -Y"), Err(BadCall::Missing('j')));
        assert_eq!(read("-W -c l -s s"), Err(BadCall::Missing('d')));
        assert_eq!(read("-c l -s s -l p -d hdisk1 -P 13"), Err(BadCall::Phase("13".to_owned())));
    }
}
