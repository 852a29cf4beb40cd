//! Segments that come twice: a small table of the newest ones, and how their copies differ.

use super::Sample;
use super::sides::folded;
use crate::decode::Headers;
use crate::decode::Segment;
use crate::time::Timestamp;
use foldhash::fast::FixedState;
use foldhash::fast::FoldHasher;
use std::hash::BuildHasher;
use std::hash::Hasher;

/// Segments remembered. A mirror port sends the copy right behind, or when the packet left the router: there are seldom more
/// between them.
const SLOTS: usize = 1 << 12;

/// How much later a copy may come. A retransmission takes 200 ms, or several round trips.
const MOST_NANOS: u64 = 10_000_000;

/// The least part that is looked at: one of so many segments.
const LEAST: u64 = 64;

/// A segment, as far as it is needed to tell its copy. Two of the same tag are taken for copies: 64 bits do not collide by chance
/// within 10 ms, and who collides on purpose could send real copies as well.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    tag: u64,
    path: u64,
    at: Timestamp,
}

/// Tells copies from what was sent again.
///
/// A slot is where a segment's tag says, and the newer one has it: a flood costs no memory and no time, it only makes copies be
/// missed. The tag depends on the packet alone, as in [`Sample`].
#[derive(Debug)]
pub(super) struct Copies {
    slots: Box<[Slot]>,
    sample: Sample,
    hasher: FixedState,
    pub(super) compared: u64,
    pub(super) exact: u64,
    pub(super) routed: u64,
}

impl Copies {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); SLOTS].into_boxed_slice(),
            sample: Sample::new(LEAST),
            hasher: FixedState::default(),
            compared: 0,
            exact: 0,
            routed: 0,
        }
    }

    /// Compares a segment with those before it. A copy is in the sample when its original is.
    pub(super) fn look(&mut self, segment: &Segment<'_>) {
        // Not of sequence numbers alone: a flood may have but one.
        if self.sample.has(pair(segment.seq, segment.ack) ^ marks(segment)) {
            self.compare(segment);
            self.sample.looked();
        }
    }

    /// Whether a usual packet is in the sample.
    pub(super) fn samples(&self, headers: &Headers<'_>) -> bool {
        let ports = (headers.source.port(), headers.destination.port());
        self.sample.has(pair(headers.seq, headers.ack) ^ marked(ports, headers.window, headers.ip_id))
    }

    fn compare(&mut self, segment: &Segment<'_>) {
        self.compared = self.compared.saturating_add(1);
        let tag = self.tag(segment);
        let path = self.path(segment);
        let place = usize::try_from(tag >> 32).unwrap_or(0) % SLOTS;
        let Some(slot) = self.slots.get_mut(place) else { return };
        // Either way round: the queues of two interfaces are not always merged in order.
        let apart = segment.at.nanos().saturating_sub(slot.at.nanos()).unsigned_abs();
        if slot.tag != tag || apart > MOST_NANOS {
            *slot = Slot { tag, path, at: segment.at };
        } else if slot.path == path {
            self.exact = self.exact.saturating_add(1);
        } else {
            self.routed = self.routed.saturating_add(1);
        }
    }

    /// What a copy has in common with its original and a retransmission has not: the identification of its IP packet. Where there is
    /// none (IPv6, or always the same), the time has to tell. The same file read twice is no fault of the capture.
    fn tag(&self, segment: &Segment<'_>) -> u64 {
        let input = segment.frames.spans().next().map_or(0, |span| span.input);
        let bytes = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX).saturating_add(segment.uncaptured);
        let (from, to) = (segment.source, segment.destination);
        // Few words, since this is done for each.
        let words = [
            folded(from.ip).rotate_left(32) ^ folded(to.ip),
            marks(segment),
            pair(segment.seq, segment.ack),
            pair(bytes, u32::from(segment.flags.0) | (input << 8)),
        ];
        // Never that of an empty slot.
        words.into_iter().fold(self.hasher.build_hasher(), added).finish() | 1
    }

    /// What is different behind a router.
    fn path(&self, segment: &Segment<'_>) -> u64 {
        if segment.vlans.ids().is_empty() && segment.tunnels.is_empty() {
            return u64::from(segment.ttl);
        }
        self.hasher.hash_one((segment.ttl, segment.vlans, &segment.tunnels))
    }
}

fn added(mut hasher: FoldHasher<'static>, word: u64) -> FoldHasher<'static> {
    hasher.write_u64(word);
    hasher
}

fn pair(high: u32, low: u32) -> u64 {
    (u64::from(high) << 32) | u64::from(low)
}

/// Ports, window and identification.
fn marks(segment: &Segment<'_>) -> u64 {
    marked((segment.source.port, segment.destination.port), segment.window, segment.ip_id.unwrap_or_default())
}

fn marked((from, to): (u16, u16), window: u16, id: u16) -> u64 {
    (u64::from(from) << 48) | (u64::from(to) << 32) | (u64::from(window) << 16) | u64::from(id)
}
