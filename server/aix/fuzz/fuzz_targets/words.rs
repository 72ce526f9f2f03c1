#![no_main]
//! The words of AIX as types: whatever is one prints as itself.

use aix::{DiskName, Hundredths, Level, ObjectName, Pvid, Size, VgId, command::quote, vrmf::Vrmf};
use aix_fuzz::libfuzzer_sys::fuzz_target;
use std::{fmt::Display, str::FromStr};

fn same<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert!(value.to_string().parse::<T>().is_ok_and(|again| again == value), "{text:?}: {value}");
    }
}

fuzz_target!(|text: &str| {
    same::<DiskName>(text);
    same::<Hundredths>(text);
    same::<Level>(text);
    same::<ObjectName>(text);
    same::<Pvid>(text);
    same::<Size>(text);
    same::<VgId>(text);
    same::<Vrmf>(text);
    let quoted = quote(text);
    assert!(!quoted.is_empty() && !quoted.contains('\0'));
});
