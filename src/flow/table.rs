//! All connections: which one a segment belongs to, who is the client, and when one is over.

use super::Handshake;
use super::Receiver;
use super::connection::Connection;
use super::handshake::PendingSyns;
use super::handshake::Syn;
use crate::anomaly::Anomaly;
use crate::decode::Flags;
use crate::decode::Segment;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::peer::Traffic;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// How many connections are looked at to find one to evict: the longest silent of them goes.
const EVICTION_SAMPLE: usize = 16;

/// The flow stage: takes segments, tells the receiver what they mean.
#[derive(Debug)]
pub struct Flows {
    limits: Limits,
    known_ports: Vec<u16>,
    index: HashMap<FlowKey, usize, RandomState>,
    slots: Vec<Option<Connection>>,
    free: Vec<usize>,
    pending: PendingSyns,
    /// Flows with a hole: when to look at it again.
    holes: VecDeque<(Timestamp, usize, FlowId)>,
    next_id: u64,
    now: Timestamp,
    next_sweep: Option<Timestamp>,
    hand: usize,
    eviction_said: bool,
}

impl Flows {
    /// An empty table. `known_ports` tell who is the server where neither handshake nor content does.
    #[must_use]
    pub fn new(limits: &Limits, known_ports: &[u16]) -> Self {
        Self {
            limits: limits.clone(),
            known_ports: known_ports.to_vec(),
            index: HashMap::default(),
            slots: Vec::new(),
            free: Vec::new(),
            pending: PendingSyns::new(limits),
            holes: VecDeque::new(),
            next_id: 0,
            now: Timestamp::default(),
            next_sweep: None,
            hand: 0,
            eviction_said: false,
        }
    }

    /// Connections so far, those without payload included.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.next_id
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
        if segment.flags.has(Flags::SYN) && !segment.flags.has(Flags::RST) {
            if segment.flags.has(Flags::ACK) { self.syn_ack(key, segment, receiver) } else { self.syn(key, segment, receiver) }
        }
        let carries = !segment.payload.is_empty() || segment.uncaptured > 0;
        let slot = match self.index.get(&key) {
            Some(slot) => *slot,
            None if carries => self.join_midway(key, segment, receiver),
            None => return,
        };
        let Some(connection) = self.slots.get_mut(slot).and_then(Option::as_mut) else { return };
        connection.segment(segment, &self.limits, receiver);
        if connection.has_hole() && !connection.watched {
            connection.watched = true;
            self.holes.push_back((segment.at.after(self.limits.hole_life), slot, connection.flow.id));
        }
    }

    /// Lets the capture clock go on: holes and silent connections come to their end.
    pub fn tick(&mut self, now: Timestamp, receiver: &mut dyn Receiver) {
        self.now = self.now.max(now);
        while self.holes.front().is_some_and(|(due, ..)| *due <= self.now) {
            let Some((_, slot, id)) = self.holes.pop_front() else { break };
            let Some(connection) = self.slots.get_mut(slot).and_then(Option::as_mut).filter(|connection| connection.flow.id == id) else {
                continue;
            };
            connection.check_holes(self.now, &self.limits, receiver);
            connection.watched = connection.has_hole();
            if connection.watched {
                self.holes.push_back((self.now.after(self.limits.hole_life), slot, id));
            }
        }
        let interval = self.limits.closed_life;
        if *self.next_sweep.get_or_insert(self.now.after(interval)) <= self.now {
            self.next_sweep = Some(self.now.after(interval));
            self.sweep(receiver);
        }
    }

    /// Closes connections that were silent for too long and forgets those closed long ago.
    fn sweep(&mut self, receiver: &mut dyn Receiver) {
        for slot in 0..self.slots.len() {
            let Some(connection) = self.slots.get_mut(slot).and_then(Option::as_mut) else { continue };
            let silent = self.now.since(connection.flow.last_at);
            if connection.is_closed() && silent > self.limits.closed_life {
                self.remove(slot);
            } else if silent > self.limits.idle {
                connection.close(Closing::Idle, self.now, &self.limits, receiver);
                self.remove(slot);
            }
        }
    }

    /// The end of the capture: closes everything in order of first sight.
    pub fn finish(&mut self, receiver: &mut dyn Receiver) {
        let mut open: Vec<(FlowId, usize)> =
            self.slots.iter().enumerate().filter_map(|(slot, entry)| entry.as_ref().map(|connection| (connection.flow.id, slot))).collect();
        open.sort_unstable();
        for (_, slot) in open {
            if let Some(connection) = self.slots.get_mut(slot).and_then(Option::as_mut) {
                connection.close(Closing::EndOfCapture, self.now, &self.limits, receiver);
            }
            self.remove(slot);
        }
    }

    fn remove(&mut self, slot: usize) {
        if let Some(connection) = self.slots.get_mut(slot).and_then(Option::take) {
            if self.index.get(&connection.key) == Some(&slot) {
                self.index.remove(&connection.key);
            }
            self.free.push(slot);
        }
    }

    fn current(&mut self, key: &FlowKey) -> Option<&mut Connection> {
        let slot = *self.index.get(key)?;
        self.slots.get_mut(slot)?.as_mut()
    }

    /// A SYN: remembered until it is answered. With payload (TCP Fast Open) it opens the connection at once.
    fn syn(&mut self, key: FlowKey, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let known = self.current(&key).is_some_and(|connection| connection.is_isn(segment.source, segment.seq));
        if known {
            return;
        }
        self.pending.insert(segment);
        if segment.payload.is_empty() && segment.uncaptured == 0 {
            return;
        }
        self.replace(key, segment.at, receiver);
        let flow = self.new_flow(segment.source, segment.destination, RolesFrom::Syn, segment, segment.frames.clone());
        let mut connection = Connection::new(key, flow);
        connection.synchronize(segment.source, segment.seq, segment.window_scale);
        self.insert(connection, receiver);
    }

    /// A SYN-ACK: the answer that makes a connection.
    fn syn_ack(&mut self, key: FlowKey, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let (server, client) = (segment.source, segment.destination);
        if self.current(&key).is_some_and(|connection| connection.is_isn(server, segment.seq)) {
            return;
        }
        let syn = self.pending.get(client, server, segment.at, &self.limits).cloned();
        match syn {
            // An answer to something that was not asked proves nothing.
            Some(syn) if !syn.is_acknowledged_by(segment.ack) => {}
            Some(syn) => self.answered(key, &syn, segment, receiver),
            None => self.answered_unseen(key, segment, receiver),
        }
    }

    /// A SYN-ACK whose SYN was seen. Who asked first is the client, also when both sides asked.
    fn answered(&mut self, key: FlowKey, syn: &Syn, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let reverse = self.pending.get(syn.server, syn.client, segment.at, &self.limits);
        let (client, server) = match reverse {
            Some(reverse) if reverse.order < syn.order => (syn.server, syn.client),
            _ => (syn.client, syn.server),
        };
        self.pending.answer(syn.client, syn.server);
        let mut frames = syn.frames.clone();
        frames.join(&segment.frames);
        let opened_by_data = self.current(&key).is_some_and(|connection| !connection.is_closed() && connection.is_isn(syn.client, syn.seq));
        if opened_by_data {
            if let Some(connection) = self.current(&key) {
                connection.flow.opening.join(&frames);
                Self::synchronize_server(connection, segment);
            }
        } else {
            self.replace(key, segment.at, receiver);
            let mut flow = self.new_flow(client, server, RolesFrom::Handshake, segment, frames.clone());
            flow.first_at = syn.at;
            flow.traffic_mut(if syn.client == client { Peer::Client } else { Peer::Server }).packets = 1;
            let mut connection = Connection::new(key, flow);
            connection.synchronize(syn.client, syn.seq, syn.window_scale);
            Self::synchronize_server(&mut connection, segment);
            self.insert(connection, receiver);
        }
        receiver.handshake(&Handshake { client, server, at: segment.at, frames, syn_seen: true });
    }

    /// A SYN-ACK without its SYN: its sender is the server all the same.
    fn answered_unseen(&mut self, key: FlowKey, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        self.replace(key, segment.at, receiver);
        let (server, client) = (segment.source, segment.destination);
        let flow = self.new_flow(client, server, RolesFrom::SynAck, segment, segment.frames.clone());
        let mut connection = Connection::new(key, flow);
        connection.synchronize(client, segment.ack.wrapping_sub(1), Some(14));
        Self::synchronize_server(&mut connection, segment);
        self.insert(connection, receiver);
        receiver.handshake(&Handshake { client, server, at: segment.at, frames: segment.frames.clone(), syn_seen: false });
    }

    fn synchronize_server(connection: &mut Connection, segment: &Segment<'_>) {
        connection.synchronize(segment.source, segment.seq, segment.window_scale);
        connection.await_ack(segment.seq.wrapping_add(1));
    }

    /// Payload of a connection whose opening was not seen, or of which only the SYN was.
    fn join_midway(&mut self, key: FlowKey, segment: &Segment<'_>, receiver: &mut dyn Receiver) -> usize {
        let (source, destination) = (segment.source, segment.destination);
        let syn = self.pending.get(source, destination, segment.at, &self.limits);
        let syn = syn.or_else(|| self.pending.get(destination, source, segment.at, &self.limits)).cloned();
        let (client, server, roles) = match &syn {
            Some(syn) => (syn.client, syn.server, RolesFrom::Syn),
            None => self.guess_roles(source, destination),
        };
        let mut frames = syn.as_ref().map(|syn| syn.frames.clone()).unwrap_or_default();
        frames.join(&segment.frames);
        let mut flow = self.new_flow(client, server, roles, segment, frames);
        if let Some(syn) = &syn {
            flow.first_at = syn.at;
            flow.from_client.packets = 1;
        }
        let mut connection = Connection::new(key, flow);
        if let Some(syn) = &syn {
            connection.synchronize(syn.client, syn.seq, Some(syn.window_scale.unwrap_or(14)));
        }
        self.insert(connection, receiver)
    }

    /// Who is client and who server, by ports alone.
    fn guess_roles(&self, source: Endpoint, destination: Endpoint) -> (Endpoint, Endpoint, RolesFrom) {
        let known = |endpoint: Endpoint| self.known_ports.contains(&endpoint.port);
        match (known(source), known(destination)) {
            (true, false) => (destination, source, RolesFrom::KnownPort),
            (false, true) => (source, destination, RolesFrom::KnownPort),
            _ if source.port < destination.port => (destination, source, RolesFrom::LowerPort),
            _ => (source, destination, RolesFrom::LowerPort),
        }
    }

    fn new_flow(&mut self, client: Endpoint, server: Endpoint, roles: RolesFrom, segment: &Segment<'_>, opening: Frames) -> Flow {
        self.next_id = self.next_id.saturating_add(1);
        Flow {
            id: FlowId(self.next_id),
            client,
            server,
            roles,
            first_at: segment.at,
            last_at: segment.at,
            opening,
            closing: Frames::default(),
            vlans: segment.vlans,
            from_client: Traffic::default(),
            from_server: Traffic::default(),
            announced: false,
        }
    }

    /// Ends what stands under this key: the same addresses and ports begin anew.
    fn replace(&mut self, key: FlowKey, at: Timestamp, receiver: &mut dyn Receiver) {
        if let Some(slot) = self.index.get(&key).copied() {
            if let Some(connection) = self.slots.get_mut(slot).and_then(Option::as_mut) {
                connection.close(Closing::Reused, at, &self.limits, receiver);
            }
            self.remove(slot);
        }
    }

    fn insert(&mut self, connection: Connection, receiver: &mut dyn Receiver) -> usize {
        if self.index.len() >= self.limits.connections {
            self.evict(receiver);
        }
        let key = connection.key;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len().saturating_sub(1)
        });
        if let Some(entry) = self.slots.get_mut(slot) {
            *entry = Some(connection);
        }
        self.index.insert(key, slot);
        slot
    }

    /// Makes room: of a few connections the longest silent goes. Said once per run.
    fn evict(&mut self, receiver: &mut dyn Receiver) {
        let wrap = |slot: usize| slot.checked_rem(self.slots.len()).unwrap_or(0);
        let sample = (0..EVICTION_SAMPLE).map(|step| wrap(self.hand.saturating_add(step)));
        let seen = |slot: usize| self.slots.get(slot).and_then(Option::as_ref).map(|connection| (connection.flow.last_at, slot));
        let Some((_, slot)) = sample.filter_map(seen).min() else { return };
        self.hand = wrap(self.hand.saturating_add(EVICTION_SAMPLE));
        if let Some(connection) = self.slots.get_mut(slot).and_then(Option::as_mut) {
            if !self.eviction_said {
                self.eviction_said = true;
                let value = u64::try_from(self.limits.connections).unwrap_or(u64::MAX);
                let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit: "connections", value });
                receiver.event(Event { at: self.now, flow: None, evidence: Evidence::of(connection.flow.opening.clone()), kind });
            }
            connection.close(Closing::Evicted, self.now, &self.limits, receiver);
        }
        self.remove(slot);
    }
}
