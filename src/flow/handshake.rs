//! SYNs that wait for their answer, in a table of fixed size: a flood of them costs no memory.

use crate::decode::Segment;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;
use foldhash::quality::RandomState;
use std::hash::BuildHasher;

/// Entries that share a place: a new SYN pushes out the oldest of them when all are taken.
const WAYS: usize = 4;

/// A SYN that was seen.
#[derive(Clone, Debug)]
pub(super) struct Syn {
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    pub(super) seq: u32,
    /// Payload bytes it carried (TCP Fast Open).
    pub(super) len: u32,
    pub(super) at: Timestamp,
    pub(super) frames: Frames,
    pub(super) window_scale: Option<u8>,
    pub(super) vlans: VlanStack,
    tunnels: Option<Box<TunnelStack>>,
    /// Its place in the order of all SYNs: who asked first is the client.
    pub(super) order: u64,
}

impl Syn {
    /// Whether `ack` acknowledges this SYN and no more than what it carried.
    pub(super) fn is_acknowledged_by(&self, ack: u32) -> bool {
        ack.wrapping_sub(self.seq).wrapping_sub(1) <= self.len
    }

    /// Makes this the first frame of a connection that a later one opened.
    pub(super) fn begin(&self, flow: &mut Flow) {
        flow.first_at = self.at;
        flow.vlans = self.vlans;
        flow.tunnels.clone_from(&self.tunnels);
    }
}

/// SYNs by direction, a few per place.
#[derive(Debug)]
pub(super) struct PendingSyns {
    slots: Vec<Option<Syn>>,
    hasher: RandomState,
    places: usize,
    next_order: u64,
    /// SYNs seen, repetitions left out.
    pub(super) asked: u64,
    /// SYNs that were answered.
    pub(super) answered: u64,
}

impl PendingSyns {
    pub(super) fn new(limits: &Limits) -> Self {
        let places = (limits.pending_syns / WAYS).max(1).next_power_of_two();
        Self { slots: Vec::new(), hasher: RandomState::default(), places, next_order: 0, asked: 0, answered: 0 }
    }

    fn place(&self, client: Endpoint, server: Endpoint) -> std::ops::Range<usize> {
        let hash = self.hasher.hash_one((client, server));
        let mask = u64::try_from(self.places.saturating_sub(1)).unwrap_or(0);
        let start = usize::try_from(hash & mask).unwrap_or(0).saturating_mul(WAYS);
        start..start.saturating_add(WAYS)
    }

    /// Remembers a SYN. A repetition keeps the first one's time and frames; a new sequence number replaces the old. Whether one
    /// that still waited had to make room.
    pub(super) fn insert(&mut self, segment: &Segment<'_>, limits: &Limits) -> bool {
        if self.slots.is_empty() {
            self.slots.resize_with(self.places.saturating_mul(WAYS), || None);
        }
        let place = self.place(segment.source, segment.destination);
        let order = self.next_order;
        let Some(ways) = self.slots.get_mut(place) else { return false };
        let same = |slot: &Option<Syn>| slot.as_ref().is_some_and(|syn| syn.client == segment.source && syn.server == segment.destination);
        let known = ways.iter().position(same);
        let oldest = || ways.iter().enumerate().min_by_key(|(_, slot)| slot.as_ref().map_or(0, |syn| syn.order.saturating_add(1)));
        let Some(index) = known.or_else(|| oldest().map(|(index, _)| index)) else { return false };
        let Some(slot) = ways.get_mut(index) else { return false };
        if known.is_some() && slot.as_ref().is_some_and(|syn| syn.seq == segment.seq) {
            return false;
        }
        let waited = |syn: &Syn| segment.at.since(syn.at) <= limits.pending_syn_life;
        let pushed_out = known.is_none() && slot.as_ref().is_some_and(waited);
        self.next_order = order.saturating_add(1);
        self.asked = self.asked.saturating_add(1);
        *slot = Some(Syn {
            client: segment.source,
            server: segment.destination,
            seq: segment.seq,
            len: u32::try_from(segment.payload.len()).unwrap_or(0).saturating_add(segment.uncaptured),
            at: segment.at,
            frames: segment.frames.clone(),
            window_scale: segment.window_scale,
            vlans: segment.vlans,
            tunnels: segment.tunnels.kept(),
            order,
        });
        pushed_out
    }

    /// The SYN of this direction, unless it is too old.
    pub(super) fn get(&self, client: Endpoint, server: Endpoint, now: Timestamp, limits: &Limits) -> Option<&Syn> {
        let ways = self.slots.get(self.place(client, server))?;
        let syn = ways.iter().flatten().find(|syn| syn.client == client && syn.server == server)?;
        (now.since(syn.at) <= limits.pending_syn_life).then_some(syn)
    }

    /// Forgets the SYN of this direction, because it was answered.
    pub(super) fn answer(&mut self, client: Endpoint, server: Endpoint) {
        let place = self.place(client, server);
        for slot in self.slots.get_mut(place).into_iter().flatten() {
            if slot.as_ref().is_some_and(|syn| syn.client == client && syn.server == server) {
                *slot = None;
                self.answered = self.answered.saturating_add(1);
            }
        }
    }
}
