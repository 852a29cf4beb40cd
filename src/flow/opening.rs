//! How connections begin: with a handshake, with a part of it, or in the middle.

use super::Handshake;
use super::Receiver;
use super::connection::Connection;
use super::handshake::Syn;
use super::over::Over;
use super::seq;
use super::table::Flows;
use crate::decode::Flags;
use crate::decode::Segment;
use crate::event::Closing;
use crate::evidence::Frames;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::peer::VlanStack;

/// How far behind a SYN the first data may begin to belong to it.
const NEAR_SYN: i64 = 1 << 24;

impl Flows {
    pub(super) fn current(&mut self, key: &FlowKey) -> Option<&mut Connection> {
        let slot = self.slots.find(key)?;
        self.slots.get_mut(slot)
    }

    /// A SYN: remembered until it is answered. With payload (TCP Fast Open) it opens the connection at once, unless one is at work
    /// there: that one lives until the answer.
    pub(super) fn syn(&mut self, key: FlowKey, found: Option<usize>, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let mut at_work = false;
        if let Some(connection) = found.and_then(|slot| self.slots.get_mut(slot)) {
            if connection.is_isn(segment.source, segment.seq) {
                connection.syn_came_late(segment, receiver);
                return;
            }
            connection.anew.asked = true;
            at_work = true;
        } else if let Some(over) = found.and_then(|slot| self.slots.over_mut(slot)) {
            if over.is_isn(segment.source, segment.seq) {
                return;
            }
            over.ask();
        }
        if self.pending.insert(Syn::of(segment), &self.limits) {
            self.say_limit("pending_syns", self.limits.pending_syns, segment.frames.clone(), receiver);
        }
        if at_work || (segment.payload.is_empty() && segment.uncaptured == 0) {
            return;
        }
        self.replace(key, segment.at, receiver);
        let flow = self.new_flow(segment.source, segment.destination, RolesFrom::Syn, segment, segment.frames.clone());
        let mut connection = Connection::new(flow);
        connection.synchronize(segment.source, segment.seq, segment.window_scale);
        self.insert(connection, receiver);
    }

    /// What is no SYN may yet show that the connection of these ports is a new one: it acknowledges a SYN-ACK of other numbers,
    /// it is the data behind a SYN that nobody was seen to answer, or it is new data of one that is over.
    pub(super) fn begin_anew(&mut self, key: FlowKey, found: Option<usize>, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let carries = !segment.payload.is_empty() || segment.uncaptured > 0;
        let confirms = |answer: &mut Box<Segment<'static>>| {
            segment.source == answer.destination
                && segment.flags.has(Flags::ACK)
                && segment.ack == answer.seq.wrapping_add(1)
                && segment.seq == answer.ack
        };
        let Some(slot) = found else { return };
        let Some((asked, answer)) = self.slots.begin_anew(slot, confirms) else { return };
        if let Some(answer) = answer {
            return self.open_by_answer(key, &answer, receiver);
        }
        let is_new = |over: &mut Over| !over.covers(segment);
        if carries && (self.slots.over_mut(slot).is_some_and(is_new) || (asked && self.is_behind_syn(segment))) {
            self.replace(key, segment.at, receiver);
        }
    }

    /// Whether the segment is the data behind a SYN of its sender.
    fn is_behind_syn(&self, segment: &Segment<'_>) -> bool {
        self.syn_of(segment).is_some_and(|syn| syn.client == segment.source)
    }

    /// The SYN that data, or the answer to it, may belong to: it lies shortly behind.
    fn syn_of(&self, segment: &Segment<'_>) -> Option<Syn> {
        let near = |syn: &Syn, seq: u32| (0..NEAR_SYN).contains(&seq::distance(syn.seq.wrapping_add(1), seq));
        let (source, destination) = (segment.source, segment.destination);
        let own = self.pending.get(source, destination, segment.at, &self.limits).filter(|syn| near(syn, segment.seq));
        let other = || self.pending.get(destination, source, segment.at, &self.limits).filter(|syn| near(syn, segment.ack));
        own.or_else(|| if segment.flags.has(Flags::ACK) { other() } else { None })
    }

    /// A SYN-ACK: the answer that makes a connection.
    pub(super) fn syn_ack(&mut self, key: FlowKey, found: Option<usize>, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let (server, client) = (segment.source, segment.destination);
        if let Some(connection) =
            found.and_then(|slot| self.slots.get_mut(slot)).filter(|connection| connection.is_isn(server, segment.seq))
        {
            let Flow { client, server, vlans, ref mut facts_at, .. } = connection.flow;
            if segment.vlans != vlans {
                receiver.copied((client, server), facts_at, segment.vlans, segment.at);
            }
            return;
        }
        if let Some(over) = found.and_then(|slot| self.slots.over_mut(slot)).filter(|over| over.is_isn(server, segment.seq)) {
            if segment.vlans != over.vlans() {
                // Where its facts are is not remembered: only a hint, and seldom asked for.
                receiver.copied(over.ends(), &mut [u32::MAX; 3], segment.vlans, segment.at);
            }
            return;
        }
        let syn = self.pending.get(client, server, segment.at, &self.limits);
        match syn {
            // An answer to something that was not asked proves nothing.
            Some(syn) if !syn.is_acknowledged_by(segment.ack) => {}
            Some(syn) => self.answered(found, &syn, segment, receiver),
            None => self.answered_unseen(key, segment, receiver),
        }
    }

    /// A SYN-ACK whose SYN was seen. Who asked first is the client, also when both sides asked.
    pub(super) fn answered(&mut self, found: Option<usize>, syn: &Syn, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let reverse = self.pending.get(syn.server, syn.client, segment.at, &self.limits);
        let (client, server) = match &reverse {
            Some(reverse) if reverse.order < syn.order => (syn.server, syn.client),
            _ => (syn.client, syn.server),
        };
        // In a simultaneous open both have asked, and each is the other's answer.
        let both = reverse.is_some();
        self.pending.answer(syn.client, syn.server);
        if both {
            self.pending.answer(syn.server, syn.client);
        }
        let mut frames = syn.frames.clone();
        frames.join(&segment.frames);
        let opened_by_data = found.filter(|slot| self.slots.get_mut(*slot).is_some_and(|open| open.is_isn(syn.client, syn.seq)));
        let slot = if let Some(slot) = opened_by_data {
            if let Some(connection) = self.slots.get_mut(slot) {
                connection.flow.opening.join(&frames);
                Self::synchronize_server(connection, segment);
            }
            slot
        } else {
            if let Some(slot) = found {
                self.end(slot, Closing::Reused, segment.at, receiver);
            }
            let mut flow = self.new_flow(client, server, RolesFrom::Handshake, segment, frames.clone());
            syn.begin(&mut flow);
            flow.traffic_mut(if syn.client == client { Peer::Client } else { Peer::Server }).packets = 1;
            let mut connection = Connection::new(flow);
            connection.synchronize(syn.client, syn.seq, syn.window_scale);
            Self::synchronize_server(&mut connection, segment);
            let id = connection.flow.id;
            connection.counted = true;
            let slot = self.insert(connection, receiver);
            self.note_half_open(slot, id, receiver);
            slot
        };
        let vlans = [syn.vlans, segment.vlans];
        let handshake = Handshake { client, server, at: segment.at, frames, syn_seen: true, client_proven: true, vlans };
        if let Some(connection) = self.slots.get_mut(slot) {
            receiver.handshake(&mut connection.flow.facts_at, &handshake);
        }
    }

    /// A SYN-ACK without its SYN: its sender is the server all the same. Where a connection is at work it must be acknowledged
    /// before it counts, since it may be forged or damaged.
    pub(super) fn answered_unseen(&mut self, key: FlowKey, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let busy = self.limits.closed_life;
        if let Some(connection) = self.current(&key)
            && segment.at.since(connection.flow.last_at) < busy
        {
            connection.implausible(segment, receiver);
            connection.anew.challenger = Some(Box::new(Segment { payload: &[], ..segment.clone() }));
            return;
        }
        self.open_by_answer(key, segment, receiver);
    }

    /// Opens the connection of a SYN-ACK alone.
    fn open_by_answer(&mut self, key: FlowKey, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        self.replace(key, segment.at, receiver);
        let (server, client) = (segment.source, segment.destination);
        let flow = self.new_flow(client, server, RolesFrom::SynAck, segment, segment.frames.clone());
        let mut connection = Connection::new(flow);
        connection.synchronize(client, segment.ack.wrapping_sub(1), Some(14));
        Self::synchronize_server(&mut connection, segment);
        let frames = segment.frames.clone();
        let vlans = [VlanStack::default(), segment.vlans];
        let alone = Handshake { client, server, at: segment.at, frames, syn_seen: false, client_proven: true, vlans };
        connection.lone = Some(Box::new(alone));
        let id = connection.flow.id;
        connection.counted = true;
        let slot = self.insert(connection, receiver);
        self.note_half_open(slot, id, receiver);
        let due = segment.at.after(self.limits.lone_syn_ack_life);
        self.due_at = self.due_at.min(due);
        self.lone.push_back((due, slot, id));
        // Where the clock stands still, those that gave way meanwhile are no longer waited for.
        if self.lone.len() > self.slots.len().saturating_mul(2).max(1024) {
            let Self { lone, slots, .. } = self;
            lone.retain(|(_, slot, id)| slots.watched(*slot, *id).is_some_and(|connection| connection.lone.is_some()));
        }
    }

    pub(super) fn synchronize_server(connection: &mut Connection, segment: &Segment<'_>) {
        connection.synchronize(segment.source, segment.seq, segment.window_scale);
        connection.await_ack(segment.seq.wrapping_add(1));
    }

    /// Payload of a connection whose opening was not seen, or of which only the SYN was.
    pub(super) fn join_midway(&mut self, segment: &Segment<'_>, receiver: &mut dyn Receiver) -> usize {
        let (source, destination) = (segment.source, segment.destination);
        let syn = self.syn_of(segment);
        let (client, server, roles) = match &syn {
            Some(syn) => (syn.client, syn.server, RolesFrom::Syn),
            None => self.guess_roles(source, destination),
        };
        let mut frames = syn.as_ref().map(|syn| syn.frames.clone()).unwrap_or_default();
        frames.join(&segment.frames);
        let mut flow = self.new_flow(client, server, roles, segment, frames);
        if let Some(syn) = &syn {
            syn.begin(&mut flow);
            flow.from_client.packets = 1;
        }
        let mut connection = Connection::new(flow);
        if let Some(syn) = &syn {
            connection.synchronize(syn.client, syn.seq, Some(syn.window_scale.unwrap_or(14)));
        }
        self.insert(connection, receiver)
    }

    /// Who is client and who server, by ports alone.
    pub(super) fn guess_roles(&self, source: Endpoint, destination: Endpoint) -> (Endpoint, Endpoint, RolesFrom) {
        let known = |endpoint: Endpoint| self.known_ports.contains(&endpoint.port);
        match (known(source), known(destination)) {
            (true, false) => (destination, source, RolesFrom::KnownPort),
            (false, true) => (source, destination, RolesFrom::KnownPort),
            _ if source.port < destination.port => (destination, source, RolesFrom::LowerPort),
            _ => (source, destination, RolesFrom::LowerPort),
        }
    }

    pub(super) fn new_flow(
        &mut self,
        client: Endpoint,
        server: Endpoint,
        roles: RolesFrom,
        segment: &Segment<'_>,
        opening: Frames,
    ) -> Flow {
        self.next_id = self.next_id.saturating_add(1);
        let flow = Flow::new(FlowId(self.next_id), client, server, roles, segment.at);
        Flow { opening, vlans: segment.vlans, tunnels: segment.tunnels.clone(), ..flow }
    }
}
