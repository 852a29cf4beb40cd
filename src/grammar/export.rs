//! What a grammar was translated into for other programs, and whether the translation was tried.

use super::Share;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// A translation of a grammar for another program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "export")]
pub struct Export {
    /// For which program.
    pub target: Target,
    /// How far it was tried.
    pub verified: Verified,
    /// Share of the document's messages that the other program found with the same bounds; absent when it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages_covered: Option<Share>,
    /// Share of their tokens that it marked with the same ranges; absent when it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_covered: Option<Share>,
    /// What the translation cannot say, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lossy: Vec<String>,
}

/// Languages that grammars are translated into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "export_target")]
pub enum Target {
    /// A dissector for Wireshark, in Lua.
    WiresharkLua,
    /// A Kaitai Struct.
    Kaitai,
    /// The state machine in the DOT language.
    Graphviz,
}

/// How far a translation was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "verified")]
pub enum Verified {
    /// The other program finds every message of the document in the same packets, and at least 99 of 100 tokens.
    RoundTrip,
    /// The other program reads it.
    Compiled,
    /// Not tried, or not with that outcome.
    NotVerified,
}
