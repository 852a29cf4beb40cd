//! A message as the document tells it: its packets, its bytes in hex, a token for every byte.

use super::dialogue::Dialogue;
use super::kinds::kind;
use super::model;
use super::model::PacketRef;
use super::model::RedactionPolicy;
use crate::annotation::Annotation;
use crate::annotation::Field;
use crate::annotation::Role;
use crate::annotation::Shown;
use crate::annotation::Value;
use crate::event::Event;
use crate::event::Message;
use crate::evidence::Part;
use crate::report::pieces::Piece;
use crate::report::pieces::pieces;
use crate::report::sentence::sentence;
use std::fmt::Write as _;

/// A message with what its grammar says of it.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// The id of its type.
    pub(super) message_type: Option<String>,
    /// The field of every token of the annotation, in order.
    pub(super) fields: Vec<Option<String>>,
}

/// The message of an event.
pub(super) fn message(
    event: &Event<'_>,
    message: &Message<'_>,
    dialogue: &mut Dialogue,
    placed: Placed,
    policy: RedactionPolicy,
) -> model::Message {
    let annotation = message.annotation;
    let flow = dialogue.session.id.trim_start_matches('s').to_owned();
    let id = format!("m{flow}.{}", message.number);
    let phase = dialogue.place(annotation.phase, &id, &event.evidence);
    let (payload, tokens) = bytes(message, &placed.fields, policy);
    model::Message {
        phase,
        id,
        direction: message.from.name().to_owned(),
        name: annotation.name.to_string(),
        message_type: placed.message_type,
        type_confidence: message.inferred.map(|inferred| inferred.confidence),
        time: event.at.to_string(),
        relative: event.at.relative_to(dialogue.start).to_string().trim_start_matches('+').to_owned(),
        length: to_u64(message.payload.len()),
        stream_offset: annotation.span.start,
        response_to: annotation.response_to.map(|request| format!("m{flow}.{}", request.number)),
        packets: message.parts.iter().map(packet).collect(),
        sentence: said(annotation, policy),
        payload,
        tokens,
    }
}

/// The bytes in hex, and what they are.
fn bytes(message: &Message<'_>, fields: &[Option<String>], policy: RedactionPolicy) -> (model::Payload, Vec<model::Token>) {
    let mut hex = String::with_capacity(message.payload.len().saturating_mul(2));
    let mut tokens = Vec::with_capacity(message.annotation.tokens.len());
    let mut known = message.annotation.tokens.iter().zip(0_usize..).peekable();
    for piece in pieces(message.payload) {
        while known.next_if(|(token, _)| token.start < piece.start || token.start >= token.end).is_some() {}
        let token = known.peek().filter(|(token, _)| piece.role.is_some() && token.start == piece.start);
        let redacted = is_hidden(&piece, policy);
        match piece.shown {
            Shown::Bytes(bytes) if !redacted => push_hex(&mut hex, bytes),
            _ => (0..piece.len()).for_each(|_| hex.push_str("..")),
        }
        tokens.push(model::Token {
            start: to_u64(piece.start),
            end: to_u64(piece.start.saturating_add(piece.len())),
            role: piece.role.unwrap_or(Role::Unknown),
            kind: token.map_or(crate::grammar::Kind::Opaque, |(token, _)| kind(token.kind, token.role)),
            field: token.and_then(|(_, index)| fields.get(*index).cloned().flatten()),
            redacted,
        });
    }
    (model::Payload { hex, kept: None }, tokens)
}

/// Whether bytes are not shown.
fn is_hidden(piece: &Piece<'_>, policy: RedactionPolicy) -> bool {
    let secret = matches!(piece.shown, Shown::Redacted(_));
    let protocols_own = matches!(piece.role, Some(Role::Control | Role::Keyword));
    secret || (policy == RedactionPolicy::Data && !protocols_own)
}

/// Appends bytes in hex.
pub(super) fn push_hex(hex: &mut String, bytes: &[u8]) {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('.');
    for byte in bytes {
        hex.push(digit(byte >> 4));
        hex.push(digit(byte & 15));
    }
}

/// What a message says, without its data where that is hidden.
fn said(annotation: &Annotation<'_>, policy: RedactionPolicy) -> String {
    if policy != RedactionPolicy::Data {
        return sentence(annotation);
    }
    let hidden = annotation.fields.iter().map(|field| Field { name: field.name, value: hidden(&field.value), secret: field.secret });
    let Annotation { name, span, phase, response_to, sentence: template, bulk, .. } = annotation;
    sentence(&Annotation {
        name: name.as_ref().into(),
        span: *span,
        phase: *phase,
        response_to: *response_to,
        sentence: template,
        fields: hidden.collect(),
        tokens: Vec::new(),
        bulk: *bulk,
    })
}

/// A value that says nothing but how long it is.
fn hidden(value: &Value<'_>) -> Value<'static> {
    let mut digits = String::new();
    let bytes = match value {
        Value::Text(text) => text.len(),
        Value::Parts(text, _) => text.len(),
        Value::List(items) => items.iter().fold(0_usize, |sum, item| sum.saturating_add(item.len())),
        Value::Redacted(bytes) => return Value::Redacted(*bytes),
        Value::Count(count) => {
            // Writing to a `String` cannot fail.
            _ = write!(digits, "{count}");
            digits.len()
        }
        Value::Integer(number) => {
            _ = write!(digits, "{number}");
            digits.len()
        }
        Value::Flag(_) => 1,
    };
    Value::Redacted(to_u64(bytes))
}

/// A packet of a message.
fn packet(part: &Part) -> PacketRef {
    PacketRef {
        input: format!("i{}", part.frame.input),
        number: part.frame.number,
        time: part.at.to_string(),
        start: part.start,
        end: part.end,
        frame_offset: part.frame_offset,
    }
}

pub(super) fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
