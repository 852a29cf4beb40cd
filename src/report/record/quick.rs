//! Records of messages written by hand: nine tenths of all output is these, and no general serializer is as quick.
//!
//! [`super::Line`] says what a record is, makes the schema, and writes what is rare; here the same bytes are put down directly. Tests
//! hold the two together, here and over every capture.

mod tokens;

use super::by_input;
use super::value::FieldValue;
use super::value::Text;
use crate::annotation::Annotation;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::event::Event;
use crate::event::Message;
use crate::evidence::Evidence;
use crate::report::escape::JsonText;
use crate::report::sentence::Sentences;
use crate::time::Timestamp;
use serde::Serialize;
use serde_json::Serializer;
use std::io;
use tokens::Tokens;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// Bytes looked at together, without a branch between them.
const STRIDE: usize = 16;

/// Writes messages; remembers how the last moments look, as many messages share one.
#[derive(Debug, Default)]
pub(in crate::report) struct Quick {
    at: Moment,
    completed_at: Moment,
    sentences: Sentences,
    sentence: String,
    tokens: Tokens,
}

/// A moment as text.
#[derive(Debug, Default)]
struct Moment {
    of: Option<Timestamp>,
    /// The whole second, with the point behind it.
    second: (i64, String),
    text: String,
}

impl Moment {
    fn text(&mut self, at: Timestamp) -> &[u8] {
        if self.of != Some(at) {
            self.of = Some(at);
            self.write(at);
        }
        self.text.as_bytes()
    }

    /// Most moments share their second with the one before.
    fn write(&mut self, at: Timestamp) {
        let (second, fraction) = (at.nanos().div_euclid(SECOND), at.nanos().rem_euclid(SECOND));
        self.text.clear();
        if self.second.0 == second && !self.second.1.is_empty() {
            let (fraction, digits) = if at.is_fine() { (fraction, 9) } else { (fraction / 1000, 6) };
            let mut buffer = itoa::Buffer::new();
            let text = buffer.format(fraction);
            self.text.push_str(&self.second.1);
            self.text.push_str("000000000".get(..text.len().abs_diff(digits)).unwrap_or_default());
            self.text.push_str(text);
            self.text.push('Z');
            return;
        }
        self.text = at.to_string();
        let point = self.text.find('.').map_or(0, |point| point.saturating_add(1));
        self.second = (second, self.text.get(..point).unwrap_or_default().to_owned());
    }
}

impl Quick {
    /// Appends the record of a message, without its payload and without a line end.
    ///
    /// # Errors
    ///
    /// None that depends on the event.
    pub(in crate::report) fn message(&mut self, event: &Event<'_>, message: &Message<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let annotation = message.annotation;
        put(out, b"{\"v\":1,\"event\":\"message_decoded\",\"at\":\"");
        put(out, self.at.text(event.at));
        if let Some(flow) = event.flow {
            put(out, b"\",\"flow\":");
            number(out, flow.0);
        } else {
            put(out, b"\"");
        }
        evidence(out, &event.evidence);
        put(out, b",\"protocol\":\"");
        put(out, message.protocol.as_bytes());
        put(out, b"\",\"number\":");
        number(out, message.number);
        if let Some(request) = annotation.response_to {
            put(out, b",\"response_to\":");
            number(out, request.number);
        }
        put(out, b",\"name\":");
        string(out, &annotation.name)?;
        put(out, b",\"direction\":\"");
        put(out, message.from.name().as_bytes());
        put(out, b"\",\"phase\":");
        number(out, annotation.phase);
        put(out, b",\"sentence\":");
        self.sentence.clear();
        self.sentences.fill(&mut self.sentence, annotation);
        string(out, &self.sentence)?;
        if message.completed_at != event.at {
            put(out, b",\"completed_at\":\"");
            put(out, self.completed_at.text(message.completed_at));
            put(out, b"\"");
        }
        put(out, b",\"length\":");
        number(out, annotation.span.len());
        fields(out, annotation)?;
        put(out, b",\"tokens\":");
        self.tokens.write(out, &annotation.tokens);
        if let Some(id) = message.inferred.and_then(|inferred| inferred.message_type.as_deref()) {
            put(out, b",\"message_type\":");
            string(out, id)?;
        }
        put(out, b"}");
        Ok(())
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
}

fn number(out: &mut Vec<u8>, number: impl itoa::Integer) {
    put(out, itoa::Buffer::new().format(number).as_bytes());
}

/// `[1,2]`
fn pair(out: &mut Vec<u8>, first: impl itoa::Integer, second: impl itoa::Integer) {
    put(out, b"[");
    number(out, first);
    put(out, b",");
    number(out, second);
    put(out, b"]");
}

/// A list of what `each` writes.
fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Vec<u8>, T)) {
    put(out, b"[");
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            put(out, b",");
        }
        each(out, item);
    }
    put(out, b"]");
}

fn evidence(out: &mut Vec<u8>, evidence: &Evidence) {
    put(out, b",\"evidence\":{");
    if let (Some(frame), Some(bytes)) = (evidence.frames.single(), evidence.bytes) {
        put(out, b"\"input\":");
        number(out, frame.input);
        put(out, b",\"frames\":[");
        pair(out, frame.number, frame.number);
        put(out, b"],\"bytes\":");
        pair(out, bytes.start, bytes.end);
        return put(out, b"}");
    }
    let mut earlier = by_input(&evidence.frames);
    let newest = earlier.pop();
    if let Some(newest) = &newest {
        put(out, b"\"input\":");
        number(out, newest.input);
        put(out, b",");
    }
    put(out, b"\"frames\":");
    let spans = |out: &mut Vec<u8>, frames: &[[u64; 2]]| list(out, frames, |out, [first, last]| pair(out, *first, *last));
    spans(out, newest.as_ref().map(|newest| &*newest.frames).unwrap_or_default());
    if let Some(bytes) = evidence.bytes {
        put(out, b",\"bytes\":");
        pair(out, bytes.start, bytes.end);
    }
    if !earlier.is_empty() {
        put(out, b",\"earlier\":");
        list(out, &earlier, |out, earlier| {
            put(out, b"{\"input\":");
            number(out, earlier.input);
            put(out, b",\"frames\":");
            spans(out, &earlier.frames);
            put(out, b"}");
        });
    }
    put(out, b"}");
}

fn fields(out: &mut Vec<u8>, annotation: &Annotation<'_>) -> io::Result<()> {
    put(out, b",\"fields\":{");
    let all = &annotation.fields;
    let mut seen = 0_u64;
    let mut is_first = |place: usize, field: &Field<'_>| {
        // Names of the same length and first letter are compared, others need not be.
        let length = u32::try_from(field.name.len()).unwrap_or(0);
        let letter = field.name.as_bytes().first().copied().unwrap_or(0);
        let mark = 1_u64.rotate_left(u32::from(letter).wrapping_add(length.wrapping_mul(7)));
        let alike = seen & mark != 0;
        seen |= mark;
        !alike || !all.iter().take(place).any(|earlier| earlier.name == field.name)
    };
    let mut begun = false;
    for (_, field) in all.iter().enumerate().filter(|(place, field)| is_first(*place, field)) {
        put(out, if begun { b",\"" } else { b"\"" });
        begun = true;
        put(out, field.name.as_bytes());
        put(out, b"\":");
        value(out, &field.value)?;
    }
    put(out, b"}");
    Ok(())
}

fn value(out: &mut Vec<u8>, value: &Value<'_>) -> io::Result<()> {
    match value {
        Value::Text(bytes) => text(out, bytes),
        Value::List(_) | Value::Parts(..) => {
            let mut written = Ok(());
            list(out, value.items(), |out, item| written = std::mem::replace(&mut written, Ok(())).and_then(|()| text(out, item)));
            written
        }
        Value::Count(count) => {
            number(out, *count);
            Ok(())
        }
        Value::Integer(_) | Value::Flag(_) | Value::Redacted(_) => general(out, &FieldValue::of(value)),
    }
}

/// Bytes of the wire.
fn text(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    if is_plain(bytes) {
        quoted(out, bytes);
        return Ok(());
    }
    general(out, &Text::of(bytes))
}

fn string(out: &mut Vec<u8>, text: &str) -> io::Result<()> {
    if is_plain(text.as_bytes()) {
        quoted(out, text.as_bytes());
        return Ok(());
    }
    general(out, text)
}

fn quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len().saturating_add(2));
    out.push(b'"');
    out.extend_from_slice(bytes);
    out.push(b'"');
}

/// What is not plain is written as every record is.
fn general<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, JsonText)).map_err(io::Error::from)
}

/// Whether all of it is visible ASCII that stands for itself in JSON.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<STRIDE>() {
        // The last stride again: it overlaps the one before.
        let (strides, _) = bytes.as_chunks::<STRIDE>();
        return strides.iter().fold(odd_of(last), |all, stride| all | odd_of(stride)) == 0;
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => odd_of_eight(*first) | odd_of_eight(*last) == 0,
        _ => bytes.iter().fold(0, |all, byte| all | odd(*byte)) == 0,
    }
}

/// Not zero where a byte does not stand for itself.
fn odd(byte: u8) -> u8 {
    u8::from(byte.wrapping_sub(b' ') > b'~'.wrapping_sub(b' ')) | u8::from(byte == b'"') | u8::from(byte == b'\\')
}

fn odd_of(stride: &[u8; STRIDE]) -> u8 {
    stride.iter().fold(0, |all, byte| all | odd(*byte))
}

/// The same of eight bytes in one number: what borrows from its neighbour is odd itself.
fn odd_of_eight(bytes: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let all = u64::from_ne_bytes(bytes);
    let below = |all: u64, least: u8| all.wrapping_sub(u64::from_ne_bytes([least; 8])) & !all;
    let is = |byte: u8| {
        let rest = all ^ u64::from_ne_bytes([byte; 8]);
        rest.wrapping_sub(ONES) & !rest
    };
    (all | below(all, b' ') | is(b'"') | is(b'\\') | is(0x7f)) & HIGH
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use crate::report::Sink;
    use crate::report::jsonl::write_record;

    /// Holds each message's quick record against the general one.
    #[derive(Default)]
    struct Compared {
        quick: Quick,
        messages: usize,
    }

    impl Sink for Compared {
        fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
            if let EventKind::MessageDecoded(message) = event.kind {
                let (mut quick, mut general) = (Vec::new(), Vec::new());
                self.quick.message(event, message, &mut quick)?;
                write_record(event, false, &mut general)?;
                assert_eq!(String::from_utf8(quick).unwrap(), String::from_utf8(general).unwrap());
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

    #[test]
    fn moments_are_those_of_the_display() {
        let mut moment = Moment::default();
        for nanos in [0, 1000, 999_999_000, 1_000_000_000, 1_000_000_001, 1_999_999_999, -1, -1000, -1_000_000_000, i64::MAX, i64::MIN, 7] {
            for at in [Timestamp::from_nanos(nanos, true), Timestamp::from_nanos(nanos, false)] {
                for again in [at, Timestamp::from_nanos(at.nanos() ^ 4096, at.is_fine())] {
                    assert_eq!(moment.text(again), again.to_string().as_bytes());
                }
            }
        }
    }

    #[test]
    fn only_what_stands_for_itself_is_plain() {
        for byte in 0..=u8::MAX {
            let plain = matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
            for (length, at) in (1..70_usize).flat_map(|length| (0..length).map(move |at| (length, at))) {
                let mut text = vec![b'a'; length];
                text[at] = byte;
                assert_eq!(is_plain(&text), plain, "{byte} at {at} of {length}");
            }
        }
    }
}
