//! A connection that is over: what it takes to know its repetitions, and when the same ends begin anew.

use super::connection::Connection;
use super::history::to_u64;
use super::seq;
use crate::decode::Segment;
use crate::packed::PackedEnd;
use crate::packed::PackedKey;
use crate::packed::ThinKey;
use crate::peer::Endpoint;
use crate::peer::FlowKey;
use crate::peer::VlanStack;

/// What remains of a connection for a while. There are many of them, so the usual one is small.
#[derive(Debug)]
pub(super) enum Over {
    Usual(Usual),
    Other(Box<Whole>),
}

/// One of IPv4, without tags, whose streams were not long.
#[derive(Debug, Default)]
pub(super) struct Usual {
    key: ThinKey,
    /// Where the streams of the low and the high endpoint start, where that is known, and up to where they were seen.
    starts: [u32; 2],
    nexts: [u32; 2],
    known: [bool; 2],
    client_is_low: bool,
    asked: bool,
}

/// Any other one.
#[derive(Debug)]
pub(super) struct Whole {
    client: Endpoint,
    server: Endpoint,
    /// Where the streams of client and server start, and up to where they were seen.
    ends: [(Option<u32>, u64); 2],
    /// VLAN tags of its first frame.
    vlans: VlanStack,
    anew: Anew,
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

/// What stands where there is none.
impl Default for Over {
    fn default() -> Self {
        Self::Usual(Usual::default())
    }
}

impl Usual {
    /// Nothing where there is more to know.
    fn of(connection: &Connection) -> Option<Self> {
        let key = connection.key();
        let ends = [key.low, key.high].map(|end| (connection.start(end), u32::try_from(connection.next(end)).ok()));
        let [(low_start, low_next), (high_start, high_next)] = ends;
        let is_usual = connection.flow.vlans == VlanStack::default() && connection.anew.challenger.is_none();
        Some(Self {
            key: ThinKey::of(PackedKey::of_key(&key).filter(|_| is_usual)?),
            starts: [low_start.unwrap_or(0), high_start.unwrap_or(0)],
            nexts: [low_next?, high_next?],
            known: [low_start.is_some(), high_start.is_some()],
            client_is_low: connection.client_is_low(),
            asked: connection.anew.asked,
        })
    }

    fn end(&self, endpoint: Endpoint) -> (Option<u32>, u64) {
        let ([low, high], [low_next, high_next], [low_known, high_known]) = (self.starts, self.nexts, self.known);
        let is_low = PackedEnd::of(endpoint) == Some(self.key.key().low);
        let (start, next, known) = if is_low { (low, low_next, low_known) } else { (high, high_next, high_known) };
        (known.then_some(start), next.into())
    }
}

impl Over {
    pub(super) fn of(connection: &mut Connection) -> Self {
        if let Some(usual) = Usual::of(connection) {
            return Self::Usual(usual);
        }
        let anew = std::mem::take(&mut connection.anew);
        let flow = &connection.flow;
        let end = |endpoint: Endpoint| (connection.start(endpoint), connection.next(endpoint));
        let ends = [end(flow.client), end(flow.server)];
        Self::Other(Box::new(Whole { client: flow.client, server: flow.server, ends, vlans: flow.vlans, anew }))
    }

    /// What names it, in short where it is usual.
    pub(super) fn key(&self) -> Result<PackedKey, FlowKey> {
        match self {
            Self::Usual(usual) => Ok(usual.key.key()),
            Self::Other(whole) => Err(FlowKey::of(whole.client, whole.server).0),
        }
    }

    /// Whether this names it; `thin` where that is of IPv4.
    pub(super) fn has_key(&self, thin: Option<ThinKey>, key: impl FnOnce() -> FlowKey) -> bool {
        match self {
            Self::Usual(usual) => thin == Some(usual.key),
            Self::Other(whole) => key() == FlowKey::of(whole.client, whole.server).0,
        }
    }

    /// Client and server.
    pub(super) fn ends(&self) -> (Endpoint, Endpoint) {
        match self {
            Self::Usual(usual) => {
                let FlowKey { low, high } = usual.key.key().key();
                if usual.client_is_low { (low, high) } else { (high, low) }
            }
            Self::Other(whole) => (whole.client, whole.server),
        }
    }

    /// VLAN tags of its first frame.
    pub(super) fn vlans(&self) -> VlanStack {
        match self {
            Self::Usual(_) => VlanStack::default(),
            Self::Other(whole) => whole.vlans,
        }
    }

    /// Whether another SYN was seen.
    pub(super) fn was_asked(&self) -> bool {
        match self {
            Self::Usual(usual) => usual.asked,
            Self::Other(whole) => whole.anew.asked,
        }
    }

    /// Notes that another SYN was seen.
    pub(super) fn ask(&mut self) {
        match self {
            Self::Usual(usual) => usual.asked = true,
            Self::Other(whole) => whole.anew.asked = true,
        }
    }

    /// Whether anything says that the same ends may begin anew.
    pub(super) fn may_begin_anew(&self) -> bool {
        match self {
            Self::Usual(usual) => usual.asked,
            Self::Other(whole) => whole.anew.is_possible(),
        }
    }

    /// The SYN-ACK that waits to be acknowledged, where that may be there.
    pub(super) fn challenger(&mut self) -> Option<&mut Option<Box<Segment<'static>>>> {
        match self {
            Self::Usual(_) => None,
            Self::Other(whole) => Some(&mut whole.anew.challenger),
        }
    }

    fn end(&self, endpoint: Endpoint) -> (Option<u32>, u64) {
        match self {
            Self::Usual(usual) => usual.end(endpoint),
            Self::Other(whole) => {
                let [client, server] = whole.ends;
                if endpoint == whole.client { client } else { server }
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_one_is_small() {
        assert_eq!(size_of::<Over>(), 32);
    }
}
