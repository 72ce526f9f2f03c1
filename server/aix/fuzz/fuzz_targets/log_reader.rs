#![no_main]
//! The log reader on any bytes: cut anywhere it tells the same, and it never claims a success without its evidence.

use aix::log::{Outcome, Reader, Report};
use aix_fuzz::libfuzzer_sys::fuzz_target;

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, Option<Report>) {
    let (mut reader, mut events) = (Reader::new(), Vec::new());
    for piece in pieces {
        reader.push(piece, &mut |line, event| events.push(format!("{line}: {event:?}")));
    }
    reader.finish(&mut |line, event| events.push(format!("{line}: {event:?}")));
    (events, reader.report())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, log) = input;
    let (events, report) = read([log].into_iter());
    let cut = read(log.chunks(usize::from(size) + 1));
    assert_eq!((&events, &report), (&cut.0, &cut.1));
    let Some(report) = report else { return };
    if report.verdict.outcome == Outcome::Success {
        assert!(report.verdict.cleaned_up && log.windows(26).any(|w| w == b"Executing nimadm phase 12."));
        assert!(report.verdict.failed_filesets.is_empty() && report.verdict.cause.is_none());
    } else {
        assert!(report.verdict.cause.is_some() && report.verdict.advice.is_some(), "{report:#?}");
    }
});
