//! What is known of who serves and who speaks: the relations, how sure they are, since when and how often.

use crate::peer::Endpoint;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use sha2::Digest as _;
use sha2::Sha256;
use std::fmt;
use std::fmt::Write as _;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
use std::str::FromStr;
use thin_vec::ThinVec;

/// The transport of every relation so far.
pub const TRANSPORT: &str = "tcp";

/// VLAN stacks remembered of one fact; who has more is on a trunk that moves, and the first ones tell that.
const MOST_VLANS: usize = 8;

/// What a fact is about. The three kinds are those of Nessus Network Monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Somebody serves (NNM plugin 0).
    Service(Endpoint),
    /// A client uses services on a port, wherever they are (NNM plugin 2).
    ClientPort(IpAddr, u16),
    /// A client reached a service (NNM plugins 3, 15, 14, 16).
    Connection(IpAddr, Endpoint),
}

impl Relation {
    /// The name of its kind: `service`, `client_port`, `connection`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => "service",
            Self::ClientPort(..) => "client_port",
            Self::Connection(..) => "connection",
        }
    }

    /// Who asked, where the relation names it.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        match *self {
            Self::Service(_) => None,
            Self::ClientPort(client, _) | Self::Connection(client, _) => Some(client),
        }
    }

    /// Who answered, where the relation names it.
    #[must_use]
    pub fn server(&self) -> Option<IpAddr> {
        match *self {
            Self::ClientPort(..) => None,
            Self::Service(server) | Self::Connection(_, server) => Some(server.ip),
        }
    }

    /// The server's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        match *self {
            Self::ClientPort(_, port) => port,
            Self::Service(server) | Self::Connection(_, server) => server.port,
        }
    }

    /// From the parts an output or a file names it with; nothing when they make no relation.
    #[must_use]
    pub fn of_parts(client: Option<IpAddr>, server: Option<IpAddr>, port: u16) -> Option<Self> {
        match (client, server) {
            (None, Some(ip)) => Some(Self::Service(Endpoint { ip, port })),
            (Some(client), None) => Some(Self::ClientPort(client, port)),
            (Some(client), Some(ip)) => Some(Self::Connection(client, Endpoint { ip, port })),
            (None, None) => None,
        }
    }

    /// The three relations of a client and a service, from the least to the most.
    #[must_use]
    pub fn of_pair(client: IpAddr, server: Endpoint) -> [Self; 3] {
        [Self::Service(server), Self::ClientPort(client, server.port), Self::Connection(client, server)]
    }

    /// The same for the same transport, client, server and port, wherever it is made: the first 16 bytes, in lower-case hex, of
    /// the SHA-256 of `transport|client_ip|server_ip|port`, a part the relation does not have left empty, addresses in the
    /// form of RFC 5952.
    #[must_use]
    pub fn id(&self) -> String {
        let written = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
        let canonical = format!("{TRANSPORT}|{}|{}|{}", written(self.client()), written(self.server()), self.port());
        Sha256::digest(canonical.as_bytes()).iter().take(16).fold(String::with_capacity(32), |mut id, byte| {
            // Writing to a String cannot fail.
            _ = write!(id, "{byte:02x}");
            id
        })
    }
}

/// As short as the hash of [`Endpoint`]: every connection asks for three.
impl Hash for Relation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Self::Service(server) => server.hash(state),
            Self::ClientPort(ip, port) => {
                Endpoint { ip, port }.hash(state);
                state.write_u8(1);
            }
            Self::Connection(ip, server) => {
                Endpoint { ip, port: 0 }.hash(state);
                server.hash(state);
            }
        }
    }
}

/// `10.0.0.1 → 10.0.0.2:22`, and less of it where less is known.
impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(server) => write!(f, "{server}"),
            Self::ClientPort(client, port) => write!(f, "{client} → port {port}"),
            Self::Connection(client, server) => write!(f, "{client} → {server}"),
        }
    }
}

/// Where the ends of a connection are, in the words of ECS `network.direction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ends in the focus network.
    Internal,
    /// The client outside, the server inside.
    Inbound,
    /// The client inside, the server outside.
    Outbound,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Internal, Self::Inbound, Self::Outbound];

    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What a fact rests on, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// A SYN-ACK whose SYN was not seen.
    SynAckOnly,
    /// A SYN and the SYN-ACK that acknowledges it.
    SynAck,
    /// The client answered the SYN-ACK with RST, before any data: it only wanted to know.
    Probe,
    /// The client acknowledged the SYN-ACK.
    Established,
    /// Both sides sent payload.
    Data,
}

impl Grade {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 5] = [Self::SynAckOnly, Self::SynAck, Self::Probe, Self::Established, Self::Data];

    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SynAckOnly => "synack_only",
            Self::SynAck => "synack",
            Self::Probe => "probe",
            Self::Established => "established",
            Self::Data => "data",
        }
    }
}

/// VLAN tags a relation was seen with: distinct stacks in order of first sight, frames without tags left out, at most eight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vlans(ThinVec<VlanStack>);

impl Vlans {
    /// Adds what a frame was tagged with.
    pub fn add(&mut self, stack: VlanStack) {
        if !stack.ids().is_empty() && self.0.len() < MOST_VLANS && !self.0.contains(&stack) {
            self.0.push(stack);
        }
    }

    /// The stacks, each from the outermost tag inwards.
    pub fn stacks(&self) -> impl Iterator<Item = &[u16]> {
        self.0.iter().map(VlanStack::ids)
    }
}

/// `10,100.20`: stacks separated by commas, the tags of one by points.
impl fmt::Display for Vlans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stack = |ids: &[u16]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        f.write_str(&self.stacks().map(stack).collect::<Vec<_>>().join(","))
    }
}

/// Reads what [`Display`](fmt::Display) writes; an error for anything else.
impl FromStr for Vlans {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut vlans = Self::default();
        for stack in text.split(',').filter(|stack| !stack.is_empty()) {
            let mut tags = VlanStack::default();
            for id in stack.split('.') {
                tags.push(id.parse().map_err(|_| ())?).then_some(()).ok_or(())?;
            }
            vlans.add(tags);
        }
        Ok(vlans)
    }
}

/// What is known of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// How sure it is.
    pub grade: Grade,
    /// Whether a client's SYN was seen too.
    pub syn_seen: bool,
    /// Time of the first SYN-ACK, on the capture clock; where a relation was learned only when a connection was established, the time of that.
    pub first_at: Timestamp,
    /// Time of the newest sight of a connection that belongs to it: SYN-ACK, step or end; of a client's port, of one that is recorded. Never
    /// before `first_at`. Where facts are looked at only at the end, a step after which the clock was set back does not count.
    pub last_at: Timestamp,
    /// SYN-ACKs so far, repetitions left out.
    pub handshakes: u64,
    /// VLAN tags of the SYNs and SYN-ACKs.
    pub vlans: Vlans,
}

/// A relation and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub relation: Relation,
    /// Where the two ends are, seen from the focus network; of connections only.
    pub direction: Option<Direction>,
    /// How well it is known.
    pub known: Known,
}

impl Fact {
    /// The plugins of Nessus Network Monitor that report it.
    #[must_use]
    pub fn nnm_plugins(&self) -> &'static [u16] {
        match (self.relation, self.direction) {
            (Relation::Service(_), _) => &[0],
            (Relation::ClientPort(..), _) => &[2],
            (Relation::Connection(..), Some(Direction::Inbound)) => &[14],
            (Relation::Connection(..), Some(Direction::Outbound)) => &[16],
            (Relation::Connection(..), _) => &[3, 15],
        }
    }
}

/// Facts to be looked through, one after the other, in an order that nothing promises.
pub trait Facts: fmt::Debug {
    /// Lends every fact that was told.
    fn each(&self, take: &mut dyn FnMut(&Fact));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_have_the_documented_number() {
        let ip = |text: &str| Some(text.parse().unwrap());
        let id = |client, server| Relation::of_parts(client, server, 1241).unwrap().id();
        assert_eq!(id(ip("192.168.11.12"), ip("192.168.11.8")), "8420d7dad32791565600d62432952722");
        assert_eq!(id(None, ip("192.168.11.8")), "2cc2e2b3ce2024ac93abdfd996e6f408");
        assert_eq!(Relation::of_parts(None, None, 1), None);
    }

    #[test]
    fn vlans_are_kept_once_and_not_without_end() {
        let stack = |ids: &[u16]| {
            let mut stack = VlanStack::default();
            for id in ids {
                assert!(stack.push(*id));
            }
            stack
        };
        let mut vlans = Vlans::default();
        for ids in [&[][..], &[10], &[100, 20], &[10]] {
            vlans.add(stack(ids));
        }
        assert_eq!(vlans.to_string(), "10,100.20");
        assert_eq!("10,100.20".parse(), Ok(vlans.clone()));
        assert!(["x", "10.", "1.2.3.4.5"].iter().all(|text| text.parse::<Vlans>().is_err()));
        (1..100).for_each(|id| vlans.add(stack(&[id])));
        assert_eq!(vlans.stacks().count(), 8);
    }
}
