//! What the parsers share: lines with their numbers, tables under headings, single values.
//!
//! AIX pads with blanks, moves columns when a value is too long, and ends lines with CR LF when they came through a
//! terminal. So nothing here counts columns: words are told apart by blanks. Forms with keys are read in `form.rs`.

use crate::Unreadable;

/// Lines with something on them, numbered from 1, without the blanks and CR at their end.
pub(crate) fn lines(output: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = output.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end()));
    numbered.filter(|(_, line)| !line.is_empty())
}

/// Reads every line.
///
/// # Errors
/// The first line that `read` does not take.
pub(crate) fn rows<T>(
    what: &'static str,
    output: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Unreadable> {
    lines(output).map(|(number, line)| read(line).ok_or_else(|| Unreadable::new(what, number, line))).collect()
}

/// Reads every line but those that `heading` knows.
///
/// # Errors
/// The first other line that `read` does not take.
pub(crate) fn table<T>(
    what: &'static str,
    output: &str,
    heading: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Unreadable> {
    let read = |line: &str| if heading(line) { Some(None) } else { read(line).map(Some) };
    Ok(rows(what, output, read)?.into_iter().flatten().collect())
}

/// The first word and what follows it, blanks included.
pub(crate) fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Reads output that is one value on a line of its own.
///
/// # Errors
/// Nothing, another line after it, or one that `read` does not take.
pub(crate) fn single<T>(
    what: &'static str,
    output: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Unreadable> {
    let mut lines = lines(output);
    let (number, line) = lines.next().unwrap_or((1, ""));
    if let Some((number, line)) = lines.next() {
        return Err(Unreadable::new(what, number, line));
    }
    read(line.trim_start()).ok_or_else(|| Unreadable::new(what, number, line))
}

/// The name in a line `rootvg:` that stands above a table.
pub(crate) fn caption(line: &str) -> Option<&str> {
    line.strip_suffix(':').filter(|name| !name.is_empty() && !name.contains(char::is_whitespace))
}

/// Reads a table with a caption, as `lsvg -l` prints it: the caption, a heading that begins with `heading`, rows.
///
/// # Errors
/// No caption, a row that `read` does not take, or a second caption: its rows would be taken for the first one's.
pub(crate) fn captioned<C: std::str::FromStr, T>(
    what: &'static str,
    output: &str,
    heading: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<(C, Vec<T>), Unreadable> {
    let mut lines = lines(output).skip_while(|(_, line)| caption(line).is_none());
    let first = output.lines().next().unwrap_or_default();
    let (number, line) = lines.next().ok_or_else(|| Unreadable::new(what, 1, first))?;
    let name = caption(line).and_then(|name| name.parse().ok()).ok_or_else(|| Unreadable::new(what, number, line))?;
    let rows = lines
        .filter(|(_, line)| !line.starts_with(heading))
        .map(|(number, line)| read(line).ok_or_else(|| Unreadable::new(what, number, line)));
    Ok((name, rows.collect::<Result<_, _>>()?))
}

/// A word that AIX prints for "none"; the word itself otherwise.
pub(crate) fn unless(word: &str, none: &str) -> Option<String> {
    (word != none).then(|| word.to_owned())
}
