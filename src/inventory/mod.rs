//! Who serves and who speaks: facts decided at the SYN-ACK, each told once, as Nessus Network Monitor does.

mod focus;

pub use focus::Focus;
pub use focus::parse_range;

use crate::anomaly::Anomaly;
use crate::event::ClientPortFact;
use crate::event::ConnectionFact;
use crate::event::Direction;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Grade;
use crate::event::ServiceFact;
use crate::evidence::Evidence;
use crate::flow::Handshake;
use crate::limits::Limits;
use crate::peer::Endpoint;
use foldhash::quality::RandomState;
use hashbrown::HashSet;
use std::hash::Hash;
use std::net::IpAddr;

/// The facts known so far. Bounded per kind; a full set is said once and learns nothing new.
#[derive(Debug)]
pub struct Inventory {
    focus: Focus,
    most: usize,
    services: HashSet<Endpoint, RandomState>,
    client_ports: HashSet<(IpAddr, u16), RandomState>,
    connections: HashSet<(IpAddr, Endpoint), RandomState>,
    full: bool,
}

impl Inventory {
    /// An empty inventory of a focus network.
    #[must_use]
    pub fn new(focus: Focus, limits: &Limits) -> Self {
        Self {
            focus,
            most: limits.facts,
            services: HashSet::default(),
            client_ports: HashSet::default(),
            connections: HashSet::default(),
            full: false,
        }
    }

    /// Facts of each kind: services, client ports, connections.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        [self.services.len(), self.client_ports.len(), self.connections.len()].map(|count| u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Tells what a SYN-ACK teaches: the service, the client's use of its port, and that the two talk.
    ///
    /// | client | server | facts |
    /// |---|---|---|
    /// | inside | inside | service, client port, connection (internal) |
    /// | inside | outside | client port, connection (outbound) |
    /// | outside | inside | service, connection (inbound) |
    /// | outside | outside, or one end excluded | none |
    pub fn handshake(&mut self, handshake: &Handshake, emit: &mut dyn FnMut(Event<'_>)) {
        let (client, server) = (handshake.client.ip, handshake.server);
        if self.focus.excludes(client) || self.focus.excludes(server.ip) {
            return;
        }
        let (client_inside, server_inside) = (self.focus.contains(client), self.focus.contains(server.ip));
        let direction = match (client_inside, server_inside) {
            (true, true) => Direction::Internal,
            (true, false) => Direction::Outbound,
            (false, true) => Direction::Inbound,
            (false, false) => return,
        };
        let grade = if handshake.syn_seen { Grade::SynAck } else { Grade::SynAckOnly };
        let mut tell = |kind| emit(Event { at: handshake.at, flow: None, evidence: Evidence::of(handshake.frames.clone()), kind });
        let most = self.most;
        let mut full = false;
        if server_inside && learn(&mut self.services, server, most, &mut full) {
            tell(EventKind::ServiceSeen(ServiceFact { server, grade }));
        }
        if client_inside && learn(&mut self.client_ports, (client, server.port), most, &mut full) {
            tell(EventKind::ClientPortSeen(ClientPortFact { client, port: server.port, grade }));
        }
        if learn(&mut self.connections, (client, server), most, &mut full) {
            let fact = ConnectionFact { client, server, direction, grade, syn_seen: handshake.syn_seen };
            tell(EventKind::ConnectionSeen(fact));
        }
        if full && !self.full {
            self.full = true;
            let value = u64::try_from(most).unwrap_or(u64::MAX);
            tell(EventKind::AnomalyFound(Anomaly::LimitReached { limit: "facts", value }));
        }
    }
}

/// Whether the fact is new. Nothing is learned by a full set.
fn learn<F: Hash + Eq>(facts: &mut HashSet<F, RandomState>, fact: F, most: usize, full: &mut bool) -> bool {
    if facts.len() < most {
        return facts.insert(fact);
    }
    *full = *full || !facts.contains(&fact);
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FrameId;
    use crate::evidence::Frames;
    use crate::time::Timestamp;

    fn handshake(client: &str, server: &str, port: u16) -> Handshake {
        Handshake {
            client: Endpoint { ip: client.parse().unwrap(), port: 40_000 },
            server: Endpoint { ip: server.parse().unwrap(), port },
            at: Timestamp::default(),
            frames: Frames::one(FrameId { input: 0, number: 2 }),
            syn_seen: true,
        }
    }

    fn told(inventory: &mut Inventory, handshake: &Handshake) -> Vec<String> {
        let mut names = Vec::new();
        inventory.handshake(handshake, &mut |event| {
            names.push(match event.kind {
                EventKind::ServiceSeen(fact) => format!("service {}", fact.server),
                EventKind::ClientPortSeen(fact) => format!("client {} {}", fact.client, fact.port),
                EventKind::ConnectionSeen(fact) => format!("{} {} {}", fact.direction.name(), fact.client, fact.server),
                EventKind::AnomalyFound(anomaly) => anomaly.name().to_owned(),
                _ => "other".to_owned(),
            });
        });
        names
    }

    #[test]
    fn the_documented_example_gives_exactly_three_facts_once() {
        let mut inventory = Inventory::new(Focus::default(), &Limits::default());
        let first = told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22));
        assert_eq!(first, ["service 10.0.0.2:22", "client 10.0.0.1 22", "internal 10.0.0.1 10.0.0.2:22"]);
        assert!(told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22)).is_empty());
    }

    #[test]
    fn the_focus_decides_who_is_recorded() {
        let focus = Focus::new(vec![parse_range("10.0.0.0/8").unwrap()], vec![parse_range("10.9.0.0/16").unwrap()]);
        let mut inventory = Inventory::new(focus, &Limits::default());
        assert_eq!(told(&mut inventory, &handshake("10.0.0.1", "192.0.2.1", 80)), ["client 10.0.0.1 80", "outbound 10.0.0.1 192.0.2.1:80"]);
        assert_eq!(told(&mut inventory, &handshake("192.0.2.1", "10.0.0.1", 80)), ["service 10.0.0.1:80", "inbound 192.0.2.1 10.0.0.1:80"]);
        assert!(told(&mut inventory, &handshake("192.0.2.1", "192.0.2.2", 80)).is_empty());
        assert!(told(&mut inventory, &handshake("10.9.0.1", "10.0.0.1", 80)).is_empty());
    }

    #[test]
    fn a_full_set_says_so_once() {
        let mut inventory = Inventory::new(Focus::default(), &Limits { facts: 1, ..Limits::default() });
        told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22));
        assert_eq!(told(&mut inventory, &handshake("10.0.0.3", "10.0.0.4", 23)), ["limit_reached"]);
        assert!(told(&mut inventory, &handshake("10.0.0.5", "10.0.0.6", 24)).is_empty());
        assert_eq!(inventory.counts(), [1, 1, 1]);
    }
}
