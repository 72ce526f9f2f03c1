//! What a line of the log means.

use super::step::StepKind;
use crate::Phase;

/// What one line means. Lines that mean nothing to the outcome, most of installp's, are no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// `Initializing the NIM master.`: a run begins.
    Run,
    /// `Executing nimadm phase N.`
    Phase(Phase),
    /// A step of the header or within a phase.
    Step(Step<'a>),
    /// A row of an Installation Summary.
    Fileset(Row<'a>),
    /// A line with a message number, `0505-187`, or one that complains without a number.
    Message(Message<'a>),
    /// Looks like an error and is none (nimadm.md §2.3, §2.10).
    Benign(Benign),
}

/// A milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// Which.
    pub kind: StepKind,
    /// The line, without its full stop.
    pub text: &'a str,
    /// What the line names: `alt_hd5`, `/usr`, `ODM_merge vfs`, `hdisk1 blv=hd5`; empty where it names nothing.
    pub item: &'a str,
    /// Steps of this kind done in this phase, this one included; a line that AIX prints twice is one step.
    pub done: u32,
    /// Steps in all, where this line or an earlier phase tells.
    pub total: Option<u32>,
}

impl Step<'_> {
    /// The new size in MiB of `Filesystem size changed to N`; chfs counts blocks of 512 bytes (nimadm.md §2.9).
    #[must_use]
    pub fn size_mib(&self) -> Option<u64> {
        (self.kind == StepKind::SizeChanged)
            .then(|| self.item.parse::<u64>().ok())
            .flatten()
            .map(|blocks| blocks / 2048)
    }
}

/// A row of an Installation Summary (nimadm.md §2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// `bos.rte.install`.
    pub name: &'a str,
    /// `7.3.3.1`.
    pub level: &'a str,
    /// Which part of it.
    pub part: Part,
    /// What was done.
    pub event: Deed,
    /// What came of it.
    pub result: Fate,
}

/// A closed set of AIX's words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$word_doc])* $variant),* }

        impl $name {
            /// The word as AIX prints it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            pub(super) fn read(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// The part of a fileset that a row is about.
    Part {
        /// Below `/usr`.
        Usr = "USR",
        /// Below `/`.
        Root = "ROOT",
        /// Below `/usr/share`.
        Share = "SHARE",
    }
}
words! {
    /// What installp did.
    Deed {
        /// Installed or updated.
        Apply = "APPLY",
        /// Made final.
        Commit = "COMMIT",
        /// Took back.
        Reject = "REJECT",
        /// Removed what an interrupted installation left.
        Cleanup = "CLEANUP",
        /// Removed.
        Deinstall = "DEINSTALL",
    }
}
words! {
    /// What came of it. FAILED and CANCELLED are installp's standard (unconfirmed).
    Fate {
        /// It is done.
        Success = "SUCCESS",
        /// It failed.
        Failed = "FAILED",
        /// It was not begun because something else failed.
        Cancelled = "CANCELLED",
    }
}

/// A message of nimadm or a command that it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its number; none where a command complains without one.
    pub code: Option<&'a str>,
    /// How bad it is.
    pub severity: Severity,
    /// The line.
    pub text: &'a str,
}

/// How bad a message is (nimadm.md §2.13). The words tell, not the number: `0505-158` is a warning, `0505-187` is the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Information, and what says of itself that it is a warning.
    Note,
    /// Says only that something else failed: `0042-001`.
    Wrapper,
    /// A command complains without a number.
    Complaint,
    /// `ATTENTION`: fatal if the command then gives up.
    Attention,
    /// A command reports a failure.
    Error,
    /// nimadm reports a failure.
    Fatal,
}

/// What looks like an error and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benign {
    /// `cannot access ./…`: a temporary file went away between listing and copying.
    Vanished,
    /// `forced unmount of …`: how nimadm unmounts what it mounted itself.
    ForcedUnmount,
    /// `0513-…` of the System Resource Controller: a subsystem was started or runs already.
    Subsystem,
    /// `nimadm: There is no user customization script specified for this phase.`
    NoScript,
}

impl Benign {
    /// Why it is none.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Vanished => {
                "A temporary file was gone between listing and copying. nimadm's own lock file always is."
            }
            Self::ForcedUnmount => {
                "How nimadm unmounts the file systems it mounted itself. Some levels print it twice."
            }
            Self::Subsystem => "A subsystem that nimadm needs was started, or runs already.",
            Self::NoScript => "No pre- or post-migration script was given, so there was none to run.",
        }
    }
}
