//! One message on one line: frames, time, direction, name, text with visible terminators, length.

use super::escape::Cut;
use super::escape::decoded;
use super::escape::display_width;
use super::escape::terminal_cut;
use super::frames::frame_list;
use super::page::Page;
use super::page::palette;
use super::pieces::Piece;
use super::pieces::pieces;
use super::sentence::sentence;
use crate::annotation::Payload;
use crate::annotation::Role;
use crate::annotation::Shown;
use crate::event::Event;
use crate::event::Message;
use crate::peer::Peer;
use crate::time::Timestamp;
use anstyle::Style;

/// From this width on, the sentence of a message has a column of its own.
const WIDE: usize = 140;
/// About how many lines a sentence may take: it may quote the wire, which may be long.
const SENTENCE_LINES: usize = 4;

/// Where the columns are, from 0. Chosen once from the width, so that lines align without waiting for each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    /// Start of the frame numbers.
    frames: usize,
    /// End of the time.
    time: usize,
    /// Start of the direction.
    direction: usize,
    /// Start of the name.
    name: usize,
    /// Start of the text.
    text: usize,
    /// Start of the sentence, on wide pages.
    sentence: Option<usize>,
    /// Columns of the length at the right edge, with a blank before.
    length: usize,
}

impl Columns {
    /// The columns for a width.
    pub(super) fn of(width: usize) -> Self {
        let (frames, name, length) = match width {
            0..100 => (10, 15, 8),
            100..WIDE => (12, 18, 9),
            _ => (14, 20, 9),
        };
        let time = 2_usize.saturating_add(frames).saturating_add(11);
        let direction = time.saturating_add(1);
        let start = direction.saturating_add(4);
        let text = start.saturating_add(name).saturating_add(1);
        let rest = width.saturating_sub(text).saturating_sub(length);
        let sentence = (width >= WIDE).then(|| text.saturating_add(rest / 2));
        Self { frames: 2, time, direction, name: start, text, sentence, length }
    }

    /// Columns for frame numbers.
    fn frames_width(self) -> usize {
        self.time.saturating_sub(11).saturating_sub(self.frames)
    }

    /// Columns for the name.
    fn name_width(self) -> usize {
        self.text.saturating_sub(self.name).saturating_sub(1)
    }
}

/// Draws the line of a message; times count from `start`.
pub(super) fn draw(page: &mut Page, columns: Columns, event: &Event<'_>, message: &Message<'_>, start: Timestamp) {
    page.go_to(columns.frames);
    page.put(palette::FAINT, &frame_list(&event.evidence.frames, columns.frames_width()));
    page.put_right(palette::FAINT, &event.at.relative_to(start).to_string(), columns.time);
    page.put_right(palette::PLAIN, "", columns.direction);
    let (style, arrow) = match message.from {
        Peer::Client => (palette::CLIENT, "C→S"),
        Peer::Server => (palette::SERVER, "S→C"),
    };
    page.put(style, arrow);
    page.put_right(palette::PLAIN, "", columns.name);
    page.put(palette::STRONG, &terminal_cut(message.annotation.name.as_bytes(), columns.name_width()));
    page.put_right(palette::PLAIN, "", columns.text);
    let length = format!("{} B", message.payload.len());
    let reserved = columns.length.max(display_width(&length).saturating_add(1));
    let edge = page.width();
    let behind = columns.sentence.map_or(0, |sentence| edge.saturating_sub(reserved).saturating_sub(sentence).saturating_add(2));
    let room = page.room(reserved.saturating_add(behind));
    text(page, message.payload, room);
    if let Some(start) = columns.sentence {
        page.go_to(start);
        let room = page.room(reserved);
        page.put(palette::PLAIN, &terminal_cut(sentence(message.annotation).as_bytes(), room));
    }
    page.put_right(palette::PLAIN, &length, edge);
    page.end();
}

/// Draws the sentence of a message below its line, where it has no column.
pub(super) fn draw_sentence(page: &mut Page, columns: Columns, message: &Message<'_>) {
    let sentence = sentence(message.annotation);
    if columns.sentence.is_none() && !sentence.is_empty() {
        let most = page.width().saturating_mul(SENTENCE_LINES);
        page.wrapped(palette::FAINT, columns.name, &terminal_cut(sentence.as_bytes(), most));
    }
}

/// Most pieces left out at the front of a message: two words and their separators.
const OPENING: usize = 4;

/// How many pieces to leave out at the front, because the name already says them and what matters would be cut: the
/// first control strings of a message that does not fit and has data behind them.
fn opening(payload: Payload<'_>, columns: usize) -> usize {
    let mut left = Some(columns);
    for piece in pieces(payload) {
        let width = match piece.shown {
            Shown::Bytes(bytes) => bytes.len(),
            Shown::Redacted(_) => 20,
        };
        left = left.and_then(|left| left.checked_sub(width));
        if left.is_none() {
            break;
        }
    }
    let keywords = pieces(payload).take_while(|piece| piece.role == Some(Role::Keyword)).count();
    let then_data = pieces(payload).nth(keywords).is_some_and(|piece| piece.role == Some(Role::Data));
    if left.is_none() && then_data { keywords.min(OPENING) } else { 0 }
}

/// Draws the bytes of a message in their colours, in at most so many columns.
fn text(page: &mut Page, payload: Payload<'_>, columns: usize) {
    let mut left = columns;
    let skipped = opening(payload, columns);
    if skipped > 0 {
        page.put(palette::FAINT, "… ");
        left = left.saturating_sub(2);
    }
    let mut pieces = pieces(payload).skip(skipped).peekable();
    while let Some(piece) = pieces.next() {
        // Behind a piece that is not the last there must be room for an ellipsis.
        let mut cut = Cut::new(if pieces.peek().is_some() { left.saturating_sub(1) } else { left });
        match piece.shown {
            Shown::Bytes(bytes) => cut.push(&decoded(bytes)),
            Shown::Redacted(bytes) => cut.push(&format!("<redacted {bytes} bytes>")),
        }
        let full = cut.is_full();
        let text = cut.finish();
        left = left.saturating_sub(display_width(&text));
        page.put(style_of(&piece), &text);
        if full {
            return;
        }
    }
}

/// The colour of a piece.
pub(super) fn style_of(piece: &Piece<'_>) -> Style {
    match (piece.shown, piece.role) {
        (Shown::Redacted(_), _) | (_, None) => palette::SECRET,
        (_, Some(Role::Control)) => palette::CONTROL,
        (_, Some(Role::Keyword)) => palette::KEYWORD,
        (_, Some(Role::Data)) => palette::DATA,
        (_, Some(Role::Unknown)) => palette::FAINT,
    }
}
