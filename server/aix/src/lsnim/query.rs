//! `lsnim -p` and `lsnim -q`: what NIM knows and what an operation takes.

use crate::{
    Unreadable,
    text::{lines, rows},
};
use serde::{Deserialize, Serialize};

/// The attributes that an operation takes, as `lsnim -q define -t lpp_source` lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arguments {
    /// Those without which it is refused.
    pub required: Vec<String>,
    /// The others.
    pub optional: Vec<String>,
}

/// Reads `lsnim -p`: the classes, one a line.
///
/// # Errors
/// A line that is not one word.
pub fn classes(output: &str) -> Result<Vec<String>, Unreadable> {
    rows("lsnim -p", output, |line| word(line.trim()))
}

/// Prints as `lsnim -p` does.
#[must_use]
pub fn print_classes(classes: &[String]) -> String {
    classes.iter().map(|class| format!("{class}\n")).collect()
}

fn word(text: &str) -> Option<String> {
    let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    good.then(|| text.to_owned())
}

const REQUIRED: &str = "the following attributes are required:";
const OPTIONAL: &str = "the following attributes are optional:";

/// Reads `lsnim -q <operation> -t <type>`.
///
/// # Errors
/// A line that is neither a heading nor `-a attribute=<value>` under one.
pub fn arguments(output: &str) -> Result<Arguments, Unreadable> {
    let mut arguments = Arguments::default();
    let mut required = None;
    for (number, line) in lines(output) {
        match line.trim() {
            REQUIRED => required = Some(true),
            OPTIONAL => required = Some(false),
            line => {
                let name = line.strip_prefix("-a ").and_then(|rest| word(rest.split('=').next()?.trim()));
                let (name, required) = name.zip(required).ok_or_else(|| Unreadable::new("lsnim -q", number, line))?;
                if required { &mut arguments.required } else { &mut arguments.optional }.push(name);
            }
        }
    }
    Ok(arguments)
}

/// Prints as `lsnim -q` does; a heading only with something under it (unconfirmed).
#[must_use]
pub fn print_arguments(arguments: &Arguments) -> String {
    let mut out = String::new();
    for (heading, names) in [(REQUIRED, &arguments.required), (OPTIONAL, &arguments.optional)] {
        if !names.is_empty() {
            out += &format!("{heading}\n");
        }
        for name in names {
            out += &format!("        -a {name}=<value>\n");
        }
    }
    out
}
