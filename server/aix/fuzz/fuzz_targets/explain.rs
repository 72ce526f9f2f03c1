#![no_main]
//! Recognising any text: no panic, and what is recognised is JSON.

use aix::{diagnosis, explain};
use aix_fuzz::libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some((kind, json)) = explain::recognise(text) {
        let value: Result<serde_json::Value, _> = serde_json::from_str(&json);
        assert!(value.is_ok(), "{}: {json}", kind.name);
    }
    let _ = diagnosis::explain(text.get(..8), text);
});
