//! Frames built by hand, for the tests of this stage.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use super::{Checks, Decoded, Segment};
use crate::anomaly::Anomaly;
use crate::capture::Frame;
use crate::evidence::FrameId;
use crate::time::Timestamp;
use etherparse::PacketBuilder;

/// IPv4 from 10.0.0.1 port 1024 to 10.0.0.2 port 1241, with this payload, checksums right.
pub(super) fn v4(payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(1024, 1241, 100, 500).ack(7);
    let mut bytes = Vec::new();
    builder.write(&mut bytes, payload).unwrap();
    bytes
}

/// IPv6 from `::1` port 1024 to `::2` port 1241, with this payload, checksums right.
pub(super) fn v6(payload: &[u8]) -> Vec<u8> {
    let address = |last| [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let builder = PacketBuilder::ipv6(address(1), address(2), 64).tcp(1024, 1241, 100, 500).ack(7);
    let mut bytes = Vec::new();
    builder.write(&mut bytes, payload).unwrap();
    bytes
}

/// An IPv6 packet with these headers between the first and TCP: (their number, their bytes without the next number).
pub(super) fn chained(headers: &[(u8, &[u8])], payload: &[u8]) -> Vec<u8> {
    let plain = v6(payload);
    let (first, tcp) = plain.split_at(40);
    let mut chain = Vec::new();
    let mut next = 6;
    for (number, bytes) in headers.iter().rev() {
        chain.splice(0..0, [&[next], *bytes].concat());
        next = *number;
    }
    let mut packet = first.to_vec();
    packet[6] = next;
    packet[4..6].copy_from_slice(&u16::try_from(chain.len() + tcp.len()).unwrap().to_be_bytes());
    [packet, chain, tcp.to_vec()].concat()
}

/// A fragment of an IPv4 packet made by [`v4`]: of its bytes behind the IP header, those in this range.
pub(super) fn v4_fragment(packet: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    let (header, body) = packet.split_at(20);
    let mut header = header.to_vec();
    let more = if range.end < body.len() { 0x2000 } else { 0 };
    header[2..4].copy_from_slice(&u16::try_from(20 + range.len()).unwrap().to_be_bytes());
    header[6..8].copy_from_slice(&(more | u16::try_from(range.start / 8).unwrap()).to_be_bytes());
    [&header, &body[range]].concat()
}

/// A fragment of an IPv6 packet made by [`v6`]: of its bytes behind the IP header, those in this range.
pub(super) fn v6_fragment(packet: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    let (header, body) = packet.split_at(40);
    let mut header = header.to_vec();
    let more = u16::from(range.end < body.len());
    header[4..6].copy_from_slice(&u16::try_from(8 + range.len()).unwrap().to_be_bytes());
    header[6] = 44;
    let place = (u16::try_from(range.start).unwrap() | more).to_be_bytes();
    [&header[..], &[6, 0, place[0], place[1], 0, 0, 0, 9], &body[range]].concat()
}

/// Ethernet with this type before the bytes.
pub(super) fn ether(number: u16, bytes: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &number.to_be_bytes(), bytes].concat()
}

/// A frame of these bytes, captured whole.
pub(super) fn frame(link_type: u32, bytes: &[u8]) -> Frame<'_> {
    cut_frame(link_type, bytes, bytes.len())
}

/// A frame of which these bytes were captured.
pub(super) fn cut_frame(link_type: u32, bytes: &[u8], wire_len: usize) -> Frame<'_> {
    let id = FrameId { input: 0, number: 1 };
    Frame { id, at: Timestamp::default(), link_type, wire_len: u32::try_from(wire_len).unwrap(), bytes }
}

/// Decodes without verifying checksums.
pub(super) fn decode<'a>(frame: &Frame<'a>) -> Result<Decoded<'a>, Anomaly> {
    super::segment(frame, Checks::default())
}

/// The segment that a frame must be.
pub(super) fn segment<'a>(frame: &Frame<'a>) -> Segment<'a> {
    match decode(frame) {
        Ok(Decoded::Segment(segment)) => segment,
        other => panic!("not a segment: {other:?}"),
    }
}

/// The reason that a frame must have.
pub(super) fn reason(frame: &Frame<'_>) -> &'static str {
    match decode(frame) {
        Ok(Decoded::Other(reason)) => reason,
        other => panic!("not left out: {other:?}"),
    }
}

/// The problem that a frame must have.
pub(super) fn problem(frame: &Frame<'_>) -> (&'static str, &'static str) {
    match decode(frame) {
        Err(Anomaly::HeaderBroken { layer, problem }) => (layer, problem),
        other => panic!("not broken: {other:?}"),
    }
}
