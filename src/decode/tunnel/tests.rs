//! Each tunnel alone and in others, cut, damaged and in fragments: the segment inside is what a bare frame gives.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use crate::decode::testing::{cut_frame, decode, ether, frame, problem, reason, segment, v4, v4_fragment, v6};
use crate::decode::{Checks, Decoded, Decoder, Outcome};
use crate::evidence::FrameId;
use crate::limits::Limits;
use crate::tunnel::{Tunnel, TunnelKind};
use etherparse::PacketBuilder;
use std::net::{IpAddr, Ipv4Addr};

const OUTER: [[u8; 4]; 2] = [[192, 0, 2, 1], [192, 0, 2, 2]];

/// An IPv4 packet of this protocol between the outer addresses.
fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ipv4(OUTER[0], OUTER[1], 64).write(&mut bytes, protocol.into(), payload).unwrap();
    bytes
}

/// A UDP datagram to this port between the outer addresses.
fn udp(port: u16, payload: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ipv4(OUTER[0], OUTER[1], 64).udp(50_000, port).write(&mut bytes, &payload.concat()).unwrap();
    bytes
}

fn gre(header: &[u8], payload: &[u8]) -> Vec<u8> {
    outer(47, &[header, payload].concat())
}

fn vxlan(network: u8, inner: &[u8]) -> Vec<u8> {
    udp(4789, &[&[8, 0, 0, 0, 0, 0, network, 0], inner])
}

/// Ethernet frames that carry these bytes, one for every tunnel.
pub(in crate::decode) fn carriers(inner: &[u8]) -> Vec<Vec<u8>> {
    let third = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 10, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
    let packets = [
        outer(4, inner),
        outer(41, inner),
        gre(&[0, 0, 8, 0], inner),
        gre(&[0xb0, 0, 0x65, 0x58, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1], inner),
        gre(&[0x30, 0x01, 0x88, 0x0b, 0, 60, 0, 0x55, 0, 0, 0, 1, 0, 0x21], inner),
        gre(&[0, 0, 0x88, 0xbe], inner),
        gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 10, 0, 100, 0, 0, 0, 0], inner),
        gre(&third, inner),
        vxlan(1, inner),
        udp(4790, &[&[0x0c, 0, 0, 3, 0, 0, 7, 0], inner]),
        udp(6081, &[&[1, 0, 0x65, 0x58, 0, 0, 8, 0, 1, 2, 3, 4], inner]),
    ];
    let mut frames: Vec<Vec<u8>> = packets.iter().map(|packet| ether(0x0800, packet)).collect();
    frames.push(ether(0x8847, &[&[0, 1, 0, 64, 0, 1, 1, 64], inner].concat()));
    frames.push(ether(0x8864, &[&[0x11, 0, 0x12, 0x34, 0, 70, 0, 0x21], inner].concat()));
    frames
}

fn tagged(id: u8, packet: &[u8]) -> Vec<u8> {
    ether(0x8100, &[&[0, id, 8, 0], packet].concat())
}

/// Kinds and ids around a frame that must be the usual segment.
fn around(link_type: u32, bytes: &[u8]) -> Vec<(TunnelKind, Option<u32>)> {
    let frame = frame(link_type, bytes);
    let Ok(Decoded::Segment(segment)) = crate::decode::segment(&frame, Checks { verify: true }) else { panic!("{:?}", decode(&frame)) };
    assert_eq!((segment.payload, segment.uncaptured), (&b"hello"[..], 0));
    assert_eq!((segment.source.port, segment.destination.port), (1024, 1241));
    assert!(segment.source.ip != IpAddr::from(OUTER[0]));
    segment.tunnels.iter().map(|tunnel| (tunnel.kind, tunnel.id)).collect()
}

#[test]
fn every_tunnel_leads_to_the_segment() {
    use TunnelKind::{Erspan1, Erspan2, Erspan3, Geneve, Gre, IpInIp, Mpls, Pppoe, Pptp, Vxlan, VxlanGpe};
    let (four, six) = (v4(b"hello"), v6(b"hello"));
    let frame = ether(0x0800, &four);
    let ip = |kind, id, packet: Vec<u8>| assert_eq!(around(101, &packet), [(kind, id)]);
    let link = |kind, id, number, header: &[u8], inner: &[u8]| {
        assert_eq!(around(1, &ether(number, &[header, inner].concat())), [(kind, Some(id))]);
    };
    link(Mpls, 16, 0x8847, &[0, 1, 0, 64, 0, 1, 1, 64], &four);
    link(Mpls, 0xfffff, 0x8848, &[0xff, 0xff, 0xf1, 1], &six);
    link(Mpls, 2, 0x8847, &[0, 0, 0x21, 9, 0, 0, 0, 7], &frame);
    let length = |packet: &[u8]| u8::try_from(packet.len() + 2).unwrap();
    link(Pppoe, 0x1234, 0x8864, &[0x11, 0, 0x12, 0x34, 0, length(&four), 0, 0x21], &[&four[..], &[0xee; 9]].concat());
    link(Pppoe, 7, 0x8864, &[0x11, 0, 0, 7, 0, length(&six), 0, 0x57], &six);
    let session = [&[0x11, 0, 0, 7, 0, length(&four), 0, 0x21][..], &four].concat();
    assert_eq!(around(51, &session), [(Pppoe, Some(7))]);
    ip(IpInIp, None, outer(4, &four));
    ip(IpInIp, None, outer(41, &six));
    ip(Gre, None, gre(&[0, 0, 8, 0], &four));
    ip(Gre, None, gre(&[0x80, 0, 0x86, 0xdd, 1, 2, 0, 0], &six));
    ip(Gre, Some(9), gre(&[0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1], &four));
    ip(Gre, Some(0x0102_0304), gre(&[0x20, 0, 0x65, 0x58, 1, 2, 3, 4], &frame));
    ip(Pptp, Some(0x55), gre(&[0x30, 0x01, 0x88, 0x0b, 0, length(&four), 0, 0x55, 0, 0, 0, 1, 0, 0x21], &four));
    ip(Pptp, Some(3), gre(&[0x30, 0x81, 0x88, 0x0b, 0, length(&six) + 2, 0, 3, 0, 0, 0, 1, 0, 0, 0, 9, 0xff, 3, 0, 0x57], &six));
    ip(Erspan1, None, gre(&[0, 0, 0x88, 0xbe], &frame));
    ip(Erspan2, Some(100), gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 10, 0, 100, 0, 0, 0, 0], &frame));
    let third = |last: [u8; 2]| [&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 10, 0xfb, 0xff, 0, 0, 0, 1, 0, 0][..], &last].concat();
    ip(Erspan3, Some(0x3ff), gre(&third([0, 0]), &frame));
    ip(Erspan3, Some(0x3ff), gre(&[&third([0, 1])[..], &[0; 8]].concat(), &frame));
    ip(Erspan3, Some(0x3ff), gre(&third([8, 0]), &six));
    ip(Vxlan, Some(42), vxlan(42, &frame));
    ip(Vxlan, Some(0x0001_0203), udp(8472, &[&[0x88, 0, 0, 5, 1, 2, 3, 0], &frame]));
    for (next, inner) in [(1, &four), (2, &six), (3, &frame)] {
        ip(VxlanGpe, Some(7), udp(4790, &[&[0x0c, 0, 0, next, 0, 0, 7, 0], inner]));
    }
    ip(Geneve, Some(8), udp(6081, &[&[0, 0, 0x65, 0x58, 0, 0, 8, 0], &frame]));
    ip(Geneve, Some(8), udp(6081, &[&[2, 0x40, 0x86, 0xdd, 0, 0, 8, 0], &[1; 8], &six]));
}

#[test]
fn inner_facts_win_and_outer_ones_are_attributes() {
    let bytes = tagged(10, &vxlan(42, &tagged(20, &v4(b"hello"))));
    let frame = frame(1, &bytes);
    let inside = segment(&frame);
    assert_eq!(inside.vlans.ids(), [20]);
    assert_eq!(inside.source.ip, Ipv4Addr::new(10, 0, 0, 1));
    let ends = Some((OUTER[0].into(), OUTER[1].into()));
    assert!(inside.tunnels.iter().eq(&[Tunnel { kind: TunnelKind::Vxlan, ends, id: Some(42) }]));
    let bytes = tagged(10, &vxlan(42, &ether(0x0800, &v4(b"hello"))));
    assert!(segment(&super::super::testing::frame(1, &bytes)).vlans.ids().is_empty());
}

#[test]
fn tunnels_in_tunnels_up_to_four() {
    let mut bytes = vxlan(3, &ether(0x8847, &[&[0, 0, 0x51, 9][..], &v6(b"hello")].concat()));
    bytes = gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 10, 0, 2, 0, 0, 0, 0], &ether(0x0800, &bytes));
    bytes = outer(4, &bytes);
    let kinds = [(TunnelKind::IpInIp, None), (TunnelKind::Erspan2, Some(2)), (TunnelKind::Vxlan, Some(3)), (TunnelKind::Mpls, Some(5))];
    assert_eq!(around(228, &bytes), kinds);
    assert_eq!(problem(&frame(228, &outer(4, &bytes))), ("mpls", "more than four tunnels"));
}

#[test]
fn what_is_no_tunnel_is_its_carrier() {
    let inner = ether(0x0800, &v4(b"hello"));
    let no = |packet: Vec<u8>| reason(&frame(101, &packet));
    assert_eq!(no(udp(53, &[b"hello"])), "udp");
    assert_eq!(no(udp(4789, &[b"hello"])), "udp");
    assert_eq!(no(udp(4789, &[&[0, 0, 0, 0, 0, 0, 1, 0], &inner])), "udp");
    assert_eq!(no(udp(4790, &[&[0x08, 0, 0, 3, 0, 0, 1, 0], &inner])), "udp");
    assert_eq!(no(udp(4790, &[&[0x0d, 0, 0, 3, 0, 0, 1, 0], &inner])), "udp");
    assert_eq!(no(udp(6081, &[&[0x40, 0, 0x65, 0x58, 0, 0, 8, 0], &inner])), "udp");
    assert_eq!(no(udp(6081, &[&[0, 0x80, 0x65, 0x58, 0, 0, 8, 0], &inner])), "udp");
    assert_eq!(no(udp(6081, &[&[0x3f, 0, 0x65, 0x58, 0, 0, 8, 0], &inner])), "udp");
    assert_eq!(no(gre(&[0, 0, 0, 0], &[])), "gre_other");
    assert_eq!(no(gre(&[0x40, 0, 8, 0], &inner)), "gre_other");
    assert_eq!(no(gre(&[0, 2, 8, 0], &inner)), "gre_other");
    assert_eq!(no(gre(&[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 5, 0, 0, 0, 1], &[])), "gre_other");
    assert_eq!(no(gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x30, 0, 0, 0, 0, 0, 0, 0], &inner)), "gre_other");
    assert_eq!(reason(&frame(1, &ether(0x8864, &[0x11, 0xa7, 0, 0, 0, 0]))), "pppoe_other");
    assert_eq!(reason(&frame(1, &ether(0x8847, &[0, 0, 1, 9, 0x10, 0, 0, 0]))), "mpls_other");
}

#[test]
fn broken_headers_name_their_layer() {
    assert_eq!(problem(&frame(1, &ether(0x8847, &[0, 0, 0, 9, 0]))), ("mpls", "too short"));
    assert_eq!(problem(&frame(1, &ether(0x8847, &[0; 80]))), ("mpls", "more than sixteen labels"));
    assert_eq!(problem(&frame(1, &ether(0x8864, &[0x11, 0, 0]))), ("pppoe", "too short"));
    assert_eq!(problem(&frame(228, &gre(&[0x20, 0, 8, 0], &[1]))), ("gre", "too short"));
    assert_eq!(problem(&frame(228, &gre(&[0x10, 0, 0x22, 0xeb], &[0; 8]))), ("erspan", "too short"));
    assert_eq!(problem(&frame(228, &vxlan(1, &[1; 5]))), ("ethernet", "too short"));
    assert_eq!(problem(&frame(228, &vxlan(1, &ether(0x0800, &[0x43; 30])))), ("ipv4", "header length is less than five words"));
    assert_eq!(problem(&frame(228, &outer(41, &v4(b"")))), ("ipv6", "too short or the version is not 6"));
}

#[test]
fn what_was_cut_is_counted() {
    let bytes = vxlan(1, &ether(0x0800, &v4(b"hello")));
    let snapped = segment(&cut_frame(228, &bytes[..bytes.len() - 2], bytes.len())).uncaptured;
    assert_eq!(snapped, 2);
    // The mirror cut its copy: the carrier is whole.
    let copy = ether(0x0800, &v4(b"hello"));
    for header in [&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 10, 4, 100, 0, 0, 0, 0][..], &[0, 0, 0x65, 0x58]] {
        let bytes = gre(header, &copy[..copy.len() - 3]);
        let frame = frame(228, &bytes);
        let segment = segment(&frame);
        assert_eq!((segment.payload, segment.uncaptured), (&b"he"[..], 3));
    }
    // In a tunnel that carries packets and not copies, a length beyond the carrier's is a lie.
    let packet = v4(b"hello");
    assert_eq!(segment(&frame(228, &gre(&[0, 0, 8, 0], &packet[..packet.len() - 3]))).uncaptured, 0);
}

#[test]
fn the_checksum_inside_is_verified() {
    let mut bytes = vxlan(1, &ether(0x0800, &v4(b"hello")));
    *bytes.last_mut().unwrap() ^= 1;
    let verified = crate::decode::segment(&frame(228, &bytes), Checks { verify: true });
    assert!(matches!(verified, Ok(Decoded::Other("bad_checksum"))));
}

/// Cuts a packet in two fragments.
fn halves(packet: &[u8]) -> [Vec<u8>; 2] {
    [v4_fragment(packet, 0..40), v4_fragment(packet, 40..packet.len() - 20)]
}

/// The frames of the segment that these packets become, and its tunnels.
fn joined(packets: &[Vec<u8>], payload: &[u8]) -> (u64, u64, usize) {
    let mut decoder = Decoder::new(&Limits::default(), Checks::default());
    let (last, first) = packets.split_last().unwrap();
    let mut number = 0;
    for packet in first {
        number += 1;
        let frame = crate::capture::Frame { id: FrameId { input: 0, number }, ..frame(228, packet) };
        assert!(matches!(decoder.frame(&frame, &mut |_, _, anomaly| panic!("{anomaly:?}")), Outcome::Other("fragment")));
    }
    let frame = crate::capture::Frame { id: FrameId { input: 0, number: number + 1 }, ..frame(228, last) };
    let outcome = decoder.frame(&frame, &mut |_, _, anomaly| panic!("{anomaly:?}"));
    let Outcome::Segment(segment) = outcome else { panic!("{outcome:?}") };
    assert_eq!(segment.payload, payload);
    let spans: Vec<_> = segment.frames.spans().collect();
    assert_eq!(spans.len(), 1);
    (spans[0].first, spans[0].last, segment.tunnels.iter().count())
}

#[test]
fn fragments_outside_inside_and_both() {
    let payload: Vec<u8> = (0..100).collect();
    let inner = v4(&payload);
    let carried = |packet: &[u8]| vxlan(1, &ether(0x0800, packet));
    assert_eq!(joined(&halves(&carried(&inner)), &payload), (1, 2, 1));
    assert_eq!(joined(&halves(&gre(&[0, 0, 8, 0], &inner)), &payload), (1, 2, 1));
    assert_eq!(joined(&halves(&inner).map(|half| carried(&half)), &payload), (1, 2, 1));
    let both: Vec<Vec<u8>> = halves(&inner)
        .iter()
        .enumerate()
        .flat_map(|(id, half)| {
            let mut packet = carried(half);
            packet[5] = u8::try_from(id).unwrap();
            halves(&packet)
        })
        .collect();
    assert_eq!(joined(&both, &payload), (1, 4, 1));
}
