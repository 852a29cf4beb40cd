//! A session of a document: who talked, in which phases, what was said, byte by byte.

use crate::annotation::Role;
use crate::evidence::Frames;
use crate::grammar::Kind;
use crate::grammar::Share;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// An address and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "endpoint")]
pub struct Endpoint {
    /// The address.
    pub ip: String,
    /// The port.
    pub port: u16,
}

/// A dialogue on one connection, or the datagrams between two endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "session")]
pub struct Session {
    /// `s` and the number of its flow.
    pub id: String,
    /// The protocol it is read by: an `id` of `protocols`.
    pub protocol: String,
    /// The version as the wire says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The standard hash of its five-tuple.
    pub community_id: String,
    /// `tcp` or `udp`.
    pub transport: String,
    /// Who asked.
    pub client: Endpoint,
    /// Who answered.
    pub server: Endpoint,
    /// How that was decided.
    pub roles_from: String,
    /// What made the match.
    pub matched: String,
    /// VLAN tags of its first frame.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vlans: Vec<u16>,
    /// Time of the first frame.
    pub start: String,
    /// Time of the newest frame.
    pub end: String,
    /// How it ended: `fin`, `reset`, `idle`, `reused`, `evicted` or `end_of_capture`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// Packets of the client.
    pub client_packets: u64,
    /// Packets of the server.
    pub server_packets: u64,
    /// Payload bytes of the client, repetitions included.
    pub client_bytes: u64,
    /// Payload bytes of the server, repetitions included.
    pub server_bytes: u64,
    /// What is known of the TLS it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Its phases, in order of time; a dialogue may come back to one.
    pub phases: Vec<Phase>,
    /// Messages that are not shown, because there were too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages_omitted: Option<u64>,
    /// How it differs from another session of its protocol: `instead, from #18 …`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contrasts: Vec<String>,
    /// Its messages, in order of time. They stand last, so that a writer can let them follow one by one.
    pub messages: Vec<Message>,
}

/// What the handshake of a TLS session says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "tls")]
pub struct Tls {
    /// The version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The cipher suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// The name the client asked for, escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// With what it was opened; absent of one that stayed closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_with: Option<String>,
}

/// A step of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "phase")]
pub struct Phase {
    /// `p<flow>.<n>`, n from 1 in order of time.
    pub id: String,
    /// Its number in the protocol's own order.
    pub ordinal: u16,
    /// A few words.
    pub title: String,
    /// What happens in it.
    pub sentence: String,
    /// Its first message; absent of one without payload (the TCP handshake).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_message: Option<String>,
    /// Its last message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<String>,
    /// First and last frame that show it, of each input that does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<FrameRange>,
}

/// Frames of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "frame_range")]
pub struct FrameRange {
    /// The input: `i0` …
    pub input: String,
    /// The first, from 1, as Wireshark counts.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl FrameRange {
    /// Each span of these frames, in order.
    #[must_use]
    pub fn spans(frames: &Frames) -> Vec<Self> {
        frames.spans().map(|span| Self { input: format!("i{}", span.input), first: span.first, last: span.last }).collect()
    }

    /// Widens these ranges, one of each input, so that they hold these frames too.
    pub fn widen(ranges: &mut Vec<Self>, frames: &Frames) {
        for span in Self::spans(frames) {
            match ranges.iter_mut().find(|range| range.input == span.input) {
                Some(range) => (range.first, range.last) = (range.first.min(span.first), range.last.max(span.last)),
                None => ranges.push(span),
            }
        }
    }
}

/// Bytes of a message that one packet brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "packet_ref")]
pub struct PacketRef {
    /// The input: `i0` …
    pub input: String,
    /// Frame number, from 1, as Wireshark counts.
    pub number: u64,
    /// Its time.
    pub time: String,
    /// The first byte of the message that it brought.
    pub start: u64,
    /// Behind the last one.
    pub end: u64,
    /// Where they are in the frame; absent where they were put together from fragments or decrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_offset: Option<u32>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "message")]
pub struct Message {
    /// `m<flow>.<number>`.
    pub id: String,
    /// The phase it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// `client` or `server` sent it.
    pub direction: String,
    /// The wire's own keyword in snake case, or a name the design gives; of an inferred one the name of its type.
    pub name: String,
    /// Its type: an id of the message types of its protocol.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    /// How sure the type is, where it was inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_confidence: Option<Share>,
    /// Time of its first byte.
    pub time: String,
    /// Seconds since the session began, as a decimal text.
    pub relative: String,
    /// Bytes.
    pub length: u64,
    /// Where it begins in the stream of its sender.
    pub stream_offset: u64,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_to: Option<String>,
    /// The packets that brought it, in order of its bytes.
    pub packets: Vec<PacketRef>,
    /// What it says, for people; secrets as `<redacted N bytes>`.
    pub sentence: String,
    /// Its bytes.
    pub payload: Payload,
    /// The role of every byte: they tile the message.
    pub tokens: Vec<Token>,
}

/// Bytes of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "payload")]
pub struct Payload {
    /// The bytes in hex, two digits a byte; those of redacted tokens as `..` each.
    pub hex: String,
    /// Bytes shown, from the first on; absent when all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<u64>,
}

/// A run of bytes with one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "token")]
pub struct Token {
    /// The first byte, from the start of the message.
    pub start: u64,
    /// Behind the last one.
    pub end: u64,
    /// What the bytes are for.
    pub role: Role,
    /// What they are, in general.
    pub kind: Kind,
    /// What they are in this protocol: a field of its grammar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whether they are not shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}
