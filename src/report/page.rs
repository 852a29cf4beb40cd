//! Lines of text of a known width: columns, wrapping, colour. What the pieces of the table output draw on.

use super::escape::display_width;
use anstyle::AnsiColor;
use anstyle::Color;
use anstyle::Style;
use std::fmt::Write as _;

/// The colours: 16-colour ANSI only, so that the terminal's own theme decides what they look like.
pub(super) mod palette {
    use super::AnsiColor;
    use super::Color;
    use super::Style;

    /// No colour.
    pub(in crate::report) const PLAIN: Style = Style::new();
    /// What is looked at second.
    pub(in crate::report) const FAINT: Style = Style::new().dimmed();
    /// Names and titles.
    pub(in crate::report) const STRONG: Style = Style::new().bold();
    /// The grey bar over a session.
    pub(in crate::report) const BAR: Style = AnsiColor::Black.on_default().bg_color(Some(Color::Ansi(AnsiColor::White)));
    /// Something odd.
    pub(in crate::report) const ALARM: Style = AnsiColor::Red.on_default().bold();
    /// What the client says.
    pub(in crate::report) const CLIENT: Style = AnsiColor::Blue.on_default().bold();
    /// What the server says.
    pub(in crate::report) const SERVER: Style = AnsiColor::Magenta.on_default().bold();
    /// Control characters; turquoise in Frank4DD's legend.
    pub(in crate::report) const CONTROL: Style = AnsiColor::Cyan.on_default().underline();
    /// Protocol control strings; green there.
    pub(in crate::report) const KEYWORD: Style = AnsiColor::Green.on_default().bold();
    /// Protocol data; orange there.
    pub(in crate::report) const DATA: Style = AnsiColor::Yellow.on_default();
    /// In place of a secret.
    pub(in crate::report) const SECRET: Style = AnsiColor::Red.on_default();
}

/// Text that is being laid out. All text put on it is escaped already.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    color: bool,
    width: usize,
    /// Where the current line ends, from 0.
    column: usize,
}

impl Page {
    /// An empty page of so many columns.
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self { text: String::new(), color, width, column: 0 }
    }

    /// Columns of a line.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// What was laid out since it was last cleared.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether colour is used.
    pub(super) fn color(&self) -> bool {
        self.color
    }

    /// Forgets the text, keeps its memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
    }

    /// Adds text to the line.
    pub(super) fn put(&mut self, style: Style, text: &str) {
        self.column = self.column.saturating_add(display_width(text));
        if self.color && style != palette::PLAIN {
            // Writing to a String cannot fail.
            _ = write!(self.text, "{style}{text}{style:#}");
        } else {
            self.text.push_str(text);
        }
    }

    /// Adds blanks up to a column; none when the line is there already.
    pub(super) fn go_to(&mut self, column: usize) {
        let blanks = column.saturating_sub(self.column);
        self.blanks(blanks);
    }

    fn blanks(&mut self, blanks: usize) {
        self.text.extend(std::iter::repeat_n(' ', blanks));
        self.column = self.column.saturating_add(blanks);
    }

    /// Adds text that ends at a column, or right behind a blank when it is too long.
    pub(super) fn put_right(&mut self, style: Style, text: &str, end: usize) {
        let start = end.saturating_sub(display_width(text));
        self.go_to(start.max(self.column.saturating_add(1)));
        self.put(style, text);
    }

    /// Columns left on the line when `reserved` are kept for what follows.
    pub(super) fn room(&self, reserved: usize) -> usize {
        self.width.saturating_sub(self.column).saturating_sub(reserved)
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    /// Fills the line with a rule and ends it.
    pub(super) fn rule(&mut self) {
        let room = self.room(1);
        if room > 0 {
            self.put(palette::FAINT, &format!(" {}", "─".repeat(room)));
        }
        self.end();
    }

    /// Lays out words from column `indent` on, every line. What stands on the line already is kept, and the line ended.
    pub(super) fn wrapped(&mut self, style: Style, indent: usize, text: &str) {
        self.go_to(indent);
        self.packed(style, indent, " ", text.split(' ').filter(|word| !word.is_empty()));
    }

    /// Lays out parts that are not to be torn apart if it can be helped, with a separator where two share a line; lines after
    /// the first are indented.
    pub(super) fn packed<'p>(&mut self, style: Style, indent: usize, separator: &str, parts: impl IntoIterator<Item = &'p str>) {
        let (indent, blanks) = (" ".repeat(indent), indent);
        let (mut line, mut width) = (String::new(), 0_usize);
        let mut between = "";
        for part in parts {
            let columns = display_width(part);
            let apart = width.saturating_add(display_width(between));
            if !between.is_empty() && apart.saturating_add(columns) > self.room(0) {
                self.fill(style, &line);
                line.clone_from(&indent);
                width = blanks;
            } else {
                line.push_str(between);
                width = apart;
            }
            line.push_str(part);
            width = width.saturating_add(columns);
            between = separator;
            if width > self.room(0) {
                self.torn(style, &indent, &mut line);
                width = display_width(&line);
            }
        }
        self.fill(style, &line);
    }

    /// Lays out full lines of a part that is longer than a line, leaving the rest.
    fn torn(&mut self, style: Style, indent: &str, line: &mut String) {
        while display_width(line) > self.room(0) {
            let room = self.room(0).max(display_width(indent).saturating_add(2));
            let mut width = 0_usize;
            let cut = line.char_indices().find(|(_, char)| {
                width = width.saturating_add(display_width(char.encode_utf8(&mut [0; 4])));
                width > room
            });
            let Some((at, _)) = cut else { return };
            let rest = line.split_off(at);
            self.fill(style, line);
            *line = format!("{indent}{rest}");
        }
    }

    /// Ends a line with text; a bar goes on to the edge.
    fn fill(&mut self, style: Style, text: &str) {
        if self.color && style == palette::BAR {
            let filled = format!("{text}{}", " ".repeat(self.room(display_width(text))));
            self.put(style, &filled);
        } else {
            self.put(style, text);
        }
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_and_long_ones_are_torn() {
        let mut page = Page::new(12, false);
        page.wrapped(palette::PLAIN, 2, "one two three abcdefghijklmnopq four");
        assert_eq!(page.text(), "  one two\n  three\n  abcdefghij\n  klmnopq\n  four\n");
    }

    #[test]
    fn columns_hold_or_give_way() {
        let mut page = Page::new(20, false);
        page.put(palette::PLAIN, "abc");
        page.put_right(palette::PLAIN, "12", 8);
        page.put_right(palette::PLAIN, "too long", 10);
        assert_eq!((page.text(), page.room(1)), ("abc   12 too long", 2));
    }
}
