//! The usual frame at one look: Ethernet, IPv4 without options, TCP, all there. Everything else goes the long way.

use super::{Checks, Flags, Segment, tcp};
use crate::capture::Frame;
use crate::evidence::{FrameId, Frames};
use crate::packed::PackedEnd;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;

/// LINKTYPE of Ethernet.
const ETHERNET: u32 = 1;
/// Bytes before the IP header.
const LINK_BYTES: usize = 14;
/// Bytes of all three headers without any options.
const LEAST_BYTES: usize = LINK_BYTES + 40;

/// The headers of a usual frame, packed: what nearly every packet needs, for those who may need no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headers<'a> {
    /// The frame, and its time.
    pub(crate) id: FrameId,
    pub(crate) at: Timestamp,
    pub(crate) source: PackedEnd,
    pub(crate) destination: PackedEnd,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: Flags,
    pub(crate) window: u16,
    /// TCP options, of segments with SYN.
    pub(crate) options: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) ttl: u8,
    pub(crate) ip_id: u16,
}

/// The headers of a usual frame; nothing where the frame is in any way different, and where checksums are asked for.
///
/// # Wire
///
/// Ethernet type 0x0800; RFC 791 section 3.1; RFC 9293 section 3.1.
#[inline]
pub(super) fn headers<'a>(frame: &Frame<'a>, checks: Checks) -> Option<Headers<'a>> {
    let head: &[u8; LEAST_BYTES] = frame.bytes.first_chunk()?;
    let two = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    let four = |a, b, c, d| u32::from_be_bytes([a, b, c, d]);
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
    Some(Headers {
        id: frame.id,
        at: frame.at,
        source: PackedEnd::new(four(head[26], head[27], head[28], head[29]), two(head[34], head[35])),
        destination: PackedEnd::new(four(head[30], head[31], head[32], head[33]), two(head[36], head[37])),
        seq: four(head[38], head[39], head[40], head[41]),
        ack: four(head[42], head[43], head[44], head[45]),
        flags,
        window: two(head[48], head[49]),
        options,
        payload,
        ttl: head[22],
        ip_id: two(head[18], head[19]),
    })
}

impl<'a> Headers<'a> {
    /// The segment: the same that the long way finds, which a law holds it to.
    #[inline]
    pub(crate) fn segment(&self) -> Segment<'a> {
        Segment {
            at: self.at,
            frames: Frames::one(self.id),
            source: self.source.endpoint(),
            destination: self.destination.endpoint(),
            seq: self.seq,
            ack: self.ack,
            flags: self.flags,
            window: self.window,
            window_scale: self.window_scale(),
            payload: self.payload,
            payload_at: None,
            uncaptured: 0,
            ttl: self.ttl,
            ip_id: Some(self.ip_id),
            vlans: VlanStack::default(),
            tunnels: TunnelStack::default(),
        }
    }

    /// The window scale that a SYN announces.
    pub(crate) fn window_scale(&self) -> Option<u8> {
        tcp::window_scale(self.flags, self.options)
    }
}

#[cfg(test)]
mod tests;
