//! Every link type leads to the same segment; what is not TCP gets its reason.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use crate::decode::testing::{cut_frame, ether, frame, problem, reason, segment, v4, v6};

/// Puts bytes before a packet, and expects its payload through this link type.
fn leads(link_type: u32, header: &[u8], packet: &[u8]) {
    let bytes = [header, packet].concat();
    let frame = frame(link_type, &bytes);
    let segment = segment(&frame);
    assert_eq!((segment.payload, segment.source.port, segment.destination.port), (&b"hello"[..], 1024, 1241), "link type {link_type}");
    assert_eq!((segment.seq, segment.ack, segment.window, segment.uncaptured), (100, 7, 500, 0));
    for cut in 0..header.len() {
        let cut = cut_frame(link_type, &bytes[..cut], bytes.len());
        assert!(!matches!(crate::decode::testing::decode(&cut), Ok(crate::decode::Decoded::Segment(_))));
    }
}

#[test]
fn every_link_type_leads_to_the_segment() {
    let (four, six) = (v4(b"hello"), v6(b"hello"));
    for family in [[2, 0, 0, 0], [0, 0, 0, 2]] {
        leads(0, &family, &four);
    }
    for family in [10_u32, 24, 28, 30] {
        leads(0, &family.to_le_bytes(), &six);
        leads(0, &family.to_be_bytes(), &six);
        leads(108, &family.to_be_bytes(), &six);
    }
    leads(108, &[0, 0, 0, 2], &four);
    leads(1, &ether(0x0800, &[]), &four);
    leads(1, &ether(0x86dd, &[]), &six);
    for raw in [12, 14, 101] {
        leads(raw, &[], &four);
        leads(raw, &[], &six);
    }
    leads(228, &[], &four);
    leads(229, &[], &six);
    leads(9, &[0x00, 0x21], &four);
    leads(9, &[0x21], &four);
    leads(9, &[0xff, 0x03, 0x00, 0x57], &six);
    leads(50, &[0xff, 0x03, 0x21], &four);
    leads(50, &[0x0f, 0x00, 0x08, 0x00], &four);
    leads(104, &[0x8f, 0x00, 0x86, 0xdd], &six);
    leads(204, &[1, 0xff, 0x03, 0x00, 0x21], &four);
}

#[test]
fn cooked_frames_of_any_hardware() {
    let (four, six) = (v4(b"hello"), v6(b"hello"));
    let sll = |hardware: u8, number: [u8; 2]| [&[0, 0, 0, hardware][..], &[0; 10], &number].concat();
    let sll2 = |number: [u8; 2]| [&number[..], &[0; 18]].concat();
    leads(113, &sll(1, [0x08, 0x00]), &four);
    leads(113, &sll(0xfe, [0x86, 0xdd]), &six);
    leads(276, &sll2([0x86, 0xdd]), &six);
    leads(276, &[&sll2([0x81, 0x00])[..], &[0, 5, 0x08, 0x00]].concat(), &four);
    leads(276, &[&sll2([0, 4])[..], &[0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00]].concat(), &four);
    let netlink = [&[0, 0, 3, 0x38][..], &[0; 10], &[0, 16]].concat();
    assert_eq!(reason(&frame(113, &netlink)), "ether_other");
    assert_eq!(reason(&frame(276, &sll2([0, 0x0c]))), "ether_other");
}

#[test]
fn tags_up_to_four() {
    let tag = |id: u8, next: u16| [&[0xe0, id][..], &next.to_be_bytes()].concat();
    let packet = v4(b"hello");
    let tagged = [tag(1, 0x8100), tag(2, 0x9100), tag(3, 0x8100), tag(4, 0x0800), packet.clone()].concat();
    let bytes = ether(0x88a8, &tagged);
    assert_eq!(segment(&frame(1, &bytes)).vlans.ids(), [1, 2, 3, 4]);
    let bytes = ether(0x8100, &[tag(9, 0x88a8), tagged].concat());
    assert_eq!(problem(&frame(1, &bytes)), ("vlan", "more than four tags"));
    let bytes = ether(0x8100, &[0, 1, 8]);
    assert_eq!(problem(&frame(1, &bytes)), ("vlan", "too short"));
}

#[test]
fn lengths_instead_of_types() {
    let packet = v4(b"hello");
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00][..], &packet].concat();
    let mut bytes = ether(u16::try_from(snap.len()).unwrap(), &snap);
    bytes.extend([0xee; 7]);
    assert_eq!(segment(&frame(1, &bytes)).payload, b"hello");
    let spanning_tree = ether(38, &[0x42; 46]);
    assert_eq!(reason(&frame(1, &spanning_tree)), "llc");
    // Not an Ethernet type behind SNAP, but another organisation's number.
    let cisco = ether(30, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00]);
    assert_eq!(reason(&frame(1, &cisco)), "llc");
}

#[test]
fn others_get_their_reason() {
    let ethernet = |number| ether(number, &[0; 46]);
    for (number, expected) in [(0x0806, "arp"), (0x88cc, "lldp"), (0x888e, "ether_other"), (0x0600, "ether_other")] {
        assert_eq!(reason(&frame(1, &ethernet(number))), expected);
    }
    assert_eq!(reason(&frame(1, &[])), "empty");
    assert_eq!(reason(&frame(147, &[1])), "link_type_unknown");
    assert_eq!(reason(&frame(9, &[0xc0, 0x21])), "ppp_other");
    assert_eq!(reason(&frame(0, &[7, 0, 0, 0])), "loopback_other");
    assert_eq!(reason(&frame(104, &[0x8f, 0, 0, 0])), "hdlc_other");
    assert_eq!(problem(&frame(1, &[0; 13])), ("ethernet", "too short"));
}
