//! Promise: a compressed capture gives the frames of the plain one, and a broken or greedy stream gives an error, never more memory.
#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use crate::capture::buffer::Order;
use crate::capture::forge::Forge;
use crate::capture::forge::Walked;
use crate::capture::forge::packed;
use crate::capture::forge::walk;
use crate::capture::forge::walk_within;
use crate::capture::packed::find;
use crate::limits::Limits;
use std::io::Cursor;
use std::io::Read;

/// A frame of lz4 or zstd that is to be skipped.
const SKIPPED: &[u8] = b"\x5f\x2a\x4d\x18\x03\0\0\0any";

/// Some frames of which nothing repeats, so that every compression needs several blocks for them.
fn pcap(frames: u32) -> Vec<u8> {
    let mut forge = Forge::pcap(Order::Little, 0xa1b2_c3d4);
    let mut state = 1_u32;
    for number in 0..frames {
        let bytes = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        forge.record(number, 0, 1500, &[], &bytes.take(1400).collect::<Vec<u8>>());
    }
    forge.bytes
}

fn pcapng() -> Vec<u8> {
    let mut forge = Forge::pcapng(Order::Big);
    forge.interface(1, 0, None).packet(0, 1_500_000, 4, b"abcd").packet(0, 1_600_000, 9, b"x");
    forge.bytes
}

fn problem((_, end): Walked) -> String {
    end.unwrap_err().to_string()
}

#[test]
fn every_compression_gives_the_same_frames() {
    for plain in [pcap(3), pcap(200), pcapng()] {
        let expected = walk(&plain).0;
        for (name, bytes) in packed(&plain) {
            let (frames, end) = walk(&bytes);
            assert!(end.is_ok() && frames == expected, "{name}");
        }
    }
}

#[test]
fn members_are_joined_wherever_they_were_divided() {
    let plain = pcap(100);
    let expected = walk(&plain).0;
    for at in [1, 24, 30, plain.len() / 2, plain.len()] {
        let (first, second) = plain.split_at(at);
        for ((name, first), (_, second)) in packed(first).into_iter().zip(packed(second)) {
            let (frames, end) = walk(&[&first[..], &second].concat());
            assert!(end.is_ok() && frames == expected, "{name} at {at}");
            if ["zstd", "lz4"].contains(&name) {
                let (frames, end) = walk(&[&first[..], SKIPPED, SKIPPED, &second, SKIPPED].concat());
                assert!(end.is_ok() && frames == expected, "{name} at {at}, with frames to be skipped");
            }
        }
    }
    let [_, (_, zstd), ..] = packed(&plain);
    assert_eq!(walk(&[SKIPPED, &zstd].concat()).0, expected, "as pzstd writes it");
}

#[test]
fn every_prefix_gives_the_frames_before_the_cut() {
    for (plain, step) in [(pcap(3), 1), (pcap(200), 9973)] {
        let expected = walk(&plain).0;
        for (name, whole) in packed(&plain) {
            let mut most = 0;
            for cut in (0..whole.len()).step_by(step) {
                let (frames, end) = walk(&whole[..cut]);
                assert_eq!(frames, expected[..frames.len()], "{name} cut at {cut}");
                assert!(end.is_err_and(|error| error.spares_other_inputs()), "{name} cut at {cut}");
                most = most.max(frames.len());
            }
            assert!(step == 1 || most > 50, "{name}: of a long capture much can be read: {most}");
        }
    }
}

#[test]
fn a_cut_between_two_blocks_is_a_cut() {
    let [_, _, (_, mut lz4), ..] = packed(&pcap(200));
    let first_block = usize::try_from(u32::from_le_bytes(lz4[7..11].try_into().unwrap()) & 0x7fff_ffff).unwrap();
    lz4.truncate(7 + 4 + first_block);
    let (frames, end) = walk(&lz4);
    assert_eq!(frames.len(), (65_536 - 24) / 1416);
    assert!(end.unwrap_err().to_string().ends_with("the compressed stream is cut; the frames before were processed"));
}

#[test]
fn damage_behind_the_data_spares_most_of_it() {
    for (name, mut bytes) in packed(&pcap(200)) {
        // The check of the whole.
        let from_end = if name == "xz" {
            40
        } else if name == "bzip2" {
            6
        } else {
            2
        };
        let place = bytes.len() - from_end;
        bytes[place] ^= 0x55;
        let (frames, end) = walk(&bytes);
        let end = end.map_err(|error| error.to_string());
        assert!(frames.len() > 195 && frames == walk(&pcap(200)).0[..frames.len()], "{name}: {} {end:?}", frames.len());
        assert!(end.is_err_and(|error| error.contains("the compressed stream is damaged: ")), "{name}");
    }
}

#[test]
fn one_layer_is_unpacked() {
    for (outer, _) in packed(b"") {
        for (inner, bytes) in packed(&pcap(1)) {
            let (_, twice) = packed(&bytes).into_iter().find(|(name, _)| *name == outer).unwrap();
            let said = problem(walk(&twice));
            assert!(said.contains(&format!("{inner} inside {outer}")), "{said}");
        }
    }
    for (name, bytes) in packed(b"hello") {
        let said = problem(walk(&bytes));
        assert!(said.contains(&format!("text (inside {name})")), "{said}");
    }
}

/// A zstd frame of one block that is not compressed, which asks for a window of two to the power of `log` bytes.
fn window(log: u8, plain: &[u8]) -> Vec<u8> {
    let block = u32::try_from(plain.len()).unwrap() << 3 | 1;
    [b"\x28\xb5\x2f\xfd\0", &[(log - 10) << 3][..], &block.to_le_bytes()[..3], plain].concat()
}

#[test]
fn a_stream_that_asks_for_too_much_memory_is_refused() {
    let plain = pcap(3);
    assert_eq!(walk(&window(27, &plain)).0, walk(&plain).0);
    let refused = "unpacking it takes more than the limit of 134217728 bytes of memory; no frame could be read";
    for log in [28, 31, 41] {
        let said = problem(walk(&window(log, &plain)));
        assert_eq!(said, format!("test: damaged after frame 0, at offset 0: {refused}"));
    }
    // The preset 6 has a dictionary of 8 MiB.
    let [_, _, _, (_, xz), _] = packed(&plain);
    for (unpack_bytes, fits) in [(16 << 20, true), (8 << 20, false)] {
        let (frames, end) = walk_within(&xz, &Limits { unpack_bytes, ..Limits::default() });
        assert_eq!((frames.len(), end.is_ok()), if fits { (3, true) } else { (0, false) });
        assert!(fits || end.unwrap_err().to_string().contains("the limit of 8388608 bytes of memory"));
    }
    // The frames before one that is refused are not.
    let later = [window(20, &plain), window(30, &plain)].concat();
    let (frames, end) = walk(&later);
    assert!(frames.len() == 3 && end.unwrap_err().to_string().contains("the limit of 134217728 bytes"));
}

#[test]
fn where_damage_begins_does_not_depend_on_how_much_is_asked_for() {
    for (name, mut bytes) in packed(&pcap(400)) {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        let read = |step: usize| {
            let mut unpacked = find(&bytes).unwrap().unpack(Box::new(Cursor::new(bytes.clone())), 1 << 27).unwrap();
            let (mut into, mut sum) = (vec![0; step], 0);
            while let Ok(read @ 1..) = unpacked.read(&mut into) {
                sum += read;
            }
            sum
        };
        let all = read(4096);
        assert_eq!([1000, 5000, 100_000].map(read), [all; 3], "{name}");
    }
}
