//! Every frame has one outcome; fragments become segments that name all their frames.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use super::{Decoder, Outcome};
use crate::anomaly::Anomaly;
use crate::capture::Frame;
use crate::decode::Checks;
use crate::decode::testing::{ether, frame, v4, v4_fragment, v6, v6_fragment};
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::time::Timestamp;

type Said = Vec<(Frames, Anomaly)>;

/// The frame with another number, at that second.
fn numbered(number: u64, frame: Frame<'_>) -> Frame<'_> {
    let seconds = i64::try_from(number).unwrap();
    Frame { id: FrameId { input: 0, number }, at: Timestamp::from_parts(seconds, 0, false), ..frame }
}

#[test]
fn fragments_become_a_segment() {
    let payload: Vec<u8> = (0..100).collect();
    let (four, six) = (v4(&payload), v6(&payload));
    let cut_four = [40..120, 0..16, 16..40].map(|range| v4_fragment(&four, range));
    let cut_six = [40..120, 0..16, 16..40].map(|range| v6_fragment(&six, range));
    for pieces in [cut_four, cut_six] {
        let mut decoder = Decoder::new(&Limits::default(), Checks::default());
        for (number, piece) in (5..7).zip(&pieces) {
            let outcome = decoder.frame(&numbered(number, frame(101, piece)), &mut |_, _, anomaly| panic!("{anomaly:?}"));
            assert!(matches!(outcome, Outcome::Other("fragment")));
        }
        let last = frame(101, &pieces[2]);
        let Outcome::Segment(segment) = decoder.frame(&numbered(9, last), &mut |_, _, _| panic!()) else { panic!() };
        assert_eq!((segment.payload, segment.uncaptured, segment.seq), (payload.as_slice(), 0, 100));
        assert_eq!(segment.at, Timestamp::from_parts(9, 0, false));
        assert_eq!(segment.frames.spans().map(|span| (span.first, span.last)).collect::<Vec<_>>(), [(5, 6), (9, 9)]);
        decoder.finish(&mut |_, _, anomaly| panic!("{anomaly:?}"));
    }
}

#[test]
fn the_checksum_of_what_was_joined_is_verified() {
    let mut packet = v4(&[1; 100]);
    *packet.last_mut().unwrap() = 2;
    let mut decoder = Decoder::new(&Limits::default(), Checks { verify: true });
    let mut reasons = Vec::new();
    for range in [0..64, 64..120] {
        let mut piece = v4_fragment(&packet, range);
        piece[10..12].fill(0);
        let sum = etherparse::checksum::Sum16BitWords::new().add_slice(&piece[..20]).ones_complement();
        piece[10..12].copy_from_slice(&sum.to_be().to_be_bytes());
        if let Outcome::Other(reason) = decoder.frame(&frame(101, &piece), &mut |_, _, _| panic!()) {
            reasons.push(reason);
        }
    }
    assert_eq!(reasons, ["fragment", "bad_checksum"]);
}

#[test]
fn oddities_are_reported_with_their_frames() {
    let mut said: Said = Vec::new();
    let report = &mut |_, frames, anomaly| said.push((frames, anomaly));
    let mut decoder = Decoder::new(&Limits::default(), Checks::default());
    let packet = v4(&[0; 20]);
    let piece = v4_fragment(&packet, 0..16);
    let short = ether(0x0800, &[0x45]);
    let inputs = [frame(147, b"x"), frame(147, b"x"), frame(148, b"x"), frame(1, &short), frame(228, &piece)];
    let reasons: Vec<&str> = (1..)
        .zip(inputs)
        .map(|(number, frame)| match decoder.frame(&numbered(number, frame), report) {
            Outcome::Other(reason) => reason,
            Outcome::Segment(segment) => panic!("{segment:?}"),
            Outcome::Udp(datagram) => panic!("{datagram:?}"),
        })
        .collect();
    assert_eq!(reasons, ["link_type_unknown", "link_type_unknown", "link_type_unknown", "malformed", "fragment"]);
    decoder.finish(report);
    let frames = |number| Frames::one(FrameId { input: 0, number });
    assert_eq!(
        said,
        [
            (frames(1), Anomaly::LinkTypeUnknown { link_type: 147 }),
            (frames(3), Anomaly::LinkTypeUnknown { link_type: 148 }),
            (frames(4), Anomaly::HeaderBroken { layer: "ipv4", problem: "too short" }),
            (frames(5), Anomaly::FragmentsIncomplete { bytes: 16 }),
        ]
    );
}

#[test]
fn fragments_expire_with_later_frames() {
    let packet = v4(&[0; 20]);
    let (first, last) = (v4_fragment(&packet, 0..16), v4_fragment(&packet, 16..40));
    let mut decoder = Decoder::new(&Limits::default(), Checks::default());
    let mut said: Said = Vec::new();
    let report = &mut |_, frames, anomaly| said.push((frames, anomaly));
    decoder.frame(&numbered(1, frame(228, &first)), report);
    assert!(matches!(decoder.frame(&numbered(32, frame(228, &last)), report), Outcome::Other("fragment")));
    decoder.idle(Timestamp::from_parts(63, 0, false), report);
    assert_eq!(
        said.iter().map(|(_, anomaly)| anomaly.clone()).collect::<Vec<_>>(),
        [16, 24].map(|bytes| Anomaly::FragmentsIncomplete { bytes })
    );
}
