//! Hex dumps whose bytes are coloured by role, and marked by a row of signs for those who see no colour.

use super::message::style_of;
use super::page::Page;
use super::page::palette;
use super::pieces::Piece;
use super::pieces::pieces;
use crate::annotation::Payload;
use crate::annotation::Role;
use crate::annotation::Shown;
use anstyle::Style;

/// Bytes in a row.
const ROW: usize = 16;
/// Bytes of a message that are dumped: all of most; a line of megabytes would only fill memory and terminal.
const MOST_BYTES: usize = 64 << 10;
/// Where the offset starts, where the hex starts and where the text starts, in columns from 0.
const OFFSET_AT: usize = 6;
const HEX_AT: usize = 12;
const TEXT_AT: usize = 62;

/// A byte as it may be shown.
#[derive(Clone, Copy)]
struct Cell {
    /// None where it is a secret.
    byte: Option<u8>,
    sign: &'static str,
    style: Style,
}

impl Cell {
    /// The bytes of a piece.
    fn all(piece: Piece<'_>) -> impl Iterator<Item = Self> {
        let style = style_of(&piece);
        let sign = match (piece.shown, piece.role) {
            (Shown::Redacted(_), _) | (_, None) => "??",
            (_, Some(Role::Control)) => "^^",
            (_, Some(Role::Keyword)) => "##",
            (_, Some(Role::Data)) => "..",
            (_, Some(Role::Unknown)) => "~~",
        };
        (0..piece.len()).map(move |place| {
            let byte = match piece.shown {
                Shown::Bytes(bytes) => bytes.get(place).copied(),
                Shown::Redacted(_) => None,
            };
            Self { byte, sign, style }
        })
    }

    /// Two hex digits.
    fn hex(self) -> String {
        self.byte.map_or_else(|| "**".to_owned(), |byte| format!("{byte:02x}"))
    }
}

/// A byte in one column of text; nothing is a secret.
pub(super) fn glyph(byte: Option<u8>) -> char {
    match byte {
        None => '*',
        Some(b'\n') => '⏎',
        Some(b'\r') => '␍',
        Some(b'\t') => '␉',
        Some(0) => '␀',
        Some(byte @ b' '..=b'~') => char::from(byte),
        Some(_) => '·',
    }
}

/// Draws the bytes of a message, 16 a row, each row followed by its signs.
pub(super) fn draw(page: &mut Page, payload: Payload<'_>) {
    let mut cells = pieces(payload).flat_map(Cell::all).take(MOST_BYTES).peekable();
    let mut offset = 0_usize;
    let mut row = Vec::with_capacity(ROW);
    while cells.peek().is_some() {
        row.clear();
        row.extend(cells.by_ref().take(ROW));
        draw_row(page, offset, &row);
        offset = offset.saturating_add(row.len());
    }
    let more = payload.len().saturating_sub(offset);
    if more > 0 {
        page.wrapped(palette::FAINT, OFFSET_AT, &format!("⋮ {more} more bytes (jsonl with the payload has them)"));
    }
}

/// Draws a row and its signs.
fn draw_row(page: &mut Page, offset: usize, row: &[Cell]) {
    page.go_to(OFFSET_AT);
    page.put(palette::FAINT, &format!("{offset:04x}"));
    for (place, cell) in row.iter().enumerate() {
        page.go_to(hex_column(place));
        page.put(cell.style, &cell.hex());
    }
    page.go_to(TEXT_AT);
    for cell in row {
        page.put(cell.style, glyph(cell.byte).encode_utf8(&mut [0; 4]));
    }
    page.end();
    for (place, cell) in row.iter().enumerate() {
        page.go_to(hex_column(place));
        page.put(palette::FAINT, cell.sign);
    }
    page.end();
}

/// Where a byte of a row stands: a wider gap in the middle.
fn hex_column(place: usize) -> usize {
    HEX_AT.saturating_add(place.saturating_mul(3)).saturating_add(place / 8)
}

/// Draws what colours and signs mean.
pub(super) fn legend(page: &mut Page, hex: bool) {
    page.put(palette::STRONG, "Legend");
    let entries = [
        ("^^", palette::CONTROL, "control character"),
        ("##", palette::KEYWORD, "protocol control string"),
        ("..", palette::DATA, "data"),
        ("??", palette::SECRET, "secret"),
    ];
    for (sign, style, meaning) in entries {
        page.put(palette::PLAIN, "  ");
        if hex {
            page.put(palette::FAINT, &format!("{sign} "));
        }
        page.put(style, meaning);
    }
    page.end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Token;

    #[test]
    fn a_huge_message_is_cut() {
        let bytes = vec![b'a'; MOST_BYTES + 17];
        let tokens = [Token { start: 0, end: bytes.len(), role: Role::Data, kind: "blob", secret: false }];
        let mut page = Page::new(80, false);
        draw(&mut page, Payload::new(&bytes, &tokens, false));
        assert_eq!(page.text().lines().count(), 2 * MOST_BYTES / ROW + 1);
        assert!(page.text().ends_with("\n      ⋮ 17 more bytes (jsonl with the payload has them)\n"));
    }
}
