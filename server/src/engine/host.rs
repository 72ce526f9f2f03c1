//! Asking a master, and through it a client.
//!
//! Answers are told apart by marks that the question prints, never by what a command happens to print: login shells add
//! banners, and c_rsh's own return code speaks of the connection only (nimadm.md §3.2, §9).

use super::turns::TurnError;
use crate::{
    error,
    remote::{Connection, RemoteError},
};
use aix::{ObjectName, Unreadable, command::quote};
use app::model::Problem;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const LIMIT: usize = 8 << 20;
const MARK: &str = "@nimdeck";

/// What a host said to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Return code.
    pub rc: i32,
    /// Standard output and error, in the order printed.
    pub text: String,
}

/// Why a host could not be asked, or not understood.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The master could not be asked.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The master answers, the client does not.
    #[error("client {client} does not answer its master: {said}")]
    ClientUnreachable {
        /// The client.
        client: String,
        /// What c_rsh said.
        said: String,
    },
    /// The master has all the connections it may have.
    #[error("the NIM master {0} is busy: it has all the connections that nimdeck opens to one master")]
    Busy(String),
    /// Another call that must be made alone has kept the master busy.
    #[error(transparent)]
    Turn(#[from] TurnError),
    /// The operation is about no client.
    #[error("the operation has no client that could be asked")]
    NoClient,
    /// A command failed.
    #[error("{command:?} returned {rc}: {said}")]
    Command {
        /// The command.
        command: String,
        /// Its return code.
        rc: i32,
        /// What it said.
        said: String,
    },
    /// A host answered, but not with everything that must be known before an order is sent or a run is judged.
    #[error("what must be known could not be read: {0}")]
    Incomplete(String),
    /// A command printed what nobody understands.
    #[error("the output of {command:?} cannot be read")]
    Unreadable {
        /// The command.
        command: String,
        /// The line.
        #[source]
        source: Unreadable,
    },
}

impl HostError {
    /// The problem for the person whose request met it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Remote(error) => error.problem(),
            Self::Turn(TurnError::Database(error)) => error::database(error),
            Self::Busy(_) | Self::Turn(TurnError::Busy) => {
                error::MASTER_BUSY.problem(format!("{self}. Try again in a moment."))
            }
            Self::ClientUnreachable { .. } => error::CLIENT_UNREACHABLE.problem(format!(
                "{self}. Check on the client: lssrc -s nimsh, /etc/niminfo, name resolution both ways; then try again."
            )),
            Self::Command { .. } | Self::NoClient | Self::Incomplete(_) => {
                error::HOST_COMMAND.problem(format!("{self}. Run it there by hand to see why, then try again."))
            }
            Self::Unreadable { source, .. } => {
                error::HOST_COMMAND.problem(format!("{self}: {source}. Run it there by hand to see what it prints."))
            }
        }
    }

    /// The host answered, and its answer cannot be relied on. Everything else means that it could not be asked.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Command { .. } | Self::Unreadable { .. } | Self::Incomplete(_))
    }

    /// In one line, with its causes.
    #[must_use]
    pub fn chain(&self) -> String {
        match self {
            Self::Remote(error) => error.chain(),
            Self::Turn(TurnError::Database(source)) => format!("{self}: {source}"),
            Self::Unreadable { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}

impl Answer {
    /// The text of a command that must return 0.
    ///
    /// # Errors
    /// [`HostError::Command`] where it did not.
    pub fn success(&self, command: &str) -> Result<&str, HostError> {
        if self.rc == 0 {
            return Ok(&self.text);
        }
        let said = self.text.trim().chars().take(300).collect();
        Err(HostError::Command { command: command.to_owned(), rc: self.rc, said })
    }
}

/// Asks the master the given commands, in order; one answer each.
///
/// # Errors
/// [`HostError::Remote`] where it cannot be asked, [`HostError::Command`] where its shell does not answer.
pub async fn master<const N: usize>(connection: &Connection, commands: [&str; N]) -> Result<[Answer; N], HostError> {
    exactly(master_all(connection, &commands).await?)
}

/// The same for commands that are not counted beforehand.
///
/// # Errors
/// As for [`master`].
pub async fn master_all(connection: &Connection, commands: &[&str]) -> Result<Vec<Answer>, HostError> {
    let script = format!(
        "LC_ALL=C LANG=C PATH=$PATH:/usr/sbin:/usr/lpp/bos.sysmgt/nim/methods\nexport LC_ALL LANG PATH\n{}",
        questions(commands)
    );
    let output = connection.run("/bin/sh -s", script.as_bytes(), PATIENCE, LIMIT).await?;
    let text = output.text();
    answers(&text, commands.len()).ok_or_else(|| HostError::Command {
        command: "/bin/sh -s".to_owned(),
        rc: output.status.map_or(-1, u32::cast_signed),
        said: if text.is_empty() { output.error_text() } else { text }.chars().take(300).collect(),
    })
}

/// Asks a client through its master's c_rsh; one answer a command. `hostname` is the one of its NIM attribute `if1`.
///
/// # Errors
/// [`HostError::ClientUnreachable`] where c_rsh gets no answer, [`HostError::Remote`] where the master cannot be asked.
pub async fn client<const N: usize>(
    connection: &Connection,
    hostname: &ObjectName,
    commands: [&str; N],
) -> Result<[Answer; N], HostError> {
    exactly(client_all(connection, hostname, &commands).await?)
}

/// The same for commands that are not counted beforehand.
///
/// # Errors
/// As for [`client`].
pub async fn client_all(
    connection: &Connection,
    hostname: &ObjectName,
    commands: &[&str],
) -> Result<Vec<Answer>, HostError> {
    let script = format!("LC_ALL=C; LANG=C; export LC_ALL LANG\n{}", questions(commands));
    let command = format!("c_rsh {} {}", quote(hostname.as_str()), quote(&script));
    let [Answer { text: said, .. }] = master(connection, [&command]).await?;
    answers(&said, commands.len()).ok_or_else(|| HostError::ClientUnreachable {
        client: hostname.to_string(),
        said: said.trim().chars().take(300).collect(),
    })
}

fn exactly<const N: usize>(answers: Vec<Answer>) -> Result<[Answer; N], HostError> {
    // `answers` has counted them.
    answers
        .try_into()
        .map_err(|answers: Vec<Answer>| HostError::Incomplete(format!("{} of {N} answers came", answers.len())))
}

fn questions(commands: &[&str]) -> String {
    // Nested marks would be read as the outer question's: the depth is part of the mark.
    let mark = format!("{MARK}{}", commands.iter().filter(|command| command.contains(MARK)).count());
    let ask = |command: &&str| format!("( {command}\n) </dev/null 2>&1; rc=$?; echo; echo \"{mark} $rc\"\n");
    commands.iter().map(ask).collect()
}

fn answers(text: &str, count: usize) -> Option<Vec<Answer>> {
    let mut answers = Vec::with_capacity(count);
    let mut current = String::new();
    // The outermost mark is the one that ends the text.
    let last = text.lines().rev().find(|line| line.starts_with(MARK))?;
    let mark = last.split(' ').next()?;
    for line in text.lines() {
        match line.strip_prefix(mark).and_then(|rest| rest.strip_prefix(' ')).and_then(|rc| rc.trim().parse().ok()) {
            Some(rc) => {
                // The mark stands on a line of its own because a line end was added before it.
                current.truncate(current.len().saturating_sub(1));
                answers.push(Answer { rc, text: std::mem::take(&mut current) });
            }
            None => {
                current.push_str(line);
                current.push('\n');
            }
        }
    }
    (answers.len() == count).then_some(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn ask<const N: usize>(commands: [&str; N]) -> [Answer; N] {
        let output = Command::new("/bin/sh").arg("-c").arg(questions(&commands)).output().unwrap();
        answers(&String::from_utf8(output.stdout).unwrap(), N).unwrap().try_into().unwrap()
    }

    #[test]
    fn every_command_has_its_answer_whatever_it_prints() {
        let seen = ask(["printf 'no line end'", "exit 53", "echo out; echo err >&2"]);
        assert_eq!(seen[0], Answer { rc: 0, text: "no line end".into() });
        assert_eq!((seen[1].rc, seen[1].text.as_str()), (53, ""));
        assert_eq!(seen[2].text, "out\nerr\n");
    }

    #[test]
    fn an_answer_cut_short_is_no_answer() {
        assert_eq!(answers("hdisk0 none None\n", 1), None);
        assert_eq!(answers("one\n\n@nimdeck0 0\ntwo\n", 2), None);
    }

    #[test]
    fn questions_within_a_question_are_told_apart() {
        let inner = format!("/bin/sh -c {}", quote(&questions(&["echo inner"])));
        let [seen] = ask([&inner]);
        assert_eq!(answers(&seen.text, 1).unwrap()[0].text, "inner\n");
    }
}
