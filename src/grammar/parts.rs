//! What messages are made of: framing, patterns, keywords, fields, message types, relations.

use super::Ground;
use super::Inside;
use super::Kind;
use super::Share;
use crate::annotation::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// Where a message ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "framing")]
pub struct Framing {
    /// By what.
    pub kind: FramingKind,
    /// The bytes that end it, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminator: Option<String>,
    /// The field that says how long it is: offset and size in bytes from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_field: Option<Location>,
    /// How that field is written, where its bytes are not just a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_form: Option<LengthForm>,
    /// Byte order of that field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_order: Option<ByteOrder>,
    /// What is to be added to the length to have the bytes of the whole message; bytes of a length beyond those of its field are added, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_addend: Option<i64>,
    /// Bytes of every message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Message types that do not follow it: prompts, for example.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<String>,
    /// How much of the streams agrees.
    #[serde(default)]
    pub confidence: Share,
    /// Why this is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Ground>,
}

/// Ways to say where a message ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "framing_kind")]
pub enum FramingKind {
    /// Certain bytes end it.
    Terminator,
    /// A field says how long it is.
    LengthPrefix,
    /// All have one length.
    Fixed,
    /// A datagram is a message.
    Datagram,
    /// It is a chain of tag, length, value.
    Tlv,
    /// What one side says before the other answers.
    Turn,
    /// As in HTTP/1: a head of lines up to an empty one; behind it a body of as many bytes as `Content-Length` says, or of chunks (size in
    /// hexadecimal digits, line end, bytes, line end, up to one of size 0), or up to the end of the connection, or none. Statuses 1xx, 204
    /// and 304, and answers to HEAD and CONNECT, have none.
    Http,
    /// Nothing was found.
    #[default]
    Unknown,
}

/// Ways to write a length that may need more bytes than its field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "length_form")]
pub enum LengthForm {
    /// The definite lengths of BER: a byte below 128 is the length; 128 plus one to four says that so many bytes of length follow it.
    Ber,
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "byte_order")]
#[allow(missing_docs, reason = "the field's own words")]
pub enum ByteOrder {
    Big,
    Little,
}

/// Bytes that stand between or behind parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "byte_pattern")]
pub struct BytePattern {
    /// The bytes in hex.
    pub hex: String,
    /// The same, escaped for people.
    pub text: String,
    /// How often.
    pub count: u64,
    /// In how much of what could have it.
    pub support: Share,
    /// What it stands between.
    pub level: Level,
    /// `client` or `server`, where only one uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
}

/// What a pattern divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "level")]
#[allow(missing_docs, reason = "the field's own words")]
pub enum Level {
    Record,
    Line,
    Field,
    List,
    Pair,
}

/// A word of the protocol itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "keyword")]
pub struct Keyword {
    /// The word, escaped for people.
    pub text: String,
    /// Its bytes in hex.
    pub hex: String,
    /// What it is.
    pub kind: Kind,
    /// `client` or `server`; absent when both say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Which part of a line, from 0, where it is always the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// How often.
    pub count: u64,
    /// In how many sessions.
    pub sessions: u64,
    /// Whether all that the other side answers is that it does not know this order: a try, and not of the protocol. Absent when not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
}

/// Where a field is in its message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[schemars(rename = "location")]
pub enum Location {
    /// Bytes from the start.
    Bytes {
        /// The first byte.
        offset: u64,
        /// How many.
        size: u64,
    },
    /// Bits from the start, the highest of a byte first.
    Bits {
        /// The first bit.
        offset_bits: u64,
        /// How many.
        size_bits: u64,
    },
    /// The n-th part of a text line between delimiters, from 0.
    Column {
        /// Which part.
        column: u64,
    },
    /// Behind another field.
    After {
        /// That field; absent at the start of the message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// Bytes, where they are fixed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// The field that says how many bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_from: Option<String>,
        /// The bytes that end it, in hex.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Whether it reaches to the end of the message.
        #[serde(default)]
        to_end: bool,
    },
}

/// A value: text or a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "scalar")]
pub enum Scalar {
    /// A number.
    Number(i64),
    /// Text, escaped for people; bytes that are no text as hex.
    Text(String),
}

/// A value and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "value_count")]
pub struct ValueCount {
    /// The value.
    pub value: Scalar,
    /// How often.
    pub count: u64,
}

/// A part of a message type, or of all messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "field")]
pub struct Field {
    /// `f2` of the header, `f3.2` of `mt3`.
    pub id: String,
    /// A name in snake case, made here, never from the wire.
    pub name: String,
    /// What its bytes are for.
    pub role: Role,
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub location: Location,
    /// How its bytes divide again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Inside>,
    /// Of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_order: Option<ByteOrder>,
    /// Values of an enumeration or constant, most frequent first; never those of data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueCount>,
    /// Least and greatest of a number, and how many values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Whether some messages lack it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// How much agrees.
    #[serde(default)]
    pub confidence: Share,
    /// Why this is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Ground>,
}

/// Which values a field takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "range")]
pub struct Range {
    /// The least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// How many different ones.
    pub distinct: u64,
    /// Whether only so many were told apart: there may be more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

/// A kind of message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "message_type")]
pub struct MessageType {
    /// `mt1`, `mt2` …
    pub id: String,
    /// A short name in snake case: the known one, or one made from keywords whose letters and digits are kept.
    pub name: String,
    /// `client` or `server` sends it; absent when both do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// How often.
    pub count: u64,
    /// In how many sessions.
    pub sessions: u64,
    /// Text: keywords as they are, data as `{name:kind}`, control bytes escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What tells it from the others: all must hold. What exporters compile.
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
    /// Lengths seen.
    pub length: MessageLength,
    /// Its own fields, in order; those of the header are not repeated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Some messages of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// How much agrees.
    #[serde(default)]
    pub confidence: Share,
    /// Why this is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Ground>,
    /// One sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

/// Something that must hold of a message to be of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "match")]
pub struct Match {
    /// The field, of the type or the header.
    pub field: String,
    /// Its value: a number, or bytes in hex.
    pub equals: Scalar,
    /// The bits of it that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<u64>,
}

/// Lengths in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "message_length")]
pub struct MessageLength {
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
}

/// How fields depend on each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "relation")]
pub struct Relation {
    /// In which way.
    pub kind: RelationKind,
    /// The field that tells.
    pub from: String,
    /// The fields or types it tells of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// What is to be added to the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addend: Option<i64>,
    /// Which checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Messages that agree.
    pub support: u64,
    /// Messages that do not.
    pub violations: u64,
    /// One sentence.
    pub statement: String,
}

/// Ways fields depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "relation_kind")]
#[allow(missing_docs, reason = "the field's own words")]
pub enum RelationKind {
    LengthOf,
    CountOf,
    OffsetOf,
    ChecksumOver,
    Echoes,
    Increments,
    SelectsType,
}
