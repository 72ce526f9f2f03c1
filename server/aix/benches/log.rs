//! The log reader on a log of 100 MB, beside the least that anybody could do with the same bytes: find the line ends.

use aix::log::Reader;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::{fmt::Write as _, hint::black_box};

const WHOLE: &str = include_str!("../fixtures/nimadm/whole_run.seed.log");
/// How much is read at a time, as from a file or a connection.
const PIECE: usize = 64 << 10;

/// One run whose phase 6 is as long as it takes: installp's own lines, with filesets and counts that differ.
fn log(bytes: usize) -> Vec<u8> {
    let (before, after) = WHOLE.split_once("Installation Summary").unwrap_or((WHOLE, ""));
    let mut log = before.to_owned();
    let mut number = 0_u32;
    while log.len() + after.len() < bytes {
        number += 1;
        let name = format!("vendor{}.part{}.rte", number % 977, number % 31);
        let written = write!(
            log,
            "installp: APPLYING software for:\n        {name} 7.3.3.{n}\n\n. . . . . << Copyright notice for {name} >> . . . . . . .\n \
             Licensed Materials - Property of IBM\n\n 5765G9800\n   Copyright International Business Machines Corp. 2000, 2025.\n\n \
             All rights reserved.\n US Government Users Restricted Rights - Use, duplication or disclosure\n restricted by GSA ADP \
             Schedule Contract with IBM Corp.\n. . . . . << End of copyright notice for {name} >>. . . .\n\nFilesets processed:  {number} \
             of 9999  (Total time:  9 secs).\n{name:<27} 7.3.3.{n:<10}USR         APPLY       SUCCESS    \n",
            n = number % 200
        );
        debug_assert!(written.is_ok());
    }
    log.push_str("Installation Summary");
    log.push_str(after);
    log.into_bytes()
}

fn read(log: &[u8]) -> u64 {
    let (mut reader, mut events) = (Reader::new(), 0);
    for piece in log.chunks(PIECE) {
        reader.push(piece, &mut |_, _| events += 1);
    }
    reader.finish(&mut |_, _| events += 1);
    assert!(reader.report().is_some_and(|report| report.verdict.phases_seen.len() == 12));
    events
}

fn speed(c: &mut Criterion) {
    let log = log(100 << 20);
    let mut group = c.benchmark_group("log of 100 MB");
    group.throughput(Throughput::Bytes(log.len() as u64)).sample_size(10);
    group.bench_function("baseline: line ends", |b| b.iter(|| memchr::memchr_iter(b'\n', black_box(&log)).count()));
    group.bench_function("baseline: line ends and UTF-8", |b| {
        b.iter(|| black_box(&log).split(|b| *b == b'\n').filter(|line| std::str::from_utf8(line).is_ok()).count());
    });
    group.bench_function("reader", |b| b.iter(|| read(black_box(&log))));
    group.finish();
}

criterion_group!(benches, speed);
criterion_main!(benches);
