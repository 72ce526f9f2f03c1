//! What the pre-flight asks, and what came of it.
//!
//! Questions are data: which there are follows from the request alone, and asking is apart from judging. So a test can give each of
//! them a bad answer in turn, and a new question cannot escape it.

use crate::engine::{
    fact::{Fact, Unread},
    host::Answer,
    places::{self, Allowed},
    readings::{self, Reading},
};
use aix::{ObjectName, command::quote, lsnim};
use app::model::{LaunchRequest, Operation};
use std::collections::BTreeMap;

/// A NIM object that a request names: the field, and the type that it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// `-l`.
    LppSource,
    /// `-s`.
    Spot,
    /// `-T`.
    Mksysb,
    /// `-a`.
    PreScript,
    /// `-z`.
    PostScript,
    /// `-b`.
    Bundle,
    /// `-o`.
    BosinstData,
    /// `-i`.
    ImageData,
    /// `-e`.
    ExcludeFiles,
}

impl Role {
    /// Those beside lpp_source, SPOT and mksysb, which have checks of their own.
    pub const OTHERS: [Self; 6] =
        [Self::PreScript, Self::PostScript, Self::Bundle, Self::BosinstData, Self::ImageData, Self::ExcludeFiles];
    const ALL: [Self; 9] = [
        Self::LppSource,
        Self::Spot,
        Self::Mksysb,
        Self::PreScript,
        Self::PostScript,
        Self::Bundle,
        Self::BosinstData,
        Self::ImageData,
        Self::ExcludeFiles,
    ];

    /// The field of [`LaunchRequest`].
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::LppSource => "lpp_source",
            Self::Spot => "spot",
            Self::Mksysb => "mksysb",
            Self::PreScript => "pre_script",
            Self::PostScript => "post_script",
            Self::Bundle => "bundle",
            Self::BosinstData => "bosinst_data",
            Self::ImageData => "image_data",
            Self::ExcludeFiles => "exclude_files",
        }
    }

    /// The NIM type.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::PreScript | Self::PostScript => "script",
            Self::Bundle => "installp_bundle",
            other => other.field(),
        }
    }

    /// The object that a request names.
    #[must_use]
    pub fn of(self, request: &LaunchRequest) -> Option<&ObjectName> {
        match self {
            Self::LppSource => Some(&request.lpp_source),
            Self::Spot => Some(&request.spot),
            Self::Mksysb => request.mksysb.as_ref(),
            Self::PreScript => request.pre_script.as_ref(),
            Self::PostScript => request.post_script.as_ref(),
            Self::Bundle => request.bundle.as_ref(),
            Self::BosinstData => request.bosinst_data.as_ref(),
            Self::ImageData => request.image_data.as_ref(),
            Self::ExcludeFiles => request.exclude_files.as_ref(),
        }
    }
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of questions says what each asks")]
pub enum Topic {
    MasterLevel,
    Machine,
    CacheVg,
    Object(Role),
    AltDiskOnMaster,
    AltDiskInSpot,
    ImageFile,
    ImageName,
    ImageRoom,
    Mksysbs,
    Sources,
    Places,
    ImageDataText,
    ClientLevel,
    Disks,
    Bootlist,
    Sizes,
    Rootvg,
    Volumes,
    Groups,
    Efixes,
    Processor,
}

/// Who is asked, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The master, together with others.
    Master,
    /// The master, by one server at a time: NIM refuses a second call (nimadm.md §6.2).
    MasterAlone,
    /// The client, through its master.
    Client,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What it is about.
    pub topic: Topic,
    /// Who is asked.
    pub whom: Whom,
    /// What is sent.
    pub command: String,
    /// As a person would type it.
    pub name: String,
}

/// Answers by topic. A topic that is not here was not asked.
#[derive(Debug, Clone, Default)]
pub struct Answers(BTreeMap<Topic, (String, Result<Answer, Unread>)>);

impl Answers {
    /// Keeps what came of a question.
    pub fn insert(&mut self, question: &Question, came: Result<Answer, Unread>) {
        self.0.insert(question.topic, (question.name.clone(), came.map(readings::picked)));
    }

    /// What a topic came to. Not asked is not applicable.
    pub(super) fn read<T>(&self, topic: Topic, reading: impl FnOnce(&Answer) -> Reading<T>) -> Fact<T> {
        match self.0.get(&topic) {
            None => Fact::NotApplicable,
            Some((name, Ok(answer))) => Fact::of(name, answer, reading),
            Some((_, Err(unread))) => Fact::Unreadable(unread.clone()),
        }
    }

    /// A NIM object that the request names; none where NIM says that there is none.
    pub(super) fn object(&self, role: Role, request: &LaunchRequest) -> Fact<Option<lsnim::Stanza>> {
        let name = role.of(request).map_or("", ObjectName::as_str);
        self.read(Topic::Object(role), |answer| readings::object(answer, name))
    }

    /// Where a new mksysb may be written to.
    pub(super) fn writable(&self, setting: &[String], request: &LaunchRequest) -> Fact<Allowed> {
        match request.image {
            None => Fact::NotApplicable,
            Some(_) if !setting.is_empty() => Fact::Read(places::of_setting(setting)),
            Some(_) => self.read(Topic::Mksysbs, readings::objects).map(|found| places::of_mksysbs(&found)),
        }
    }

    /// Where images may be read from.
    pub(super) fn readable(&self, setting: &[String], request: &LaunchRequest) -> Fact<Allowed> {
        match request.images {
            None => Fact::NotApplicable,
            Some(_) if !setting.is_empty() => Fact::Read(places::of_setting(setting)),
            Some(_) => self.read(Topic::Sources, readings::objects).map(|found| places::of_sources(&found)),
        }
    }
}

fn plain(topic: Topic, whom: Whom, command: impl Into<String>) -> Question {
    let command = command.into();
    Question { topic, whom, name: command.clone(), command }
}

fn named(topic: Topic, whom: Whom, name: impl Into<String>, command: String) -> Question {
    Question { topic, whom, name: name.into(), command }
}

/// Where something is on the master: below the login directory first, as in [`places::question`].
fn found(path: &str, action: &str) -> String {
    let (here, there) = (quote(&format!(".{path}")), quote(path));
    format!("for p in {here} {there}; do if [ -e $p ] || [ -h $p ]; then {action}; exit; fi; done; echo absent")
}

/// Asks whether there is a file, or a link to nowhere, which nimadm would write through: `there` and its line of `ls`, or `absent`.
#[must_use]
pub fn file(path: &str) -> String {
    found(path, "echo there; ls -ld $p")
}

/// The questions that follow from the request alone. `client` is its NIM name.
#[must_use]
pub fn first(request: &LaunchRequest, client: Option<&ObjectName>, setting: &[String]) -> Vec<Question> {
    use Topic as T;
    use Whom::{Client, Master, MasterAlone};
    let operation = request.operation;
    let mut asked = Vec::new();
    // -M migrates nothing: no level is compared.
    asked.extend((operation != Operation::Synchronise).then(|| plain(T::MasterLevel, Master, "oslevel -s")));
    asked.extend(client.map(|name| plain(T::Machine, Master, format!("lsnim -l {name}"))));
    asked.extend(request.cache_vg.as_ref().map(|vg| plain(T::CacheVg, Master, format!("lsvg {vg}"))));
    asked.extend(
        Role::ALL
            .into_iter()
            .filter_map(|role| role.of(request).map(|name| plain(T::Object(role), Master, format!("lsnim -l {name}")))),
    );
    asked.extend(alt_disk_install(&request.spot));
    if let Some(image) = &request.image {
        let (path, parent) = (image.file.as_str(), image.file.parent());
        asked.push(named(T::ImageFile, Master, format!("ls -ld {path}"), file(path)));
        asked.extend(image.name.as_ref().map(|name| plain(T::ImageName, Master, format!("lsnim {name}"))));
        if !operation.reads_mksysb() {
            asked.push(plain(T::ImageRoom, Master, format!("df -k {}", quote(parent))));
        }
    }
    if setting.is_empty() {
        asked.extend(request.image.as_ref().map(|_| plain(T::Mksysbs, Master, "lsnim -l -t mksysb")));
        asked.extend(request.images.as_ref().map(|_| plain(T::Sources, Master, "lsnim -l -t lpp_source")));
    }
    if client.is_some() {
        let own_rootvg = !operation.reads_mksysb();
        let clone = operation.makes_clone();
        let asks = [
            (own_rootvg, plain(T::ClientLevel, Client, "oslevel -s")),
            (clone, plain(T::Disks, Client, "lspv")),
            (clone, plain(T::Bootlist, Client, "bootlist -m normal -o")),
            (clone, named(T::Sizes, Client, "bootinfo -s", readings::SIZES.to_owned())),
            (own_rootvg, plain(T::Rootvg, Client, "lsvg rootvg")),
            (own_rootvg, plain(T::Volumes, Client, "lsvg -l rootvg")),
            (clone, plain(T::Groups, Client, "lsvg")),
            (own_rootvg, plain(T::Efixes, Client, "emgr -l")),
            (clone, named(T::Processor, Client, "prtconf", readings::pick("prtconf", "Processor Type"))),
        ];
        asked.extend(asks.into_iter().filter_map(|(asked, question)| asked.then_some(question)));
    }
    debug_assert!(asked.iter().all(|question| question.whom != MasterAlone || question.topic == T::AltDiskInSpot));
    asked
}

/// Asks for the level of bos.alt_disk_install.rte on the master and in a SPOT.
#[must_use]
pub fn alt_disk_install(spot: &ObjectName) -> [Question; 2] {
    let in_spot = format!("nim -o showres -a lslpp_flags=Lc {spot}");
    let picked = readings::pick(&in_spot, "bos\\.alt_disk_install\\.rte");
    [
        plain(Topic::AltDiskOnMaster, Whom::Master, "lslpp -Lqc bos.alt_disk_install.rte"),
        named(Topic::AltDiskInSpot, Whom::MasterAlone, in_spot, picked),
    ]
}

/// The questions that follow from the first answers: where things are.
#[must_use]
pub fn second(request: &LaunchRequest, setting: &[String], answers: &Answers) -> Vec<Question> {
    let mut asked = Vec::new();
    let image = request.image.as_ref().map(|image| image.file.parent());
    let images = request.images.as_ref().map(aix::command::MasterPath::as_str);
    if let Some(path) = image.or(images) {
        let allowed = answers.writable(setting, request);
        let allowed = if image.is_some() { allowed } else { answers.readable(setting, request) };
        let roots = allowed.known().map(|allowed| allowed.directories).unwrap_or_default();
        let command = places::question([path].into_iter().chain(roots.iter().map(String::as_str)));
        asked.push(named(Topic::Places, Whom::Master, format!("cd {path}; pwd -P"), command));
    }
    // Only names of a rootvg that is cloned are compared with it.
    if request.operation == Operation::Migrate
        && let Fact::Read(Some(object)) = answers.object(Role::ImageData, request)
        && let Some(location) = object.get("location").filter(|location| places::is_plain(location))
    {
        asked.push(named(
            Topic::ImageDataText,
            Whom::Master,
            format!("cat {location}"),
            found(location, "sed -n 1,9999p $p"),
        ));
    }
    asked
}
