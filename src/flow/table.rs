//! All connections: which one a segment belongs to, who is the client, and when one is over.

use super::Receiver;
use super::clock::Clock;
use super::clock::Tick;
use super::connection::Connection;
use super::holes::Holes;
use super::pending::PendingSyns;
use super::slots::Slots;
use crate::anomaly::Anomaly;
use crate::decode::Flags;
use crate::decode::Segment;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// Connections a sweep looks at with every tick, so that no single frame waits for a large table.
const SWEPT_AT_ONCE: usize = 64;

/// Connections that are kept at length because they have just begun: those that begin while a handshake and a first answer take place.
const MOST_YOUNG: usize = 256;

/// How many connections are looked at to find one to evict: the longest silent of them goes.
const EVICTION_SAMPLE: usize = 16;

/// The flow stage: takes segments, tells the receiver what they mean.
#[derive(Debug)]
pub struct Flows {
    pub(super) limits: Limits,
    pub(super) known_ports: Vec<u16>,
    pub(super) slots: Slots,
    pub(super) pending: PendingSyns,
    pub(super) holes: Holes,
    /// SYN-ACKs that wait for their SYN: until when.
    pub(super) lone: VecDeque<(Timestamp, usize, FlowId)>,
    /// Connections that had but a SYN-ACK when they came, oldest first, and how many of them still have no more.
    half_open: VecDeque<(usize, FlowId)>,
    pub(super) half_open_now: usize,
    /// Connections that began a moment ago, oldest first, and how many of them there may be.
    young: VecDeque<(usize, FlowId)>,
    pub(super) most_young: usize,
    pub(super) next_id: u64,
    pub(super) clock: Clock,
    /// How far the sweep at work has come.
    swept: Option<usize>,
    /// Nothing is due before this moment, unless the clock goes back: what lies between needs no look.
    pub(super) due_at: Timestamp,
    /// Bytes held for all connections.
    pub(super) held: usize,
    hand: usize,
    /// Connections that gave way to others.
    evicted: u64,
    /// Limits that were said to be reached.
    said: Vec<&'static str>,
    /// Whether usual connections are made compact: always, but for the test that this changes nothing.
    pub(super) compacts: bool,
}

impl Flows {
    /// An empty table. `known_ports` tell who is the server where neither handshake nor content does.
    #[must_use]
    pub fn new(limits: &Limits, known_ports: &[u16]) -> Self {
        Self {
            limits: limits.clone(),
            known_ports: known_ports.to_vec(),
            pending: PendingSyns::new(limits),
            slots: Slots::default(),
            holes: Holes::default(),
            lone: VecDeque::new(),
            half_open: VecDeque::new(),
            half_open_now: 0,
            young: VecDeque::new(),
            most_young: MOST_YOUNG,
            next_id: 0,
            clock: Clock::new(limits.closed_life),
            swept: None,
            due_at: Timestamp::default(),
            held: 0,
            hand: 0,
            evicted: 0,
            said: Vec::new(),
            compacts: true,
        }
    }

    /// Connections so far, those without payload included.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.next_id
    }

    /// A number for what is no connection of TCP but counted with them: datagrams between two ends.
    pub fn number(&mut self) -> FlowId {
        self.next_id = self.next_id.saturating_add(1);
        FlowId(self.next_id)
    }

    /// Connections that were forgotten before their end, because others needed the room.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// SYNs that got no answer.
    #[must_use]
    pub fn lone_syns(&self) -> u64 {
        self.pending.asked.saturating_sub(self.pending.answered)
    }

    /// Takes a segment.
    pub fn push(&mut self, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        self.tick(segment.at, receiver);
        let (key, _) = FlowKey::of(segment.source, segment.destination);
        let (mut found, generation) = (self.slots.find(&key), self.slots.generation());
        if segment.flags.has(Flags::SYN) && !segment.flags.has(Flags::RST) {
            if segment.flags.has(Flags::ACK) {
                self.syn_ack(key, found, segment, receiver);
            } else {
                self.syn(key, found, segment, receiver);
            }
        } else {
            self.begin_anew(key, found, segment, receiver);
        }
        if self.slots.generation() != generation {
            found = self.slots.find(&key);
        }
        let carries = !segment.payload.is_empty() || segment.uncaptured > 0;
        let slot = match found {
            Some(slot) => slot,
            None if carries => self.join_midway(segment, receiver),
            None => return self.let_go(receiver),
        };
        self.advance(slot, segment, receiver);
    }

    /// Gives the connection of a slot its segment, and looks at what became of it.
    pub(super) fn advance(&mut self, slot: usize, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let before = connection.held_bytes();
        connection.segment(segment, &self.limits, receiver);
        if connection.counted && !connection.is_half_open() {
            connection.counted = false;
            self.half_open_now = self.half_open_now.saturating_sub(1);
        }
        self.held = self.held.saturating_sub(before).saturating_add(connection.held_bytes());
        let (closed, last_at) = (connection.is_closed(), connection.flow.last_at);
        let waits = connection.hole.is_some() || connection.has_hole();
        if waits {
            self.watch(slot, segment.at);
        }
        self.slots.saw(slot, last_at);
        if closed {
            self.slots.bury(slot);
        } else {
            self.settle(slot);
        }
        self.let_go(receiver);
        self.bound_held(segment, receiver);
    }

    /// Keeps nothing more of a connection that the protocols gave up: many say a word and no more, on ports that nobody knows.
    pub(super) fn let_go(&mut self, receiver: &mut dyn Receiver) {
        let Some((place, id)) = receiver.gave_way() else { return };
        let Ok(slot) = usize::try_from(place) else { return };
        let Some(connection) = self.slots.watched(slot, id) else { return };
        connection.forget_history();
        self.settle(slot);
    }

    /// Says, once, that a bound was reached.
    pub(super) fn say_limit(&mut self, limit: &'static str, value: usize, frames: Frames, receiver: &mut dyn Receiver) {
        if !self.said.contains(&limit) {
            self.said.push(limit);
            let value = u64::try_from(value).unwrap_or(u64::MAX);
            let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit, value });
            receiver.event(Event { at: self.clock.now(), flow: None, evidence: Evidence::of(frames), kind });
        }
    }

    /// Lets the capture clock go on: holes and silent connections come to their end.
    pub fn tick(&mut self, now: Timestamp, receiver: &mut dyn Receiver) {
        if now < self.due_at && self.clock.goes_on(now) {
            return;
        }
        self.look(now, receiver);
        self.let_go(receiver);
        let lone = self.lone.front().map(|(due, ..)| *due);
        let rest = if self.swept.is_some() { self.clock.now() } else { self.clock.next_look() };
        self.due_at = [self.holes.due(), lone].into_iter().flatten().fold(rest, Timestamp::min);
    }

    /// Does what is due.
    fn look(&mut self, now: Timestamp, receiver: &mut dyn Receiver) {
        let back = self.clock.tick(now) == Tick::Back;
        let now = self.clock.now();
        self.look_at_holes(now, back, receiver);
        // What they wait for was to come before the clock was set: all at once, for whoever sets it can do so again and again.
        while self.lone.front().is_some_and(|(due, ..)| *due <= now || back) {
            let Some((_, slot, id)) = self.lone.pop_front() else { break };
            if let Some(connection) = self.slots.watched(slot, id) {
                connection.tell_handshake(receiver);
            }
        }
        if self.swept.is_none() && self.clock.sweep_is_due() {
            self.swept = Some(0);
        }
        self.sweep(receiver);
    }

    /// Closes connections that were silent for too long and forgets those closed long ago: a few with every tick.
    fn sweep(&mut self, receiver: &mut dyn Receiver) {
        let Some(first) = self.swept else { return };
        let last = first.saturating_add(SWEPT_AT_ONCE).min(self.slots.places());
        self.swept = (last < self.slots.places()).then_some(last);
        let now = self.clock.now();
        for slot in first..last {
            let Some(silent) = self.slots.seen(slot).map(|last| now.since(last)) else { continue };
            if silent <= self.limits.closed_life.min(self.limits.idle) {
                continue;
            }
            let over = self.slots.is_over(slot);
            if silent <= if over { self.limits.closed_life } else { self.limits.idle } {
                continue;
            }
            self.end(slot, Closing::Idle, now, receiver);
        }
    }

    /// The end of the capture: closes everything in order of first sight.
    pub fn finish(&mut self, receiver: &mut dyn Receiver) {
        let mut open: Vec<(FlowId, u32)> = self.slots.open().collect();
        open.sort_unstable_by_key(|(id, _)| id.0);
        for slot in open.into_iter().filter_map(|(_, slot)| usize::try_from(slot).ok()) {
            if !self.close(slot, Closing::EndOfCapture, self.clock.now(), receiver) {
                self.slots.vacate(slot);
            }
        }
        (self.held, self.half_open_now) = (0, 0);
        // The closing tables need the room.
        self.slots = Slots::default();
        self.pending.forget();
    }

    /// Ends what stands in a slot, and forgets it.
    pub(super) fn end(&mut self, slot: usize, closing: Closing, at: Timestamp, receiver: &mut dyn Receiver) {
        self.close(slot, closing, at, receiver);
        self.slots.remove(slot);
    }

    /// Ends the connection of a slot, if there is one that is open; whether it was kept in short to its end.
    fn close(&mut self, slot: usize, closing: Closing, at: Timestamp, receiver: &mut dyn Receiver) -> bool {
        let place = u32::try_from(slot).unwrap_or(u32::MAX);
        let mut counted = false;
        let closed = self.slots.lend(slot, |compact, last_at| {
            counted = compact.is_counted();
            compact.close((place, last_at), closing, receiver)
        });
        if closed {
            self.half_open_now = self.half_open_now.saturating_sub(usize::from(counted));
        } else if let Some(connection) = self.slots.get_mut(slot) {
            // Counted first: with its end it holds nothing any more.
            self.held = self.held.saturating_sub(connection.held_bytes());
            self.half_open_now = self.half_open_now.saturating_sub(usize::from(connection.counted));
            connection.close(closing, at, &self.limits, receiver);
        }
        closed
    }

    /// Ends what stands under this key: the same addresses and ports begin anew.
    pub(super) fn replace(&mut self, key: FlowKey, at: Timestamp, receiver: &mut dyn Receiver) {
        if let Some(slot) = self.slots.find(&key) {
            self.end(slot, Closing::Reused, at, receiver);
        }
    }

    pub(super) fn insert(&mut self, mut connection: Connection, receiver: &mut dyn Receiver) -> usize {
        if self.slots.len() >= self.limits.connections {
            self.evict(&connection.flow.opening, receiver);
        }
        let id = connection.flow.id;
        connection.young = true;
        let slot = self.slots.insert(connection);
        self.young.push_back((slot, id));
        if self.young.len() > self.most_young
            && let Some((slot, id)) = self.young.pop_front()
            && let Some(connection) = self.slots.watched(slot, id)
        {
            connection.young = false;
            self.settle(slot);
        }
        slot
    }

    /// Makes the connection of a slot compact, if it can be.
    fn settle(&mut self, slot: usize) {
        if self.compacts {
            self.slots.settle(slot);
        }
    }

    /// Notes a connection that has but a SYN-ACK, and is marked as counted. Of too many the oldest goes.
    pub(super) fn note_half_open(&mut self, slot: usize, id: FlowId, receiver: &mut dyn Receiver) {
        let most = self.limits.half_open;
        self.half_open_now = self.half_open_now.saturating_add(1);
        self.half_open.push_back((slot, id));
        while self.half_open_now > most {
            let Some((slot, id)) = self.half_open.pop_front() else { return };
            if !self.slots.is_counted(slot, id) {
                continue;
            }
            let Some(connection) = self.slots.get_mut(slot) else { continue };
            let frames = connection.flow.opening.clone();
            self.evicted = self.evicted.saturating_add(1);
            self.end(slot, Closing::Evicted, self.clock.now(), receiver);
            self.say_limit("half_open", most, frames, receiver);
        }
        // Most of those that came went further long ago: seldom, and all at once, they are taken off the list.
        if self.half_open.len() > self.half_open_now.saturating_mul(2).max(1024) {
            let Self { half_open, slots, .. } = self;
            half_open.retain(|(slot, id)| slots.is_counted(*slot, *id));
        }
    }

    /// Makes room for the connection of these frames: of a few the longest silent goes.
    pub(super) fn evict(&mut self, for_these: &Frames, receiver: &mut dyn Receiver) {
        let wrap = |slot: usize| slot.checked_rem(self.slots.places()).unwrap_or(0);
        let sample = (0..EVICTION_SAMPLE).map(|step| wrap(self.hand.saturating_add(step)));
        let seen = |slot: usize| self.slots.seen(slot).map(|last| (last, slot));
        let Some((_, slot)) = sample.filter_map(seen).min() else { return };
        self.hand = wrap(self.hand.saturating_add(EVICTION_SAMPLE));
        self.evicted = self.evicted.saturating_add(u64::from(self.slots.is_open(slot)));
        self.end(slot, Closing::Evicted, self.clock.now(), receiver);
        self.say_limit("connections", self.limits.connections, for_these.clone(), receiver);
    }
}
