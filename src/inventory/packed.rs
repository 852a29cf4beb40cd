//! A relation in few bytes, as nearly all are of IPv4: the table is asked for two or three of each connection.

use crate::fact::Relation;
use crate::peer::Endpoint;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
use std::net::Ipv4Addr;

/// A relation in sixteen bytes; where it is not of IPv4 it is somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    V4(V4),
    Wide(Box<Relation>),
}

/// A relation of IPv4. An address that it does not have is zero, and so tells which of the three kinds it is: relations with an address
/// of zero are not among these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(2))]
pub(super) struct V4 {
    pub(super) client: u32,
    pub(super) server: u32,
    pub(super) port: u16,
}

impl V4 {
    fn of(relation: Relation) -> Option<Self> {
        let bits = |ip: Option<IpAddr>| match ip {
            Some(IpAddr::V4(ip)) if !ip.is_unspecified() => Some(ip.to_bits()),
            Some(_) => None,
            None => Some(0),
        };
        Some(Self { client: bits(relation.client())?, server: bits(relation.server())?, port: relation.port() })
    }

    /// The client and the port in one number.
    #[inline]
    pub(super) fn client_port(self) -> u64 {
        u64::from(self.client) << 16 | u64::from(self.port)
    }

    /// Which of the three kinds it is: a service, a client's port, a connection.
    #[inline]
    pub(super) fn kind(self) -> usize {
        match self {
            Self { client: 0, .. } => 0,
            Self { server: 0, .. } => 1,
            _ => 2,
        }
    }

    fn relation(self) -> Relation {
        let Self { client, server, port } = self;
        let (client, server) = (IpAddr::V4(Ipv4Addr::from_bits(client)), IpAddr::V4(Ipv4Addr::from_bits(server)));
        match self.kind() {
            0 => Relation::Service(Endpoint { ip: server, port }),
            1 => Relation::ClientPort(client, port),
            _ => Relation::Connection(client, Endpoint { ip: server, port }),
        }
    }
}

impl Packed {
    /// The relations that a client and a server may have, in the order of their kinds.
    pub(super) fn of_pair(client: IpAddr, server: Endpoint) -> [Self; 3] {
        match (client, server.ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) if !from.is_unspecified() && !to.is_unspecified() => {
                let (port, from, to) = (server.port, from.to_bits(), to.to_bits());
                [(0, to), (from, 0), (from, to)].map(|(client, server)| Self::V4(V4 { client, server, port }))
            }
            _ => Relation::of_pair(client, server).map(Self::of),
        }
    }

    pub(super) fn of(relation: Relation) -> Self {
        V4::of(relation).map_or_else(|| Self::Wide(Box::new(relation)), Self::V4)
    }

    pub(super) fn is_service(&self) -> bool {
        self.kind() == 0
    }

    pub(super) fn is_connection(&self) -> bool {
        self.kind() == 2
    }

    /// The client's port that a connection belongs to.
    pub(super) fn client_port(&self) -> Option<Self> {
        match self {
            Self::V4(v4) if v4.kind() == 2 => Some(Self::V4(V4 { server: 0, ..*v4 })),
            Self::V4(_) => None,
            Self::Wide(relation) => match **relation {
                Relation::Connection(client, server) => Some(Self::of(Relation::ClientPort(client, server.port))),
                Relation::Service(_) | Relation::ClientPort(..) => None,
            },
        }
    }

    /// Which of the three kinds it is: a service, a client's port, a connection.
    pub(super) fn kind(&self) -> usize {
        match self {
            Self::V4(v4) => v4.kind(),
            Self::Wide(relation) => match **relation {
                Relation::Service(_) => 0,
                Relation::ClientPort(..) => 1,
                Relation::Connection(..) => 2,
            },
        }
    }

    /// Who asked, where the relation names it.
    pub(super) fn client(&self) -> Option<IpAddr> {
        self.relation().client()
    }

    /// The server's port.
    pub(super) fn port(&self) -> u16 {
        self.relation().port()
    }

    pub(super) fn relation(&self) -> Relation {
        match self {
            Self::V4(v4) => v4.relation(),
            Self::Wide(relation) => **relation,
        }
    }
}

/// Two words where two words say all.
impl Hash for Packed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Self::V4(V4 { client, server, port }) => {
                state.write_u64(u64::from(client) << 32 | u64::from(server));
                state.write_u16(port);
            }
            Self::Wide(ref relation) => relation.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_is_the_same_relation() {
        let ips = ["10.0.0.1", "0.0.0.0", "255.255.255.255", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        let ends = ips.map(|ip| Endpoint { ip, port: 1241 });
        for (ip, end) in ips.into_iter().flat_map(|ip| ends.into_iter().map(move |end| (ip, end))) {
            let relations = Relation::of_pair(ip, end);
            assert_eq!(relations.map(|relation| Packed::of(relation).relation()), relations);
            assert_eq!(Packed::of_pair(ip, end).map(|packed| packed.kind()), [0, 1, 2]);
            let [_, port, connection] = relations.map(Packed::of);
            assert_eq!((connection.client_port(), port.client_port()), (Some(port), None));
        }
        assert_eq!(size_of::<Packed>(), 16);
    }
}
