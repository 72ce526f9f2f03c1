//! Fixtures: outputs of AIX commands under `fixtures/<command>/<what>.<mark>.txt`, for the tests of the parsers.
//!
//! The mark in a file's name is that of nimadm.md §0.1.

use crate::Unreadable;
use serde::Serialize;
use std::fmt::Debug;

/// The text of a fixture, for example `oslevel/service_pack.doc`.
pub(crate) fn read(name: &str) -> String {
    let path = format!("{}/fixtures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads a fixture and keeps what was read, as JSON, in a snapshot.
pub(crate) fn snapshot<T: Serialize>(name: &str, parse: impl Fn(&str) -> Result<T, Unreadable>) -> T {
    let value = parse(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name.replace('/', "__"), serde_json::to_string_pretty(&value).unwrap());
    });
    value
}

/// As [`snapshot`], and what was read prints as the fixture again, but for blanks at the end of lines.
pub(crate) fn round_trip<T: Serialize + PartialEq + Debug>(
    name: &str,
    parse: impl Fn(&str) -> Result<T, Unreadable>,
    print: impl Fn(&T) -> String,
) {
    let value = snapshot(name, parse);
    assert_eq!(trimmed(&print(&value)), trimmed(&read(name)), "{name}");
}

fn trimmed(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}
