//! Where a line has a message number.

/// A line's message is looked for no further than this many bytes: logs have lines of megabytes.
const FAR: usize = 200;
/// As in `mount: warning: 1831-011`.
const WORDS_BEFORE: usize = 2;

/// Catalogues that do not begin with 0 (nimadm.md §4.2; 1800 and 3004 unconfirmed). A list, because four digits and a dash
/// are also a level or a year.
const OTHERS: [&str; 4] = ["1800", "1831", "3001", "3004"];

/// A message number at a line's beginning, behind at most two words that end in a colon, and what stands before it:
/// `("   warning: ", "0042-175")`, `("alt_disk_copy: ", "0505-218")`.
///
/// Looks at the first 200 bytes only.
#[must_use]
pub fn code_at_start(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for _ in 0..=WORDS_BEFORE {
        let rest = text.get(at..)?;
        at += rest.bytes().take(FAR).take_while(u8::is_ascii_whitespace).count();
        let word = text.as_bytes().get(at..)?;
        let len = word.iter().take(FAR).take_while(|b| !b.is_ascii_whitespace()).count();
        if at + len > FAR + 9 {
            return None;
        }
        if let Some(code) = code(text.get(at..at + len)?) {
            return Some((text.get(..at)?, code));
        }
        if !word.get(..len)?.ends_with(b":") {
            return None;
        }
        at += len;
    }
    None
}

/// A number at a word's beginning, with nothing but punctuation behind: `0ddd-` and two to four digits, or a catalogue of
/// the list and three.
fn code(word: &str) -> Option<&str> {
    // Every family has four digits: a look at one byte tells most words apart.
    let (family, rest) = (word.get(..4)?, word.get(4..)?.strip_prefix('-')?);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let zero = family.starts_with('0') && family.bytes().all(|b| b.is_ascii_digit());
    let known = zero && (2..=4).contains(&digits) || OTHERS.contains(&family) && digits == 3;
    let behind = rest.get(digits..)?;
    let ends = !behind.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
    (known && ends).then(|| word.get(..5 + digits))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_stand_where_messages_have_them() {
        for (text, found) in [
            ("0513-029 The biod Subsystem is already active.", ("", "0513-029")),
            ("alt_disk_copy: 0505-218 ATTENTION: init_multibos() returned", ("alt_disk_copy: ", "0505-218")),
            ("   warning: 0042-175 c_mkbosi: An unexpected result", ("   warning: ", "0042-175")),
            ("0516-010 : Volume group must be varied on", ("", "0516-010")),
            ("0516-2038: hdcryptmgr plain2crypt error", ("", "0516-2038")),
            ("mount: 1831-011 access denied for nim:/x", ("mount: ", "1831-011")),
            ("nim: mount: 1831-008 giving up on:", ("nim: mount: ", "1831-008")),
            ("3001-075 Enable Password", ("", "3001-075")),
        ] {
            assert_eq!(code_at_start(text), Some(found), "{text:?}");
        }
        for none in [
            "",
            "Result = 0505-187",
            "00505-187 x",
            "0505-1 x",
            "0505-12345",
            "0505-187x",
            "0505-187-1",
            "a 0505-187",
            "a: b: c: 0505-187",
            "2024-01-01",
            "7300-03-01-2520",
            "7300-03-01",
            "6100-06",
            "7200-05",
            "1831-01",
            "1999-123",
            "0505\u{2013}187",
        ] {
            assert_eq!(code_at_start(none), None, "{none:?}");
        }
        assert_eq!(code_at_start(&format!("{}: 0505-187", "é".repeat(200))), None);
        assert_eq!(code_at_start(&format!("{}0505-187", " ".repeat(250))), None);
    }

    proptest! {
        #[test]
        fn what_is_found_is_in_the_text(text in "(\\PC|0042-175|1831-011|: | ){0,20}") {
            if let Some((before, code)) = code_at_start(&text) {
                let both = format!("{before}{code}");
                prop_assert!(text.starts_with(&both));
            }
        }
    }
}
