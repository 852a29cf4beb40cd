//! What messages of one kind have in common, as it stands in their records: nearly all messages of a capture are of a few kinds.

use super::known::Known;
use super::room::Piece;
use super::room::Room;
use super::text;
use crate::annotation::Annotation;
use crate::annotation::Field;
use crate::event::Message;
use crate::peer::Peer;
use crate::report::sentence::each_part;

/// Bytes of a field's name with what stands around it; a message with a longer one is of no kind.
const KEY_BYTES: usize = 32;

/// The name of a field, as it stands before its value.
pub(super) type Key = Piece<KEY_BYTES>;

/// Remembers kinds.
#[derive(Debug, Default)]
pub(super) struct Kinds(Known<Kind>);

/// Messages that say the same in the same words, but for the values.
#[derive(Debug)]
pub(super) struct Kind {
    protocol: &'static str,
    name: String,
    from: Peer,
    phase: u16,
    template: String,
    names: Vec<&'static str>,
    /// What stands before the number of the message.
    pub(super) before_number: String,
    /// What stands between the numbers and the sentence.
    pub(super) before_sentence: String,
    /// The sentence, the last part without a field: what stands before which field, by its place among all.
    pub(super) parts: Vec<(String, Option<usize>)>,
    /// The names of the fields; none where one was there already.
    pub(super) keys: Vec<Option<Key>>,
}

impl Kinds {
    /// The kind of a message; none where something in it is unusual.
    #[inline]
    pub(super) fn of(&mut self, message: &Message<'_>) -> Option<&Kind> {
        self.0.of(|kind| kind.is_of(message), || Kind::of(message))
    }
}

impl Kind {
    fn is_of(&self, message: &Message<'_>) -> bool {
        let Annotation { name, phase, sentence, fields, .. } = message.annotation;
        // Names of fields are constants of the program: where they stand tells them apart.
        self.names.len() == fields.len()
            && self.from == message.from
            && self.phase == *phase
            && std::ptr::eq(self.protocol, message.protocol)
            && self.name == *name
            && self.template == *sentence
            && self.names.iter().zip(fields).all(|(known, field)| std::ptr::eq(*known, field.name))
    }

    /// Learns from a message. None where a field's name is too long.
    #[cold]
    fn of(message: &Message<'_>) -> Option<Self> {
        let annotation = message.annotation;
        let (protocol, name, from, phase) = (message.protocol, annotation.name.to_string(), message.from, annotation.phase);
        let fields = &annotation.fields;
        let mut keys: Vec<Option<Key>> = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let key = Piece::of(format!("{comma}\"{}\":", field.name).as_bytes())?;
            keys.push(if place_of(fields, field.name) == Some(place) { Some(key) } else { None });
        }
        let (shown, direction) = (escaped(&name), from.name());
        Some(Self {
            before_number: format!(",\"protocol\":\"{protocol}\",\"number\":"),
            before_sentence: format!(",\"name\":\"{shown}\",\"direction\":\"{direction}\",\"phase\":{phase},\"sentence\":"),
            parts: parts(annotation),
            names: fields.iter().map(|field| field.name).collect(),
            template: annotation.sentence.to_owned(),
            protocol,
            name,
            from,
            phase,
            keys,
        })
    }
}

/// Words as they stand in a JSON string.
pub(super) fn escaped(words: &str) -> String {
    let mut room = Room::default();
    // Writing to memory cannot fail.
    _ = text::put_str(&mut room, words);
    let inner = room.written().strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or_default();
    String::from_utf8_lossy(inner).into_owned()
}

/// Where the first field of a name is.
fn place_of(fields: &[Field<'_>], name: &str) -> Option<usize> {
    fields.iter().position(|field| field.name == name)
}

/// The parts of a sentence, those without their field joined to the next ones.
fn parts(annotation: &Annotation<'_>) -> Vec<(String, Option<usize>)> {
    let (mut parts, mut before) = (Vec::new(), String::new());
    each_part(annotation.sentence, |part| {
        before.push_str(&escaped(part.before));
        if let Some(place) = part.name.and_then(|name| place_of(&annotation.fields, name)) {
            before.push_str(&escaped(part.words));
            parts.push((std::mem::take(&mut before), Some(place)));
        }
    });
    parts.push((before, None));
    parts
}
