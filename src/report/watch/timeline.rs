//! The middle pane: sessions, phases and messages, one line each.

use super::super::escape::display_width;
use super::super::escape::terminal_cut;
use super::super::frames::frame_list;
use super::app::App;
use super::bytes::Mark;
use super::draw::gone;
use super::draw::part;
use super::entry::Entry;
use super::entry::Tone;
use super::theme::Theme;
use crate::peer::Peer;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Paragraph;

/// Columns of the session, the frames, the time, the direction, and the length.
const SESSION: usize = 4;
const FRAMES: usize = 10;
const TIME: usize = 11;
const DIRECTION: usize = 3;
const LENGTH: usize = 8;
/// A point and six digits.
const MICROS: usize = 7;
/// Columns of the name in a pane of this width, and in wider ones.
const NAME: (usize, usize) = (15, 20);
const WIDE: usize = 100;
/// Most words left out at the front of a text that does not fit: the name says them.
const OPENING: usize = 4;

/// What the pane is called.
pub(super) fn title(app: &App) -> String {
    let (all, passed) = app.ring.counts();
    let mut title = format!("timeline {}", part(passed, all));
    if app.follow {
        title.push_str(", following");
    }
    if let Some(filter) = app.ring.filter() {
        title.push_str(", only ");
        title.push_str(&filter.typed);
    }
    title.push_str(&gone(app.ring.gone()));
    title
}

/// Draws the lines around the selected one.
pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let (height, (_, rows)) = (usize::from(area.height), app.ring.counts());
    let selected = app.ring.row(app.selected);
    let highest = selected.saturating_add(1).saturating_sub(height);
    let last_page = rows.saturating_sub(height);
    let top = app.ring.row(app.top).clamp(highest, selected.max(highest)).min(last_page.max(highest));
    app.top = app.ring.at(top).unwrap_or(0);
    let width = usize::from(area.width);
    let lines: Vec<Line<'_>> = app.ring.rows(top, height).map(|entry| line(app, entry, width)).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// One line; the selected one stands out.
fn line(app: &App, entry: &Entry, width: usize) -> Line<'static> {
    let mut row = Row { spans: Vec::new(), left: width };
    let selected = entry.number == app.selected;
    // Seen also where reversed colours are not, and when the screen is read aloud.
    row.text(Style::new(), if selected { ">" } else { " " });
    let session = entry.session.as_deref().map(|session| format!("s{}", session.id.0)).unwrap_or_default();
    row.put(app.theme.faint(), &session, SESSION);
    if let (Some(from), Tone::Message) = (entry.from, entry.tone) {
        message(&mut row, app.theme, entry, from, width);
    } else {
        let sign = match entry.tone {
            Tone::Session => "━━ ",
            Tone::Phase | Tone::Story => "── ",
            Tone::Alarm => "!! ",
            Tone::Good => "→  ",
            Tone::Message | Tone::Faint => "   ",
        };
        row.text(app.theme.tone(entry.tone), sign);
        row.text(app.theme.tone(entry.tone), &entry.text());
    }
    if selected {
        row.text(Style::new(), &" ".repeat(row.left));
        return Line::from(row.spans).style(Style::new().add_modifier(Modifier::REVERSED));
    }
    Line::from(row.spans)
}

/// The columns of a message.
fn message(row: &mut Row, theme: Theme, entry: &Entry, from: Peer, width: usize) {
    row.put(theme.faint(), &frame_list(&entry.frames, FRAMES), FRAMES);
    let start = entry.session.as_deref().map_or(entry.at, |session| session.first_at);
    row.put(theme.faint(), &format!("{:>TIME$}", micros(&entry.at.relative_to(start).to_string())), TIME);
    let arrow = match from {
        Peer::Client => "C→S",
        Peer::Server => "S→C",
    };
    row.put(theme.peer(from), arrow, DIRECTION);
    row.put(theme.strong(), &entry.name, if width < WIDE { NAME.0 } else { NAME.1 });
    let length = entry.length.map(|bytes| format!("{bytes} B")).unwrap_or_default();
    let room = row.left.saturating_sub(LENGTH);
    let mut text = Row { spans: Vec::new(), left: room };
    pieces(&mut text, theme, &entry.line);
    text.text(Style::new(), &" ".repeat(text.left));
    row.spans.append(&mut text.spans);
    row.left = row.left.saturating_sub(room);
    row.text(Style::new(), &format!("{length:>LENGTH$}"));
}

/// A time to the microsecond: a line has no room for more digits, the details have all.
fn micros(time: &str) -> &str {
    time.split_once('.').and_then(|(whole, _)| time.get(..whole.len().saturating_add(MICROS))).unwrap_or(time)
}

/// The text of a message. Where it does not fit, the first control strings are left out if data follows: the name says them.
fn pieces(row: &mut Row, theme: Theme, pieces: &[(Mark, String)]) {
    let needed = pieces.iter().map(|(_, text)| display_width(text)).fold(0, usize::saturating_add);
    let keywords = pieces.iter().take_while(|(mark, _)| *mark == Mark::Keyword).count();
    let data = pieces.get(keywords).is_some_and(|(mark, _)| *mark == Mark::Data);
    let skipped = if needed > row.left && data { keywords.min(OPENING) } else { 0 };
    if skipped > 0 {
        row.text(theme.faint(), "… ");
    }
    for (place, (mark, text)) in pieces.iter().enumerate().skip(skipped) {
        let last = place.saturating_add(1) == pieces.len();
        if !last && display_width(text) >= row.left {
            row.text(theme.mark(*mark), &format!("{text} "));
            return;
        }
        row.text(theme.mark(*mark), text);
    }
}

/// A line that is being filled.
struct Row {
    spans: Vec<Span<'static>>,
    left: usize,
}

impl Row {
    /// Adds text, cut where the line ends.
    fn text(&mut self, style: Style, text: &str) {
        let shown = terminal_cut(text.as_bytes(), self.left);
        self.left = self.left.saturating_sub(display_width(&shown));
        self.spans.push(Span::styled(shown, style));
    }

    /// Adds a column of this width, and a blank behind it. What is longer takes the room of what follows.
    fn put(&mut self, style: Style, text: &str, width: usize) {
        let shown = terminal_cut(text.as_bytes(), self.left.min(width));
        let blanks = width.saturating_sub(display_width(&shown)).saturating_add(1);
        self.text(style, &shown);
        self.text(Style::new(), &" ".repeat(blanks.min(self.left)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_microseconds() {
        assert_eq!(["+0.000074312", "-1.500000", "+12"].map(micros), ["+0.000074", "-1.500000", "+12"]);
    }
}
