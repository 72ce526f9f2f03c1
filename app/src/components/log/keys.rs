//! The keys of the log.

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Follow the end, or stop.
    Follow,
    /// To the first line.
    Top,
    /// To the last line.
    End,
    /// To the banner of the phase before or after.
    Phase {
        /// After.
        forward: bool,
    },
    /// To the next numbered message.
    Error,
    /// To the search field.
    Search,
    /// The next or previous hit.
    Hit {
        /// Next.
        forward: bool,
    },
    /// Show this list.
    Help,
}

/// Key, what it does: for the help and for people.
pub(super) const HELP: [(&str, &str); 8] = [
    ("f", "follow the end of the log, or stop"),
    ("g  G", "to the first line, to the last line"),
    ("[  ]", "to the phase before, to the next phase"),
    ("e", "to the next numbered message (0505-187 and the like)"),
    ("/", "search in the lines loaded so far"),
    ("n  N", "next hit, previous hit"),
    ("?", "this list"),
    ("Esc", "close, or leave the search field"),
];

/// The command of a key, as `KeyboardEvent.key` names it.
pub(super) fn command(key: &str) -> Option<Command> {
    Some(match key {
        "f" => Command::Follow,
        "g" => Command::Top,
        "G" => Command::End,
        "[" => Command::Phase { forward: false },
        "]" => Command::Phase { forward: true },
        "e" => Command::Error,
        "/" => Command::Search,
        "n" => Command::Hit { forward: true },
        "N" => Command::Hit { forward: false },
        "?" => Command::Help,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_in_the_help_does_something() {
        for key in HELP.iter().flat_map(|(keys, _)| keys.split_whitespace()).filter(|key| *key != "Esc") {
            assert!(command(key).is_some(), "{key}");
        }
    }
}
