//! Recognising any text: what is recognised is JSON, and the catalogue has something to say or nothing.
#![no_main]

use aix::{diagnosis, explain};
use aix_fuzz::libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some((kind, json)) = explain::recognise(&text) {
        let value: Result<serde_json::Value, _> = serde_json::from_str(&json);
        assert!(value.is_ok(), "{}: {json}", kind.name);
    }
    let _ = diagnosis::explain(text.get(..8), &text);
});
