//! Who serves and who speaks: facts decided at the SYN-ACK, each told once, as Nessus Network Monitor does.

mod doctor;
mod fact;
mod flood;
mod focus;

pub use doctor::Doctor;
pub use focus::Focus;
pub use focus::parse_range;

use crate::anomaly::Anomaly;
use crate::event::ClientPortFact;
use crate::event::ConnectionFact;
use crate::event::Direction;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Flood;
use crate::event::Grade;
use crate::event::Scanner;
use crate::event::ServiceFact;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::flow::Handshake;
use crate::flow::Step;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::RolesFrom;
use crate::time::Timestamp;
use fact::Fact;
use flood::Ration;
use flood::Reach;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

/// When a fact is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordAt {
    /// At the SYN-ACK, as Nessus Network Monitor does.
    #[default]
    SynAck,
    /// When the client acknowledged it.
    Established,
    /// When both sides sent payload.
    Data,
}

impl RecordAt {
    /// The least grade a fact is told with.
    fn enough(self) -> Grade {
        match self {
            Self::SynAck => Grade::SynAckOnly,
            Self::Established => Grade::Established,
            Self::Data => Grade::Data,
        }
    }
}

/// The facts known so far. Bounded per kind; a full set is said once and learns nothing new.
#[derive(Debug)]
pub struct Inventory {
    focus: Focus,
    record_at: RecordAt,
    most: usize,
    most_rations: usize,
    services: HashMap<Endpoint, Fact, RandomState>,
    client_ports: HashMap<(IpAddr, u16), Fact, RandomState>,
    connections: HashMap<(IpAddr, Endpoint), Fact, RandomState>,
    /// Rations of services, and what clients reach for. Both are bounded as facts are.
    rations: HashMap<Endpoint, Ration, RandomState>,
    reaches: HashMap<IpAddr, Reach, RandomState>,
    full: bool,
}

/// Where and when something was seen, for its event.
struct Sight<'a> {
    at: Timestamp,
    frames: &'a Frames,
}

impl Sight<'_> {
    fn event<'e>(&self, kind: EventKind<'e>) -> Event<'e> {
        Event { at: self.at, flow: None, evidence: Evidence::of(self.frames.clone()), kind }
    }
}

impl Inventory {
    /// An empty inventory of a focus network.
    #[must_use]
    pub fn new(focus: Focus, record_at: RecordAt, limits: &Limits) -> Self {
        Self {
            focus,
            record_at,
            most: limits.facts,
            most_rations: limits.rations,
            services: HashMap::default(),
            client_ports: HashMap::default(),
            connections: HashMap::default(),
            rations: HashMap::default(),
            reaches: HashMap::default(),
            full: false,
        }
    }

    /// Facts of each kind: services, client ports, connections.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        [self.services.len(), self.client_ports.len(), self.connections.len()].map(|count| u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Where the two ends are; nothing when neither is inside or one is excluded.
    fn direction(&self, client: IpAddr, server: IpAddr) -> Option<Direction> {
        if self.focus.excludes(client) || self.focus.excludes(server) {
            return None;
        }
        match (self.focus.contains(client), self.focus.contains(server)) {
            (true, true) => Some(Direction::Internal),
            (true, false) => Some(Direction::Outbound),
            (false, true) => Some(Direction::Inbound),
            (false, false) => None,
        }
    }

    /// Learns what a SYN-ACK teaches: the service, the client's use of its port, and that the two talk.
    ///
    /// | client | server | facts |
    /// |---|---|---|
    /// | inside | inside | service, client port, connection (internal) |
    /// | inside | outside | client port, connection (outbound) |
    /// | outside | inside | service, connection (inbound) |
    /// | outside | outside, or one end excluded | none |
    ///
    /// A SYN-ACK whose client took no part teaches the service alone.
    pub fn handshake(&mut self, handshake: &Handshake, emit: &mut dyn FnMut(Event<'_>)) {
        let (client, server) = (handshake.client.ip, handshake.server);
        let Some(direction) = self.direction(client, server.ip) else { return };
        let (at, syn_seen, most) = (handshake.at, handshake.syn_seen, self.most);
        let sight = Sight { at, frames: &handshake.frames };
        let mut full = false;
        if direction != Direction::Outbound {
            learn(&mut self.services, server, at, syn_seen, most, &mut full);
        }
        if handshake.client_proven && (self.connections.contains_key(&(client, server)) || self.may_tell(client, server, &sight, emit)) {
            self.learn_pair(client, server, direction, at, syn_seen, &mut full);
        }
        self.tell(client, server, direction, &sight, emit);
        self.say_full(full, &sight, emit);
    }

    /// Learns that the two talk, and that the client uses the port.
    fn learn_pair(&mut self, client: IpAddr, server: Endpoint, direction: Direction, at: Timestamp, syn_seen: bool, full: &mut bool) {
        if direction != Direction::Inbound {
            learn(&mut self.client_ports, (client, server.port), at, syn_seen, self.most, full);
        }
        learn(&mut self.connections, (client, server), at, syn_seen, self.most, full);
    }

    fn say_full(&mut self, full: bool, sight: &Sight<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        if full && !self.full {
            self.full = true;
            let value = u64::try_from(self.most).unwrap_or(u64::MAX);
            emit(sight.event(EventKind::AnomalyFound(Anomaly::LimitReached { limit: "facts", value })));
        }
    }

    /// Whether a new pair that has but a SYN-ACK may be recorded. A service that is flooded, and a client that scans, have to
    /// wait until the connection is established; that they are is told once.
    fn may_tell(&mut self, client: IpAddr, server: Endpoint, sight: &Sight<'_>, emit: &mut dyn FnMut(Event<'_>)) -> bool {
        let at = sight.at;
        // Where the tables of clients and services are full, those without an entry are not rationed: the bound on facts holds.
        let reach = bounded(&mut self.reaches, client, self.most_rations, || Reach::new(at));
        let (may_client, scanner) = reach.map_or((true, None), |reach| reach.take(at));
        if let Some((since, reached, established)) = scanner {
            emit(sight.event(EventKind::ScannerSeen(Scanner { client, since, reached, established })));
        }
        let Some(ration) = bounded(&mut self.rations, server, self.most_rations, || Ration::new(at)) else { return may_client };
        if may_client && ration.take(at) {
            return true;
        }
        if let Some((since, half_open)) = may_client.then(|| ration.leave_out(at)).flatten() {
            emit(sight.event(EventKind::FloodSeen(Flood { server, since, half_open })));
        }
        false
    }

    /// A connection came further: its facts rise.
    pub fn step(&mut self, flow: &Flow, step: Step, at: Timestamp, frames: &Frames, emit: &mut dyn FnMut(Event<'_>)) {
        let (client, server) = (flow.client.ip, flow.server);
        let Some(direction) = self.direction(client, server.ip) else { return };
        let grade = match step {
            Step::Probe => Grade::Probe,
            Step::Established => Grade::Established,
            Step::Data => Grade::Data,
        };
        let mut full = false;
        if grade >= Grade::Established && !self.connections.contains_key(&(client, server)) {
            // It was left out while it had but a SYN-ACK.
            self.learn_pair(client, server, direction, at, flow.roles == RolesFrom::Handshake, &mut full);
            self.rations.get_mut(&server).into_iter().for_each(Ration::established);
        }
        if step == Step::Established {
            self.reaches.get_mut(&client).into_iter().for_each(Reach::established);
        }
        let facts = [
            self.services.get_mut(&server),
            self.client_ports.get_mut(&(client, server.port)),
            self.connections.get_mut(&(client, server)),
        ];
        for fact in facts.into_iter().flatten() {
            fact.grade = fact.grade.max(grade);
        }
        let sight = Sight { at, frames };
        self.tell(client, server, direction, &sight, emit);
        self.say_full(full, &sight, emit);
        if step == Step::Data {
            self.confirm(client, server, direction, &sight, emit);
        }
    }

    /// A connection is over: what it came to is the final grade, if nothing better was told.
    pub fn closed(&mut self, flow: &Flow, emit: &mut dyn FnMut(Event<'_>)) {
        let (client, server) = (flow.client.ip, flow.server);
        let Some(direction) = self.direction(client, server.ip) else { return };
        let frames = if flow.closing.is_empty() { &flow.opening } else { &flow.closing };
        self.confirm(client, server, direction, &Sight { at: flow.last_at, frames }, emit);
    }

    /// Tells the facts of a pair that are not told yet and sure enough.
    fn tell(&mut self, client: IpAddr, server: Endpoint, direction: Direction, sight: &Sight<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        let enough = self.record_at.enough();
        let port = server.port;
        if let Some(Fact { grade, syn_seen, .. }) = self.services.get_mut(&server).and_then(|fact| fact.tell(enough)) {
            emit(sight.event(EventKind::ServiceSeen(ServiceFact { server, grade, syn_seen })));
        }
        if let Some(Fact { grade, syn_seen, .. }) = self.client_ports.get_mut(&(client, port)).and_then(|fact| fact.tell(enough)) {
            emit(sight.event(EventKind::ClientPortSeen(ClientPortFact { client, port, grade, syn_seen })));
        }
        if let Some(fact) = self.connections.get_mut(&(client, server)).and_then(|fact| fact.tell(enough)) {
            emit(sight.event(EventKind::ConnectionSeen(connection(client, server, direction, &fact))));
        }
    }

    /// Confirms the connection of a pair, if its grade rose and that was not said.
    fn confirm(&mut self, client: IpAddr, server: Endpoint, direction: Direction, sight: &Sight<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        let Some(fact) = self.connections.get_mut(&(client, server)) else { return };
        if let Some(told) = fact.confirm() {
            let fact = connection(client, server, direction, fact);
            emit(sight.event(EventKind::ConnectionConfirmed(fact, told)));
        }
    }
}

/// A connection fact as outputs get it.
fn connection(client: IpAddr, server: Endpoint, direction: Direction, fact: &Fact) -> ConnectionFact {
    let Fact { grade, syn_seen, first_at, handshakes, .. } = *fact;
    ConnectionFact { client, server, direction, grade, syn_seen, first_at, handshakes }
}

/// The entry of a key, made if there is room.
fn bounded<K: Hash + Eq, V>(map: &mut HashMap<K, V, RandomState>, key: K, most: usize, make: impl FnOnce() -> V) -> Option<&mut V> {
    if map.len() >= most && !map.contains_key(&key) {
        return None;
    }
    Some(map.entry(key).or_insert_with(make))
}

/// Learns a SYN-ACK of a fact. Nothing new is learned by a full set.
fn learn<K: Hash + Eq>(facts: &mut HashMap<K, Fact, RandomState>, key: K, at: Timestamp, syn_seen: bool, most: usize, full: &mut bool) {
    if facts.len() >= most && !facts.contains_key(&key) {
        *full = true;
        return;
    }
    facts.entry(key).or_insert_with(|| Fact::new(at)).answered(syn_seen, at);
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
            client_proven: true,
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
                EventKind::FloodSeen(_) => "flood".to_owned(),
                _ => "other".to_owned(),
            });
        });
        names
    }

    #[test]
    fn the_documented_example_gives_exactly_three_facts_once() {
        let mut inventory = Inventory::new(Focus::default(), RecordAt::default(), &Limits::default());
        let first = told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22));
        assert_eq!(first, ["service 10.0.0.2:22", "client 10.0.0.1 22", "internal 10.0.0.1 10.0.0.2:22"]);
        assert!(told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22)).is_empty());
    }

    #[test]
    fn the_focus_decides_who_is_recorded() {
        let focus = Focus::new(vec![parse_range("10.0.0.0/8").unwrap()], vec![parse_range("10.9.0.0/16").unwrap()]);
        let mut inventory = Inventory::new(focus, RecordAt::default(), &Limits::default());
        assert_eq!(told(&mut inventory, &handshake("10.0.0.1", "192.0.2.1", 80)), ["client 10.0.0.1 80", "outbound 10.0.0.1 192.0.2.1:80"]);
        assert_eq!(told(&mut inventory, &handshake("192.0.2.1", "10.0.0.1", 80)), ["service 10.0.0.1:80", "inbound 192.0.2.1 10.0.0.1:80"]);
        assert!(told(&mut inventory, &handshake("192.0.2.1", "192.0.2.2", 80)).is_empty());
        assert!(told(&mut inventory, &handshake("10.9.0.1", "10.0.0.1", 80)).is_empty());
    }

    #[test]
    fn a_full_set_says_so_once() {
        let mut inventory = Inventory::new(Focus::default(), RecordAt::default(), &Limits { facts: 1, ..Limits::default() });
        told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22));
        assert_eq!(told(&mut inventory, &handshake("10.0.0.3", "10.0.0.4", 23)), ["limit_reached"]);
        assert!(told(&mut inventory, &handshake("10.0.0.5", "10.0.0.6", 24)).is_empty());
        assert_eq!(inventory.counts(), [1, 1, 1]);
    }

    #[test]
    fn a_flood_is_one_record_and_the_real_client_is_seen() {
        let mut inventory = Inventory::new(Focus::default(), RecordAt::default(), &Limits::default());
        let mut names = Vec::new();
        for number in 0..5000_u32 {
            let client = std::net::Ipv4Addr::from_bits(0x0b00_0000 + number).to_string();
            names.extend(told(&mut inventory, &handshake(&client, "10.0.0.2", 80)));
        }
        assert_eq!(names.iter().filter(|name| name.starts_with("internal")).count(), 1000);
        assert_eq!(names.iter().filter(|name| *name == "flood").count(), 1);
        let real = handshake("10.9.9.9", "10.0.0.2", 80);
        assert!(told(&mut inventory, &real).is_empty(), "only rationed so far");
        let mut flow = Flow {
            id: crate::peer::FlowId(1),
            client: real.client,
            server: real.server,
            roles: RolesFrom::Handshake,
            first_at: real.at,
            last_at: real.at,
            opening: real.frames.clone(),
            closing: Frames::default(),
            vlans: crate::peer::VlanStack::default(),
            tunnels: None,
            from_client: crate::peer::Traffic::default(),
            from_server: crate::peer::Traffic::default(),
            announced: true,
        };
        let mut grades = Vec::new();
        let mut note = |event: Event<'_>| {
            if let EventKind::ConnectionSeen(fact) = event.kind {
                grades.push((fact.client.to_string(), fact.grade, fact.syn_seen));
            }
        };
        inventory.step(&flow, Step::Established, real.at, &real.frames, &mut note);
        flow.announced = false;
        inventory.closed(&flow, &mut note);
        assert_eq!(grades, [("10.9.9.9".to_owned(), Grade::Established, true)]);
    }
}
