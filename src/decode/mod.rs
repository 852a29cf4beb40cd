//! Frame bytes to a TCP segment, whatever is wrapped around it.

mod cursor;
mod decoder;
mod fragment;
mod ip;
mod link;
mod plain;
mod tcp;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tunnel;

pub use self::decoder::{Decoder, Outcome};
pub use self::fragment::{Datagram, Fragment, Fragments, Joined};
pub(crate) use self::plain::Headers;

use self::cursor::{Cursor, Layer, broken};
use crate::anomaly::Anomaly;
use crate::capture::Frame;
use crate::evidence::Frames;
use crate::peer::{Endpoint, VlanStack};
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;

/// TCP flags, as the wire has them in the thirteenth byte of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// FIN
    pub const FIN: u8 = 0x01;
    /// SYN
    pub const SYN: u8 = 0x02;
    /// RST
    pub const RST: u8 = 0x04;
    /// ACK
    pub const ACK: u8 = 0x10;

    /// Whether all of these are set.
    #[must_use]
    pub fn has(self, flags: u8) -> bool {
        self.0 & flags == flags
    }
}

/// A TCP segment, borrowed from its frame or from the datagram its fragments were joined to.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    /// Time of the (last) frame.
    pub at: Timestamp,
    /// The frame, or all frames of a fragmented datagram.
    pub frames: Frames,
    /// Who sent it.
    pub source: Endpoint,
    /// To whom.
    pub destination: Endpoint,
    /// Sequence number of the first payload byte, or of the SYN.
    pub seq: u32,
    /// Acknowledgement number; means something only with the ACK flag.
    pub ack: u32,
    /// The flags.
    pub flags: Flags,
    /// The window field, not scaled.
    pub window: u16,
    /// The window-scale option (0 to 14); looked for only in segments with SYN.
    pub window_scale: Option<u8>,
    /// Payload, cut to the IP length and to what was captured.
    pub payload: &'a [u8],
    /// Where the payload begins in its frame, where somebody asks; nothing of fragments that were joined.
    pub payload_at: Option<u32>,
    /// Payload bytes that were on the wire but not captured (snap length).
    pub uncaptured: u32,
    /// Time to live (IPv6: hop limit) of the innermost IP header; 0 of a datagram that came in fragments, which need not agree.
    pub ttl: u8,
    /// Identification of the innermost IPv4 header, the same in every copy of a packet; nothing in IPv6 and of joined fragments.
    pub ip_id: Option<u16>,
    /// VLAN tags around it, of a tunnelled one those inside the innermost tunnel.
    pub vlans: VlanStack,
    /// Tunnels around it.
    pub tunnels: TunnelStack,
}

/// A UDP datagram that is no tunnel, borrowed from its frame or from what its fragments were joined to.
#[derive(Clone, Debug)]
pub struct UdpDatagram<'a> {
    /// Time of the (last) frame.
    pub at: Timestamp,
    /// The frame, or all frames of a fragmented datagram.
    pub frames: Frames,
    /// Who sent it.
    pub source: Endpoint,
    /// To whom.
    pub destination: Endpoint,
    /// Where the payload begins in its frame, where somebody asks; nothing of fragments that were joined.
    pub payload_at: Option<u32>,
    /// Payload, cut to the UDP length and to what was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire but not captured (snap length).
    pub uncaptured: u32,
    /// VLAN tags around it, of a tunnelled one those inside the innermost tunnel.
    pub vlans: VlanStack,
    /// Tunnels around it.
    pub tunnels: TunnelStack,
}

/// Which checksums to verify; by default none, since a capture taken on a sending host has them unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Leave out packets whose IPv4 header or TCP checksum is wrong. What the capture does not hold whole passes.
    pub verify: bool,
}

/// What a frame turned out to be.
#[derive(Clone, Debug)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Segment(Segment<'a>),
    /// A piece of an IP datagram, of whatever protocol.
    Fragment(Fragment<'a>),
    /// A UDP datagram that is no tunnel; only where somebody asks for them, else it is `Other("udp")`.
    Udp(UdpDatagram<'a>),
    /// Nothing for us: the reason under which the summary counts it. Reasons are public: `snake_case` and stable.
    ///
    /// By layer: `empty`, `link_type_unknown`; `loopback_other`, `ppp_other`, `hdlc_other`, `llc`, `arp`, `lldp`,
    /// `ether_other`, `mpls_other`, `pppoe_other`; `icmp`, `icmp6`, `udp`, `sctp`, `gre_other`, `ip_protocol_other`, `ipv6_other`; `bad_checksum`.
    Other(&'static str),
}

/// The headers of a usual frame, whatever its checksums are: for a look ahead.
pub(crate) fn usual<'a>(frame: &Frame<'a>) -> Option<Headers<'a>> {
    plain::headers(frame, Checks::default())
}

/// The reason that counts frames of a link type nobody taught us.
const LINK_TYPE_UNKNOWN: &str = "link_type_unknown";

/// The most headers one frame may have, of all kinds; more is an attack on time.
const MOST_LAYERS: usize = 32;

/// Reads the headers of a frame down to TCP.
///
/// Keeps no state and allocates nothing; what it returns borrows from the frame's bytes. An unknown link type is no
/// anomaly here but `Other("link_type_unknown")`, since only the caller knows whether it was said before.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`]: a header is cut before the parts that matter, or contradicts itself.
pub fn segment<'a>(frame: &Frame<'a>, checks: Checks) -> Result<Decoded<'a>, Anomaly> {
    if let Some(headers) = plain::headers(frame, checks) {
        return Ok(Decoded::Segment(headers.segment()));
    }
    the_long_way(frame, Looks { checks, udp: false })
}

/// What is looked at beyond what is always.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    checks: Checks,
    /// Whether datagrams of UDP are wanted themselves.
    udp: bool,
}

/// As [`segment`], header by header.
fn the_long_way<'a>(frame: &Frame<'a>, looks: Looks) -> Result<Decoded<'a>, Anomaly> {
    if frame.bytes.is_empty() {
        return Ok(Decoded::Other("empty"));
    }
    let mut cursor = Cursor::of(frame);
    let layer = link::header(&mut cursor, frame.link_type)?;
    descend(&mut cursor, layer, looks)
}

/// Reads the headers of a joined datagram, which begins behind its IP header.
///
/// # Errors
///
/// As [`segment`]; also for a fragment within the fragments, unless it is in a tunnel of theirs.
fn joined<'a>(datagram: &Datagram<'a>, looks: Looks) -> Result<Decoded<'a>, Anomaly> {
    let mut cursor = Cursor::within(datagram);
    match descend(&mut cursor, Layer::Transport(datagram.protocol), looks)? {
        Decoded::Segment(segment) => Ok(Decoded::Segment(Segment { frames: datagram.frames.clone(), ..segment })),
        Decoded::Udp(inner) => Ok(Decoded::Udp(UdpDatagram { frames: datagram.frames.clone(), ..inner })),
        Decoded::Fragment(fragment) if fragment.tunnels == datagram.tunnels => Err(broken("ipv6_fragment", "a fragment within fragments")),
        Decoded::Fragment(fragment) => Ok(Decoded::Fragment(Fragment { frames: datagram.frames.clone(), ..fragment })),
        Decoded::Other(reason) => Ok(Decoded::Other(reason)),
    }
}

/// Goes from header to header. Each step takes its header off the cursor and names what follows, so that a tunnel is
/// one more arm.
fn descend<'a>(cursor: &mut Cursor<'a>, mut layer: Layer, looks: Looks) -> Result<Decoded<'a>, Anomaly> {
    for _ in 0..MOST_LAYERS {
        layer = match layer {
            Layer::Ethernet => link::ethernet(cursor)?,
            Layer::EtherType(number) => link::ether_type(cursor, number)?,
            Layer::Mpls => tunnel::mpls::stack(cursor)?,
            Layer::Pppoe => tunnel::pppoe::session(cursor)?,
            Layer::Ppp => link::ppp(cursor)?,
            Layer::Ip => ip::either(cursor)?,
            Layer::Ipv4 => ip::v4::header(cursor, looks.checks)?,
            Layer::Ipv6 => ip::v6::header(cursor)?,
            Layer::Transport(6) => return tcp::segment(cursor, looks.checks),
            Layer::Transport(17) => tunnel::udp::datagram(cursor)?,
            Layer::Transport(47) => tunnel::gre::packet(cursor)?,
            Layer::Transport(number) => ip::protocol(cursor, number)?,
            Layer::Fragment(piece) => return Ok(Decoded::Fragment(cursor.fragment(piece))),
            Layer::Other(tunnel::udp::REASON) if looks.udp => return Ok(tunnel::udp::itself(cursor)),
            Layer::Other(reason) => return Ok(Decoded::Other(reason)),
        };
    }
    Err(broken("frame", "too many headers"))
}
