//! A protocol as a whole: what it is, how sure that is, its grammar, and what must not be concluded.

use super::BytePattern;
use super::Exchange;
use super::Export;
use super::Field;
use super::Framing;
use super::Keyword;
use super::MessageType;
use super::Relation;
use super::Share;
use super::StateMachine;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// Why something is believed, so that a reader can disagree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "evidence")]
pub struct Ground {
    /// What looked, e.g. `terminator`, `length_field`.
    pub detector: String,
    /// One plain sentence.
    pub statement: String,
    /// How much of what was looked at agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Share>,
    /// Messages looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// Sessions looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// Messages that do not agree, some of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counterexamples: Vec<String>,
}

/// What most bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "encoding")]
pub enum Encoding {
    /// Lines or words that people could type.
    Text,
    /// Numbers in fixed places.
    Binary,
    /// Both.
    Mixed,
    /// A known compression's magic opens it.
    Compressed,
    /// No structure is left to see.
    EncryptedOrCompressed,
    /// Too little to tell.
    Unknown,
}

impl Encoding {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Mixed => "mixed",
            Self::Compressed => "compressed",
            Self::EncryptedOrCompressed => "encrypted_or_compressed",
            Self::Unknown => "unknown",
        }
    }
}

/// A protocol, known or inferred, and its grammar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "protocol")]
pub struct Description {
    /// Unique in a run: `nessus_ntp`, or `unknown_tcp_9999_10.0.0.5` of an inferred one.
    pub id: String,
    /// What the program knows it as; absent of an inferred one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_as: Option<String>,
    /// `tcp` or `udp`.
    pub transport: String,
    /// Ports of the servers, ascending.
    pub server_ports: Vec<u16>,
    /// What most bytes of both directions are.
    pub encoding: Encoding,
    /// What most bytes of the client are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_encoding: Option<Encoding>,
    /// What most bytes of the server are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_encoding: Option<Encoding>,
    /// Where no structure is left to see, from which message on and by what measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// A few sentences for people.
    pub summary: String,
    /// Why this is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Ground>,
    /// Its language.
    pub grammar: Grammar,
    /// What a reader must not conclude. Of an inferred one never empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limitations: Vec<Limitation>,
}

/// Bytes without structure, and what tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "encryption")]
pub struct Encryption {
    /// The first such message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at_message: Option<String>,
    /// Entropy in thousandths of a bit per byte, of 8000 at most.
    pub entropy_millibits: u64,
    /// The magic that tells a compression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magic: Option<String>,
}

/// A protocol's language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "grammar")]
pub struct Grammar {
    /// Where a message ends.
    pub framing: Framing,
    /// Framing of the server's messages, where it differs from the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_framing: Option<Framing>,
    /// What ends records or lines, most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terminators: Vec<BytePattern>,
    /// What stands between parts, most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delimiters: Vec<BytePattern>,
    /// Words of the protocol itself, most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<Keyword>,
    /// Fields that all messages share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub header_fields: Vec<Field>,
    /// The kinds of messages, in order of first sight.
    pub message_types: Vec<MessageType>,
    /// How fields depend on each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    /// Which reply answers which request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// What may follow what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_machine: Option<StateMachine>,
    /// What it was translated into, and whether that was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<Export>,
}

/// What a reader must not conclude.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "limitation")]
pub struct Limitation {
    /// Which kind.
    pub code: LimitationCode,
    /// One sentence.
    pub text: String,
}

/// Kinds of limitations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "limitation_code")]
#[allow(missing_docs, reason = "the names say it; each limitation carries a sentence")]
pub enum LimitationCode {
    FewMessages,
    FewSessions,
    OneClient,
    PacketLoss,
    TruncatedPackets,
    Midstream,
    Encrypted,
    Capped,
    OneDirection,
    ClockJump,
    AmbiguousRoles,
    Other,
}
