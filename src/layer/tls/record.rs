//! Bytes of one direction to records, with the frames each came in.

use crate::evidence::Frames;
use crate::flow::Chunk;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// Bytes of a record's header.
pub(super) const HEADER_BYTES: usize = 5;

/// The longest body: 2¹⁴ bytes, and what compression, padding and MAC may add.
pub(super) const MOST_BODY_BYTES: u16 = 16_384 + 2048;

/// Room kept for the next record.
const KEPT_ROOM: usize = 64 << 10;

/// Marks kept apart; beyond, the newest is stretched, and a byte may be said to come from a few frames more.
const MOST_MARKS: usize = 4096;

/// Types of content.
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

/// A record's header.
///
/// # Wire
///
/// [spec] RFC 8446 5.1: type, version, length of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The type of content, of TLS 1.3 the outer one.
    pub(super) kind: u8,
    version: [u8; 2],
    /// Bytes of the body.
    pub(super) len: u16,
}

impl Header {
    /// The header that these bytes begin with, if they can be one.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [kind, major, minor, high, low] = *bytes.first_chunk::<HEADER_BYTES>()?;
        let header = Self { kind, version: [major, minor], len: u16::from_be_bytes([high, low]) };
        (matches!(kind, 20..=24) && major == 3 && minor <= 4 && header.len <= MOST_BODY_BYTES).then_some(header)
    }

    /// As the wire has it.
    pub(super) fn bytes(self) -> [u8; HEADER_BYTES] {
        let ([major, minor], [high, low]) = (self.version, self.len.to_be_bytes());
        [self.kind, major, minor, high, low]
    }

    /// Bytes of the record, header included.
    pub(super) fn whole(self) -> usize {
        usize::from(self.len).saturating_add(HEADER_BYTES)
    }
}

/// Bytes that came in one chunk.
struct Mark {
    end: u64,
    at: Timestamp,
    frames: Frames,
}

/// Unread bytes of one direction. Invariant: `start <= bytes.len()`.
#[derive(Default)]
pub(super) struct Records {
    bytes: Vec<u8>,
    start: usize,
    /// Offset in the stream of the first unread byte.
    offset: u64,
    marks: VecDeque<Mark>,
}

impl Records {
    /// Adds a chunk's bytes.
    pub(super) fn add(&mut self, chunk: &Chunk<'_>, data: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        if self.bytes.is_empty() {
            if self.bytes.capacity() > KEPT_ROOM {
                // What had to wait once need not be paid for by a session at rest.
                self.bytes = Vec::new();
            }
            self.offset = chunk.offset;
            self.marks.clear();
        }
        self.bytes.extend_from_slice(data);
        let end = chunk.offset.saturating_add(len(data.len()));
        let full = self.marks.len() >= MOST_MARKS;
        match self.marks.back_mut() {
            Some(mark) if full => {
                mark.end = end;
                mark.at = chunk.at;
                mark.frames.join(chunk.frames);
            }
            _ => self.marks.push_back(Mark { end, at: chunk.at, frames: chunk.frames.clone() }),
        }
    }

    /// All unread bytes.
    pub(super) fn ahead(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Passes so many bytes.
    pub(super) fn pass(&mut self, bytes: usize) {
        let bytes = bytes.min(self.ahead().len());
        self.start = self.start.saturating_add(bytes);
        self.offset = self.offset.saturating_add(len(bytes));
        while self.marks.len() > 1 && self.marks.front().is_some_and(|mark| mark.end <= self.offset) {
            self.marks.pop_front();
        }
    }

    /// When the byte before `to` came, and the frames that brought the bytes from `from` to there; both from the first unread byte on.
    pub(super) fn origin(&self, from: usize, to: usize) -> (Timestamp, Frames) {
        let (start, end) = (self.offset.saturating_add(len(from)), self.offset.saturating_add(len(to)));
        let first = self.marks.partition_point(|mark| mark.end <= start);
        let mut origin = (Timestamp::default(), Frames::default());
        for mark in self.marks.range(first.min(self.marks.len())..) {
            origin.0 = mark.at;
            if origin.1.is_empty() {
                origin.1 = mark.frames.clone();
            } else {
                origin.1.join(&mark.frames);
            }
            if mark.end >= end {
                break;
            }
        }
        origin
    }
}

/// A length as an offset.
pub(super) fn len(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
