//! What a protocol document holds. The JSON Schema is made from these types, and documents are read back into them.
//!
//! Ids: `i0` an input, `s<flow>` a session, `p<flow>.<n>` a phase of it, `m<flow>.<n>` a message of it, numbered as in JSON Lines.
//! Ids of a grammar (`mt3`, `f3.2`, `q1`) are unique within their protocol. Byte ranges are half-open. What may be absent is absent,
//! never `null`. Readers must bear members they do not know.
//!
//! Sessions stand before what is known only at the end: a document is written while the capture is read.

mod account;
mod session;

pub use account::Account;
pub use account::Anomaly;
pub use account::Connection;
pub use account::Damage;
pub use account::Input;
pub use account::LinkType;
pub use account::Packets;
pub use account::Serving;
pub use account::Statistics;
pub use session::Endpoint;
pub use session::FrameRange;
pub use session::Message;
pub use session::PacketRef;
pub use session::Payload;
pub use session::Phase;
pub use session::Session;
pub use session::Tls;
pub use session::Token;

use crate::grammar::Description;
use crate::grammar::Limitation;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// What `document` says in every document.
pub const DOCUMENT: &str = "ntp-sniff/protocol-document";

/// The version of the schema: the minor number only grows with optional members.
pub const SCHEMA_VERSION: &str = "1.0";

/// A protocol document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "document")]
pub struct Document {
    /// What it is: `ntp-sniff/protocol-document`.
    pub document: String,
    /// The version of the schema.
    pub schema_version: String,
    /// What made it.
    pub generator: Generator,
    /// What was taken out.
    pub redaction: Redaction,
    /// The roles, and how they are shown.
    pub legend: Vec<LegendEntry>,
    /// The sessions, in order of their end.
    pub sessions: Vec<Session>,
    /// Where the packets came from.
    pub inputs: Vec<Input>,
    /// The protocols of the sessions, each with its grammar.
    pub protocols: Vec<Description>,
    /// Who serves.
    pub services: Vec<Serving>,
    /// Who speaks to whom.
    pub connections: Vec<Connection>,
    /// What became of scans and logins of the HTTP API, as `scan_story` and `session_story` of JSON Lines.
    pub stories: Vec<serde_json::Value>,
    /// What was odd, in order; the first thousand.
    pub anomalies: Vec<Anomaly>,
    /// Every frame accounted for.
    pub account: Account,
    /// What the bytes are.
    pub statistics: Statistics,
    /// What a reader must not conclude.
    pub limitations: Vec<Limitation>,
}

/// The program that made a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "generator")]
pub struct Generator {
    /// `ntp-sniff`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was taken out of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "redaction")]
pub struct Redaction {
    /// How far it goes.
    pub policy: RedactionPolicy,
}

/// How far redaction goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "redaction_policy")]
pub enum RedactionPolicy {
    /// Everything is shown.
    None,
    /// Passwords, keys, cookies and the like are not.
    #[default]
    Credentials,
    /// Nor any data: only control characters and the protocol's own words are.
    Data,
}

/// A role and how it is shown. Colour is never the only sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "legend_entry")]
pub struct LegendEntry {
    /// `header`, `control`, `keyword`, `data`, `unknown` or `redacted`.
    pub role: String,
    /// A few words.
    pub label: String,
    /// The sign under a byte of a hex dump.
    pub sigil: String,
    /// Colour on a light ground.
    pub light: String,
    /// Colour on a dark ground.
    pub dark: String,
    /// `plain`, `bold`, `underline` or `reverse`.
    pub style: String,
}
