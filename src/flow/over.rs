//! A connection that is over: what it takes to know its repetitions, and when the same ends begin anew.

use super::connection::Connection;
use super::history::to_u64;
use super::seq;
use crate::decode::Segment;
use crate::peer::Endpoint;
use crate::peer::FlowKey;
use crate::peer::VlanStack;

/// What remains of a connection for a while: most of a busy table, so it is small.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    /// Where the streams of client and server start, and up to where they were seen.
    ends: [(Option<u32>, u64); 2],
    /// VLAN tags of its first frame.
    pub(super) vlans: VlanStack,
    /// Where the inventory keeps its facts.
    pub(super) facts_at: [u32; 3],
    pub(super) anew: Anew,
}

/// What says that the same ends may begin anew.
#[derive(Debug, Default)]
pub(super) struct Anew {
    /// Whether the client's side sent another SYN: its next data may belong to a new connection.
    pub(super) asked: bool,
    /// A SYN-ACK of other numbers that came without a SYN: it counts when the client acknowledges it.
    pub(super) challenger: Option<Box<Segment<'static>>>,
}

impl Anew {
    /// Whether anything says so.
    pub(super) fn is_possible(&self) -> bool {
        self.asked || self.challenger.is_some()
    }
}

impl Over {
    pub(super) fn of(connection: &mut Connection) -> Self {
        let anew = std::mem::take(&mut connection.anew);
        let flow = &connection.flow;
        let end = |endpoint: Endpoint| (connection.start(endpoint), connection.next(endpoint));
        Self {
            client: flow.client,
            server: flow.server,
            ends: [end(flow.client), end(flow.server)],
            vlans: flow.vlans,
            facts_at: flow.facts_at,
            anew,
        }
    }

    pub(super) fn key(&self) -> FlowKey {
        FlowKey::of(self.client, self.server).0
    }

    /// Whether this names it.
    pub(super) fn has_key(&self, key: &FlowKey) -> bool {
        (self.client == key.low && self.server == key.high) || (self.client == key.high && self.server == key.low)
    }

    fn end(&self, endpoint: Endpoint) -> (Option<u32>, u64) {
        let [client, server] = self.ends;
        if endpoint == self.client { client } else { server }
    }

    /// Whether the initial sequence number of this endpoint was this one.
    pub(super) fn is_isn(&self, endpoint: Endpoint, isn: u32) -> bool {
        self.end(endpoint).0 == Some(isn.wrapping_add(1))
    }

    /// Whether a segment holds only what was seen of the connection before.
    pub(super) fn covers(&self, segment: &Segment<'_>) -> bool {
        let len = to_u64(segment.payload.len()).saturating_add(u64::from(segment.uncaptured));
        let (start, next) = self.end(segment.source);
        start.is_some_and(|start| seq::covers(start, next, segment.seq, len))
    }
}
