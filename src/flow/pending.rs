//! SYNs that wait for their answer, in a table of bounded size: what a flood of them costs is bounded.

use super::handshake::Ends;
use super::handshake::Kept;
use super::handshake::Syn;
use super::handshake::UsualSyn;
use crate::decode::Headers;
use crate::limits::Limits;
use crate::packed::PackedKey;
use crate::peer::Endpoint;
use crate::peer::FlowKey;
use crate::time::Timestamp;
use foldhash::quality::FixedState;
use prefetch_index::prefetch_index;
use std::hash::BuildHasher;

/// Entries that share a place: a new SYN pushes out the oldest of them when all are taken.
const WAYS: usize = 4;

/// Places there are at first: where answers come soon, few SYNs wait.
const FIRST_PLACES: usize = 1 << 7;

/// SYNs by direction, a few per place. There are twice as many places as soon as one has no room, up to the bound.
#[derive(Debug)]
pub(super) struct PendingSyns {
    /// A mark for each slot, so that a SYN is looked at only when it is most likely the one.
    marks: Vec<Ways>,
    slots: Vec<Kept>,
    /// Not seeded: which SYN has to make room must not differ from run to run. There are no chains that somebody could make.
    hasher: FixedState,
    places: usize,
    most_places: usize,
    next_order: u64,
    /// SYNs seen, repetitions left out.
    pub(super) asked: u64,
    /// SYNs that were answered.
    pub(super) answered: u64,
}

/// What tells a slot from outside.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// The hash of its ends.
    hash: u64,
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

/// Where a SYN is or would be: the first slot of its place, and the hash that chose it.
#[derive(Clone, Copy)]
struct Spot {
    first: usize,
    hash: u64,
}

impl PendingSyns {
    /// None yet.
    pub(super) fn new(limits: &Limits) -> Self {
        let most_places = (limits.pending_syns / WAYS).max(1).next_power_of_two();
        let (marks, slots, places) = (Vec::new(), Vec::new(), most_places.min(FIRST_PLACES));
        Self { marks, slots, hasher: FixedState::default(), places, most_places, next_order: 0, asked: 0, answered: 0 }
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
        Spot { first: usize::try_from(hash & mask).unwrap_or(0).saturating_mul(WAYS), hash }
    }

    /// Has the marks of this hash fetched.
    pub(super) fn fetch_index(&self, hash: u64) {
        prefetch_index(&self.marks, self.spot_of(hash).first / WAYS);
    }

    /// Has the SYN fetched that has this hash, or, where there is none yet, the one whose place it takes.
    pub(super) fn fetch_entry(&self, hash: u64) {
        let first = self.spot_of(hash).first;
        let Some(ways) = self.marks.get(first / WAYS) else { return };
        let known = ways.0.iter().position(|mark| mark.age > 0 && mark.hash == hash);
        prefetch_index(&self.slots, first.saturating_add(known.unwrap_or_else(|| ways.oldest())));
    }

    /// The slot of the SYN of a direction.
    fn find(&self, spot: Spot, ends: Ends) -> Option<usize> {
        let Ways(ways) = self.marks.get(spot.first / WAYS)?;
        let is = |slot: usize| self.slots.get(slot).filter(|kept| kept.is_of(ends)).map(|_| slot);
        (spot.first..).zip(ways).filter(|(_, mark)| mark.age > 0 && mark.hash == spot.hash).find_map(|(slot, _)| is(slot))
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
            self.make_room();
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
        if pushed_out && self.places < self.most_places {
            self.grow();
            return self.keep(self.spot_of(spot.hash), ends, kept, limits);
        }
        self.next_order = self.next_order.saturating_add(1);
        self.asked = self.asked.saturating_add(1);
        *mark = Mark { hash: spot.hash, age: self.next_order };
        *entry = kept;
        pushed_out
    }

    /// Makes twice as many places. Those that shared one go to two, so all have room.
    fn grow(&mut self) {
        let (marks, slots) = (std::mem::take(&mut self.marks), std::mem::take(&mut self.slots));
        self.places = self.places.saturating_mul(2);
        self.make_room();
        let marks = marks.into_iter().flat_map(|Ways(ways)| ways);
        for (old, kept) in marks.zip(slots).filter(|(mark, _)| mark.age > 0) {
            let first = self.spot_of(old.hash).first;
            let Some(Ways(ways)) = self.marks.get_mut(first / WAYS) else { continue };
            let free = (first..).zip(ways).find(|(_, mark)| mark.age == 0);
            if let Some((place, mark)) = free
                && let Some(slot) = self.slots.get_mut(place)
            {
                (*mark, *slot) = (old, kept);
            }
        }
    }

    /// Lays out all places, empty.
    fn make_room(&mut self) {
        self.slots.resize_with(self.places.saturating_mul(WAYS), || Kept::Nothing);
        self.marks.resize(self.places, Ways::default());
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
    use crate::evidence::FrameId;
    use crate::packed::PackedEnd;

    fn headers(number: u16) -> Headers<'static> {
        Headers {
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
        }
    }

    #[test]
    fn who_makes_room_is_the_same_in_every_run() {
        let limits = Limits { pending_syns: 64, ..Limits::default() };
        let pushed_out = || {
            let mut pending = PendingSyns::new(&limits);
            (1..200).map(|number| pending.insert_headers(&headers(number), &limits)).collect::<Vec<_>>()
        };
        let first = pushed_out();
        assert!(first.contains(&true) && (0..4).all(|_| pushed_out() == first));
    }

    #[test]
    fn the_table_grows_before_any_has_to_make_room() {
        let limits = Limits::default();
        let mut pending = PendingSyns::new(&limits);
        assert!((1..=2_000).all(|number| !pending.insert_headers(&headers(number), &limits)));
        assert!(pending.places > FIRST_PLACES && pending.places <= pending.most_places);
        let found = |number: u16| {
            let (client, server) = (headers(number).source.endpoint(), headers(number).destination.endpoint());
            pending.get(client, server, Timestamp::default(), &limits).map(|syn| syn.order)
        };
        assert!((1..=2_000).all(|number| found(number) == Some(u64::from(number) - 1)), "in the order they came");
    }
}
