//! The facts of the script: one of every kind, with every oddity.

use super::at;
use super::endpoint;
use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Grade;
use crate::fact::Known;
use crate::fact::Relation;
use crate::fact::Vlans;
use crate::peer::VlanStack;

/// A fact of the script.
pub(super) fn fact(relation: Relation, direction: Option<Direction>, grade: Grade) -> Fact {
    let syn_seen = grade != Grade::SynAckOnly;
    let known = Known { grade, syn_seen, first_at: at(112), last_at: at(5_000_000), handshakes: 1, vlans: Vlans::default() };
    Fact { relation, direction, known }
}

/// The facts of the script.
pub(super) fn known() -> [Fact; 6] {
    let (server, odd) = (endpoint("192.168.11.8:1241"), endpoint("[2001:db8::8]:9999"));
    let (client, outside) = (endpoint("192.168.11.12:2204").ip, endpoint("203.0.113.7:1").ip);
    let mut inbound = fact(Relation::Connection(outside, server), Some(Direction::Inbound), Grade::SynAckOnly);
    inbound.known.handshakes = 2;
    let mut stack = VlanStack::default();
    assert!(stack.push(100) && stack.push(10));
    inbound.known.vlans.add(stack);
    [
        fact(Relation::Service(server), None, Grade::SynAck),
        fact(Relation::Service(odd), None, Grade::SynAckOnly),
        fact(Relation::ClientPort(client, 1241), None, Grade::SynAck),
        fact(Relation::Connection(client, server), Some(Direction::Internal), Grade::SynAck),
        fact(Relation::Connection(client, odd), Some(Direction::Outbound), Grade::SynAckOnly),
        inbound,
    ]
}

/// Facts in the order of a list.
#[derive(Debug)]
pub(super) struct Listed(pub(super) Vec<Fact>);

impl Facts for Listed {
    fn each(&self, take: &mut dyn FnMut(&Fact)) {
        self.0.iter().for_each(take);
    }
}
