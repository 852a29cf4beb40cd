//! What frames a document with: inputs, who serves and who speaks, what was odd, and the account of all frames.

use super::Endpoint;
use super::FrameRange;
use crate::grammar::Share;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;

/// Where packets came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "input")]
pub struct Input {
    /// `i0` …, in the order given.
    pub id: String,
    /// `file`, `stdin` or `interface`.
    pub kind: String,
    /// Its name as given.
    pub name: String,
    /// `pcap`, `pcap-ns`, `pcap-modified`, `pcapng` or `live`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// `gzip`, `zstd`, `lz4`, `xz` or `bzip2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Bytes of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// SHA-256 of the file, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Link types of its frames.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub link_types: Vec<LinkType>,
    /// Time of its first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_packet: Option<String>,
    /// Time of its last frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_packet: Option<String>,
    /// Its packets.
    pub packets: Packets,
    /// Where it could not be read any further, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged: Option<Damage>,
}

/// Where an input could not be read any further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "damage")]
pub struct Damage {
    /// One line.
    pub reason: String,
}

/// A link type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "link_type")]
pub struct LinkType {
    /// Its number in the registry of tcpdump.
    pub number: u32,
}

/// Packets of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "packets")]
pub struct Packets {
    /// Read.
    pub read: u64,
    /// Cut when they were captured.
    pub truncated: u64,
    /// Lost in the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_by_kernel: Option<u64>,
    /// Lost in the interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_by_interface: Option<u64>,
}

/// Who serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "service")]
pub struct Serving {
    /// Where.
    pub server: Endpoint,
    /// `tcp` or `udp`.
    pub transport: String,
    /// How far it was seen to serve: `synack`, `established` or `data`.
    pub grade: String,
    /// IANA's name of the port, a guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_name: Option<String>,
    /// Handshakes.
    pub handshakes: u64,
}

/// Who speaks to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "connection")]
pub struct Connection {
    /// Who asks.
    pub client_ip: String,
    /// Who answers.
    pub server: Endpoint,
    /// `tcp` or `udp`.
    pub transport: String,
    /// How far: `synack`, `probe`, `established` or `data`.
    pub grade: String,
    /// First seen.
    pub first_seen: String,
    /// Last seen.
    pub last_seen: String,
    /// Handshakes.
    pub handshakes: u64,
}

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "anomaly")]
pub struct Anomaly {
    /// Its name, as in JSON Lines.
    pub name: String,
    /// When it was known.
    pub time: String,
    /// The session it is in, or would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// One sentence.
    pub sentence: String,
    /// The frames that show it.
    pub frames: Vec<FrameRange>,
}

/// Every frame accounted for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "account")]
pub struct Account {
    /// Frames read.
    pub frames: u64,
    /// Left out by the filter.
    pub filtered: u64,
    /// TCP segments.
    pub segments: u64,
    /// All others, by reason.
    pub undecoded: BTreeMap<String, u64>,
    /// Connections.
    pub flows: u64,
    /// Sessions by protocol.
    pub sessions: BTreeMap<String, u64>,
    /// Messages.
    pub messages: u64,
    /// Anomalies by name.
    pub anomalies: BTreeMap<String, u64>,
}

/// What the bytes of all messages are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "statistics")]
pub struct Statistics {
    /// Messages in the document.
    pub messages: u64,
    /// Those with a type.
    pub messages_typed: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their bytes by role.
    pub bytes_by_role: BTreeMap<String, u64>,
    /// Tokens whose bytes are not shown.
    pub tokens_redacted: u64,
    /// Share of bytes whose role is known.
    pub explained_share: Share,
}
