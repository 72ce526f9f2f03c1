//! `ps`: whether a nimadm runs, and for which client (nimadm.md §3.2 M15).
//!
//! Looking for the client's name in a line is not enough: `lpar1` is in `-c lpar10`, and in the command that looks.

use crate::{
    ObjectName, Unreadable,
    text::{begins, table, word},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A line of `ps -p … -o pid,etime,args`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The process.
    pub pid: u64,
    /// How long it runs.
    pub etime: Elapsed,
    /// The command with its arguments.
    pub args: String,
}

/// A line of `ps -ef`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its user.
    pub uid: String,
    /// The process.
    pub pid: u64,
    /// Its parent.
    pub ppid: u64,
    /// Its processor use, as printed.
    pub c: u32,
    /// When it started, as printed: `14:22:01` or `Sep 01`; a process that ended has none.
    pub stime: Option<String>,
    /// Its terminal; none where AIX prints `-`.
    pub tty: Option<String>,
    /// Processor time, as printed: `12:07`.
    pub time: String,
    /// The command with its arguments.
    pub cmd: String,
}

/// A duration in seconds, printed `[[dd-]hh:]mm:ss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Elapsed(pub u64);

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration such as 1-02:03:04")]
pub struct BadElapsed(pub String);

impl FromStr for Elapsed {
    type Err = BadElapsed;

    fn from_str(text: &str) -> Result<Self, BadElapsed> {
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
        let read = || {
            let (days, rest) = text.split_once('-').unwrap_or(("0", text));
            let parts = rest.split(':').map(number).collect::<Option<Vec<_>>>()?;
            let (hours, minutes, seconds) = match parts[..] {
                [hours, minutes, seconds] => (hours, minutes, seconds),
                [minutes, seconds] => (0, minutes, seconds),
                _ => return None,
            };
            let hours = number(days)?.checked_mul(24)?.checked_add(hours)?;
            let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
            minutes.checked_mul(60)?.checked_add(seconds).map(Self)
        };
        read().ok_or_else(|| BadElapsed(text.chars().take(60).collect()))
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(seconds) = self;
        let (days, hours, minutes, seconds) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let text = match (days, hours) {
            (0, 0) => format!("{minutes:02}:{seconds:02}"),
            (0, hours) => format!("{hours:02}:{minutes:02}:{seconds:02}"),
            (days, hours) => format!("{days}-{hours:02}:{minutes:02}:{seconds:02}"),
        };
        f.pad(&text)
    }
}

/// Reads `ps -p … -o pid,etime,args`; headings only where the process has ended.
///
/// # Errors
/// A line under the headings without process, duration and command.
pub fn running(output: &str) -> Result<Vec<Running>, Unreadable> {
    table(
        "ps -o pid,etime,args",
        output,
        |line| begins(line, "PID"),
        |line| {
            let (pid, rest) = word(line)?;
            let (etime, args) = word(rest)?;
            let args = Some(args.trim()).filter(|args| !args.is_empty())?;
            Some(Running { pid: pid.parse().ok()?, etime: etime.parse().ok()?, args: args.to_owned() })
        },
    )
}

/// Prints as `ps -o pid,etime,args` does.
#[must_use]
pub fn print_running(processes: &[Running]) -> String {
    let line = |Running { pid, etime, args }: &Running| format!("{pid:>8} {etime:>11} {args}\n");
    format!("{:>8} {:>11} COMMAND\n", "PID", "ELAPSED") + &processes.iter().map(line).collect::<String>()
}

/// Reads `ps -ef`, also behind `grep`.
///
/// # Errors
/// A line under the headings without user, processes and command.
pub fn processes(output: &str) -> Result<Vec<Process>, Unreadable> {
    table("ps -ef", output, |line| begins(line, "UID"), process)
}

fn process(line: &str) -> Option<Process> {
    let (uid, rest) = word(line)?;
    let (pid, rest) = word(rest)?;
    let (ppid, rest) = word(rest)?;
    let (c, rest) = word(rest)?;
    let (stime, tty, rest) = started(rest)?;
    let (time, cmd) = word(rest)?;
    let cmd = Some(cmd.trim()).filter(|cmd| !cmd.is_empty() && time.contains(':'))?;
    Some(Process {
        uid: uid.to_owned(),
        pid: pid.parse().ok()?,
        ppid: ppid.parse().ok()?,
        c: c.parse().ok()?,
        stime,
        tty,
        time: time.to_owned(),
        cmd: cmd.to_owned(),
    })
}

/// Start and terminal. A start of another day is two words, and a process that ended has neither start nor terminal
/// (unconfirmed).
fn started(text: &str) -> Option<(Option<String>, Option<String>, &str)> {
    if text.trim_end().ends_with("<defunct>") {
        return Some((None, None, text));
    }
    let (first, rest) = word(text)?;
    let (stime, rest) = if first.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let (day, rest) = word(rest)?;
        (format!("{first} {day}"), rest)
    } else {
        (first.to_owned(), rest)
    };
    let (tty, rest) = word(rest)?;
    Some((Some(stime), Some(tty.to_owned()).filter(|tty| tty != "-"), rest))
}

/// Prints as `ps -ef` does.
#[must_use]
pub fn print_processes(processes: &[Process]) -> String {
    let mut out = "     UID      PID     PPID   C    STIME    TTY  TIME CMD\n".to_owned();
    for Process { uid, pid, ppid, c, stime, tty, time, cmd } in processes {
        let (stime, tty) = match (stime, tty) {
            (None, _) => ("", ""),
            (Some(stime), None) => (stime.as_str(), "-"),
            (Some(stime), Some(tty)) => (stime.as_str(), tty.as_str()),
        };
        out += &format!("{uid:>8} {pid:>8} {ppid:>8} {c:>3} {stime:>8} {tty:>6} {time:>5} {cmd}\n");
    }
    out
}

/// The client of a nimadm, from its command line; none where it is another command. A shell that runs nimadm counts.
#[must_use]
pub fn nimadm_client(args: &str) -> Option<ObjectName> {
    let mut words = args.split_whitespace().peekable();
    words.next_if(|word| matches!(program(word), "ksh" | "ksh93" | "sh" | "bash"));
    if program(words.next()?) != "nimadm" {
        return None;
    }
    while let Some(word) = words.next() {
        let Some(flags) = word.strip_prefix('-') else { continue };
        // The value of a flag stands behind it or is the next word (nimadm.md §1.2).
        let Some((at, flag)) = flags.char_indices().find(|(_, flag)| "abcdeijlmNoOPsTz".contains(*flag)) else {
            continue;
        };
        let value = match flags.get(at + flag.len_utf8()..) {
            Some("") | None => words.next()?,
            Some(value) => value,
        };
        if flag == 'c' {
            return value.parse().ok();
        }
    }
    None
}

fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, option, prelude::*};

    const ARGS: &str = "/?[a-z]{1,9}( -?[a-zA-Z0-9/.]{1,9}){0,4}";

    fn any_running() -> impl Strategy<Value = Running> {
        (any::<u64>(), any::<u32>(), ARGS).prop_map(|(pid, seconds, args)| Running {
            pid,
            etime: Elapsed(seconds.into()),
            args,
        })
    }

    /// A process that ended has no terminal either, and no name.
    fn any_process() -> impl Strategy<Value = Process> {
        let stime = option::of("[012][0-9]:[0-5][0-9]:[0-5][0-9]|[A-Z][a-z]{2} [0-3][0-9]");
        let numbers = (any::<u64>(), any::<u64>(), any::<u32>());
        ("[a-z]{1,8}", numbers, stime, option::of("pts/[0-9]{1,3}"), "[0-9]{1,3}:[0-5][0-9]", ARGS).prop_map(
            |(uid, (pid, ppid, c), stime, tty, time, cmd)| {
                let (tty, cmd) = if stime.is_some() { (tty, cmd) } else { (None, "<defunct>".to_owned()) };
                Process { uid, pid, ppid, c, stime, tty, time, cmd }
            },
        )
    }

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("ps/running.unconfirmed", running, |rows| print_running(rows));
        fixture::round_trip("ps/ef.unconfirmed", processes, |rows| print_processes(rows));
        let clients = processes(&fixture::text("ps/ef.unconfirmed")).unwrap();
        let clients: Vec<_> = clients.iter().filter_map(|process| nimadm_client(&process.cmd)).collect();
        assert_eq!(clients.iter().map(ObjectName::as_str).collect::<Vec<_>>(), ["lpar71", "lpar10"]);
        let bad = "ksh: ps: not found\n";
        assert!(running(bad).is_err() && processes(bad).is_err());
    }

    #[test]
    fn a_client_is_the_value_of_its_flag() {
        let client = |args: &str| nimadm_client(args).map(String::from);
        assert_eq!(client("/usr/sbin/nimadm -j nimadmvg -clpar1 -s spot -d hdisk1 -Y").as_deref(), Some("lpar1"));
        assert_eq!(client("nimadm -s c -l -c -Yc lpar1").as_deref(), Some("lpar1"));
        assert_eq!(client("/usr/bin/ksh /usr/sbin/nimadm -C -c lpar1 -s spot1").as_deref(), Some("lpar1"));
        for none in ["", "nimadm", "nimadm -c", "grep nimadm -c lpar1", "vi nimadm -c lpar1", "nimadm -é -c é"] {
            assert_eq!(client(none), None, "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(
            few in vec(any_running(), 0..4),
            all in vec(any_process(), 0..4),
            seconds in any::<u64>(),
        ) {
            prop_assert_eq!(running(&print_running(&few)).unwrap(), few);
            prop_assert_eq!(processes(&print_processes(&all)).unwrap(), all);
            prop_assert_eq!(Elapsed(seconds).to_string().parse::<Elapsed>().unwrap(), Elapsed(seconds));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n| 1 |:|-|nimadm -c |root 1 1 0 ){0,40}") {
            let _ = (running(&text), processes(&text), nimadm_client(&text), text.parse::<Elapsed>());
        }
    }
}
