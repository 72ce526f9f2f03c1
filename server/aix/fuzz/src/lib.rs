//! What the fuzz targets share: the properties that hold for any input, whatever a host sends.
//!
//! A parser's target checks that nothing panics, that what was read prints as text in which the same is read again, and
//! that line ends of a terminal change nothing. Where AIX's format cannot say a value, the target names the exception. The
//! targets of the log reader check [`log`]. `aix` forbids unsafe code, so the targets run without a sanitizer, and stable
//! Rust is enough.

#![forbid(unsafe_code)]

pub mod log;

use std::fmt::Debug;

#[doc(hidden)]
pub use libfuzzer_sys;

/// The target of a module: its forms, each a parser and what prints its value.
#[macro_export]
macro_rules! forms {
    ($($parse:expr => $print:expr),+ $(,)?) => {
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let text = String::from_utf8_lossy(data);
            $($crate::round_trip(&text, $parse, $print);)+
        });
    };
}

/// Reads a text. What was read must come back from its print, and from the same text with CR LF.
pub fn round_trip<T: Debug + PartialEq, E: Debug>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
    print: impl Fn(&T) -> String,
) {
    let Ok(value) = parse(text) else { return };
    let printed = print(&value);
    match parse(&printed) {
        Ok(again) => assert_eq!(again, value, "printed as {printed:?}"),
        Err(error) => panic!("{value:?}\nis printed as {printed:?}\nand not read again: {error:?}"),
    }
    match parse(&text.replace('\n', "\r\n")) {
        Ok(again) => assert_eq!(again, value, "with CR LF"),
        Err(error) => panic!("{value:?}\nis not read with CR LF: {error:?}"),
    }
}
