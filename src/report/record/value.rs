//! Text and field values from the wire, without loss, and secrets as their length.

use crate::annotation::Field;
use crate::annotation::Value;
use crate::report::escape::decoded;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use serde::Serialize;
use serde::Serializer;
use serde::ser::SerializeMap as _;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Text from the wire: a string when it is UTF-8, otherwise an object that keeps the bytes.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Text<'a> {
    /// The text.
    Utf8(&'a str),
    /// Not UTF-8.
    Bytes {
        /// Every byte as the Latin-1 character of its number.
        text: Cow<'a, str>,
        /// The bytes in base64.
        bytes: String,
    },
}

impl<'a> Text<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::Utf8(text),
            Err(_) => Self::Bytes { text: decoded(bytes), bytes: STANDARD.encode(bytes) },
        }
    }
}

/// What a field says.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum FieldValue<'a> {
    /// Text from the wire.
    Text(Text<'a>),
    /// Several texts.
    List(Vec<Text<'a>>),
    /// A number without sign.
    Count(u64),
    /// A number with sign.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A secret.
    Secret {
        /// Its length in bytes.
        redacted: u64,
    },
}

impl<'a> FieldValue<'a> {
    pub(super) fn of(value: &'a Value<'a>) -> Self {
        match value {
            Value::Text(text) => Self::Text(Text::of(text)),
            Value::List(_) | Value::Parts(..) => Self::List(value.items().map(Text::of).collect()),
            Value::Count(count) => Self::Count(*count),
            Value::Integer(number) => Self::Integer(*number),
            Value::Flag(flag) => Self::Flag(*flag),
            Value::Redacted(bytes) => Self::Secret { redacted: *bytes },
        }
    }
}

/// The fields of a message: an object from name to value, in the order of the message.
///
/// A dissector gives no name twice; should it, the first one is written, so that the object stays one.
pub(super) struct Fields<'a>(pub(super) &'a [Field<'a>]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (place, field) in self.0.iter().enumerate() {
            if !self.0.iter().take(place).any(|earlier| earlier.name == field.name) {
                map.serialize_entry(field.name, &FieldValue::of(&field.value))?;
            }
        }
        map.end()
    }
}

impl JsonSchema for Fields<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, FieldValue<'_>>::json_schema(generator)
    }
}
