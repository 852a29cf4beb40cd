//! What damaged, forged or badly captured segments must not do to a connection.
#![allow(clippy::arithmetic_side_effects, reason = "sequence numbers are written out as sums")]

use super::hold::Hold;
use super::testing::ACK;
use super::testing::CLIENT;
use super::testing::FIN;
use super::testing::RST;
use super::testing::SERVER;
use super::testing::SYN;
use super::testing::Wire;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::time::Timestamp;

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
    let mut wire = Wire::new();
    wire.shake();
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

#[test]
fn only_connections_that_have_but_a_syn_ack_give_way_to_more_of_them() {
    let mut wire = Wire::with(&Limits { half_open: 4, ..Limits::default() });
    let ask = |wire: &mut Wire, port: u16, confirm: bool| {
        wire.send_between((port, SERVER), SYN, 100, 0, b"");
        wire.send_between((SERVER, port), SYN | ACK, 500, 101, b"");
        if confirm {
            wire.send_between((port, SERVER), ACK, 101, 501, b"");
        }
    };
    ask(&mut wire, 10_000, false);
    (20_000..23_000).for_each(|port| ask(&mut wire, port, true));
    let told = wire.told();
    assert!(!told.contains(&"limit_reached".to_owned()), "they went further");
    (11_000..11_006).for_each(|port| ask(&mut wire, port, false));
    let told = wire.told();
    assert_eq!(told.iter().filter(|line| *line == "closed").count(), 3, "one waited from the beginning, six came, four may stay");
    assert_eq!(told.iter().filter(|line| *line == "limit_reached").count(), 1);
    wire.send_between((11_005, SERVER), ACK, 101, 501, b"");
    assert_eq!(wire.told(), ["open 3007 handshake"], "the newest are at work");
}

#[test]
fn of_a_connection_that_nobody_reads_nothing_is_kept() {
    let mut wire = Wire::new();
    wire.shake();
    wire.send(SERVER, ACK, 504, 101, b"out of turn");
    let held = |wire: &Wire| wire.flows.slots.held_bytes();
    assert_eq!(held(&wire), 11);
    wire.log.ignore = true;
    wire.send(CLIENT, ACK, 101, 501, b"abc");
    assert_eq!(held(&wire), 0, "not of the other side either");
}

#[test]
fn a_frame_without_bytes_does_not_look_at_all_that_is_held() {
    let (mut hold, frames, at) = (Hold::default(), Frames::one(FrameId { input: 0, number: 1 }), Timestamp::default());
    for piece in 0..200 {
        assert_eq!(hold.insert(10 + 2 * piece, b"x", at, (&frames, None)), None);
    }
    hold.insert_cut(10, 400, at, &frames);
    assert!((230..270).contains(&hold.segments()), "{}", hold.segments());
}

#[test]
fn syn_acks_that_gave_way_are_not_waited_for() {
    let mut wire = Wire::with(&Limits { half_open: 8, ..Limits::default() });
    for port in 0..1900 {
        wire.send_between((SERVER, 10_000 + port), SYN | ACK, 500, 101, b"");
    }
    assert!(wire.flows.lone.len() <= 1025, "{} within the two seconds that each is waited for", wire.flows.lone.len());
}
