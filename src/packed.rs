//! Endpoints of IPv4 in few bytes: every packet has two, and every connection is asked for by them.

use crate::peer::Endpoint;
use crate::peer::FlowKey;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
use std::net::Ipv4Addr;

/// An endpoint of IPv4 in one number, the port in its low bits: of the same order, and of the same hash, as [`Endpoint`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PackedEnd(u64);

impl PackedEnd {
    /// Of an address and a port.
    #[inline]
    pub(crate) fn new(ip: u32, port: u16) -> Self {
        Self(u64::from(ip) << 16 | u64::from(port))
    }

    /// Of an endpoint, unless that is of IPv6.
    pub(crate) fn of(endpoint: Endpoint) -> Option<Self> {
        match endpoint.ip {
            IpAddr::V4(ip) => Some(Self::new(ip.to_bits(), endpoint.port)),
            IpAddr::V6(_) => None,
        }
    }

    /// The address.
    #[inline]
    pub(crate) fn ip(self) -> u32 {
        let [_, _, a, b, c, d, _, _] = self.0.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// The port.
    #[inline]
    pub(crate) fn port(self) -> u16 {
        let [.., high, low] = self.0.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// The endpoint.
    pub(crate) fn endpoint(self) -> Endpoint {
        Endpoint { ip: IpAddr::V4(Ipv4Addr::from_bits(self.ip())), port: self.port() }
    }
}

/// Two endpoints of IPv4 without direction, in sixteen bytes: the same name as [`FlowKey`], with the same hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PackedKey {
    /// The smaller endpoint.
    pub(crate) low: PackedEnd,
    /// The larger endpoint.
    pub(crate) high: PackedEnd,
}

impl PackedKey {
    /// The key of a packet.
    pub(crate) fn of(source: PackedEnd, destination: PackedEnd) -> Self {
        if source <= destination { Self { low: source, high: destination } } else { Self { low: destination, high: source } }
    }

    /// Of a key, unless that is of IPv6.
    pub(crate) fn of_key(key: &FlowKey) -> Option<Self> {
        Some(Self { low: PackedEnd::of(key.low)?, high: PackedEnd::of(key.high)? })
    }

    /// The key at length.
    pub(crate) fn key(self) -> FlowKey {
        FlowKey { low: self.low.endpoint(), high: self.high.endpoint() }
    }
}

impl Hash for PackedKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.low.0);
        state.write_u64(self.high.0);
    }
}

/// The same in twelve bytes, for who keeps many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThinKey {
    /// Addresses of the smaller and of the larger endpoint.
    ips: [u32; 2],
    ports: [u16; 2],
}

impl ThinKey {
    /// Of a key.
    #[inline]
    pub(crate) fn of(PackedKey { low, high }: PackedKey) -> Self {
        Self { ips: [low.ip(), high.ip()], ports: [low.port(), high.port()] }
    }

    /// The key.
    #[inline]
    pub(crate) fn key(self) -> PackedKey {
        let Self { ips: [low, high], ports: [low_port, high_port] } = self;
        PackedKey { low: PackedEnd::new(low, low_port), high: PackedEnd::new(high, high_port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldhash::quality::RandomState;
    use std::hash::BuildHasher;

    #[test]
    fn a_packed_key_is_the_key() {
        let hasher = RandomState::default();
        let ends = [(10, 0, 1), (10, 1, 0), (9, 255, 65_535)].map(|(a, d, port)| Endpoint { ip: Ipv4Addr::new(a, 0, 0, d).into(), port });
        for (one, two) in ends.into_iter().flat_map(|one| ends.map(|two| (one, two))) {
            let packed = PackedKey::of(PackedEnd::of(one).unwrap(), PackedEnd::of(two).unwrap());
            let key = FlowKey::of(one, two).0;
            assert_eq!((packed.key(), PackedKey::of_key(&key)), (key, Some(packed)));
            assert_eq!((ThinKey::of(packed).key(), size_of::<ThinKey>()), (packed, 12));
            assert_eq!(hasher.hash_one(packed), hasher.hash_one(key));
        }
        assert_eq!(PackedEnd::of(Endpoint { ip: "::1".parse().unwrap(), port: 1 }), None);
    }
}
