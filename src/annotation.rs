//! What a dissector says about bytes: a name, a sentence, fields, and the role of every byte.

use crate::event::Reference;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use std::borrow::Cow;

/// Bytes of one direction of a stream, from `start` up to but without `end`.
///
/// Offsets count from the first payload byte of that direction, or, where its start was not seen, from the first byte seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSpan {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset behind the last byte.
    pub end: u64,
}

impl ByteSpan {
    /// How many bytes.
    #[must_use]
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What a byte is for, in the three colours of Frank4DD's legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "role")]
pub enum Role {
    /// Control character or terminator: the line end.
    Control,
    /// Protocol control string: commands, markers, separators, prompts.
    Keyword,
    /// Protocol data: plugins, preferences, names, results.
    Data,
    /// Nothing explains them. Only in inferred documents: dissectors explain every byte.
    Unknown,
}

impl Role {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Keyword => "keyword",
            Self::Data => "data",
            Self::Unknown => "unknown",
        }
    }
}

/// A run of bytes of one message with one role. The tokens of a message tile it: no byte is without a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Offset of the first byte, from the start of the message.
    pub start: usize,
    /// Offset behind the last byte, from the start of the message.
    pub end: usize,
    /// What the bytes are for.
    pub role: Role,
    /// What they are, e.g. `separator`, `host`, `line_end`.
    pub kind: &'static str,
    /// Whether they are a secret: no output shows them unless asked.
    pub secret: bool,
}

/// The value of a field. Text is the wire's bytes, in whatever character set: outputs escape it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Bytes from the wire, or text made from them.
    Text(Cow<'a, [u8]>),
    /// Several texts.
    List(Vec<Cow<'a, [u8]>>),
    /// Several texts in one run of bytes, with what stands between them: cut only by who wants to see them.
    Parts(&'a [u8], u8),
    /// A number without sign.
    Count(u64),
    /// A number with sign.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A secret of so many bytes.
    Redacted(u64),
}

impl<'a> Value<'a> {
    /// Bytes of the wire.
    #[must_use]
    pub fn text(bytes: &'a [u8]) -> Self {
        Self::Text(Cow::Borrowed(bytes))
    }

    /// The texts of a list, whichever way it is held; nothing for other values. Blanks around parts are no part of them, and
    /// empty parts are left out.
    pub fn items(&self) -> impl Iterator<Item = &[u8]> {
        let (list, parts) = match self {
            Self::List(items) => (items.as_slice(), None),
            Self::Parts(text, separator) => (&[][..], Some((*text, *separator))),
            _ => (&[][..], None),
        };
        let parts = parts.into_iter().flat_map(|(text, separator)| text.split(move |byte| *byte == separator));
        let parts = parts.map(<[u8]>::trim_ascii).filter(|part| !part.is_empty());
        list.iter().map(|item| &**item).chain(parts)
    }

    /// How many bytes of text it holds: what is said of it when it is a secret.
    fn secret_bytes(&self) -> u64 {
        let bytes = match self {
            Self::Text(text) => text.len(),
            Self::Parts(text, _) => text.len(),
            Self::List(items) => items.iter().map(|item| item.len()).sum(),
            Self::Redacted(bytes) => return *bytes,
            Self::Count(_) | Self::Integer(_) | Self::Flag(_) => 0,
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// A named part of what a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name: `snake_case`, public, with the unit where the type does not say it.
    pub name: &'static str,
    /// What it says.
    pub value: Value<'a>,
    /// Whether it is a secret: no output shows it unless asked.
    pub secret: bool,
}

impl<'a> Field<'a> {
    /// A field that everybody may see.
    #[must_use]
    pub fn new(name: &'static str, value: Value<'a>) -> Self {
        Self { name, value, secret: false }
    }

    /// A field that is shown as its length only.
    #[must_use]
    pub fn secret(name: &'static str, value: Value<'a>) -> Self {
        Self { name, value, secret: true }
    }

    /// Takes the secret out, leaving its length.
    pub fn redact(&mut self) {
        if self.secret {
            self.value = Value::Redacted(self.value.secret_bytes());
        }
    }
}

/// One message, as a dissector hands it over; borrows the stream's bytes.
///
/// Invariant: the tokens tile `0..span.len()` in order.
#[derive(Clone, Debug)]
pub struct Annotation<'a> {
    /// The wire's own keyword in snake case, or a name of design section 4.
    pub name: Cow<'a, str>,
    /// Where in the stream of its sender.
    pub span: ByteSpan,
    /// Ordinal of the phase it belongs to.
    pub phase: u16,
    /// The message it answers.
    pub response_to: Option<Reference>,
    /// A sentence for people; `{field}` stands for that field's value, so that a redacted field cannot leak here, and
    /// `{words|field}` for both or, when there is no such field, for nothing.
    pub sentence: &'a str,
    /// What it says.
    pub fields: Vec<Field<'a>>,
    /// The role of every byte.
    pub tokens: Vec<Token>,
    /// Whether it is one of many alike (a body line of a block), which people may want counted instead of shown.
    pub bulk: bool,
}

impl<'a> Annotation<'a> {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value<'a>> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }
}

/// The bytes of a message as an output may see them: secrets are out of reach unless the user asked for them.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    bytes: &'a [u8],
    tokens: &'a [Token],
    reveal: bool,
}

/// A token's bytes as an output may show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// The bytes.
    Bytes(&'a [u8]),
    /// A secret of so many bytes.
    Redacted(usize),
}

impl<'a> Payload<'a> {
    /// Wraps the bytes of a message; `reveal` only when the user asked to see secrets.
    #[must_use]
    pub fn new(bytes: &'a [u8], tokens: &'a [Token], reveal: bool) -> Self {
        Self { bytes, tokens, reveal }
    }

    /// How many bytes the message has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the message is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Token by token, in order. Bytes no token covers (a bug of a dissector) count as a secret.
    pub fn pieces(&self) -> impl Iterator<Item = (Token, Shown<'a>)> + use<'a> {
        let Self { bytes, tokens, reveal } = *self;
        tokens.iter().map(move |token| {
            let shown = match bytes.get(token.start..token.end) {
                Some(bytes) if reveal || !token.secret => Shown::Bytes(bytes),
                _ => Shown::Redacted(token.end.saturating_sub(token.start)),
            };
            (*token, shown)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_when_they_are_looked_at() {
        let items = |value: &Value<'_>| value.items().map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(items(&Value::Parts(b"CVE-1, CVE-2, ", b',')), [b"CVE-1".to_vec(), b"CVE-2".to_vec()]);
        assert!(items(&Value::Parts(b"", b',')).is_empty());
        assert_eq!(items(&Value::List(vec![b"a"[..].into()])), [b"a".to_vec()]);
        assert!(items(&Value::Count(1)).is_empty());
    }

    #[test]
    fn a_secret_leaves_only_its_length() {
        let mut field = Field::secret("password", Value::text(b"test"));
        field.redact();
        assert_eq!(field.value, Value::Redacted(4));
        let tokens = [Token { start: 0, end: 4, role: Role::Data, kind: "password", secret: true }];
        assert_eq!(Payload::new(b"test", &tokens, false).pieces().next().unwrap().1, Shown::Redacted(4));
        assert_eq!(Payload::new(b"test", &tokens, true).pieces().next().unwrap().1, Shown::Bytes(b"test"));
    }
}
