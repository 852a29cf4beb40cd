//! Any order joins; overlaps, time and bounds do what the standards and the limits say.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use super::Report;
use super::{Fragments, Joined};
use crate::anomaly::Anomaly;
use crate::decode::Fragment;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;
use proptest::prelude::{ProptestConfig, any, proptest};
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::time::Duration;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_parts(seconds, 0, false)
}

fn piece(ip: IpAddr, id: u32, offset: u16, more: bool, payload: &[u8]) -> Fragment<'_> {
    let frame = FrameId { input: 0, number: u64::from(id) * 100 + u64::from(offset) };
    Fragment {
        at: at(0),
        frames: Frames::one(frame),
        source: ip,
        destination: ip,
        id,
        protocol: 6,
        offset,
        more,
        payload,
        uncaptured: 0,
        vlans: VlanStack::default(),
        tunnels: TunnelStack::default(),
    }
}

/// A reassembler, and all it reported.
struct Bench {
    fragments: Fragments,
    said: Vec<Anomaly>,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        Self { fragments: Fragments::new(&limits), said: Vec::new() }
    }

    fn push(&mut self, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        let said = &mut self.said;
        let report: Report<'_> = &mut |_, _, anomaly| said.push(anomaly);
        match self.fragments.push(fragment, report) {
            Joined::Pending => None,
            Joined::Whole(datagram) => Some(datagram.bytes.to_vec()),
        }
    }

    fn finish(mut self) -> Vec<Anomaly> {
        let said = &mut self.said;
        self.fragments.finish(at(0), &mut |_, _, anomaly| said.push(anomaly));
        assert_eq!((self.fragments.held, self.fragments.by_key.len()), (0, 0));
        self.said
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_order_and_any_repetition_joins(bytes in proptest::collection::vec(any::<u8>(), 25..200), picks in proptest::collection::vec(any::<usize>(), 64), v6 in any::<bool>()) {
        let ip = if v6 { V6 } else { V4 };
        let mut left: Vec<Fragment<'_>> = bytes.chunks(8).enumerate().map(|(index, chunk)| {
            piece(ip, 1, u16::try_from(index * 8).unwrap(), index * 8 + chunk.len() < bytes.len(), chunk)
        }).collect();
        let mut bench = Bench::new(|_| {});
        let mut done = None;
        for pick in picks {
            if left.is_empty() || done.is_some() { break; }
            let index = pick % left.len();
            // Some come twice.
            let fragment = if pick % 3 == 0 { left[index].clone() } else { left.remove(index) };
            done = bench.push(&fragment);
        }
        for fragment in left { done = done.or_else(|| bench.push(&fragment)); }
        assert_eq!(done.unwrap(), bytes);
        assert_eq!(bench.finish(), []);
    }
}

#[test]
fn the_first_copy_counts_in_version_4() {
    let mut bench = Bench::new(|_| {});
    assert_eq!(bench.push(&piece(V4, 1, 8, true, b"BBBBBBBB")), None);
    assert_eq!(bench.push(&piece(V4, 1, 0, true, b"AAAAAAAAxBBBBBBBCCCCCCCC")), None);
    assert_eq!(bench.said, [Anomaly::FragmentOverlap { dropped: false }]);
    assert_eq!(bench.push(&piece(V4, 1, 16, false, b"CCCCCCCCD")).unwrap(), b"AAAAAAAABBBBBBBBCCCCCCCCD");
    // A mirror's copies of the last datagram begin no new one.
    assert_eq!(bench.push(&piece(V4, 1, 0, true, b"AAAAAAAA")), None);
    assert!(bench.fragments.waiting.is_empty());
    // Much later the identification has come again.
    bench.push(&Fragment { at: at(31), ..piece(V4, 1, 0, true, b"AAAAAAAA") });
    assert_eq!(bench.finish().len(), 2);
}

#[test]
fn an_overlap_ends_the_datagram_in_version_6() {
    let mut bench = Bench::new(|_| {});
    assert_eq!(bench.push(&piece(V6, 1, 0, true, b"AAAAAAAA")), None);
    assert_eq!(bench.push(&piece(V6, 1, 0, true, b"AAAAAAAA")), None);
    assert_eq!(bench.said, []);
    assert_eq!(bench.push(&piece(V6, 1, 0, true, b"AAAAAAAABBBBBBBB")), None);
    assert_eq!(bench.push(&piece(V6, 1, 8, false, b"B")), None);
    assert_eq!(bench.finish(), [Anomaly::FragmentOverlap { dropped: true }]);
}

#[test]
fn a_second_end_contradicts() {
    for (ip, dropped) in [(V4, false), (V6, true)] {
        let mut bench = Bench::new(|_| {});
        bench.push(&piece(ip, 1, 16, false, b"end"));
        bench.push(&piece(ip, 1, 24, false, b"end"));
        bench.push(&piece(ip, 1, 0, true, b"AAAAAAAABBBBBBBB"));
        assert_eq!(bench.finish(), [Anomaly::FragmentOverlap { dropped }]);
    }
}

#[test]
fn datagrams_are_told_apart() {
    let mut bench = Bench::new(|_| {});
    let mut other = piece(V4, 1, 8, false, b"u");
    other.protocol = 17;
    bench.push(&piece(V4, 1, 0, true, b"AAAAAAAA"));
    assert_eq!(bench.push(&other), None);
    assert_eq!(bench.push(&piece(V4, 2, 8, false, b"2")), None);
    assert_eq!(bench.push(&piece(V4, 1, 8, false, b"1")).unwrap(), b"AAAAAAAA1");
    assert_eq!(bench.finish(), [1, 1].map(|bytes| Anomaly::FragmentsIncomplete { bytes }));
}

#[test]
fn bytes_the_snap_length_cut_stay_missing() {
    let mut bench = Bench::new(|_| {});
    bench.push(&Fragment { uncaptured: 4, ..piece(V4, 1, 0, true, b"AAAA") });
    assert_eq!(bench.push(&piece(V4, 1, 8, false, b"B")), None);
    assert_eq!(bench.finish(), [Anomaly::FragmentsIncomplete { bytes: 5 }]);
}

#[test]
fn waiting_ends() {
    let mut bench = Bench::new(|limits| limits.fragment_life = Duration::from_secs(30));
    bench.push(&piece(V4, 1, 0, true, b"AAAAAAAA"));
    let mut said = Vec::new();
    bench.fragments.expire(at(30), &mut |_, _, _| panic!("not yet"));
    bench.fragments.expire(at(31), &mut |when, frames, anomaly| said.push((when, frames, anomaly)));
    let frames = Frames::one(FrameId { input: 0, number: 100 });
    assert_eq!(said, [(at(31), frames, Anomaly::FragmentsIncomplete { bytes: 8 })]);
}

#[test]
fn the_oldest_datagram_gives_way() {
    let mut bench = Bench::new(|limits| limits.datagrams = 2);
    for id in 1..=3 {
        bench.push(&piece(V4, id, 0, true, b"AAAAAAAA"));
    }
    assert_eq!(bench.said, [Anomaly::LimitReached { limit: "datagrams", value: 2 }, Anomaly::FragmentsIncomplete { bytes: 8 }]);
    assert!(bench.push(&piece(V4, 3, 8, false, b"B")).is_some());
}

#[test]
fn bytes_are_bounded() {
    let mut bench = Bench::new(|limits| limits.fragment_bytes = 20);
    for id in 1..=3 {
        bench.push(&piece(V4, id, 0, true, b"AAAAAAAA"));
    }
    assert_eq!(bench.said, [Anomaly::LimitReached { limit: "fragment_bytes", value: 20 }, Anomaly::FragmentsIncomplete { bytes: 8 }]);
    assert_eq!(bench.fragments.held, 16);
}

#[test]
fn fragments_of_one_datagram_are_bounded() {
    let mut bench = Bench::new(|limits| limits.fragments_per_datagram = 3);
    for offset in [0, 16, 32, 48, 64] {
        bench.push(&piece(V4, 1, offset, true, b"AAAAAAAA"));
    }
    let limit = Anomaly::LimitReached { limit: "fragments_per_datagram", value: 3 };
    assert_eq!(bench.finish(), [limit, Anomaly::FragmentsIncomplete { bytes: 24 }]);
}
