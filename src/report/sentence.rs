//! The sentence of a message: a template of the dissector, filled with field values that are redacted already.

use super::escape::decoded;
use crate::annotation::Annotation;
use crate::annotation::Value;
use std::fmt::Write as _;
use std::ops::Range;

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
fn fill(out: &mut String, annotation: &Annotation<'_>) {
    each_part(annotation.sentence, |part| push_part(out, part, annotation));
}

/// A part of a template.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// What stands before the field.
    before: &'a str,
    /// What is said with the field only.
    words: &'a str,
    /// The field; nothing behind the last one.
    name: Option<&'a str>,
}

fn each_part<'a>(template: &'a str, mut take: impl FnMut(Part<'a>)) {
    let mut rest = template;
    while let Some((before, tail)) = split(rest, b'{') {
        let Some((name, after)) = split(tail, b'}') else { break };
        let (words, name) = split(name, b'|').unwrap_or(("", name));
        take(Part { before, words, name: Some(name) });
        rest = after;
    }
    take(Part { before: rest, words: "", name: None });
}

fn push_part(out: &mut String, part: Part<'_>, annotation: &Annotation<'_>) {
    out.push_str(part.before);
    if let Some(value) = part.name.and_then(|name| annotation.field(name)) {
        out.push_str(part.words);
        push_value(out, value);
    }
}

/// Fills sentences, and remembers the parts of templates: of a million messages nine tenths have the same.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    templates: Vec<Template>,
    /// Whose turn it is to be forgotten.
    hand: usize,
}

/// A template and where its parts are.
#[derive(Debug)]
struct Template {
    text: String,
    parts: Vec<Place>,
}

/// Where a part is: what stands before, the words, the name.
type Place = (Range<usize>, Range<usize>, Option<Range<usize>>);

/// Templates that are remembered.
const TEMPLATES: usize = 4;

impl Sentences {
    /// As [`sentence`], into a string that is used again.
    pub(super) fn fill(&mut self, out: &mut String, annotation: &Annotation<'_>) {
        let text = annotation.sentence;
        let known = self.templates.iter().position(|template| template.text == text);
        let place = known.unwrap_or_else(|| self.learn(text));
        let Some(template) = self.templates.get(place) else { return };
        for (before, words, name) in &template.parts {
            let of = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
            push_part(out, Part { before: of(before), words: of(words), name: name.as_ref().map(of) }, annotation);
        }
    }

    #[cold]
    fn learn(&mut self, text: &str) -> usize {
        // Where a part is: parts are of the text.
        let range = |part: &str| {
            let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
            if part.is_empty() { 0..0 } else { start..start.saturating_add(part.len()) }
        };
        let mut parts = Vec::new();
        each_part(text, |part| parts.push((range(part.before), range(part.words), part.name.map(range))));
        let template = Template { text: text.to_owned(), parts };
        let place = self.hand;
        self.hand = self.hand.saturating_add(1).checked_rem(TEMPLATES).unwrap_or(0);
        match self.templates.get_mut(place) {
            Some(old) => *old = template,
            None => self.templates.push(template),
        }
        place
    }
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
        let mut again = String::new();
        let mut sentences = Sentences::default();
        for other in ["{a}", sentence, "{b} c", sentence, "", "x", "y", "z", sentence] {
            again.clear();
            sentences.fill(&mut again, &Annotation { sentence: other, ..annotation.clone() });
        }
        let said = super::sentence(&annotation);
        assert_eq!(again, said);
        said
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
