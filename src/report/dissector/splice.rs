//! A member put into a JSON text that stays as it is otherwise: documents are rewritten without losing members this version does not know,
//! nor their order.

use serde::de::IgnoredAny;
use std::ops::Range;

/// A step into a JSON text.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The value of a member.
    Member(&'a str),
    /// An element of a list, from 0.
    Element(usize),
}

/// The text with `member` of the object at `path` set to `value`, which is JSON; nothing where there is no such object.
#[must_use]
pub fn set(text: &str, path: &[Step<'_>], member: &str, value: &str) -> Option<String> {
    let mut begin = 0;
    for step in path {
        begin = match step {
            Step::Member(name) => parts(text, begin, '{')?.into_iter().find(|part| part.name.as_deref() == Some(name))?.value.start,
            Step::Element(index) => parts(text, begin, '[')?.into_iter().nth(*index)?.value.start,
        };
    }
    let members = parts(text, begin, '{')?;
    let (range, new) = match (members.iter().find(|part| part.name.as_deref() == Some(member)), members.last()) {
        (Some(old), _) => (old.value.clone(), value.to_owned()),
        (None, Some(last)) => (last.value.end..last.value.end, format!(",{}:{value}", serde_json::to_string(member).ok()?)),
        (None, None) => {
            let inside = blank(text, begin).saturating_add(1);
            (inside..inside, format!("{}:{value}", serde_json::to_string(member).ok()?))
        }
    };
    Some([text.get(..range.start)?, &new, text.get(range.end..)?].concat())
}

/// A member or an element, and where its value is.
struct Part {
    name: Option<String>,
    value: Range<usize>,
}

/// Behind blanks.
fn blank(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at.saturating_add(rest.len().saturating_sub(rest.trim_start().len()))
}

/// The next character behind blanks, if it is that one: where it ends.
fn eaten(text: &str, at: usize, wanted: char) -> Option<usize> {
    let at = blank(text, at);
    text.get(at..)?.starts_with(wanted).then(|| at.saturating_add(wanted.len_utf8()))
}

/// The value that begins there.
fn value(text: &str, at: usize) -> Option<Range<usize>> {
    let start = blank(text, at);
    let mut values = serde_json::Deserializer::from_str(text.get(start..)?).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(start..start.saturating_add(values.byte_offset()))
}

/// All members of the object, or elements of the list, that begins there.
fn parts(text: &str, begin: usize, bracket: char) -> Option<Vec<Part>> {
    let mut at = eaten(text, begin, bracket)?;
    let end = if bracket == '{' { '}' } else { ']' };
    let mut found = Vec::new();
    while eaten(text, at, end).is_none() {
        if !found.is_empty() {
            at = eaten(text, at, ',')?;
        }
        let mut name = None;
        if bracket == '{' {
            let range = value(text, at)?;
            name = Some(serde_json::from_str(text.get(range.clone())?).ok()?);
            at = eaten(text, range.end, ':')?;
        }
        let value = value(text, at)?;
        at = value.end;
        found.push(Part { name, value });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_else_stays_as_it_is() {
        let path = [Step::Member("b"), Step::Element(1)];
        let text = "{\"a\": [1, \"]}\\\"\"],\n \"b\" : [ {}, {\"x\":1.50 , \"unknown\":null} ] }\n";
        let once = set(text, &path, "new", "[2]").unwrap();
        assert_eq!(once, "{\"a\": [1, \"]}\\\"\"],\n \"b\" : [ {}, {\"x\":1.50 , \"unknown\":null,\"new\":[2]} ] }\n");
        assert_eq!(set(&once, &path, "new", "3").unwrap(), once.replace("[2]", "3"));
        assert_eq!(set(text, &[Step::Member("b"), Step::Element(0)], "n", "1").unwrap(), text.replace("{}", "{\"n\":1}"));
        for wrong in [&[Step::Member("c")][..], &[Step::Element(0)], &[Step::Member("b"), Step::Element(2)], &[Step::Member("a")]] {
            assert_eq!(set(text, wrong, "n", "1"), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_set_is_there(keys: Vec<String>, name: String, cut in 0_usize..200) {
            let before: serde_json::Map<String, serde_json::Value> = keys.iter().map(|key| (key.clone(), key.clone().into())).collect();
            let text = serde_json::to_string_pretty(&before).unwrap();
            let after: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&set(&text, &[], &name, "7").unwrap()).unwrap();
            let mut wanted = before;
            wanted.insert(name.clone(), 7.into());
            prop_assert_eq!(after, wanted);
            // What is no JSON does no harm.
            _ = set(text.get(..cut).unwrap_or_default(), &[], &name, "7");
        }
    }
}
