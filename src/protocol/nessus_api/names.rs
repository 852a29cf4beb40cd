//! What names of the API mean: which are settings, which are plain lists. Which tell a secret is everybody's to know.

pub(super) use crate::protocol::telling::is_secret_key;
use crate::protocol::telling::words;

/// Whether the value of this name is what is set for something that another member names: a password, maybe.
///
/// # Wire
///
/// [spec nessus-http-api] 3: `{"id":"password","default":…}` of an editor. [guess] `{"name":"Password","value":…}`.
pub(super) fn is_setting(name: &[u8]) -> bool {
    let is_value = |word: &[u8]| word.eq_ignore_ascii_case(b"value") || word.eq_ignore_ascii_case(b"values");
    words(name).last().is_some_and(is_value) || name.eq_ignore_ascii_case(b"default")
}

/// Whether the items of a list of a request, of this name, are no secrets.
///
/// # Wire
///
/// [spec nessus-http-api] 2
pub(super) fn is_plain_list(name: &str) -> bool {
    matches!(name, "alt_targets" | "deleted" | "ids" | "targets" | "text_targets")
}

/// What a text of JSON stands for, as the wire has it without its quotes; and whether that is known. It need be neither UTF-8 nor free of
/// raw control characters. Of an escape that is none, and of half a pair of surrogates, it is not: they stay as they are.
pub(super) fn unescaped(text: &[u8]) -> (Vec<u8>, bool) {
    let (mut plain, mut known, mut rest) = (Vec::with_capacity(text.len()), true, text);
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
        plain.extend_from_slice(before);
        let (letter, length) = letter(escape);
        match letter {
            Some(letter) => plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            None => plain.extend_from_slice(escape.get(..length).unwrap_or(escape)),
        }
        known &= letter.is_some();
        rest = escape.get(length..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    (plain, known)
}

/// What the escape at the beginning stands for, and its bytes.
fn letter(escape: &[u8]) -> (Option<char>, usize) {
    let letter = match escape.get(1) {
        Some(letter @ (b'"' | b'\\' | b'/')) => char::from(*letter),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return by_number(escape),
        _ => return (None, 1),
    };
    (Some(letter), 2)
}

/// The same of `\uXXXX`, or of two of them that are a pair.
fn by_number(escape: &[u8]) -> (Option<char>, usize) {
    let Some(first) = unit(escape) else { return (None, 1) };
    let second = escape.get(6..).and_then(unit);
    match (char::decode_utf16([first]).next(), second.and_then(|second| char::decode_utf16([first, second]).next())) {
        (Some(Ok(letter)), _) => (Some(letter), 6),
        (_, Some(Ok(letter))) => (Some(letter), 12),
        _ => (None, 6),
    }
}

/// The number of `\uXXXX`.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(br"\u")?.get(..4)?;
    let digit = |number: u16, digit: &u8| Some(number.wrapping_shl(4) | u16::try_from(char::from(*digit).to_digit(16)?).ok()?);
    digits.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_told_by_its_name() {
        for name in ["value", "default", "Default", "selectedValue", "preference_values"] {
            assert!(is_setting(name.as_bytes()), "{name}");
        }
        for name in ["default_tag", "default_permissions", "valued", "name"] {
            assert!(!is_setting(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn escapes_are_read_as_others_read_them_and_told_where_they_cannot_be() {
        for text in [r"a\u0073\n\t\r\b\f\/\\\\u0041\u00e9 \ud83d\ude00\u4E00", "", "abc", r#"\""#, "\u{e9}"] {
            let read: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(unescaped(text.as_bytes()), (read.into_bytes(), true), "{text}");
        }
        assert_eq!(unescaped(b"\\u0061\xe9\t"), (b"a\xe9\t".to_vec(), true));
        for (text, plain) in [
            (r"\u0061\x", r"a\x"),
            (r"\u00", r"\u00"),
            (r"\u+061", r"\u+061"),
            (r"\u0061\", r"a\"),
            (r"\ud800\u0061", r"\ud800a"),
            (r"\udc00b", r"\udc00b"),
        ] {
            assert_eq!(unescaped(text.as_bytes()), (plain.as_bytes().to_vec(), false), "{text}");
        }
    }
}
