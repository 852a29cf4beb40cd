//! Headers whole, cut and broken; options; payload that the snap length cut.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use crate::decode::Flags;
use crate::decode::testing::{cut_frame, frame, problem, segment, v4};

/// A packet of [`v4`] with these TCP options, a multiple of four bytes, and these flags.
fn with_options(flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let plain = v4(payload);
    let mut packet = [&plain[..40], options, &plain[40..]].concat();
    packet[3] += u8::try_from(options.len()).unwrap();
    packet[32] += u8::try_from(options.len() / 4).unwrap() << 4;
    packet[33] = flags;
    packet
}

#[test]
fn window_scale_of_a_syn() {
    let scale = |flags, options| segment(&frame(228, &with_options(flags, options, b""))).window_scale;
    assert_eq!(scale(Flags::SYN, &[1, 3, 3, 7]), Some(7));
    assert_eq!(scale(Flags::SYN | Flags::ACK, &[2, 4, 5, 0xb4, 1, 3, 3, 200]), Some(14));
    assert_eq!(scale(Flags::ACK, &[1, 3, 3, 7]), None);
    assert_eq!(scale(Flags::SYN, &[0, 3, 3, 7]), None);
    assert_eq!(scale(Flags::SYN, &[1, 1, 3, 3]), None);
    assert_eq!(scale(Flags::SYN, &[99, 0, 0, 0, 1, 3, 3, 7]), None);
}

#[test]
fn the_snap_length_may_cut_anywhere_behind_the_flags() {
    let packet = with_options(Flags::SYN | Flags::ACK, &[1, 3, 3, 7], b"hello");
    for length in 1..packet.len() {
        let frame = cut_frame(228, &packet[..length], packet.len());
        if length < 34 {
            assert_eq!(problem(&frame), (if length < 20 { "ipv4" } else { "tcp" }, "too short"));
            continue;
        }
        let segment = segment(&frame);
        assert_eq!((segment.source.port, segment.destination.port, segment.seq, segment.ack), (1024, 1241, 100, 7));
        assert!(segment.flags.has(Flags::SYN | Flags::ACK));
        assert_eq!(segment.window, if length < 36 { u16::MAX } else { 500 });
        assert_eq!(segment.window_scale, (length >= 44).then_some(7));
        assert_eq!(segment.payload, &b"hello"[..length.saturating_sub(44)]);
        assert_eq!(usize::try_from(segment.uncaptured).unwrap(), 5 - segment.payload.len());
    }
}

#[test]
fn lengths_that_cannot_be() {
    let mut packet = v4(b"hello");
    packet[32] = 0x40;
    assert_eq!(problem(&frame(228, &packet)), ("tcp", "data offset is less than five words"));
    packet[32] = 0xf0;
    assert_eq!(problem(&frame(228, &packet)), ("tcp", "longer than its packet"));
    let mut packet = v4(b"hello");
    packet[3] = 36;
    assert_eq!(problem(&frame(228, &packet)), ("tcp", "longer than its packet"));
    packet[3] = 33;
    assert_eq!(problem(&frame(228, &packet)), ("tcp", "too short"));
}
