//! Promise: what nobody reads is kept as it was said, from its first byte, whatever carried it, within its bounds, and is told once.
#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use etherparse::PacketBuilder;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::event::Summary;
use ntp_sniff::grammar::Description;
use ntp_sniff::grammar::LimitationCode;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::pipeline;
use ntp_sniff::protocol::unknown::Documenting;
use ntp_sniff::report::Sink;
use std::io;
use std::sync::atomic::AtomicBool;
use support::capture::Captured;
use support::capture::captured;
use support::capture::memory;
use support::capture::snapped;
use support::collect::Collector;
use support::collect::Said;
use support::talk::stream;
use support::talk::talk;
use support::wire::Net;
use support::wire::Talk;

/// The common events, and what is said of inference.
#[derive(Default)]
struct Heard {
    common: Collector,
    descriptions: Vec<Description>,
    summary: Option<Summary>,
    /// Flows that were opened, and closed; and whether every message of a flow comes behind its opening.
    open: Vec<u64>,
    closed: Vec<u64>,
    ordered: bool,
    /// Parts of messages: bytes they cover, of all bytes.
    covered: (u64, u64),
}

impl Sink for Heard {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let flow = event.flow.map_or(0, |flow| flow.0);
        match &event.kind {
            EventKind::ProtocolDescribed(description) => self.descriptions.push((*description).clone()),
            EventKind::FlowOpened(_) => self.open.push(flow),
            EventKind::FlowClosed(..) => self.closed.push(flow),
            EventKind::MessageDecoded(message) => {
                self.ordered &= self.open.contains(&flow);
                assert!(message.inferred.is_none() || !event.evidence.frames.is_empty());
                self.covered.0 += message.parts.iter().map(|part| part.end - part.start).sum::<u64>();
                self.covered.1 += message.annotation.span.len();
            }
            EventKind::Summary(summary) => self.summary = Some((*summary).clone()),
            _ => {}
        }
        self.common.event(event)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn heard(frames: Vec<Vec<u8>>, limits: &Limits, documents: Documenting) -> Heard {
    heard_of(&captured(frames, 1000), limits, documents)
}

fn heard_of(frames: &[Captured], limits: &Limits, documents: Documenting) -> Heard {
    let mut sink = Heard { ordered: true, ..Heard::default() };
    let options = pipeline::Options { limits: limits.clone(), documents, ..pipeline::Options::default() };
    let mut source = memory(frames);
    pipeline::run(&mut source, options, &mut sink, &AtomicBool::new(false), &mut |_| ()).unwrap();
    sink
}

fn all() -> Documenting {
    Documenting { all: true, ..Documenting::default() }
}

/// A dialogue whose first bytes could be of the Nessus protocol, until they are not.
const DIALOGUE: &str = "
    C: < N\\n
    S: 200 READY\\n
    C: LIST a\\n
    S: 201 ITEM one\\n201 ITEM two\\n
    C: QUIT\\n
    S: 202 BYE\\n
";

fn frames(port: u16, client: u16, cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut net = Net::v4(port);
    net.client.set_port(client);
    net.frames(&Talk::whole([7, 9], &talk(DIALOGUE), cuts).packets)
}

/// The streams of a run, put together from its messages.
fn bytes(heard: &Heard, from: Peer) -> Vec<u8> {
    let messages = heard.common.messages();
    let pieces = messages.iter().filter(|said| said.from == from).flat_map(|said| said.pieces.clone());
    pieces.flat_map(|(.., bytes)| bytes.unwrap_or_default()).collect()
}

#[test]
fn nothing_of_the_opening_is_lost_and_cuts_do_not_matter() {
    let mut first: Option<Vec<Said>> = None;
    for cuts in [vec![1], vec![3, 2], vec![1000]] {
        let heard = heard(frames(9999, 40_001, &cuts), &Limits::default(), all());
        assert_eq!(heard.descriptions.len(), 1);
        assert!(heard.ordered, "a flow is opened before its messages");
        assert_eq!((heard.open.as_slice(), heard.closed.as_slice()), (&[1][..], &[1][..]), "each is told once");
        assert_eq!(heard.covered.0, heard.covered.1, "every byte has its frame");
        for from in [Peer::Client, Peer::Server] {
            assert_eq!(bytes(&heard, from), stream(&talk(DIALOGUE), from), "{cuts:?}");
        }
        let messages = heard.common.messages();
        assert!(messages.iter().all(Said::is_tiled));
        assert_eq!(*first.get_or_insert_with(|| messages.clone()), messages, "{cuts:?}");
    }
}

#[test]
fn only_what_is_asked_for() {
    let both = || [frames(9999, 40_001, &[1000]), frames(7777, 40_002, &[1000])].concat();
    let one = heard(both(), &Limits::default(), Documenting { ports: vec![7777], ..Documenting::default() });
    let ids: Vec<&str> = one.descriptions.iter().map(|description| description.id.as_str()).collect();
    assert_eq!(ids, ["unknown_tcp_7777_10.0.0.2"]);
    let left: Vec<u16> = one.summary.unwrap().undocumented.iter().map(|service| service.server.port).collect();
    assert_eq!(left, [9999], "what is documented is not among the undocumented");
    assert_eq!(heard(both(), &Limits::default(), all()).descriptions.len(), 2);
}

#[test]
fn bounds_are_said() {
    let many = || (0..6).flat_map(|client| frames(9999, 40_001 + client, &[1000])).collect::<Vec<_>>();
    let whole = Limits::default();
    for (name, limits) in [
        ("document_sessions", Limits { document_sessions: 2, ..whole.clone() }),
        ("document_bytes", Limits { document_bytes: 700, ..whole.clone() }),
        ("document_turns", Limits { document_turns: 9, ..whole.clone() }),
        ("document_bytes_in_all", Limits { document_bytes_in_all: 700, ..whole.clone() }),
    ] {
        let heard = heard(many(), &limits, all());
        assert_eq!(heard.common.limits(), [name]);
        let [description] = heard.descriptions.as_slice() else { panic!("one service") };
        assert!(description.limitations.iter().any(|limitation| limitation.code == LimitationCode::Capped), "{name}");
        assert!(heard.common.messages().iter().all(Said::is_tiled));
    }
    let two = [frames(9999, 40_001, &[1000]), frames(7777, 40_002, &[1000])].concat();
    let heard = heard(two, &Limits { document_services: 1, ..whole }, all());
    assert_eq!((heard.common.limits(), heard.descriptions.len()), (vec!["document_services"], 1));
}

/// What a description says of this.
fn said(description: &Description, code: LimitationCode) -> String {
    let of = description.limitations.iter().filter(|limitation| limitation.code == code);
    of.map(|limitation| limitation.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Datagrams of UDP: from which port of the client to which of the server, who sends, and what.
fn datagrams(list: &[(u16, u16, Peer, &[u8])]) -> Vec<Vec<u8>> {
    let one = |(client, server, from, payload): &(u16, u16, Peer, &[u8])| {
        let (low, high) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let (source, destination, ports) =
            if *from == Peer::Client { (low, high, (*client, *server)) } else { (high, low, (*server, *client)) };
        let mut frame = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(source, destination, 64).udp(ports.0, ports.1);
        builder.write(&mut frame, payload).unwrap();
        frame
    };
    list.iter().map(one).collect()
}

#[test]
fn datagrams_are_sessions() {
    let (client, server) = (Peer::Client, Peer::Server);
    let list: [(u16, u16, Peer, &[u8]); 5] = [
        (50_001, 4001, client, b"GET one"),
        (50_001, 4001, server, b"ONE 1"),
        (50_002, 4001, client, b"GET two"),
        (50_001, 4001, client, b"GET three"),
        (50_002, 4001, server, b"TWO 2"),
    ];
    let heard = heard(datagrams(&list), &Limits::default(), all());
    let [description] = heard.descriptions.as_slice() else { panic!("one service") };
    assert_eq!((description.id.as_str(), description.transport.as_str()), ("unknown_udp_4001_10.0.0.2", "udp"));
    let said: Vec<(u64, Peer, usize)> =
        heard.common.messages().iter().map(|said| (said.flow, said.from, said.pieces.last().unwrap().1)).collect();
    assert_eq!(said, [(1, client, 7), (1, server, 5), (1, client, 9), (2, client, 7), (2, server, 5)]);
    assert!(heard.ordered);
    assert_eq!((heard.open.as_slice(), heard.closed.as_slice()), (&[1, 2][..], &[1, 2][..]));
    let summary = heard.summary.unwrap();
    assert_eq!(summary.undecoded, [("udp", 5)], "they are counted as before");
    assert_eq!(heard.covered.0, heard.covered.1);
}

#[test]
fn what_a_snap_length_cut_from_datagrams_is_no_part_of_the_next() {
    let (client, server) = (Peer::Client, Peer::Server);
    let list: [(u16, u16, Peer, &[u8]); 4] = [
        (50_001, 4001, client, b"GET one and more"),
        (50_001, 4001, server, b"ONE 1"),
        (50_001, 4001, client, b"GET two"),
        (50_001, 4001, server, b"TWO 2 and no more"),
    ];
    // Ethernet, IPv4, UDP, and eight bytes.
    let heard = heard_of(&snapped(captured(datagrams(&list), 1000), 14 + 20 + 8 + 8), &Limits::default(), all());
    let ends: Vec<(Peer, (u64, u64))> = heard.common.messages().iter().map(|said| (said.from, said.span)).collect();
    let wanted = [(client, (0, 8)), (server, (0, 5)), (client, (16, 23)), (server, (5, 13))];
    assert_eq!(ends, wanted, "streams go on behind what is missing");
    let [description] = heard.descriptions.as_slice() else { panic!("one service") };
    assert!(said(description, LimitationCode::PacketLoss).starts_with("17 bytes are missing"), "of the last, too");
}

#[test]
fn sessions_of_datagrams_beyond_the_bound_are_said() {
    let list: Vec<(u16, u16, Peer, &[u8])> = (0..4).map(|number| (50_001 + number, 4001, Peer::Client, &b"GET"[..])).collect();
    let few = Limits { connections: 2, ..Limits::default() };
    let heard = heard(datagrams(&list), &few, all());
    assert_eq!((heard.common.messages().len(), heard.common.limits()), (2, vec!["connections"]));
    let [description] = heard.descriptions.as_slice() else { panic!("one service") };
    assert!(said(description, LimitationCode::Capped).contains("2 datagrams of more sessions were not kept"));
}

#[test]
fn datagrams_cost_nothing_where_nobody_asks() {
    let list: [(u16, u16, Peer, &[u8]); 1] = [(50_001, 4001, Peer::Client, b"GET one")];
    let heard = heard(datagrams(&list), &Limits::default(), Documenting::default());
    assert!(heard.descriptions.is_empty() && heard.common.messages().is_empty());
    assert_eq!(heard.summary.unwrap().undecoded, [("udp", 1)]);
}

#[test]
fn the_popular_end_serves() {
    // High ports on both ends: the one that several speak with is the server, although its number is the greater one.
    let (client, server) = (Peer::Client, Peer::Server);
    let list: [(u16, u16, Peer, &[u8]); 6] = [
        (40_001, 50_000, client, b"a"),
        (40_001, 50_000, server, b"b"),
        (40_002, 50_000, client, b"a"),
        (40_002, 50_000, server, b"b"),
        (40_003, 50_000, client, b"a"),
        (40_003, 50_000, server, b"b"),
    ];
    let heard = heard(datagrams(&list), &Limits::default(), all());
    let ids: Vec<&str> = heard.descriptions.iter().map(|description| description.id.as_str()).collect();
    assert_eq!(ids, ["unknown_udp_50000_10.0.0.2"]);
    assert_eq!(heard.common.messages().len(), 6);
}

#[test]
fn tunnels_are_still_no_datagrams() {
    // A datagram on the port of VXLAN that is none is handed out whole, with its header read once.
    let list: [(u16, u16, Peer, &[u8]); 1] = [(50_001, 4789, Peer::Client, b"\0\0\0\0hello")];
    let heard = heard(datagrams(&list), &Limits::default(), all());
    assert_eq!(heard.common.messages().first().map(|said| said.span), Some((0, 9)));
}
