//! What goes into the joining of fragments and what comes out of it.

use crate::evidence::Frames;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;
use std::net::IpAddr;

/// A piece of an IP datagram, borrowed from its frame.
#[derive(Clone, Debug)]
pub struct Fragment<'a> {
    /// Time of its frame.
    pub at: Timestamp,
    /// Its frame, or the frames of the datagram that carried it whole through a tunnel.
    pub frames: Frames,
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// The datagram's identification; 16 bits in IPv4.
    pub id: u32,
    /// Protocol number of the datagram's first header.
    pub protocol: u8,
    /// Offset of its first byte, in bytes.
    pub offset: u16,
    /// Whether more follow.
    pub more: bool,
    /// Its bytes.
    pub payload: &'a [u8],
    /// Bytes of it that the snap length cut: they stay missing.
    pub uncaptured: usize,
    /// VLAN tags around it.
    pub vlans: VlanStack,
    /// Tunnels around it.
    pub tunnels: TunnelStack,
}

/// A datagram that became whole, lent by [`Fragments`](super::Fragments) until the next fragment.
#[derive(Clone, Debug)]
pub struct Datagram<'a> {
    /// Time of the fragment that completed it.
    pub at: Timestamp,
    /// The frames of all its fragments.
    pub frames: &'a Frames,
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// Protocol number of its first header.
    pub protocol: u8,
    /// Everything behind the IP header (IPv6: behind the fragment header).
    pub bytes: &'a [u8],
    /// VLAN tags around the last fragment.
    pub vlans: VlanStack,
    /// Tunnels around the last fragment.
    pub tunnels: TunnelStack,
}

/// What came of a fragment.
#[allow(clippy::large_enum_variant, reason = "a box would be one more allocation, and it is looked at once")]
#[derive(Clone, Debug)]
pub enum Joined<'a> {
    /// It waits for others, repeats what was there, or is of a datagram that was given up.
    Pending,
    /// It completed its datagram.
    Whole(Datagram<'a>),
}

/// What fragments of one datagram have in common: RFC 791 section 3.2, RFC 8200 section 4.5. VLAN tags are no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    source: IpAddr,
    destination: IpAddr,
    id: u32,
    /// Zero in IPv6, where only the first fragment's counts.
    protocol: u8,
}

impl Key {
    /// The key of a fragment.
    pub(super) fn of(fragment: &Fragment<'_>) -> Self {
        let protocol = if fragment.source.is_ipv6() { 0 } else { fragment.protocol };
        Self { source: fragment.source, destination: fragment.destination, id: fragment.id, protocol }
    }
}
