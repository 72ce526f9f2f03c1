//! `lsnim -Z -a … -a …`: values between colons, without a place for what is missing.
//!
//! `[code]`: a client without `info` prints two values where three were asked for. Which one is missing cannot be seen
//! from the line alone; but states and results are words of their own, and an order is kept. [`Colons::get`] answers
//! where only one reading is left, and not by position.

use crate::{
    ObjectName, Unreadable,
    text::{lines, shell_error},
};
use serde::{Deserialize, Serialize};

/// The output of `lsnim -Z`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colons {
    /// The attributes asked for, in that order.
    pub attributes: Vec<String>,
    /// A line for each object.
    pub rows: Vec<Row>,
}

/// What `lsnim -Z` says about one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The object's name.
    pub name: ObjectName,
    /// The values printed: as many as attributes, or fewer.
    pub values: Vec<String>,
}

/// Reads `lsnim -Z`. Values cannot have colons: NIM prints a dash for them `[code]`.
///
/// # Errors
/// Output that does not begin with `#name:`, or a line without an object name before its first colon.
pub fn colons(output: &str) -> Result<Colons, Unreadable> {
    let mut lines = lines(output);
    let (number, header) = lines.next().unwrap_or((1, ""));
    let unreadable = |number, line| Unreadable::new("lsnim -Z", number, line);
    let attributes = header.strip_prefix("#name:").map(fields).ok_or_else(|| unreadable(number, header))?;
    let row = |(number, line)| row(line).ok_or_else(|| unreadable(number, line));
    Ok(Colons { attributes, rows: lines.map(row).collect::<Result<_, _>>()? })
}

fn row(line: &str) -> Option<Row> {
    // With the colon that stands behind every value, and need not behind the last.
    let (name, values) = line.split_once(':').filter(|_| !shell_error(&format!("{line}:")))?;
    Some(Row { name: name.parse().ok()?, values: fields(values) })
}

fn fields(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.strip_suffix(':').unwrap_or(text).split(':').map(str::to_owned).collect()
}

/// Prints as `lsnim -Z` does.
#[must_use]
pub fn print_colons(colons: &Colons) -> String {
    let joined = |fields: &[String]| fields.iter().map(|field| format!("{field}:")).collect::<String>();
    let rows = colons.rows.iter().map(|row| format!("{}:{}\n", row.name, joined(&row.values)));
    format!("#name:{}\n", joined(&colons.attributes)) + &rows.collect::<String>()
}

impl Colons {
    /// The value of an attribute in a row; none where it is missing, or where it cannot be told which value it is.
    ///
    /// A value is certain of its attribute when the first attribute it can have is also the last.
    #[must_use]
    pub fn get<'a>(&self, row: &'a Row, attribute: &str) -> Option<&'a str> {
        let wanted = self.attributes.iter().position(|name| name == attribute)?;
        let (asked, found) = (self.attributes.len(), row.values.len());
        if asked == found {
            return row.values.get(wanted).map(String::as_str);
        }
        let kinds: Vec<Kind> = self.attributes.iter().map(|name| Kind::of(name)).collect();
        let asked_for = [Kind::State, Kind::Result].map(|kind| kinds.contains(&kind).then_some(kind));
        let fits = |at: usize, value: &str| kinds.get(at).is_some_and(|kind| kind.admits(value, &asked_for));
        let (mut forward, mut backward) = (0..asked, (0..asked).rev());
        let values = row.values.iter();
        let first: Option<Vec<_>> = values.clone().map(|value| forward.find(|&at| fits(at, value))).collect();
        let last: Option<Vec<_>> = values.clone().rev().map(|value| backward.find(|&at| fits(at, value))).collect();
        let places = first?.into_iter().zip(last?.into_iter().rev());
        places.zip(values).find_map(|(places, value)| (places == (wanted, wanted)).then_some(value.as_str()))
    }
}

/// What an attribute's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    State,
    Result,
    Other,
}

impl Kind {
    fn of(attribute: &str) -> Self {
        match attribute {
            "Cstate" | "Rstate" | "prev_state" => Self::State,
            name if name.ends_with("_result") => Self::Result,
            _ => Self::Other,
        }
    }

    /// Whether a value can be that of an attribute of this kind: words that only states or only results have belong to an
    /// attribute of that kind, if one was asked for.
    fn admits(self, value: &str, asked_for: &[Option<Self>; 2]) -> bool {
        let is = |kind: Self| kind.says(value) && asked_for.contains(&Some(kind));
        match self {
            Self::State => !is(Self::Result),
            Self::Result => self.says(value),
            Self::Other => !is(Self::State) && !is(Self::Result),
        }
    }

    /// Whether a value is one that only this kind has. `reset` is unconfirmed, the others are `[code]`.
    fn says(self, value: &str) -> bool {
        match self {
            Self::State => {
                value.ends_with(" NIM operation")
                    || value.ends_with(" operation is being performed")
                    || value.ends_with(" for use")
            }
            Self::Result => matches!(value, "success" | "failure" | "reset"),
            Self::Other => false,
        }
    }
}
