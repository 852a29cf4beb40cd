//! Bytes from a hostile wire to text: one escaping function per output target.

use askama::filters::Escaper;
use serde_json::ser::Formatter;
use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;
use std::io;
use unicode_width::UnicodeWidthChar;

/// The text of bytes: as UTF-8 when they are, else every byte as the Latin-1 character of its number. Not yet escaped for any target.
#[must_use]
pub fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Bytes for a terminal, on one line: nothing in the result moves the cursor, changes colours or direction, or is invisible.
///
/// Line feed, carriage return, tab and NUL become `⏎`, `␍`, `␉`, `␀`; other control characters `\x1b`; format
/// characters and what has no width `\u{202e}`. Everything printable stays.
#[must_use]
pub fn terminal(bytes: &[u8]) -> String {
    terminal_text(&decoded(bytes))
}

/// The same for text that is decoded already.
#[must_use]
pub fn terminal_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|char| push_visible(&mut out, char));
    out
}

/// Bytes for a terminal, cut to a display width in columns: the last column is `…` when something is missing.
#[must_use]
pub fn terminal_cut(bytes: &[u8], columns: usize) -> String {
    let mut cut = Cut::new(columns);
    cut.push(&decoded(bytes));
    cut.finish()
}

/// Escaped text that stops growing at a display width. Costs memory and time for what is shown, not for what is cut.
#[derive(Debug)]
pub struct Cut {
    text: String,
    columns: usize,
    width: usize,
    /// Length in bytes of the longest prefix that leaves a column for the ellipsis.
    safe: (usize, usize),
    full: bool,
}

impl Cut {
    /// Empty text of at most so many columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Self { text: String::new(), columns, width: 0, safe: (0, 0), full: false }
    }

    /// Adds text, escaping it; what does not fit is left out, and everything after it.
    pub fn push(&mut self, text: &str) {
        // What is visible ASCII, most of all text, takes a column each and needs no closer look.
        let plain = text.bytes().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(text.len());
        let room = self.columns.saturating_sub(self.width);
        let Some((plain, rest)) = text.split_at_checked(plain.min(room)) else { return };
        if !self.full && !plain.is_empty() {
            let before = self.text.len();
            self.text.push_str(plain);
            self.width = self.width.saturating_add(plain.len());
            let last = usize::from(self.width >= self.columns);
            let (end, width) = (self.text.len().saturating_sub(last), self.width.saturating_sub(last));
            if end > before {
                self.safe = (end, width);
            }
        }
        let mut glyph = String::new();
        for char in rest.chars() {
            if self.full {
                return;
            }
            glyph.clear();
            push_visible(&mut glyph, char);
            self.add(&glyph);
        }
    }

    /// Adds one visible piece, whole or not at all.
    fn add(&mut self, glyph: &str) {
        let width = self.width.saturating_add(display_width(glyph));
        if width > self.columns {
            self.full = true;
            return;
        }
        self.text.push_str(glyph);
        self.width = width;
        if width < self.columns {
            self.safe = (self.text.len(), width);
        }
    }

    /// Whether something was left out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The text, with an ellipsis when something was left out.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.full && self.columns > 0 {
            self.text.truncate(self.safe.0);
            self.text.push('…');
        }
        self.text
    }
}

/// Columns that visible text takes on a terminal.
#[must_use]
pub fn display_width(text: &str) -> usize {
    // Of ASCII all but control characters take one column.
    if text.is_ascii() {
        return text.bytes().filter(|byte| !byte.is_ascii_control()).count();
    }
    text.chars().map(|char| char.width().unwrap_or(0)).sum()
}

/// One character as a terminal may get it.
fn push_visible(out: &mut String, char: char) {
    let number = u32::from(char);
    match char {
        '\n' => out.push('⏎'),
        '\r' => out.push('␍'),
        '\t' => out.push('␉'),
        '\0' => out.push('␀'),
        // Writing to a String cannot fail.
        _ if char.is_control() => _ = write!(out, "\\x{number:02x}"),
        _ if deceives(char) || char.width().unwrap_or(0) == 0 => _ = write!(out, "\\u{{{number:x}}}"),
        _ => out.push(char),
    }
}

/// Characters that change how others look, or look like nothing: bidirectional and other format characters, fillers, tags.
fn deceives(char: char) -> bool {
    matches!(u32::from(char),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x110bd | 0x110cd | 0x13430..=0x1345f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

/// Text for HTML, between tags or in a quoted attribute: what a terminal would obey or hide is made visible in the same way, and no
/// character can begin or end markup. The templates escape every value with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct HtmlText;

impl Escaper for HtmlText {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        let mut visible = String::with_capacity(string.len());
        string.chars().for_each(|char| push_visible(&mut visible, char));
        for char in visible.chars() {
            match char {
                '&' => dest.write_str("&amp;")?,
                '<' => dest.write_str("&lt;")?,
                '>' => dest.write_str("&gt;")?,
                '"' => dest.write_str("&quot;")?,
                '\'' => dest.write_str("&#39;")?,
                '`' => dest.write_str("&#96;")?,
                _ => dest.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// JSON text: compact, and lossless, but safe to look at: what a terminal would obey or hide is written as `\uXXXX`.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonText;

impl Formatter for JsonText {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Most text is plain ASCII, where no byte needs a closer look.
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, char)) = rest.char_indices().find(|&(_, char)| char.is_control() || deceives(char)) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = tail.get(char.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        text.serialize(&mut serde_json::Serializer::with_formatter(&mut out, JsonText)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_acts_on_the_terminal() {
        assert_eq!(terminal(b"a\n\r\t\0\x1b[31m\x7f"), "a⏎␍␉␀\\x1b[31m\\x7f");
        assert_eq!(terminal("\u{9b}2J \u{202e}gpj\u{200b} e\u{301}".as_bytes()), "\\x9b2J \\u{202e}gpj\\u{200b} e\\u{301}");
        assert_eq!(terminal(b"Caf\xe9 \x9b"), "Café \\x9b");
        assert_eq!(terminal("Café 漢".as_bytes()), "Café 漢");
    }

    #[test]
    fn a_cut_counts_columns() {
        assert_eq!(terminal_cut(b"abcdef", 6), "abcdef");
        assert_eq!(terminal_cut(b"abcdefg", 6), "abcde…");
        assert_eq!(terminal_cut("漢漢漢".as_bytes(), 5), "漢漢…");
        assert_eq!(terminal_cut("漢漢漢".as_bytes(), 4), "漢…");
        assert_eq!(terminal_cut(b"\x1b\x1b", 6), "\\x1b…");
        assert_eq!(terminal_cut(b"ab", 1), "…");
        assert_eq!(terminal_cut(b"ab", 0), "");
    }

    #[test]
    fn a_cut_is_the_same_in_any_pieces() {
        let text = "plain text, then \u{1b} 漢 and ␀ again plain";
        for (columns, at) in (0..50).flat_map(|columns| (0..text.len()).map(move |at| (columns, at))) {
            let mut pieces = Cut::new(columns);
            if let Some((one, two)) = text.split_at_checked(at) {
                pieces.push(one);
                pieces.push(two);
                let mut by_char = Cut::new(columns);
                text.chars().for_each(|char| by_char.push(char.encode_utf8(&mut [0; 4])));
                assert_eq!(pieces.finish(), by_char.finish(), "{columns} {at}");
            }
        }
    }

    #[test]
    fn json_hides_nothing() {
        assert_eq!(json("a\u{7f}\u{9b}\u{202e}\u{e0041}é\n"), r#""a\u007f\u009b\u202e\udb40\udc41é\n""#);
    }

    fn html(text: &str) -> String {
        let mut out = String::new();
        HtmlText.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn no_text_is_markup() {
        assert_eq!(html("<a b='c' d=\"e\">`&\u{202e}\n\x1b"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&#96;&amp;\\u{202e}⏎\\x1b");
    }

    proptest! {
        #[test]
        fn any_text_is_harmless_in_html(text: String) {
            let html = html(&text);
            prop_assert!(html.chars().all(|char| !char.is_control() && !deceives(char) && !"<>\"'`".contains(char)));
        }

        #[test]
        fn any_bytes_are_made_harmless(bytes: Vec<u8>, columns in 0_usize..40) {
            let text = terminal(&bytes);
            prop_assert!(text.chars().all(|char| !char.is_control() && !deceives(char)));
            prop_assert!(display_width(&terminal_cut(&bytes, columns)) <= columns);
        }

        #[test]
        fn json_is_lossless(text: String) {
            prop_assert_eq!(serde_json::from_str::<String>(&json(&text)).unwrap(), text);
        }
    }
}
