//! The tables `lslpp -L` and `lslpp -l`. A description goes on in lines below, far to the right; a long name stands alone
//! on its line, with the rest on the next (unconfirmed).

use super::State;
use crate::{
    Unreadable,
    text::{begins, filled, lines, unwrapped, wrap},
};
use serde::{Deserialize, Serialize};

/// A fileset as `lslpp -L` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub fileset: String,
    /// Its level, as printed.
    pub level: String,
    /// Its state.
    pub state: State,
    /// `F` fileset, `R` RPM package, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

/// A fileset as `lslpp -l` lists it: once for each part of it, `/usr` and root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The database that knows of it: `/usr/lib/objrepos`, `/etc/objrepos`; none where no `Path:` line is above it.
    pub path: Option<String>,
    /// Its name.
    pub fileset: String,
    /// Its level, as printed.
    pub level: String,
    /// Its state.
    pub state: State,
    /// What it is.
    pub description: Option<String>,
}

/// A line of either table, with the lines that go on with it.
struct Row<'a> {
    number: usize,
    path: Option<&'a str>,
    text: String,
}

/// The lines of a fileset have two blanks before it. Descriptions go on much further to the right.
const FURTHER: usize = 12;

/// Puts the lines of each fileset together.
fn rows<'a>(what: &'static str, output: &'a str) -> Result<Vec<Row<'a>>, Unreadable> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut path = None;
    for (number, line) in lines(output).take_while(|(_, line)| !line.starts_with("State codes")) {
        let text = line.trim_start();
        if line.len() - text.len() >= FURTHER {
            let row = rows.last_mut().ok_or_else(|| Unreadable::new(what, number, line))?;
            row.text.push(' ');
            row.text.push_str(text);
        } else if let Some(rest) = line.strip_prefix("Path:") {
            path = Some(rest.trim());
        } else if !begins(text, "Fileset") && !text.bytes().all(|b| b == b'-') {
            rows.push(Row { number, path, text: text.to_owned() });
        }
    }
    Ok(rows)
}

/// A level has a digit first, and a message such as `lslpp: 0504-132 Fileset x not installed.` no fileset's name.
fn name_and_level(fileset: &str, level: &str) -> Option<(String, String)> {
    let good = !fileset.ends_with(':') && level.starts_with(|c: char| c.is_ascii_digit());
    good.then(|| (fileset.to_owned(), level.to_owned()))
}

/// Reads `lslpp -L` and `nim -o lslpp`, up to the legend.
///
/// # Errors
/// A line without name, level and a state of one letter.
pub fn listing(output: &str) -> Result<Vec<Listed>, Unreadable> {
    let read = |text: &str| {
        let mut words = text.split_whitespace().peekable();
        let (fileset, level) = name_and_level(words.next()?, words.next()?)?;
        let state = words.next().filter(|state| state.len() == 1)?.to_owned().into();
        let kind = words.next_if(|kind| kind.len() == 1).map(str::to_owned);
        let description = filled(&words.collect::<Vec<_>>().join(" "));
        Some(Listed { fileset, level, state, kind, description })
    };
    let row = |row: Row<'_>| read(&row.text).ok_or_else(|| Unreadable::new("lslpp -L", row.number, &row.text));
    rows("lslpp -L", output)?.into_iter().map(row).collect()
}

/// Reads `lslpp -l`.
///
/// # Errors
/// A line without name, level and a state in capital letters.
pub fn installed(output: &str) -> Result<Vec<Installed>, Unreadable> {
    let read = |row: &Row<'_>| {
        let mut words = row.text.split_whitespace();
        let (fileset, level) = name_and_level(words.next()?, words.next()?)?;
        let capital = |state: &&str| !state.contains(|c: char| c.is_lowercase());
        let state = words.next().filter(capital)?.to_owned().into();
        let description = filled(&words.collect::<Vec<_>>().join(" "));
        Some(Installed { path: row.path.map(str::to_owned), fileset, level, state, description })
    };
    let row = |row: Row<'_>| read(&row).ok_or_else(|| Unreadable::new("lslpp -l", row.number, &row.text));
    rows("lslpp -l", output)?.into_iter().map(row).collect()
}

/// Where descriptions begin in both tables, and where their lines end (unconfirmed to the letter).
const END: usize = 79;

/// Name, level and `middle`, then the description, wrapped at the column where it begins.
fn line(fileset: &str, level: &str, middle: &str, description: Option<&str>, column: usize) -> String {
    let start = format!("  {fileset:<24}  {level:>8}  {middle}");
    let wrapped = wrap(&unwrapped(description.unwrap_or_default()), END - column).join(&format!("\n{:column$}", ""));
    format!("{start}{wrapped}\n")
}

/// Prints as `lslpp -L` does, without the legend.
#[must_use]
pub fn print_listing(filesets: &[Listed]) -> String {
    let mut out =
        format!("  Fileset                      Level  State  Type  Description (Uninstaller)\n  {}\n", "-".repeat(76));
    for Listed { fileset, level, state, kind, description } in filesets {
        let middle = format!("  {}     {:<5}", state.letter(), kind.as_deref().unwrap_or_default());
        out += &line(fileset, level, &middle, description.as_deref(), 51);
    }
    out
}

/// Prints as `lslpp -l` does.
#[must_use]
pub fn print_installed(filesets: &[Installed]) -> String {
    let mut out =
        format!("  Fileset                      Level  State      Description         \n  {}\n", "-".repeat(76));
    let mut above = &None;
    for Installed { path, fileset, level, state, description } in filesets {
        if let Some(path) = path.as_ref().filter(|_| path != above) {
            // A blank line parts the databases (unconfirmed).
            out += &format!("{}Path: {path}\n", if above.is_some() { "\n" } else { "" });
        }
        above = path;
        out += &line(fileset, level, &format!("{:<9}  ", state.word()), description.as_deref(), 49);
    }
    out
}
