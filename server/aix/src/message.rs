//! Message numbers of AIX: where a line begins with one.

/// A message number at the beginning of a line, behind at most two words that end in a colon, and what stands before it.
#[must_use]
pub fn code_at_start(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.trim_start();
    for _ in 0..3 {
        let word = &rest[..rest.bytes().position(|b| b == b' ' || b == b'\t').unwrap_or(rest.len())];
        if let Some(code) = number(word) {
            return Some((&text[..text.len() - rest.len()], code));
        }
        if !word.ends_with(':') {
            return None;
        }
        rest = rest[word.len()..].trim_start();
    }
    None
}

/// `0505-187` at a word's beginning, with nothing but punctuation behind.
fn number(word: &str) -> Option<&str> {
    let bytes = word.as_bytes();
    let family = bytes.get(..4)?;
    if bytes.get(4) != Some(&b'-') || !family.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = bytes[5..].iter().take_while(|b| b.is_ascii_digit()).count();
    let known = family[0] == b'0' || matches!(family, b"1831" | b"3001" | b"3004");
    let ends = !word[5 + digits..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
    (known && ends && (2..=4).contains(&digits)).then(|| &word[..5 + digits])
}
