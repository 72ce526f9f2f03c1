//! What the tests of the parsers share: samples of nimadm.md against their snapshots, and words for arbitrary values.

use crate::{DiskName, ObjectName, Pvid, Unreadable, VgId};
use proptest::prelude::*;
use serde::Serialize;

/// The samples of one form of a command: `(name, text)`.
pub(crate) type Samples = &'static [(&'static str, &'static str)];

/// The samples named, from `fixtures/<command>/`.
macro_rules! samples {
    ($command:literal: $($name:literal),+ $(,)?) => {
        &[$((
            concat!($command, "/", $name),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $command, "/", $name, ".txt")),
        )),+]
    };
}
pub(crate) use samples;

/// The text of a sample, for example `oslevel/service_pack.doc`.
pub(crate) fn text(name: &str) -> String {
    let path = format!("{}/fixtures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads a sample, with CR LF too, and keeps what was read, or why it was not, in a snapshot.
fn keep<T: Serialize>(name: &str, text: &str, parse: impl Fn(&str) -> Result<T, Unreadable>) {
    let json = |text: &str| match parse(text) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap(),
        Err(error) => error.to_string(),
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/src/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name.replace('/', "__"), json(text)));
    assert_eq!(json(&text.replace('\n', "\r\n")), json(text), "{name} with CR LF");
}

/// Reads a sample and keeps what was read in a snapshot.
pub(crate) fn snapshot<T: Serialize>(name: &str, parse: impl Fn(&str) -> Result<T, Unreadable>) -> T {
    let text = text(name);
    keep(name, &text, &parse);
    parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// As [`snapshot`], and what was read prints as the sample again, but for blanks at the end of lines.
pub(crate) fn round_trip<T: Serialize>(
    name: &str,
    parse: impl Fn(&str) -> Result<T, Unreadable>,
    print: impl Fn(&T) -> String,
) {
    assert_eq!(trimmed(&print(&snapshot(name, parse))), trimmed(&text(name)), "{name}");
}

fn trimmed(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Keeps each sample.
pub(crate) fn read<T: Serialize>(samples: Samples, parse: impl Fn(&str) -> Result<T, Unreadable>) {
    for (name, text) in samples {
        keep(name, text, &parse);
    }
}

/// Keeps each sample, and prints it again.
pub(crate) fn read_and_print<T: Serialize>(
    samples: Samples,
    parse: impl Fn(&str) -> Result<T, Unreadable>,
    print: impl Fn(&T) -> String,
) {
    for (name, _) in samples {
        round_trip(name, &parse, &print);
    }
}

/// `hdisk0` to `hdisk9999`.
pub(crate) fn disk() -> impl Strategy<Value = DiskName> {
    (0..10_000_u16).prop_map(|number| format!("hdisk{number}").parse().unwrap())
}

pub(crate) fn pvid() -> impl Strategy<Value = Pvid> {
    "[0-9a-f]{16}".prop_map(|text| text.parse().unwrap())
}

pub(crate) fn vg_id() -> impl Strategy<Value = VgId> {
    "[0-9a-f]{32}".prop_map(|text| text.parse().unwrap())
}

/// A volume group's name: AIX allows 15 characters, and `None` is what it prints for no group.
pub(crate) fn vg() -> impl Strategy<Value = ObjectName> {
    "[a-z][a-z0-9_.-]{0,14}".prop_filter("no group", |name| name != "none").prop_map(|name| name.parse().unwrap())
}

/// A word as AIX prints them for states and policies. `???????` and `N/A` mean that there is none.
pub(crate) fn word() -> impl Strategy<Value = String> {
    "[a-z]{1,9}(/[a-z]{1,9})?"
}

/// A mount point or device.
pub(crate) fn path() -> impl Strategy<Value = String> {
    "/([a-z0-9_.]{1,9}/?){0,3}"
}

/// A count that can be multiplied by a partition size.
pub(crate) fn count() -> impl Strategy<Value = u64> {
    0..1_u64 << 40
}

/// `43..00..00..00..128`.
pub(crate) fn distribution() -> impl Strategy<Value = String> {
    proptest::collection::vec(0..1000_u16, 5)
        .prop_map(|regions| regions.iter().map(|count| format!("{count:02}")).collect::<Vec<_>>().join(".."))
}

/// Text that comes near to what a parser knows: its own pieces in any order, between other characters.
pub(crate) fn noise(pieces: &[&'static str]) -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned);
    let common =
        proptest::sample::select(vec![" ", "  ", "\n", "\r\n", "-", ":", "%", "=", "0", "99999999999999999999"]);
    let part = prop_oneof![piece, common.prop_map(str::to_owned), "\\PC{0,4}"];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}
