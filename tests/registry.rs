//! Every protocol and every format keeps the same contract, whichever joins them.
#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

#[path = "properties/draw.rs"]
mod draw;

use draw::cases;
use draw::conversation;
use draw::cuts;
use draw::isns;
use ntp_sniff::anomaly::GapReason;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::error::Error;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::event::Summary;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::evidence::Frames;
use ntp_sniff::flow::Body;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Interest;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::peer::RolesFrom;
use ntp_sniff::pipeline::run;
use ntp_sniff::protocol::Conversations;
use ntp_sniff::protocol::Opening;
use ntp_sniff::protocol::PROTOCOLS;
use ntp_sniff::protocol::Probe;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use ntp_sniff::report::facts::EXPORTS;
use ntp_sniff::report::facts::Listed;
use ntp_sniff::time::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use support::capture::captured;
use support::capture::memory;
use support::collect;
use support::collect::Seen;
use support::collect::seen;
use support::wire::Net;
use support::wire::Talk;
use support::wire::nobodys_flow;

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[test]
fn exports_have_names_of_their_own_and_take_no_facts_for_facts() {
    let names: BTreeSet<_> = EXPORTS.iter().map(|export| export.name).collect();
    assert_eq!(names.len(), EXPORTS.len(), "a name is used twice");
    let other = ["read", "output", "width", "focus", "exclude", "record-at", "help"];
    for export in EXPORTS {
        assert!(is_snake_case(export.name) && !other.contains(&export.name), "{}", export.name);
        assert!(!export.about.is_empty() && !export.about.contains('\n'), "{}", export.name);
        let mut out = Vec::new();
        (export.write)(&Listed::default(), &mut out).unwrap();
        assert!(out.ends_with(b"\n"), "{}: an empty network is a whole document", export.name);
        let refused = (export.write)(&Listed::default(), &mut [0_u8; 4].as_mut_slice());
        assert!(refused.is_err(), "{}: a full disk is given back", export.name);
    }
}

#[test]
fn protocols_have_names_and_ports_of_their_own() {
    let ids: BTreeSet<_> = PROTOCOLS.iter().map(|protocol| protocol.id()).collect();
    assert_eq!(ids.len(), PROTOCOLS.len(), "an id is used twice");
    let mut taken = BTreeSet::new();
    for protocol in PROTOCOLS {
        assert!(is_snake_case(protocol.id()), "{}", protocol.id());
        assert!(!protocol.title().is_empty() && !protocol.title().contains('\n'), "{}", protocol.id());
        for port in protocol.ports() {
            assert!(*port != 0 && taken.insert(*port), "{}: port {port} is none, or another protocol's", protocol.id());
        }
    }
}

#[test]
fn nothing_is_known_of_nothing() {
    for protocol in PROTOCOLS {
        for (whole, hinted) in [(false, false), (false, true), (true, false), (true, true)] {
            let opening = Opening { client: &[], server: &[], whole, hinted };
            assert_eq!(protocol.probe(&opening), Probe::NeedMore, "{}", protocol.id());
        }
    }
}

/// What a dissector is shown.
#[derive(Clone, Debug)]
enum Piece {
    Data(Vec<u8>),
    Gap(u64),
}

fn pieces() -> impl Strategy<Value = Vec<(Peer, Piece)>> {
    let gap =
        (any::<bool>(), 1_u64..2000).prop_map(|(client, missing)| (if client { Peer::Client } else { Peer::Server }, Piece::Gap(missing)));
    let gaps = proptest::collection::vec((any::<proptest::sample::Index>(), gap), 0..4);
    let steps = prop_oneof![2 => conversation(), 1 => Just(support::api::life()), 1 => Just(support::api::trouble().concat())];
    (steps, 1_usize..60, gaps).prop_map(|(steps, length, gaps)| {
        let cut = |step: &support::talk::Step| {
            step.bytes.chunks(length).map(|bytes| (step.from, Piece::Data(bytes.to_vec()))).collect::<Vec<_>>()
        };
        let mut pieces: Vec<_> = steps.iter().flat_map(cut).collect();
        for (place, gap) in gaps {
            pieces.insert(place.index(pieces.len() + 1), gap);
        }
        pieces
    })
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn dissectors_keep_their_contract(pieces in pieces(), whole: bool) {
        for protocol in PROTOCOLS {
            let mut events: Vec<Seen> = Vec::new();
            let mut lengths = Vec::new();
            let mut emit = |event: Event<'_>| {
                if let EventKind::MessageDecoded(message) = &event.kind {
                    lengths.push((message.payload.len() as u64, message.annotation.span.len()));
                }
                events.push(seen(&event));
            };
            let mut flow = nobodys_flow(if whole { RolesFrom::SynAck } else { RolesFrom::LowerPort });
            let mut conversations = Conversations::new(&Limits::default(), Vec::new(), false, true);
            conversations.assign(&mut flow, *protocol, &mut emit);
            let mut ends = [0_u64; 2];
            // The runs of bytes between gaps, by direction.
            let mut runs = vec![(Peer::Client, 0, 0), (Peer::Server, 0, 0)];
            for (number, (from, piece)) in (2..).zip(&pieces) {
                let offset = ends[usize::from(*from == Peer::Server)];
                let frames = Frames::one(FrameId { input: 0, number });
                let (body, length) = match piece {
                    Piece::Data(bytes) => (Body::Data(bytes), bytes.len() as u64),
                    Piece::Gap(missing) => (Body::Gap(*missing, GapReason::NotCaptured), *missing),
                };
                let end = offset + length;
                ends[usize::from(*from == Peer::Server)] = end;
                match body {
                    Body::Data(_) => runs.iter_mut().rev().find(|(whose, ..)| whose == from).unwrap().2 = end,
                    Body::Gap(..) => runs.push((*from, end, end)),
                }
                let chunk = Chunk { offset, at: Timestamp::default(), frames: &frames, frame_offset: None, body };
                if conversations.chunk(&mut flow, *from, chunk, &mut emit) == Interest::Ignore {
                    break;
                }
            }
            conversations.closed(&mut flow, &mut emit);
            let sessions = events.iter().filter(|event| event.kind == "session_identified").count();
            prop_assert!(sessions <= 1, "{}: {sessions} sessions", protocol.id());
            if let Some(first) = events.first() {
                prop_assert_eq!(first.kind, "session_identified", "{}: says something before the session", protocol.id());
            }
            for (shown, said) in lengths {
                prop_assert_eq!(shown, said, "{}: a message of bytes that were not shown", protocol.id());
            }
            let mut told = [0_u64; 2];
            for said in events.iter().filter_map(|event| event.said.as_ref()) {
                prop_assert!(said.is_tiled(), "{}: tokens of {:?}", protocol.id(), said);
                prop_assert!(!said.name.is_empty() && said.span.0 < said.span.1, "{}: {:?}", protocol.id(), said);
                let inside = |(from, start, end): &(Peer, u64, u64)| *from == said.from && *start <= said.span.0 && said.span.1 <= *end;
                prop_assert!(runs.iter().any(inside), "{}: not inside of what was shown: {:?}", protocol.id(), said);
                let told = &mut told[usize::from(said.from == Peer::Server)];
                prop_assert!(*told <= said.span.0, "{}: bytes told twice: {:?}", protocol.id(), said);
                *told = said.span.1;
            }
        }
    }
}

/// All captures of the project.
fn captures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"));
    paths.sort();
    paths
}

/// All captures as one timeline.
fn everything() -> Files {
    Files::new(captures(), &Limits::default())
}

#[test]
fn formats_have_names_of_their_own() {
    let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(names.len(), FORMATS.len(), "a name is used twice");
    for format in FORMATS {
        assert!(is_snake_case(format.name) && !format.about.is_empty() && !format.about.contains('\n'), "{}", format.name);
    }
}

#[test]
fn formats_take_every_kind_of_event() {
    let kinds: BTreeSet<_> = collect::collect(&mut everything()).seen.iter().map(|seen| seen.kind).collect();
    let wanted = [
        "anomaly_found",
        "client_port_seen",
        "connection_confirmed",
        "connection_seen",
        "exchange_decoded",
        "facts_known",
        "flow_closed",
        "flow_opened",
        "login_judged",
        "message_decoded",
        "phase_entered",
        "scan_story",
        "service_seen",
        "session_identified",
        "session_story",
        "span_verdict",
        "summary",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), wanted, "the captures show every kind");
    for format in FORMATS {
        for style in [Style::default(), collect::loud(), Style { width: Some(1), ..collect::loud() }] {
            let text = collect::text(&mut everything(), format.name, &style, false);
            assert!(text.ends_with('\n'), "{}: no line end at the end", format.name);
            let odd = text.chars().find(|letter| letter.is_control() && *letter != '\n');
            assert_eq!(odd, None, "{}: a terminal would obey", format.name);
            assert_eq!(text, collect::text(&mut everything(), format.name, &style, false), "{}: another time, another text", format.name);
        }
    }
}

/// A sink that counts messages, and those that are not one of many alike by name, whatever it says it wants.
struct Counting {
    wants: bool,
    messages: u64,
    names: BTreeMap<String, u64>,
}

impl Sink for Counting {
    fn wants_messages(&self) -> bool {
        self.wants
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event.kind {
            EventKind::MessageDecoded(message) => {
                self.messages += 1;
                if !message.annotation.bulk {
                    *self.names.entry(message.annotation.name.clone().into_owned()).or_default() += 1;
                }
            }
            EventKind::MessagesCounted(_, count) => self.messages += count,
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is counted of a source, by a sink that wants messages or none.
fn counted(source: &mut dyn Source, wants: bool) -> (Summary, u64, BTreeMap<String, u64>) {
    let mut sink = Counting { wants, messages: 0, names: BTreeMap::new() };
    let options = collect::options(&Limits::default(), false);
    let summary = run(source, options, &mut sink, &AtomicBool::new(false), &mut |_| ()).unwrap();
    assert_eq!(summary.messages, sink.messages);
    (summary, sink.messages, sink.names)
}

/// Where nobody looks at messages, less of them is read, and none is missed.
#[test]
fn the_summary_is_the_same_when_nobody_looks_at_messages() {
    for path in captures() {
        let files = || Files::new(vec![path.clone()], &Limits::default());
        assert_eq!(counted(&mut files(), true), counted(&mut files(), false), "{}", path.display());
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn nor_does_it_depend_on_what_is_said(steps in conversation(), isns in isns(), cuts in cuts(), lost in proptest::collection::vec(3_usize..60, 0..3)) {
        let mut packets = Talk::whole(isns, &steps, &cuts).packets;
        for index in lost {
            if index < packets.len() {
                packets.remove(index);
            }
        }
        let frames = captured(Net::v4(1241).frames(&packets), 100);
        prop_assert_eq!(counted(&mut memory(&frames), true), counted(&mut memory(&frames), false));
    }
}

/// Records of messages without payload are written another way than those with it.
#[test]
fn a_payload_is_all_that_payload_adds() {
    let mut messages = 0;
    for reveal in [false, true] {
        let plain = collect::text(&mut everything(), "jsonl", &Style::default(), reveal);
        let with = collect::text(&mut everything(), "jsonl", &Style { payload: true, ..Style::default() }, reveal);
        assert_eq!(plain.lines().count(), with.lines().count());
        for (plain, with) in plain.lines().zip(with.lines()) {
            let cut = with.rfind(",\"payload\":\"").filter(|_| with.contains("\"event\":\"message_decoded\""));
            messages += usize::from(cut.is_some());
            assert_eq!(plain, cut.map_or_else(|| with.to_owned(), |cut| format!("{}}}", with.split_at(cut).0)));
        }
    }
    assert!(messages > 1000, "only {messages} messages");
}

/// A pipe whose reader leaves after so many bytes.
struct Pipe(usize);

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0 == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

#[test]
fn formats_give_a_broken_pipe_back() {
    for format in FORMATS {
        let whole = collect::text(&mut everything(), format.name, &Style::default(), false).len();
        for room in [0, 1, whole / 2, whole - 1, whole] {
            let mut sink = (format.open)(Box::new(Pipe(room)), &Style::default());
            let options = collect::options(&Limits::default(), false);
            let ended = run(&mut everything(), options, sink.as_mut(), &AtomicBool::new(false), &mut |_| ());
            let Err(Error::Write { source, .. }) = ended else { panic!("{}: room for {room} of {whole} bytes, and no error", format.name) };
            assert_eq!(source.kind(), io::ErrorKind::BrokenPipe, "{}", format.name);
        }
    }
}
