//! The short way through the flow stage: packets that change but numbers, and those that begin a usual connection.

use super::Receiver;
use super::compact::Compact;
use super::table::Flows;
use crate::decode::Flags;
use crate::decode::Headers;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::packed::PackedKey;
use crate::peer::FlowId;

/// Below so many connections the table is at hand anyway.
const LARGE: usize = 1 << 10;

impl Flows {
    /// Whether a look ahead is worth its time.
    pub(crate) fn is_large(&self) -> bool {
        self.slots.len() >= LARGE
    }

    /// What a packet is looked up by: among the connections, and, with a SYN, among those that wait for an answer.
    pub(crate) fn hashes(&self, headers: &Headers<'_>) -> (u64, Option<u64>) {
        let key = PackedKey::of(headers.source, headers.destination);
        (self.slots.hash(key), headers.flags.has(Flags::SYN).then(|| self.pending.hash(key)))
    }

    /// Has fetched what tells where the connection of these hashes is, and whether somebody asks for it.
    pub(crate) fn fetch_index(&self, (open, asked): (u64, Option<u64>)) {
        self.slots.fetch_index(open);
        if let Some(asked) = asked {
            self.pending.fetch_index(asked);
        }
    }

    /// Has fetched what most likely is the connection of these hashes.
    pub(crate) fn fetch_entry(&self, (open, asked): (u64, Option<u64>)) {
        self.slots.fetch_entry(open);
        if let Some(asked) = asked {
            self.pending.fetch_entry(asked);
        }
    }

    /// Takes the headers of a usual packet, if it changes nothing but numbers, begins a usual connection, or is one more of a connection
    /// that is at work; these last only where nobody asks `at_length` where each byte came from. False, and nothing done, where
    /// [`Self::push`] has to look.
    pub(crate) fn pass(&mut self, headers: &Headers<'_>, at_length: bool, receiver: &mut dyn Receiver) -> bool {
        if headers.at >= self.due_at || !self.clock.goes_on(headers.at) {
            return false;
        }
        let key = PackedKey::of(headers.source, headers.destination);
        let hash = self.slots.hash(key);
        let Some(slot) = self.slots.find_packed(hash, key) else {
            return self.pass_unknown(headers, receiver);
        };
        let Self { slots, limits, half_open_now, .. } = self;
        let passed = slots.change(slot, |compact, last_at| {
            if !compact.is_counted() {
                return compact.pass(headers, last_at, limits, receiver);
            }
            let place = u32::try_from(slot).unwrap_or(u32::MAX);
            let confirmed = compact.confirm(headers, (place, last_at), limits, receiver);
            *half_open_now = half_open_now.saturating_sub(usize::from(confirmed));
            confirmed
        });
        passed || (!at_length && self.pass_known(slot, headers, receiver))
    }

    /// The same of a packet of the connection of a slot: unless something begins with it, the connection is the one it belongs to.
    fn pass_known(&mut self, slot: usize, headers: &Headers<'_>, receiver: &mut dyn Receiver) -> bool {
        let Some(begins_anew) = self.slots.may_begin_anew(slot) else { return false };
        if begins_anew || headers.flags.has(Flags::SYN) {
            return false;
        }
        if self.slots.is_open(slot) {
            self.advance(slot, &headers.segment(), receiver);
            return true;
        }
        // Behind its end a connection has nothing to acknowledge.
        headers.payload.is_empty()
    }

    /// The same of a packet between ends that have no connection.
    fn pass_unknown(&mut self, headers: &Headers<'_>, receiver: &mut dyn Receiver) -> bool {
        let asks = headers.flags.has(Flags::SYN) && !headers.flags.has(Flags::RST);
        if !headers.payload.is_empty() {
            return false;
        }
        if asks && headers.flags.has(Flags::ACK) {
            return self.compacts && !headers.flags.has(Flags::FIN) && self.pass_answer(headers, receiver);
        }
        if asks && self.pending.insert_headers(headers, &self.limits) {
            self.say_limit("pending_syns", self.limits.pending_syns, Frames::one(headers.id), receiver);
        }
        true
    }

    /// The SYN-ACK of a SYN that waits for it.
    fn pass_answer(&mut self, headers: &Headers<'_>, receiver: &mut dyn Receiver) -> bool {
        let id = FlowId(self.next_id.saturating_add(1));
        let Some((place, syn)) = self.pending.answered_by(headers, &self.limits) else { return false };
        let Some(compact) = Compact::answered(id, &syn, headers, &self.limits) else { return false };
        let handshake = compact.handshake(headers.at);
        self.pending.answer_at(place);
        self.next_id = id.0;
        if self.slots.len() >= self.limits.connections {
            let mut frames = Frames::one(FrameId { input: syn.input, number: syn.number });
            frames.add(headers.id);
            self.evict(&frames, receiver);
        }
        let slot = self.slots.insert_compact(compact, headers.at);
        self.note_half_open(slot, id, receiver);
        // Who gave way to these may have had something to say.
        self.let_go(receiver);
        if self.slots.is_counted(slot, id) {
            let mut facts_at = [u32::MAX; 3];
            receiver.handshake(&mut facts_at, &handshake);
            self.slots.keep_facts_at(slot, id, facts_at);
        }
        true
    }
}
