//! Who serves and who speaks: facts decided at the SYN-ACK, each told once, as Nessus Network Monitor does.

mod ahead;
mod doctor;
mod entry;
mod final_facts;
mod flood;
mod focus;
mod marks;
mod packed;
mod pair;
mod row;
mod sight;
#[cfg(feature = "state")]
pub mod state;
mod table;
#[cfg(test)]
mod tests;
mod times;
mod wanted;

pub(crate) use ahead::Hashes;
pub use doctor::Doctor;
pub use entry::Entry;
pub use final_facts::FinalFacts;
pub use focus::Focus;
pub use focus::FocusSource;
pub use focus::Networks;
pub use focus::parse_range;
pub use table::Store;
pub use wanted::RecordAt;
pub use wanted::Wanted;

use crate::anomaly::Anomaly;
use crate::error::Error;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Frames;
use crate::fact::Direction;
#[cfg(test)]
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
use flood::Rations;
use packed::Packed;
use pair::Pair;
use pair::seen;
use pair::taught;
use sight::Sight;
use std::net::IpAddr;
use table::NOWHERE;
use table::Place;
use table::Table;

/// The facts known so far. Bounded: in a full table one that was not seen for long gives way, which is said.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Inventory {
    focus: Focus,
    enough: Grade,
    most: usize,
    table: Table,
    rations: Rations,
    said_full: bool,
    /// Whether nobody looks at facts before the end.
    quiet: bool,
    /// Whether what a connection came to is looked at when it ends, and not at every step.
    defers: bool,
    /// Whether clients' ports have no rows, since they follow from the connections.
    derives: bool,
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
            defers: false,
            derives: false,
        }
    }

    /// Tells no fact as it comes to be, since nobody looks at it: all of them are known at the end. `steady` where the focus network stays
    /// as it is, and counts are asked for seldom. Then much need not be known before the end, unless facts are kept beyond it or forgotten before.
    #[must_use]
    pub fn quiet(self, quiet: bool, steady: bool) -> Self {
        let at_end = quiet && steady && self.enough == RecordAt::SynAck.enough() && self.table.only_remembers();
        Self { quiet, defers: at_end, derives: at_end && self.focus.is_everything(), ..self }
    }

    /// Watches another focus network from now on; what was recorded stays.
    pub fn refocus(&mut self, focus: Focus) {
        if focus != self.focus {
            self.lay_out_ports();
        }
        self.focus = focus;
    }

    /// Makes rows of clients' ports, and goes on so: something comes, or is asked for, that does not follow from the connections alone.
    fn lay_out_ports(&mut self) {
        if std::mem::take(&mut self.derives) {
            self.table.lay_out_ports();
        }
    }

    /// Looks at the tags of a connection before anything is learned of it: in which order those of a client's port came, its connections
    /// do not tell.
    fn see_tags(&mut self, stacks: &[VlanStack]) {
        if self.derives && stacks.iter().any(|stack| !stack.ids().is_empty()) {
            self.lay_out_ports();
        }
    }

    /// Facts of each kind that were told: services, client ports, connections. Where clients' ports have no rows they are counted anew
    /// with every call.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        let [services, ports, connections] = self.table.told();
        let ports = if self.derives { self.table.count_ports() } else { ports };
        [services, ports, connections]
    }

    /// All facts that were told and are remembered.
    #[cfg(test)]
    fn facts(&mut self) -> &dyn Facts {
        self.lay_out_ports();
        &self.table
    }

    /// All facts that were told and are remembered, at the end: nothing is left here.
    pub fn end(&mut self) -> FinalFacts {
        self.rations = Rations::new(0);
        FinalFacts::new(self.table.take_rows(), self.derives)
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
            return Some(Pair { client, server, direction: Direction::Internal, derives: self.derives });
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
        Some(Pair { client, server, direction, derives: self.derives })
    }

    /// Learns what a SYN-ACK teaches: the service, the client's use of its port, and that the two talk. A SYN-ACK whose client
    /// took no part teaches the service alone.
    pub fn handshake(&mut self, facts_at: &mut [Place; 3], handshake: &Handshake, emit: &mut dyn FnMut(Event<'_>)) {
        self.see_tags(&handshake.vlans);
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
            entry.answered(handshake.at, handshake.syn_seen, direction);
            handshake.vlans.into_iter().for_each(|stack| entry.tagged(stack));
            if entry.tell(enough) && !quiet {
                emit(sight.event(EventKind::FactSeen(&entry.fact())));
            }
            (entry.marks().granted, entry.first_at())
        })
    }

    /// Whether a fact gave way, and that is to be said.
    fn overflows(&self) -> bool {
        self.table.evicted() && !self.said_full
    }

    fn say_full(&mut self, sight: &Sight<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        if self.overflows() {
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
            self.table.change(service, place, sight.at, |entry| {
                let marks = entry.marks_mut();
                marks.granted = marks.granted.saturating_add(1);
            });
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
        self.see_tags(&[vlans]);
        let Some(pair) = self.pair(client.ip, server) else { return };
        let relations = pair.relations();
        let known = self.knows_connection(&relations, facts_at, at);
        for (relation, place) in seen(&relations, known).zip(facts_at) {
            relation.map(|relation| self.table.change(relation, place, at, |entry| entry.tagged(vlans)));
        }
    }

    /// A connection came further: its facts rise.
    pub fn step(&mut self, known: Known<'_>, step: Step, at: Timestamp, frames: &Frames, emit: &mut dyn FnMut(Event<'_>)) {
        let Known { client, server, roles, vlans, facts_at, opening } = known;
        self.see_tags(&[vlans]);
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
        if self.defers && step != Step::Probe && *connection_at(facts_at) != NOWHERE {
            // It is recorded, or was: its end tells the rest.
            return;
        }
        let relations = pair.relations();
        let mut known = self.knows_connection(&relations, facts_at, at);
        if grade >= Grade::Established && !known {
            self.catch_up((pair, &relations), (roles == RolesFrom::Handshake, vlans), facts_at, at);
            known = true;
        }
        let (enough, quiet) = (self.enough, self.quiet);
        for (relation, place) in seen(&relations, known).zip(facts_at.iter_mut()) {
            let Some(relation) = relation else { continue };
            self.table.change(relation, place, at, |entry| {
                entry.marks_mut().raise(grade);
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
            let [.., (connection, _)] = &relations;
            self.confirm((connection, Grade::Data), connection_at(facts_at), &sight, emit);
        }
    }

    /// Whether the connection of a pair is recorded: one that was left out is not.
    fn knows_connection(&mut self, relations: &[(Packed, bool); 3], facts_at: &mut [Place; 3], at: Timestamp) -> bool {
        let [_, client_port, (connection, _)] = relations;
        let known = self.table.knows(connection, connection_at(facts_at), at);
        if !known && let Some(client_port) = taught(client_port) {
            // Of what was not seen for too long its time is up, also where it is not seen now.
            self.table.knows(client_port, &mut { NOWHERE }, at);
        }
        known
    }

    /// Learns the facts of a connection that was left out while it had but a SYN-ACK, or that were forgotten since.
    fn catch_up(
        &mut self,
        (pair, relations): (Pair, &[(Packed, bool); 3]),
        (syn_seen, vlans): (bool, VlanStack),
        facts_at: &mut [Place; 3],
        at: Timestamp,
    ) {
        self.rations.left_out_established(pair.server);
        for (relation, place) in relations.iter().zip(facts_at) {
            let Some(relation) = taught(relation) else { continue };
            // A service is never left out: one that is known has counted the SYN-ACK.
            if relation.is_service() && self.table.knows(relation, place, at) {
                continue;
            }
            let direction = relation.is_connection().then_some(pair.direction);
            self.table.learn(relation, place, at, |entry| {
                entry.answered(at, syn_seen, direction);
                entry.tagged(vlans);
            });
        }
    }

    /// A connection is over: what it came to is the final grade, if nothing better was told. A better grade than its own is another
    /// connection's, which confirms it with frames of its own.
    pub fn closed(&mut self, ended: Ended<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        let Ended { client, server, roles, vlans, first_at, last_at: at, announced, facts_at, frames, .. } = ended;
        let Some(pair) = self.pair(client.ip, server) else { return };
        let relations = pair.relations();
        let mut known = self.knows_connection(&relations, facts_at, at);
        let came_to = ended.came_to.filter(|_| self.defers);
        if came_to.is_some() && !known {
            // It gave way since.
            self.catch_up((pair, &relations), (roles == RolesFrom::Handshake, vlans), facts_at, first_at);
            known = true;
        }
        let enough = self.enough;
        for (relation, place) in seen(&relations, known).zip(facts_at.iter_mut()) {
            let Some(relation) = relation else { continue };
            self.table.change(relation, place, at, |row| {
                if let Some(grade) = came_to {
                    row.marks_mut().raise(grade);
                    row.tell(enough);
                }
            });
        }
        // Where nothing is told now, nothing is cited.
        let [opening, closing] = if self.quiet && !self.overflows() { Default::default() } else { frames() };
        let sight = Sight { at, frames: if closing.is_empty() { &opening } else { &closing } };
        self.say_full(&sight, emit);
        if !self.defers {
            let most = if announced { Grade::Data } else { Grade::Probe };
            let [.., (connection, _)] = &relations;
            self.confirm((connection, most), connection_at(facts_at), &sight, emit);
        }
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
