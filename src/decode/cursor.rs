//! Where in a frame the decoding stands, and which header comes next.

use super::fragment::{Datagram, Fragment};
use crate::anomaly::Anomaly;
use crate::capture::Frame;
use crate::evidence::{FrameId, Frames};
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::{Tunnel, TunnelKind, TunnelStack};
use std::net::IpAddr;
use std::net::Ipv4Addr;

/// The header that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// An Ethernet header: addresses and type.
    Ethernet,
    /// What this Ethernet type says.
    EtherType(u16),
    /// A stack of MPLS labels.
    Mpls,
    /// A `PPPoE` header.
    Pppoe,
    /// A PPP header: the protocol, perhaps after address and control.
    Ppp,
    /// An IP header, of the version its first half byte says.
    Ip,
    /// An IPv4 header.
    Ipv4,
    /// An IPv6 header.
    Ipv6,
    /// What this IP protocol number says: a transport or an extension header.
    Transport(u8),
    /// A piece of a datagram.
    Fragment(Piece),
    /// Nothing that leads to TCP: the accounting reason.
    Other(&'static str),
}

/// What the header says of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The datagram's identification; 16 bits in IPv4.
    pub(super) id: u32,
    /// The protocol of the datagram's first header.
    pub(super) protocol: u8,
    /// Offset of the first byte.
    pub(super) offset: u16,
    /// Whether more fragments follow.
    pub(super) more: bool,
}

/// The bytes not read yet, and what the headers before said about them.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    /// The frame, or the last of a joined datagram.
    pub(super) id: FrameId,
    /// Its time.
    pub(super) at: Timestamp,
    /// The captured bytes of the packet from here on.
    pub(super) rest: &'a [u8],
    /// How many bytes of the packet follow those, not captured.
    pub(super) cut: usize,
    /// Whether `rest` is known to be all of the IP packet, so that a checksum can be verified.
    pub(super) whole: bool,
    /// Whether this is a copy of another network's frame, which its tunnel may have cut short.
    pub(super) copied: bool,
    /// Tags seen since the innermost tunnel began.
    pub(super) vlans: VlanStack,
    /// Tunnels seen.
    pub(super) tunnels: TunnelStack,
    /// The source of the innermost IP header.
    pub(super) source: IpAddr,
    /// The destination of the innermost IP header.
    pub(super) destination: IpAddr,
    /// Time to live of the innermost IP header.
    pub(super) ttl: u8,
    /// Identification of the innermost IP header, if that is IPv4.
    pub(super) ip_id: Option<u16>,
    /// Extension headers seen since the IP header.
    pub(super) extensions: u8,
}

impl<'a> Cursor<'a> {
    /// The start of a frame.
    pub(super) fn of(frame: &Frame<'a>) -> Self {
        Self {
            id: frame.id,
            at: frame.at,
            rest: frame.bytes,
            cut: usize::try_from(frame.wire_len).unwrap_or(usize::MAX).saturating_sub(frame.bytes.len()),
            whole: false,
            copied: false,
            vlans: VlanStack::default(),
            tunnels: TunnelStack::default(),
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            destination: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            ttl: 0,
            ip_id: None,
            extensions: 0,
        }
    }

    /// The start of what fragments were joined to.
    pub(super) fn within(datagram: &Datagram<'a>) -> Self {
        Self {
            id: datagram.frames.spans().last().map_or_else(FrameId::default, |span| FrameId { input: span.input, number: span.last }),
            at: datagram.at,
            rest: datagram.bytes,
            cut: 0,
            whole: true,
            copied: false,
            vlans: datagram.vlans,
            tunnels: datagram.tunnels.clone(),
            source: datagram.source,
            destination: datagram.destination,
            ttl: 0,
            ip_id: None,
            extensions: 0,
        }
    }

    /// Takes a header off the front.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Believes a length field that counts from here: what lies behind is padding, what is missing was cut.
    ///
    /// ```text
    ///   rest ────────────┐ cut ─────────┐        the frame on the wire
    ///   length ───┐                              padding goes
    ///   length ─────────────────┐                cut shrinks
    ///   length ────────────────────────────┐     more than the frame had: not believed
    /// ```
    ///
    /// Only in a copied frame even that is believed: mirrors cut what they copy, with or without saying so.
    pub(super) fn limit(&mut self, length: usize) {
        if let Some(packet) = self.rest.get(..length) {
            self.rest = packet;
            self.cut = 0;
            self.whole = true;
        } else {
            let missing = length.saturating_sub(self.rest.len());
            self.cut = if self.copied { missing } else { self.cut.min(missing) };
            self.whole = false;
        }
    }

    /// Enters a tunnel that no IP packet carries itself.
    pub(super) fn enter_link(&mut self, kind: TunnelKind, id: Option<u32>) -> Result<(), Anomaly> {
        self.push(Tunnel { kind, ends: None, id })
    }

    /// Enters a tunnel in the IP packet whose header was read last.
    pub(super) fn enter(&mut self, kind: TunnelKind, id: Option<u32>) -> Result<(), Anomaly> {
        self.push(Tunnel { kind, ends: Some((self.source, self.destination)), id })
    }

    /// Notes a tunnel. What was outside of it is no longer ours.
    #[cold]
    fn push(&mut self, tunnel: Tunnel) -> Result<(), Anomaly> {
        if !self.tunnels.push(tunnel) {
            return Err(broken(tunnel.kind.name(), "more than four tunnels"));
        }
        self.vlans = VlanStack::default();
        Ok(())
    }

    /// The rest as a piece of a datagram.
    pub(super) fn fragment(&self, piece: Piece) -> Fragment<'a> {
        Fragment {
            at: self.at,
            frames: Frames::one(self.id),
            source: self.source,
            destination: self.destination,
            id: piece.id,
            protocol: piece.protocol,
            offset: piece.offset,
            more: piece.more,
            payload: self.rest,
            uncaptured: self.cut,
            vlans: self.vlans,
            tunnels: self.tunnels.clone(),
        }
    }
}

/// The anomaly of a header that cannot be used.
pub(super) fn broken(layer: &'static str, problem: &'static str) -> Anomaly {
    Anomaly::HeaderBroken { layer, problem }
}

/// A 16-bit number in network order at an offset.
pub(super) fn be16(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

/// A 32-bit number in network order at an offset.
pub(super) fn be32(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}
