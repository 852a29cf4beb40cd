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
}

/// A chunk that waits for those before it.
pub(super) struct Held {
    offset: u64,
    at: Timestamp,
    frames: Frames,
    frame_offset: Option<u32>,
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
        Self { offset: chunk.offset, at: chunk.at, frames: chunk.frames.clone(), frame_offset: chunk.frame_offset, data, gap }
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
        take(Chunk { offset: self.offset, at: self.at, frames: &self.frames, frame_offset: self.frame_offset, body })
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
    /// Work that may be done to find a record behind a hole, in bytes decrypted; and the most of it.
    pub(super) budget: u64,
    most_budget: u64,
    /// Records in a row that could not be opened.
    pub(super) failed: u32,
}

/// What an opened byte adds to the budget.
const EARNED: u64 = 16;

impl Side {
    /// A direction nothing was read of.
    pub(super) fn new(trial_bytes: u64) -> Self {
        Self { budget: trial_bytes, most_budget: trial_bytes, ..Self::default() }
    }

    /// Takes a chunk, or holds it when what comes before is not read yet. Gives the bytes that are lost now.
    pub(super) fn push(&mut self, chunk: &Chunk<'_>) -> u64 {
        let waits = self.waits != Waits::Bytes && !self.records.ahead().is_empty();
        match chunk.body {
            Body::Gap(..) if waits => self.hold(chunk),
            _ if !self.later.is_empty() => self.hold(chunk),
            Body::Data(data) => self.records.add(chunk, data),
            Body::Gap(bytes, _) => return self.lose(bytes),
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
    pub(super) fn unhold(&mut self) -> Option<u64> {
        let held = self.later.pop_front()?;
        self.held_bytes = self.held_bytes.saturating_sub(held.data.len()).saturating_sub(size_of::<Held>());
        if held.gap > 0 {
            return Some(self.lose(held.gap));
        }
        let Held { offset, at, frame_offset, .. } = held;
        let chunk = Chunk { offset, at, frames: &held.frames, frame_offset, body: Body::Data(&[]) };
        self.records.add(&chunk, &held.data);
        Some(0)
    }

    /// Bytes are lost behind those that are unread, which are a part of a record at most. Gives all that is lost by it.
    fn lose(&mut self, bytes: u64) -> u64 {
        let rest = self.records.ahead().len();
        self.records.pass(rest);
        let lost = bytes.saturating_add(len(rest));
        self.miss(lost);
        lost
    }

    /// The next so many bytes of records cannot be read.
    pub(super) fn miss(&mut self, bytes: u64) {
        self.messages.clear();
        let hole = self.hole.get_or_insert(Hole { lost: 0, searched: 0 });
        hole.lost = hole.lost.saturating_add(bytes);
        hole.searched = 0;
    }

    /// A record of so many bytes was opened, which pays for later searches: so their cost is linear in bytes.
    pub(super) fn earn(&mut self, bytes: usize) {
        self.budget = self.budget.saturating_add(len(bytes).saturating_mul(EARNED)).min(self.most_budget);
    }
}
