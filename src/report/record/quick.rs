//! Records of messages written by hand: nine tenths of all output is these, and no general serializer is as quick.
//!
//! [`super::Line`] says what a record is, makes the schema, and writes what is rare; here the same bytes are put down directly. Tests
//! hold the two together, here and over every capture.

mod digits;
mod kinds;
mod known;
mod moment;
mod opening;
mod place;
mod room;
mod rows;
mod text;
mod tokens;

use super::value::FieldValue;
use crate::annotation::Annotation;
use crate::annotation::Value;
use crate::event::Event;
use crate::event::Message;
use crate::report::sentence::Paper;
use crate::report::sentence::push_value;
use crate::report::sentence::sentence;
use kinds::Kind;
use kinds::Kinds;
use moment::Moment;
use opening::Opening;
use rows::Rows;
use std::io;
use tokens::Tokens;

pub(in crate::report) use room::Room;

/// Writes messages; remembers how the last moments, and the kinds of the last messages, look.
#[derive(Debug, Default)]
pub(in crate::report) struct Quick {
    opening: Opening,
    completed_at: Moment,
    kinds: Kinds,
    rows: Rows,
    tokens: Tokens,
}

impl Quick {
    /// Adds the record of a message, without its payload and without a line end; false, and nothing is added, where it is so unusual
    /// that it has to be written as all others are.
    ///
    /// # Errors
    ///
    /// None that depends on the event.
    pub(in crate::report) fn message(&mut self, event: &Event<'_>, message: &Message<'_>, out: &mut Room) -> io::Result<bool> {
        let Some(kind) = self.kinds.of(message) else { return Ok(false) };
        let annotation = message.annotation;
        self.opening.put(out, event);
        out.put(kind.before_number.as_bytes());
        out.number(message.number);
        if let Some(request) = annotation.response_to {
            out.word(b",\"response_to\":");
            out.number(request.number);
        }
        out.put(kind.before_sentence.as_bytes());
        said(out, kind, annotation)?;
        if message.completed_at != event.at {
            out.word(b",\"completed_at\":");
            self.completed_at.put(out, message.completed_at);
        }
        out.word(b",\"length\":");
        out.number(annotation.span.len());
        out.word(b",\"fields\":{");
        for (key, field) in kind.keys.iter().zip(&annotation.fields) {
            if let Some(key) = key {
                out.piece(key);
                value(out, &field.value)?;
            }
        }
        out.word(b"},\"tokens\":");
        self.tokens.write(out, &annotation.tokens);
        if let Some(id) = message.inferred.and_then(|inferred| inferred.message_type.as_deref()) {
            out.word(b",\"message_type\":");
            text::put_str(out, id)?;
        }
        out.word(b"}");
        Ok(true)
    }
}

/// The sentence, put together of the parts of its kind.
fn said(out: &mut Room, kind: &Kind, annotation: &Annotation<'_>) -> io::Result<()> {
    let start = out.len();
    let mut line = Plainly { room: out, is_plain: true };
    line.words("\"");
    for (before, field) in &kind.parts {
        line.words(before);
        if let Some(field) = field.and_then(|place| annotation.fields.get(place)) {
            push_value(&mut line, &field.value);
        }
    }
    line.words("\"");
    if line.is_plain {
        return Ok(());
    }
    out.cut(start);
    text::general(out, &sentence(annotation))
}

/// Writes a sentence as long as all of it stands for itself.
struct Plainly<'r> {
    room: &'r mut Room,
    is_plain: bool,
}

impl Paper for Plainly<'_> {
    #[inline]
    fn words(&mut self, words: &str) {
        self.room.put(words.as_bytes());
    }

    #[inline]
    fn wire(&mut self, bytes: &[u8]) {
        self.is_plain &= text::put_part(self.room, bytes);
    }
}

#[inline]
fn value(out: &mut Room, value: &Value<'_>) -> io::Result<()> {
    match value {
        Value::Text(bytes) => text::put(out, bytes),
        Value::List(_) | Value::Parts(..) => {
            let mut written = Ok(());
            out.list(value.items(), |out, item| written = std::mem::replace(&mut written, Ok(())).and_then(|()| text::put(out, item)));
            written
        }
        Value::Count(count) => {
            out.number(*count);
            Ok(())
        }
        Value::Integer(_) | Value::Flag(_) | Value::Redacted(_) => text::general(out, &FieldValue::of(value)),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::*;
    use crate::annotation::ByteSpan;
    use crate::annotation::Field;
    use crate::annotation::Payload;
    use crate::annotation::Role;
    use crate::annotation::Token;
    use crate::event::EventKind;
    use crate::evidence::Evidence;
    use crate::evidence::Frames;
    use crate::peer::Peer;
    use crate::report::Sink;
    use crate::report::jsonl::write_record;
    use crate::time::Timestamp;

    /// Holds each message's quick record against the general one.
    #[derive(Default)]
    struct Compared {
        quick: Quick,
        messages: usize,
    }

    impl Sink for Compared {
        fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
            if let EventKind::MessageDecoded(message) = event.kind {
                let (mut quick, mut general) = (Room::default(), Vec::new());
                if !self.quick.message(event, message, &mut quick)? {
                    assert!(quick.written().is_empty());
                    return Ok(());
                }
                write_record(event, false, &mut general)?;
                assert_eq!(str::from_utf8(quick.written()).unwrap(), str::from_utf8(&general).unwrap());
                self.messages += 1;
            }
            Ok(())
        }

        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn quick_records_are_the_general_ones() {
        let mut compared = Compared::default();
        crate::report::script::play(&mut compared).unwrap();
        assert!(compared.messages > 10, "{}", compared.messages);
    }

    /// Every message twice, since the second time its kind is known, and more kinds than are remembered.
    #[test]
    fn odd_kinds_are_written_as_the_general_ones() {
        const LONG: &str = "a_name_of_a_field_that_is_longer_than_any_there_is";
        let mut compared = Compared::default();
        let lists = [&["a", "b", "a"][..], &["b"], &[], &["b", "a"], &["b", LONG]];
        let sentences = ["{a} and {b}{, not |c}{, but |b}.", "\"{a}\" \u{1b}[2J\u{e9}{ \\|b}", "", "{", "a", "b"];
        let values = [&b"plain text"[..], b"caf\xe9", b"quoted \"\x1b\" text, that is longer than a stride", b""];
        for (sentence, names) in sentences.iter().flat_map(|sentence| lists.map(move |names| (sentence, names))).cycle().take(70) {
            for value in values {
                let fields: Vec<_> = names.iter().map(|name| Field::new(name, Value::text(value))).collect();
                let span = ByteSpan { start: 5, end: 9 };
                let tokens = vec![Token { start: 0, end: 4, role: Role::Data, kind: "text", secret: false }];
                let annotation =
                    Annotation { name: "odd \"one\"".into(), span, phase: 3, response_to: None, sentence, fields, tokens, bulk: false };
                let (payload, completed_at) = (Payload::new(value, &[], false), Timestamp::default());
                let (protocol, from, annotation) = ("odd", Peer::Client, &annotation);
                let message = Message { protocol, number: 7, from, annotation, payload, completed_at, parts: &[], inferred: None };
                let evidence = Evidence { frames: Frames::default(), bytes: Some(span) };
                compared.event(&Event { at: completed_at, flow: None, evidence, kind: EventKind::MessageDecoded(&message) }).unwrap();
            }
        }
        assert!(compared.messages > 200, "{}", compared.messages);
    }
}
