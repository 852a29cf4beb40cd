//! Promise: the SPAN doctor says of whole captures what is wrong with how they were taken, and of good ones that nothing is.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::Style;
use serde_json::Value;
use std::path::Path;
use support::capture::Captured;
use support::capture::memory;
use support::capture::snapped;
use support::collect::text;

/// The server of the session below, and where an Ethernet frame has its source address, type and TTL.
const SERVER: [u8; 4] = [192, 168, 11, 8];
const SOURCE_AT: usize = 26;
const TYPE_AT: usize = 12;
const TTL_AT: usize = 22;

/// The frames of a capture of the project.
fn frames(name: &str) -> Vec<Captured> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
    let mut files = Files::new(vec![path], &Limits::default());
    let mut frames = Vec::new();
    while let Next::Frame(frame) = files.next().unwrap() {
        let (link_type, wire_len) = (frame.link_type, frame.wire_len);
        frames.push(Captured { micros: frame.at.nanos() / 1000, link_type, wire_len, bytes: frame.bytes.to_vec() });
    }
    frames
}

/// A real login of 224 frames over Ethernet and IPv4.
fn login() -> Vec<Captured> {
    frames("nessusd_13_fast_login.pcap")
}

/// Every frame, and behind it what became of it on the other side.
fn doubled(frames: Vec<Captured>, change: impl Fn(Captured) -> Captured) -> Vec<Captured> {
    frames.into_iter().flat_map(|frame| [frame.clone(), change(frame)]).collect()
}

/// The frame with a VLAN tag.
fn tagged(mut frame: Captured, id: u8) -> Captured {
    frame.bytes.splice(TYPE_AT..TYPE_AT, [0x81, 0, 0, id]);
    frame.wire_len += 4;
    frame
}

/// The frame 200 µs later behind a router.
fn routed(mut frame: Captured) -> Captured {
    frame.bytes[TTL_AT] -= 1;
    frame.micros += 200;
    tagged(frame, 20)
}

fn is_from_server(frame: &Captured) -> bool {
    frame.bytes[SOURCE_AT..SOURCE_AT + 4] == SERVER
}

/// All records of a kind.
fn records(frames: &[Captured], event: &str) -> Vec<Value> {
    let text = text(&mut memory(frames), "jsonl", &Style::default(), false);
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|record| record["event"] == event).collect()
}

/// The only verdict on frames, in words; the summary says the same.
fn verdict(frames: &[Captured]) -> String {
    let [verdict] = &records(frames, "span_verdict")[..] else { panic!("not one verdict") };
    let [summary] = &records(frames, "summary")[..] else { panic!("not one summary") };
    assert_eq!(verdict["verdicts"], summary["span_verdicts"]);
    assert_eq!(verdict["evidence"]["frames"].as_array().map(Vec::len), Some(0), "counters have none");
    let names: Vec<&str> = verdict["verdicts"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    names.join(" ")
}

#[test]
fn handshake_cases() {
    let cases = [
        ("handshake_03_synack_nosyn_serverside_only.pcap", "one_direction"),
        ("handshake_04_clientside_only.pcap", "one_direction"),
        ("handshake_11_closed_port.pcap", "too_little"),
        ("handshake_15_vlan.pcap", "healthy"),
        ("handshake_23_dup_exact.pcap", "duplicates_exact"),
        ("handshake_26_vlan_asym.pcap", "vlan_one_side"),
        ("handshake_02_syn_retrans.pcap", "healthy"),
        ("handshake_30_udp_dns.pcap", "too_little"),
    ];
    for (name, want) in cases {
        assert_eq!(verdict(&frames(name)), want, "{name}");
    }
}

#[test]
fn a_real_session_in_every_condition() {
    assert_eq!(verdict(&login()), "healthy");
    assert_eq!(verdict(&doubled(login(), |frame| frame)), "duplicates_exact");
    assert_eq!(verdict(&doubled(login(), routed)), "duplicates_routed");
    let one_tagged = |frame| if is_from_server(&frame) { tagged(frame, 20) } else { frame };
    assert_eq!(verdict(&login().into_iter().map(one_tagged).collect::<Vec<_>>()), "vlan_one_side");
    let (server, client): (Vec<_>, Vec<_>) = login().into_iter().partition(is_from_server);
    assert_eq!(verdict(&server), "one_direction");
    assert_eq!(verdict(&client), "one_direction");
    // Joined midway: answers prove that somebody asked, a monologue of 40 packets may lack but its end.
    assert_eq!(verdict(&server[1..20]), "one_direction");
    assert_eq!(verdict(&server[20..60]), "too_little");
    assert_eq!(verdict(&login()[40..100]), "healthy");
    let several = doubled(server, |frame| frame);
    assert_eq!(verdict(&several), "one_direction duplicates_exact");
}

#[test]
fn short_snap_lengths() {
    // 80 bytes hold the headers and the shortest words, 44 not all of the TCP header, 40 not its flags.
    for snap_len in [80, 48, 44, 40] {
        let told = verdict(&snapped(login(), snap_len));
        assert!(told.ends_with("snap_length_short"), "{snap_len}: {told}");
    }
    assert_eq!(verdict(&snapped(login(), 1514)), "healthy");
}

#[test]
fn a_long_capture_is_judged_early_and_again_when_it_changes() {
    let later = |frames: Vec<Captured>, seconds: i64| {
        frames.into_iter().map(move |frame| Captured { micros: frame.micros + seconds * 1_000_000, ..frame })
    };
    let healthy: Vec<_> = later(login(), 0).chain(later(login(), 60)).collect();
    let [told] = &records(&healthy, "span_verdict")[..] else { panic!("once is enough") };
    assert_eq!((&told["at_end"], &told["segments"]), (&Value::Bool(false), &Value::from(224)));
    let worse: Vec<_> = later(login(), 0).chain(later(doubled(doubled(login(), |frame| frame), routed), 60)).collect();
    let [first, last] = &records(&worse, "span_verdict")[..] else { panic!("it became worse") };
    assert_eq!((&first["verdicts"][0], &first["at_end"]), (&Value::from("healthy"), &Value::Bool(false)));
    assert_eq!((&last["verdicts"], &last["at_end"]), (&serde_json::json!(["duplicates_exact", "duplicates_routed"]), &Value::Bool(true)));
}

#[test]
fn the_table_is_quiet_when_there_is_nothing_to_do() {
    let lines = |frames: &[Captured]| {
        let text = text(&mut memory(frames), "table", &Style::default(), false);
        text.lines().filter(|line| line.starts_with(" span ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&login()), Vec::<String>::new());
    assert_eq!(lines(&frames("handshake_11_closed_port.pcap")), Vec::<String>::new());
    let copies = lines(&doubled(login(), |frame| frame));
    assert!(copies.len() == 1 && copies[0].contains("packets come twice"), "{copies:?}");
}
