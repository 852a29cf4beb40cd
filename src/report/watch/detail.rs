//! The right pane: all of the selected line, and every byte of a message by its role.

use super::super::escape::display_width;
use super::super::escape::terminal_cut;
use super::super::frames::frame_list;
use super::super::hexdump::glyph;
use super::super::words;
use super::app::App;
use super::bytes::Cell;
use super::bytes::Mark;
use super::entry::Entry;
use super::entry::Tone;
use super::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Paragraph;

/// Columns that the frames of a line may take, however many lines that are.
const FRAMES: usize = 200;
/// Columns of a field's name and the blank behind it, as far as there is room.
const FIELD: usize = 16;

/// What the pane is called.
pub(super) fn title(app: &App) -> String {
    app.ring.get(app.selected).map_or_else(|| "details".to_owned(), |entry| format!("details: {}", entry.event))
}

/// Draws the details from the row on that was scrolled to.
pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let lines = app.ring.get(app.selected).map(|entry| lines(app.theme, entry, usize::from(area.width))).unwrap_or_default();
    app.scroll = app.scroll.min(lines.len().saturating_sub(usize::from(area.height)));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(app.scroll).take(usize::from(area.height)).collect();
    frame.render_widget(Paragraph::new(shown), area);
}

/// All rows of them.
fn lines(theme: Theme, entry: &Entry, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let (Some(from), Some(place), Some(session)) = (entry.from, entry.place, entry.session.as_deref()) {
        let to = from.other().name();
        wrapped(&mut lines, theme.strong(), &format!("{}.{place} {}, {} to {to}", session.id.0, entry.name, from.name()), width, 0);
    }
    for said in &entry.said {
        wrapped(&mut lines, Style::new(), said, width, 0);
    }
    lines.push(Line::default());
    field(&mut lines, theme, "at", &entry.at.to_string(), width);
    if !entry.frames.is_empty() {
        field(&mut lines, theme, "frames", &frame_list(&entry.frames, FRAMES), width);
    }
    for (name, value) in &entry.fields {
        field(&mut lines, theme, name, value, width);
    }
    let bytes: Vec<Cell> = entry.bytes.cells().collect();
    if !bytes.is_empty() {
        lines.push(Line::default());
        dump(&mut lines, theme, &bytes, width);
        if entry.bytes.more > 0 {
            let more = format!("⋮ {} more bytes (-x, or jsonl with --payload, has them)", entry.bytes.more);
            wrapped(&mut lines, theme.faint(), &more, width, 0);
        }
        legend(&mut lines, theme, width);
    }
    let place = place(entry);
    if !place.is_empty() {
        lines.push(Line::default());
    }
    for (name, value) in place {
        field(&mut lines, theme, name, &value, width);
    }
    lines
}

/// Where in its session it is: looked at after what it says.
fn place(entry: &Entry) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(session) = entry.session.as_deref().filter(|_| entry.tone != Tone::Session) {
        facts.push(("session", format!("{} → {}, {}", session.client, session.server, session.protocol)));
    }
    if let Some(phase) = &entry.phase {
        facts.push(("phase", phase.to_string()));
    }
    if let (Some(span), Some(from)) = (entry.span, entry.from) {
        let length = words::count(span.len(), "byte");
        facts.push(("bytes", format!("{} to {} of the {}, {length}", span.start, span.end, from.name())));
    }
    facts
}

/// A name and its value, below each other's continuation.
fn field(lines: &mut Vec<Line<'static>>, theme: Theme, name: &str, value: &str, width: usize) {
    let column = FIELD.min(width / 3).max(display_width(name).saturating_add(1)).min(width / 2);
    let mut rows = Vec::new();
    wrapped(&mut rows, Style::new(), value, width, column);
    let mut rows = rows.into_iter();
    if let Some(first) = rows.next() {
        let text: String = first.spans.iter().map(|span| span.content.as_ref()).collect();
        let name = terminal_cut(name.as_bytes(), column.saturating_sub(1));
        let pad = column.saturating_sub(display_width(&name));
        lines.push(Line::from(vec![
            Span::styled(name, theme.strong()),
            Span::raw(" ".repeat(pad)),
            Span::raw(text.trim_start().to_owned()),
        ]));
    }
    lines.extend(rows);
}

/// Adds words in lines of some width, all of them indented; what is longer than a line is torn.
fn wrapped(lines: &mut Vec<Line<'static>>, style: Style, text: &str, width: usize, indent: usize) {
    let room = width.saturating_sub(indent).max(1);
    let mut row = String::new();
    let mut used = 0_usize;
    let mut end = |row: &mut String| {
        let text = format!("{}{}", " ".repeat(indent), std::mem::take(row));
        lines.push(Line::from(Span::styled(text, style)));
    };
    for word in text.split(' ') {
        let needed = display_width(word);
        if used > 0 && used.saturating_add(1).saturating_add(needed) > room {
            end(&mut row);
            used = 0;
        } else if used > 0 {
            row.push(' ');
            used = used.saturating_add(1);
        }
        for letter in word.chars() {
            let columns = display_width(letter.encode_utf8(&mut [0; 4]));
            if used.saturating_add(columns) > room {
                end(&mut row);
                used = 0;
            }
            row.push(letter);
            used = used.saturating_add(columns);
        }
    }
    end(&mut row);
}

/// The bytes in rows of sixteen, eight or four, below each row their signs where colour does not tell the roles.
fn dump(lines: &mut Vec<Line<'static>>, theme: Theme, bytes: &[Cell], width: usize) {
    let count = [16, 8].into_iter().find(|count| columns(*count) <= width).unwrap_or(4);
    let mut offset = 0_usize;
    for row in bytes.chunks(count) {
        let mut spans = vec![Span::styled(format!("{offset:04x} "), theme.faint())];
        let mut signs = String::from("     ");
        for (place, (byte, mark)) in row.iter().enumerate() {
            let gap = if place == 8 { "  " } else { " " };
            spans.push(Span::raw(gap));
            spans.push(Span::styled(byte.map_or_else(|| "**".to_owned(), |byte| format!("{byte:02x}")), theme.mark(*mark)));
            signs.push_str(gap);
            signs.push_str(mark.sign());
        }
        let missing = count.saturating_sub(row.len());
        let middle = usize::from(count > 8 && row.len() <= 8);
        spans.push(Span::raw(" ".repeat(missing.saturating_mul(3).saturating_add(middle).saturating_add(2))));
        spans.extend(row.iter().map(|(byte, mark)| Span::styled(glyph(*byte).to_string(), theme.mark(*mark))));
        lines.push(Line::from(spans));
        if !theme.color {
            lines.push(Line::from(Span::styled(signs, theme.faint())));
        }
        offset = offset.saturating_add(row.len());
    }
}

/// Columns of a row of so many bytes.
fn columns(count: usize) -> usize {
    count.saturating_mul(4).saturating_add(7).saturating_add(usize::from(count > 8))
}

/// What the looks mean.
fn legend(lines: &mut Vec<Line<'static>>, theme: Theme, width: usize) {
    let entries =
        [(Mark::Control, "control character"), (Mark::Keyword, "protocol control string"), (Mark::Data, "data"), (Mark::Secret, "secret")];
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0_usize;
    for (mark, meaning) in entries {
        let sign = if theme.color { String::new() } else { format!("{} ", mark.sign()) };
        let needed = display_width(&sign).saturating_add(display_width(meaning)).saturating_add(2);
        if used > 0 && used.saturating_add(needed) > width {
            lines.push(Line::from(std::mem::take(&mut spans)));
            used = 0;
        }
        used = used.saturating_add(needed);
        spans.extend([Span::raw(sign), Span::styled(meaning, theme.mark(mark)), Span::raw("  ")]);
    }
    lines.push(Line::from(spans));
}
