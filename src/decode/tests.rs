//! Whatever the bytes, no panic and one outcome; and real captures give what tshark gives.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use super::testing::{ether, frame, v4, v6};
use super::{Checks, Decoder, Outcome};
use crate::capture::Frame;
use crate::evidence::FrameId;
use crate::limits::Limits;
use crate::time::Timestamp;
use proptest::prelude::{any, proptest};
use proptest::sample::select;
use std::path::Path;
use std::time::Instant;

const LINK_TYPES: &[u32] = &[0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 147, 204, 228, 229, 276];

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(link_type in select(LINK_TYPES), bytes in proptest::collection::vec(any::<u8>(), 0..120), verify in any::<bool>()) {
        let mut decoder = Decoder::new(&Limits::default(), Checks { verify });
        decoder.frame(&frame(link_type, &bytes), &mut |_, _, _| {});
        decoder.finish(&mut |_, _, _| {});
    }

    /// Noise behind the header of every tunnel, and damage of that header.
    #[test]
    fn damaged_tunnels_never_panic(which in any::<usize>(), bytes in proptest::collection::vec(any::<u8>(), 0..100), places in proptest::collection::vec((0_usize..70, any::<u8>()), 0..4), inner in 0_usize..4, verify in any::<bool>()) {
        let inner = &[bytes.clone(), ether(0x0800, &v4(&bytes)), v4(&bytes), v6(&bytes)][inner];
        let carriers = super::tunnel::carriers(inner);
        let mut once = carriers[which % carriers.len()].clone();
        for (place, byte) in places {
            if let Some(old) = once.get_mut(place) { *old = byte; }
        }
        let twice = super::tunnel::carriers(&once);
        let mut decoder = Decoder::new(&Limits::default(), Checks { verify });
        for bytes in [&once, &twice[which / 100 % twice.len()]] {
            decoder.frame(&frame(1, bytes), &mut |_, _, _| {});
        }
        decoder.finish(&mut |_, _, _| {});
    }

    /// Damage of real packets goes deeper than noise.
    #[test]
    fn damaged_packets_never_panic(six in any::<bool>(), places in proptest::collection::vec((0_usize..120, any::<u8>()), 0..6), length in 0_usize..120, wire in any::<u32>(), verify in any::<bool>()) {
        let mut bytes = if six { ether(0x86dd, &v6(&[0; 40])) } else { ether(0x0800, &v4(&[0; 40])) };
        for (place, byte) in places {
            if let Some(old) = bytes.get_mut(place) { *old = byte; }
        }
        bytes.truncate(length);
        let mut decoder = Decoder::new(&Limits::default(), Checks { verify });
        for _ in 0..2 {
            decoder.frame(&Frame { wire_len: wire, ..frame(1, &bytes) }, &mut |_, _, _| {});
        }
        decoder.finish(&mut |_, _, _| {});
    }
}

/// The records of a classic little-endian pcap file.
fn records(file: &[u8]) -> Vec<Frame<'_>> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let mut frames = Vec::new();
    let mut at = 24;
    while at < file.len() {
        let captured = usize::try_from(word(at + 8)).unwrap();
        frames.push(Frame {
            id: FrameId { input: 0, number: u64::try_from(frames.len()).unwrap() + 1 },
            at: Timestamp::from_parts(word(at).into(), i64::from(word(at + 4)) * 1000, false),
            link_type: word(20),
            wire_len: word(at + 12),
            bytes: &file[at + 16..at + 16 + captured],
        });
        at += 16 + captured;
    }
    frames
}

/// A reference capture, or nothing, said aloud, where the machine does not have them. CI must.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn reference(name: &str) -> Option<Vec<u8>> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !shared.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", shared.display());
        eprintln!("skipped: {} is missing", shared.display());
        return None;
    }
    Some(std::fs::read(shared.join("captures").join(name)).unwrap())
}

/// Segments, payload bytes with those not captured, and anomalies of all frames.
fn totals(frames: &[Frame<'_>], checks: Checks) -> (usize, usize, usize) {
    let mut decoder = Decoder::new(&Limits::default(), checks);
    let (mut segments, mut bytes, mut anomalies) = (0, 0, 0);
    for frame in frames {
        if let Outcome::Segment(segment) = decoder.frame(frame, &mut |_, _, _| anomalies += 1) {
            segments += 1;
            bytes += segment.payload.len() + usize::try_from(segment.uncaptured).unwrap();
        }
    }
    decoder.finish(&mut |_, _, _| anomalies += 1);
    (segments, bytes, anomalies)
}

/// Facts by `tshark -r FILE -Y tcp -T fields -e tcp.len | awk '{n++; s+=$1} END {print n, s}'`, tshark 4.0.17.
#[test]
fn real_captures_give_what_tshark_gives() {
    let facts = [
        ("ntp/67_sll2_any.pcap", 811, 431_768),
        ("ntp/68_sll_any.pcap", 788, 431_768),
        ("ntp/70_snaplen128.pcap", 798, 431_768),
        ("ntp/71_gso_superpackets.pcap", 778, 431_768),
        ("ntp/72_loopback_lo.pcap", 172, 431_768),
        ("ntp/80_off_vlan_8021q.pcap", 809, 431_768),
        ("ntp/81_off_qinq.pcap", 809, 431_768),
        ("ntp/88_off_ipfragments.pcap", 809, 431_768),
        ("connections/13_ipv6.pcap", 8, 20),
        ("connections/15_vlan.pcap", 8, 20),
        ("connections/17_mpls.pcap", 8, 20),
        ("connections/19_gre.pcap", 8, 20),
        ("connections/20_vxlan.pcap", 8, 20),
        ("connections/22_erspan2.pcap", 8, 20),
    ];
    for (name, segments, bytes) in facts {
        let Some(file) = reference(name) else { return };
        assert_eq!(totals(&records(&file), Checks::default()), (segments, bytes, 0), "{name}");
    }
}

/// Facts by `tshark -r FILE -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y 'tcp.checksum.status==1 &&
/// ip.checksum.status==1' | wc -l`, tshark 4.0.17. The third is cut by a snap length: what cannot be verified passes.
#[test]
fn damaged_captures_verify_as_in_tshark() {
    for (name, segments) in [("ntp/63_wire_corrupt.pcap", 627), ("ntp/64_wire_everything.pcap", 836), ("ntp/70_snaplen128.pcap", 798)] {
        let Some(file) = reference(name) else { return };
        assert_eq!(totals(&records(&file), Checks { verify: true }).0, segments, "{name}");
    }
}

/// `cargo test --release decode::tests::speed -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, not a promise"]
#[allow(clippy::print_stderr, reason = "the result")]
fn speed() {
    for name in ["ntp/80_off_vlan_8021q.pcap", "ntp/71_gso_superpackets.pcap", "ntp/67_sll2_any.pcap", "connections/13_ipv6.pcap"] {
        let Some(file) = reference(name) else { return };
        let frames = records(&file);
        for verify in [false, true] {
            let rounds = 400_000 / frames.len();
            let round = || {
                let start = Instant::now();
                for _ in 0..rounds {
                    std::hint::black_box(totals(std::hint::black_box(&frames), Checks { verify }));
                }
                start.elapsed().as_nanos() / u128::try_from(rounds * frames.len()).unwrap()
            };
            eprintln!("{name}: {} ns per frame, verify {verify}", (0..10).map(|_| round()).min().unwrap());
        }
    }
}
