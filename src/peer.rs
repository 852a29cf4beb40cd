//! Who talks: endpoints, the two peers of a connection, and what names a connection.

use crate::event::Closing;
use crate::evidence::Frames;
use crate::fact::Grade;
use crate::secured::Secured;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

/// One side of a connection, by its part in it. The protocol itself speaks of client and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// The side that asked for the connection.
    Client,
    /// The side that answered.
    Server,
}

impl Peer {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The one at the other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// An address and a port; shown as `10.0.0.1:80` or `[2001:db8::1]:80`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The IP address.
    pub ip: IpAddr,
    /// The TCP port.
    pub port: u16,
}

impl Endpoint {
    /// Whether it stands before the other one, or is the same: as the order says, but quick where both are of IPv4, since every
    /// packet asks.
    #[must_use]
    pub fn comes_before(&self, other: &Self) -> bool {
        match (self.ip, other.ip) {
            (IpAddr::V4(one), IpAddr::V4(two)) => (one.to_bits(), self.port) <= (two.to_bits(), other.port),
            _ => self <= other,
        }
    }
}

/// One number for each endpoint of IPv4: tables are asked about every packet.
impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.ip {
            IpAddr::V4(ip) => state.write_u64(u64::from(ip.to_bits()) << 16 | u64::from(self.port)),
            IpAddr::V6(ip) => {
                state.write_u128(ip.to_bits());
                state.write_u16(self.port);
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}

/// The two endpoints of a connection without direction: both ways give the same key.
///
/// Invariant: `low <= high`. VLAN tags and TTL are no part of it, so that a routed copy is the same connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    /// The smaller endpoint.
    pub low: Endpoint,
    /// The larger endpoint.
    pub high: Endpoint,
}

impl FlowKey {
    /// The key of a packet, and whether its source is the low endpoint.
    #[must_use]
    pub fn of(source: Endpoint, destination: Endpoint) -> (Self, bool) {
        if source.comes_before(&destination) {
            (Self { low: source, high: destination }, true)
        } else {
            (Self { low: destination, high: source }, false)
        }
    }
}

/// The number of a connection, from 1 in the order of first sight. A reused port pair gets a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u64);

/// What carries a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// UDP: all datagrams between two endpoints until a long silence.
    Udp,
}

impl Transport {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// IANA's protocol number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

/// How it was decided who is the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesFrom {
    /// A SYN and the SYN-ACK that answers it.
    Handshake,
    /// A SYN-ACK whose SYN was not seen: its sender is the server.
    SynAck,
    /// A SYN alone: its sender is the client.
    Syn,
    /// The bytes say so (`SERVER <|>`, a prompt, a version offer).
    Content,
    /// One port is a known service port.
    KnownPort,
    /// The lower port, for want of anything better.
    LowerPort,
}

impl RolesFrom {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::SynAck => "synack",
            Self::Syn => "syn",
            Self::Content => "content",
            Self::KnownPort => "known_port",
            Self::LowerPort => "lower_port",
        }
    }
}

/// VLAN tags of a frame from the outermost inwards, at most four. Of a tunnelled frame only those inside the innermost tunnel: the
/// tags around a tunnel are those of the network that carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct VlanStack {
    ids: [u16; 4],
    depth: u8,
}

impl VlanStack {
    /// Adds an inner tag; false when the stack is full.
    pub fn push(&mut self, id: u16) -> bool {
        match self.ids.get_mut(usize::from(self.depth)) {
            Some(slot) => {
                *slot = id & 0x0fff;
                self.depth = self.depth.saturating_add(1);
                true
            }
            None => false,
        }
    }

    /// The tags, outermost first.
    #[must_use]
    pub fn ids(&self) -> &[u16] {
        self.ids.get(..usize::from(self.depth)).unwrap_or_default()
    }
}

/// Packets and payload bytes one peer sent, as seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// TCP segments, repetitions included.
    pub packets: u64,
    /// Payload bytes, repetitions included.
    pub bytes: u64,
}

/// What is known of a connection: made by `flow`, shown by every output.
///
/// `client` and `server` may change places until the first event of the flow is out, never after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its number.
    pub id: FlowId,
    /// What carries it.
    pub transport: Transport,
    /// The side that asked.
    pub client: Endpoint,
    /// The side that answered.
    pub server: Endpoint,
    /// Why these are the roles.
    pub roles: RolesFrom,
    /// Time of the first frame.
    pub first_at: Timestamp,
    /// Time of the newest frame.
    pub last_at: Timestamp,
    /// The frames of the opening: SYN, SYN-ACK and ACK as far as seen, else the first frame with payload.
    pub opening: Frames,
    /// The frames that closed it, as far as seen.
    pub closing: Frames,
    /// How it ended, once it did.
    pub ended: Option<Closing>,
    /// How far its client and server came behind a SYN-ACK that was seen, once it ended: established, or data of both.
    pub came_to: Option<Grade>,
    /// VLAN tags of the first frame.
    pub vlans: VlanStack,
    /// The tunnels around the first frame.
    pub tunnels: TunnelStack,
    /// What the client sent.
    pub from_client: Traffic,
    /// What the server sent.
    pub from_server: Traffic,
    /// Whether the flow was announced by a `flow_opened` event.
    pub announced: bool,
    /// Where the inventory keeps its facts: the service, the client's port, the connection. A hint of its own, nothing to others.
    pub facts_at: [u32; 3],
    /// Where the flow stage keeps it. The same.
    pub place: u32,
    /// What is known of the TLS session it carries, if it carries one.
    pub tls: Option<Box<Secured>>,
}

impl Flow {
    /// A connection of which nothing is known but its number, its ends, and since when; nothing is counted or announced yet.
    #[must_use]
    pub fn new(id: FlowId, client: Endpoint, server: Endpoint, roles: RolesFrom, at: Timestamp) -> Self {
        Self {
            id,
            transport: Transport::Tcp,
            client,
            server,
            roles,
            first_at: at,
            last_at: at,
            opening: Frames::default(),
            closing: Frames::default(),
            ended: None,
            came_to: None,
            vlans: VlanStack::default(),
            tunnels: TunnelStack::default(),
            from_client: Traffic::default(),
            from_server: Traffic::default(),
            announced: false,
            facts_at: [u32::MAX; 3],
            place: u32::MAX,
            tls: None,
        }
    }

    /// The endpoint that has this part.
    #[must_use]
    pub fn endpoint(&self, peer: Peer) -> Endpoint {
        match peer {
            Peer::Client => self.client,
            Peer::Server => self.server,
        }
    }

    /// Lets client and server change places, because the bytes say so. Does nothing once the flow is announced.
    pub fn turn_round(&mut self) {
        if !self.announced {
            std::mem::swap(&mut self.client, &mut self.server);
            std::mem::swap(&mut self.from_client, &mut self.from_server);
        }
    }

    /// The counters of this part.
    pub fn traffic_mut(&mut self, peer: Peer) -> &mut Traffic {
        match peer {
            Peer::Client => &mut self.from_client,
            Peer::Server => &mut self.from_server,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_key_has_no_direction() {
        let a = Endpoint { ip: Ipv4Addr::new(10, 0, 0, 1).into(), port: 80 };
        let b = Endpoint { ip: Ipv4Addr::new(10, 0, 0, 1).into(), port: 81 };
        assert_eq!(FlowKey::of(a, b).0, FlowKey::of(b, a).0);
        assert!(FlowKey::of(a, b).1);
        assert!(!FlowKey::of(b, a).1);
    }

    #[test]
    fn the_quick_order_is_the_order() {
        let ips = ["10.0.0.1", "10.0.0.2", "9.255.0.1", "::1", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        let ends: Vec<Endpoint> = ips.into_iter().flat_map(|ip| [1, 80, 65_535].map(|port| Endpoint { ip, port })).collect();
        for one in &ends {
            assert!(ends.iter().all(|two| one.comes_before(two) == (one <= two)), "{one}");
        }
    }

    #[test]
    fn vlans_stop_at_four() {
        let mut stack = VlanStack::default();
        assert!((1..=4).all(|id| stack.push(id)));
        assert!(!stack.push(5));
        assert_eq!(stack.ids(), [1, 2, 3, 4]);
    }
}
