//! Promise of this stage: the right frames of every capture, and of every damaged one those before the damage.
#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

mod real;

use super::Next;
use super::Source;
use super::buffer::Order;
use super::files::Files;
use super::files::Progress;
use super::forge::Forge;
use super::forge::gzip;
use super::forge::packed;
use super::forge::walk;
use super::forge::walk_within;
use crate::error::Error;
use crate::limits::Limits;
use proptest::prelude::*;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::LazyLock;

const ORDERS: [Order; 2] = [Order::Little, Order::Big];

/// Three frames, the last cut by the snap length.
fn pcap(order: Order) -> Forge {
    let mut forge = Forge::pcap(order, 0xa1b2_c3d4);
    forge.record(1, 500_000, 4, &[], b"abcd").record(u32::MAX, 1, 0, &[], b"").record(3, 0, 1500, &[], b"xyz");
    forge
}

/// Four frames of two interfaces, among blocks nobody asks for.
fn pcapng(order: Order) -> Forge {
    let mut forge = Forge::pcapng(order);
    forge.interface(1, 3, None).interface(101, 0, Some(9)).block(0x0bad, |body| body.bytes.extend(b"custom"));
    forge.packet(0, 1_500_000, 4, b"abcd").packet(1, 1_600_000_000_123_456_789, 9, b"x");
    forge.block(3, |body| body.u32(7).bytes.extend(b"sim"));
    forge.block(5, |_| {});
    forge.block(2, |body| body.u16(1).u16(0).u32(0).u32(99).u32(2).u32(2).bytes.extend(b"ob"));
    forge
}

fn damage(end: Result<(), Error>) -> (u64, u64, String) {
    match end {
        Err(Error::Damaged { input, frames, offset, problem }) if input == "test" => (frames, offset, problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn classic_files_of_both_orders() {
    for order in ORDERS {
        let (frames, end) = walk(&pcap(order).bytes);
        assert!(end.is_ok());
        let expected: [(i64, u32, u32, &[u8]); 3] =
            [(1_500_000_000, 1, 4, b"abcd"), (4_294_967_295_000_001_000, 1, 0, b""), (3_000_000_000, 1, 1500, b"xyz")];
        assert_eq!(frames, expected.map(|(at, link, wire, bytes)| (at, link, wire, bytes.to_vec())));
    }
}

#[test]
fn nanoseconds_modified_records_and_check_sequence_bits() {
    for order in ORDERS {
        let mut nanos = Forge::pcap(order, 0xa1b2_3c4d);
        assert_eq!(walk(&nanos.record(1, 999_999_999, 1, &[], b"n").bytes).0, [(1_999_999_999, 1, 1, b"n".to_vec())]);
        let mut modified = Forge::pcap(order, 0xa1b2_cd34);
        modified.record(1, 2, 1, &[7; 8], b"m").record(3, 4, 1, &[8; 8], b"o");
        assert_eq!(walk(&modified.bytes).0, [(1_000_002_000, 1, 1, b"m".to_vec()), (3_000_004_000, 1, 1, b"o".to_vec())]);
        let mut checked = pcap(order);
        checked.bytes.truncate(20);
        checked.u32(0x4400_0114).record(0, 0, 1, &[], b"f");
        assert_eq!(walk(&checked.bytes).0, [(0, 276, 1, b"f".to_vec())]);
    }
}

#[test]
fn blocks_of_both_orders() {
    for order in ORDERS {
        let (frames, end) = walk(&pcapng(order).bytes);
        assert!(end.is_ok());
        let last = 1_600_000_000_123_456_789;
        let expected: [(i64, u32, u32, &[u8]); 4] =
            [(1_500_000_000, 1, 4, b"abcd"), (last, 101, 9, b"x"), (last, 1, 7, b"sim"), (99, 101, 2, b"ob")];
        assert_eq!(frames, expected.map(|(at, link, wire, bytes)| (at, link, wire, bytes.to_vec())));
    }
}

#[test]
fn a_section_begins_anew_in_its_own_order() {
    let mut forge = Forge::pcapng(Order::Little);
    forge.interface(1, 0, None).packet(0, 1, 1, b"a").section(Order::Big).interface(101, 0, None).packet(0, 2, 1, b"b");
    assert_eq!(walk(&forge.bytes).0, [(1000, 1, 1, b"a".to_vec()), (2000, 101, 1, b"b".to_vec())]);
    let good = forge.bytes.len();
    forge.section(Order::Little).packet(0, 3, 1, b"c");
    let (frames, end) = walk(&forge.bytes);
    assert_eq!(frames.len(), 2);
    let offset = u64::try_from(good + 28).unwrap();
    assert_eq!(damage(end), (2, offset, "packet of interface 0, but 0 are described".to_owned()));
}

#[test]
fn every_prefix_gives_the_frames_before_the_cut() {
    for Forge { bytes: whole, ends, .. } in [pcap(Order::Big), pcapng(Order::Little)] {
        for cut in 0..whole.len() {
            let (frames, end) = walk(&whole[..cut]);
            assert_eq!(frames.len(), ends.iter().filter(|end| **end <= cut).count(), "cut at {cut}");
            match end {
                Err(Error::NotACapture { .. }) => assert!(cut < 4, "cut at {cut}"),
                Err(error) => assert_eq!(damage(Err(error)).0, u64::try_from(frames.len()).unwrap()),
                Ok(()) => assert!(cut >= 24, "cut at {cut}"),
            }
        }
    }
}

#[test]
fn damage_says_where_and_what() {
    let mut bytes = pcap(Order::Little).bytes;
    bytes.truncate(24 + 20 + 7);
    assert_eq!(damage(walk(&bytes).1), (1, 44, "record header of 16 bytes cut to 7".to_owned()));
    bytes.truncate(24 + 18);
    assert_eq!(damage(walk(&bytes).1), (0, 24, "record of 20 bytes cut to 18".to_owned()));
    bytes.truncate(23);
    assert_eq!(damage(walk(&bytes).1), (0, 0, "file header of 24 bytes cut to 23".to_owned()));
    let mut forge = Forge::pcap(Order::Big, 0xa1b2_c3d4);
    forge.u32(0).u32(0).u32(u32::MAX).u32(1);
    assert_eq!(damage(walk(&forge.bytes).1), (0, 24, "record length 4294967295 is above the limit of 1048576 bytes".to_owned()));
    let mut whole = gzip(&pcap(Order::Little).bytes);
    let middle = whole.len() - 6;
    whole[middle] ^= 0xff;
    let (frames, end) = walk(&whole);
    assert_eq!((frames.len(), damage(end).0), (3, 3));
}

#[test]
fn damaged_blocks_say_what() {
    let good = pcapng(Order::Little).bytes;
    let interfaces = 28 + 20;
    for (place, value, problem) in [
        (4, 13, "block length 13 cannot be"),
        (8, 9, "byte-order magic 0x00000009 of a section is unknown"),
        (12, 2, "version 2 of the format is unknown"),
        (24, 32, "block length 28 at its start, but 32 at its end"),
        (28 + 4, 16, "block length 16 cannot be"),
        (interfaces - 4, 24, "block length 20 at its start, but 24 at its end"),
    ] {
        let mut bytes = good.clone();
        bytes[place..place + 4].copy_from_slice(&u32::to_le_bytes(value));
        assert_eq!(damage(walk(&bytes).1).2, problem);
    }
    let mut forge = Forge::pcapng(Order::Big);
    forge.interface(1, 0, None).block(6, |body| body.u32(0).u32(0).u32(0).u32(5).u32(5).bytes.extend(b"abcd"));
    assert_eq!(damage(walk(&forge.bytes).1).2, "packet of 5 bytes in a block of 36");
    let mut forge = Forge::pcapng(Order::Big);
    forge.u32(99).u32(u32::MAX - 3).bytes.extend([0; 100]);
    assert_eq!(damage(walk(&forge.bytes).1), (0, 28, "block of 4294967292 bytes cut to 108".to_owned()));
}

#[test]
fn limits_hold() {
    let limits = Limits { record_bytes: 4, interfaces: 2, secrets_bytes: 5, block_bytes: 64, ..Limits::default() };
    assert_eq!(walk_within(&pcap(Order::Little).bytes, &limits).0.len(), 3);
    assert_eq!(walk_within(&pcap(Order::Little).bytes, &Limits { record_bytes: 3, ..limits.clone() }).0.len(), 0);
    let mut forge = Forge::pcapng(Order::Little);
    forge.interface(1, 0, None).interface(1, 0, None).interface(1, 0, None);
    assert_eq!(damage(walk_within(&forge.bytes, &limits).1).2, "more interfaces than the limit of 2");
    let secrets = |forge: &mut Forge, bytes: &[u8]| {
        forge.block(10, |body| body.u32(0x544c_534b).u32(u32::try_from(bytes.len()).unwrap()).bytes.extend(bytes));
    };
    let mut forge = Forge::pcapng(Order::Big);
    secrets(&mut forge, b"abc");
    secrets(&mut forge, b"def");
    secrets(&mut forge, &[b'x'; 100]);
    secrets(&mut forge, b"g");
    let mut file = super::file::CaptureFile::from_reader(std::io::Cursor::new(forge.bytes), "test", 0, &limits).unwrap();
    assert!(!file.advance().unwrap());
    let (kept, left_out) = file.secrets();
    assert_eq!(
        kept.iter().map(|secret| (secret.kind, &secret.bytes[..])).collect::<Vec<_>>(),
        [(0x544c_534b, &b"abc"[..]), (0x544c_534b, b"g")]
    );
    assert_eq!(left_out, 2);
}

#[test]
fn records_longer_than_the_buffer() {
    let long = vec![7; 600_000];
    let mut forge = Forge::pcap(Order::Little, 0xa1b2_c3d4);
    for number in 0..50 {
        forge.record(number, 0, 100, &[], &long[..if number % 10 == 3 { 600_000 } else { 20_001 }]);
    }
    let (frames, end) = walk(&forge.bytes);
    assert!(end.is_ok() && frames.len() == 50 && frames[3].3 == long && frames[3].2 == 600_000);
}

#[test]
fn several_inputs_are_one_timeline_and_spare_each_other() {
    let folder = std::env::temp_dir().join(format!("ntp-sniff-files-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        fs::write(folder.join(name), bytes).unwrap();
        folder.join(name)
    };
    let cut = pcap(Order::Big).bytes.len() - 1;
    let paths = vec![
        write("a.txt", &gzip(&pcap(Order::Little).bytes)),
        folder.clone(),
        write("b.pcap", &pcap(Order::Big).bytes[..cut]),
        folder.join("missing"),
        write("empty", b""),
        write("header.pcap", &pcap(Order::Big).bytes[..24]),
        write("c.gz", &pcapng(Order::Big).bytes),
    ];
    let total: u64 = paths.iter().filter_map(|path| fs::metadata(path).ok()).filter(fs::Metadata::is_file).map(|found| found.len()).sum();
    let mut files = Files::new(paths, &Limits::default());
    assert_eq!(files.position(), Progress { read: 0, total: Some(total) });
    let mut seen = Vec::new();
    loop {
        match files.next() {
            Ok(Next::Frame(frame)) => seen.push(format!("{}.{}", frame.id.input, frame.id.number)),
            Ok(Next::Idle(_) | Next::Wait) => panic!("a file is never idle"),
            Ok(Next::End) => break,
            Err(error) => {
                assert!(error.spares_other_inputs());
                seen.push(error.to_string().replace(&folder.display().to_string(), "DIR"));
            }
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    let expected = [
        "0.1",
        "0.2",
        "0.3",
        "DIR: cannot open: is a directory",
        "2.1",
        "2.2",
        "DIR/b.pcap: damaged after frame 2, at offset 60: record of 19 bytes cut to 18; the frames before were processed",
        "DIR/missing: cannot open: No such file or directory (os error 2)",
        "DIR/empty: not a capture: empty file; pcap and pcapng files are read, plain or compressed (gzip, zstd, lz4, xz, bzip2)",
        "6.1",
        "6.2",
        "6.3",
        "6.4",
    ];
    assert_eq!(seen, expected);
    assert_eq!(files.position(), Progress { read: total, total: Some(total) });
    assert!(matches!(files.next(), Ok(Next::End)));
    assert_eq!(Files::new(vec![PathBuf::from("-")], &Limits::default()).position().total, None);
}

/// Gives one byte a read, with interruptions.
struct Slow(std::vec::IntoIter<u8>, bool);

impl Read for Slow {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let byte = self.0.next();
        into.iter_mut().zip(byte).for_each(|(place, byte)| *place = byte);
        Ok(byte.iter().count())
    }
}

#[test]
fn slow_inputs_give_the_same() {
    let packed = packed(&pcapng(Order::Little).bytes).map(|(_, bytes)| bytes);
    for bytes in [pcap(Order::Big).bytes, pcapng(Order::Big).bytes].into_iter().chain(packed) {
        let (expected, _) = walk(&bytes);
        let slow = Slow(bytes.into_iter(), false);
        let mut file = super::file::CaptureFile::from_reader(slow, "slow", 0, &Limits::default()).unwrap();
        for (_, _, _, bytes) in &expected {
            assert!(file.advance().unwrap());
            assert_eq!(file.frame().unwrap().bytes, bytes);
        }
        assert!(!file.advance().unwrap());
    }
}

/// Captures in all the ways they can be written.
static WAYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let plain = [pcap(Order::Big).bytes, pcapng(Order::Little).bytes];
    let packed = packed(&plain[1]).map(|(_, bytes)| bytes);
    plain.into_iter().chain(packed).collect()
});

proptest! {
    #[test]
    fn damage_is_survived(which in 0..7_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = WAYS[which].clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let (frames, end) = walk(&bytes);
        prop_assert!(frames.len() <= bytes.len() / 12 + 4);
        prop_assert!(end.is_ok() || end.is_err_and(|error| error.spares_other_inputs()));
    }
}
