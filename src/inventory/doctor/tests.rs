//! Every finding, and what comes close to it; the clock of the verdicts; floods and size.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of the tests themselves, not of the network")]

use super::Doctor;
use crate::decode::{Flags, Segment};
use crate::evidence::{FrameId, Frames};
use crate::flow::Handshake;
use crate::peer::{Endpoint, VlanStack};
use crate::span::{Finding, SpanVerdict};
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;
use Finding::{DuplicatesExact, DuplicatesRouted, Healthy, LoneSynAcks, OneDirection, SnapLengthShort, TooLittle, VlanOneSide};

const SYN: u8 = Flags::SYN;
const ACK: u8 = Flags::ACK;
const FIN: u8 = Flags::FIN;
const RST: u8 = Flags::RST;

/// Who of a connection is mirrored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Both,
    Client,
    Server,
}

/// Who sends, and what it says.
type Sent<'p> = (bool, u8, u32, u32, &'p [u8]);

/// A connection with a word each way; the client's port is in every sequence number.
const WHOLE: [Sent<'static>; 8] = [
    (true, SYN, 100, 0, b""),
    (false, SYN | ACK, 500, 101, b""),
    (true, ACK, 101, 501, b""),
    (true, ACK, 101, 501, b"what?"),
    (false, ACK, 501, 106, b"that"),
    (false, FIN | ACK, 505, 106, b""),
    (true, FIN | ACK, 106, 506, b""),
    (false, ACK, 506, 107, b""),
];

/// A mirror port with the doctor behind it.
struct Tap {
    doctor: Doctor,
    at: Timestamp,
    number: u64,
    seen: Seen,
    first: Option<SpanVerdict>,
}

impl Tap {
    fn new(seen: Seen) -> Self {
        Self { doctor: Doctor::new(), at: Timestamp::default(), number: 0, seen, first: None }
    }

    /// A segment, a millisecond after the last one; an IP identification of its own.
    fn segment<'p>(&mut self, port: u16, (from_client, flags, seq, ack, payload): Sent<'p>) -> Segment<'p> {
        self.number += 1;
        self.wait(1);
        let client = Endpoint { ip: [10, 0, 0, 1].into(), port };
        let server = Endpoint { ip: [10, 0, 0, 2].into(), port: 80 };
        let (source, destination) = if from_client { (client, server) } else { (server, client) };
        Segment {
            at: self.at,
            frames: Frames::one(FrameId { input: 0, number: self.number }),
            source,
            destination,
            seq: seq.wrapping_add(u32::from(port) << 16),
            ack: ack.wrapping_add(u32::from(port) << 16),
            flags: Flags(flags),
            window: 0xffff,
            window_scale: None,
            payload,
            payload_at: None,
            uncaptured: 0,
            ttl: 64,
            ip_id: u16::try_from(self.number % 0xffff).ok(),
            vlans: VlanStack::default(),
            tunnels: TunnelStack::default(),
        }
    }

    fn wait(&mut self, milliseconds: u64) {
        self.at = self.at.after(std::time::Duration::from_millis(milliseconds));
    }

    fn take(&mut self, segment: &Segment<'_>) {
        let from_client = segment.destination.port == 80;
        if self.seen == Seen::Both || from_client == (self.seen == Seen::Client) {
            self.first = self.doctor.segment(segment).cloned().or(self.first.take());
        }
    }

    fn send(&mut self, port: u16, sent: Sent<'_>) {
        let segment = self.segment(port, sent);
        self.take(&segment);
    }

    /// Whole connections, each segment changed, and taken as often as it comes out.
    fn connections(&mut self, ports: std::ops::Range<u16>, change: impl Fn(Segment<'static>) -> Vec<Segment<'static>>) -> &mut Self {
        for port in ports {
            for sent in WHOLE {
                let segment = self.segment(port, sent);
                for segment in change(segment) {
                    self.take(&segment);
                }
            }
            let [client_seen, server_seen] = [Seen::Client, Seen::Server].map(|seen| self.seen == Seen::Both || self.seen == seen);
            if server_seen {
                self.handshake(client_seen, true);
            }
        }
        self
    }

    fn handshake(&mut self, syn_seen: bool, client_proven: bool) {
        let end = Endpoint { ip: [10, 0, 0, 1].into(), port: 1 };
        let frames = Frames::default();
        self.doctor.handshake(&Handshake {
            client: end,
            server: end,
            at: self.at,
            frames,
            syn_seen,
            client_proven,
            vlans: [VlanStack::default(); 2],
        });
    }

    fn findings(self) -> Vec<Finding> {
        self.doctor.finish().0.findings
    }
}

fn once(segment: Segment<'static>) -> Vec<Segment<'static>> {
    vec![segment]
}

fn tagged<'p>(segment: &Segment<'p>, id: u16) -> Segment<'p> {
    let mut vlans = VlanStack::default();
    assert!(vlans.push(id));
    Segment { vlans, ..segment.clone() }
}

/// What is found when whole connections come out of the mirror like this.
fn found(seen: Seen, connections: u16, change: impl Fn(Segment<'static>) -> Vec<Segment<'static>>) -> Vec<Finding> {
    let mut tap = Tap::new(seen);
    tap.connections(1000..1000 + connections, change);
    tap.findings()
}

#[test]
fn a_whole_capture_is_healthy_and_a_small_one_too_little() {
    assert_eq!(found(Seen::Both, 1, once), [Healthy]);
    assert_eq!(found(Seen::Both, 50, once), [Healthy]);
    assert_eq!(found(Seen::Both, 0, once), [TooLittle]);
    let mut tap = Tap::new(Seen::Both);
    WHOLE.iter().take(3).for_each(|sent| tap.send(1000, *sent));
    assert_eq!(tap.findings(), [TooLittle]);
}

#[test]
fn one_direction_is_told_of_one_connection_and_of_many() {
    assert_eq!(found(Seen::Client, 1, once), [OneDirection]);
    assert_eq!(found(Seen::Server, 1, once), [OneDirection]);
    assert_eq!(found(Seen::Client, 50, once), [OneDirection]);
    assert_eq!(found(Seen::Server, 50, once), [OneDirection, LoneSynAcks]);
    // Joined midway, an acknowledgement that goes on proves the other side.
    let mut tap = Tap::new(Seen::Server);
    tap.send(1000, (false, ACK, 501, 106, b"that"));
    tap.send(1000, (false, ACK, 505, 206, b"this"));
    assert_eq!(tap.findings(), [OneDirection]);
}

#[test]
fn silence_of_the_other_side_is_not_one_direction() {
    // Closed ports answer with RST, filtered ones not at all; an ACK out of nothing proves no one.
    let mut tap = Tap::new(Seen::Both);
    for port in 1000..5000 {
        tap.send(port, (true, SYN, 1, 0, b""));
        tap.send(port + 5000, (true, SYN, 1, 0, b""));
        tap.send(port + 5000, (false, RST | ACK, 0, 2, b""));
        tap.send(port + 10_000, (true, ACK, 1, 7, b""));
    }
    assert!(!tap.doctor.verdict(true).findings.contains(&OneDirection), "{:?}", tap.doctor.verdict(true));
    // A burst at the edge of the capture, of which the acknowledgement is not there any more.
    let mut tap = Tap::new(Seen::Server);
    (0..40).for_each(|part| tap.send(1000, (false, ACK, 501 + part * 8, 106, b"download")));
    assert_eq!(tap.findings(), [TooLittle]);
}

#[test]
fn a_scan_amid_traffic_changes_nothing() {
    let mut tap = Tap::new(Seen::Both);
    tap.connections(1000..1020, once);
    (2000..12_000).for_each(|port| tap.send(port, (true, SYN, 1, 0, b"")));
    tap.connections(1020..1040, once);
    let verdict = tap.doctor.verdict(true);
    assert_eq!(verdict.findings, [Healthy]);
    assert_eq!(verdict.counts.connections, verdict.counts.both_directions);
    assert!(verdict.counts.connections > 20, "the scan takes looks, not places: {verdict:?}");
}

#[test]
fn copies_are_told_apart() {
    assert_eq!(found(Seen::Both, 1, |segment| vec![segment.clone(), segment]), [DuplicatesExact]);
    let later = |segment: &Segment<'static>| Segment { at: segment.at.after(std::time::Duration::from_micros(300)), ..segment.clone() };
    let hop = |segment: Segment<'static>| vec![segment.clone(), Segment { ttl: 63, ..later(&segment) }];
    assert_eq!(found(Seen::Both, 30, hop), [DuplicatesRouted]);
    // From VLAN to VLAN; the way back is in the same two, so that this is no asymmetry.
    let route = |segment: Segment<'static>| {
        let (here, there) = if segment.destination.port == 80 { (10, 20) } else { (20, 10) };
        vec![tagged(&segment, here), Segment { ttl: 63, ..tagged(&later(&segment), there) }]
    };
    assert_eq!(found(Seen::Both, 30, route), [DuplicatesRouted]);
    let version_6 = |segment: Segment<'static>| vec![Segment { ip_id: None, ..segment.clone() }, Segment { ip_id: None, ..segment }];
    assert_eq!(found(Seen::Both, 30, version_6), [DuplicatesExact]);
    // Some of the ports are mirrored twice.
    let some = |segment: Segment<'static>| if segment.seq >> 16 & 1 == 0 { vec![segment.clone(), segment] } else { vec![segment] };
    assert_eq!(found(Seen::Both, 30, some), [DuplicatesExact]);
}

#[test]
fn what_is_sent_again_is_no_copy() {
    let with = |change: fn(Segment<'static>) -> Segment<'static>| move |segment: Segment<'static>| vec![segment.clone(), change(segment)];
    let new_packet = with(|segment| Segment { ip_id: segment.ip_id.map(|id| id ^ 0x8000), ..segment });
    assert_eq!(found(Seen::Both, 30, new_packet), [Healthy]);
    let late = with(|segment| Segment { at: segment.at.after(std::time::Duration::from_millis(200)), ..segment });
    assert_eq!(found(Seen::Both, 30, late), [Healthy]);
    let other_input = with(|segment| Segment { frames: Frames::one(FrameId { input: 1, number: 1 }), ..segment });
    assert_eq!(found(Seen::Both, 30, other_input), [Healthy]);
    // Stacks that write no identification repeat acknowledgements to ask for what was lost.
    let mut tap = Tap::new(Seen::Both);
    tap.connections(1000..1001, once);
    for _ in 0..50 {
        let again = Segment { ip_id: Some(0), ..tap.segment(1000, (true, ACK, 107, 506, b"")) };
        tap.take(&again);
    }
    assert_eq!(tap.findings(), [Healthy]);
}

#[test]
fn vlan_tags_are_compared_between_the_directions() {
    let up = |segment: &Segment<'static>| segment.destination.port == 80;
    assert_eq!(found(Seen::Both, 1, |segment| vec![tagged(&segment, 10)]), [Healthy]);
    assert_eq!(found(Seen::Both, 1, |segment| vec![if up(&segment) { tagged(&segment, 10) } else { segment }]), [VlanOneSide]);
    assert_eq!(found(Seen::Both, 30, |segment| vec![tagged(&segment, if up(&segment) { 10 } else { 20 })]), [VlanOneSide]);
    // A few connections only, and resets that a device in between makes up.
    let few = |segment: Segment<'static>| vec![if up(&segment) && segment.seq >> 16 == 1001 { tagged(&segment, 10) } else { segment }];
    assert_eq!(found(Seen::Both, 30, few), [Healthy]);
    let mut tap = Tap::new(Seen::Both);
    tap.connections(1000..1001, once);
    tap.send(1001, (true, SYN, 1, 0, b""));
    let reset = tagged(&tap.segment(1001, (false, RST | ACK, 0, 2, b"")), 99);
    tap.take(&reset);
    assert_eq!(tap.findings(), [Healthy]);
}

#[test]
fn lone_syn_acks_are_told_when_they_are_many() {
    let syn_acks = |lone: u32, proven: bool| {
        let mut tap = Tap::new(Seen::Both);
        tap.connections(1000..1010, once);
        (0..lone).for_each(|_| tap.handshake(false, proven));
        tap.findings()
    };
    assert_eq!(syn_acks(2, true), [Healthy], "2 of 12");
    assert_eq!(syn_acks(10, true), [LoneSynAcks]);
    assert_eq!(syn_acks(1000, false), [Healthy], "backscatter");
}

#[test]
fn cut_packets_are_told_when_they_are_many() {
    let cut = |payload: usize| {
        move |segment: Segment<'static>| vec![Segment { uncaptured: if segment.payload.len() > payload { 9 } else { 0 }, ..segment }]
    };
    assert_eq!(found(Seen::Both, 2, cut(3)), [SnapLengthShort]);
    assert_eq!(found(Seen::Both, 2, cut(4)), [Healthy], "two may be chance");
    assert_eq!(found(Seen::Both, 3, cut(4)), [SnapLengthShort]);
    let mut tap = Tap::new(Seen::Both);
    (0..50).for_each(|_| tap.doctor.header_cut());
    assert_eq!(tap.findings(), [SnapLengthShort]);
}

#[test]
fn the_first_verdict_comes_after_ten_seconds_and_the_last_if_it_is_another() {
    let mut tap = Tap::new(Seen::Both);
    tap.connections(1000..1010, once);
    tap.wait(9_000);
    tap.connections(1010..1011, once);
    assert_eq!(tap.first, None);
    tap.wait(1_000);
    tap.connections(1011..1012, once);
    let first = tap.first.take().unwrap();
    assert_eq!((first.findings, first.counts.segments, first.at_end), (vec![Healthy], 88, false), "on the segments before");
    tap.wait(100_000);
    tap.connections(1012..1020, once);
    assert_eq!(tap.first, None, "once");
    let (last, news) = tap.doctor.finish();
    assert_eq!((last.counts.segments, last.at_end, news), (160, true, false));
    let mut tap = Tap::new(Seen::Both);
    tap.connections(1000..1001, once).wait(20_000);
    tap.connections(1001..1020, |segment| vec![segment.clone(), segment]);
    let (last, news) = tap.doctor.finish();
    assert_eq!((last.findings, news), (vec![DuplicatesExact], true));
    assert!(Doctor::new().finish().1, "there is one at the end of nothing");
}

#[test]
fn a_flood_finds_tables_of_fixed_size_and_leaves_the_verdict() {
    let mut tap = Tap::new(Seen::Both);
    let twice = |segment: Segment<'static>| vec![segment.clone(), segment];
    for round in 0..60_u16 {
        tap.connections(round * 10..round * 10 + 10, twice);
        for port in 0..5000 {
            // Answered by nobody, answers to nobody, and acknowledgements out of nothing.
            let from = [10, 1, u8::try_from(round).unwrap(), 1].into();
            let flags = [SYN, SYN | ACK, ACK][usize::from(port % 3)];
            let segment = tap.segment(port, (true, flags, u32::from(port), 7, b""));
            let flood = Segment { source: Endpoint { ip: from, port }, ip_id: Some(0), ..segment };
            tap.take(&flood);
            assert!(tap.doctor.connections.len() <= 4096);
        }
    }
    let verdict = tap.doctor.verdict(true);
    assert!(verdict.counts.both_directions > 50, "{verdict:?}");
    assert_eq!(verdict.counts.one_direction, 0, "{verdict:?}");
}

#[test]
fn a_long_run_is_looked_at_less_and_less() {
    let mut tap = Tap::new(Seen::Both);
    tap.connections(1000..1001, once);
    for part in 0..600_000_u32 {
        tap.send(1000, (part % 2 == 0, ACK, 1000 + part / 2 * 8, 1000 + part / 2 * 8, b"download"));
    }
    let verdict = tap.doctor.verdict(true);
    assert_eq!(verdict.findings, [Healthy]);
    assert!((8_192..100_000).contains(&verdict.counts.compared), "{verdict:?}");
    assert_eq!(verdict.counts.connections, 1, "one that left the sample stays counted");
}

#[test]
fn clocks_that_jump_do_no_harm() {
    let mut tap = Tap::new(Seen::Both);
    for nanos in [i64::MAX, i64::MIN, 0, i64::MAX] {
        tap.at = Timestamp::from_nanos(nanos, true);
        tap.connections(1000..1002, once);
    }
    assert_eq!(tap.findings(), [Healthy]);
}
