//! SYNs that wait for their answer, in a table of fixed size: what a flood of them costs is bounded.

use crate::decode::Headers;
use crate::decode::Segment;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::packed::PackedEnd;
use crate::packed::PackedKey;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowKey;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;
use foldhash::quality::FixedState;
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
    tunnels: TunnelStack,
    /// Its place in the order of all SYNs: who asked first is the client.
    pub(super) order: u64,
}

impl Syn {
    /// Of a segment with SYN; what comes of it decides about its order.
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self {
            client: segment.source,
            server: segment.destination,
            seq: segment.seq,
            len: u32::try_from(segment.payload.len()).unwrap_or(0).saturating_add(segment.uncaptured),
            at: segment.at,
            frames: segment.frames.clone(),
            window_scale: segment.window_scale,
            vlans: segment.vlans,
            tunnels: segment.tunnels.clone(),
            order: 0,
        }
    }

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

/// What there is to know of a usual SYN, beside its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsualSyn {
    pub(super) at: Timestamp,
    /// Its frame.
    pub(super) number: u64,
    pub(super) input: u32,
    pub(super) seq: u32,
    pub(super) window_scale: Option<u8>,
}

/// A SYN as it is kept: nearly all are of IPv4, without payload and without anything around them.
#[derive(Debug)]
enum Kept {
    Nothing,
    Usual { client: PackedEnd, server: PackedEnd, syn: UsualSyn },
    Other(Box<Syn>),
}

impl Kept {
    fn of(syn: Syn) -> Self {
        let bare = syn.len == 0 && syn.vlans == VlanStack::default() && syn.tunnels.is_empty();
        match (PackedEnd::of(syn.client), PackedEnd::of(syn.server), syn.frames.single()) {
            (Some(client), Some(server), Some(FrameId { input, number })) if bare => {
                let Syn { at, seq, window_scale, .. } = syn;
                Self::Usual { client, server, syn: UsualSyn { at, number, input, seq, window_scale } }
            }
            _ => Self::Other(Box::new(syn)),
        }
    }

    fn of_headers(headers: &Headers<'_>) -> Self {
        let FrameId { input, number } = headers.id;
        let Headers { source: client, destination: server, at, seq, .. } = *headers;
        Self::Usual { client, server, syn: UsualSyn { at, number, input, seq, window_scale: headers.window_scale() } }
    }

    fn syn(&self, order: u64) -> Option<Syn> {
        match *self {
            Self::Nothing => None,
            Self::Usual { client, server, syn: UsualSyn { at, number, input, seq, window_scale } } => Some(Syn {
                client: client.endpoint(),
                server: server.endpoint(),
                seq,
                len: 0,
                at,
                frames: Frames::one(FrameId { input, number }),
                window_scale,
                vlans: VlanStack::default(),
                tunnels: TunnelStack::default(),
                order,
            }),
            Self::Other(ref syn) => Some(Syn { order, ..Syn::clone(syn) }),
        }
    }

    fn is_of(&self, ends: Ends) -> bool {
        match (self, ends) {
            (Self::Usual { client, server, .. }, Ends::Packed(from, to)) => *client == from && *server == to,
            (Self::Usual { client, server, .. }, Ends::Any(from, to)) => client.endpoint() == from && server.endpoint() == to,
            (Self::Other(syn), Ends::Any(from, to)) => syn.client == from && syn.server == to,
            (Self::Other(syn), Ends::Packed(from, to)) => syn.client == from.endpoint() && syn.server == to.endpoint(),
            (Self::Nothing, _) => false,
        }
    }

    /// Its time and its sequence number.
    fn seen(&self) -> Option<(Timestamp, u32)> {
        match self {
            Self::Nothing => None,
            Self::Usual { syn, .. } => Some((syn.at, syn.seq)),
            Self::Other(syn) => Some((syn.at, syn.seq)),
        }
    }
}

/// Who asked whom.
#[derive(Clone, Copy)]
enum Ends {
    Any(Endpoint, Endpoint),
    Packed(PackedEnd, PackedEnd),
}

/// SYNs by direction, a few per place.
#[derive(Debug)]
pub(super) struct PendingSyns {
    /// A mark for each slot, so that a SYN is looked at only when it is most likely the one.
    marks: Vec<Ways>,
    slots: Vec<Kept>,
    /// Not seeded: which SYN has to make room must not differ from run to run. There are no chains that somebody could make.
    hasher: FixedState,
    places: usize,
    next_order: u64,
    /// SYNs seen, repetitions left out.
    pub(super) asked: u64,
    /// SYNs that were answered.
    pub(super) answered: u64,
}

/// What tells a slot from outside.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// A part of the hash that does not choose the place.
    tag: u64,
    /// One more than the SYN's order; zero when there is none.
    age: u64,
}

/// The marks of a place, in one line of the processor's cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Ways([Mark; WAYS]);

impl Ways {
    /// Which of them is the oldest.
    fn oldest(&self) -> usize {
        (0..).zip(self.0).min_by_key(|(_, mark)| mark.age).map_or(0, |(way, _)| way)
    }
}

/// Where a SYN is or would be: the first slot of its place, and its tag.
#[derive(Clone, Copy)]
struct Spot {
    first: usize,
    tag: u64,
}

impl PendingSyns {
    /// None yet.
    pub(super) fn new(limits: &Limits) -> Self {
        let places = (limits.pending_syns / WAYS).max(1).next_power_of_two();
        let (marks, slots) = (Vec::new(), Vec::new());
        Self { marks, slots, hasher: FixedState::default(), places, next_order: 0, asked: 0, answered: 0 }
    }

    /// Forgets all SYNs, but not how many there were.
    pub(super) fn forget(&mut self) {
        (self.marks, self.slots) = (Vec::new(), Vec::new());
    }

    /// What SYNs between these ends are looked up by, in either direction: who looks for one often looks for the other, too.
    pub(super) fn hash(&self, key: PackedKey) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Where SYNs between these ends are. The hash of a key is that of its packed form.
    fn spot(&self, client: Endpoint, server: Endpoint) -> Spot {
        self.spot_of(self.hasher.hash_one(FlowKey::of(client, server).0))
    }

    fn spot_of(&self, hash: u64) -> Spot {
        let mask = u64::try_from(self.places.saturating_sub(1)).unwrap_or(0);
        Spot { first: usize::try_from(hash & mask).unwrap_or(0).saturating_mul(WAYS), tag: hash >> 32 }
    }

    /// Reads the marks of this hash.
    pub(super) fn warm_index(&self, hash: u64) -> u64 {
        self.marks.get(self.spot_of(hash).first / WAYS).map_or(0, |Ways([mark, ..])| mark.age)
    }

    /// Reads the SYN whose place one of this hash takes if there is none yet.
    pub(super) fn warm_entry(&self, hash: u64) -> u64 {
        let first = self.spot_of(hash).first;
        let place = first.saturating_add(self.marks.get(first / WAYS).map_or(0, Ways::oldest));
        self.slots.get(place).map_or(0, |kept| u64::from(matches!(kept, Kept::Usual { .. })))
    }

    /// The slot of the SYN of a direction.
    fn find(&self, spot: Spot, ends: Ends) -> Option<usize> {
        let Ways(ways) = self.marks.get(spot.first / WAYS)?;
        let is = |slot: usize| self.slots.get(slot).filter(|kept| kept.is_of(ends)).map(|_| slot);
        (spot.first..).zip(ways).filter(|(_, mark)| mark.age > 0 && mark.tag == spot.tag).find_map(|(slot, _)| is(slot))
    }

    /// Remembers a SYN. A repetition keeps the first one's time and frames; a new sequence number replaces the old. Whether one
    /// that still waited had to make room.
    pub(super) fn insert(&mut self, syn: Syn, limits: &Limits) -> bool {
        let (client, server) = (syn.client, syn.server);
        self.keep(self.spot(client, server), Ends::Any(client, server), Kept::of(syn), limits)
    }

    /// The same of a usual packet without payload.
    pub(super) fn insert_headers(&mut self, headers: &Headers<'_>, limits: &Limits) -> bool {
        let spot = self.spot_of(self.hash(PackedKey::of(headers.source, headers.destination)));
        self.keep(spot, Ends::Packed(headers.source, headers.destination), Kept::of_headers(headers), limits)
    }

    fn keep(&mut self, spot: Spot, ends: Ends, kept: Kept, limits: &Limits) -> bool {
        if self.slots.is_empty() {
            self.slots.resize_with(self.places.saturating_mul(WAYS), || Kept::Nothing);
            self.marks.resize(self.places, Ways::default());
        }
        let known = self.find(spot, ends);
        let Some(Ways(ways)) = self.marks.get_mut(spot.first / WAYS) else { return false };
        let place = known.unwrap_or_else(|| spot.first.saturating_add(Ways(*ways).oldest()));
        let (Some(entry), Some(mark), Some((at, seq))) = (self.slots.get_mut(place), ways.get_mut(place % WAYS), kept.seen()) else {
            return false;
        };
        let old = if mark.age > 0 { entry.seen() } else { None };
        if known.is_some() && old.is_some_and(|(_, old)| old == seq) {
            return false;
        }
        let waited = |since: Timestamp| at.since(since) <= limits.pending_syn_life;
        let pushed_out = known.is_none() && old.is_some_and(|(since, _)| waited(since));
        self.next_order = self.next_order.saturating_add(1);
        self.asked = self.asked.saturating_add(1);
        *mark = Mark { tag: spot.tag, age: self.next_order };
        *entry = kept;
        pushed_out
    }

    /// The SYN of this direction, unless it is too old.
    pub(super) fn get(&self, client: Endpoint, server: Endpoint, now: Timestamp, limits: &Limits) -> Option<Syn> {
        let ends = Ends::Any(client, server);
        let slot = self.find(self.spot(client, server), ends)?;
        let order = self.marks.get(slot / WAYS)?.0.get(slot % WAYS)?.age.saturating_sub(1);
        let syn = self.slots.get(slot)?.syn(order)?;
        (now.since(syn.at) <= limits.pending_syn_life).then_some(syn)
    }

    /// The usual SYN that a usual SYN-ACK answers, and where it is. Nothing where another one has to be looked at, too.
    pub(super) fn answered_by(&self, headers: &Headers<'_>, limits: &Limits) -> Option<(usize, UsualSyn)> {
        let (asked, reverse) = (Ends::Packed(headers.destination, headers.source), Ends::Packed(headers.source, headers.destination));
        let spot = self.spot_of(self.hash(PackedKey::of(headers.source, headers.destination)));
        let place = self.find(spot, asked)?;
        let Kept::Usual { syn, .. } = *self.slots.get(place)? else { return None };
        let is_it = headers.ack == syn.seq.wrapping_add(1)
            && headers.id.input == syn.input
            && headers.at.since(syn.at) <= limits.pending_syn_life
            && self.find(spot, reverse).is_none();
        is_it.then_some((place, syn))
    }

    /// Forgets the SYN of this direction, because it was answered.
    pub(super) fn answer(&mut self, client: Endpoint, server: Endpoint) {
        let ends = Ends::Any(client, server);
        if let Some(place) = self.find(self.spot(client, server), ends) {
            self.answer_at(place);
        }
    }

    /// The same of the SYN at a place.
    pub(super) fn answer_at(&mut self, place: usize) {
        if let (Some(slot), Some(mark)) =
            (self.slots.get_mut(place), self.marks.get_mut(place / WAYS).and_then(|ways| ways.0.get_mut(place % WAYS)))
        {
            (*slot, *mark) = (Kept::Nothing, Mark::default());
            self.answered = self.answered.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_one_is_small() {
        assert_eq!(size_of::<Kept>(), 48);
    }

    #[test]
    fn who_makes_room_is_the_same_in_every_run() {
        let limits = Limits { pending_syns: 64, ..Limits::default() };
        let pushed_out = || {
            let mut pending = PendingSyns::new(&limits);
            let headers = |number: u16| Headers {
                id: FrameId { input: 0, number: number.into() },
                at: Timestamp::default(),
                source: PackedEnd::new(0x0a00_0001, number),
                destination: PackedEnd::new(0x0a00_0002, 1241),
                seq: 7,
                ack: 0,
                flags: crate::decode::Flags(crate::decode::Flags::SYN),
                window: 512,
                options: &[],
                payload: &[],
                ttl: 64,
                ip_id: 0,
            };
            (1..200).map(|number| pending.insert_headers(&headers(number), &limits)).collect::<Vec<_>>()
        };
        let first = pushed_out();
        assert!(first.contains(&true) && (0..4).all(|_| pushed_out() == first));
    }
}
