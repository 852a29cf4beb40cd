//! Datagrams as sessions: all between two ends until a long silence, and who of the two serves.

use super::Collected;
use super::Collector;
use crate::anomaly::GapReason;
use crate::decode::UdpDatagram;
use crate::event::Closing;
use crate::event::Event;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::peer::Transport;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Open sessions of datagrams by their two ends.
#[derive(Default)]
pub(super) struct Pairs {
    open: HashMap<FlowKey, Flow, RandomState>,
}

impl Collector {
    /// Takes a datagram, if either end is to be documented. `is_known` says which ports tell who serves; `number` gives a session its number.
    pub fn datagram(
        &mut self,
        datagram: &UdpDatagram<'_>,
        is_known: &dyn Fn(u16) -> bool,
        number: &mut dyn FnMut() -> FlowId,
        emit: &mut dyn FnMut(Event<'_>),
    ) {
        let (source, destination, frame_offset) = (datagram.source, datagram.destination, datagram.payload_at);
        if !self.wanted.wants(source.port) && !self.wanted.wants(destination.port) {
            return;
        }
        let (key, _) = FlowKey::of(source, destination);
        let idle = self.limits.document_idle;
        let silent = self.pairs.open.get(&key).is_some_and(|flow| datagram.at.since(flow.last_at) > idle);
        if silent && let Some(mut flow) = self.pairs.open.remove(&key) {
            flow.ended = Some(Closing::Idle);
            self.closed(&flow);
        }
        if !self.pairs.open.contains_key(&key) {
            let most = self.limits.connections;
            if self.pairs.open.len() >= most {
                self.refuse(datagram, is_known);
                return self.complain(Some(("connections", most)), datagram.at, &datagram.frames, emit);
            }
            let flow = self.new_pair(datagram, is_known, number());
            self.open_session(&flow, true, emit);
            self.pairs.open.insert(key, flow);
        }
        let Some(flow) = self.pairs.open.get_mut(&key) else { return };
        let from = if source == flow.client { Peer::Client } else { Peer::Server };
        flow.last_at = flow.last_at.max(datagram.at);
        let traffic = flow.traffic_mut(from);
        let offset = traffic.bytes;
        traffic.packets = traffic.packets.saturating_add(1);
        let captured = u64::try_from(datagram.payload.len()).unwrap_or(u64::MAX);
        let uncaptured = u64::from(datagram.uncaptured);
        traffic.bytes = traffic.bytes.saturating_add(captured).saturating_add(uncaptured);
        let flow = flow.clone();
        if !datagram.payload.is_empty() {
            let body = Body::Data(datagram.payload);
            let chunk = Chunk { offset, at: datagram.at, frames: &datagram.frames, frame_offset, body };
            self.chunk(&flow, from, chunk, emit);
        }
        if uncaptured > 0 {
            let (offset, body) = (offset.saturating_add(captured), Body::Gap(uncaptured, GapReason::SnapLength));
            self.chunk(&flow, from, Chunk { offset, at: datagram.at, frames: &datagram.frames, frame_offset: None, body }, emit);
        }
    }

    /// Counts a datagram of a session there is no room for, where its service is described.
    fn refuse(&mut self, datagram: &UdpDatagram<'_>, is_known: &dyn Fn(u16) -> bool) {
        let flow = self.new_pair(datagram, is_known, FlowId(0));
        let place = self.places.get(&(Transport::Udp, flow.server)).copied();
        if let Some(collected) = place.and_then(|place| self.services.get_mut(place)) {
            collected.left_out.datagrams = collected.left_out.datagrams.saturating_add(1);
        }
    }

    /// The session that a datagram begins: a known port serves, else the end that served before, else the lower port; of two equal ones
    /// who is asked.
    fn new_pair(&self, datagram: &UdpDatagram<'_>, is_known: &dyn Fn(u16) -> bool, id: FlowId) -> Flow {
        let (source, destination) = (datagram.source, datagram.destination);
        let named = |end: Endpoint| is_known(end.port) || self.wanted.ports.contains(&end.port);
        let is_service = |end: Endpoint| self.places.contains_key(&(Transport::Udp, end));
        let (client, server, roles) = match (named(source), named(destination), is_service(source), is_service(destination)) {
            (true, false, ..) => (destination, source, RolesFrom::KnownPort),
            (false, true, ..) => (source, destination, RolesFrom::KnownPort),
            (.., true, false) => (destination, source, RolesFrom::LowerPort),
            (.., false, true) => (source, destination, RolesFrom::LowerPort),
            _ if source.port < destination.port => (destination, source, RolesFrom::LowerPort),
            _ => (source, destination, RolesFrom::LowerPort),
        };
        let flow = Flow::new(id, client, server, roles, datagram.at);
        Flow {
            transport: Transport::Udp,
            opening: datagram.frames.clone(),
            vlans: datagram.vlans,
            tunnels: datagram.tunnels.clone(),
            ..flow
        }
    }

    /// The end: the counters of open sessions are carried over, and where a guess made one end serve a single peer that many others
    /// spoke with, the popular end serves.
    pub(super) fn settle_datagrams(&mut self, services: &mut Vec<Collected>) {
        let mut last: BTreeMap<FlowId, Flow> = BTreeMap::new();
        for (_, flow) in self.pairs.open.drain() {
            last.insert(flow.id, flow);
        }
        let mut popular: BTreeMap<Endpoint, usize> = BTreeMap::new();
        for kept in services.iter_mut().filter(|service| service.transport == Transport::Udp).flat_map(|service| &mut service.sessions) {
            if let Some(flow) = last.remove(&kept.flow.id) {
                kept.flow = Flow { ended: Some(Closing::EndOfCapture), ..flow };
            }
            for end in [kept.flow.client, kept.flow.server] {
                let peers = popular.entry(end).or_default();
                *peers = peers.saturating_add(1);
            }
        }
        let peers = |end: &Endpoint| popular.get(end).copied().unwrap_or(0);
        let mut turned = Vec::new();
        for service in services.iter_mut().filter(|service| service.transport == Transport::Udp) {
            let guessed = |kept: &super::Kept| kept.flow.roles == RolesFrom::LowerPort;
            let wrong = |kept: &super::Kept| guessed(kept) && peers(&kept.flow.client) > peers(&kept.flow.server).max(1);
            let (away, stay) = std::mem::take(&mut service.sessions).into_iter().partition(wrong);
            service.sessions = stay;
            turned.extend::<Vec<_>>(away);
        }
        for mut kept in turned {
            kept.turn_round();
            let server = kept.flow.server;
            let place = services.iter().position(|service| (service.transport, service.server) == (Transport::Udp, server));
            let place = place.unwrap_or_else(|| {
                services.push(Collected::new(Transport::Udp, server));
                services.len().saturating_sub(1)
            });
            if let Some(service) = services.get_mut(place) {
                service.sessions.push(kept);
            }
        }
    }
}
