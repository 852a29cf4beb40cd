//! Connections that nobody has claimed yet: bounded, cheap, and in nobody's way.

use crate::support::capture::Captured;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::collect;
use crate::support::collect::collect_within;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use std::time::Duration;
use std::time::Instant;

/// A dialogue between ports of its own, joined midway or from its handshake on.
fn flow(client: u16, server: u16, whole: bool, text: &str, cut: usize) -> Vec<Vec<u8>> {
    let mut net = Net::v4(server);
    net.client.set_port(client);
    let mut wire = Talk::new([7, 8]);
    if whole {
        wire.handshake();
    }
    wire.say_all(&talk(text), &[cut]);
    net.frames(&wire.packets)
}

fn joined(flows: &[Vec<Vec<u8>>]) -> Vec<Captured> {
    captured(flows.concat(), 10)
}

/// An NTP client is read though many other connections are undecided.
#[test]
fn undecided_connections_make_room_for_a_known_port() {
    let limits = Limits { probes: 8, ..Limits::default() };
    let others = (0..20).map(|index| flow(40_000 + index, 5555, false, "S: abcdefgh", 1460));
    let ours = flow(39_000, 1241, true, "C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\n\n", 1);
    let known = flow(39_001, 1241, true, "C: < N", 1);
    let later = (0..20).map(|index| flow(41_000 + index, 5555, false, "S: abcdefgh", 1460));
    let rest = {
        let mut net = Net::v4(1241);
        net.client.set_port(39_001);
        let mut wire = Talk::new([7, 8]);
        wire.handshake();
        wire.say_all(&talk("C: < N"), &[1460]);
        let before = wire.packets.len();
        wire.say_all(&talk("C: TP/1.2 >\\n"), &[1460]);
        net.frames(&wire.packets[before..])
    };
    let frames = joined(&others.chain([ours, known]).chain(later).chain([rest]).collect::<Vec<_>>());
    let seen = collect_within(&mut memory(&frames), &limits);
    assert_eq!(seen.names(), ["version", "version", "version"]);
    assert_eq!(seen.limits(), ["probes"]);
}

/// A connection that gave way is not taken for one that begins.
#[test]
fn who_gave_way_is_not_probed_again() {
    let limits = Limits { probes: 1, ..Limits::default() };
    let mut frames = flow(40_000, 5555, true, "C: x", 1460);
    frames.extend(flow(40_001, 5556, true, "C: y", 1460));
    let mut net = Net::v4(5555);
    net.client.set_port(40_000);
    let mut wire = Talk::new([7, 8]);
    wire.handshake();
    wire.say_all(&talk("C: x"), &[1460]);
    let before = wire.packets.len();
    wire.say_all(&talk("S: < NTP/1.2 >\\nUser : "), &[1460]);
    frames.extend(net.frames(&wire.packets[before..]));
    assert_eq!(collect_within(&mut memory(&captured(frames, 10)), &limits).names(), Vec::<String>::new());
}

/// What has been named and is not read any further takes no place from what is read.
#[test]
fn finished_connections_take_no_place() {
    let limits = Limits { sessions: 2, ..Limits::default() };
    let hello = "C: \\x16\\x03\\x01\\x00\\x05\\x01\\x00\\x00\\x01\\x03";
    let others = (0..10).map(|index| flow(40_000 + index, 443, true, hello, 1460));
    let ours = flow(39_000, 1241, true, "C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\n\n", 1);
    let seen = collect_within(&mut memory(&joined(&others.chain([ours]).collect::<Vec<_>>())), &limits);
    assert_eq!(seen.names(), ["version", "version"]);
    assert_eq!(seen.limits(), Vec::<&str>::new());
}

#[test]
fn no_more_sessions_than_the_limit_are_read() {
    let limits = Limits { sessions: 2, ..Limits::default() };
    let flows = (0..5).map(|index| flow(40_000 + index, 1241, true, "C: < NTP/1.2 >\\n", 1460)).collect::<Vec<_>>();
    let seen = collect_within(&mut memory(&joined(&flows)), &limits);
    assert_eq!(seen.names().len(), 2);
    assert_eq!(seen.limits(), ["sessions"]);
}

/// A connection joined midway is recognised however it is cut, also when the last line came alone.
#[test]
fn a_late_match_gives_the_same_messages() {
    let text = format!(
        "S: {}SERVER <|> FINISHED <|> 10.0.0.1 <|> SERVER\\n\nC: CLIENT <|> NESSUS_VERSION <|> CLIENT\\n\n",
        "x <|> y\\n".repeat(40)
    );
    let messages = |cut| {
        let seen = collect(&mut memory(&joined(&[flow(40_000, 5555, false, &text, cut)])));
        [Peer::Client, Peer::Server].map(|from| seen.messages_of(from))
    };
    let whole = messages(1460);
    assert_eq!(whole.iter().map(Vec::len).collect::<Vec<_>>(), [1, 41]);
    for cut in [1, 7, 100] {
        assert_eq!(messages(cut), whole, "cut at {cut}");
    }
}

/// Bytes one by one do not cost more than a whole opening each.
#[test]
fn one_byte_segments_are_cheap_to_probe() {
    let text = format!("S: {}", "<|>\\n".repeat(3000));
    let flows = (0..10).map(|index| flow(40_000 + index, 5555, false, &text, 1)).collect::<Vec<_>>();
    let frames = joined(&flows);
    let start = Instant::now();
    collect(&mut memory(&frames));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}
