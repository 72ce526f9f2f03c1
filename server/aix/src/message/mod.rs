//! Error texts of NIM, LVM and the other commands of AIX (nimadm.md §1.6, §4.2).
//!
//! A message has a number, `0042-175`, as a rule the command that says it, and a text that can go on in the lines below.
//! NIM nests them: the first says on which machine, the last says what went wrong. Levels (`7300-03-01`, `6100-06`) and
//! dates look much like numbers and are none, so a number must stand where messages have it.

mod code;

pub use code::code_at_start;

use crate::text::{lines, unwrapped};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number, `0042-175`.
    pub code: String,
    /// The command that says it: `m_mkbosi`, `/usr/sbin/getlvodm`.
    pub command: Option<String>,
    /// The text, its lines joined with one blank.
    pub text: String,
    /// Whether it calls itself a warning: then it does not decide the exit code.
    pub warning: bool,
}

/// The messages of a command that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// In the order printed: NIM says the outermost first.
    pub messages: Vec<Message>,
    /// The last line `rc=N`, as wrappers and NIM methods print it.
    pub rc: Option<i64>,
    /// Lines that belong to no message.
    pub other: Vec<String>,
}

/// What went wrong, in short: `{codes, rc}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NimError {
    /// The numbers in the order of their first appearance.
    pub codes: Vec<String>,
    /// The exit code; none where nothing tells.
    pub rc: Option<i64>,
}

/// Splits an error text into its messages. Any text can be read: what is no message is in `other`.
#[must_use]
pub fn parse(text: &str) -> Report {
    let mut report = Report::default();
    // Whether the next line can go on with the last message; a blank line or `rc=` ends it.
    let mut open = false;
    let mut before = 0;
    for (number, line) in lines(text) {
        open &= number == before + 1;
        before = number;
        if let Some(rc) = rc(line) {
            report.rc = Some(rc);
            open = false;
        } else if let Some(message) = message(line) {
            report.messages.push(message);
            open = true;
        } else if let (true, Some(message)) = (open, report.messages.last_mut()) {
            message.text.push(' ');
            message.text.push_str(line.trim_start());
        } else {
            report.other.push(line.to_owned());
        }
    }
    report.messages.iter_mut().for_each(finish);
    report
}

fn rc(line: &str) -> Option<i64> {
    let value = line.trim_start().strip_prefix("rc=")?;
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| value.parse().ok())?
}

/// What a line says by itself.
fn message(line: &str) -> Option<Message> {
    let (before, code) = code_at_start(line)?;
    let mut text = line.get(before.len() + code.len()..)?.to_owned();
    let mut words = before.split_whitespace().map(|word| word.trim_matches(':'));
    let command = words.clone().find(|word| !word.is_empty() && !is_warning(word));
    // `ATTENTION: 0505-218 …` belongs to the text.
    if let Some(word) = command.filter(|word| !is_command(word)) {
        text = format!("{word}: {}", text.trim_start_matches(separator));
    }
    Some(Message {
        code: code.to_owned(),
        command: command.filter(|word| is_command(word)).map(str::to_owned),
        text,
        warning: words.any(is_warning),
    })
}

/// What can be said once all lines of a message are there.
fn finish(message: &mut Message) {
    // `0516-010 : Volume group …`, `0516-2038: hdcryptmgr …`
    message.text = unwrapped(message.text.trim_start_matches(separator));
    if message.command.is_none()
        && let Some((word, rest)) = message.text.split_once(':').filter(|(word, _)| is_command(word))
    {
        (message.command, message.text) = (Some(word.to_owned()), rest.trim_start().to_owned());
    }
    message.warning |= message.text.starts_with("WARNING");
}

fn separator(c: char) -> bool {
    c == ':' || c.is_whitespace()
}

fn is_warning(word: &str) -> bool {
    word.eq_ignore_ascii_case("warning")
}

/// `ATTENTION:` and `WARNING:` stand at the same place and are no commands.
fn is_command(word: &str) -> bool {
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'.' | b'-' | b'+');
    word.bytes().all(name) && word.contains(|c: char| c.is_ascii_lowercase()) && !is_warning(word)
}

/// Prints messages one a line, number first as NIM, LVM and installp do, and the exit code last.
#[must_use]
pub fn print(report: &Report) -> String {
    let mut out: String = report.other.iter().map(|line| format!("{line}\n")).collect();
    for Message { code, command, text, warning } in &report.messages {
        let warning = if *warning && !text.starts_with("WARNING") { "warning: " } else { "" };
        let command = command.as_deref().map(|command| format!("{command}: ")).unwrap_or_default();
        out += &format!("{warning}{code} {command}{text}\n");
    }
    report.rc.map_or(out.clone(), |rc| format!("{out}rc={rc}\n"))
}

impl Report {
    /// The messages' numbers and the exit code: the one that was printed, else the one that NIM makes of its first
    /// message that is no warning, the part behind the dash modulo 256 `[doc]`.
    #[must_use]
    pub fn nim_error(&self) -> NimError {
        let mut seen = HashSet::new();
        let codes = self.messages.iter().map(|message| &message.code).filter(|code| seen.insert(*code));
        let codes = codes.cloned().collect();
        // Only NIM's commands exit with the number of their message (nimadm.md §1.6): getlvodm's 0516-320 comes with 3.
        let fatal = self.messages.iter().filter(|message| !message.warning);
        let exit = fatal.filter_map(|message| message.code.strip_prefix("0042-")?.parse::<i64>().ok()).next();
        let exit = exit.map(|code| code % 256);
        NimError { codes, rc: self.rc.or(exit) }
    }
}

#[cfg(test)]
mod tests;
