//! The unread bytes of one direction, and which frame brought which byte.

use crate::annotation::ByteSpan;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::evidence::Part;
use crate::flow::Chunk;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// Bytes that came in one chunk.
#[derive(Debug)]
struct Mark {
    start: u64,
    end: u64,
    at: Timestamp,
    frames: Frames,
    frame_offset: Option<u32>,
}

/// Where bytes came from. Invariant: marks ascend and cover the unread bytes.
#[derive(Debug, Default)]
pub(super) struct Provenance {
    marks: VecDeque<Mark>,
}

/// What a span of bytes rests on.
pub(super) struct Origin {
    pub(super) evidence: Evidence,
    /// Time of the frame of the first byte.
    pub(super) first_at: Timestamp,
    /// Time of the newest frame.
    pub(super) last_at: Timestamp,
}

/// Marks kept apart per direction; beyond, neighbours are joined, and a byte may be said to come from a few frames more.
const MOST_MARKS: usize = 1 << 14;

/// Bytes of room that are kept when nothing is unread any more: what a long line or body took is needed by others, too.
const KEPT_ROOM: usize = 1 << 14;

/// Marks whose frames are joined one by one.
const FEW_MARKS: usize = 8;

impl Provenance {
    fn add(&mut self, chunk: &Chunk<'_>, len: u64) {
        if self.marks.len() >= MOST_MARKS {
            self.join_neighbours();
        }
        let Chunk { offset, at, frame_offset, .. } = *chunk;
        self.marks.push_back(Mark { start: offset, end: offset.saturating_add(len), at, frames: chunk.frames.clone(), frame_offset });
    }

    /// Makes one mark of every two.
    fn join_neighbours(&mut self) {
        let mut marks = std::mem::take(&mut self.marks).into_iter();
        while let Some(mut mark) = marks.next() {
            if let Some(next) = marks.next() {
                mark.end = next.end;
                mark.frames.join(&next.frames);
                mark.frame_offset = None;
            }
            self.marks.push_back(mark);
        }
    }

    /// Which frame brought which bytes of a span, in order. What came of several frames is said to be of the newest.
    pub(super) fn parts(&self, span: ByteSpan) -> Vec<Part> {
        let first = self.marks.partition_point(|mark| mark.end <= span.start).min(self.marks.len().saturating_sub(1));
        let mut parts: Vec<Part> = Vec::new();
        let mut at = span.start;
        for mark in self.marks.range(first..).take_while(|mark| mark.start < span.end) {
            let end = mark.end.min(span.end);
            let into = u32::try_from(at.saturating_sub(mark.start)).ok();
            let newest = mark.frames.spans().last().map(|span| FrameId { input: span.input, number: span.last });
            if end > at {
                parts.push(Part {
                    frame: newest.unwrap_or_default(),
                    at: mark.at,
                    start: at.saturating_sub(span.start),
                    end: end.saturating_sub(span.start),
                    frame_offset: mark.frame_offset.zip(into).and_then(|(offset, into)| offset.checked_add(into)),
                });
                at = end;
            }
        }
        parts
    }

    fn forget(&mut self, before: u64) {
        while self.marks.len() > 1 && self.marks.front().is_some_and(|mark| mark.end <= before) {
            self.marks.pop_front();
        }
    }

    /// Frames and times of the bytes of a span.
    #[inline]
    pub(super) fn of(&self, span: ByteSpan) -> Origin {
        // Most messages lie in what came last.
        match self.marks.back() {
            Some(mark) if mark.start <= span.start && span.end <= mark.end && span.start < mark.end => {
                Origin { evidence: Evidence { frames: mark.frames.clone(), bytes: Some(span) }, first_at: mark.at, last_at: mark.at }
            }
            _ => self.of_several(span),
        }
    }

    /// The same of a span that may lie in several marks.
    fn of_several(&self, span: ByteSpan) -> Origin {
        let first = self.marks.partition_point(|mark| mark.end <= span.start).min(self.marks.len().saturating_sub(1));
        let mut origin = Origin {
            evidence: Evidence { frames: Frames::default(), bytes: Some(span) },
            first_at: self.marks.get(first).map(|mark| mark.at).unwrap_or_default(),
            last_at: Timestamp::default(),
        };
        origin.last_at = origin.first_at;
        let mut last = first;
        for mark in self.marks.range(first..) {
            origin.last_at = origin.last_at.max(mark.at);
            if mark.end >= span.end {
                break;
            }
            last = last.saturating_add(1);
        }
        let last = last.min(self.marks.len().saturating_sub(1));
        origin.evidence.frames = match self.marks.get(first) {
            // A line of a few segments, as most are: their frames follow each other, and nothing need be sorted.
            Some(mark) if last.saturating_sub(first) < FEW_MARKS => {
                let mut frames = mark.frames.clone();
                self.marks.range(first..=last).skip(1).for_each(|mark| frames.join(&mark.frames));
                frames
            }
            Some(_) => Frames::of_spans(self.marks.range(first..=last).flat_map(|mark| mark.frames.spans()).copied().collect()),
            None => Frames::default(),
        };
        origin
    }
}

/// One direction's window.
///
/// ```text
///   consumed │  shown, unread  │  fresh  │
///  ──────────┼─────────────────┼─────────┼──► offset
///          offset        offset+shown
/// ```
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) provenance: Provenance,
    bytes: Vec<u8>,
    offset: u64,
}

impl Window {
    /// Lends everything unread, new data included, to `read`, which says how much of it is done with. Data that comes
    /// when nothing waits is lent without a copy.
    pub(super) fn show<R>(&mut self, chunk: &Chunk<'_>, data: &[u8], read: impl FnOnce(u64, &[u8], usize, &Provenance) -> (usize, R)) -> R {
        self.provenance.add(chunk, u64::try_from(data.len()).unwrap_or(u64::MAX));
        if self.bytes.is_empty() {
            self.offset = chunk.offset;
            let (consumed, result) = read(self.offset, data, 0, &self.provenance);
            self.bytes.extend_from_slice(data.get(consumed..).unwrap_or_default());
            self.advance(consumed);
            return result;
        }
        let fresh = self.bytes.len();
        self.bytes.extend_from_slice(data);
        let (consumed, result) = read(self.offset, &self.bytes, fresh, &self.provenance);
        self.bytes.drain(..consumed.min(self.bytes.len()));
        if self.bytes.is_empty() && self.bytes.capacity() > KEPT_ROOM {
            self.bytes = Vec::new();
        }
        self.advance(consumed);
        result
    }

    fn advance(&mut self, consumed: usize) {
        self.offset = self.offset.saturating_add(u64::try_from(consumed).unwrap_or(u64::MAX));
        self.provenance.forget(self.offset);
    }

    /// Takes what is unread, because no more will follow it.
    pub(super) fn take(&mut self) -> (u64, Vec<u8>) {
        (self.offset, std::mem::take(&mut self.bytes))
    }

    /// Unread bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}
