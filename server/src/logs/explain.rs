//! A nimadm log or a command's output in, what it says out: for the command line, for REST and for imports.
//!
//! A log is read as it comes and not kept: one of a gigabyte explains itself in the same memory as one of a kilobyte. What a
//! command prints is read whole, so as much as a command prints is kept until it is known that this is a log.

use crate::error::{BAD_INPUT, NOT_A_LOG, NOT_THAT_OUTPUT};
use aix::{
    explain::{self, Kind},
    log::{Reader, Report},
};
use app::model::Problem;

/// As much as is kept of what may be a command's output, in bytes. `lslpp -L` of a large system prints a tenth of it.
const OUTPUT: usize = 4 << 20;

/// The name of the kind that is a nimadm log.
pub const LOG: &str = "nimadm-log";

/// What somebody says an output is.
#[derive(Clone, Copy)]
pub enum Asked {
    /// Nothing: it is to be recognised.
    Anything,
    /// A log of nimadm.
    Log,
    /// The output of a command.
    Output(&'static Kind),
}

/// What an output says.
pub enum Explained {
    /// It is a log of nimadm.
    Log(Box<Report>),
    /// It is a command's output.
    Output {
        /// Of which command.
        kind: &'static Kind,
        /// Its value.
        json: String,
    },
}

/// Reads an output piece by piece.
#[derive(Debug, Default)]
pub struct Explainer {
    reader: Reader,
    /// Its beginning, for as long as it may be a command's.
    beginning: Vec<u8>,
    cut: bool,
}

impl Asked {
    /// What a name stands for; nothing stands for anything.
    ///
    /// # Errors
    /// A name that is no kind.
    pub fn read(name: Option<&str>) -> Result<Self, Problem> {
        match name {
            None | Some("") => Ok(Self::Anything),
            Some(LOG) => Ok(Self::Log),
            Some(name) => explain::kind(name).map(Self::Output).ok_or_else(|| {
                let shown: String = name.chars().take(40).collect();
                BAD_INPUT.field("as", format!("{shown:?} is no kind of output; the kinds are {}", names().join(", ")))
            }),
        }
    }
}

/// The names of all kinds.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = explain::kinds().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    names.insert(0, LOG);
    names
}

impl Explainer {
    /// An explainer at the start of an output.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came next, however it was cut on its way.
    pub fn push(&mut self, bytes: &[u8]) {
        self.reader.push(bytes, &mut |_, _| {});
        let room = OUTPUT.saturating_sub(self.beginning.len());
        self.beginning.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.cut |= bytes.len() > room;
    }

    /// The report of a log; none where this is no log of nimadm. The last line may have no end.
    #[must_use]
    pub fn finish(mut self) -> Option<Report> {
        self.reader.finish(&mut |_, _| {});
        self.reader.report()
    }

    /// What it says, as what was asked for.
    ///
    /// # Errors
    /// It is not that, or nothing that is known.
    pub fn explained(self, asked: Asked) -> Result<Explained, Problem> {
        let (output, cut) = (String::from_utf8_lossy(&self.beginning).into_owned(), self.cut);
        match asked {
            Asked::Log => self.finish().map(|report| Explained::Log(Box::new(report))).ok_or_else(not_a_log),
            Asked::Output(kind) if cut => Err(NOT_THAT_OUTPUT.problem(format!(
                "It has more than {} MiB: no {} prints that much.",
                OUTPUT >> 20,
                kind.command
            ))),
            Asked::Output(kind) => match kind.read(&output) {
                Ok(json) => Ok(Explained::Output { kind, json }),
                Err(error) => Err(NOT_THAT_OUTPUT.problem(format!(
                    "As the output of {}, {error}. Send the whole output and nothing else, made with LC_ALL=C.",
                    kind.command
                ))),
            },
            Asked::Anything => match self.finish() {
                Some(report) => Ok(Explained::Log(Box::new(report))),
                None if cut => Err(not_a_log()),
                None => {
                    let recognised = explain::recognise(&output);
                    recognised.map(|(kind, json)| Explained::Output { kind, json }).ok_or_else(not_a_log)
                }
            },
        }
    }
}

/// What is said of bytes that nimadm did not print.
#[must_use]
pub fn not_a_log() -> Problem {
    NOT_A_LOG.problem(
        "This is no nimadm log: no line of it is one that only nimadm prints, such as \"Initializing the NIM master.\" or \"Executing \
         nimadm phase N.\"; and it is no output of a command that nimdeck recognises. Give it the master's \
         /var/adm/ras/alt_mig/CLIENT_alt_mig.log, uncompressed, or say with --as (?as=) which command printed it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &[u8] = include_bytes!("../../aix/fixtures/nimadm/whole_run.seed.log");

    fn explained(pieces: impl Iterator<Item = impl AsRef<[u8]>>, asked: Asked) -> Result<String, String> {
        let mut explainer = Explainer::new();
        pieces.for_each(|piece| explainer.push(piece.as_ref()));
        match explainer.explained(asked) {
            Ok(Explained::Log(report)) => Ok(format!("{:?}", report.verdict.outcome)),
            Ok(Explained::Output { kind, json }) => Ok(format!("{} {json}", kind.name)),
            Err(problem) => Err(problem.code),
        }
    }

    #[test]
    fn a_log_is_known_among_outputs() {
        assert_eq!(explained([RUN].iter(), Asked::Anything), Ok("Success".to_owned()));
        assert_eq!(explained(RUN.chunks(7), Asked::Log), Ok("Success".to_owned()));
        let lspv = b"hdisk0 none None\n";
        assert!(
            explained([lspv].iter(), Asked::Anything).unwrap().starts_with("lspv [{\"disk\":\"hdisk0\",\"pvid\":null")
        );
        assert_eq!(explained([lspv].iter(), Asked::Log), Err("ND0501".to_owned()));
        assert_eq!(explained([RUN].iter(), Asked::read(Some("lspv")).unwrap()), Err("ND0503".to_owned()));
    }

    #[test]
    fn what_is_nothing_is_said_to_be_nothing() {
        for other in [&b""[..], b"\0\xff\n", &vec![b'x'; 5 << 20]] {
            assert_eq!(explained([other].iter(), Asked::Anything), Err("ND0501".to_owned()));
        }
        assert_eq!(Asked::read(Some("lspvv")).err().map(|problem| problem.code), Some("ND0003".to_owned()));
    }
}
