//! One message of the page: its bar, its sentence, and its bytes in hex and text, cut by role.

use super::Markup;
use super::rendered;
use super::text;
use crate::annotation::Role;
use crate::limits::HTML_MESSAGE_BYTES;
use crate::report::document::model::Message;
use crate::report::document::model::Token;
use askama::Template;
use askama::filters::Safe;
use std::fmt::Write as _;
use std::io;

/// Bytes in a row.
const ROW: u64 = 16;

/// Classes that tell which bytes of a row belong together, in hex and in text.
const PLACES: [&str; 16] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "ta", "tb", "tc", "td", "te", "tf"];

/// A message.
#[derive(Template)]
#[template(path = "message.html", config = "src/report/document/html/askama.toml")]
struct Shown<'a> {
    id: String,
    direction: &'static str,
    towards: &'static str,
    frames: String,
    filter: String,
    relative: &'a str,
    length: String,
    name: String,
    /// Its type, and where that is described.
    kind: Option<(String, String)>,
    /// The message it answers.
    answers: Option<text::Link>,
    sentence: String,
    rows: Markup,
    rest: u64,
}

/// A row of bytes.
#[derive(Template)]
#[template(path = "row.html", config = "src/report/document/html/askama.toml")]
struct Row {
    offset: String,
    cells: Vec<Cell>,
}

/// Bytes of a row that are of one token.
struct Cell {
    role: &'static str,
    place: &'static str,
    title: String,
    /// The id of its field: its name is written over it when the grammar is known.
    field: Option<String>,
    hidden: String,
    hex: String,
    text: String,
}

/// Draws a message of a protocol.
pub(super) fn draw(message: &Message, protocol: &str, anchors: &text::Anchors) -> io::Result<Markup> {
    let (rows, shown) = rows(message)?;
    let spans = text::spans(&message.packets);
    let (direction, towards) = if message.direction == "server" { ("server", "client") } else { ("client", "server") };
    let kind = message.message_type.as_ref().map(|kind| (text::cut(kind, 20), text::anchor(&["protocol", protocol, kind])));
    rendered(&Shown {
        id: text::anchor(&[&message.id]),
        direction,
        towards,
        frames: frames(message, &spans),
        filter: text::filter(&spans),
        relative: &message.relative,
        length: text::grouped(message.length),
        name: text::cut(&message.name, 60),
        kind,
        answers: message.response_to.as_ref().map(|id| text::link(id, anchors)),
        sentence: text::brief(&message.sentence),
        rows,
        rest: message.length.saturating_sub(shown),
    })
}

/// The frames of a message; with its input where that is not the first.
fn frames(message: &Message, spans: &[[u64; 2]]) -> String {
    let input = message.packets.first().map(|packet| text::cut(&packet.input, 12)).filter(|input| input != "i0");
    let frames = text::frames(spans);
    input.map_or_else(|| frames.clone(), |input| format!("{input} {frames}"))
}

/// Rows of bytes until a message has as much of the page as it may, and how many bytes these are.
fn rows(message: &Message) -> io::Result<(Markup, u64)> {
    let mut out = String::new();
    let mut shown = 0_u64;
    let mut pairs = message.payload.hex.as_bytes().chunks_exact(2);
    let mut tokens = message.tokens.iter().enumerate().peekable();
    loop {
        let mut row = Row { offset: format!("{shown:04x}"), cells: Vec::new() };
        // The number of the token of the newest cell.
        let mut current = None;
        for pair in pairs.by_ref().take(usize::try_from(ROW).unwrap_or(16)) {
            while tokens.next_if(|(_, token)| token.end <= shown).is_some() {}
            let token = tokens.peek().copied().filter(|(_, token)| token.start <= shown);
            let number = token.map(|(number, _)| number);
            if current != number || row.cells.is_empty() {
                let place = PLACES.get(row.cells.len()).copied().unwrap_or("t0");
                row.cells.push(Cell::of(token.map(|(_, token)| token), place));
            }
            current = number;
            if let Some(cell) = row.cells.last_mut() {
                cell.push(pair);
            }
            shown = shown.saturating_add(1);
        }
        if row.cells.is_empty() {
            return Ok((Safe(out), shown));
        }
        out.push_str(&rendered(&row)?.0);
        let left = message.length.saturating_sub(shown);
        if out.len() >= HTML_MESSAGE_BYTES && left > 2 * ROW {
            return Ok((Safe(out), shown));
        }
    }
}

impl Cell {
    /// An empty cell of a token. Bytes of no token are hidden: nobody knows what they are.
    fn of(token: Option<&Token>, place: &'static str) -> Self {
        let role = match token {
            Some(Token { redacted: true, .. }) | None => "s",
            Some(Token { role: Role::Control, .. }) => "c",
            Some(Token { role: Role::Keyword, .. }) => "k",
            Some(Token { role: Role::Data, .. }) => "d",
            Some(Token { role: Role::Unknown, .. }) => "u",
        };
        let title =
            token.map_or_else(|| "hidden".to_owned(), |token| format!("{} · {}", token.role.name(), token.kind.name().replace('_', " ")));
        let field = token.and_then(|token| token.field.as_deref()).map(text::placeholder);
        let length = |token: &Token| text::count(token.end.saturating_sub(token.start), "byte");
        let hidden = token.filter(|token| token.redacted).map(|token| format!(", redacted: {}", length(token))).unwrap_or_default();
        Self { role, place, title, field, hidden, hex: String::new(), text: String::new() }
    }

    /// Adds a byte, given as two digits.
    fn push(&mut self, pair: &[u8]) {
        let byte = str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| self.role != "s");
        if !self.hex.is_empty() {
            self.hex.push(' ');
        }
        match byte {
            // Writing to a `String` cannot fail.
            Some(byte) => _ = write!(self.hex, "{byte:02x}"),
            None => self.hex.push_str("**"),
        }
        self.text.push(match byte {
            None => '*',
            // Signs that the usual fonts have in the width of a letter.
            Some(b'\n') => '↵',
            Some(b'\r') => '←',
            Some(b'\t') => '→',
            Some(byte @ b' '..=b'~') => char::from(byte),
            Some(_) => '·',
        });
    }
}
