//! Values of JSON without quotes: numbers, `true`, `false` and `null`, and nothing else, since anything else may be a secret.

/// Longest number.
const NUMBER_BYTES: usize = 64;

const WORDS: [&[u8]; 3] = [b"true", b"false", b"null"];

/// Whether a value goes on with this byte.
///
/// # Wire
///
/// [spec] RFC 8259 3 and 6.
pub(super) fn goes_on(text: &[u8], byte: u8) -> bool {
    if text.len() >= NUMBER_BYTES {
        return false;
    }
    if text.first().unwrap_or(&byte).is_ascii_lowercase() {
        return WORDS.iter().any(|word| word.starts_with(text) && word.get(text.len()) == Some(&byte));
    }
    let is_exponent = |byte: &u8| matches!(byte, b'e' | b'E');
    let behind_digit = text.last().is_some_and(u8::is_ascii_digit);
    match byte {
        b'0'..=b'9' => !matches!(text, b"0" | b"-0"),
        b'-' => text.last().is_none_or(is_exponent),
        b'+' => text.last().is_some_and(is_exponent),
        b'.' => behind_digit && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-'),
        b'e' | b'E' => behind_digit && !text.iter().any(is_exponent),
        _ => false,
    }
}

/// Whether a value may end here.
pub(super) fn is_whole(text: &[u8]) -> bool {
    WORDS.contains(&text) || text.last().is_some_and(u8::is_ascii_digit)
}

/// Whether a byte may follow a value.
pub(super) fn may_follow(byte: u8) -> bool {
    matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As much of a text as is a value, and whether it is whole.
    fn value(text: &str) -> (&str, bool) {
        let bytes = text.as_bytes();
        let length = (0..bytes.len()).find(|at| !goes_on(&bytes[..*at], bytes[*at])).unwrap_or(bytes.len());
        (text.split_at(length).0, is_whole(&bytes[..length]))
    }

    #[test]
    fn numbers_and_three_words_are_values() {
        for text in ["0", "-0", "12", "-1.5e3", "1E+10", "0.25", "true", "false", "null"] {
            assert_eq!(value(text), (text, true));
        }
        for (text, found) in [
            ("1secret", ("1", true)),
            ("12-3", ("12", true)),
            ("1.2.3", ("1.2", true)),
            ("1e5e", ("1e5", true)),
            ("012", ("0", true)),
            ("1.x", ("1.", false)),
            ("-x", ("-", false)),
            ("nulx", ("nul", false)),
            ("nullx", ("null", true)),
        ] {
            assert_eq!(value(text), found);
        }
        assert_eq!(value(&"1".repeat(100)).0.len(), NUMBER_BYTES);
    }
}
