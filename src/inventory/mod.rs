//! Who serves and who speaks: facts decided at the SYN-ACK, each told once, as Nessus Network Monitor does.

mod doctor;
mod entry;
mod flood;
mod focus;
mod marks;
#[cfg(feature = "state")]
pub mod state;
mod table;
#[cfg(test)]
mod tests;

pub use doctor::Doctor;
pub use entry::Entry;
pub use focus::Focus;
pub use focus::FocusSource;
pub use focus::Networks;
pub use focus::parse_range;
pub use table::Store;

use crate::anomaly::Anomaly;
use crate::error::Error;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::fact::Direction;
use crate::fact::Facts;
use crate::fact::Grade;
use crate::flow::Ended;
use crate::flow::Handshake;
use crate::flow::Known;
use crate::flow::Step;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::RolesFrom;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use entry::Packed;
use flood::Rations;
use std::net::IpAddr;
use std::time::Duration;
use table::Place;
use table::Table;

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

/// What the user wants to be recorded. By default everything, at the SYN-ACK, for one run.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The focus network.
    pub focus: Focus,
    /// When facts are told.
    pub record_at: RecordAt,
    /// How long a fact is remembered after it was last seen, on the capture clock; nothing means for ever.
    pub lifetime: Option<Duration>,
    /// Where facts outlive the run.
    pub store: Option<Box<dyn Store>>,
}

/// The facts known so far. Bounded: in a full table one that was not seen for long gives way, which is said.
#[derive(Debug)]
pub struct Inventory {
    focus: Focus,
    enough: Grade,
    most: usize,
    table: Table,
    rations: Rations,
    said_full: bool,
    /// Whether nobody looks at facts before the end.
    quiet: bool,
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

/// Who talks to whom, as far as both count.
#[derive(Clone, Copy)]
struct Pair {
    client: IpAddr,
    server: Endpoint,
    direction: Direction,
}

impl Pair {
    /// The relations that such a pair may have, and whether it teaches each, in the order they are told.
    ///
    /// | client | server | facts |
    /// |---|---|---|
    /// | inside | inside | service, client port, connection (internal) |
    /// | inside | outside | client port, connection (outbound) |
    /// | outside | inside | service, connection (inbound) |
    /// | outside | outside, or one end excluded | none |
    fn relations(self) -> [(Packed, bool); 3] {
        let [service, client_port, connection] = Packed::of_pair(self.client, self.server);
        let (inside, uses) = (self.direction != Direction::Outbound, self.direction != Direction::Inbound);
        [(service, inside), (client_port, uses), (connection, true)]
    }
}

/// A relation if it is taught.
fn taught((relation, taught): &(Packed, bool)) -> Option<&Packed> {
    taught.then_some(relation)
}

impl Inventory {
    /// An empty inventory, but for what the store knows.
    #[must_use]
    pub fn new(wanted: Wanted, limits: &Limits) -> Self {
        let Wanted { focus, record_at, lifetime, store } = wanted;
        Self {
            focus,
            enough: record_at.enough(),
            most: limits.facts,
            table: Table::new(limits.facts, lifetime, store),
            rations: Rations::new(limits.rations),
            said_full: false,
            quiet: false,
        }
    }

    /// Tells no fact as it comes to be, since nobody looks at it: all of them are known at the end.
    #[must_use]
    pub fn quiet(self, quiet: bool) -> Self {
        Self { quiet, ..self }
    }

    /// Watches another focus network from now on; what was recorded stays.
    pub fn refocus(&mut self, focus: Focus) {
        self.focus = focus;
    }

    /// Facts of each kind that were told: services, client ports, connections.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        self.table.told()
    }

    /// All facts that were told and are remembered.
    #[must_use]
    pub fn facts(&self) -> &dyn Facts {
        &self.table
    }

    /// Makes safe what was learned, where there is a store.
    ///
    /// # Errors
    ///
    /// [`Error::State`]; the next call tries again.
    pub fn settle(&mut self) -> Result<(), Error> {
        self.table.settle();
        self.table.failure().map_or(Ok(()), Err)
    }

    /// The pair of a client and a server; nothing when neither is inside or one is excluded.
    fn pair(&self, client: IpAddr, server: Endpoint) -> Option<Pair> {
        if self.focus.is_everything() {
            return Some(Pair { client, server, direction: Direction::Internal });
        }
        if self.focus.excludes(client) || self.focus.excludes(server.ip) {
            return None;
        }
        let direction = match (self.focus.contains(client), self.focus.contains(server.ip)) {
            (true, true) => Direction::Internal,
            (true, false) => Direction::Outbound,
            (false, true) => Direction::Inbound,
            (false, false) => return None,
        };
        Some(Pair { client, server, direction })
    }

    /// What the facts of a pair are looked up by.
    pub(crate) fn hashes(&self, client: Endpoint, server: Endpoint) -> [u64; 3] {
        Packed::of_pair(client.ip, server).map(|relation| self.table.hash(&relation))
    }

    /// Has fetched what tells where facts of these hashes are.
    pub(crate) fn fetch_index(&self, hashes: [u64; 3]) {
        for hash in hashes {
            self.table.fetch_index(hash);
        }
    }

    /// Has fetched what most likely are the facts of these hashes.
    pub(crate) fn fetch_entries(&self, hashes: [u64; 3]) {
        for hash in hashes {
            self.table.fetch_entry(hash);
        }
    }

    /// Learns what a SYN-ACK teaches: the service, the client's use of its port, and that the two talk. A SYN-ACK whose client
    /// took no part teaches the service alone.
    pub fn handshake(&mut self, facts_at: &mut [Place; 3], handshake: &Handshake, emit: &mut dyn FnMut(Event<'_>)) {
        let Some(pair) = self.pair(handshake.client.ip, handshake.server) else { return };
        let sight = Sight { at: handshake.at, frames: &handshake.frames };
        let relations = pair.relations();
        let [service, client_port, connection] = relations.each_ref().map(taught);
        let [service_at, client_port_at, connection_at] = facts_at;
        let early = self.learn(service, service_at, (pair, handshake), &sight, emit);
        let known = connection.is_some_and(|connection| self.table.knows(connection, connection_at, sight.at));
        if handshake.client_proven && (known || self.may_tell(pair, (service, service_at, early), &sight, emit)) {
            self.learn(client_port, client_port_at, (pair, handshake), &sight, emit);
            self.learn(connection, connection_at, (pair, handshake), &sight, emit);
        }
        self.say_full(&sight, emit);
    }

    /// Learns a SYN-ACK of a relation, and tells the fact when it is to be told. How many clients were granted
    /// without a ration, and since when it is known.
    fn learn(
        &mut self,
        relation: Option<&Packed>,
        place: &mut Place,
        (pair, handshake): (Pair, &Handshake),
        sight: &Sight<'_>,
        emit: &mut dyn FnMut(Event<'_>),
    ) -> Option<(u8, Timestamp)> {
        let relation = relation?;
        let direction = relation.is_connection().then_some(pair.direction);
        let (enough, quiet) = (self.enough, self.quiet);
        self.table.learn(relation, place, sight.at, |entry| {
            entry.answered(handshake.syn_seen, direction);
            handshake.vlans.into_iter().for_each(|stack| entry.vlans.add(stack));
            if entry.tell(enough) && !quiet {
                emit(sight.event(EventKind::FactSeen(&entry.fact())));
            }
            (entry.marks.granted, entry.first_at)
        })
    }

    fn say_full(&mut self, sight: &Sight<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        if self.table.evicted() && !self.said_full {
            self.said_full = true;
            let value = u64::try_from(self.most).unwrap_or(u64::MAX);
            emit(sight.event(EventKind::AnomalyFound(Anomaly::LimitReached { limit: "facts", value })));
        }
    }

    /// Whether a new pair that has but a SYN-ACK may be recorded. A service that is flooded, and a client that scans, have to
    /// wait until the connection is established; that they are is told once.
    fn may_tell(
        &mut self,
        pair: Pair,
        (service, place, early): (Option<&Packed>, &mut Place, Option<(u8, Timestamp)>),
        sight: &Sight<'_>,
        emit: &mut dyn FnMut(Event<'_>),
    ) -> bool {
        let asked = self.rations.ask(pair.client, (pair.server, early), sight.at);
        if let Some(service) = service.filter(|_| asked.granted && asked.is_early) {
            self.table.change(service, place, sight.at, |entry| entry.marks.granted = entry.marks.granted.saturating_add(1));
        }
        if let Some(scanner) = asked.scanner {
            emit(sight.event(EventKind::ScannerSeen(scanner)));
        }
        if let Some(flood) = asked.flood {
            emit(sight.event(EventKind::FloodSeen(flood)));
        }
        asked.granted
    }

    /// The connection was seen in another VLAN, too.
    pub fn copied(&mut self, (client, server): (Endpoint, Endpoint), facts_at: &mut [Place; 3], vlans: VlanStack, at: Timestamp) {
        let Some(pair) = self.pair(client.ip, server) else { return };
        for (relation, place) in pair.relations().iter().zip(facts_at) {
            taught(relation).map(|relation| self.table.change(relation, place, at, |entry| entry.vlans.add(vlans)));
        }
    }

    /// A connection came further: its facts rise.
    pub fn step(&mut self, known: Known<'_>, step: Step, at: Timestamp, frames: &Frames, emit: &mut dyn FnMut(Event<'_>)) {
        let Known { client, server, roles, vlans, facts_at, opening } = known;
        let Some(pair) = self.pair(client.ip, server) else { return };
        let grade = match step {
            Step::Probe => Grade::Probe,
            Step::Established => Grade::Established,
            Step::Data => Grade::Data,
        };
        let sight = Sight { at, frames };
        if step == Step::Established {
            self.rations.client_established(pair.client);
        }
        let relations = pair.relations();
        let [.., (connection, _)] = &relations;
        if grade >= Grade::Established && !self.table.knows(connection, connection_at(facts_at), at) {
            self.catch_up((pair, &relations), (roles == RolesFrom::Handshake, vlans), facts_at, &sight);
        }
        let (enough, quiet) = (self.enough, self.quiet);
        for (relation, place) in relations.iter().zip(facts_at.iter_mut()) {
            let Some(relation) = taught(relation) else { continue };
            self.table.change(relation, place, at, |entry| {
                entry.marks.raise(grade);
                if entry.tell(enough) && !quiet {
                    // What is told only now rests on the opening, too.
                    let mut frames = opening();
                    frames.join(sight.frames);
                    emit(Sight { at, frames: &frames }.event(EventKind::FactSeen(&entry.fact())));
                }
            });
        }
        self.say_full(&sight, emit);
        if step == Step::Data {
            self.confirm((connection, Grade::Data), connection_at(facts_at), &sight, emit);
        }
    }

    /// Learns the facts of a connection that was left out while it had but a SYN-ACK, or that were forgotten since.
    fn catch_up(
        &mut self,
        (pair, relations): (Pair, &[(Packed, bool); 3]),
        (syn_seen, vlans): (bool, VlanStack),
        facts_at: &mut [Place; 3],
        sight: &Sight<'_>,
    ) {
        self.rations.left_out_established(pair.server);
        for (relation, place) in relations.iter().zip(facts_at) {
            let Some(relation) = taught(relation) else { continue };
            // A service is never left out: one that is known has counted the SYN-ACK.
            if relation.is_service() && self.table.knows(relation, place, sight.at) {
                continue;
            }
            let direction = relation.is_connection().then_some(pair.direction);
            self.table.learn(relation, place, sight.at, |entry| {
                entry.answered(syn_seen, direction);
                entry.vlans.add(vlans);
            });
        }
    }

    /// A connection is over: what it came to is the final grade, if nothing better was told. A better grade than its own is another
    /// connection's, which confirms it with frames of its own.
    pub fn closed(&mut self, ended: Ended<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        let Ended { client, server, last_at: at, announced, facts_at, frames, .. } = ended;
        let Some(pair) = self.pair(client.ip, server) else { return };
        let relations = pair.relations();
        for (relation, place) in relations.iter().zip(facts_at.iter_mut()).take(2) {
            taught(relation).map(|relation| self.table.change(relation, place, at, |_| ()));
        }
        // Where nothing is told now, nothing is cited.
        let [opening, closing] = if self.quiet { Default::default() } else { frames() };
        let frames = if closing.is_empty() { &opening } else { &closing };
        let most = if announced { Grade::Data } else { Grade::Probe };
        let [.., (connection, _)] = &relations;
        self.confirm((connection, most), connection_at(facts_at), &Sight { at, frames }, emit);
    }

    /// Confirms the connection of a pair, if its grade rose, but not beyond what is shown, and that was not said.
    fn confirm(&mut self, (connection, most): (&Packed, Grade), place: &mut Place, sight: &Sight<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        let quiet = self.quiet;
        self.table.change(connection, place, sight.at, |entry| {
            if let Some(told) = entry.confirm(most).filter(|_| !quiet) {
                emit(sight.event(EventKind::FactConfirmed(&entry.fact(), told)));
            }
        });
    }
}

/// Where the connection fact of a flow is.
fn connection_at([_, _, place]: &mut [Place; 3]) -> &mut Place {
    place
}
