//! Forms in two columns, as `lsvg`, `lspv` and `lslv` print them about one thing.
//!
//! A value can fill its column, and then one blank parts it from the next key, `…4e84 VG IDENTIFIER     …`, or none,
//! `20480 (10485760 megabytes)VG DESCRIPTORS:   2` (unconfirmed). So a value ends where the next known key begins, not at
//! blanks.

use crate::{Size, Unreadable};
use std::str::FromStr;

/// A key and, where the form has the line, its value.
pub(crate) type Cell = (&'static str, Option<String>);

/// What a form says, key by key.
pub(crate) struct Form<'a> {
    what: &'static str,
    first_line: &'a str,
    fields: Vec<Field<'a>>,
}

struct Field<'a> {
    key: &'static str,
    value: &'a str,
    line: usize,
}

impl<'a> Form<'a> {
    /// Reads the form's lines; others, such as an error message before it, are passed over. Where a second form follows,
    /// it ends: its first key came before.
    pub(crate) fn read(what: &'static str, output: &'a str, left: &[&'static str], right: &[&'static str]) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        for (index, text) in output.lines().enumerate() {
            let text = text.trim();
            let line = index + 1;
            let Some((key, rest)) = left.iter().chain(right).find_map(|key| Some((*key, text.strip_prefix(key)?)))
            else {
                continue;
            };
            if fields.first().is_some_and(|first| first.key == key) {
                break;
            }
            let (mut key, mut from) = (key, text.len() - rest.len());
            let mut ahead = Ahead::new(text, from, right);
            while let Some((at, next)) = ahead.next(from) {
                fields.push(Field { key, value: text.get(from..at).unwrap_or_default().trim(), line });
                (key, from) = (next, at + next.len());
            }
            fields.push(Field { key, value: text.get(from..).unwrap_or_default().trim(), line });
        }
        Self { what, first_line: output.lines().next().unwrap_or_default(), fields }
    }

    fn field(&self, key: &str) -> Option<&Field<'a>> {
        // AIX prints question marks for what cannot be known while the volume group is varied off.
        self.fields.iter().find(|field| field.key == key).filter(|field| !matches!(field.value, "" | "???????"))
    }

    /// The whole value; none where it is missing, empty or unknown.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.field(key).map(|field| field.value.to_owned())
    }

    /// The value's first word: what follows says the same in other words, as in `798 (25536 megabytes)`.
    ///
    /// # Errors
    /// A value that is there and cannot be read.
    pub(crate) fn get<T: FromStr>(&self, key: &str) -> Result<Option<T>, Unreadable> {
        self.read_with(key, |value| value.split_whitespace().next()?.parse().ok())
    }

    /// The same, of a value that nothing makes sense without.
    ///
    /// # Errors
    /// A value that is missing or cannot be read.
    pub(crate) fn need<T: FromStr>(&self, key: &str) -> Result<T, Unreadable> {
        self.get(key)?.ok_or_else(|| Unreadable::new(self.what, 1, self.first_line))
    }

    /// A size such as `64 megabyte(s)`.
    ///
    /// # Errors
    /// A value that is there and is no size.
    pub(crate) fn size(&self, key: &str) -> Result<Option<Size>, Unreadable> {
        self.read_with(key, |value| value.parse().ok())
    }

    /// A size in MiB.
    ///
    /// # Errors
    /// A value that is there and is no size.
    pub(crate) fn size_mb(&self, key: &str) -> Result<Option<u64>, Unreadable> {
        Ok(self.size(key)?.map(Size::mib))
    }

    fn read_with<T>(&self, key: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Result<Option<T>, Unreadable> {
        let Some(field) = self.field(key) else { return Ok(None) };
        let unreadable = || Unreadable::new(self.what, field.line, &format!("{} {}", field.key, field.value));
        read(field.value).map(Some).ok_or_else(unreadable)
    }
}

/// Where in a line each key stands next.
///
/// It remembers what it found. A search of the rest of the line for every key after each value takes quadratic time where
/// one key is there very often and another is not.
struct Ahead<'a> {
    line: &'a str,
    places: Vec<(Option<usize>, &'static str)>,
}

impl<'a> Ahead<'a> {
    fn new(line: &'a str, from: usize, keys: &[&'static str]) -> Self {
        Self { line, places: keys.iter().map(|key| (find(line, from, key), *key)).collect() }
    }

    /// The next key at or behind `from`, with its place; of two at one place the first by name.
    fn next(&mut self, from: usize) -> Option<(usize, &'static str)> {
        for (at, key) in &mut self.places {
            if at.is_some_and(|at| at < from) {
                *at = find(self.line, from, key);
            }
        }
        self.places.iter().filter_map(|(at, key)| Some(((*at)?, *key))).min()
    }
}

fn find(line: &str, from: usize, key: &str) -> Option<usize> {
    Some(from + line.get(from..)?.find(key)?)
}

/// Writes a form. The left key has 20 characters, the left value and the right key have what the command gives them.
pub(crate) struct Sheet {
    left_value: usize,
    right_key: usize,
    text: String,
}

impl Sheet {
    pub(crate) fn new(left_value: usize, right_key: usize) -> Self {
        Self { left_value, right_key, text: String::new() }
    }

    /// A line, or none where neither side has a value.
    pub(crate) fn row(&mut self, left: Cell, right: Cell) {
        self.push(left, right, 20 + self.left_value);
    }

    /// A line whose right side does not wait for its column: the identifiers are too long for it.
    pub(crate) fn tight(&mut self, left: Cell, right: Cell) {
        let end = if left.1.is_some() { left_side(&left).len() + 1 } else { 0 };
        self.push(left, right, end);
    }

    /// A line with one side.
    pub(crate) fn one(&mut self, left: Cell) {
        self.row(left, ("", None));
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn push(&mut self, left: Cell, right: Cell, right_at: usize) {
        let mut line = left_side(&left);
        if let (key, Some(value)) = right {
            line = format!("{line:<right_at$}{key:<width$} {value}", width = self.right_key - 1);
        }
        if !line.is_empty() {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }
}

fn left_side((key, value): &Cell) -> String {
    value.as_ref().map_or_else(String::new, |value| format!("{key:<19} {value}"))
}

/// A value as a cell shows it.
pub(crate) fn shown(value: &Option<impl ToString>) -> Option<String> {
    value.as_ref().map(ToString::to_string)
}

/// A number of partitions with what they hold: `798 (25536 megabytes)`.
pub(crate) fn partitions(count: u64, pp_size_mb: u64) -> String {
    format!("{count} ({} megabytes)", count.saturating_mul(pp_size_mb))
}

/// The size of a partition: `64 megabyte(s)`.
pub(crate) fn pp_size(mb: u64) -> String {
    format!("{mb} megabyte(s)")
}
