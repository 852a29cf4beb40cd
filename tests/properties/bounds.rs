//! Every bound that is reached says so, by the name of its field in `Limits`, and what is kept stays within it.

use crate::support::capture::Captured;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::collect_within;
use crate::support::dialogues;
use crate::support::talk::talk;
use crate::support::wire::ACK;
use crate::support::wire::Net;
use crate::support::wire::RST;
use crate::support::wire::Talk;
use crate::support::wire::nobodys_flow;
use ntp_sniff::anomaly::GapReason;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::evidence::Frames;
use ntp_sniff::flow::Body;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Interest;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::peer::RolesFrom;
use ntp_sniff::protocol::Conversations;
use ntp_sniff::time::Timestamp;

/// Which limits a capture reaches. Each must be a field of [`Limits`], as its debug text names them.
fn reached(limits: &Limits, frames: &[Captured]) -> Vec<&'static str> {
    let reached = collect_within(&mut memory(frames), limits).limits();
    let fields = format!("{limits:?}");
    for limit in &reached {
        assert!(fields.contains(&format!(" {limit}: ")), "{limit} is no field of Limits");
    }
    reached
}

/// Conversations on their own ports, side by side.
fn many(count: u16, text: &str, step: i64) -> Vec<Captured> {
    let talks = (0..count).map(|index| {
        let mut net = Net::v4(1241);
        net.client.set_port(40_000 + index);
        net.server.set_port(1241 + index);
        let mut talk_ = Talk::new([7, 8]);
        talk_.handshake();
        talk_.say_all(&talk(text), &[1460]);
        net.frames(&talk_.packets)
    });
    captured(talks.flatten().collect(), step)
}

/// A hole at the start of the client's stream, and this many segments behind it.
fn hole(segments: u32, length: u32) -> Vec<Captured> {
    let mut talk = Talk::new([u32::MAX - 9, 5]);
    talk.handshake();
    let bytes = vec![b'x'; usize::try_from(length).unwrap()];
    (0..segments).for_each(|index| talk.send_at(Peer::Client, 2 + index * (length + 1), &bytes));
    captured(Net::v4(1241).frames(&talk.packets), 10)
}

/// A datagram's first fragment, of so many bytes, and more of them behind it with holes between.
fn fragments(datagram: u16, count: u16) -> Vec<Vec<u8>> {
    let fragment = |index: u16| {
        let mut header = etherparse::Ipv4Header::new(16, 64, etherparse::IpNumber::TCP, [10, 0, 0, 1], [10, 0, 0, 2]).unwrap();
        header.identification = datagram;
        header.more_fragments = true;
        header.fragment_offset = etherparse::IpFragOffset::try_new(index * 4).unwrap();
        let mut frame = [&[2; 12][..], &[8, 0]].concat();
        header.header_checksum = header.calc_header_checksum();
        header.write(&mut frame).unwrap();
        frame.extend([u8::try_from(index % 200).unwrap(); 16]);
        frame
    };
    (0..count).map(fragment).collect()
}

#[test]
fn bounds_speak() {
    let roomy = Limits::default();
    let line = "C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\n";
    let start = "C: < NT\nS: x";
    let long = format!("C: < NTP/1.2 >\\n\nC: anna\\n\nC: {}", "y".repeat(600));
    let cases: Vec<(&str, Limits, Vec<Captured>)> = vec![
        ("connections", Limits { connections: 2, ..roomy.clone() }, many(4, line, 10)),
        ("sessions", Limits { sessions: 2, ..roomy.clone() }, many(4, line, 10)),
        ("probes", Limits { probes: 2, ..roomy.clone() }, many(4, start, 10)),
        ("facts", Limits { facts: 2, ..roomy.clone() }, many(4, line, 10)),
        ("undocumented", Limits { undocumented: 2, ..roomy.clone() }, many(4, "C: GET /\\n\nS: HTTP/1.0 200\\n", 10)),
        ("held_bytes", Limits { held_bytes: 100, ..roomy.clone() }, hole(20, 10)),
        ("held_segments", Limits { held_segments: 10, ..roomy.clone() }, hole(20, 10)),
        ("window_bytes", Limits { window_bytes: 500, ..roomy.clone() }, many(1, &long, 10)),
        ("datagrams", Limits { datagrams: 2, ..roomy.clone() }, captured((0..4).flat_map(|id| fragments(id, 1)).collect(), 10)),
        ("fragment_bytes", Limits { fragment_bytes: 40, ..roomy.clone() }, captured((0..4).flat_map(|id| fragments(id, 1)).collect(), 10)),
        ("fragments_per_datagram", Limits { fragments_per_datagram: 3, ..roomy.clone() }, captured(fragments(1, 6), 10)),
    ];
    for (name, limits, frames) in cases {
        assert!(reached(&limits, &frames).contains(&name), "{name} was reached without a word: {:?}", reached(&limits, &frames));
        assert_eq!(reached(&roomy, &frames), Vec::<&str>::new(), "{name} is said although there is room");
    }
}

#[test]
fn a_bound_never_costs_the_messages_before_it() {
    let frames = many(1, dialogues::FULL, 10);
    let all = collect_within(&mut memory(&frames), &Limits::default()).names();
    let tight =
        Limits { connections: 1, sessions: 1, probes: 1, facts: 1, held_bytes: 1, held_segments: 1, history_bytes: 1, ..Limits::default() };
    assert_eq!(collect_within(&mut memory(&frames), &tight).names(), all);
}

#[test]
fn what_nobody_claims_is_not_kept_for_ever() {
    let limits = Limits::default();
    let mut flow = nobodys_flow(RolesFrom::LowerPort);
    // A bulk transfer cut by a snap length: every segment is a few bytes and a gap.
    let mut conversations = Conversations::new(&limits, Vec::new(), false, true);
    let frames = Frames::one(FrameId { input: 0, number: 1 });
    let most = 2 * limits.probe_bytes;
    let given_up = (0..most as u64).position(|index| {
        let body = if index % 2 == 0 { Body::Data(&[0x41; 4]) } else { Body::Gap(1000, GapReason::SnapLength) };
        let chunk = Chunk { offset: index / 2 * 1004 + index % 2 * 4, at: Timestamp::default(), frames: &frames, frame_offset: None, body };
        conversations.chunk(&mut flow, Peer::Server, chunk, &mut |_| ()) == Interest::Ignore
    });
    assert!(given_up.is_some_and(|pieces| pieces < limits.probe_pieces), "given up after {given_up:?} of {most} pieces");
}

#[test]
fn connections_of_which_only_a_loss_is_known_leave_nothing() {
    // The server acknowledges what no packet carries, and that is all there is.
    let lost = (0..8).map(|index| {
        let mut net = Net::v4(1241);
        net.client.set_port(40_000 + index);
        let mut talk = Talk::new([7, 8]);
        talk.handshake();
        talk.lose(Peer::Client, 100);
        talk.send(Peer::Server, ACK, &[]);
        talk.send(Peer::Server, RST, &[]);
        net.frames(&talk.packets)
    });
    let session = Net::v4(7777).frames(&Talk::whole([1, 2], &talk(dialogues::FULL), &[5]).packets);
    let limits = Limits { probes: 4, ..Limits::default() };
    let alone = collect_within(&mut memory(&captured(session.clone(), 10)), &limits).names();
    let all = collect_within(&mut memory(&captured(lost.flatten().chain(session).collect(), 10)), &limits);
    assert_eq!((all.gaps(Peer::Client).len(), all.limits()), (8, Vec::new()));
    assert!(alone.len() > 3 && all.names() == alone, "{:?}", all.names());
}
