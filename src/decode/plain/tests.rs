//! The law of the short way: it finds what the long way finds, or nothing.

use super::super::testing::{cut_frame, ether, frame, v4};
use super::super::{Decoded, Looks, the_long_way};
use super::*;
use proptest::prelude::*;

/// What the long way finds, as text; nothing where that is no segment.
fn long(frame: &Frame<'_>) -> Option<String> {
    match the_long_way(frame, Looks::default()) {
        Ok(Decoded::Segment(segment)) => Some(format!("{segment:?}")),
        _ => None,
    }
}

fn short(frame: &Frame<'_>) -> Option<String> {
    headers(frame, Checks::default()).map(|headers| format!("{:?}", headers.segment()))
}

/// A frame with TCP options: a maximum segment size, a window scale, time stamps, all of which may be damaged.
fn with_options(payload: &[u8]) -> Vec<u8> {
    let options = [2, 4, 5, 180, 1, 3, 3, 7, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let mut bytes = ether(0x0800, &v4(&[&options, payload].concat()));
    bytes[46] = 0xa0;
    bytes[47] |= Flags::SYN;
    bytes
}

#[test]
fn a_usual_frame_is_found_at_one_look() {
    let bytes = with_options(b"CLIENT");
    let found = headers(&frame(ETHERNET, &bytes), Checks::default()).unwrap().segment();
    assert_eq!((found.payload, found.window_scale), (&b"CLIENT"[..], Some(7)));
    assert_eq!(long(&frame(ETHERNET, &bytes)), Some(format!("{found:?}")));
}

#[test]
fn what_is_different_goes_the_long_way() {
    let bytes = with_options(b"CLIENT");
    let cut = &bytes[..bytes.len() - 1];
    assert!(short(&cut_frame(ETHERNET, cut, bytes.len())).is_none() && long(&cut_frame(ETHERNET, cut, bytes.len())).is_some());
    assert!(headers(&frame(ETHERNET, &bytes), Checks { verify: true }).is_none());
    assert!(short(&frame(101, &bytes)).is_none());
    assert!((0..LEAST_BYTES).all(|len| short(&frame(ETHERNET, &bytes[..len])).is_none()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn both_ways_find_the_same(
        damage in prop::collection::vec((12_usize..76, any::<u8>()), 0..4),
        length in prop::option::of(0_usize..90),
        options in any::<bool>(),
        beyond in 0_usize..20,
    ) {
        let mut bytes = if options { with_options(b"CLIENT") } else { ether(0x0800, &v4(b"CLIENT and padding")) };
        bytes.truncate(length.unwrap_or(bytes.len()));
        for (place, value) in damage {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        let frame = cut_frame(ETHERNET, &bytes, bytes.len().saturating_add(beyond));
        if let Some(found) = short(&frame) {
            prop_assert_eq!(Some(found), long(&frame));
        }
    }
}
