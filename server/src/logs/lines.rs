//! How bytes are shown as lines. The stored log keeps every byte; this is for eyes.

/// Bytes of a line that are shown; the rest is in the raw log.
pub const SHOWN: usize = 16 << 10;

/// A line's bytes as text: without its line end, invalid UTF-8 and control characters as U+FFFD, at most [`SHOWN`] bytes.
#[must_use]
pub fn shown(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let cut = &line[..line.len().min(SHOWN)];
    // Nearly every line.
    if cut.iter().all(|b| matches!(b, b' '..=b'~' | b'\t')) {
        return String::from_utf8_lossy(cut).into_owned();
    }
    let visible = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(cut).chars().map(visible).collect()
}

/// The lines that end in a chunk, in order. `head` and `head_bytes` tell how its first line began in earlier chunks.
pub fn of_chunk<'a>(
    body: &'a [u8],
    line_count: u32,
    head: Option<&'a str>,
    head_bytes: u64,
) -> impl Iterator<Item = String> + 'a {
    let mut before = head;
    body.split(|&b| b == b'\n').take(line_count as usize).map(move |line| {
        let head = before.take();
        let length = line.len() as u64 + head.map_or(0, |_| head_bytes);
        let mut text = head.map_or_else(|| shown(line), str::to_owned);
        if head.is_some() || line.len() > SHOWN {
            use std::fmt::Write;
            // Writing to a string cannot fail.
            let _ = write!(text, "… [cut: the line has {length} bytes; the raw log has them all]");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_would_obey_is_shown() {
        assert_eq!(shown(b"a\0b\x1b[31mc\xff\td\r\n"), "a\u{fffd}b\u{fffd}[31mc\u{fffd}\td");
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let lines: Vec<_> = of_chunk(b"one\ntwo", 2, None, 0).collect();
        assert_eq!(lines, ["one", "two"]);
        let lines: Vec<_> = of_chunk(b"one\ntwo", 1, None, 0).collect();
        assert_eq!(lines, ["one"]);
    }
}
