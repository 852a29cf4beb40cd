//! A fact in the table: what is known, and what was already told of it.

use super::marks::Marks;
use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Grade;
use crate::fact::Known;
use crate::fact::Relation;
use crate::fact::Vlans;
use crate::peer::Endpoint;
use crate::time::Timestamp;
use std::cmp::Ordering;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
use std::net::Ipv4Addr;

/// A fact and what was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The fact.
    pub fact: Fact,
    /// The grade it was told with, once it was.
    pub told: Option<Grade>,
    /// Whether its rise to the final grade was told.
    pub confirmed: bool,
}

/// A relation in sixteen bytes, as nearly all are of IPv4; others are somewhere else. Of a million of them it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    /// Of IPv4: which of the three kinds it is; the client, zero where there is none; the server and the port.
    V4(u8, u16, u32, u32),
    Wide(Box<Relation>),
}

impl Packed {
    /// The relations that a client and a server may have, in the order of their kinds.
    pub(super) fn of_pair(client: IpAddr, server: Endpoint) -> [Self; 3] {
        match (client, server.ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let (port, from, to) = (server.port, from.to_bits(), to.to_bits());
                [Self::V4(0, port, 0, to), Self::V4(1, port, from, 0), Self::V4(2, port, from, to)]
            }
            _ => Relation::of_pair(client, server).map(Self::of),
        }
    }

    pub(super) fn of(relation: Relation) -> Self {
        let none = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let (kind, client, server) = match relation {
            Relation::Service(server) => (0, none, server.ip),
            Relation::ClientPort(client, _) => (1, client, none),
            Relation::Connection(client, server) => (2, client, server.ip),
        };
        match (client, server) {
            (IpAddr::V4(client), IpAddr::V4(server)) => Self::V4(kind, relation.port(), client.to_bits(), server.to_bits()),
            _ => Self::Wide(Box::new(relation)),
        }
    }

    pub(super) fn is_service(&self) -> bool {
        self.kind() == 0
    }

    pub(super) fn is_connection(&self) -> bool {
        self.kind() == 2
    }

    /// The client's port that a connection belongs to.
    pub(super) fn client_port(&self) -> Option<Self> {
        match *self {
            Self::V4(2, port, client, _) => Some(Self::V4(1, port, client, 0)),
            Self::V4(..) => None,
            Self::Wide(ref relation) => match **relation {
                Relation::Connection(client, server) => Some(Self::of(Relation::ClientPort(client, server.port))),
                Relation::Service(_) | Relation::ClientPort(..) => None,
            },
        }
    }

    /// An order in which relations of a kind, a client and a port stand together.
    pub(super) fn compare_client_ports(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::V4(kind, port, client, _), Self::V4(other_kind, other_port, other_client, _)) => {
                (kind, client, port).cmp(&(other_kind, other_client, other_port))
            }
            _ => {
                let key = |packed: &Self| (packed.kind(), packed.relation().client(), packed.relation().port());
                key(self).cmp(&key(other))
            }
        }
    }

    /// Which of the three kinds it is: a service, a client's port, a connection.
    pub(super) fn kind(&self) -> usize {
        match self {
            Self::V4(kind, ..) => usize::from(*kind),
            Self::Wide(relation) => match **relation {
                Relation::Service(_) => 0,
                Relation::ClientPort(..) => 1,
                Relation::Connection(..) => 2,
            },
        }
    }

    pub(super) fn relation(&self) -> Relation {
        let ip = |bits: u32| IpAddr::V4(Ipv4Addr::from_bits(bits));
        match *self {
            Self::V4(0, port, _, server) => Relation::Service(Endpoint { ip: ip(server), port }),
            Self::V4(1, port, client, _) => Relation::ClientPort(ip(client), port),
            Self::V4(_, port, client, server) => Relation::Connection(ip(client), Endpoint { ip: ip(server), port }),
            Self::Wide(ref relation) => **relation,
        }
    }
}

/// Two words where two words say all: every connection asks for three.
impl Hash for Packed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Self::V4(kind, port, client, server) => {
                state.write_u64(u64::from(client) << 32 | u64::from(server));
                state.write_u32(u32::from(kind) << 16 | u32::from(port));
            }
            Self::Wide(ref relation) => relation.hash(state),
        }
    }
}

/// An entry as the table keeps it, in few bytes: of a million of them it matters.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) packed: Packed,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) vlans: Vlans,
    pub(super) marks: Marks,
}

/// What a fact adds to another one that it is a part of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) first_at: Timestamp,
    last_at: Timestamp,
    marks: Marks,
}

impl Row {
    /// A relation of which nothing is known yet.
    pub(super) fn new(packed: Packed, at: Timestamp) -> Self {
        Self { packed, first_at: at, last_at: at, vlans: Vlans::default(), marks: Marks::default() }
    }

    /// As the store kept it.
    pub(super) fn of(entry: Entry) -> Self {
        let Entry { fact: Fact { relation, direction, known }, told, confirmed } = entry;
        let Known { grade, syn_seen, first_at, last_at, handshakes, vlans } = known;
        let mut marks = Marks::default();
        marks.raise(grade);
        marks.saw_syn(syn_seen);
        marks.set_handshakes(handshakes);
        marks.set_direction(direction);
        marks.set_told(told);
        marks.set_confirmed(confirmed);
        Self { packed: Packed::of(relation), first_at, last_at, vlans, marks }
    }

    /// As the store keeps it.
    pub(super) fn entry(&self) -> Entry {
        Entry { fact: self.fact(), told: self.marks.told(), confirmed: self.marks.confirmed() }
    }

    pub(super) fn fact(&self) -> Fact {
        let Self { first_at, last_at, ref vlans, marks, .. } = *self;
        let (grade, syn_seen, handshakes) = (marks.grade(), marks.syn_seen(), marks.handshakes());
        let known = Known { grade, syn_seen, first_at, last_at, handshakes, vlans: vlans.clone() };
        Fact { relation: self.packed.relation(), direction: marks.direction(), known }
    }

    /// Whether it was told.
    pub(super) fn is_told(&self) -> bool {
        self.marks.is_told()
    }

    /// Another SYN-ACK, of this moment: the clock may have gone back.
    pub(super) fn answered(&mut self, at: Timestamp, syn_seen: bool, direction: Option<Direction>) {
        self.first_at = self.first_at.min(at);
        let marks = &mut self.marks;
        marks.set_handshakes(marks.handshakes().saturating_add(1));
        marks.saw_syn(syn_seen);
        marks.raise(if syn_seen { Grade::SynAck } else { Grade::SynAckOnly });
        marks.set_direction(direction);
    }

    /// What it adds to a fact that it is a part of.
    pub(super) fn part(&self) -> Part {
        Part { first_at: self.first_at, last_at: self.last_at, marks: self.marks }
    }

    /// Adds what a part knows: the fact is the sum of its parts.
    pub(super) fn join(&mut self, part: Part) {
        self.first_at = self.first_at.min(part.first_at);
        self.last_at = self.last_at.max(part.last_at);
        self.marks.join(part.marks);
    }

    /// Whether it is to be told now: once, when it is sure enough.
    pub(super) fn tell(&mut self, enough: Grade) -> bool {
        let grade = self.marks.grade();
        // A probe has not established anything.
        let sure = grade >= enough && (grade != Grade::Probe || enough <= Grade::SynAck);
        if self.is_told() || !sure {
            return false;
        }
        self.marks.set_told(Some(grade));
        true
    }

    /// The grade it was told with, if it is to be confirmed now: once, when its grade rose above that, but not above what is shown now.
    pub(super) fn confirm(&mut self, shown: Grade) -> Option<Grade> {
        let (grade, confirmed) = (self.marks.grade(), self.marks.confirmed());
        let told = self.marks.told().filter(|told| !confirmed && grade > *told && grade > Grade::SynAck && grade <= shown)?;
        self.marks.set_confirmed(true);
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_is_the_same_relation() {
        let ips = ["10.0.0.1", "0.0.0.0", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        let ends = ips.map(|ip| Endpoint { ip, port: 1241 });
        for relation in ips.into_iter().flat_map(|ip| ends.into_iter().flat_map(move |end| Relation::of_pair(ip, end))) {
            assert_eq!(Packed::of(relation).relation(), relation);
        }
        assert_eq!((size_of::<Packed>(), size_of::<Row>()), (16, 48));
    }
}
