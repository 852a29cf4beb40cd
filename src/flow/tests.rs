//! What single segments do to a connection: the cases that have tripped reassemblers before.
#![allow(clippy::arithmetic_side_effects, reason = "sequence numbers are written out as sums")]

use super::*;
use crate::anomaly::Anomaly;
use crate::decode::Flags;
use crate::decode::Segment;
use crate::event::Closing;
use crate::event::EventKind;
use crate::evidence::FrameId;
use crate::limits::Limits;
use crate::peer::RolesFrom;
use crate::peer::VlanStack;

/// Writes down what it is told, in words.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    ignore: bool,
}

impl Receiver for Log {
    fn event(&mut self, event: Event<'_>) {
        self.lines.push(match event.kind {
            EventKind::FlowOpened(flow) => format!("open {} {}", flow.id.0, flow.roles.name()),
            EventKind::FlowClosed(flow, closing) => format!("close {} {}", flow.id.0, closing.name()),
            EventKind::AnomalyFound(Anomaly::Gap { from, bytes, reason }) => format!("gap {} {bytes} {}", from.name(), reason.name()),
            EventKind::AnomalyFound(anomaly) => anomaly.name().to_owned(),
            _ => "other".to_owned(),
        });
    }

    fn handshake(&mut self, handshake: &Handshake) {
        self.lines.push(format!("handshake {} {}", handshake.server.port, handshake.syn_seen));
    }

    fn chunk(&mut self, _flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        if let Body::Data(data) = chunk.body {
            self.lines.push(format!("{} {} {}", from.name(), chunk.offset, String::from_utf8_lossy(data)));
        }
        if self.ignore { Interest::Ignore } else { Interest::Keep }
    }

    fn closed(&mut self, _flow: &mut Flow) {
        self.lines.push("closed".to_owned());
    }
}

/// A connection between port 40,000 and port 1241, one segment a millisecond.
struct Wire {
    flows: Flows,
    log: Log,
    number: u64,
    at: Timestamp,
}

const CLIENT: u16 = 40_000;
const SERVER: u16 = 1241;
const SYN: u8 = Flags::SYN;
const ACK: u8 = Flags::ACK;
const FIN: u8 = Flags::FIN;
const RST: u8 = Flags::RST;

impl Wire {
    fn new() -> Self {
        Self::with(&Limits::default())
    }

    fn with(limits: &Limits) -> Self {
        Self { flows: Flows::new(limits, &[1241]), log: Log::default(), number: 0, at: Timestamp::from_nanos(0, false) }
    }

    fn wait(&mut self, milliseconds: u64) {
        self.at = self.at.after(std::time::Duration::from_millis(milliseconds));
    }

    fn send(&mut self, from: u16, flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        self.number += 1;
        self.wait(1);
        let endpoint = |port: u16| Endpoint { ip: std::net::Ipv4Addr::new(10, 0, 0, if port == SERVER { 2 } else { 1 }).into(), port };
        let to = if from == CLIENT { SERVER } else { CLIENT };
        let segment = Segment {
            at: self.at,
            frames: Frames::one(FrameId { input: 0, number: self.number }),
            source: endpoint(from),
            destination: endpoint(to),
            seq,
            ack,
            flags: Flags(flags),
            window: 0xffff,
            window_scale: None,
            payload,
            uncaptured: 0,
            vlans: VlanStack::default(),
        };
        self.flows.push(&segment, &mut self.log);
    }

    /// The handshake: the client's data starts at 101, the server's at 501.
    fn shake(&mut self) {
        self.send(CLIENT, SYN, 100, 0, b"");
        self.send(SERVER, SYN | ACK, 500, 101, b"");
        self.send(CLIENT, ACK, 101, 501, b"");
        assert_eq!(self.told(), ["handshake 1241 true", "open 1 handshake"]);
    }

    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log.lines)
    }
}

#[test]
fn a_whole_connection() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 101, 501, b"hello");
    wire.send(SERVER, ACK, 501, 106, b"world");
    wire.send(CLIENT, FIN | ACK, 106, 506, b"");
    wire.send(SERVER, FIN | ACK, 506, 107, b"");
    assert_eq!(wire.told(), ["client 0 hello", "server 0 world"]);
    wire.send(CLIENT, ACK, 107, 507, b"");
    assert_eq!(wire.told(), ["closed", "close 1 fin"]);
    wire.send(CLIENT, ACK, 101, 501, b"hello");
    assert!(wire.told().is_empty(), "a late repetition is no new connection");
}

#[test]
fn the_first_copy_wins_and_a_different_one_is_named() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 104, 501, b"DEF");
    wire.send(CLIENT, ACK, 101, 501, b"abcdefghi");
    assert_eq!(wire.told(), ["overlap_differs", "client 0 abc", "client 3 DEF", "client 6 ghi"]);
    wire.send(CLIENT, ACK, 101, 501, b"abcDEFghi");
    wire.send(CLIENT, ACK, 106, 501, b"Fghijk");
    assert_eq!(wire.told(), ["client 9 jk"]);
    wire.send(CLIENT, ACK, 101, 501, b"abX");
    assert_eq!(wire.told(), ["overlap_differs"]);
}

#[test]
fn keep_alives_and_window_probes_add_nothing() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    wire.send(CLIENT, ACK, 103, 501, b"\0");
    wire.send(CLIENT, ACK, 103, 501, b"");
    assert_eq!(wire.told(), ["client 0 abc"]);
    wire.send(CLIENT, ACK, 104, 501, b"d");
    wire.send(CLIENT, ACK, 104, 501, b"def");
    assert_eq!(wire.told(), ["client 3 d", "client 4 ef"]);
}

#[test]
fn a_hole_is_given_up_when_it_was_acknowledged_and_a_second_has_passed() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 106, 501, b"later");
    wire.wait(5000);
    wire.send(SERVER, ACK, 501, 101, b"");
    assert!(wire.told().is_empty(), "nobody acknowledged it: it may still come");
    wire.send(SERVER, ACK, 501, 111, b"");
    assert_eq!(wire.told(), ["gap client 5 not_captured", "client 5 later"]);
    wire.send(CLIENT, ACK, 116, 501, b"again");
    wire.send(SERVER, ACK, 501, 121, b"");
    assert!(wire.told().is_empty());
    wire.wait(1100);
    let now = wire.at;
    wire.flows.tick(now, &mut wire.log);
    assert_eq!(wire.told(), ["gap client 5 not_captured", "client 15 again"]);
}

#[test]
fn bounds_close_a_hole_and_say_so() {
    let mut wire = Wire::with(&Limits { held_segments: 2, ..Limits::default() });
    wire.shake();
    wire.send(CLIENT, ACK, 103, 501, b"c");
    wire.send(CLIENT, ACK, 105, 501, b"e");
    assert!(wire.told().is_empty());
    wire.send(CLIENT, ACK, 107, 501, b"g");
    assert_eq!(wire.told(), ["limit_reached", "gap client 2 bound", "client 2 c"]);
}

#[test]
fn a_forged_segment_far_away_is_left_out_but_a_long_loss_is_survived() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(SERVER, ACK, 501, 101, b"");
    wire.send(CLIENT, ACK, 101 + 100_000_000, 501, b"forged");
    wire.send(CLIENT, ACK, 101, 501, b"true");
    assert_eq!(wire.told(), ["segment_implausible", "client 0 true"]);
    let far = 101 + 200_000_000;
    wire.send(CLIENT, ACK, far, 501, b"aa");
    wire.send(CLIENT, ACK, far + 2, 501, b"bb");
    wire.send(CLIENT, ACK, far + 4, 501, b"cc");
    assert_eq!(wire.told(), ["segment_implausible", "segment_implausible"]);
    wire.send(SERVER, ACK, 501, far + 6, b"");
    wire.wait(2000);
    wire.send(CLIENT, ACK, far + 6, 501, b"dd");
    let told = wire.told();
    assert!(told.first().is_some_and(|line| line.starts_with("gap client")), "{told:?}");
    assert_eq!(told.last().unwrap().split(' ').next_back(), Some("dd"));
}

#[test]
fn a_reset_must_lie_near_and_ends_it() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    wire.send(CLIENT, RST, 101 + 900_000_000, 0, b"");
    assert_eq!(wire.told(), ["client 0 abc", "segment_implausible"]);
    wire.send(CLIENT, RST, 104, 0, b"");
    assert_eq!(wire.told(), ["closed", "close 1 reset"]);
}

#[test]
fn data_behind_the_fin_is_no_part_of_the_stream() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, FIN | ACK, 101, 501, b"bye");
    wire.send(CLIENT, ACK, 105, 501, b"ghost");
    assert_eq!(wire.told(), ["client 0 bye", "data_after_fin"]);
    wire.send(CLIENT, FIN | ACK, 101, 501, b"bye");
    assert!(wire.told().is_empty(), "the FIN again, with its data");
}

#[test]
fn the_same_ports_begin_anew() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 101, 501, b"one");
    wire.send(CLIENT, SYN, 9000, 0, b"");
    assert_eq!(wire.told(), ["client 0 one"], "a SYN alone ends nothing");
    wire.send(SERVER, SYN | ACK, 7000, 9001, b"");
    wire.send(CLIENT, ACK, 9001, 7001, b"two");
    assert_eq!(wire.told(), ["closed", "close 1 reused", "handshake 1241 true", "open 2 handshake", "client 0 two"]);
}

#[test]
fn a_syn_ack_that_answers_nothing_asked_proves_nothing() {
    let mut wire = Wire::new();
    wire.send(CLIENT, SYN, 100, 0, b"");
    wire.send(SERVER, SYN | ACK, 500, 999, b"");
    assert!(wire.told().is_empty());
    wire.send(SERVER, SYN | ACK, 500, 101, b"");
    assert_eq!(wire.told(), ["handshake 1241 true"]);
    wire.send(SERVER, SYN | ACK, 500, 101, b"");
    assert!(wire.told().is_empty(), "repeated");
    assert_eq!(wire.flows.lone_syns(), 0);
}

#[test]
fn who_asked_first_is_the_client() {
    let mut wire = Wire::new();
    wire.send(CLIENT, SYN, 100, 0, b"");
    wire.send(SERVER, SYN, 500, 0, b"");
    wire.send(CLIENT, SYN | ACK, 100, 501, b"");
    wire.send(SERVER, SYN | ACK, 500, 101, b"");
    let told = wire.told();
    assert_eq!(told.first().map(String::as_str), Some("handshake 1241 true"), "{told:?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("handshake")).count(), 1, "{told:?}");
}

#[test]
fn fast_open_data_is_read_once() {
    let mut wire = Wire::new();
    wire.send(CLIENT, SYN, 100, 0, b"early");
    wire.send(SERVER, SYN | ACK, 500, 106, b"");
    wire.send(CLIENT, ACK, 106, 501, b" late");
    assert_eq!(wire.told(), ["open 1 syn", "client 0 early", "handshake 1241 true", "client 5  late"]);
}

#[test]
fn without_handshake_ports_tell_the_roles_and_sequence_numbers_wrap() {
    let mut wire = Wire::new();
    wire.log.ignore = true;
    wire.send(SERVER, ACK, u32::MAX, 77, b"abc");
    wire.send(SERVER, ACK, 2, 77, b"d");
    assert_eq!(wire.told(), ["server 0 abc", "open 1 known_port"], "nobody reads on");
    wire.flows.finish(&mut wire.log);
    assert_eq!(wire.told(), ["closed", "close 1 end_of_capture"]);
    let mut wire = Wire::new();
    wire.send(SERVER, ACK, u32::MAX, 77, b"abc");
    wire.send(SERVER, ACK, 2, 77, b"d");
    assert_eq!(wire.told(), ["server 0 abc", "server 3 d"]);
    assert_eq!(RolesFrom::KnownPort.name(), "known_port");
}

#[test]
fn silence_ends_it() {
    let mut wire = Wire::with(&Limits { idle: std::time::Duration::from_secs(100), ..Limits::default() });
    wire.shake();
    wire.wait(300_000);
    let now = wire.at;
    wire.flows.tick(now, &mut wire.log);
    assert!(wire.told().is_empty(), "a jump of the clock alone ends nothing");
    for _ in 0..3 {
        wire.wait(30_000);
        let now = wire.at;
        wire.flows.tick(now, &mut wire.log);
    }
    assert_eq!(wire.told(), ["closed", "close 1 idle"]);
    assert_eq!(Closing::Idle.name(), "idle");
}

#[test]
fn one_damaged_acknowledgement_changes_nothing() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    wire.send(SERVER, ACK, 501, 104 + (1 << 30), b"");
    wire.send(CLIENT, ACK, 104, 501, b"def");
    wire.send(CLIENT, ACK, 107, 501, b"ghi");
    assert_eq!(wire.told(), ["client 0 abc", "client 3 def", "client 6 ghi"]);
    wire.flows.finish(&mut wire.log);
    assert_eq!(wire.told(), ["closed", "close 1 end_of_capture"], "no gap that nobody saw");
}

#[test]
fn a_start_that_an_acknowledgement_told_wrongly_is_mended_by_the_data() {
    let mut wire = Wire::new();
    wire.send(CLIENT, ACK, 101, 77_000_000, b"a");
    wire.send(SERVER, ACK, 501, 102, b"abc");
    wire.send(SERVER, ACK, 504, 102, b"def");
    assert_eq!(wire.told(), ["client 0 a", "server 0 abc", "server 3 def"]);
}

#[test]
fn a_far_fin_is_no_end() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(SERVER, ACK, 501, 101, b"");
    wire.send(CLIENT, FIN | ACK, 101 + (1 << 30), 501, b"");
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    wire.send(CLIENT, FIN | ACK, 104, 501, b"");
    wire.send(SERVER, FIN | ACK, 501, 105, b"");
    wire.send(CLIENT, ACK, 105, 502, b"");
    assert_eq!(wire.told(), ["segment_implausible", "client 0 abc", "closed", "close 1 fin"]);
}

#[test]
fn what_goes_on_after_the_end_is_a_connection_again() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    wire.send(CLIENT, RST, 104, 0, b"");
    wire.told();
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    assert!(wire.told().is_empty(), "a repetition");
    wire.send(CLIENT, ACK, 104, 501, b"more");
    assert_eq!(wire.told(), ["client 0 more"]);
    wire.flows.finish(&mut wire.log);
    assert_eq!(wire.told(), ["closed"], "nobody said who is who, so nobody announced it");
}

#[test]
fn one_wild_stamp_closes_nothing() {
    let mut wire = Wire::new();
    wire.shake();
    let right = wire.at;
    wire.at = right.after(std::time::Duration::from_secs(3_000_000_000));
    wire.send(SERVER, ACK, 501, 101, b"wild");
    wire.at = right;
    for number in 0..200_u32 {
        wire.wait(1000);
        wire.send(CLIENT, ACK, 101 + number, 505, b"x");
    }
    let told = wire.told();
    assert!(!told.iter().any(|line| line.starts_with("close")), "{told:?}");
    assert_eq!(told.len(), 201);
}

#[test]
fn one_sided_port_reuse_is_a_new_connection() {
    let mut wire = Wire::new();
    wire.send(CLIENT, SYN, 100, 0, b"");
    wire.send(CLIENT, ACK, 101, 501, b"one");
    wire.send(CLIENT, SYN, 90_000_000, 0, b"");
    wire.send(CLIENT, ACK, 90_000_001, 801, b"two");
    let told = wire.told();
    assert_eq!(told, ["open 1 syn", "client 0 one", "closed", "close 1 reused", "open 2 syn", "client 0 two"]);
}

#[test]
fn a_syn_far_from_the_data_is_not_its_own() {
    let mut wire = Wire::new();
    wire.send(CLIENT, SYN, 100, 0, b"");
    wire.send(CLIENT, ACK, 900_000_000, 501, b"other");
    assert_eq!(wire.told(), ["client 0 other"]);
}

#[test]
fn a_forged_syn_ack_does_not_end_a_connection_at_work() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    wire.send(SERVER, SYN | ACK, 88_000_000, 99_000_000, b"");
    wire.send(CLIENT, SYN, 77_000_000, 0, b"forged");
    wire.send(CLIENT, ACK, 104, 501, b"def");
    assert_eq!(wire.told(), ["client 0 abc", "segment_implausible", "segment_implausible", "client 3 def"]);
    wire.send(SERVER, SYN | ACK, 66_000_000, 55_000_001, b"");
    wire.send(CLIENT, ACK, 55_000_001, 66_000_001, b"");
    let told = wire.told();
    assert_eq!(told, ["segment_implausible", "closed", "close 1 reused", "handshake 1241 false", "open 2 synack"]);
}

#[test]
fn bytes_that_come_too_late_are_named() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(CLIENT, ACK, 106, 501, b"later");
    wire.send(SERVER, ACK, 501, 111, b"");
    wire.wait(2000);
    wire.send(SERVER, ACK, 501, 111, b"");
    assert_eq!(wire.told(), ["gap client 5 not_captured", "client 5 later"]);
    wire.send(CLIENT, ACK, 101, 501, b"first");
    assert_eq!(wire.told(), ["data_too_late"]);
    wire.send(CLIENT, ACK, 101, 501, b"first");
    assert!(wire.told().is_empty(), "once for each gap");
}

#[test]
fn all_connections_together_hold_only_so_much() {
    let mut wire = Wire::with(&Limits { held_bytes_in_all: 10, ..Limits::default() });
    wire.shake();
    wire.send(CLIENT, ACK, 111, 501, b"12345678");
    assert!(wire.told().is_empty());
    wire.send(CLIENT, ACK, 131, 501, b"12345678");
    assert_eq!(wire.told(), ["limit_reached", "gap client 10 bound", "client 10 12345678", "gap client 12 bound", "client 30 12345678"]);
}

#[test]
fn a_simultaneous_open_leaves_no_syn_without_answer() {
    let mut wire = Wire::new();
    wire.send(CLIENT, SYN, 100, 0, b"");
    wire.send(SERVER, SYN, 500, 0, b"");
    wire.send(CLIENT, SYN | ACK, 100, 501, b"");
    wire.send(SERVER, SYN | ACK, 500, 101, b"");
    assert_eq!(wire.flows.lone_syns(), 0);
}
