//! One direction of a session: its unread bytes, its cipher, and what is between it and the next record.

use super::inflate::Inflate;
use super::opener::Opener;
use super::phases::Phases;
use super::record::Records;
use super::record::len;
use super::run::Messages;
use crate::anomaly::GapReason;
use crate::evidence::Frames;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// What is around the records of a direction.
#[derive(Default)]
pub(super) enum Guard {
    /// Nothing: the first handshake.
    #[default]
    Clear,
    /// A cipher of TLS 1.2 or older.
    Old(Box<Opener>),
    /// The ciphers of TLS 1.3, one after the other.
    Inner(Box<Phases>),
    /// A cipher that nobody here has the keys of.
    Shut,
}

/// What a direction waits for before its next record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Waits {
    /// More bytes.
    #[default]
    Bytes,
    /// The other direction, which has not come as far.
    Other,
    /// Secrets that may still come.
    Keys,
}

/// Bytes are lost, and the next record is not found yet.
pub(super) struct Hole {
    /// Bytes from the first record that cannot be read to the first unread byte.
    pub(super) lost: u64,
    /// How many of the unread bytes were searched.
    pub(super) searched: usize,
    /// Work that may still be done.
    pub(super) budget: u64,
}

/// A chunk that waits for those before it.
pub(super) struct Held {
    offset: u64,
    at: Timestamp,
    frames: Frames,
    data: Vec<u8>,
    gap: u64,
}

impl Held {
    /// Keeps a chunk.
    pub(super) fn of(chunk: &Chunk<'_>) -> Self {
        let (data, gap) = match chunk.body {
            Body::Data(data) => (data.to_vec(), 0),
            Body::Gap(bytes, _) => (Vec::new(), bytes),
        };
        Self { offset: chunk.offset, at: chunk.at, frames: chunk.frames.clone(), data, gap }
    }

    /// Its bytes.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// When it came.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    /// Lends it as the chunk it was.
    pub(super) fn lend<R>(&self, take: impl FnOnce(Chunk<'_>) -> R) -> R {
        let body = if self.gap > 0 { Body::Gap(self.gap, GapReason::NotCaptured) } else { Body::Data(&self.data) };
        take(Chunk { offset: self.offset, at: self.at, frames: &self.frames, body })
    }
}

/// One direction.
#[derive(Default)]
pub(super) struct Side {
    pub(super) records: Records,
    later: VecDeque<Held>,
    held_bytes: usize,
    pub(super) guard: Guard,
    pub(super) messages: Messages,
    pub(super) inflate: Option<Box<Inflate>>,
    pub(super) hole: Option<Hole>,
    pub(super) waits: Waits,
    /// Whether a record was read.
    pub(super) begun: bool,
    /// Offset of the next byte of plaintext.
    pub(super) plain: u64,
    /// Holes so far.
    holes: u32,
    /// Records in a row that could not be opened.
    pub(super) failed: u32,
}

impl Side {
    /// Takes a chunk, or holds it when what comes before is not read yet. Gives the bytes that are lost now.
    pub(super) fn push(&mut self, chunk: &Chunk<'_>, budget: u64) -> u64 {
        let waits = self.waits != Waits::Bytes && !self.records.ahead().is_empty();
        match chunk.body {
            Body::Gap(..) if waits => self.hold(chunk),
            _ if !self.later.is_empty() => self.hold(chunk),
            Body::Data(data) => self.records.add(chunk, data),
            Body::Gap(bytes, _) => return self.lose(bytes, budget),
        }
        0
    }

    fn hold(&mut self, chunk: &Chunk<'_>) {
        let held = Held::of(chunk);
        self.held_bytes = self.held_bytes.saturating_add(held.data.len()).saturating_add(size_of::<Held>());
        self.later.push_back(held);
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.records.ahead().len().saturating_add(self.held_bytes)
    }

    /// Takes the next chunk that was held: whether there was one, and the bytes that are lost by it.
    pub(super) fn unhold(&mut self, budget: u64) -> Option<u64> {
        let held = self.later.pop_front()?;
        self.held_bytes = self.held_bytes.saturating_sub(held.data.len()).saturating_sub(size_of::<Held>());
        if held.gap > 0 {
            return Some(self.lose(held.gap, budget));
        }
        let chunk = Chunk { offset: held.offset, at: held.at, frames: &held.frames, body: Body::Data(&[]) };
        self.records.add(&chunk, &held.data);
        Some(0)
    }

    /// Bytes are lost behind those that are unread, which are a part of a record at most. Gives all that is lost by it.
    fn lose(&mut self, bytes: u64, budget: u64) -> u64 {
        let rest = self.records.ahead().len();
        self.records.pass(rest);
        let lost = bytes.saturating_add(len(rest));
        self.miss(lost, budget);
        lost
    }

    /// The next so many bytes of records cannot be read.
    pub(super) fn miss(&mut self, bytes: u64, budget: u64) {
        self.messages.clear();
        match &mut self.hole {
            Some(hole) => {
                hole.lost = hole.lost.saturating_add(bytes);
                hole.searched = 0;
            }
            None => {
                self.holes = self.holes.saturating_add(1);
                self.hole = Some(Hole { lost: bytes, searched: 0, budget });
            }
        }
    }

    /// How often bytes were lost.
    pub(super) fn holes(&self) -> u32 {
        self.holes
    }
}
