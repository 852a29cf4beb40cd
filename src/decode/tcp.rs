//! The TCP header (RFC 9293): the end of the way.

use super::cursor::{Cursor, be16, broken};
use super::{Checks, Decoded, Flags, Segment};
use crate::anomaly::Anomaly;
use crate::evidence::Frames;
use crate::peer::Endpoint;
use etherparse::TcpHeaderSlice;
use etherparse::checksum::Sum16BitWords;
use std::net::IpAddr;

/// The largest window scale there is (RFC 7323 section 2.3): larger ones are taken for it.
const MOST_SCALE: u8 = 14;
/// What a header is before its options.
const LEAST_HEADER_BYTES: usize = 20;

/// What a header says.
struct Header {
    source_port: u16,
    destination_port: u16,
    seq: u32,
    ack: u32,
    flags: Flags,
    window: u16,
    window_scale: Option<u8>,
    /// Its length on the wire.
    bytes: usize,
}

/// Reads a TCP header; the rest is payload.
///
/// A snap length may have cut the header behind its flags: then the segment has no payload, and a window that was cut
/// too is taken for the largest, so that nobody calls a segment implausible because of it.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when the header is cut before its flags, or its length does not fit the packet.
///
/// # Wire
///
/// RFC 9293 section 3.1.
pub(super) fn segment<'a>(cursor: &Cursor<'a>, checks: Checks) -> Result<Decoded<'a>, Anomaly> {
    let header = match TcpHeaderSlice::from_slice(cursor.rest) {
        Ok(header) => Header::whole(&header),
        Err(_) => Header::cut(cursor.rest)?,
    };
    let wire_bytes = cursor.rest.len().saturating_add(cursor.cut);
    let payload_bytes = wire_bytes.checked_sub(header.bytes).ok_or_else(|| broken("tcp", "longer than its packet"))?;
    if checks.verify && cursor.whole && !sums_up(cursor) {
        return Ok(Decoded::Other("bad_checksum"));
    }
    let payload = cursor.rest.get(header.bytes..).unwrap_or_default();
    Ok(Decoded::Segment(Segment {
        at: cursor.at,
        frames: Frames::one(cursor.id),
        source: Endpoint { ip: cursor.source, port: header.source_port },
        destination: Endpoint { ip: cursor.destination, port: header.destination_port },
        seq: header.seq,
        ack: header.ack,
        flags: header.flags,
        window: header.window,
        window_scale: header.window_scale,
        payload,
        payload_at: None,
        uncaptured: u32::try_from(payload_bytes.saturating_sub(payload.len())).unwrap_or(u32::MAX),
        ttl: cursor.ttl,
        ip_id: cursor.ip_id,
        vlans: cursor.vlans,
        tunnels: cursor.tunnels.clone(),
    }))
}

impl Header {
    /// Of a header that is all there.
    fn whole(header: &TcpHeaderSlice<'_>) -> Self {
        let bytes = header.slice();
        let flags = Flags(bytes.get(13).copied().unwrap_or_default());
        Self {
            source_port: header.source_port(),
            destination_port: header.destination_port(),
            seq: header.sequence_number(),
            ack: header.acknowledgment_number(),
            flags,
            window: header.window_size(),
            window_scale: window_scale(flags, header.options()),
            bytes: bytes.len(),
        }
    }

    /// Of a header that was cut.
    #[cold]
    fn cut(bytes: &[u8]) -> Result<Self, Anomaly> {
        let Some(&[p0, p1, p2, p3, s0, s1, s2, s3, a0, a1, a2, a3, offset, flags]) = bytes.first_chunk() else {
            return Err(broken("tcp", "too short"));
        };
        let length = usize::from(offset >> 4).saturating_mul(4);
        if length < LEAST_HEADER_BYTES {
            return Err(broken("tcp", "data offset is less than five words"));
        }
        Ok(Self {
            source_port: u16::from_be_bytes([p0, p1]),
            destination_port: u16::from_be_bytes([p2, p3]),
            seq: u32::from_be_bytes([s0, s1, s2, s3]),
            ack: u32::from_be_bytes([a0, a1, a2, a3]),
            flags: Flags(flags),
            window: be16(bytes, 14).unwrap_or(u16::MAX),
            window_scale: window_scale(Flags(flags), bytes.get(LEAST_HEADER_BYTES..).unwrap_or_default()),
            bytes: length,
        })
    }
}

/// The window scale of a SYN. Options behind one whose length is damaged are not looked at; unknown ones are passed.
///
/// # Wire
///
/// RFC 9293 section 3.1: kinds 0 (the end) and 1 are single bytes, all others have a length that counts kind and length. RFC 7323
/// section 2.2: kind 3, length 3.
pub(super) fn window_scale(flags: Flags, options: &[u8]) -> Option<u8> {
    if !flags.has(Flags::SYN) {
        return None;
    }
    let mut rest = options;
    loop {
        rest = match rest {
            [1, rest @ ..] => rest,
            [3, 3, scale, ..] => return Some((*scale).min(MOST_SCALE)),
            [kind, length, ..] if *kind > 1 && *length > 1 => rest.get(usize::from(*length)..)?,
            _ => return None,
        };
    }
}

/// Whether the checksum over pseudo header and segment is right.
///
/// # Wire
///
/// RFC 9293 section 3.1 and RFC 8200 section 8.1: addresses, length, protocol; the sum of all is then zero.
fn sums_up(cursor: &Cursor<'_>) -> bool {
    let length = u32::try_from(cursor.rest.len()).unwrap_or(u32::MAX);
    let mut sum = Sum16BitWords::new();
    for address in [cursor.source, cursor.destination] {
        sum = match address {
            IpAddr::V4(address) => sum.add_4bytes(address.octets()),
            IpAddr::V6(address) => sum.add_16bytes(address.octets()),
        };
    }
    sum.add_4bytes(length.to_be_bytes()).add_2bytes([0, 6]).add_slice(cursor.rest).ones_complement() == 0
}

#[cfg(test)]
mod tests;
