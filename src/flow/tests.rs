//! What single segments do to a connection: the cases that have tripped reassemblers before.
#![allow(clippy::arithmetic_side_effects, reason = "sequence numbers are written out as sums")]

use super::testing::ACK;
use super::testing::CLIENT;
use super::testing::FIN;
use super::testing::RST;
use super::testing::SERVER;
use super::testing::SYN;
use super::testing::Wire;
use crate::limits::Limits;

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
}

#[test]
fn silence_ends_it() {
    let mut wire = Wire::with(&Limits { idle: std::time::Duration::from_secs(100), ..Limits::default() });
    wire.shake();
    wire.send(SERVER, ACK, 504, 101, b"behind a hole");
    assert_eq!(wire.flows.held, 13);
    wire.wait(300_000);
    let now = wire.at;
    wire.flows.tick(now, &mut wire.log);
    assert!(wire.told().is_empty(), "a jump of the clock alone ends nothing");
    for _ in 0..3 {
        wire.wait(30_000);
        let now = wire.at;
        wire.flows.tick(now, &mut wire.log);
    }
    assert_eq!(wire.told().last().map(String::as_str), Some("close 1 idle"));
    assert_eq!(wire.flows.held, 0, "nothing of it counts any more");
}
