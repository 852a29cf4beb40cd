//! The only thing outputs see: events, each with its evidence.

use crate::annotation::Annotation;
use crate::annotation::Payload;
use crate::anomaly::Anomaly;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::evidence::Part;
use crate::exchange::Exchange;
use crate::exchange::ScanStory;
use crate::exchange::SessionStory;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Grade;
use crate::fact::Relation;
use crate::grammar::Description;
use crate::grammar::Share;
use crate::loss::Lost;
use crate::loss::Received;
use crate::origin::Input;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::VlanStack;
use crate::row::Row;
use crate::span::SpanVerdict;
use crate::time::Timestamp;
use std::borrow::Cow;
use std::net::IpAddr;

/// Something to report. Borrows what it speaks of for as long as it is being reported.
#[derive(Debug)]
pub struct Event<'a> {
    /// When it was known: for a message the time of its first byte.
    pub at: Timestamp,
    /// The connection it belongs to.
    pub flow: Option<FlowId>,
    /// What it rests on.
    pub evidence: Evidence,
    /// What happened.
    pub kind: EventKind<'a>,
}

impl<'a> Event<'a> {
    /// The event that announces a flow.
    #[must_use]
    pub fn flow_opened(flow: &'a Flow) -> Self {
        Event { at: flow.first_at, flow: Some(flow.id), evidence: Evidence::of(flow.opening.clone()), kind: EventKind::FlowOpened(flow) }
    }
}

/// The kinds of events; their names in outputs are public and stable.
#[derive(Debug)]
pub enum EventKind<'a> {
    /// A handshake completed or payload was seen.
    FlowOpened(&'a Flow),
    /// The last sight of a connection.
    FlowClosed(&'a Flow, Closing),
    /// A dissector accepted a flow.
    SessionIdentified(&'a Flow, &'a Session<'a>),
    /// The language of a service that no dissector reads was inferred. Before the sessions that are read by it.
    ProtocolDescribed(&'a Description),
    /// The dialogue moved on.
    PhaseEntered(&'a Phase),
    /// A message is complete.
    MessageDecoded(&'a Message<'a>),
    /// A message that is a row is complete; only for outputs that take rows, which are told no such message else.
    RowDecoded(&'a Row<'a>),
    /// So many messages of this protocol are complete that no output looks at: told together, instead of one by one.
    MessagesCounted(&'static str, u64),
    /// A login was accepted or refused.
    LoginJudged(LoginJudged<'a>),
    /// A request of an HTTP API and its response are complete, or as complete as they get.
    ExchangeDecoded(&'a Exchange),
    /// What became of a scan is known: it was deleted, or nothing more comes.
    ScanStory(&'a ScanStory),
    /// What became of a login is known.
    SessionStory(&'a SessionStory),
    /// A fact is told, once: somebody serves, uses a port, or reached a service.
    FactSeen(&'a Fact),
    /// What is known of a connection fact rose to its final grade, from this one. At most once for each.
    FactConfirmed(&'a Fact, Grade),
    /// So many clients of a service have but a SYN-ACK that they are counted instead of recorded. Once for each service.
    FloodSeen(Flood),
    /// A client has SYN-ACKs of so many services, and uses so few, that it scans. Once for each client.
    ScannerSeen(Scanner),
    /// Whether the capture shows what it should. Once after 10 s of it, and at the end if there was none or it changed.
    SpanVerdict(&'a SpanVerdict),
    /// Something odd in packets, peers or the capture, or a limit reached.
    AnomalyFound(Anomaly),
    /// A segment between a pair that the user wants explained; only then.
    SegmentSeen(SegmentSeen<'a>),
    /// What the run saw so far: now and then on an interface, and when it is asked for.
    Stats(&'a Summary),
    /// Near the end: all facts as they are then, for outputs that draw the whole.
    FactsKnown(&'a dyn Facts),
    /// The end: every frame accounted for.
    Summary(&'a Summary),
}

/// A TCP segment between two that the user wants explained, as its header has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSeen<'a> {
    /// The frame, or all frames of a fragmented datagram.
    pub frames: &'a Frames,
    /// Which of the two sent it.
    pub from: Peer,
    /// The client's port.
    pub client_port: u16,
    /// The flags, as the wire has them in the thirteenth byte of the header.
    pub flags: u8,
    /// The sequence number.
    pub seq: u32,
    /// The acknowledgement number; means something only with the ACK flag.
    pub ack: u32,
    /// Payload bytes, captured or not.
    pub payload_bytes: u64,
    /// VLAN tags around it.
    pub vlans: VlanStack,
}

impl EventKind<'_> {
    /// The name used in every output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::FlowOpened(_) => "flow_opened",
            Self::FlowClosed(..) => "flow_closed",
            Self::SessionIdentified(..) => "session_identified",
            Self::ProtocolDescribed(_) => "protocol_described",
            Self::PhaseEntered(_) => "phase_entered",
            Self::MessageDecoded(_) | Self::RowDecoded(_) => "message_decoded",
            Self::MessagesCounted(..) => "messages_counted",
            Self::LoginJudged(_) => "login_judged",
            Self::ExchangeDecoded(_) => "exchange_decoded",
            Self::ScanStory(_) => "scan_story",
            Self::SessionStory(_) => "session_story",
            Self::FactSeen(fact) => match fact.relation {
                Relation::Service(_) => "service_seen",
                Relation::ClientPort(..) => "client_port_seen",
                Relation::Connection(..) => "connection_seen",
            },
            Self::FactConfirmed(..) => "connection_confirmed",
            Self::FloodSeen(_) => "flood_seen",
            Self::ScannerSeen(_) => "scanner_seen",
            Self::AnomalyFound(_) => "anomaly_found",
            Self::SpanVerdict(_) => "span_verdict",
            Self::SegmentSeen(_) => "segment_seen",
            Self::Stats(_) => "stats",
            Self::FactsKnown(_) => "facts_known",
            Self::Summary(_) => "summary",
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Both sides said FIN.
    Fin,
    /// One side said RST.
    Reset(Peer),
    /// Nothing for the idle time.
    Idle,
    /// The same addresses and ports began anew.
    Reused,
    /// The table was full.
    Evicted,
    /// The capture ended before it did.
    EndOfCapture,
}

impl Closing {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Reset(_) => "reset",
            Self::Idle => "idle",
            Self::Reused => "reused",
            Self::Evicted => "evicted",
            Self::EndOfCapture => "end_of_capture",
        }
    }
}

/// What a dissector knows when it accepts a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// Protocol id: `nessus_ntp`, `nessus_otp`, `tls` …
    pub protocol: &'static str,
    /// The version as the wire says it, e.g. `1.2`; bytes of the wire.
    pub version: Option<Cow<'a, [u8]>>,
    /// Options of the version line, in order; bytes of the wire.
    pub options: Vec<Cow<'a, [u8]>>,
    /// What made the match, in a few words.
    pub matched: &'static str,
    /// The id of the description it is read by, when its language was inferred.
    pub description: Option<Cow<'a, str>>,
    /// How it differs from the first session of its service, a sentence each, when its language was inferred.
    pub contrasts: &'a [String],
}

/// A step of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its number in the protocol's own order; a dialogue may come back to it.
    pub ordinal: u16,
    /// A few words.
    pub title: Cow<'static, str>,
    /// What happens in it, for people. Nothing from the wire but keywords, escaped.
    pub sentence: Cow<'static, str>,
}

/// Names a message of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its number in the session, from 1.
    pub number: u64,
    /// Its first frame.
    pub frame: FrameId,
}

/// A complete message with its bytes, secrets already out of reach.
#[derive(Debug)]
pub struct Message<'a> {
    /// Protocol id.
    pub protocol: &'static str,
    /// Its number in the session, both directions together, from 1.
    pub number: u64,
    /// Who sent it.
    pub from: Peer,
    /// What the dissector says.
    pub annotation: &'a Annotation<'a>,
    /// The bytes, as an output may show them.
    pub payload: Payload<'a>,
    /// Time of the frame that brought the last byte.
    pub completed_at: Timestamp,
    /// Which frame brought which of its bytes, in order; empty where the output does not ask for it.
    pub parts: &'a [Part],
    /// What inference says of it; nothing where a dissector read it.
    pub inferred: Option<&'a Inferred>,
}

/// What was inferred of a message, beyond its annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inferred {
    /// Its type, in the description of its session; nothing when it is of none.
    pub message_type: Option<String>,
    /// The field of every token, in order.
    pub fields: Vec<Option<String>>,
    /// How sure the type is.
    pub confidence: Share,
}

/// The outcome of a login, and how many there were before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginJudged<'a> {
    /// Who tried.
    pub client: IpAddr,
    /// Where.
    pub server: Endpoint,
    /// As whom; bytes of the wire.
    pub user: &'a [u8],
    /// Whether the server let it in.
    pub accepted: bool,
    /// Which try of this client on this service it was, from 1, over all connections.
    pub attempt: u64,
    /// How many of these tries were refused.
    pub refused: u64,
    /// How many user names it tried.
    pub users: u64,
}

/// A service with more half-open connections than are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// The service.
    pub server: Endpoint,
    /// Since when clients are left out.
    pub since: Timestamp,
    /// How many were left out and not established, when this was told.
    pub half_open: u64,
}

/// A client that asks many services and uses few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanner {
    /// The client.
    pub client: IpAddr,
    /// Since when.
    pub since: Timestamp,
    /// How many services answered it since, when this was told.
    pub reached: u64,
    /// How many of these it acknowledged.
    pub established: u64,
}

/// A service nobody decoded, for the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undocumented {
    /// The service.
    pub server: Endpoint,
    /// Connections with payload.
    pub flows: u64,
    /// Payload bytes of both directions.
    pub bytes: u64,
}

/// What the run saw, so far or at its end. Invariant: `frames` is the sum of `filtered`, `segments` and all of `undecoded`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Frames read.
    pub frames: u64,
    /// Bytes of these frames as captured.
    pub bytes: u64,
    /// Time of the first frame.
    pub first_at: Option<Timestamp>,
    /// Time of the last frame.
    pub last_at: Option<Timestamp>,
    /// Frames the user's filter left out.
    pub filtered: u64,
    /// Frames that were, or completed, a TCP segment.
    pub segments: u64,
    /// All other frames, by reason, in order of the reason's name.
    pub undecoded: Vec<(&'static str, u64)>,
    /// Connections opened.
    pub flows: u64,
    /// SYNs that nobody answered while they were remembered.
    pub lone_syns: u64,
    /// SYN-ACKs whose SYN was not seen.
    pub lone_syn_acks: u64,
    /// Connections that were forgotten before their end, because others needed the room.
    pub evicted: u64,
    /// Sessions by protocol id.
    pub sessions: Vec<(&'static str, u64)>,
    /// Messages decoded.
    pub messages: u64,
    /// These by protocol id.
    pub messages_by_protocol: Vec<(&'static str, u64)>,
    /// Exchanges of HTTP APIs.
    pub exchanges: u64,
    /// Anomalies by name.
    pub anomalies: Vec<(&'static str, u64)>,
    /// Facts of each kind: services, client ports, connections.
    pub facts: [u64; 3],
    /// Services with payload that no dissector claimed, most bytes first.
    pub undocumented: Vec<Undocumented>,
    /// What the kernel counted, interface by interface; nothing of files.
    pub received: Vec<Received>,
    /// What the outputs could not hand on.
    pub lost: Lost,
    /// Whether the capture shows what it should, at the end.
    pub span: SpanVerdict,
    /// What was wrong with inputs, one line each.
    pub damage: Vec<String>,
    /// The inputs, by their number; only where the output shows where every byte came from.
    pub inputs: Vec<Input>,
}

impl Summary {
    /// What the kernel counted on all interfaces together; nothing of files.
    #[must_use]
    pub fn received_in_all(&self) -> Option<Received> {
        let mut sum = Received::default();
        for one in &self.received {
            sum.packets = sum.packets.saturating_add(one.packets);
            sum.dropped_by_kernel = sum.dropped_by_kernel.saturating_add(one.dropped_by_kernel);
            sum.dropped_by_interface = sum.dropped_by_interface.saturating_add(one.dropped_by_interface);
        }
        (!self.received.is_empty()).then_some(sum)
    }

    /// Packets that the kernel handed over and that were not read: those in the buffer when this was counted. So all packets received
    /// are read, dropped or unread.
    #[must_use]
    pub fn unread(&self) -> u64 {
        let sum = self.received_in_all().unwrap_or_default();
        sum.packets.saturating_sub(sum.dropped_by_kernel).saturating_sub(self.frames)
    }
}
