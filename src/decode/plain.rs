//! The usual frame at one look: Ethernet, IPv4 without options, TCP, all there. Everything else goes the long way.

use super::{Checks, Flags, Segment, tcp};
use crate::capture::Frame;
use crate::evidence::Frames;
use crate::peer::{Endpoint, VlanStack};
use crate::tunnel::TunnelStack;
use std::net::{IpAddr, Ipv4Addr};

/// LINKTYPE of Ethernet.
const ETHERNET: u32 = 1;
/// Bytes before the IP header.
const LINK_BYTES: usize = 14;
/// Bytes of all three headers without any options.
const LEAST_BYTES: usize = LINK_BYTES + 40;

/// The segment of a usual frame: the same that the long way finds, which a law holds it to. Nothing where the frame is in any way
/// different, and where checksums are asked for.
///
/// # Wire
///
/// Ethernet type 0x0800; RFC 791 section 3.1; RFC 9293 section 3.1.
#[inline]
pub(super) fn segment<'a>(frame: &Frame<'a>, checks: Checks) -> Option<Segment<'a>> {
    let head: &[u8; LEAST_BYTES] = frame.bytes.first_chunk()?;
    let two = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    // More than one layer decides at once: type, version and header length, no fragment (its 14 bits are zero), protocol.
    let usual = two(head[12], head[13]) == 0x0800 && head[14] == 0x45 && two(head[20], head[21]).trailing_zeros() >= 14 && head[23] == 6;
    if !usual || frame.link_type != ETHERNET || checks.verify {
        return None;
    }
    let header_end = usize::from(head[46] >> 4).saturating_mul(4).saturating_add(34);
    let packet_end = usize::from(two(head[16], head[17])).saturating_add(LINK_BYTES);
    if header_end < LEAST_BYTES {
        return None;
    }
    let payload = frame.bytes.get(header_end..packet_end)?;
    let flags = Flags(head[47]);
    let options = if flags.has(Flags::SYN) { frame.bytes.get(LEAST_BYTES..header_end)? } else { &[] };
    let ip = |a, b, c, d| IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    Some(Segment {
        at: frame.at,
        frames: Frames::one(frame.id),
        source: Endpoint { ip: ip(head[26], head[27], head[28], head[29]), port: two(head[34], head[35]) },
        destination: Endpoint { ip: ip(head[30], head[31], head[32], head[33]), port: two(head[36], head[37]) },
        seq: u32::from_be_bytes([head[38], head[39], head[40], head[41]]),
        ack: u32::from_be_bytes([head[42], head[43], head[44], head[45]]),
        flags,
        window: two(head[48], head[49]),
        window_scale: tcp::window_scale(flags, options),
        payload,
        payload_at: None,
        uncaptured: 0,
        ttl: head[22],
        ip_id: Some(two(head[18], head[19])),
        vlans: VlanStack::default(),
        tunnels: TunnelStack::default(),
    })
}

#[cfg(test)]
mod tests;
