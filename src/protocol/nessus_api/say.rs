//! Messages of the API: the tokens of a head, its fields, and what a message is called.

use super::dialogue::Dialogue;
use super::draft::Draft;
use super::marks::Kind;
use super::marks::Marks;
use super::redact;
use super::side::Making;
use crate::annotation::Annotation;
use crate::annotation::ByteSpan;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::event::Reference;
use crate::evidence::FrameId;
use crate::peer::Peer;
use crate::protocol::Notes;
use crate::protocol::http::Head;
use crate::protocol::http::Start;
use std::borrow::Cow;
use std::ops::Range;

/// Headers that become fields of their message.
const TOLD: [(&str, &str); 6] = [
    ("user-agent", "user_agent"),
    ("server", "server"),
    ("content-type", "content_type"),
    ("content-encoding", "content_encoding"),
    ("content-disposition", "content_disposition"),
    ("retry-after", "retry_after"),
];

/// Gives every byte of a head its role. What stands between its parts and is no separator was not understood: nobody sees it.
pub(super) fn mark_head(head: &Head<'_>, length: usize, draft: &Draft, marks: &mut Marks) {
    // What it quotes of a request is no secret of that request itself.
    let is_echo = |text: &[u8]| matches!(head.start, Start::Response { .. }) && draft.secrets.is_in(text);
    let mut parts: Vec<(Range<usize>, Kind)> = Vec::new();
    let mut part = |bytes: &[u8], kind: Kind| parts.extend(head.place(bytes).map(|place| (place, kind)));
    match head.start {
        Start::Request { method, target } => {
            part(method, Kind::keyword("method"));
            let mut at = 0;
            for secret in redact::secrets_of_target(target) {
                part(target.get(at..secret.start).unwrap_or_default(), Kind::data("target", false));
                part(target.get(secret.clone()).unwrap_or_default(), Kind::data("target", true));
                at = secret.end;
            }
            part(target.get(at..).unwrap_or_default(), Kind::data("target", false));
        }
        Start::Response { reason, .. } => part(reason, Kind::data("reason", is_echo(reason))),
    }
    for (name, value) in &head.headers {
        part(name, Kind::keyword("header"));
        part(value, Kind::data("header_value", redact::is_secret_header(name, value) || is_echo(value)));
    }
    parts.extend(version(head, length).map(|place| (place, Kind::keyword("version"))));
    parts.sort_by_key(|(place, _)| place.start);
    let mut at = 0;
    for (place, kind) in parts {
        between(head, at..place.start, marks);
        marks.add(place.len(), kind);
        at = place.end.max(at);
    }
    between(head, at..length, marks);
}

/// Where the version of a head stands, and its status. Nothing else in a first line is known to be harmless.
fn version(head: &Head<'_>, length: usize) -> impl Iterator<Item = Range<usize>> {
    const VERSION: usize = "HTTP/1.1".len();
    const STATUS: usize = "200".len();
    let bytes = head.bytes(0..length);
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let line = bytes.get(blank..).map_or(&b""[..], |rest| rest.split(|byte| *byte == b'\n').next().unwrap_or_default());
    let found = match head.start {
        Start::Request { .. } => memchr::memmem::rfind(line, b"HTTP/1."),
        Start::Response { .. } => memchr::memmem::find(line, b"HTTP/1."),
    };
    let version = found.map(|at| blank.saturating_add(at)).map(|at| at..at.saturating_add(VERSION).min(length));
    let status = version.clone().filter(|_| matches!(head.start, Start::Response { .. })).map(|version| {
        let blanks = head.bytes(version.end..length).iter().take_while(|byte| **byte == b' ').count();
        let at = version.end.saturating_add(blanks);
        at..at.saturating_add(STATUS).min(length)
    });
    version.into_iter().chain(status)
}

/// What stands between two parts of a head: separators and line ends.
fn between(head: &Head<'_>, place: Range<usize>, marks: &mut Marks) {
    for byte in head.bytes(place) {
        marks.add(
            1,
            match byte {
                b'\r' | b'\n' => Kind::control("line_end"),
                b' ' | b'\t' | b':' => Kind::keyword("separator"),
                _ => Kind::WITHHELD,
            },
        );
    }
}

/// What a head says, as fields of its message.
pub(super) fn head_fields(head: &Head<'_>, draft: &Draft, reveal: bool) -> Vec<Field<'static>> {
    let mut fields = Vec::new();
    let owned = |bytes: &[u8]| Value::Text(Cow::Owned(bytes.to_vec()));
    match head.start {
        Start::Request { method, target } => {
            fields.push(Field::new("method", owned(method)));
            fields.push(Field::new("path", if reveal { owned(target) } else { Value::Text(Cow::Owned(redact::shown(target))) }));
        }
        Start::Response { status, reason } => {
            fields.push(Field::new("status_code", Value::Count(u64::from(status))));
            let is_secret = draft.secrets.is_in(reason) && !reveal;
            let bytes = u64::try_from(reason.len()).unwrap_or(u64::MAX);
            fields.push(Field::new("reason", if is_secret { Value::Redacted(bytes) } else { owned(reason) }));
        }
    }
    fields.push(Field::new("exchange", Value::Count(draft.number)));
    let is_echo = |text: &[u8]| matches!(head.start, Start::Response { .. }) && draft.secrets.is_in(text);
    for (header, name) in TOLD {
        let value = head.header(header).filter(|value| !redact::is_secret_header(header.as_bytes(), value) && !is_echo(value));
        if let Some(value) = value {
            fields.push(Field::new(name, owned(value)));
        }
    }
    fields
}

impl Dialogue {
    /// Tells a message, or a part of one: whatever of it lies in the span.
    pub(super) fn say(&mut self, from: Peer, making: &mut Making, learned: Vec<Field<'static>>, span: ByteSpan, notes: &mut Notes<'_>) {
        // What goes on in the next part, or breaks off, may be the beginning of a secret.
        let unfinished = making.body.content().unfinished();
        making.marks.add(unfinished, Kind::ECHO);
        let tokens = making.marks.take();
        if span.is_empty() {
            return;
        }
        let head = making.head.take();
        let is_first = head.is_some();
        let (first_at, last_at, frames) = notes.origin(span);
        let Some(draft) = self.open.iter_mut().find(|draft| draft.number == making.exchange) else { return };
        draft.frames.join(&frames);
        draft.last_at = draft.last_at.max(last_at);
        let phase = draft.phase();
        let mut fields = head.unwrap_or_default();
        if is_first {
            fields.push(Field::new("operation", Value::Text(Cow::Owned(draft.operation.name.as_bytes().to_vec()))));
            fields
                .extend(draft.operation.scan_id.as_ref().map(|id| Field::new("scan_id", Value::Text(Cow::Owned(id.clone().into_bytes())))));
        }
        for field in learned {
            if !fields.iter().any(|known| known.name == field.name) {
                fields.push(field);
            }
        }
        let sentence = match (from, is_first) {
            (Peer::Client, true) => draft.operation.sentence,
            (Peer::Server, true) => "The server answers {status_code} {reason}{: |error}{, status |status}.",
            (_, false) => "A part of the message before it.",
        };
        let request = draft.request.filter(|_| from == Peer::Server).map(|number| Reference { number, frame: FrameId::default() });
        if from == Peer::Client {
            draft.asked_at = Some(last_at);
            draft.at = draft.at.min(first_at);
            if self.phase != phase.ordinal {
                self.phase = phase.ordinal;
                notes.phase(phase, span);
            }
        }
        let name = match (from, is_first, making.is_interim) {
            (Peer::Client, true, _) => "request",
            (Peer::Client, false, _) => "request_part",
            (Peer::Server, true, false) => "response",
            (Peer::Server, true, true) => "interim_response",
            (Peer::Server, false, _) => "response_part",
        };
        let said = Annotation {
            name: Cow::Borrowed(name),
            span,
            phase: phase.ordinal,
            response_to: request,
            sentence,
            fields,
            tokens,
            bulk: !is_first,
        };
        let told = notes.message(said);
        if is_first && !making.is_interim {
            let place = if from == Peer::Client { &mut draft.request } else { &mut draft.response };
            *place = Some(told.number);
        }
    }
}
