//! Types of messages: how often, how long, which fields, and what one looks like.

use super::words::escaped;
use super::words::hex;
use super::words::only;
use crate::annotation::Annotation;
use crate::annotation::Role;
use crate::annotation::Shown;
use crate::event::Message;
use crate::grammar::Field;
use crate::grammar::Ground;
use crate::grammar::Kind;
use crate::grammar::Location;
use crate::grammar::MessageLength;
use crate::grammar::MessageType;
use crate::grammar::Scalar;
use crate::grammar::Share;
use crate::grammar::ValueCount;
use crate::limits;
use crate::peer::Peer;
use crate::report::document::kinds::kind;
use crate::report::document::message::to_u64;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Examples of a type.
const EXAMPLES: usize = 3;
/// Tokens that a template shows.
const TEMPLATE_TOKENS: usize = 48;

/// A type that was seen.
#[derive(Debug, Default)]
pub(super) struct Type {
    name: String,
    by: [u64; 2],
    pub(super) sessions: u64,
    length: MessageLength,
    fields: Vec<Seen>,
    examples: Vec<String>,
    template: String,
    /// How many ended with a terminator.
    pub(super) terminated: u64,
}

/// A field that was seen.
#[derive(Debug)]
struct Seen {
    name: &'static str,
    role: Role,
    kind: Kind,
    /// Messages that have it, and the last of them.
    messages: u64,
    last: u64,
    /// The part of the line it is in, as long as that is always the same.
    column: Option<u64>,
    /// The field before it, where it was first seen.
    after: Option<usize>,
    /// Of the protocol's own words only.
    values: BTreeMap<Vec<u8>, u64>,
    /// Whether there were more.
    many: bool,
}

/// The id of a type by its place.
pub(super) fn id(index: usize) -> String {
    format!("mt{}", index.saturating_add(1))
}

/// The id of a field.
fn field_id(of: usize, field: usize) -> String {
    format!("f{}.{}", of.saturating_add(1), field.saturating_add(1))
}

impl Type {
    /// A type of this name.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), length: MessageLength { min: u64::MAX, max: 0 }, ..Self::default() }
    }

    /// How often.
    pub(super) fn count(&self) -> u64 {
        let [client, server] = self.by;
        client.saturating_add(server)
    }

    /// Takes a message in; gives the field of every token.
    pub(super) fn add(&mut self, index: usize, message: &Message<'_>, example: &str) -> Vec<Option<String>> {
        let [client, server] = &mut self.by;
        let count = if message.from == Peer::Client { client } else { server };
        *count = count.saturating_add(1);
        let length = to_u64(message.payload.len());
        self.length = MessageLength { min: self.length.min.min(length), max: self.length.max.max(length) };
        if self.examples.len() < EXAMPLES {
            self.examples.push(example.to_owned());
        }
        if self.template.is_empty() {
            self.template = template(message);
        }
        let last = message.annotation.tokens.last();
        let ends = last.is_some_and(|token| kind(token.kind, token.role) == Kind::Terminator);
        self.terminated = self.terminated.saturating_add(u64::from(ends));
        self.fields(index, message)
    }

    fn fields(&mut self, index: usize, message: &Message<'_>) -> Vec<Option<String>> {
        // Columns are counted in the first line only: behind its end there are none. What divides and ends lines is no part of one.
        let (mut column, mut before) = (Some(0_u64), None);
        let number = self.count();
        let mut ids = Vec::with_capacity(message.annotation.tokens.len());
        for (token, shown) in message.payload.pieces() {
            let divides = matches!(kind(token.kind, token.role), Kind::Delimiter | Kind::Terminator);
            let known = self.fields.iter().position(|field| field.name == token.kind && field.role == token.role);
            let place = known.or_else(|| {
                (self.fields.len() < limits::DOCUMENT_FIELDS).then(|| {
                    self.fields.push(Seen {
                        name: token.kind,
                        role: token.role,
                        kind: kind(token.kind, token.role),
                        messages: 0,
                        last: 0,
                        column: column.filter(|_| !divides),
                        after: before,
                        values: BTreeMap::new(),
                        many: false,
                    });
                    self.fields.len().saturating_sub(1)
                })
            });
            ids.push(place.map(|place| field_id(index, place)));
            if let Some(field) = place.and_then(|place| self.fields.get_mut(place)) {
                field.add(number, column, shown);
                match field.kind {
                    Kind::Delimiter => column = column.map(|column| column.saturating_add(1)),
                    Kind::Terminator => column = None,
                    _ => {}
                }
                before = place;
            }
        }
        ids
    }

    /// As the grammar has it.
    pub(super) fn describe(&self, index: usize) -> MessageType {
        let count = self.count();
        MessageType {
            id: id(index),
            name: self.name.clone(),
            direction: only(self.by),
            count,
            sessions: self.sessions,
            template: Some(self.template.clone()).filter(|template| !template.is_empty()),
            matches: Vec::new(),
            length: self.length,
            fields: self.fields.iter().zip(0..).map(|(field, place)| field.describe(index, place, count)).collect(),
            examples: self.examples.clone(),
            confidence: Share::ALL,
            evidence: vec![Ground {
                detector: "dissector".to_owned(),
                statement: "The program knows this type; its fields are those that were seen.".to_owned(),
                score: None,
                messages: Some(count),
                sessions: Some(self.sessions),
                counterexamples: Vec::new(),
            }],
            sentence: None,
        }
    }
}

impl Seen {
    fn add(&mut self, message: u64, column: Option<u64>, shown: Shown<'_>) {
        if self.last != message {
            self.last = message;
            self.messages = self.messages.saturating_add(1);
        }
        self.column = self.column.filter(|known| Some(*known) == column);
        let Shown::Bytes(bytes) = shown else { return };
        if !matches!(self.role, Role::Keyword | Role::Control) || bytes.len() > limits::DOCUMENT_WORD_BYTES {
            return;
        }
        if let Some(count) = self.values.get_mut(bytes) {
            *count = count.saturating_add(1);
        } else if self.values.len() < limits::DOCUMENT_VALUES {
            self.values.insert(bytes.to_vec(), 1);
        } else {
            self.many = true;
        }
    }

    fn describe(&self, of: usize, place: usize, messages: u64) -> Field {
        let mut values: Vec<(&Vec<u8>, &u64)> = self.values.iter().filter(|_| !self.many).collect();
        values.sort_by(|(one, few), (two, many)| many.cmp(few).then_with(|| one.cmp(two)));
        let after = self.after.map(|before| field_id(of, before));
        Field {
            id: field_id(of, place),
            name: self.name.to_owned(),
            role: self.role,
            kind: self.kind,
            location: match self.column {
                Some(column) => Location::Column { column },
                None => Location::After { after, size: None, size_from: None, until: None, to_end: false },
            },
            inside: None,
            byte_order: None,
            values: values.into_iter().map(|(bytes, count)| ValueCount { value: text(bytes), count: *count }).collect(),
            range: None,
            optional: self.messages < messages,
            confidence: Share::ALL,
            evidence: Vec::new(),
        }
    }
}

/// A value for people; bytes that are no text as hex.
fn text(bytes: &[u8]) -> Scalar {
    let is_text = str::from_utf8(bytes).is_ok();
    Scalar::Text(if is_text { escaped(bytes) } else { hex(bytes) })
}

/// What a message looks like: the protocol's own words as they are, everything else by its name.
fn template(message: &Message<'_>) -> String {
    let Annotation { tokens, .. } = message.annotation;
    let mut template = String::new();
    for (token, shown) in message.payload.pieces().take(TEMPLATE_TOKENS) {
        match shown {
            Shown::Bytes(bytes) if matches!(token.role, Role::Control | Role::Keyword) && bytes.len() <= limits::DOCUMENT_WORD_BYTES => {
                // A brace is not to be taken for that of a name.
                template.push_str(&escaped(bytes).replace('{', "\\x7b").replace('}', "\\x7d"));
            }
            // Writing to a `String` cannot fail.
            _ => _ = write!(template, "{{{}:{}}}", token.kind, kind(token.kind, token.role).name()),
        }
    }
    if tokens.len() > TEMPLATE_TOKENS {
        template.push('…');
    }
    template
}
