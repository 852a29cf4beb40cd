//! Where each side's messages end, from the framing of a grammar; and bytes from hex.

use super::plan::Form;
use super::plan::Place;
use super::plan::Plan;
use super::plan::Wanted;
use super::quote::remark;
use crate::grammar::ByteOrder;
use crate::grammar::Encoding;
use crate::grammar::Framing;
use crate::grammar::FramingKind;
use crate::grammar::Kind;
use crate::grammar::LengthForm;
use crate::grammar::Level;
use crate::grammar::Location;
use crate::limits;

/// How one side's stream becomes messages.
#[derive(Debug, Default)]
pub(super) struct Cut {
    pub(super) ends: Ends,
    /// Messages that are known by how they begin, and end where that says, longest first.
    pub(super) prompts: Vec<Prompt>,
    /// Types whose messages say in a line how many bytes follow, by index, with the number of lines up to there.
    pub(super) counted: Vec<(usize, u64)>,
    /// Whether people can read it.
    pub(super) text: bool,
    /// What stands between the columns of a line: the first of these that it has.
    pub(super) delimiters: Vec<Vec<u8>>,
}

/// Where a message ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Ends {
    /// Behind these bytes.
    Terminator(Vec<u8>),
    /// Where a number in it says.
    Length { offset: u64, size: u64, form: Option<LengthForm>, little: bool, addend: i64 },
    /// Behind a head up to an empty line, and the body that it tells of.
    Http,
    /// After so many bytes.
    Fixed(u64),
    /// With the packet.
    #[default]
    Packet,
}

/// A message that does not end as others do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    /// How it begins.
    pub(super) bytes: Vec<u8>,
    /// Its bytes in all; nothing where it ends with its packet.
    pub(super) size: Option<u64>,
    /// Its type, by index.
    pub(super) of: usize,
}

/// The bytes of a text in hex.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// The bytes of a text that was escaped for people.
pub(super) fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match if letter == '\\' { letters.next() } else { None } {
            None if letter == '\\' => return None,
            None => out.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
            Some('n') => out.push(b'\n'),
            Some('r') => out.push(b'\r'),
            Some('t') => out.push(b'\t'),
            Some('x') => out.extend(hex(&letters.by_ref().take(2).collect::<String>())?),
            Some(other @ ('\\' | '\'' | '"')) => out.extend(other.encode_utf8(&mut [0; 4]).bytes()),
            Some(_) => return None,
        }
    }
    Some(out)
}

/// How a side's stream is cut; says what is lost.
pub(super) fn cut(plan: &Plan<'_>, server: bool, lossy: &mut Vec<String>) -> Cut {
    let grammar = &plan.description.grammar;
    let framing = grammar.server_framing.as_ref().filter(|_| server).unwrap_or(&grammar.framing);
    let side = if server { "server" } else { "client" };
    let own = |direction: Option<&str>| direction.is_none_or(|direction| direction == side);
    let fields = grammar.delimiters.iter().filter(|pattern| pattern.level == Level::Field && own(pattern.direction.as_deref()));
    let fields = fields.take(limits::EXPORT_FIELDS).filter_map(|pattern| hex(&pattern.hex));
    // Where one side is binary, what divides lines is the other's.
    let encoding = if server { plan.description.server_encoding } else { plan.description.client_encoding };
    let text = matches!(encoding.unwrap_or(plan.description.encoding), Encoding::Text | Encoding::Mixed);
    let delimiters = fields.filter(|bytes| text && !bytes.is_empty()).collect();
    let ends = if plan.description.transport == "udp" { Ends::Packet } else { ends(framing, side, lossy) };
    let (mut prompts, mut counted) = (Vec::new(), Vec::new());
    let by_lines = matches!(ends, Ends::Terminator(_));
    for (of, form) in plan.types_of(server).into_iter().filter(|_| ends != Ends::Packet) {
        if !framing.exceptions.contains(&form.message.id) {
            continue;
        }
        if let Some(prompt) = prompt(plan, of, by_lines) {
            if prompt.size.is_none() {
                lossy.push(format!("messages of type {} end with their packet: nothing else tells where", remark(&form.message.id)));
            }
            prompts.push(prompt);
        } else if let Some(lines) = lines_to_count(form).filter(|_| by_lines) {
            counted.push((of, lines));
        } else {
            lossy.push(format!(
                "messages of type {} do not end as others do, and nothing at their beginning tells where",
                remark(&form.message.id)
            ));
        }
    }
    prompts.sort_by_key(|prompt| (std::cmp::Reverse(prompt.bytes.len()), prompt.of));
    Cut { ends, prompts, counted, text, delimiters }
}

/// Where a framing says that messages end.
fn ends(framing: &Framing, side: &str, lossy: &mut Vec<String>) -> Ends {
    let found = match framing.kind {
        FramingKind::Terminator => framing.terminator.as_deref().and_then(hex).filter(|bytes| !bytes.is_empty()).map(Ends::Terminator),
        FramingKind::Fixed => framing.size.filter(|size| (1..=limits::EXPORT_MESSAGE_BYTES).contains(size)).map(Ends::Fixed),
        FramingKind::LengthPrefix => match framing.length_field {
            Some(Location::Bytes { offset, size }) if (1..=8).contains(&size) && offset <= limits::EXPORT_MESSAGE_BYTES => {
                let little = framing.byte_order == Some(ByteOrder::Little);
                // A length that has a form of its own has one byte, and more where that says so.
                let own = if framing.length_form.is_some() { 1 } else { size };
                Some(Ends::Length { offset, size: own, form: framing.length_form, little, addend: framing.length_addend.unwrap_or(0) })
            }
            _ => None,
        },
        FramingKind::Http => Some(Ends::Http),
        FramingKind::Datagram => return Ends::Packet,
        FramingKind::Tlv | FramingKind::Turn | FramingKind::Unknown => None,
    };
    if found.is_none() {
        lossy.push(format!("messages of the {side} end with their packet: their framing is not known well enough"));
    }
    found.unwrap_or_default()
}

/// A message that is known by how it begins: one that asks, that is always the same, or that is alone among others that are not lines.
fn prompt(plan: &Plan<'_>, of: usize, by_lines: bool) -> Option<Prompt> {
    let form = plan.types.get(of)?;
    let length = form.message.length;
    let bytes = beginning(plan, of);
    let asks = form.fields.iter().any(|index| plan.fields.get(*index).is_some_and(|part| part.field.kind == Kind::Prompt));
    let own = u64::try_from(bytes.len()).ok()?;
    let same = length.min == length.max;
    let size = if same { length.max.max(own) } else { own };
    let known = own > 0 && size <= limits::EXPORT_MESSAGE_BYTES;
    let size = Some(size).filter(|_| asks || same);
    // Of lines, only one that is always the same is told by its beginning.
    let told = asks || !by_lines || (length.min, length.max) == (own, own);
    (known && told).then_some(Prompt { bytes, size, of })
}

/// The lines of a message up to the one that counts what follows, as its template shows them.
fn lines_to_count(form: &Form<'_>) -> Option<u64> {
    let (before, _) = form.message.template.as_deref()?.split_once(":length}")?;
    // A backslash of the protocol's own is escaped, too.
    let lines = unescaped(before)?.split(|byte| *byte == b'\n').count();
    (!form.tests.is_empty()).then(|| u64::try_from(lines).ok())?
}

/// The bytes that a type's messages begin with, as far as its conditions tell.
fn beginning(plan: &Plan<'_>, of: usize) -> Vec<u8> {
    let Some(form) = plan.types.get(of) else { return Vec::new() };
    let first = form.tests.iter().find_map(|test| {
        let bytes = match &test.wanted {
            Wanted::Bytes { bytes, mask: None } => bytes,
            Wanted::OneOf(words) if words.len() == 1 => words.first()?,
            _ => return None,
        };
        let place = &plan.fields.get(test.field)?.place;
        let opens = matches!(place, Place::Bytes { offset: 0, .. } | Place::Column(0) | Place::After { after: None, .. });
        opens.then(|| bytes.clone())
    });
    first.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_come_back_from_hex_and_from_escapes() {
        assert_eq!(hex("20ff"), Some(vec![0x20, 0xff]));
        assert_eq!(hex("2"), None);
        assert_eq!(hex("zz"), None);
        assert_eq!(unescaped(r"a\\\n\r\t\x00\'"), Some(b"a\\\n\r\t\0'".to_vec()));
        assert_eq!(unescaped(r"\"), None);
        assert_eq!(unescaped(r"\xf"), None);
        assert_eq!(unescaped(r"\q"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_escaped_comes_back(bytes: Vec<u8>) {
            prop_assert_eq!(unescaped(&bytes.escape_ascii().to_string()), Some(bytes));
        }
    }
}
