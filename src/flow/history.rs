//! The last delivered bytes of one direction, so that a repetition that differs is noticed.

use crate::evidence::FrameId;
use crate::evidence::Frames;
use std::collections::VecDeque;

/// Delivered bytes up to a bound, with the frame that brought each.
///
/// Invariant: `bytes` are the stream's bytes `end - bytes.len() .. end`; `marks` ascend and cover them.
///
/// ```text
///  forgotten │◄───── bytes ─────►│ not yet delivered
///  ──────────┼───────────────────┼──────────────────► offset
///            start              end
/// ```
#[derive(Debug, Default)]
pub(super) struct History {
    bytes: VecDeque<u8>,
    end: u64,
    marks: VecDeque<(u64, FrameId)>,
}

/// What a repetition differs in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// How many bytes differ.
    pub(super) bytes: u64,
    /// The frame that brought the first of them first.
    pub(super) first_copy: Option<FrameId>,
}

impl History {
    /// Keeps the newest `most` bytes of what was delivered at `offset`.
    pub(super) fn record(&mut self, offset: u64, data: &[u8], frames: &Frames, most: usize) {
        if offset != self.end {
            self.bytes.clear();
            self.marks.clear();
        }
        let kept = data.get(data.len().saturating_sub(most)..).unwrap_or_default();
        let surplus = self.bytes.len().saturating_add(kept.len()).saturating_sub(most);
        self.bytes.drain(..surplus.min(self.bytes.len()));
        let (len, room) = (self.bytes.len(), self.bytes.capacity());
        if len.saturating_add(kept.len()) > room {
            // Twice the room, as ever, but none beyond the bound: as the bytes go round, all of it is used.
            self.bytes.reserve_exact(room.saturating_mul(2).min(most).saturating_sub(len).max(kept.len()));
        }
        self.bytes.extend(kept);
        self.end = offset.saturating_add(to_u64(data.len()));
        let start = self.start();
        if let Some(span) = frames.spans().next() {
            self.marks.push_back((offset, FrameId { input: span.input, number: span.first }));
        }
        while self.marks.get(1).is_some_and(|(next, _)| *next <= start) {
            self.marks.pop_front();
        }
    }

    fn start(&self) -> u64 {
        self.end.saturating_sub(to_u64(self.bytes.len()))
    }

    /// Compares a repetition at `offset` with what is remembered of these bytes.
    pub(super) fn compare(&self, offset: u64, data: &[u8]) -> Option<Difference> {
        let start = self.start();
        let forgotten = usize::try_from(start.saturating_sub(offset)).unwrap_or(usize::MAX);
        let from = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
        let repeated = data.get(forgotten..)?;
        let mut differing = repeated.iter().zip(self.bytes.iter().skip(from)).enumerate().filter(|(_, (new, old))| new != old);
        let (index, _) = differing.next()?;
        let place = offset.max(start).saturating_add(to_u64(index));
        let first_copy = self.marks.iter().rev().find(|(begin, _)| *begin <= place).map(|(_, frame)| *frame);
        Some(Difference { bytes: to_u64(differing.count()).saturating_add(1), first_copy })
    }
}

/// A length as an offset.
pub(super) fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u64) -> FrameId {
        FrameId { input: 0, number }
    }

    #[test]
    fn a_differing_repetition_names_the_first_copy() {
        let mut history = History::default();
        history.record(0, b"abc", &Frames::one(frame(1)), 8);
        history.record(3, b"def", &Frames::one(frame(2)), 8);
        assert_eq!(history.compare(0, b"abcdef"), None);
        assert_eq!(history.compare(2, b"cXYf"), Some(Difference { bytes: 2, first_copy: Some(frame(2)) }));
    }

    #[test]
    fn what_is_forgotten_is_not_compared() {
        let mut history = History::default();
        history.record(0, b"abcdefgh", &Frames::one(frame(1)), 4);
        assert_eq!(history.compare(0, b"ZZZZefgh"), None);
        assert_eq!(history.compare(3, b"dZ"), Some(Difference { bytes: 1, first_copy: Some(frame(1)) }));
        history.record(20, b"xy", &Frames::one(frame(2)), 4);
        assert_eq!(history.compare(6, b"gh"), None);
    }
}
