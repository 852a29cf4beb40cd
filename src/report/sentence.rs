//! The sentence of a message: a template of the dissector, filled with field values that are redacted already.

use super::escape::decoded;
use crate::annotation::Annotation;
use crate::annotation::Value;
use std::fmt::Write as _;

/// How many items of a list are named; the rest is counted.
const NAMED_ITEMS: usize = 3;

/// Fills the sentence of an annotation. `{field}` becomes that field's value, nothing when there is no such field, and
/// `{words|field}` the words in front of the value, if there is one; a brace that no brace closes stands for itself.
///
/// The result may hold whatever the wire held: it is to be escaped for its target.
#[must_use]
pub(super) fn sentence(annotation: &Annotation<'_>) -> String {
    let mut out = String::with_capacity(annotation.sentence.len());
    fill(&mut out, annotation);
    out
}

/// As [`sentence`], into a string that is used again.
pub(super) fn fill(out: &mut String, annotation: &Annotation<'_>) {
    let mut rest = annotation.sentence;
    while let Some((before, tail)) = split(rest, b'{') {
        let Some((name, after)) = split(tail, b'}') else { break };
        out.push_str(before);
        let (words, name) = split(name, b'|').unwrap_or(("", name));
        if let Some(value) = annotation.field(name) {
            out.push_str(words);
            push_value(out, value);
        }
        rest = after;
    }
    out.push_str(rest);
}

/// What stands before and behind the first of these characters, an ASCII one.
fn split(text: &str, character: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(character, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at.saturating_add(1)..)?))
}

/// Adds a value as people read it. Writing to a `String` cannot fail, so the results are not looked at.
fn push_value(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Text(text) => out.push_str(&decoded(text)),
        Value::List(_) | Value::Parts(..) => push_list(out, value),
        Value::Count(count) => out.push_str(itoa::Buffer::new().format(*count)),
        Value::Integer(number) => _ = write!(out, "{number}"),
        Value::Flag(flag) => out.push_str(if *flag { "yes" } else { "no" }),
        Value::Redacted(bytes) => _ = write!(out, "<redacted {bytes} bytes>"),
    }
}

/// Adds `a, b, c and N more`.
fn push_list(out: &mut String, value: &Value<'_>) {
    for (place, item) in value.items().take(NAMED_ITEMS).enumerate() {
        if place > 0 {
            out.push_str(", ");
        }
        out.push_str(&decoded(item));
    }
    let more = value.items().count().saturating_sub(NAMED_ITEMS);
    if more > 0 {
        _ = write!(out, " and {more} more");
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
