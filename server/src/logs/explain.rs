//! A whole nimadm log in, its report out: the one place where the program explains a log that is not a run of its own.
//!
//! Bytes are taken as they come and none is kept: a log of a gigabyte explains itself in the same memory as one of a
//! kilobyte. Reading it as text first would need both its size and its encoding to be what one hopes.

use crate::error::NOT_A_LOG;
use aix::log::{Reader, Report};
use app::model::Problem;

/// Reads a log piece by piece.
#[derive(Debug, Default)]
pub struct Explainer {
    reader: Reader,
}

impl Explainer {
    /// An explainer at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came next, however it was cut on its way.
    pub fn push(&mut self, bytes: &[u8]) {
        self.reader.push(bytes, &mut |_, _| {});
    }

    /// The report; none where this is no log of nimadm. The last line may have no end.
    #[must_use]
    pub fn finish(mut self) -> Option<Report> {
        self.reader.finish(&mut |_, _| {});
        self.reader.report()
    }
}

/// What is said of bytes that nimadm did not print.
#[must_use]
pub fn not_a_log() -> Problem {
    NOT_A_LOG.problem(
        "No line of it is one that only nimadm prints: \"Starting Alternate Disk Migration.\", \"Executing nimadm phase N.\" or \
         \"Cleaning up alt_disk_migration …\" was looked for. Send the master's /var/adm/ras/alt_mig/CLIENT_alt_mig.log, or what \
         nimadm printed, uncompressed and from its beginning.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = include_bytes!("../../aix/fixtures/nimadm/whole_run.seed.log");

    fn explained(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Option<Report> {
        let mut explainer = Explainer::new();
        pieces.for_each(|piece| explainer.push(piece.as_ref()));
        explainer.finish()
    }

    #[test]
    fn a_real_log_says_whose_it_is_and_how_far_it_came() {
        let report = explained([LOG].iter()).unwrap();
        assert_eq!(report.client.as_deref(), Some("webmanual01"));
        assert_eq!(
            (report.target.as_deref(), report.disks.as_slice()),
            (Some("6.1"), ["hdisk0".to_owned()].as_slice())
        );
        assert_eq!(report.phases.len(), 12);
        assert_eq!(report.bytes, LOG.len() as u64);
    }

    #[test]
    fn any_cutting_gives_the_same_report() {
        let whole = explained([LOG].iter());
        for size in [1, 7, 64, 4096] {
            assert_eq!(explained(LOG.chunks(size)), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_log_has_no_report() {
        for other in [&b""[..], b"hdisk0 none None\n", b"\0\xff\n", &vec![b'x'; 1 << 20]] {
            assert_eq!(explained([other].iter()), None);
        }
    }
}
