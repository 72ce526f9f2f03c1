//! Options as AIX's commands take them: letters in any grouping, a value right behind its letter or in the next word.
//!
//! An option that is not known makes the whole call unreadable, so that no command takes `-x` for nothing and succeeds.

/// The options and operands of a call.
pub(super) struct Flags<'a> {
    given: Vec<(char, &'a str)>,
    /// What stands there without a dash.
    pub(super) operands: Vec<&'a str>,
}

impl<'a> Flags<'a> {
    /// Reads a call. `known` is written as for getopt: a colon stands behind letters that take a value. None where an
    /// option is not known or lacks its value.
    pub(super) fn read(args: &'a [String], known: &str) -> Option<Self> {
        let mut flags = Self { given: Vec::new(), operands: Vec::new() };
        let mut words = args.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                flags.operands.push(word);
                continue;
            };
            for (at, letter) in letters.char_indices() {
                let (_, behind) = known.split_once(letter).filter(|_| letter != ':')?;
                if !behind.starts_with(':') {
                    flags.given.push((letter, ""));
                    continue;
                }
                let here = letters.get(at + letter.len_utf8()..).filter(|value| !value.is_empty());
                flags.given.push((letter, here.or_else(|| words.next())?));
                break;
            }
        }
        Some(flags)
    }

    /// The same, of a call that must not have operands.
    pub(super) fn alone(args: &'a [String], known: &str) -> Option<Self> {
        Self::read(args, known).filter(|flags| flags.operands.is_empty())
    }

    /// Whether an option was given.
    pub(super) fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// How many of these options were given.
    pub(super) fn count(&self, letters: &str) -> usize {
        letters.chars().filter(|letter| self.has(*letter)).count()
    }

    /// The value of an option.
    pub(super) fn value(&self, letter: char) -> Option<&'a str> {
        self.given.iter().find_map(|(given, value)| (*given == letter).then_some(*value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_in_any_grouping_and_unknown_ones_are_refused() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for call in ["-rl 7200-05", "-r -l7200-05", "-l 7200-05 -r"] {
            let args = words(call);
            let flags = Flags::alone(&args, "rsl:").unwrap();
            assert!(flags.has('r') && !flags.has('s') && flags.value('l') == Some("7200-05"), "{call}");
        }
        for bad in ["-x", "-l", "-r:", "-é"] {
            assert!(Flags::read(&words(bad), "rl:").is_none(), "{bad}");
        }
        assert!(Flags::alone(&words("-r x"), "r").is_none());
    }
}
