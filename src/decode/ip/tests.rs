//! Lengths are believed as far as they can be; extension headers are walked; impossible fragments are refused.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use crate::decode::testing::{chained, cut_frame, ether, frame, problem, reason, segment, v4, v4_fragment, v6, v6_fragment};
use crate::decode::{Checks, Decoded, segment as decode};

#[test]
fn padding_is_not_payload() {
    for (number, packet) in [(0x0800, v4(b"")), (0x86dd, v6(b""))] {
        let mut bytes = ether(number, &packet);
        bytes.extend([0xee; 6]);
        assert_eq!(segment(&frame(1, &bytes)).payload, b"");
        // Also padding that the snap length cut is not payload.
        let segment = segment(&cut_frame(1, &bytes[..bytes.len() - 3], bytes.len()));
        assert_eq!((segment.payload.len(), segment.uncaptured), (0, 0));
    }
}

#[test]
fn length_zero_goes_to_the_end_of_the_frame() {
    let mut packet = v4(b"offloaded");
    packet[2..4].fill(0);
    assert_eq!(segment(&frame(228, &packet)).payload, b"offloaded");
    let segment = segment(&cut_frame(228, &packet[..45], packet.len()));
    assert_eq!((segment.payload, segment.uncaptured), (&b"offlo"[..], 4));
    let mut packet = v6(b"offloaded");
    packet[4..6].fill(0);
    assert_eq!(crate::decode::testing::segment(&frame(229, &packet)).payload, b"offloaded");
}

#[test]
fn a_length_beyond_the_wire_is_not_believed() {
    let mut packet = v4(b"hello");
    packet[2..4].copy_from_slice(&9000_u16.to_be_bytes());
    let whole = segment(&frame(228, &packet));
    assert_eq!((whole.payload, whole.uncaptured), (&b"hello"[..], 0));
    // Of a frame that the snap length cut as well, what the wire had is missing, and no more.
    let cut = segment(&cut_frame(228, &packet[..42], packet.len()));
    assert_eq!((cut.payload, cut.uncaptured), (&b"he"[..], 3));
}

#[test]
fn broken_headers_of_version_4() {
    let mut packet = v4(b"");
    assert_eq!(problem(&cut_frame(228, &packet[..19], 40)), ("ipv4", "too short"));
    packet[3] = 19;
    assert_eq!(problem(&frame(228, &packet)), ("ipv4", "total length is less than the header"));
    packet[0] = 0x44;
    assert_eq!(problem(&frame(228, &packet)), ("ipv4", "header length is less than five words"));
    packet[0] = 0x65;
    assert_eq!(problem(&frame(228, &packet)), ("ipv4", "the version is not 4"));
    assert_eq!(problem(&frame(101, &[0x50])), ("ip", "neither version 4 nor 6"));
}

#[test]
fn options_of_version_4_are_skipped() {
    let plain = v4(b"hello");
    let mut packet = [&plain[..20], &[1, 1, 1, 0], &plain[20..]].concat();
    packet[0] = 0x46;
    packet[3] += 4;
    assert_eq!(segment(&frame(228, &packet)).payload, b"hello");
}

#[test]
fn a_segment_knows_its_innermost_header() {
    let mut packet = v4(b"");
    packet[4..6].copy_from_slice(&0x1234_u16.to_be_bytes());
    packet[8] = 63;
    let own = segment(&frame(228, &packet));
    assert_eq!((own.ttl, own.ip_id), (63, Some(0x1234)));
    let mut packet = v6(b"");
    packet[7] = 5;
    let own = segment(&frame(229, &packet));
    assert_eq!((own.ttl, own.ip_id), (5, None));
    // An IPv6 packet in an IPv4 packet has nothing of what is around it.
    let mut around = v4(&[])[..20].to_vec();
    around[9] = 41;
    around[2..4].copy_from_slice(&u16::try_from(20 + packet.len()).unwrap().to_be_bytes());
    let tunnel = [around, packet].concat();
    let own = segment(&frame(228, &tunnel));
    assert_eq!((own.ttl, own.ip_id), (5, None));
}

#[test]
fn the_chain_of_version_6_is_walked() {
    let seven: &[u8] = &[0; 7];
    let fifteen: &[u8] = &[&[1][..], &[0; 14]].concat();
    let atomic_fragment: &[u8] = &[0, 0, 0, 0, 0, 0, 5];
    let authentication: &[u8] = &[&[4][..], &[0; 22]].concat();
    let chain =
        [(0, seven), (60, fifteen), (43, seven), (44, atomic_fragment), (51, authentication), (135, seven), (60, seven), (60, seven)];
    let packet = chained(&chain, b"hello");
    assert_eq!(segment(&frame(229, &packet)).payload, b"hello");
    let packet = chained(&[chain.as_slice(), &[(60, seven)]].concat(), b"hello");
    assert_eq!(problem(&frame(229, &packet)), ("ip_extension", "more than eight headers"));
    let packet = chained(&[(0, &[9])], b"");
    assert_eq!(problem(&frame(229, &packet)), ("ipv6_extension", "too short"));
    let packet = chained(&[(51, &[0; 11])], b"");
    assert_eq!(problem(&frame(229, &packet)).0, "ip_auth");
}

#[test]
fn authentication_in_version_4() {
    let plain = v4(b"hello");
    let mut packet = [&plain[..20], &[6, 1], &[0; 10], &plain[20..]].concat();
    packet[9] = 51;
    packet[3] += 12;
    assert_eq!(segment(&frame(228, &packet)).payload, b"hello");
}

#[test]
fn protocols_get_their_reason() {
    let mut packet = v4(b"");
    for (number, expected) in
        [(1, "icmp"), (17, "udp"), (132, "sctp"), (2, "ip_protocol_other"), (58, "ip_protocol_other"), (0, "ip_protocol_other")]
    {
        packet[9] = number;
        assert_eq!(reason(&frame(228, &packet)), expected);
    }
    let mut packet = v6(b"");
    for (number, expected) in [(58, "icmp6"), (17, "udp"), (132, "sctp"), (50, "ipv6_other"), (59, "ipv6_other"), (1, "ipv6_other")] {
        packet[6] = number;
        assert_eq!(reason(&frame(229, &packet)), expected);
    }
}

#[test]
fn impossible_fragments_are_refused() {
    let packet = v4(&[b'x'; 100]);
    assert_eq!(problem(&frame(228, &v4_fragment(&packet, 0..20))), ("ipv4", "fragment length is not a multiple of eight"));
    assert_eq!(problem(&frame(228, &v4_fragment(&packet, 8..8))), ("ipv4", "empty fragment"));
    let mut death = v4_fragment(&packet, 0..120);
    death[6..8].copy_from_slice(&8191_u16.to_be_bytes());
    assert_eq!(problem(&frame(228, &death)), ("ipv4", "fragment ends beyond 65535 bytes"));
    let mut death = v6_fragment(&v6(&[b'x'; 100]), 0..120);
    death[42..44].copy_from_slice(&0xfff8_u16.to_be_bytes());
    assert_eq!(problem(&frame(229, &death)).1, "fragment ends beyond 65535 bytes");
}

#[test]
fn checksums_count_only_when_asked_and_whole() {
    let verify = Checks { verify: true };
    let (four, six) = (v4(b"hello"), v6(b"hello"));
    for packet in [four.clone(), six.clone(), chained(&[(0, &[0; 7])], b"hello")] {
        assert!(matches!(decode(&frame(101, &packet), verify), Ok(Decoded::Segment(_))));
        let mut bad = packet.clone();
        *bad.last_mut().unwrap() ^= 1;
        assert!(matches!(decode(&frame(101, &bad), verify), Ok(Decoded::Other("bad_checksum"))));
        assert!(matches!(decode(&frame(101, &bad), Checks::default()), Ok(Decoded::Segment(_))));
        assert!(matches!(decode(&cut_frame(101, &bad[..bad.len() - 1], bad.len()), verify), Ok(Decoded::Segment(_))));
    }
    let mut offloaded = four.clone();
    offloaded[2..4].fill(0);
    assert!(matches!(decode(&frame(101, &offloaded), verify), Ok(Decoded::Segment(_))));
    let mut header = four;
    header[8] ^= 1;
    assert!(matches!(decode(&frame(101, &header), verify), Ok(Decoded::Other("bad_checksum"))));
    // On its way through a routing header, the checksum is over another destination.
    let mut routed = chained(&[(43, &[0, 0, 1, 0, 0, 0, 0])], b"hello");
    routed[39] ^= 3;
    assert!(matches!(decode(&frame(101, &routed), verify), Ok(Decoded::Segment(_))));
}
