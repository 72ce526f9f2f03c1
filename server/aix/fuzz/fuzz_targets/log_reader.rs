//! Any bytes as a log, and cut anywhere: a byte 0xff is no part of it but a place to cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let pieces: Vec<_> = data.split(|byte| *byte == 0xff).collect();
    aix_fuzz::log::same_in_pieces(&pieces.concat(), pieces);
});
