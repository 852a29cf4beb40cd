//! How bytes of the wire become words of a grammar: hex, escaped text, names.

use crate::grammar::BytePattern;
use crate::grammar::Level;
use crate::grammar::Share;
use std::fmt::Write as _;

/// Bytes in hex, two digits each.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes for people: control bytes and what is no ASCII are escaped.
pub(super) fn shown(bytes: &[u8]) -> String {
    let plain = |byte: u8| if byte == b'\'' || byte == b'"' { char::from(byte).to_string() } else { byte.escape_ascii().to_string() };
    bytes.iter().map(|byte| plain(*byte)).collect()
}

/// A name in snake case from letters and digits of a word; nothing when it has none.
pub(super) fn name(word: &[u8]) -> String {
    let mut name = String::new();
    for byte in word.iter().take(40) {
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte.to_ascii_lowercase()));
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}

/// A pattern and its counts.
pub(super) fn pattern(bytes: &[u8], level: Level, count: u64, of: u64, direction: Option<&str>) -> BytePattern {
    BytePattern {
        hex: hex(bytes),
        text: shown(bytes),
        count,
        support: Share::of(count, of),
        level,
        direction: direction.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_letters_and_digits_only() {
        assert_eq!(name(b"PLUGIN_LIST"), "plugin_list");
        assert_eq!(name(b"+OK"), "ok");
        assert_eq!(name(b"< NTP/1.2 >"), "ntp_1_2");
        assert_eq!(name(b"{}\"';--"), "");
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(shown(b" <|> \n\x1b\xff"), " <|> \\n\\x1b\\xff");
        assert_eq!(hex(b" <|> "), "203c7c3e20");
    }
}
