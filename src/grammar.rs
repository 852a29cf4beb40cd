//! What is known of a protocol's language: how messages end, what they are made of, which follow which. Known protocols and inferred
//! ones say it in the same words, and documents carry these types as they are.
//!
//! # Names
//!
//! Ids are a letter or two and numbers: `mt3` a message type, `f2` a field of the header, `f3.2` the second field of `mt3`, `q4` a state.
//! They are unique within one [`Description`]. Messages are `m<flow>.<number>`, unique in a run.

use crate::annotation::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// What a token or field is, whatever the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "kind")]
#[allow(missing_docs, reason = "the names of the field's own terms; `role` tells what each is for")]
pub enum Kind {
    Terminator,
    Delimiter,
    Padding,
    Length,
    Count,
    Offset,
    Checksum,
    Flags,
    FramingMagic,
    Command,
    Status,
    Marker,
    Prompt,
    TypeCode,
    Version,
    HeaderName,
    Constant,
    Enum,
    Counter,
    Identifier,
    Echo,
    Timestamp,
    Address,
    Port,
    String,
    NumberText,
    Integer,
    Float,
    Uuid,
    List,
    Tlv,
    Random,
    Compressed,
    Encrypted,
    Opaque,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::Terminator,
        Self::Delimiter,
        Self::Padding,
        Self::Length,
        Self::Count,
        Self::Offset,
        Self::Checksum,
        Self::Flags,
        Self::FramingMagic,
        Self::Command,
        Self::Status,
        Self::Marker,
        Self::Prompt,
        Self::TypeCode,
        Self::Version,
        Self::HeaderName,
        Self::Constant,
        Self::Enum,
        Self::Counter,
        Self::Identifier,
        Self::Echo,
        Self::Timestamp,
        Self::Address,
        Self::Port,
        Self::String,
        Self::NumberText,
        Self::Integer,
        Self::Float,
        Self::Uuid,
        Self::List,
        Self::Tlv,
        Self::Random,
        Self::Compressed,
        Self::Encrypted,
        Self::Opaque,
    ];

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What bytes of this kind are for, where nothing better is known.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Terminator
            | Self::Delimiter
            | Self::Padding
            | Self::Length
            | Self::Count
            | Self::Offset
            | Self::Checksum
            | Self::Flags
            | Self::FramingMagic => Role::Control,
            Self::Command | Self::Status | Self::Marker | Self::Prompt | Self::TypeCode | Self::Version | Self::HeaderName => Role::Keyword,
            Self::Opaque => Role::Unknown,
            _ => Role::Data,
        }
    }

    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminator => "terminator",
            Self::Delimiter => "delimiter",
            Self::Padding => "padding",
            Self::Length => "length",
            Self::Count => "count",
            Self::Offset => "offset",
            Self::Checksum => "checksum",
            Self::Flags => "flags",
            Self::FramingMagic => "framing_magic",
            Self::Command => "command",
            Self::Status => "status",
            Self::Marker => "marker",
            Self::Prompt => "prompt",
            Self::TypeCode => "type_code",
            Self::Version => "version",
            Self::HeaderName => "header_name",
            Self::Constant => "constant",
            Self::Enum => "enum",
            Self::Counter => "counter",
            Self::Identifier => "identifier",
            Self::Echo => "echo",
            Self::Timestamp => "timestamp",
            Self::Address => "address",
            Self::Port => "port",
            Self::String => "string",
            Self::NumberText => "number_text",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Uuid => "uuid",
            Self::List => "list",
            Self::Tlv => "tlv",
            Self::Random => "random",
            Self::Compressed => "compressed",
            Self::Encrypted => "encrypted",
            Self::Opaque => "opaque",
        }
    }
}

/// A share between nothing and all, in ten-thousandths: exact, so that documents are the same wherever they are made.
/// Written as a number with at most four digits behind the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u16);

impl Share {
    /// All of it.
    pub const ALL: Self = Self(10_000);

    /// `part` of `whole`, rounded down; nothing of nothing.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Self {
        let scaled = u128::from(part).saturating_mul(10_000).checked_div(u128::from(whole)).unwrap_or(0);
        Self(u16::try_from(scaled.min(10_000)).unwrap_or(10_000))
    }

    /// In ten-thousandths.
    #[must_use]
    pub fn parts(self) -> u16 {
        self.0
    }
}

impl Serialize for Share {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 10_000.0)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?.clamp(0.0, 1.0) * 10_000.0;
        // The nearest of 10,001 values; a search, since floats do not convert without `as`.
        let (mut low, mut high) = (0u16, 10_000u16);
        while low < high {
            let middle = low.midpoint(high);
            if f64::from(middle) + 0.5 < share { low = middle.saturating_add(1) } else { high = middle }
        }
        Ok(Self(low))
    }
}

impl JsonSchema for Share {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

mod described;
mod export;
mod inside;
mod machine;
mod parts;

pub use described::Description;
pub use described::Encoding;
pub use described::Encryption;
pub use described::Grammar;
pub use described::Ground;
pub use described::Limitation;
pub use described::LimitationCode;
pub use export::Export;
pub use export::Target;
pub use export::Verified;
pub use inside::Inside;
pub use machine::Exchange;
pub use machine::State;
pub use machine::StateMachine;
pub use machine::Transition;
pub use parts::ByteOrder;
pub use parts::BytePattern;
pub use parts::Field;
pub use parts::Framing;
pub use parts::FramingKind;
pub use parts::Keyword;
pub use parts::LengthForm;
pub use parts::Level;
pub use parts::Location;
pub use parts::Match;
pub use parts::MessageLength;
pub use parts::MessageType;
pub use parts::Range;
pub use parts::Relation;
pub use parts::RelationKind;
pub use parts::Scalar;
pub use parts::ValueCount;
