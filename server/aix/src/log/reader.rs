//! Bytes in, events out.

use super::{
    Report, Verdict,
    event::{Benign, Event, Message, Severity, Step},
    line::{self, Line},
    report::Mode,
    run::Run,
    step::StepKind,
};
use crate::Phase;
use memchr::{memchr, memchr_iter, memrchr};
use std::borrow::Cow;

/// As much of a line as is looked at, in bytes; nimadm's own lines have at most a few hundred.
const LOOKED_AT: usize = 4096;

/// Reads a log as it comes. However the bytes are cut on their way, the events are the same, and memory has a bound.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// There is one, even where nothing of it is kept.
    in_line: bool,
    line_count: u64,
    bytes: u64,
    run: Run,
    /// The run before, for as long as it may turn out that the present one is no run of its own.
    before: Option<Box<Run>>,
}

impl Reader {
    /// A reader at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came next. `sink` is told of every event with the number of its line, from 1.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(u64, Event<'_>)) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.in_line
            && let Some(end) = memchr(b'\n', bytes)
        {
            self.hold(&bytes[..end]);
            self.end_line(sink);
            bytes = &bytes[end + 1..];
        }
        if !self.in_line
            && let Some(last) = memrchr(b'\n', bytes)
        {
            let (lines, rest) = bytes.split_at(last + 1);
            self.lines(lines, sink);
            bytes = rest;
        }
        if !bytes.is_empty() {
            self.hold(bytes);
        }
    }

    /// Takes whole lines. Whether they are text is found out for all at once: line by line it costs more than the reading.
    fn lines(&mut self, lines: &[u8], sink: &mut impl FnMut(u64, Event<'_>)) {
        let text = std::str::from_utf8(lines).ok();
        let mut from = 0;
        for end in memchr_iter(b'\n', lines) {
            match text {
                Some(text) if end - from <= LOOKED_AT => self.text(&text[from..end], sink),
                _ => self.line(&lines[from..end], sink),
            }
            from = end + 1;
        }
    }

    /// The log has ended; its last line may have no end.
    pub fn finish(&mut self, sink: &mut impl FnMut(u64, Event<'_>)) {
        if self.in_line {
            self.end_line(sink);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LOOKED_AT.saturating_sub(self.begun.len());
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.in_line = true;
    }

    fn end_line(&mut self, sink: &mut impl FnMut(u64, Event<'_>)) {
        let mut line = std::mem::take(&mut self.begun);
        self.line(&line, sink);
        line.clear();
        self.begun = line;
        self.in_line = false;
    }

    /// Takes the next line, with or without its line end, in whatever bytes it came.
    pub fn line(&mut self, line: &[u8], sink: &mut impl FnMut(u64, Event<'_>)) {
        let looked_at = &line[..line.len().min(LOOKED_AT)];
        // Checking and replacing in one go costs five times as much, and hardly a line needs it.
        let text = std::str::from_utf8(looked_at).map_or_else(|_| String::from_utf8_lossy(looked_at), Cow::Borrowed);
        self.text(&text, sink);
    }

    fn text(&mut self, mut text: &str, sink: &mut impl FnMut(u64, Event<'_>)) {
        while let Some(rest) = text.strip_suffix(['\r', '\n']) {
            text = rest;
        }
        self.line_count += 1;
        self.run.line(self.line_count);
        match line::read(text) {
            // Colours of a terminal hide what a line is.
            Line::Other if memchr(0x1b, text.as_bytes()).is_some() => {
                let plain = without_escapes(text);
                self.recognised(line::read(&plain), &plain, sink);
            }
            line => self.recognised(line, text, sink),
        }
    }

    fn recognised(&mut self, line: Line<'_>, text: &str, sink: &mut impl FnMut(u64, Event<'_>)) {
        let number = self.line_count;
        match line {
            Line::Empty => {}
            Line::Other => self.run.other(number, text),
            Line::Phase(phase) => {
                if self.enter(phase) {
                    sink(number, Event::Phase(phase));
                }
            }
            Line::Step(StepKind::Master, _) => {
                if self.begin() {
                    sink(number, Event::Run);
                }
            }
            Line::Step(kind, item) => self.step(kind, item, text, sink),
            Line::Installed { done, total } => {
                self.run.installed(done, total);
                let text = plain(text);
                let step = Step { kind: StepKind::Installed, text, item: "", done, total: Some(total) };
                sink(number, Event::Step(step));
            }
            Line::Row(row) => {
                self.run.row(&row, number, text);
                sink(number, Event::Fileset(row));
            }
            Line::Coded(code, severity) => self.message(Some(code), severity, text, sink),
            Line::Complaint(severity) => self.message(None, severity, text, sink),
            Line::Benign(benign) => {
                self.run.benign(benign, number, text);
                sink(number, Event::Benign(benign));
            }
        }
    }

    fn message(&mut self, code: Option<&str>, severity: Severity, text: &str, sink: &mut impl FnMut(u64, Event<'_>)) {
        self.run.message(severity, code, text, self.line_count);
        sink(self.line_count, Event::Message(Message { code, severity, text }));
    }

    /// A header begins. False where it is the one before, printed twice.
    fn begin(&mut self) -> bool {
        if self.run.only_begun() {
            return false;
        }
        let mut next = Run::begin(self.run.number + 1, self.line_count);
        next.header.begun = true;
        let last = std::mem::take(&mut self.run);
        if last.recognised {
            self.before = Some(Box::new(last));
        } else {
            next.keep_preamble(last);
        }
        self.run = next;
        true
    }

    fn enter(&mut self, phase: Phase) -> bool {
        if self.run.phases.is_empty() {
            match self.before.take() {
                Some(before) if phase != Phase::FIRST && self.run.continues(&before, phase) => {
                    self.run = *before;
                    self.run.line(self.line_count);
                    self.run.resumes();
                    // Also where the phase is the one before: this call begins with it.
                    self.run.enter(phase);
                    return true;
                }
                _ => {}
            }
        } else if phase == Phase::FIRST && self.run.phase() != Some(phase) {
            // Another run whose header is not there.
            self.run = Run::begin(self.run.number + 1, self.line_count);
        }
        self.run.enter(phase)
    }

    fn step(&mut self, kind: StepKind, item: &str, text: &str, sink: &mut impl FnMut(u64, Event<'_>)) {
        let number = self.line_count;
        match kind {
            StepKind::Unmount => self.run.benign(Benign::ForcedUnmount, number, text),
            StepKind::GiveUp => return self.run.gives_up(),
            StepKind::CleanUpMaster | StepKind::CleanUpClient => {
                let is_clean_up = self.run.cleans_up(kind == StepKind::CleanUpMaster, item);
                // What it cleans up after is the run before, if that is there.
                if is_clean_up
                    && self.run.cleaned_up()
                    && let Some(mut before) = self.before.take_if(|before| before.clean())
                {
                    before.line(number);
                    self.run = *before;
                }
            }
            StepKind::Updates => self.run.updates(item, number, text),
            _ => self.run.learn(kind, item),
        }
        let (done, total) = self.run.step(kind, text);
        sink(number, Event::Step(Step { kind, text: plain(text), item, done, total }));
    }

    /// The phase the next line belongs to; none before phase 1.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.run.phase()
    }

    /// What the log says so far; final once the log is.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.decisive().verdict()
    }

    /// All there is to say so far; none where nothing in it is nimadm's.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        let run = self.decisive();
        run.recognised.then(|| run.report(self.run.number.max(1), self.line_count, self.bytes))
    }

    fn decisive(&self) -> &Run {
        match &self.before {
            Some(before) if self.run.is_echo_of(before) => before,
            _ => &self.run,
        }
    }
}

/// The text of a step: without blanks and full stops at its end.
fn plain(text: &str) -> &str {
    text.trim().trim_end_matches([' ', '.'])
}

/// Without the control sequences of a terminal (`ESC [ … letter`).
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = match after.strip_prefix('[') {
            Some(sequence) => sequence.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &sequence[end + 1..]),
            None => after,
        };
    }
    plain.push_str(rest);
    plain
}

impl Run {
    /// What a step tells about the run.
    fn learn(&mut self, kind: StepKind, item: &str) {
        match kind {
            StepKind::Client => self.header.client = Some(super::run::cut(item)),
            StepKind::Mksysb | StepKind::RestoreMksysb | StepKind::WriteMksysb => self.mode = Some(Mode::Mksysb),
            StepKind::Eligibility | StepKind::LogFile => self.header.checked = true,
            StepKind::Start => (self.header.checked, self.header.started) = (true, true),
            StepKind::CacheGroup | StepKind::SyncToCache if self.mode.is_none() => self.mode = Some(Mode::Cache),
            StepKind::Export | StepKind::NfsMount if self.mode.is_none() => self.mode = Some(Mode::Nfs),
            StepKind::WakeUp if self.phases.is_empty() => self.mode = Some(Mode::WakeUp),
            StepKind::Sleep if self.phases.is_empty() => self.mode = Some(Mode::Sleep),
            StepKind::ClientCommand => self.call(item),
            StepKind::Bootlist => self.bootlist = item.split_whitespace().next().map(super::run::cut),
            _ => {}
        }
    }

    /// `alt_disk_copy -j -M 7.3 -P1 -d "hdisk1 hdisk2"`: what the client is told (nimadm.md §1.8).
    fn call(&mut self, call: &str) {
        let mut words = call.split_whitespace();
        if words.next() != Some("alt_disk_copy") {
            return;
        }
        let mut cached = false;
        while let Some(word) = words.next() {
            match word {
                "-j" => cached = true,
                "-M" => self.target = words.next().map(super::run::cut),
                _ => {}
            }
        }
        if self.mode.is_none() {
            self.mode = Some(if cached { Mode::Cache } else { Mode::Nfs });
        }
        if let Some((_, disks)) = call.split_once("-d ") {
            let disks = disks.trim_start_matches('"').split('"').next().unwrap_or_default();
            self.disks = disks.split_whitespace().take(16).map(super::run::cut).collect();
        }
    }
}
