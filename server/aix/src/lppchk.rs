//! `lppchk`: whether the installed software is consistent (nimadm.md §6.9).
//!
//! Silence is the only good answer. The layout of everything else is unconfirmed, so no line is dropped: what is not
//! recognised is a [`Finding::Other`], and any finding at all means not consistent.

use crate::{
    Unreadable, Vrmf,
    message::code_at_start,
    text::{lines, shell_error, unwrapped, wrap},
};
use serde::{Deserialize, Serialize};

/// Something that lppchk does not like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// A line of `lppchk -v`: a fileset to be installed or corrected.
    Fileset {
        /// Its name.
        fileset: String,
        /// The level that is wanted.
        level: Vrmf,
        /// What is wrong: `not installed; requisite fileset`.
        problem: String,
    },
    /// `lppchk: …`, with the lines that go on with it.
    Message {
        /// Its number, `0504-208`.
        code: Option<String>,
        /// Its text.
        text: String,
    },
    /// A line that is neither.
    Other {
        /// The line.
        text: String,
    },
}

/// Reads `lppchk -v`, `-c`, `-f` and `-l`; an empty list is a consistent system.
///
/// # Errors
/// Where a shell says that it could not run lppchk.
pub fn parse(output: &str) -> Result<Vec<Finding>, Unreadable> {
    let mut findings = Vec::new();
    // Parentheses of the last problem that are still open. Counted once a line: a problem may go on in very many.
    let mut open = 0;
    for (number, line) in lines(output) {
        let text = unwrapped(line);
        match findings.last_mut() {
            Some(Finding::Fileset { problem, .. }) if open > 0 => {
                open += opens(&text);
                join(problem, &text);
            }
            Some(Finding::Message { text: message, .. }) if line.starts_with(INDENT) => join(message, &text),
            _ => {
                let finding = finding(line, text).ok_or_else(|| Unreadable::new("lppchk", number, line))?;
                open = if let Finding::Fileset { problem, .. } = &finding { opens(problem) } else { 0 };
                findings.push(finding);
            }
        }
    }
    for finding in &mut findings {
        match finding {
            Finding::Fileset { problem, .. } => *problem = inner(problem).trim().to_owned(),
            // Only now: the number can stand in the second line.
            Finding::Message { code, text } => (*code, *text) = numbered(text),
            Finding::Other { .. } => {}
        }
    }
    Ok(findings)
}

/// What goes on with a message stands under its text, behind `lppchk:` and two blanks.
const INDENT: &str = "         ";

/// None where a shell complains.
fn finding(line: &str, text: String) -> Option<Finding> {
    if let Some(fileset) = fileset(line) {
        return Some(fileset);
    }
    if shell_error(&text) {
        return None;
    }
    let Some(message) = text.strip_prefix("lppchk:") else { return Some(Finding::Other { text }) };
    Some(Finding::Message { code: None, text: message.trim_start().to_owned() })
}

/// A message's number and what stands behind it.
fn numbered(message: &str) -> (Option<String>, String) {
    match code_at_start(message) {
        Some(("", code)) => (Some(code.to_owned()), message[code.len()..].trim_start().to_owned()),
        _ => (None, message.to_owned()),
    }
}

/// `  X11.base.lib 7.2.5.0                    (not installed; requisite fileset)`. Until all lines are there, the problem
/// keeps its parentheses.
fn fileset(line: &str) -> Option<Finding> {
    let (name, problem) = line.strip_prefix(' ')?.split_once('(')?;
    let mut words = name.split_whitespace();
    let (fileset, level) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    // `ksh:` is none.
    let good = !fileset.ends_with(':') && words.next().is_none();
    good.then(|| Finding::Fileset { fileset, level, problem: format!("({}", unwrapped(problem)) })
}

/// How many parentheses a text opens and does not close; negative where it closes more.
fn opens(text: &str) -> i64 {
    let sign = |byte: u8| match byte {
        b'(' => 1,
        b')' => -1,
        _ => 0,
    };
    text.bytes().map(sign).sum()
}

fn inner(text: &str) -> &str {
    let text = text.strip_prefix('(').unwrap_or(text);
    text.strip_suffix(')').unwrap_or(text)
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}

/// Prints as `lppchk` does.
#[must_use]
pub fn print(findings: &[Finding]) -> String {
    let mut out = String::new();
    let mut above_is_message = false;
    for finding in findings {
        match finding {
            Finding::Fileset { fileset, level, problem } => {
                // A blank line parts the list from the message above it.
                let gap = if above_is_message { "\n" } else { "" };
                out += &format!("{gap}  {:<40}({problem})\n", format!("{fileset} {level} "));
            }
            Finding::Message { code, text } => {
                let code = code.as_deref().map_or(String::from(" "), |code| format!("{code} "));
                let lines = wrap(text, 76 - INDENT.len()).join(&format!("\n{INDENT}"));
                out += &format!("lppchk: {code} {lines}\n").replace("lppchk:   ", "lppchk:  ");
            }
            Finding::Other { text } => out += &format!("{text}\n"),
        }
        above_is_message = matches!(finding, Finding::Message { .. });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, vrmf::tests::any_level};
    use proptest::{collection::vec, option, prelude::*};

    const WORDS: &str = "[A-Z][a-z;]{0,9}( [a-z/;.:,0-9]{1,12}){0,20}";

    fn any_finding() -> impl Strategy<Value = Finding> {
        prop_oneof![
            ("[a-zA-Z][a-zA-Z0-9._]{0,40}", any_level(), WORDS)
                .prop_map(|(fileset, level, problem)| Finding::Fileset { fileset, level, problem }),
            (option::of("0504-[0-9]{3}"), WORDS).prop_map(|(code, text)| Finding::Message { code, text }),
            // Whatever it is, it is not a shell's message, `lppchk:` or a fileset.
            "[A-Z][a-z]{0,9}( [a-z/0-9]{1,12}){0,9}".prop_map(|text| Finding::Other { text }),
        ]
    }

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("lppchk/consistent.doc", parse, |findings| print(findings));
        for name in ["inconsistent.unconfirmed", "checksums.unconfirmed"] {
            fixture::round_trip(&format!("lppchk/{name}"), parse, |findings| print(findings));
        }
        fixture::snapshot("lppchk/continued.unconfirmed", parse);
        assert!(parse("ksh: lppchk: not found\n").is_err() && parse("  ksh: lppchk: not found\n").is_err());
        assert!(!parse("whatever it says\n").unwrap().is_empty());
        let shown = parse("  a.rte 7.2.0.0 (see /bin/sh: one: two)\n").unwrap();
        assert!(matches!(&shown[..], [Finding::Fileset { .. }]), "{shown:?}");
    }

    #[test]
    fn a_message_can_begin_in_its_second_line() {
        let text = || "ksh: no: it is a message".to_owned();
        let below = parse(&format!("lppchk:\n{INDENT}{}\n", text())).unwrap();
        assert_eq!(below, [Finding::Message { code: None, text: text() }]);
        let numbered = parse(&format!("lppchk:\n{INDENT}0504-208  all\n")).unwrap();
        assert_eq!(numbered, [Finding::Message { code: Some("0504-208".to_owned()), text: "all".to_owned() }]);
        assert_eq!(parse(&print(&numbered)).unwrap(), numbered);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(findings in vec(any_finding(), 0..5)) {
            prop_assert_eq!(parse(&print(&findings)).unwrap(), findings);
        }

        #[test]
        fn any_output_is_a_finding(text in "[ -~\n]{0,80}") {
            let silent = text.trim().is_empty();
            prop_assert!(parse(&text).map_or(true, |findings| findings.is_empty() == silent));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|lppchk: |0504-208|\\(|  a 7\\.2|         ){0,60}") {
            let _ = parse(&text);
        }
    }
}
