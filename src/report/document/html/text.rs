//! Small texts of the page: cut, counted, joined.

use super::Markup;
use super::rendered;
use crate::grammar::Description;
use crate::grammar::Field;
use crate::grammar::Location;
use crate::grammar::Scalar;
use crate::grammar::Share;
use crate::limits::HTML_TEXT_COLUMNS;
use crate::report::document::model::Endpoint;
use crate::report::document::model::FrameRange;
use crate::report::document::model::PacketRef;
use crate::report::escape::Cut;
use askama::Template;
use askama::filters::Safe;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::io;

/// A text that may be long, cut.
pub(super) fn brief(text: &str) -> String {
    cut(text, HTML_TEXT_COLUMNS)
}

/// A text cut to so many columns.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let mut cut = Cut::new(columns);
    cut.push(text);
    cut.finish()
}

/// What can be an id and a fragment of an address, and nothing else.
pub(super) fn anchor(parts: &[&str]) -> String {
    let clean = |char: char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-') { char } else { '-' };
    parts.iter().map(|part| cut(part, HTML_TEXT_COLUMNS).chars().map(clean).collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Ten-thousandths in percent.
pub(super) fn percent(parts: u16) -> String {
    match (parts / 100, parts % 100) {
        (whole, 0) => format!("{whole} %"),
        (whole, rest) => format!("{whole}.{} %", rest / 10),
    }
}

/// The anchors of what the page shows: nothing links to what is left out.
pub(super) type Anchors = BTreeSet<String>;

/// A name, and where it leads.
pub(super) struct Link {
    pub(super) text: String,
    pub(super) anchor: Option<String>,
}

/// A link to what has this id, where the page shows it.
pub(super) fn link(id: &str, shown: &Anchors) -> Link {
    let anchor = anchor(&[id]);
    Link { text: cut(id, 20), anchor: shown.contains(&anchor).then_some(anchor) }
}

/// A session whose links to grammars that the page has no room for lead to where that is said: sessions are drawn before the grammars.
pub(super) fn relinked(session: &str, shown: &Anchors) -> String {
    // A quotation mark of a capture's own text is escaped, so this is markup wherever it stands.
    const LINK: &str = "href=\"#";
    let mut pieces = session.split(LINK);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(LINK);
        match piece.split_once('"') {
            Some((target, rest)) if target.starts_with("protocol-") && !shown.contains(target) => {
                out.push_str("protocols\"");
                out.push_str(rest);
            }
            _ => out.push_str(piece),
        }
    }
    out
}

/// Columns of the name of a field in a title.
const FIELD_COLUMNS: usize = 24;

/// The id of a field as it stands in a title until the grammar is known: as long as what is written over it, so that a page does not grow.
pub(super) fn placeholder(id: &str) -> String {
    format!("{:<FIELD_COLUMNS$}", cut(id, FIELD_COLUMNS))
}

/// The names of the fields of a protocol, by their ids.
pub(super) type Names<'a> = BTreeMap<&'a str, String>;

/// The names to write over ids; empty where the kind, which stands in front, says the same.
pub(super) fn names(protocol: &Description) -> Names<'_> {
    let grammar = &protocol.grammar;
    let fields = grammar.header_fields.iter().chain(grammar.message_types.iter().flat_map(|kind| &kind.fields));
    // Names are made here, of letters and digits: nothing of them needs an escape.
    let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { ' ' };
    let name = |field: &Field| match &field.name {
        name if name == field.kind.name() => String::new(),
        name => name.chars().map(plain).take(FIELD_COLUMNS).collect(),
    };
    fields.map(|field| (field.id.as_str(), name(field))).collect()
}

/// A session with the names of its fields where their ids stand.
pub(super) fn named(session: &str, names: &Names<'_>) -> String {
    // A `<` of a capture's own text is escaped, so this is a mark wherever it stands.
    let mut pieces = session.split("<?");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (id, rest) = piece.split_once("?>").unwrap_or((piece, ""));
        let id = id.trim_end();
        let name = names.get(id).map_or(id, String::as_str);
        if !name.is_empty() {
            out.push_str(", ");
            out.push_str(name);
        }
        out.push_str(rest);
    }
    out
}

/// A share that says something: nothing of none.
pub(super) fn known(share: Share) -> String {
    if share == Share::default() { String::new() } else { percent(share.parts()) }
}

/// An address with its port.
pub(super) fn endpoint(endpoint: &Endpoint) -> String {
    let ip = cut(&endpoint.ip, 64);
    if ip.contains(':') { format!("[{ip}]:{}", endpoint.port) } else { format!("{ip}:{}", endpoint.port) }
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(place);
        if place > 0 && left.is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A number of things whose plural is regular.
pub(super) fn count(number: impl Display, noun: &str) -> String {
    let number = grouped(number);
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Things that are left out.
#[derive(Template)]
#[template(path = "more.html", config = "src/report/document/html/askama.toml")]
struct More {
    left_out: String,
}

/// Says how many of all things are left out where so many are shown, if any are.
pub(super) fn more(all: usize, shown: usize, noun: &str) -> io::Result<Markup> {
    match all.saturating_sub(shown) {
        0 => Ok(Safe(String::new())),
        left => rendered(&More { left_out: count(left, &format!("more {noun}")) }),
    }
}

/// How many there are.
pub(super) fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

/// Spans of frames: `#4`, `#7–8`.
pub(super) fn frames(spans: &[[u64; 2]]) -> String {
    const NAMED: usize = 6;
    let span = |[first, last]: &[u64; 2]| if first == last { format!("#{first}") } else { format!("#{first}–{last}") };
    let mut named: Vec<String> = spans.iter().take(NAMED).map(span).collect();
    if spans.len() > NAMED {
        named.push("…".to_owned());
    }
    named.join(", ")
}

/// Frames of several inputs: `#4, i1 #7–8`.
pub(super) fn ranges(ranges: &[FrameRange]) -> String {
    const NAMED: usize = 6;
    let range = |range: &FrameRange| {
        let input = if range.input == "i0" { String::new() } else { format!("{} ", cut(&range.input, 12)) };
        format!("{input}{}", frames(&[[range.first, range.last]]))
    };
    let mut named: Vec<String> = ranges.iter().take(NAMED).map(range).collect();
    if ranges.len() > NAMED {
        named.push("…".to_owned());
    }
    named.join(", ")
}

/// The frames of packets of one input as spans, and the input they are of.
pub(super) fn spans(packets: &[PacketRef]) -> Vec<[u64; 2]> {
    let mut spans: Vec<[u64; 2]> = Vec::new();
    for packet in packets {
        match spans.last_mut() {
            Some([_, last]) if packet.number == *last || packet.number == last.saturating_add(1) => *last = packet.number,
            _ => spans.push([packet.number, packet.number]),
        }
    }
    spans
}

/// What selects frames in Wireshark.
pub(super) fn filter(spans: &[[u64; 2]]) -> String {
    const NAMED: usize = 6;
    let range = |[first, last]: &[u64; 2]| if first == last { first.to_string() } else { format!("{first}..{last}") };
    match spans {
        [] => String::new(),
        [[first, last]] if first == last => format!("frame.number == {first}"),
        _ => format!("frame.number in {{{}}}", spans.iter().take(NAMED).map(range).collect::<Vec<_>>().join(", ")),
    }
}

/// A value of a field.
pub(super) fn scalar(value: &Scalar) -> String {
    match value {
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(text) => cut(text, 60),
    }
}

/// Where a field is.
pub(super) fn location(location: &Location) -> String {
    let range = |unit: &str, offset: u64, size: u64| match size {
        0 | 1 => format!("{unit} {offset}"),
        _ => format!("{unit}s {offset}–{}", offset.saturating_add(size).saturating_sub(1)),
    };
    match location {
        Location::Bytes { offset, size } => range("byte", *offset, *size),
        Location::Bits { offset_bits, size_bits } => range("bit", *offset_bits, *size_bits),
        Location::Column { column } => format!("part {column}"),
        Location::After { after, size, size_from, until, to_end } => {
            let mut words = vec![after.as_ref().map_or_else(|| "at the start".to_owned(), |after| format!("after {}", cut(after, 40)))];
            words.extend(size.map(|size| count(size, "byte")));
            words.extend(size_from.as_ref().map(|field| format!("as long as {} says", cut(field, 40))));
            words.extend(until.as_ref().map(|hex| format!("until {}", cut(hex, 40))));
            words.extend(to_end.then(|| "to the end".to_owned()));
            words.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_named_as_wireshark_takes_them() {
        assert_eq!(filter(&[[4, 4]]), "frame.number == 4");
        assert_eq!(filter(&[[4, 5], [9, 9]]), "frame.number in {4..5, 9}");
        assert_eq!(frames(&[[4, 5], [9, 9]]), "#4–5, #9");
    }

    #[test]
    fn frames_of_other_inputs_are_named_with_them() {
        let range = |input: &str, first, last| FrameRange { input: input.to_owned(), first, last };
        assert_eq!(ranges(&[range("i0", 4, 4), range("i1", 7, 8)]), "#4, i1 #7–8");
    }

    #[test]
    fn numbers_have_groups() {
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(1, "byte"), "1 byte");
        assert_eq!(percent(Share::of(1, 3).parts()), "33.3 %");
    }

    #[test]
    fn a_link_to_a_grammar_without_room_leads_to_all_grammars() {
        let session = r##"<a href="#protocol-ntp">ntp</a> <a href="#protocol-x-mt1">x</a> <a href="#m1">m1</a> href=&quot;#protocol-y"##;
        let shown = Anchors::from(["protocol-ntp".to_owned()]);
        let wanted = r##"<a href="#protocol-ntp">ntp</a> <a href="#protocols">x</a> <a href="#m1">m1</a> href=&quot;#protocol-y"##;
        assert_eq!(relinked(session, &shown), wanted);
    }

    #[test]
    fn a_title_says_the_name_of_its_field() {
        let names = Names::from([("f1.1", "user 2".to_owned()), ("f1.2", String::new())]);
        let title = |id: &str| format!("title=\"data<?{}?>, redacted\"", placeholder(id));
        let session = [title("f1.1"), title("f1.2"), title("f9.9")].concat();
        let wanted = r#"title="data, user 2, redacted"title="data, redacted"title="data, f9.9, redacted""#;
        assert_eq!(named(&session, &names), wanted);
        assert!(named(&session, &names).len() <= session.len(), "a page has room for it");
    }

    #[test]
    fn an_anchor_is_one() {
        assert_eq!(anchor(&["a b\"><", "mt1"]), "a-b----mt1");
    }
}
