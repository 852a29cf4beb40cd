//! The only thing outputs see: events, each with its evidence.

pub use crate::evidence::{Evidence, FrameId, FrameSpan, Frames};

use crate::annotation::{Annotation, Payload};
use crate::peer::{Endpoint, Flow, FlowId, Peer};
use crate::time::Timestamp;
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

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

/// The kinds of events; their names in outputs are public and stable.
#[derive(Debug)]
pub enum EventKind<'a> {
    /// A handshake completed or payload was seen.
    FlowOpened(&'a Flow),
    /// The last sight of a connection.
    FlowClosed(&'a Flow, Closing),
    /// A dissector accepted a flow.
    SessionIdentified(&'a Flow, &'a Session<'a>),
    /// The dialogue moved on.
    PhaseEntered(&'a Phase),
    /// A message is complete.
    MessageDecoded(&'a Message<'a>),
    /// Somebody serves (NNM plugin 0).
    ServiceSeen(ServiceFact),
    /// Somebody uses services on a port (NNM plugin 2).
    ClientPortSeen(ClientPortFact),
    /// A client reached a service (NNM plugins 3, 15, 14, 16).
    ConnectionSeen(ConnectionFact),
    /// Something odd in packets, peers or the capture, or a limit reached.
    AnomalyFound(Anomaly),
    /// The end: every frame accounted for.
    Summary(&'a Summary),
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
    /// The version as the wire says it, e.g. `1.2`.
    pub version: Option<Cow<'a, str>>,
    /// Options of the version line, in order.
    pub options: Vec<Cow<'a, str>>,
    /// What made the match, in a few words.
    pub matched: &'static str,
}

/// A step of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its number in the protocol's own order; a dialogue may come back to it.
    pub ordinal: u16,
    /// A few words.
    pub title: &'static str,
    /// What happens in it, for people.
    pub sentence: &'static str,
}

/// A complete message with its bytes, secrets already out of reach.
#[derive(Debug)]
pub struct Message<'a> {
    /// Protocol id.
    pub protocol: &'static str,
    /// Who sent it.
    pub from: Peer,
    /// What the dissector says.
    pub annotation: &'a Annotation<'a>,
    /// The bytes, as an output may show them.
    pub payload: Payload<'a>,
    /// Time of the frame that brought the last byte.
    pub completed_at: Timestamp,
}

/// A service: an address that answered on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceFact {
    /// Who answered.
    pub server: Endpoint,
    /// How sure it is.
    pub grade: Grade,
}

/// A client that uses services on a port, wherever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientPortFact {
    /// Who asked.
    pub client: IpAddr,
    /// The server's port.
    pub port: u16,
    /// How sure it is.
    pub grade: Grade,
}

/// A client that reached a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionFact {
    /// Who asked.
    pub client: IpAddr,
    /// Who answered.
    pub server: Endpoint,
    /// Where the two are, seen from the focus network.
    pub direction: Direction,
    /// How sure it is.
    pub grade: Grade,
    /// Whether the client's SYN was seen too.
    pub syn_seen: bool,
}

/// Where the ends of a connection are, in the words of ECS `network.direction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ends in the focus network.
    Internal,
    /// The client outside, the server inside.
    Inbound,
    /// The client inside, the server outside.
    Outbound,
}

impl Direction {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What a fact rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// A SYN-ACK whose SYN was not seen.
    SynAckOnly,
    /// A SYN and the SYN-ACK that acknowledges it.
    SynAck,
}

impl Grade {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SynAckOnly => "synack_only",
            Self::SynAck => "synack",
        }
    }
}

/// Why bytes of a stream are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The other side acknowledged them, but the capture does not have them.
    NotCaptured,
    /// The frame was there, but cut by the snap length.
    SnapLength,
    /// They had not come when a bound of the reassembly was reached.
    Bound,
    /// They had not come when the connection or the capture ended.
    End,
}

impl GapReason {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotCaptured => "not_captured",
            Self::SnapLength => "snap_length",
            Self::Bound => "bound",
            Self::End => "end",
        }
    }
}

/// Something odd: data about the capture, never a reason to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// Bytes of a stream are missing.
    Gap {
        /// Whose stream.
        from: Peer,
        /// How many bytes.
        bytes: u64,
        /// Why.
        reason: GapReason,
    },
    /// A repetition of bytes already seen differs; the first copy counts.
    OverlapDiffers {
        /// Whose stream.
        from: Peer,
        /// How many bytes differ.
        bytes: u64,
    },
    /// Payload behind the end its sender announced.
    DataAfterFin {
        /// Whose stream.
        from: Peer,
        /// How many bytes.
        bytes: u64,
    },
    /// A segment too far away from the stream to be part of it: left out.
    SegmentImplausible {
        /// Whose stream.
        from: Peer,
        /// Distance from the next expected byte; negative lies before it.
        distance: i64,
    },
    /// A header does not fit its frame or contradicts itself.
    HeaderBroken {
        /// Which header.
        layer: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The link type of an input is not known; its frames are only counted.
    LinkTypeUnknown {
        /// The LINKTYPE number.
        link_type: u32,
    },
    /// Fragments of one datagram overlap; first copy (IPv4) or no copy (IPv6, RFC 5722) counts.
    FragmentOverlap {
        /// Whether the datagram was given up.
        dropped: bool,
    },
    /// A fragmented datagram never became whole.
    FragmentsIncomplete {
        /// Bytes that were there.
        bytes: u64,
    },
    /// The capture clock went back.
    TimeWentBack {
        /// By how much.
        by: Duration,
    },
    /// Bytes a dissector could not read as a message.
    Undecodable {
        /// Whose stream.
        from: Peer,
        /// How many bytes.
        bytes: u64,
        /// Why.
        problem: &'static str,
    },
    /// A bound of `limits.rs` was reached.
    LimitReached {
        /// The name of the limit.
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// An input ended too early or is damaged; what came before was processed.
    InputDamaged {
        /// What and where.
        problem: String,
    },
}

impl Anomaly {
    /// The name used in every output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::OverlapDiffers { .. } => "overlap_differs",
            Self::DataAfterFin { .. } => "data_after_fin",
            Self::SegmentImplausible { .. } => "segment_implausible",
            Self::HeaderBroken { .. } => "header_broken",
            Self::LinkTypeUnknown { .. } => "link_type_unknown",
            Self::FragmentOverlap { .. } => "fragment_overlap",
            Self::FragmentsIncomplete { .. } => "fragments_incomplete",
            Self::TimeWentBack { .. } => "time_went_back",
            Self::Undecodable { .. } => "undecodable",
            Self::LimitReached { .. } => "limit_reached",
            Self::InputDamaged { .. } => "input_damaged",
        }
    }
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

/// What the whole run saw. Invariant: `frames` is the sum of `filtered`, `segments` and all of `undecoded`.
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
    /// Sessions by protocol id.
    pub sessions: Vec<(&'static str, u64)>,
    /// Messages decoded.
    pub messages: u64,
    /// Anomalies by name.
    pub anomalies: Vec<(&'static str, u64)>,
    /// Facts of each kind: services, client ports, connections.
    pub facts: [u64; 3],
    /// Services with payload that no dissector claimed, most bytes first.
    pub undocumented: Vec<Undocumented>,
    /// Packets the kernel and the interface dropped, live only.
    pub dropped: Option<(u64, u64)>,
    /// What was wrong with inputs, one line each.
    pub damage: Vec<String>,
}
