//! Segments that came before their turn, kept without overlap until the hole before them is filled.

use super::history::to_u64;
use super::reassembly::moved;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Pieces that new data, or a cut, is compared with: a segment overlaps few.
const MOST_CUT: usize = 64;

/// A held piece.
#[derive(Debug)]
pub(super) struct Piece {
    /// The bytes, or `None` where the snap length cut them away.
    pub(super) data: Option<Vec<u8>>,
    /// How many bytes it stands for.
    pub(super) len: u64,
    /// When it came.
    pub(super) at: Timestamp,
    /// The frames that brought it.
    pub(super) frames: Frames,
    /// Where the bytes begin in their frame, where that is known.
    pub(super) frame_offset: Option<u32>,
}

/// Pieces by offset. Invariant: they do not overlap; `bytes` is the sum of the data held.
#[derive(Debug, Default)]
pub(super) struct Hold {
    pieces: BTreeMap<u64, Piece>,
    bytes: usize,
}

impl Hold {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn segments(&self) -> usize {
        self.pieces.len()
    }

    /// Offset, arrival time and frames of the first piece: where the hole before it ends.
    pub(super) fn front(&self) -> Option<(u64, &Piece)> {
        self.pieces.first_key_value().map(|(offset, piece)| (*offset, piece))
    }

    /// Offset behind the last piece.
    pub(super) fn end(&self) -> Option<u64> {
        self.pieces.last_key_value().map(|(offset, piece)| offset.saturating_add(piece.len))
    }

    /// Takes the first piece if it starts at `offset`.
    pub(super) fn take_at(&mut self, offset: u64) -> Option<Piece> {
        let first = self.pieces.first_entry().filter(|entry| *entry.key() == offset)?;
        let piece = first.remove();
        self.bytes = self.bytes.saturating_sub(piece.data.as_ref().map_or(0, Vec::len));
        Some(piece)
    }

    /// Keeps the parts of `data` that are not held yet. Returns how many bytes differ from what is held, with the frame
    /// of the first copy: the first copy wins.
    pub(super) fn insert(
        &mut self,
        offset: u64,
        data: &[u8],
        at: Timestamp,
        (frames, frame_offset): (&Frames, Option<u32>),
    ) -> Option<(u64, FrameId)> {
        self.make_room(offset, to_u64(data.len()));
        let mut different: Option<(u64, FrameId)> = None;
        let mut place = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let (free, covered) = self.room(place, to_u64(rest.len()));
            let (new, after) = split(rest, free);
            if !new.is_empty() {
                let frame_offset = moved(frame_offset, place.saturating_sub(offset));
                self.put(place, Piece { data: Some(new.to_vec()), len: to_u64(new.len()), at, frames: frames.clone(), frame_offset });
            }
            let (repeated, after) = split(after, covered);
            let start = place.saturating_add(free);
            if let Some((bytes, frame)) = self.differs(start, repeated) {
                different =
                    Some((bytes.saturating_add(different.map_or(0, |(bytes, _)| bytes)), different.map_or(frame, |(_, frame)| frame)));
            }
            place = start.saturating_add(covered);
            rest = after;
        }
        different
    }

    /// Keeps the knowledge that `len` bytes were on the wire but not captured, as far as nothing else is held there; behind many pieces it
    /// is given up, for a frame that has no bytes must not cost more than one that has.
    pub(super) fn insert_cut(&mut self, offset: u64, len: u64, at: Timestamp, frames: &Frames) {
        let mut place = offset;
        let end = offset.saturating_add(len);
        for _ in 0..MOST_CUT {
            if place >= end {
                return;
            }
            let (free, covered) = self.room(place, end.saturating_sub(place));
            if free > 0 {
                self.put(place, Piece { data: None, len: free, at, frames: frames.clone(), frame_offset: None });
            }
            place = place.saturating_add(free).saturating_add(covered.max(u64::from(free == 0)));
        }
    }

    /// Takes away what is only known to be cut: bytes are better.
    fn make_room(&mut self, offset: u64, len: u64) {
        let end = offset.saturating_add(len);
        let cut = |(start, piece): (&u64, &Piece)| (piece.data.is_none() && start.saturating_add(piece.len) > offset).then_some(*start);
        let overlapping: Vec<u64> = self.pieces.range(..end).rev().take(MOST_CUT).filter_map(cut).collect();
        for start in overlapping {
            let Some(piece) = self.pieces.remove(&start) else { continue };
            let stop = start.saturating_add(piece.len);
            let (before, behind) = (offset.saturating_sub(start), stop.saturating_sub(end));
            let part = |len| Piece { data: None, len, at: piece.at, frames: piece.frames.clone(), frame_offset: None };
            if before > 0 {
                self.put(start, part(before));
            }
            if behind > 0 {
                self.put(end, part(behind));
            }
        }
    }

    fn put(&mut self, offset: u64, piece: Piece) {
        self.bytes = self.bytes.saturating_add(piece.data.as_ref().map_or(0, Vec::len));
        self.pieces.insert(offset, piece);
    }

    /// How many of `len` bytes from `place` on are free, and how many behind them are covered by one piece.
    fn room(&self, place: u64, len: u64) -> (u64, u64) {
        if let Some((start, piece)) = self.pieces.range(..=place).next_back() {
            let end = start.saturating_add(piece.len);
            if end > place {
                return (0, end.saturating_sub(place).min(len));
            }
        }
        match self.pieces.range(place..place.saturating_add(len)).next() {
            Some((start, piece)) => {
                let free = start.saturating_sub(place);
                (free, piece.len.min(len.saturating_sub(free)))
            }
            None => (len, 0),
        }
    }

    /// How many bytes of a repetition differ from the one piece that covers them.
    fn differs(&self, place: u64, repeated: &[u8]) -> Option<(u64, FrameId)> {
        let (start, piece) = self.pieces.range(..=place).next_back()?;
        let skip = usize::try_from(place.saturating_sub(*start)).unwrap_or(usize::MAX);
        let held = piece.data.as_deref()?.get(skip..)?;
        let bytes = to_u64(held.iter().zip(repeated).filter(|(old, new)| old != new).count());
        let span = piece.frames.spans().next()?;
        (bytes > 0).then_some((bytes, FrameId { input: span.input, number: span.first }))
    }
}

/// Splits at `at` bytes, or at the end.
fn split(bytes: &[u8], at: u64) -> (&[u8], &[u8]) {
    bytes.split_at(usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len()))
}
