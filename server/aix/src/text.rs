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

/// Reads output of exactly one line, without the blanks around it.
///
/// # Errors
/// No line, more than one, or one that `read` does not take.
pub(crate) fn only<T>(what: &'static str, output: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Unreadable> {
    let mut lines = lines(output);
    let (number, line) = lines.next().unwrap_or((1, ""));
    let value = read(line.trim_start()).ok_or_else(|| Unreadable::new(what, number, line))?;
    lines.next().map_or(Ok(value), |(number, line)| Err(Unreadable::new(what, number, line)))
}

/// Reads every line but those that `heading` knows, whatever blanks stand before it.
///
/// # Errors
/// The first other line that `read` does not take.
pub(crate) fn table<T>(
    what: &'static str,
    output: &str,
    heading: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Unreadable> {
    let read = |line: &str| if heading(line.trim_start()) { Some(None) } else { read(line).map(Some) };
    Ok(rows(what, output, read)?.into_iter().flatten().collect())
}

/// Whether a line's first word is this one: how headings are known, whatever blanks part their words.
pub(crate) fn begins(line: &str, first: &str) -> bool {
    line.split_whitespace().next() == Some(first)
}

/// The first word and what follows it, blanks included.
pub(crate) fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
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
        .filter(|(_, line)| !line.trim_start().starts_with(heading))
        .map(|(number, line)| read(line).ok_or_else(|| Unreadable::new(what, number, line)));
    Ok((name, rows.collect::<Result<_, _>>()?))
}

/// A word that AIX prints for "none"; the word itself otherwise.
pub(crate) fn unless(word: &str, none: &str) -> Option<String> {
    (word != none).then(|| word.to_owned())
}

/// A field of a colon form, where AIX prints a blank or nothing for what is not there.
pub(crate) fn filled(field: &str) -> Option<String> {
    Some(field.trim()).filter(|field| !field.is_empty()).map(str::to_owned)
}

/// Breaks a text between words into lines of at most `width` characters; a longer word has a line for itself. At least
/// one line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Joins the words of a text that was wrapped.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a shell says in place of a command's output: `ksh: lspv: not found`, `sh: emgr: cannot execute`.
pub(crate) fn shell_error(line: &str) -> bool {
    let shell = line.split(':').next().map(str::trim).filter(|path| !path.contains(char::is_whitespace));
    let shell = shell.and_then(|path| path.rsplit('/').next());
    matches!(shell, Some("ksh" | "ksh93" | "sh" | "bash" | "rksh")) && line.matches(':').count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_one_line_has_no_second() {
        let number = |output| only("one", output, |line| line.parse::<u8>().ok()).map_err(|error| error.line);
        assert_eq!(number("\r\n12 \r\n"), Ok(12));
        assert_eq!(number(""), Err(1));
        assert_eq!(number("12\n\n13\n"), Err(3));
    }

    #[test]
    fn headings_are_known_whatever_the_blanks() {
        assert!(begins(" Fileset\tLevel", "Fileset") && begins("Fileset", "Fileset") && !begins("Filesets", "Fileset"));
        let heading = |line: &str| line.starts_with('#');
        assert_eq!(table("one", "  #a\n12\n", heading, |line| line.parse::<u8>().ok()), Ok(vec![12]));
        let rows = captioned::<String, _>("one", "rootvg:\n  LV NAME\n12\n", "LV NAME", |line| line.parse::<u8>().ok());
        assert_eq!(rows, Ok(("rootvg".to_owned(), vec![12])));
    }

    #[test]
    fn wrapped_texts_come_together_again() {
        assert_eq!(wrap("a bc  def", 4), ["a bc", "def"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(unwrapped(" a bc\n      def "), "a bc def");
    }

    #[test]
    fn shells_say_that_a_command_is_not_there() {
        assert!(shell_error("ksh: lspv: not found") && shell_error("/usr/bin/sh: emgr: cannot execute"));
        assert!(shell_error(" ksh : lspv: not found"));
        assert!(!shell_error("sh: one") && !shell_error("  a.rte 7.2 (see /bin/sh: one: two)"));
        assert!(!shell_error("mount: 1831-011 access denied for nim:/x"));
    }
}
