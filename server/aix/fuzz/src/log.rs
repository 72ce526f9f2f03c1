//! What holds for any log: pieces make no difference, and no success without its evidence.

use aix::{
    Phase,
    log::{Event, Mode, Outcome, Reader, Report, Step, StepKind},
};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// What a reader told of a log.
#[derive(Debug, PartialEq)]
pub struct Told {
    /// Every event with its line, as one number: texts of them take most of the time.
    events: u64,
    report: Option<Report>,
    evidence: Evidence,
}

/// What a success rests on, found from the events alone.
#[derive(Debug, Default, PartialEq)]
struct Evidence {
    phases: BTreeSet<Phase>,
    /// The last banner of phase 12 is above, and no header of another call below it.
    last_phase: bool,
    master: bool,
    client: bool,
}

impl Told {
    /// Reads a log that comes in pieces.
    pub fn of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let (mut events, mut evidence) = (DefaultHasher::new(), Evidence::default());
        let mut sink = |line: u64, event: Event<'_>| {
            evidence.take(&event);
            line.hash(&mut events);
            hash(&event, &mut events);
        };
        let mut reader = Reader::new();
        for piece in pieces {
            reader.push(piece, &mut sink);
        }
        reader.finish(&mut sink);
        Self { events: events.finish(), report: reader.report(), evidence }
    }

    /// A success, with warnings or not, has its evidence: every phase, and behind the last banner, in the same call, both
    /// clean-up lines. In mksysb mode it is not known which phases there are, and whether there is a client.
    pub fn check(&self, log: &[u8]) {
        let Some(report) = &self.report else { return };
        if !matches!(report.verdict.outcome, Outcome::Success | Outcome::Warning) {
            return;
        }
        let Evidence { phases, master, client, .. } = &self.evidence;
        let log = String::from_utf8_lossy(log);
        let mksysb = report.mode == Some(Mode::Mksysb);
        let all = phases.len() == Phase::COUNT && report.verdict.phases_seen.len() == Phase::COUNT;
        assert!(
            all || mksysb && phases.contains(&Phase::LAST),
            "a success without all phases: {:?}\n{log}",
            report.verdict
        );
        assert!(*master, "a success without the master's clean-up: {:?}\n{log}", report.verdict);
        assert!(
            *client || mksysb && report.client.is_none(),
            "a success without the client's clean-up: {:?}\n{log}",
            report.verdict
        );
    }
}

impl Evidence {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Run => self.last_phase = false,
            Event::Phase(phase) => {
                self.phases.insert(*phase);
                self.last_phase = *phase == Phase::LAST;
                (self.master, self.client) = (false, false);
            }
            Event::Step(Step { kind: StepKind::CleanUpMaster, .. }) => self.master |= self.last_phase,
            Event::Step(Step { kind: StepKind::CleanUpClient, .. }) => self.client |= self.last_phase,
            _ => {}
        }
    }
}

fn hash(event: &Event<'_>, into: &mut DefaultHasher) {
    std::mem::discriminant(event).hash(into);
    match event {
        Event::Run => {}
        Event::Phase(phase) => phase.hash(into),
        Event::Step(Step { kind, text, item, done, total }) => (kind, text, item, done, total).hash(into),
        Event::Fileset(row) => (row.name, row.level, row.part.word(), row.event.word(), row.result.word()).hash(into),
        Event::Message(message) => (message.code, message.severity as u8, message.text).hash(into),
        Event::Benign(benign) => benign.meaning().hash(into),
    }
}

/// A log in one piece is told as the same log in pieces.
pub fn same_in_pieces<'a>(whole: &[u8], pieces: impl IntoIterator<Item = &'a [u8]>) {
    let told = Told::of([whole]);
    assert_eq!(Told::of(pieces), told, "in pieces, and in one");
    told.check(whole);
}
