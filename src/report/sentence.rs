//! The sentence of a message: a template of the dissector, filled with field values that are redacted already.

use super::escape::decoded;
use crate::annotation::Annotation;
use crate::annotation::Value;

/// How many items of a list are named; the rest is counted.
const NAMED_ITEMS: usize = 3;

/// Fills the sentence of an annotation. `{field}` becomes that field's value, nothing when there is no such field, and
/// `{words|field}` the words in front of the value, if there is one; a brace that no brace closes stands for itself.
///
/// The result may hold whatever the wire held: it is to be escaped for its target.
#[must_use]
pub(super) fn sentence(annotation: &Annotation<'_>) -> String {
    let mut out = String::with_capacity(annotation.sentence.len());
    each_part(annotation.sentence, |part| {
        out.push_str(part.before);
        if let Some(value) = part.name.and_then(|name| annotation.field(name)) {
            out.push_str(part.words);
            push_value(&mut out, value);
        }
    });
    out
}

/// A part of a template.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// What stands before the field.
    pub(super) before: &'a str,
    /// What is said with the field only.
    pub(super) words: &'a str,
    /// The field; nothing behind the last one.
    pub(super) name: Option<&'a str>,
}

/// Takes a template apart.
pub(super) fn each_part<'a>(template: &'a str, mut take: impl FnMut(Part<'a>)) {
    let mut rest = template;
    while let Some((before, tail)) = split(rest, b'{') {
        let Some((name, after)) = split(tail, b'}') else { break };
        let (words, name) = split(name, b'|').unwrap_or(("", name));
        take(Part { before, words, name: Some(name) });
        rest = after;
    }
    take(Part { before: rest, words: "", name: None });
}

/// What stands before and behind the first of these characters, an ASCII one.
fn split(text: &str, character: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(character, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at.saturating_add(1)..)?))
}

/// Where a sentence is written to.
pub(super) trait Paper {
    /// Adds words of the program.
    fn words(&mut self, words: &str);

    /// Adds bytes of the wire.
    fn wire(&mut self, bytes: &[u8]);
}

impl Paper for String {
    fn words(&mut self, words: &str) {
        self.push_str(words);
    }

    fn wire(&mut self, bytes: &[u8]) {
        self.push_str(&decoded(bytes));
    }
}

/// Adds a value as people read it.
pub(super) fn push_value(out: &mut impl Paper, value: &Value<'_>) {
    match value {
        Value::Text(text) => out.wire(text),
        Value::List(_) | Value::Parts(..) => push_list(out, value),
        Value::Count(count) => out.words(itoa::Buffer::new().format(*count)),
        Value::Integer(number) => out.words(itoa::Buffer::new().format(*number)),
        Value::Flag(flag) => out.words(if *flag { "yes" } else { "no" }),
        Value::Redacted(bytes) => out.words(&format!("<redacted {bytes} bytes>")),
    }
}

/// Adds `a, b, c and N more`.
fn push_list(out: &mut impl Paper, value: &Value<'_>) {
    for (place, item) in value.items().take(NAMED_ITEMS).enumerate() {
        if place > 0 {
            out.words(", ");
        }
        out.wire(item);
    }
    let more = value.items().count().saturating_sub(NAMED_ITEMS);
    if more > 0 {
        out.words(&format!(" and {more} more"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::ByteSpan;
    use crate::annotation::Field;

    fn filled(sentence: &str, fields: Vec<Field<'_>>) -> String {
        let annotation = Annotation {
            name: "x".into(),
            span: ByteSpan::default(),
            phase: 0,
            response_to: None,
            sentence,
            fields,
            tokens: Vec::new(),
            bulk: false,
        };
        super::sentence(&annotation)
    }

    #[test]
    fn every_value_has_its_words() {
        let list = |items: &[&'static str]| Value::List(items.iter().map(|item| item.as_bytes().into()).collect());
        let fields = vec![
            Field::new("user", Value::text(b"J\xfcrg")),
            Field::new("few", list(&["a", "b", "c"])),
            Field::new("many", list(&["a", "b", "c", "d", "e"])),
            Field::new("count", Value::Count(3)),
            Field::new("offset", Value::Integer(-1)),
            Field::new("done", Value::Flag(true)),
            Field::secret("password", Value::Redacted(4)),
        ];
        let sentence = "{user}|{few}|{many}|{count}|{offset}|{done}|{password}|{missing}{, not |missing}{, with |count}|{open";
        assert_eq!(filled(sentence, fields), "Jürg|a, b, c|a, b, c and 2 more|3|-1|yes|<redacted 4 bytes>|, with 3|{open");
    }

    #[test]
    fn a_value_is_not_a_template() {
        let fields = vec![Field::new("a", Value::text(b"{b}")), Field::new("b", Value::text(b"x"))];
        assert_eq!(filled("{a}{b}", fields), "{b}x");
    }
}
