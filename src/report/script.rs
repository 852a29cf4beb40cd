//! A scripted run for the tests of all formats: every kind of event, every anomaly, secrets, and hostile text.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]

mod exchange;
mod facts;

use super::Sink;
use crate::annotation::Annotation;
use crate::annotation::ByteSpan;
use crate::annotation::Field;
use crate::annotation::Payload;
use crate::annotation::Role;
use crate::annotation::Token;
use crate::annotation::Value;
use crate::anomaly::Anomaly;
use crate::anomaly::GapReason;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Flood;
use crate::event::LoginJudged;
use crate::event::Message;
use crate::event::Phase;
use crate::event::Scanner;
use crate::event::Session;
use crate::event::Summary;
use crate::event::Undocumented;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::fact::Grade;
use crate::fact::Relation;
use crate::loss::Lost;
use crate::loss::Received;
use crate::origin::Input;
use crate::origin::Origin;
use crate::origin::Sight;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::peer::Traffic;
use crate::peer::VlanStack;
use crate::span::Finding;
use crate::span::SpanCounts;
use crate::span::SpanVerdict;
use crate::time::Timestamp;
use facts::Listed;
use facts::fact;
use facts::known;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// What no output may show.
pub(super) const SECRET: &[u8] = b"hunter2-S3cret";

/// Time of the first frame, in nanoseconds.
const START: i64 = 1_105_000_000_000_000_000;

/// A moment so many microseconds after the first frame.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_nanos(START + micros * 1000, false)
}

fn endpoint(text: &str) -> Endpoint {
    let address: SocketAddr = text.parse().unwrap();
    Endpoint { ip: address.ip(), port: address.port() }
}

pub(super) fn frames(numbers: &[u64]) -> Frames {
    let mut set = Frames::default();
    for &number in numbers {
        set.add(FrameId { input: 0, number });
    }
    set
}

pub(super) fn flow(id: u64, client: &str, server: &str) -> Flow {
    let mut vlans = VlanStack::default();
    assert!(vlans.push(42));
    Flow {
        last_at: at(5_512_345),
        opening: frames(&[1, 2, 3]),
        closing: frames(&[40, 41]),
        vlans,
        from_client: Traffic { packets: 14, bytes: 40 },
        from_server: Traffic { packets: 17, bytes: 6_755_573 },
        announced: true,
        ..Flow::new(FlowId(id), endpoint(client), endpoint(server), RolesFrom::Handshake, at(0))
    }
}

/// Feeds events to a sink.
pub(super) struct Player<'s> {
    pub(super) sink: &'s mut dyn Sink,
}

type Part<'a> = (&'a [u8], Role, &'static str, bool);

impl Player<'_> {
    fn say(&mut self, micros: i64, flow: Option<u64>, numbers: &[u64], kind: EventKind<'_>) -> io::Result<()> {
        self.sink.event(&Event { at: at(micros), flow: flow.map(FlowId), evidence: Evidence::of(frames(numbers)), kind })
    }

    pub(super) fn opened(&mut self, flow: &Flow) -> io::Result<()> {
        self.say(0, Some(flow.id.0), &[1, 2, 3], EventKind::FlowOpened(flow))
    }

    pub(super) fn session(&mut self, flow: &Flow, protocol: &'static str, version: Option<&str>, options: &[&str]) -> io::Result<()> {
        let options = options.iter().map(|&option| option.as_bytes().into()).collect();
        let session = Session {
            protocol,
            version: version.map(|version| version.as_bytes().into()),
            options,
            matched: "the version line of the client",
            description: None,
            contrasts: &[],
        };
        self.say(600, Some(flow.id.0), &[4], EventKind::SessionIdentified(flow, &session))
    }

    /// Services of so many ports, known at the end.
    pub(super) fn services(&mut self, ports: std::ops::RangeInclusive<u16>) -> io::Result<()> {
        let service = |port| fact(Relation::Service(Endpoint { port, ..endpoint("10.0.0.1:1") }), None, Grade::SynAck);
        self.say(0, None, &[], EventKind::FactsKnown(&Listed(ports.map(service).collect())))
    }

    fn phase(&mut self, flow: u64, ordinal: u16, title: &'static str, sentence: &'static str) -> io::Result<()> {
        self.say(600, Some(flow), &[4], EventKind::PhaseEntered(&Phase { ordinal, title: title.into(), sentence: sentence.into() }))
    }

    fn anomaly(&mut self, micros: i64, flow: Option<u64>, numbers: &[u64], anomaly: Anomaly) -> io::Result<()> {
        self.say(micros, flow, numbers, EventKind::AnomalyFound(anomaly))
    }

    pub(super) fn message(
        &mut self,
        (micros, flow, numbers): (i64, u64, &[u64]),
        (from, name, bulk): (Peer, &'static str, bool),
        (sentence, mut fields): (&str, Vec<Field<'_>>),
        parts: &[Part<'_>],
    ) -> io::Result<()> {
        let (mut bytes, mut tokens) = (Vec::new(), Vec::new());
        for &(part, role, kind, secret) in parts {
            let start = bytes.len();
            bytes.extend_from_slice(part);
            tokens.push(Token { start, end: bytes.len(), role, kind, secret });
        }
        fields.iter_mut().for_each(Field::redact);
        let span = ByteSpan { start: 100, end: 100 + u64::try_from(bytes.len()).unwrap() };
        let annotation = Annotation { name: name.into(), span, phase: 1, response_to: None, sentence, fields, tokens, bulk };
        let payload = Payload::new(&bytes, &annotation.tokens, false);
        let completed_at = at(micros + if numbers.len() > 1 { 39_902 } else { 0 });
        let message =
            Message { protocol: "nessus_ntp", number: 1, from, annotation: &annotation, payload, completed_at, parts: &[], inferred: None };
        let evidence = Evidence { frames: frames(numbers), bytes: Some(span) };
        self.sink.event(&Event { at: at(micros), flow: Some(FlowId(flow)), evidence, kind: EventKind::MessageDecoded(&message) })
    }

    /// Plugin records, bulk, from the given number on.
    pub(super) fn plugins(&mut self, flow: u64, numbers: std::ops::Range<u64>) -> io::Result<()> {
        for number in numbers {
            let id = (10_000 + number).to_string();
            let parts: [Part<'_>; 6] = [
                (id.as_bytes(), Role::Data, "id", false),
                (b" <|> ", Role::Keyword, "separator", false),
                (b"Caf\xe9 check; description of a plugin that goes on and on", Role::Data, "name", false),
                (b" <|> ", Role::Keyword, "separator", false),
                (b"infos", Role::Data, "category", false),
                (b"\n", Role::Control, "line_end", false),
            ];
            let fields = vec![Field::new("id", Value::text(id.as_bytes())), Field::new("name", Value::text(b"Caf\xe9 check"))];
            self.message((290_000, flow, &[20 + number]), (Peer::Server, "plugin_record", true), ("Plugin {id}: {name}.", fields), &parts)?;
        }
        Ok(())
    }

    fn login(&mut self) -> io::Result<()> {
        use Role::Control;
        use Role::Data;
        use Role::Keyword;
        self.phase(1, 1, "Version offered", "The client offers the newest version of the protocol it speaks; the server answers with the version both will use, or closes the connection.")?;
        let version: [Part<'_>; 2] = [(b"< NTP/1.2 >", Keyword, "version", false), (b"\n", Control, "line_end", false)];
        let fields = || vec![Field::new("version", Value::text(b"1.2"))];
        self.message((636, 1, &[4]), (Peer::Client, "version", false), ("The client offers version {version}.", fields()), &version)?;
        self.message((2200, 1, &[6]), (Peer::Server, "version", false), ("The server agrees to {version}.", fields()), &version)?;
        self.phase(1, 2, "Login", "The server asks for the user and the password.")?;
        self.message((176_395, 1, &[8]), (Peer::Server, "user_prompt", false), ("", vec![]), &[(b"User : ", Keyword, "prompt", false)])?;
        let fields = vec![Field::new("user", Value::text(b"fm"))];
        let parts: [Part<'_>; 2] = [(b"fm", Data, "user", false), (b"\n", Control, "line_end", false)];
        self.message((176_581, 1, &[10, 12]), (Peer::Client, "user", false), ("The user is {user}.", fields), &parts)?;
        let prompt: [Part<'_>; 1] = [(b"Password : ", Keyword, "prompt", false)];
        self.message((216_741, 1, &[13]), (Peer::Server, "password_prompt", false), ("", vec![]), &prompt)?;
        let fields = vec![Field::secret("password", Value::text(SECRET))];
        let parts: [Part<'_>; 2] = [(SECRET, Data, "password", true), (b"\n", Control, "line_end", false)];
        let sentence = "The password is {password}.";
        self.message((216_886, 1, &[14, 16, 17, 30]), (Peer::Client, "password", false), (sentence, fields), &parts)
    }

    fn configuration(&mut self, second: &Flow) -> io::Result<()> {
        use Role::Control;
        use Role::Data;
        use Role::Keyword;
        self.phase(1, 6, "Plugins listed", "The server lists its plugins.")?;
        let parts: [Part<'_>; 2] = [(b"SERVER <|> PLUGIN_LIST <|>", Keyword, "command", false), (b"\n", Control, "line_end", false)];
        self.message((257_989, 1, &[18]), (Peer::Server, "plugin_list", false), ("", vec![]), &parts)?;
        self.plugins(1, 0..5)?;
        self.session(second, "nessus_otp", None, &[])?;
        let hostile: [Part<'_>; 2] =
            [(b"\x1b]0;pwned\x07\x1b[2J <script>\r\0\xc3\xa9 ", Data, "text", false), ("\u{202e}txt.exe".as_bytes(), Data, "text", false)];
        let fields = vec![
            Field::new("text", Value::text(b"\x1b[2J\xff")),
            Field::new("hosts", Value::List(vec![b"a".as_slice().into(), b"\xe9".as_slice().into()])),
            Field::new("done", Value::Flag(true)),
            Field::new("offset", Value::Integer(-3)),
            Field::new("count", Value::Count(u64::MAX)),
        ];
        let sentence = "It says {text} to {hosts}; {done}, {count}.";
        self.message((280_000, 2, &[90_001, 1_234_567]), (Peer::Client, "note", false), (sentence, fields), &hostile)?;
        self.plugins(1, 5..8)?;
        let parts: [Part<'_>; 4] = [
            (b"SSH password", Data, "name", false),
            (b" <|> ", Keyword, "separator", false),
            (SECRET, Data, "value", true),
            (b"\n", Control, "line_end", false),
        ];
        let fields = vec![Field::new("name", Value::text(b"SSH password")), Field::secret("value", Value::text(SECRET))];
        self.message((300_000, 1, &[31]), (Peer::Client, "preference", true), ("{name} is set to {value}.", fields), &parts)
    }

    fn anomalies(&mut self) -> io::Result<()> {
        let gaps = [GapReason::NotCaptured, GapReason::SnapLength, GapReason::Bound, GapReason::End];
        for reason in gaps {
            self.anomaly(310_000, Some(1), &[33], Anomaly::Gap { from: Peer::Server, bytes: 512, reason })?;
        }
        let (client, server) = (Peer::Client, Peer::Server);
        self.anomaly(320_000, Some(1), &[34, 36], Anomaly::OverlapDiffers { from: server, bytes: 1 })?;
        self.anomaly(330_000, Some(1), &[35], Anomaly::DataAfterFin { from: client, bytes: 9 })?;
        let (client, server) = (endpoint("192.168.11.12:2204").ip, endpoint("192.168.11.8:1241"));
        let judged = LoginJudged { client, server, user: b"fm\x1b[31m", accepted: false, attempt: 7, refused: 7, users: 3 };
        self.say(333_000, Some(1), &[12], EventKind::LoginJudged(judged))?;
        let since = Timestamp::from_parts(1_105_000_000, 112_000, false);
        self.say(334_000, None, &[4], EventKind::FloodSeen(Flood { server, since, half_open: 1000 }))?;
        self.say(334_100, None, &[5], EventKind::ScannerSeen(Scanner { client, since, reached: 101, established: 2 }))?;
        let (client, server) = (Peer::Client, Peer::Server);
        self.anomaly(335_000, Some(1), &[35], Anomaly::DataTooLate { from: client, bytes: 7 })?;
        self.anomaly(340_000, Some(1), &[36], Anomaly::SegmentImplausible { from: client, distance: -2_000_000_000 })?;
        self.anomaly(
            350_000,
            Some(2),
            &[37],
            Anomaly::Undecodable { from: server, bytes: 77, problem: "a line longer than 4194304 bytes" },
        )?;
        self.anomaly(360_000, Some(3), &[38], Anomaly::LimitReached { limit: "held_bytes", value: 4_194_304 })?;
        self.anomaly(370_000, None, &[39], Anomaly::HeaderBroken { layer: "ipv4", problem: "its length is below 20" })?;
        self.anomaly(380_000, None, &[40], Anomaly::LinkTypeUnknown { link_type: 147 })?;
        self.anomaly(385_000, Some(2), &[40], Anomaly::Http2NotRead { frames: 9, streams: 2, data_bytes: 50 })?;
        self.anomaly(390_000, None, &[41], Anomaly::FragmentOverlap { dropped: true })?;
        self.anomaly(390_000, None, &[41], Anomaly::FragmentOverlap { dropped: false })?;
        self.anomaly(390_000, None, &[42], Anomaly::FragmentsIncomplete { bytes: 1480 })?;
        self.anomaly(390_000, None, &[43], Anomaly::TimeWentBack { by: Duration::from_micros(1500) })?;
        let problem = "x.pcap: cut in frame 44, at offset 4711 \x1b[1m".to_owned();
        self.anomaly(390_000, None, &[44], Anomaly::InputDamaged { problem, begun: true })
    }

    fn facts(&mut self) -> io::Result<()> {
        let [service, odd_service, client_port, connection, odd, inbound] = &mut known();
        for (numbers, fact) in [
            (&[1, 2], &*service),
            (&[7, 7], odd_service),
            (&[1, 2], client_port),
            (&[1, 2], connection),
            (&[7, 7], odd),
            (&[8, 8], inbound),
        ] {
            self.say(112, None, numbers, EventKind::FactSeen(fact))?;
        }
        connection.known.grade = Grade::Data;
        self.say(300, None, &[1, 4], EventKind::FactConfirmed(connection, Grade::SynAck))
    }
}

/// The whole script.
pub(super) fn play(sink: &mut dyn Sink) -> io::Result<()> {
    let mut player = Player { sink };
    let first = flow(1, "192.168.11.12:2204", "192.168.11.8:1241");
    let mut second = flow(2, "[2001:db8::12]:40000", "[2001:db8::8]:9999");
    second.roles = RolesFrom::Content;
    let third = flow(3, "10.0.0.2:40000", "10.0.0.1:8443");
    player.opened(&first)?;
    player.opened(&second)?;
    player.opened(&third)?;
    player.facts()?;
    player.session(&first, "nessus_ntp", Some("1.2"), &["fast_login", "plugins_md5"])?;
    player.login()?;
    player.configuration(&second)?;
    player.anomalies()?;
    player.exchanges()?;
    for (flow, closing) in [(&first, Closing::Fin), (&second, Closing::Reset(Peer::Server)), (&third, Closing::Idle)] {
        player.say(5_512_345, Some(flow.id.0), &[40, 41], EventKind::FlowClosed(flow, closing))?;
    }
    player.say(5_512_345, None, &[], EventKind::SpanVerdict(&verdict(false)))?;
    player.say(5_512_345, None, &[], EventKind::Stats(&summary()))?;
    player.two_inputs()?;
    player.say(5_512_345, None, &[], EventKind::SpanVerdict(&verdict(true)))?;
    player.say(5_512_345, None, &[], EventKind::FactsKnown(&Listed(known().into())))?;
    player.say(5_512_345, None, &[], EventKind::Summary(&summary()))?;
    player.sink.finish()
}

impl Player<'_> {
    /// A phase whose frames come from two inputs.
    fn two_inputs(&mut self) -> io::Result<()> {
        let later = flow(4, "10.0.0.2:40001", "192.168.11.8:1241");
        self.session(&later, "tls", None, &[])?;
        let mut both = frames(&[9, 10]);
        both.add(FrameId { input: 1, number: 3 });
        both.add(FrameId { input: 2, number: 1 });
        both.add(FrameId { input: 2, number: 2 });
        let kind = EventKind::AnomalyFound(Anomaly::Gap { from: Peer::Client, bytes: 5, reason: GapReason::End });
        let evidence = Evidence { frames: both, bytes: Some(ByteSpan { start: 0, end: 5 }) };
        self.sink.event(&Event { at: Timestamp::from_nanos(START + 1, true), flow: Some(FlowId(4)), evidence, kind })
    }
}

/// A verdict with every trouble there is.
fn verdict(at_end: bool) -> SpanVerdict {
    let findings = vec![
        Finding::OneDirection,
        Finding::DuplicatesExact,
        Finding::DuplicatesRouted,
        Finding::VlanOneSide,
        Finding::LoneSynAcks,
        Finding::SnapLengthShort,
    ];
    let counts = SpanCounts {
        segments: 1000,
        data_segments: 500,
        cut_short: 400,
        headers_cut: 1,
        connections: 100,
        both_directions: 10,
        one_direction: 90,
        vlan_differs: 10,
        syn_acks: 80,
        lone_syn_acks: 70,
        compared: 600,
        duplicates_exact: 200,
        duplicates_routed: 150,
    };
    SpanVerdict { findings, counts, at_end }
}

fn summary() -> Summary {
    let undocumented = |server: &str, flows, bytes| Undocumented { server: endpoint(server), flows, bytes };
    Summary {
        frames: 51,
        bytes: 7_012_345,
        first_at: Some(at(0)),
        last_at: Some(at(5_512_345)),
        filtered: 5,
        segments: 40,
        undecoded: vec![("arp", 4), ("udp", 2)],
        flows: 4,
        lone_syns: 1,
        lone_syn_acks: 2,
        evicted: 1,
        sessions: vec![("nessus_ntp", 1), ("nessus_otp", 1), ("tls", 1)],
        messages: 18,
        messages_by_protocol: vec![("nessus_ntp", 18)],
        exchanges: 3,
        anomalies: vec![("gap", 5), ("header_broken", 1), ("input_damaged", 1), ("limit_reached", 1)],
        facts: [2, 1, 3],
        undocumented: vec![undocumented("10.0.0.1:8443", 12, 34_567), undocumented("[2001:db8::1]:22", 1, 900)],
        received: vec![
            Received { interface: "eth1".to_owned(), packets: 50, dropped_by_kernel: 3, dropped_by_interface: 0 },
            Received { interface: "eth2".to_owned(), packets: 6, ..Received::default() },
        ],
        lost: Lost { records: 7, packets: 0, syslog: 1 },
        span: verdict(true),
        damage: vec!["x.pcap: cut in frame 44, at offset 4711 \x1b[1m".to_owned()],
        inputs: vec![Input {
            origin: Origin {
                kind: "file",
                name: "x.pcap".to_owned(),
                format: Some("pcap"),
                compression: Some("gzip"),
                bytes: Some(4711),
                sha256: Some([7; 32]),
                damage: Some("cut in frame 44, at offset 4711 \x1b[1m".to_owned()),
            },
            sight: Sight { frames: 51, truncated: 1, times: Some((at(0), at(5_512_345))), link_types: [1, 101].into() },
        }],
    }
}
