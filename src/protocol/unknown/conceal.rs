//! What is hidden where nothing tells where a secret is: text among binary bytes, and numbers of fields that hold some.

use super::Language;
use super::Typed;
use super::Unit;
use super::text;
use crate::annotation::Role;
use crate::annotation::Token;
use crate::grammar::Field;
use std::collections::BTreeSet;

/// Letters in a row that are text: fewer are numbers, as often as not.
const LEAST_LETTERS: usize = 4;

/// Hides what binary messages say in letters: a password among binary bytes has no name that could be looked for, and its place is not known.
pub(super) fn binary(units: &[Unit<'_>], language: &mut Language) {
    for (unit, typed) in units.iter().zip(&mut language.typed) {
        hide(typed, unit.bytes);
    }
}

fn hide(typed: &mut Typed, bytes: &[u8]) {
    // Behind the name of a secret all is hidden: where such a value ends, nothing tells.
    let named = text::secret_within(bytes).unwrap_or(usize::MAX);
    let runs: Vec<(usize, usize)> = runs(bytes).collect();
    let mut first = 0_usize;
    for token in &mut typed.tokens {
        while runs.get(first).is_some_and(|(_, end)| *end <= token.start) {
            first = first.saturating_add(1);
        }
        let holds = |(start, end): &(usize, usize)| {
            let common = end.min(&token.end).saturating_sub(*start.max(&token.start));
            // Counts and types in front of a text may be letters by chance.
            common >= LEAST_LETTERS || (common > 0 && matches!(token.role, Role::Data | Role::Unknown))
        };
        token.secret |= token.end > named || runs.iter().skip(first).take_while(|(start, _)| *start < token.end).any(holds);
    }
}

/// Runs of text, by where they begin and end: letters of ASCII, with a zero byte behind each where they are two bytes wide; letters of
/// other alphabets are some where they are UTF-8, and else belong to those they stand beside.
fn runs(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let is_letter = |at: usize| bytes.get(at).is_some_and(|byte| (b' '..=b'~').contains(byte));
    let is_high = |at: usize| bytes.get(at).is_some_and(|byte| *byte >= 0x80);
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let (start, mut letters) = (at, 0_usize);
            while at < bytes.len() {
                let zero_between = bytes.get(at) == Some(&0) && letters > 0 && is_letter(at.saturating_add(1));
                if !is_letter(at) && !is_high(at) && !zero_between {
                    break;
                }
                letters = letters.saturating_add(usize::from(is_letter(at)));
                at = at.saturating_add(1);
            }
            if letters >= LEAST_LETTERS || is_foreign(bytes.get(start..at).unwrap_or_default()) {
                return Some((start, at));
            }
            at = at.max(start.saturating_add(1));
        }
        None
    })
}

/// Whether these bytes are text of an alphabet that is not ASCII.
fn is_foreign(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().filter(|letter| letter.is_alphanumeric()).count() >= LEAST_LETTERS)
}

/// Takes numbers out of fields of which some message hides the bytes: eight letters are a number, too.
pub(super) fn numbers(language: &mut Language) {
    let of = |typed: &'_ Typed| -> Vec<String> {
        let is_hidden = |(token, _): &(&Token, &Option<String>)| token.secret;
        typed.tokens.iter().zip(&typed.fields).filter(is_hidden).filter_map(|(_, field)| field.clone()).collect()
    };
    let hidden: BTreeSet<String> = language.typed.iter().flat_map(of).collect();
    let clear = |field: &mut Field| {
        if field.role != Role::Keyword && hidden.contains(&field.id) {
            (field.values, field.range) = (Vec::new(), None);
        }
    };
    language.header_fields.iter_mut().for_each(clear);
    for kind in &mut language.types {
        kind.fields.iter_mut().for_each(clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Kind;
    use crate::grammar::Location;
    use crate::grammar::Range;
    use crate::grammar::Scalar;
    use crate::grammar::Share;
    use crate::grammar::ValueCount;

    fn texts(bytes: &[u8]) -> Vec<String> {
        runs(bytes).map(|(start, end)| bytes.get(start..end).unwrap().escape_ascii().to_string()).collect()
    }

    #[test]
    fn text_is_found_among_binary_bytes() {
        assert_eq!(texts(b"\x01\x00\x05hello\x00\x00\xff\x01abc\x02"), ["hello"]);
        assert_eq!(texts(b"\x01\x00p\x00a\x00s\x00s\x00\x00\x01"), ["p\\x00a\\x00s\\x00s"]);
        assert_eq!(texts("\u{1}pässwörd\u{2}".as_bytes()), ["p\\xc3\\xa4ssw\\xc3\\xb6rd"]);
        assert_eq!(texts("\u{1}\u{4}anna\u{c}пароль\u{1}".as_bytes()).len(), 2, "letters of any alphabet");
        assert_eq!(texts(b"\x01bob\x02al\x00\x03\x7f"), Vec::<String>::new());
        assert_eq!(texts(b""), Vec::<String>::new());
    }

    /// Tokens of so many bytes each.
    fn typed(parts: &[(usize, Kind)]) -> Typed {
        let mut at = 0_usize;
        let token = |(length, kind): &(usize, Kind)| {
            let start = at;
            at = at.saturating_add(*length);
            Token { start, end: at, role: kind.role(), kind: kind.name(), secret: false }
        };
        let tokens: Vec<Token> = parts.iter().map(token).collect();
        let fields = (1..=tokens.len()).map(|number| Some(format!("f{number}"))).collect();
        Typed { tokens, fields, ..Typed::default() }
    }

    fn hidden(parts: &[(usize, Kind)], bytes: &[u8]) -> Vec<bool> {
        let mut typed = typed(parts);
        hide(&mut typed, bytes);
        typed.tokens.iter().map(|token| token.secret).collect()
    }

    #[test]
    fn data_with_text_is_hidden_and_its_length_is_not() {
        let parts = [(1, Kind::TypeCode), (1, Kind::Length), (8, Kind::String), (2, Kind::Integer)];
        assert_eq!(hidden(&parts, b"A!hunter2x\x00\x01"), [false, false, true, false]);
        assert_eq!(hidden(&[(1, Kind::TypeCode), (8, Kind::Flags)], b"\x01hunter2x"), [false, true], "whatever it is taken for");
        assert_eq!(hidden(&[(2, Kind::Integer), (3, Kind::Integer)], b"\x01\x02\x03\x04\x05"), [false, false]);
    }

    #[test]
    fn all_is_hidden_behind_a_name() {
        let parts = [(1, Kind::TypeCode), (4, Kind::Constant), (1, Kind::Length), (3, Kind::Integer)];
        assert_eq!(hidden(&parts, b"\x01pwd=\x03\xff\xfe\xfd"), [false, true, true, true]);
    }

    #[test]
    fn what_is_hidden_is_no_number_either() {
        let mut typed = typed(&[(8, Kind::Constant), (2, Kind::Integer)]);
        hide(&mut typed, b"hunter2x\x00\x01");
        let field = |number: u64| Field {
            id: format!("f{number}"),
            name: String::new(),
            role: Role::Data,
            kind: Kind::Constant,
            location: Location::Bytes { offset: 0, size: 8 },
            inside: None,
            byte_order: None,
            values: vec![ValueCount { value: Scalar::Number(7), count: 1 }],
            range: Some(Range::default()),
            optional: false,
            confidence: Share::ALL,
            evidence: Vec::new(),
        };
        let mut language = Language { header_fields: vec![field(1), field(2)], typed: vec![typed], ..Language::default() };
        numbers(&mut language);
        let [hidden, shown] = language.header_fields.as_slice() else { panic!("two fields") };
        assert!(hidden.values.is_empty() && hidden.range.is_none());
        assert!(!shown.values.is_empty() && shown.range.is_some());
    }
}
