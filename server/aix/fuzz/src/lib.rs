//! What the fuzz targets check.
//!
//! That nothing panics is the least: a parser that quietly read something else than what was printed would be worse. So
//! whatever can be read must print as something that is read as the same value.

use aix::Unreadable;
pub use libfuzzer_sys;
use std::fmt::Debug;

/// A target for the forms of a command: `parse => print`.
#[macro_export]
macro_rules! target {
    ($($parse:expr => $print:expr),+ $(,)?) => {
        $crate::libfuzzer_sys::fuzz_target!(|text: &str| {
            $($crate::round_trip(text, $parse, $print);)+
        });
    };
}

/// Whatever is read prints as something that is read as the same.
///
/// # Panics
/// Where it does not: that is the finding.
pub fn round_trip<T: PartialEq + Debug>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, Unreadable>,
    print: impl Fn(&T) -> String,
) {
    let Ok(value) = parse(text) else { return };
    let printed = print(&value);
    match parse(&printed) {
        Ok(again) => assert!(again == value, "{value:#?}\nprints as\n{printed}\nand is read as\n{again:#?}"),
        Err(error) => panic!("{value:#?}\nprints as\n{printed}\nand then: {error}"),
    }
}
