//! The lines a page holds of a log, by their numbers.
//!
//! Lines are numbered for ever, so the buffer is a map from number to line, in blocks. That makes the two things simple that a
//! growing list gets wrong: a line that comes twice (a reconnection, a late answer) falls on itself, and any part of the log
//! can be fetched, shown and forgotten again without moving the rest. Memory is bounded: the blocks farthest from the
//! reader go first.

use crate::model::{LogBatch, LogLines};
use aix::Phase;
use std::collections::BTreeMap;

/// Lines a block.
const BLOCK: u64 = 500;
/// Blocks kept: 50 000 lines.
const MOST_BLOCKS: usize = 100;

/// One line as it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The phase it belongs to; none before phase 1.
    pub(crate) phase: Option<Phase>,
    /// Its text.
    pub(crate) text: String,
}

/// A batch does not follow on what is there: lines are missing in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap;

/// The lines held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogBuffer {
    blocks: BTreeMap<u64, BTreeMap<u64, Line>>,
    last: u64,
    held: u64,
}

impl LogBuffer {
    /// A buffer that starts with the end of a log.
    #[must_use]
    pub(crate) fn new(tail: &LogLines) -> Self {
        let mut buffer = Self::default();
        buffer.fill(tail);
        buffer.last = tail.items.last().map_or(0, |line| line.line);
        buffer
    }

    /// Number of the last line the log is known to have without a gap at its end; 0 for an empty one.
    #[must_use]
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// How many lines are held.
    #[must_use]
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// The line of that number, where it is held.
    #[must_use]
    pub(crate) fn get(&self, number: u64) -> Option<&Line> {
        self.blocks.get(&block_of(number))?.get(&number)
    }

    /// Takes a batch from the stream; lines that were there already are dropped. Says how many were new.
    ///
    /// # Errors
    /// [`Gap`] where lines are missing before it; nothing is taken then, and the stream must be resumed after [`Self::last`].
    pub(crate) fn append(&mut self, batch: LogBatch) -> Result<u64, Gap> {
        if batch.first > self.last + 1 {
            return Err(Gap);
        }
        let before = self.last;
        for (number, text) in (batch.first..).zip(batch.lines) {
            if number > self.last {
                self.put(number, Line { phase: batch.phase, text });
                self.last = number;
            }
        }
        self.evict(self.last);
        Ok(self.last - before)
    }

    /// Takes lines that were asked for; keeps what is near them.
    pub(crate) fn fill(&mut self, lines: &LogLines) {
        for line in &lines.items {
            self.put(line.line, Line { phase: line.phase, text: line.text.clone() });
        }
        if let Some(line) = lines.items.first() {
            self.evict(line.line);
        }
    }

    /// The first stretch of lines between `from` and `to` that is not held: first number and how many to ask for.
    #[must_use]
    pub(crate) fn missing(&self, from: u64, to: u64) -> Option<(u64, u32)> {
        let hole = (from.max(1)..=to.min(self.last)).find(|number| self.get(*number).is_none())?;
        let start = block_of(hole) * BLOCK + 1;
        let count = BLOCK.min(self.last + 1 - start);
        Some((start, u32::try_from(count).unwrap_or(u32::MAX)))
    }

    /// The next held line after `number` (or before it, going back) that `wanted` accepts.
    #[must_use]
    pub(crate) fn find(&self, number: u64, forward: bool, wanted: impl Fn(&Line) -> bool) -> Option<u64> {
        let mut lines = self.blocks.values().flatten().filter(|(_, line)| wanted(line)).map(|(number, _)| *number);
        if forward { lines.find(|found| *found > number) } else { lines.take_while(|found| *found < number).last() }
    }

    fn put(&mut self, number: u64, line: Line) {
        let block = self.blocks.entry(block_of(number)).or_default();
        if block.insert(number, line).is_none() {
            self.held += 1;
        }
    }

    fn evict(&mut self, near: u64) {
        while self.blocks.len() > MOST_BLOCKS {
            let here = block_of(near);
            let ends = [self.blocks.keys().next(), self.blocks.keys().next_back()];
            let Some(farthest) = ends.into_iter().flatten().copied().max_by_key(|block| block.abs_diff(here)) else {
                return;
            };
            if let Some(gone) = self.blocks.remove(&farthest) {
                self.held -= gone.len() as u64;
            }
        }
    }
}

fn block_of(number: u64) -> u64 {
    number.saturating_sub(1) / BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LogLine, Timestamp};

    fn batch(first: u64, count: u64) -> LogBatch {
        LogBatch { first, lines: (first..first + count).map(|n| format!("line {n}")).collect(), phase: None }
    }

    fn lines(first: u64, count: u64) -> LogLines {
        let line =
            |line| LogLine { line, phase: None, at: Timestamp::from_unix_millis(0), text: format!("line {line}") };
        LogLines { items: (first..first + count).map(line).collect() }
    }

    #[test]
    fn overlapping_batches_leave_every_line_once() {
        let mut buffer = LogBuffer::new(&lines(1, 10));
        assert_eq!(buffer.append(batch(5, 10)), Ok(4));
        assert_eq!(buffer.append(batch(5, 10)), Ok(0));
        assert_eq!((buffer.last(), buffer.held()), (14, 14));
        assert!((1..=14).all(|n| buffer.get(n).unwrap().text == format!("line {n}")));
    }

    #[test]
    fn a_batch_after_a_gap_is_refused_and_changes_nothing() {
        let mut buffer = LogBuffer::new(&lines(1, 10));
        let before = buffer.clone();
        assert_eq!(buffer.append(batch(12, 3)), Err(Gap));
        assert_eq!(buffer, before);
        assert_eq!(buffer.append(batch(11, 3)), Ok(3));
    }

    #[test]
    fn earlier_lines_are_asked_for_by_block_and_fill_the_hole() {
        let mut buffer = LogBuffer::new(&lines(801, 200));
        assert_eq!(buffer.missing(850, 1000), None);
        assert_eq!(buffer.missing(790, 1000), Some((501, 500)));
        buffer.fill(&lines(501, 500));
        assert_eq!(buffer.missing(501, 1000), None);
        assert_eq!((buffer.last(), buffer.held()), (1000, 500));
        assert_eq!(LogBuffer::default().missing(1, 10), None);
    }

    #[test]
    fn memory_is_bounded_and_what_was_forgotten_can_be_asked_for_again() {
        let mut buffer = LogBuffer::default();
        for block in 0..120 {
            buffer.append(batch(block * BLOCK + 1, BLOCK)).unwrap();
        }
        assert_eq!((buffer.last(), buffer.held()), (60_000, 50_000));
        assert_eq!(buffer.missing(1, 10), Some((1, 500)));
        buffer.fill(&lines(1, 500));
        assert!(buffer.get(1).is_some(), "the block that was asked for went first");
        assert_eq!(buffer.held(), 50_000);
    }

    #[test]
    fn searching_goes_both_ways_from_a_line() {
        let buffer = LogBuffer::new(&lines(1, 30));
        let ends_in_5 = |line: &Line| line.text.ends_with('5');
        assert_eq!(buffer.find(5, true, ends_in_5), Some(15));
        assert_eq!(buffer.find(15, false, ends_in_5), Some(5));
        assert_eq!(buffer.find(25, true, ends_in_5), None);
    }
}
