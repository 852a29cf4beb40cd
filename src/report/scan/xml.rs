//! Bytes from the wire to XML text.

use crate::report::escape::decoded;
use std::fmt::Write as _;

/// Undoes the server's escapes, from left to right: `\n`, `\r` and `\\`; what follows another backslash stays.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let meant = match (byte, bytes.peek()) {
            (b'\\', Some(b'n')) => Some(b'\n'),
            (b'\\', Some(b'r')) => Some(b'\r'),
            (b'\\', Some(b'\\')) => Some(b'\\'),
            _ => None,
        };
        if meant.is_some() {
            bytes.next();
        }
        out.push(meant.unwrap_or(byte));
    }
    out
}

/// Bytes for an XML 1.0 text or attribute value, in double quotes.
///
/// Bytes that are no UTF-8 are read as Latin-1. The five characters of markup become entities. What a parser would change
/// (tab, line feed and carriage return) and control characters a terminal would obey (0x7f to 0x9f) become character
/// references, except line feeds when `lines` says so. Characters XML 1.0 cannot hold at all, not even as a reference, are
/// left out: all below a blank except these three, and U+FFFE and U+FFFF.
pub(in crate::report) fn escaped(bytes: &[u8], lines: bool) -> String {
    let text = decoded(bytes);
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' if lines => out.push('\n'),
            // Writing to a String cannot fail.
            '\t' | '\n' | '\r' | '\u{7f}'..='\u{9f}' => _ = write!(out, "&#{};", u32::from(char)),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_undone_from_left_to_right() {
        assert_eq!(unescaped(br"a\nb\r\\n\\\n\x\"), b"a\nb\r\\n\\\n\\x\\");
        assert_eq!(unescaped(b""), b"");
    }

    #[test]
    fn markup_and_controls_are_harmless() {
        assert_eq!(escaped(b"<a b=\"c\" d='&'>", false), "&lt;a b=&quot;c&quot; d=&apos;&amp;&apos;&gt;");
        assert_eq!(escaped(b"a\x1b[31m\x00\x07b\r\n\t", true), "a[31mb&#13;\n&#9;");
        assert_eq!(escaped(b"a\nb", false), "a&#10;b");
        assert_eq!(escaped("\u{9b}\u{fffe}\u{ffff}é".as_bytes(), false), "&#155;é");
        assert_eq!(escaped(b"caf\xe9 ]]>", false), "café ]]&gt;");
    }

    proptest! {
        #[test]
        fn any_bytes_become_text_a_parser_gives_back(bytes: Vec<u8>) {
            let xml = format!("<a b=\"{}\">{}</a>", escaped(&bytes, false), escaped(&bytes, true));
            let document = roxmltree::Document::parse(&xml).unwrap();
            let kept = |char: &char| matches!(char, '\t' | '\n' | '\r') || !matches!(char, '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
            let expected: String = decoded(&bytes).chars().filter(kept).collect();
            prop_assert_eq!(document.root_element().text().unwrap_or_default(), expected.as_str());
            prop_assert_eq!(document.root_element().attribute("b").unwrap(), expected.as_str());
        }
    }
}
