//! Cuts a stream of bytes into chunks that can be stored, without ever holding more than one.
//!
//! A chunk holds whole lines of one phase. The exception is a line longer than a chunk (somebody's 10 MB line without an
//! end): waiting for its end would mean holding it, so it is spread over chunks that each end no line but the last, and
//! the later ones carry how the line began.

use super::lines;
use aix::{
    Phase,
    log::{Event, Reader, Verdict},
};
use app::model::Progress;

/// Bytes after which a chunk is closed.
pub const CHUNK: usize = 64 << 10;

/// A row of the log, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Offset of its first byte in the attempt's log.
    pub first_byte: u64,
    /// The phase all its lines belong to.
    pub phase: Option<Phase>,
    /// Number, in the attempt's log, of the line its first byte is in; from 1.
    pub first_line: u64,
    /// Lines that end in it.
    pub line_count: u32,
    /// How its first line began, where it began in an earlier chunk.
    pub head: Option<String>,
    /// Bytes of that line in earlier chunks; 0 without one.
    pub head_bytes: u64,
    /// The bytes as received.
    pub body: Vec<u8>,
    /// The phase whose banner is its first line.
    pub begins: Option<Phase>,
    /// The last step in it.
    pub progress: Option<Progress>,
}

/// Bytes in, chunks out.
#[derive(Debug, Default)]
pub struct Chunker {
    reader: Reader,
    /// Bytes not yet given out; they begin at `next_byte`, in line `next_line` + 1.
    pending: Vec<u8>,
    /// How much of `pending` is whole lines.
    whole: usize,
    whole_lines: u32,
    /// How much of `pending` was searched for line ends.
    searched: usize,
    begins: Option<Phase>,
    progress: Option<Progress>,
    /// The phase of the whole lines in `pending`.
    phase: Option<Phase>,
    next_byte: u64,
    next_line: u64,
    /// The beginning of a line of which a part was given out already, and the length of that part.
    begun: Option<(Vec<u8>, u64)>,
}

impl Chunker {
    /// A chunker at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came next; gives out the chunks that are full.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Chunk> {
        bytes.chunks(CHUNK).flat_map(|piece| self.push_piece(piece)).collect()
    }

    fn push_piece(&mut self, bytes: &[u8]) -> Vec<Chunk> {
        self.pending.extend_from_slice(bytes);
        let mut full = Vec::new();
        while let Some(length) = memchr::memchr(b'\n', &self.pending[self.searched..]) {
            self.line_ends_at(self.searched + length + 1, &mut full);
        }
        self.searched = self.pending.len();
        if self.searched - self.whole >= CHUNK {
            full.extend(self.flush());
            // One byte is kept back: should the log end here, the line's last chunk has something to end.
            full.push(self.give_out(self.pending.len() - 1, 0));
        }
        full
    }

    /// Gives out the whole lines that are waiting.
    pub fn flush(&mut self) -> Option<Chunk> {
        (self.whole > 0).then(|| self.give_out(self.whole, self.whole_lines))
    }

    /// Gives out everything: the log has ended, and its last line may have no end.
    pub fn finish(&mut self) -> Vec<Chunk> {
        let mut last = Vec::new();
        if self.pending.len() > self.whole {
            self.line_ends_at(self.pending.len(), &mut last);
        }
        last.extend(self.flush());
        last
    }

    /// Gives out everything that is waiting, without ending the line it is in: for bytes that are stored already.
    pub fn settle(&mut self) {
        self.flush();
        if !self.pending.is_empty() {
            self.give_out(self.pending.len(), 0);
        }
    }

    /// Bytes of the log that were given out.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.next_byte
    }

    /// What the log says so far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.reader.verdict()
    }

    fn line_ends_at(&mut self, end: usize, full: &mut Vec<Chunk>) {
        let line = &self.pending[self.whole..end];
        let line = match &self.begun {
            Some((head, _)) if self.whole == 0 => head,
            _ => line,
        };
        let (mut begins, mut progress) = (None, None);
        self.reader.line(line, &mut |_, event| match event {
            Event::Phase(phase) => begins = Some(phase),
            Event::Step(step) => {
                let what = step.text.replace('\0', "\u{FFFD}");
                progress = Some(Progress { done: step.done, total: step.total, what });
            }
            _ => {}
        });
        let length = end - self.whole;
        // A phase begins a chunk of its own: a chunk's lines all belong to one phase.
        if begins.is_some() {
            full.extend(self.flush());
            self.begins = begins;
        }
        self.progress = progress.or(self.progress.take());
        self.phase = self.reader.phase();
        self.whole += length;
        self.whole_lines += 1;
        self.searched = self.whole;
        if self.whole >= CHUNK {
            full.extend(self.flush());
        }
    }

    /// Gives out the first `length` bytes, in which `line_count` lines end.
    fn give_out(&mut self, length: usize, line_count: u32) -> Chunk {
        let rest = self.pending.split_off(length);
        let body = std::mem::replace(&mut self.pending, rest);
        let begun = self.begun.take();
        if line_count == 0 {
            let (mut head, bytes) = begun.clone().unwrap_or_default();
            head.extend_from_slice(&body[..body.len().min(lines::SHOWN.saturating_sub(head.len()))]);
            self.begun = Some((head, bytes + body.len() as u64));
        }
        let chunk = Chunk {
            first_byte: self.next_byte,
            phase: self.phase,
            first_line: self.next_line + 1,
            line_count,
            head: begun.as_ref().map(|(head, _)| lines::shown(head)),
            head_bytes: begun.map_or(0, |(_, bytes)| bytes),
            begins: self.begins.take(),
            progress: self.progress.take(),
            body,
        };
        self.next_byte += length as u64;
        self.next_line += u64::from(line_count);
        self.whole = 0;
        self.whole_lines = 0;
        self.searched = self.searched.saturating_sub(length);
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunks(pieces: &[&[u8]]) -> Vec<Chunk> {
        let mut chunker = Chunker::new();
        let mut all: Vec<_> = pieces.iter().flat_map(|piece| chunker.push(piece)).collect();
        all.extend(chunker.finish());
        all
    }

    fn texts(chunks: &[Chunk]) -> Vec<String> {
        chunks.iter().flat_map(|c| lines::of_chunk(&c.body, c.line_count, c.head.as_deref(), c.head_bytes)).collect()
    }

    #[test]
    fn a_phase_begins_a_chunk() {
        let log =
            b"Starting Alternate Disk Migration.\nExecuting nimadm phase 1.\nCloning\nExecuting nimadm phase 2.\nx";
        let seen: Vec<_> =
            chunks(&[log]).iter().map(|c| (c.phase.map(Phase::number), c.first_line, c.line_count)).collect();
        assert_eq!(seen, [(None, 1, 1), (Some(1), 2, 2), (Some(2), 4, 2)]);
    }

    #[test]
    fn a_line_longer_than_memory_is_spread_and_shown_cut() {
        let long = vec![b'x'; 10 << 20];
        let all = chunks(&[b"before\n", &long, b"\0\xff tail\nafter\n"]);
        let stored: usize = all.iter().map(|c| c.body.len()).sum();
        assert_eq!(stored, 7 + (10 << 20) + 8 + 6);
        assert!(all.iter().all(|c| c.body.len() <= 2 * CHUNK));
        let shown = texts(&all);
        assert_eq!(shown.len(), 3);
        assert!(
            shown[1].starts_with("xxx") && shown[1].contains("10485767 bytes"),
            "{}",
            &shown[1][shown[1].len() - 80..]
        );
        assert_eq!((shown[0].as_str(), shown[2].as_str()), ("before", "after"));
    }

    #[test]
    fn a_long_line_without_an_end_is_a_line() {
        for length in [CHUNK - 1, CHUNK, 2 * CHUNK, 2 * CHUNK + 1] {
            let all = chunks(&[&vec![b'x'; length]]);
            assert_eq!(all.iter().map(|c| c.body.len()).sum::<usize>(), length);
            assert!(all.iter().all(|c| !c.body.is_empty()));
            assert_eq!(texts(&all).len(), 1, "{length} bytes");
        }
    }

    proptest! {
        /// However the bytes are cut on their way, every byte is stored once and every line shown once, with its number.
        #[test]
        fn any_cutting_gives_the_same_log(
            log in prop::collection::vec(prop_oneof![4 => any::<u8>(), 1 => Just(b'\n')], 0..2000),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(log.len() + 1)).collect();
            at.extend([0, log.len()]);
            at.sort_unstable();
            let pieces: Vec<_> = at.windows(2).map(|pair| &log[pair[0]..pair[1]]).collect();
            let all = chunks(&pieces);
            let stored: Vec<u8> = all.iter().flat_map(|c| c.body.clone()).collect();
            prop_assert_eq!(&stored, &log);
            let mut line = 1;
            let mut byte = 0;
            for chunk in &all {
                prop_assert_eq!((chunk.first_line, chunk.first_byte), (line, byte));
                line += u64::from(chunk.line_count);
                byte += chunk.body.len() as u64;
            }
            prop_assert_eq!(texts(&all), texts(&chunks(&[&log])));
        }
    }
}
