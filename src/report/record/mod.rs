//! The records of JSON Lines: the types that are written are the types the JSON Schema is made from.
//!
//! One record is one JSON object on one line. Names are public API: renaming one needs a new `v`. Readers must bear fields they
//! do not know. What may be absent is absent, never `null`.
//!
//! # Every record
//!
//! ```json
//! {"v":1,"event":"message_decoded","at":"2005-01-06T08:26:40.176581Z","flow":1,
//!  "evidence":{"input":0,"frames":[[9,9],[11,11]],"bytes":[12,15]}, …}
//! ```
//!
//! * `at`: RFC 3339, UTC, six or nine digits after the point, as many as the capture has.
//! * `flow`: the number of the connection, where the event belongs to one.
//! * `evidence.frames`: first and last frame of each span, both included, from 1 as Wireshark counts.
//! * `evidence.input`: which input these frames are from, from 0 in the order given. Frames of inputs before the newest
//!   one are in `evidence.earlier`, an array of `{"input":…,"frames":…}`; absent when there are none.
//! * `evidence.bytes`: start, and end exclusive, in the stream of the peer that sent them; only where the event is about payload.
//!   Counts (`stats`, `summary`) and a SPAN verdict rest on no frame: `frames` is empty and `input` absent.
//!
//! # Text from the wire
//!
//! A JSON string when the bytes are UTF-8. Otherwise an object: `text` is every byte as the Latin-1 character of its number,
//! `bytes` the same bytes in base64 (RFC 4648 with padding). Either is lossless. Characters a terminal would obey or hide are
//! written as `\uXXXX`, which every JSON reader undoes.
//!
//! # Secrets
//!
//! The field of a secret is `{"redacted":N}`, N its length in bytes; inside sentences and `payload` it is `<redacted N bytes>`.
//! Its token has `"secret":true`.
//!
//! # Who talks
//!
//! Flows and sessions carry `client_ip`, `client_port`, `server_ip`, `server_port`; facts carry `client_ip`, `server_ip`, `port`
//! (of the server) as far as the fact has them. The names of peers are `client` and `server`.

mod anomaly;
mod exchange;
mod fact;
mod flow;
mod message;
mod quick;
mod span;
mod stats;
mod summary;
mod tls;
mod value;

use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::fact::Relation;
use crate::time::Timestamp;
use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::json_schema;
use serde::Serialize;
use serde::Serializer;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

pub(super) use flow::community_id;
pub(super) use quick::Quick;
pub(super) use quick::Room;

/// The version of the records.
const VERSION: u8 = 1;

/// One line of JSON Lines.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Line<'a> {
    FlowOpened(Record<flow::FlowOpened<'a>>),
    FlowClosed(Record<flow::FlowClosed>),
    SessionIdentified(Record<flow::SessionIdentified<'a>>),
    ProtocolDescribed(Record<Box<message::ProtocolDescribed<'a>>>),
    PhaseEntered(Record<message::PhaseEntered<'a>>),
    LoginJudged(Record<message::LoginJudgedRecord<'a>>),
    MessageDecoded(Record<Box<message::MessageDecoded<'a>>>),
    ExchangeDecoded(Record<Box<exchange::ExchangeDecoded<'a>>>),
    ScanStory(Record<Box<exchange::ScanStoryRecord<'a>>>),
    SessionStory(Record<Box<exchange::SessionStoryRecord<'a>>>),
    ServiceSeen(Record<fact::ServiceSeen>),
    ClientPortSeen(Record<fact::ClientPortSeen>),
    ConnectionSeen(Record<fact::ConnectionSeen>),
    ConnectionConfirmed(Record<fact::ConnectionConfirmed>),
    FloodSeen(Record<fact::FloodSeen>),
    ScannerSeen(Record<fact::ScannerSeen>),
    SpanVerdict(Record<Box<span::SpanVerdictRecord>>),
    AnomalyFound(Record<Box<anomaly::AnomalyFound<'a>>>),
    Stats(Record<Box<stats::StatsRecord<'a>>>),
    Summary(Record<Box<summary::SummaryRecord<'a>>>),
}

impl<'a> Line<'a> {
    /// The record of an event, borrowing from it; `payload` says whether messages carry their bytes. Events for outputs that draw
    /// the whole have none.
    pub(super) fn of(event: &'a Event<'a>, payload: bool) -> Option<Self> {
        Some(match &event.kind {
            EventKind::FlowOpened(flow) => Self::FlowOpened(Record::of(event, flow::FlowOpened::of(flow))),
            EventKind::FlowClosed(flow, closing) => Self::FlowClosed(Record::of(event, flow::FlowClosed::of(flow, *closing))),
            EventKind::SessionIdentified(flow, session) => {
                Self::SessionIdentified(Record::of(event, flow::SessionIdentified::of(flow, session)))
            }
            EventKind::ProtocolDescribed(description) => {
                Self::ProtocolDescribed(Record::of(event, Box::new(message::ProtocolDescribed { description })))
            }
            EventKind::PhaseEntered(phase) => Self::PhaseEntered(Record::of(event, message::PhaseEntered::of(phase))),
            EventKind::MessageDecoded(message) => {
                let body = message::MessageDecoded::of(message, event.at, payload);
                Self::MessageDecoded(Record::of(event, Box::new(body)))
            }
            EventKind::LoginJudged(judged) => Self::LoginJudged(Record::of(event, message::LoginJudgedRecord::of(judged))),
            EventKind::ExchangeDecoded(exchange) => {
                Self::ExchangeDecoded(Record::of(event, Box::new(exchange::ExchangeDecoded::of(exchange))))
            }
            EventKind::ScanStory(story) => Self::ScanStory(Record::of(event, Box::new(exchange::ScanStoryRecord::of(story)))),
            EventKind::SessionStory(story) => Self::SessionStory(Record::of(event, Box::new(exchange::SessionStoryRecord::of(story)))),
            EventKind::FactSeen(fact) => match fact.relation {
                Relation::Service(server) => Self::ServiceSeen(Record::of(event, fact::ServiceSeen::of(server, fact))),
                Relation::ClientPort(client, port) => Self::ClientPortSeen(Record::of(event, fact::ClientPortSeen::of(client, port, fact))),
                Relation::Connection(client, server) => {
                    Self::ConnectionSeen(Record::of(event, fact::ConnectionSeen::of(client, server, fact)))
                }
            },
            EventKind::FactConfirmed(fact, told) => {
                let Relation::Connection(client, server) = fact.relation else { return None };
                Self::ConnectionConfirmed(Record::of(event, fact::ConnectionConfirmed::of(client, server, fact, *told)))
            }
            EventKind::FactsKnown(_) | EventKind::RowDecoded(_) | EventKind::MessagesCounted(..) | EventKind::SegmentSeen(_) => {
                return None;
            }
            EventKind::FloodSeen(flood) => Self::FloodSeen(Record::of(event, fact::FloodSeen::of(flood))),
            EventKind::ScannerSeen(scanner) => Self::ScannerSeen(Record::of(event, fact::ScannerSeen::of(scanner))),
            EventKind::SpanVerdict(verdict) => Self::SpanVerdict(Record::of(event, Box::new(span::SpanVerdictRecord::of(verdict)))),
            EventKind::AnomalyFound(anomaly) => Self::AnomalyFound(Record::of(event, Box::new(anomaly::AnomalyFound::of(anomaly)))),
            EventKind::Stats(so_far) => Self::Stats(Record::of(event, Box::new(stats::StatsRecord::of(so_far)))),
            EventKind::Summary(summary) => Self::Summary(Record::of(event, Box::new(summary::SummaryRecord::of(summary)))),
        })
    }
}

/// What one kind of event says, beyond what all of them say.
trait Body {
    /// The value of `event`.
    const EVENT: &'static str;
}

impl<B: Body> Body for Box<B> {
    const EVENT: &'static str = B::EVENT;
}

// A record: what every event has, then what its kind has. No doc comment: the schema describes each with that of its kind.
#[derive(Serialize, JsonSchema)]
#[serde(bound(serialize = "B: Body + Serialize"))]
#[schemars(bound = "B: Body + JsonSchema", rename = "{B}")]
pub(super) struct Record<B> {
    /// The version of the records.
    #[schemars(extend("const" = VERSION))]
    v: u8,
    /// What happened.
    event: EventName<B>,
    /// When it was known; for a message the time of its first byte.
    at: Moment,
    /// The number of the connection it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<u64>,
    /// What it rests on.
    evidence: EvidenceRecord,
    #[serde(flatten)]
    body: B,
}

impl<B> Record<B> {
    fn of(event: &Event<'_>, body: B) -> Self {
        let flow = event.flow.map(|flow| flow.0);
        Self { v: VERSION, event: EventName(PhantomData), at: Moment(event.at), flow, evidence: EvidenceRecord::of(&event.evidence), body }
    }
}

/// The name of the event, known from the type of its body.
struct EventName<B>(PhantomData<B>);

impl<B: Body> Serialize for EventName<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(B::EVENT)
    }
}

impl<B: Body> JsonSchema for EventName<B> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        B::EVENT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": B::EVENT })
    }
}

/// A moment in RFC 3339.
struct Moment(Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Frames and stream bytes an event rests on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
struct EvidenceRecord {
    /// The input the frames are from, from 0; the newest one when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u32>,
    /// First and last frame of each span, both included.
    frames: Vec<[u64; 2]>,
    /// Start and end (exclusive) in the stream of the peer that sent them.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<[u64; 2]>,
    /// Frames of inputs before the newest one, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<InputFrames>,
}

/// Frames of one input.
#[derive(Serialize, JsonSchema)]
struct InputFrames {
    /// The input, from 0.
    input: u32,
    /// First and last frame of each span, both included.
    frames: Vec<[u64; 2]>,
}

impl EvidenceRecord {
    fn of(evidence: &Evidence) -> Self {
        let mut earlier = by_input(&evidence.frames);
        let newest = earlier.pop();
        Self {
            input: newest.as_ref().map(|newest| newest.input),
            frames: newest.map(|newest| newest.frames).unwrap_or_default(),
            bytes: evidence.bytes.map(|bytes| [bytes.start, bytes.end]),
            earlier,
        }
    }
}

/// Frames apart by input, ascending, as the spans are.
fn by_input(frames: &Frames) -> Vec<InputFrames> {
    let mut inputs: Vec<InputFrames> = Vec::new();
    for span in frames.spans() {
        match inputs.last_mut() {
            Some(input) if input.input == span.input => input.frames.push([span.first, span.last]),
            _ => inputs.push(InputFrames { input: span.input, frames: vec![[span.first, span.last]] }),
        }
    }
    inputs
}

/// Formats through a closure: for strings that are made while they are written.
struct Written<F>(F);

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Written<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}
