#![no_main]
//! The log reader on lines that mean something, in any order: what bytes alone hardly ever hit upon.

use aix::log::{Outcome, Reader};
use aix_fuzz::libfuzzer_sys::fuzz_target;

const LOGS: [&str; 4] = [
    include_str!("../../fixtures/nimadm/whole_run.seed.log"),
    include_str!("../../fixtures/nimadm/phase_11_multibos.log.log"),
    include_str!("../../fixtures/nimadm/warning_filesets_failed.constructed.log"),
    include_str!("../../fixtures/nimadm/clean_up_mode.unconfirmed.log"),
];

// Each number picks a line of all the logs; the byte says how much of it, 0 all of it.
fuzz_target!(|picks: Vec<(u16, u8)>| {
    let lines: Vec<&str> = LOGS.iter().flat_map(|log| log.lines()).collect();
    let mut reader = Reader::new();
    for (index, length) in picks {
        let line = lines[usize::from(index) % lines.len()].as_bytes();
        let end = if length == 0 { line.len() } else { line.len().min(usize::from(length)) };
        reader.push(&line[..end], &mut |_, _| {});
        reader.push(b"\n", &mut |_, _| {});
        // Asked at any moment, as the engine does.
        let verdict = reader.verdict();
        assert!(verdict.outcome != Outcome::Success || verdict.phases_seen.len() == 12);
        assert!(verdict.failed_phase.is_none() || verdict.outcome == Outcome::Failed);
    }
    reader.finish(&mut |_, _| {});
    let _ = reader.report();
});
