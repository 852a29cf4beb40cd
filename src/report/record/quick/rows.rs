//! Records of rows: what a kind of rows has in common stands ready, and the cells are copied between it.

use super::Quick;
use super::digits::Digits;
use super::kinds::escaped;
use super::known::Known;
use super::opening::Opening;
use super::place::Place;
use super::place::SLACK;
use super::place::TAIL_BYTES;
use super::room::Piece;
use super::room::Room;
use super::text;
use super::tokens::HEAD;
use super::tokens::tail_of;
use crate::annotation::Role;
use crate::event::Event;
use crate::peer::Peer;
use crate::report::sentence::each_part;
use crate::report::sentence::sentence;
use crate::row::Cell;
use crate::row::Column;
use crate::row::Form;
use crate::row::Row;
use std::io;

/// Bytes that a text between two values has at most; rows with longer ones are written as other messages are.
const BETWEEN: usize = 64;

/// The same of the name of a field with what stands around it.
const KEY: usize = 32;

/// The same of the longer texts between the parts of a record.
const WIDE: usize = 128;

/// Bytes of a record beside its cells and what belongs to them: twice as many as there are.
const BESIDE: usize = 1024;

/// Bytes that stand around a cell at most: its key, the tokens of it and of the separator before it, and their numbers.
const AROUND: usize = 384;

type Between = Piece<BETWEEN>;
type Key = Piece<KEY>;
type Tail = Piece<TAIL_BYTES>;

/// Remembers kinds of rows.
#[derive(Debug, Default)]
pub(super) struct Rows(Known<Kind>);

/// Rows that say the same in the same words, but for the cells.
#[derive(Debug)]
struct Kind {
    protocol: &'static str,
    name: &'static str,
    sentence: &'static str,
    columns: &'static [Column],
    from: Peer,
    phase: u16,
    text: Text,
}

/// How rows of a kind look.
#[derive(Debug)]
struct Text {
    /// What stands before the number.
    before_number: Between,
    /// What stands between the number and the first value.
    before_sentence: Piece<WIDE>,
    /// The sentence: what stands before which cell.
    parts: Vec<(Between, usize)>,
    /// What stands behind its last cell.
    last_part: Between,
    /// What stands behind the length, up to the first value.
    before_fields: Between,
    /// What stands before all other values, from the end of the one before.
    keys: Vec<Key>,
    /// The keys alone.
    odd_keys: Vec<Key>,
    /// The end of the last value, and the head of the first token.
    before_tokens: Between,
    /// What stands behind the numbers of each cell's token.
    tails: Vec<Tail>,
    separator: Tail,
    line_end: Tail,
}

impl Kind {
    #[inline]
    fn is_of(&self, row: &Row<'_>) -> bool {
        // All are constants of the program: where they stand tells them apart.
        std::ptr::eq(self.columns, row.columns)
            && std::ptr::eq(self.protocol, row.protocol)
            && std::ptr::eq(self.name, row.name)
            && std::ptr::eq(self.sentence, row.sentence)
            && (self.from, self.phase) == (row.from, row.phase)
    }

    /// Learns from a row; nothing where a text is too long, or the sentence names what is no text.
    #[cold]
    fn of(row: &Row<'_>) -> Option<Self> {
        let Row { protocol, name, sentence, columns, from, phase, .. } = *row;
        Some(Self { protocol, name, sentence, columns, from, phase, text: Text::of(row)? })
    }
}

/// What stands before a value, in it: the mark that opens it; and the one that closes it.
fn marks(column: &Column) -> (&'static str, &'static str) {
    match column.form {
        Form::Text | Form::Word => ("\"", "\""),
        Form::List(_) => ("[", "]"),
    }
}

impl Text {
    fn of(row: &Row<'_>) -> Option<Self> {
        let Row { protocol, name, sentence, columns, from, phase, .. } = *row;
        let is_repeated = |(place, column): (usize, &Column)| columns.iter().take(place).any(|earlier| earlier.name == column.name);
        if columns.iter().enumerate().any(is_repeated) {
            return None;
        }
        let (parts, last_part) = parts(sentence, columns)?;
        let key = |column: &Column| format!("\"{}\":", column.name);
        let (mut keys, mut odd_keys, mut closing) = (Vec::new(), Vec::new(), String::new());
        for (place, column) in columns.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let (open, close) = marks(column);
            keys.push(Key::of(format!("{closing}{comma}{}{open}", key(column)).as_bytes())?);
            odd_keys.push(Key::of(format!("{comma}{}", key(column)).as_bytes())?);
            close.clone_into(&mut closing);
        }
        let shown = escaped(name);
        let before_sentence = format!(",\"name\":\"{shown}\",\"direction\":\"{}\",\"phase\":{phase},\"sentence\":\"", from.name());
        let tail = |role, kind| Tail::of(tail_of(role, kind, false).as_bytes());
        let line_end = tail_of(Role::Control, "line_end", false);
        Some(Self {
            before_number: Between::of(format!(",\"protocol\":\"{protocol}\",\"number\":").as_bytes())?,
            before_sentence: Piece::of(before_sentence.as_bytes())?,
            parts,
            last_part: Between::of(format!("{last_part}\"").as_bytes())?,
            before_fields: Between::of(b",\"fields\":{")?,
            before_tokens: Between::of(format!("{closing}}},\"tokens\":[{HEAD}").as_bytes())?,
            keys,
            odd_keys,
            tails: columns.iter().map(|column| tail(Role::Data, column.name)).collect::<Option<_>>()?,
            separator: tail(Role::Keyword, "separator")?,
            line_end: Tail::of(format!("{}]}}", line_end.strip_suffix(HEAD)?.strip_suffix(',')?).as_bytes())?,
        })
    }
}

/// The parts of a sentence, and what stands behind the last cell.
fn parts(sentence: &str, columns: &[Column]) -> Option<(Vec<(Between, usize)>, String)> {
    let (mut parts, mut before, mut fits) = (Vec::new(), String::new(), true);
    each_part(sentence, |part| {
        before.push_str(&escaped(part.before));
        let Some(place) = part.name.and_then(|name| columns.iter().position(|column| column.name == name)) else { return };
        before.push_str(&escaped(part.words));
        let is_text = columns.get(place).is_some_and(|column| !matches!(column.form, Form::List(_)));
        match Between::of(before.as_bytes()).filter(|_| is_text) {
            Some(piece) => parts.push((piece, place)),
            None => fits = false,
        }
        before.clear();
    });
    fits.then_some((parts, before))
}

impl Rows {
    /// The kind of a row; nothing where it has to be written as other messages are.
    #[inline]
    fn of(&mut self, row: &Row<'_>) -> Option<&Text> {
        self.0.of(|kind| kind.is_of(row), || Kind::of(row)).map(|kind| &kind.text)
    }
}

impl Quick {
    /// Adds the record of a row, without a line end; false, and nothing is added, where it is to be written as other messages are.
    ///
    /// # Errors
    ///
    /// None that depends on the event.
    pub(in crate::report) fn row(&mut self, event: &Event<'_>, row: &Row<'_>, out: &mut Room) -> io::Result<bool> {
        let Some(kind) = self.rows.of(row) else { return Ok(false) };
        let start = out.len();
        let completed_at = if row.completed_at == event.at { &[][..] } else { self.completed_at.text(row.completed_at) };
        let written = if row.is_plain {
            plain(&mut self.opening, (kind, completed_at), event, row, out).is_some()
        } else {
            odd(&mut self.opening, (kind, completed_at), event, row, out)?.is_some()
        };
        if !written {
            out.cut(start);
        }
        Ok(written)
    }
}

/// Writes a row that is plain: nothing in it need be looked at any more.
fn plain(opening: &mut Opening, (kind, completed_at): (&Text, &[u8]), event: &Event<'_>, row: &Row<'_>, out: &mut Room) -> Option<()> {
    opening.put(out, event);
    // A list of single letters takes four bytes for two; a sentence may name a cell in each of its parts.
    let copies = kind.parts.len().saturating_add(3);
    let cells = row.length.saturating_mul(copies).saturating_add(row.cells.len().saturating_mul(AROUND));
    let most = cells.saturating_add(completed_at.len()).saturating_add(BESIDE).saturating_add(SLACK);
    let mut place = Place::new(out.next(most));
    place.piece(&kind.before_number)?;
    place.number(row.number)?;
    place.piece(&kind.before_sentence)?;
    for (before, cell) in &kind.parts {
        place.piece(before)?;
        copy(&mut place, row, row.cells.get(*cell)?)?;
    }
    place.piece(&kind.last_part)?;
    length(&mut place, completed_at, row)?;
    place.piece(&kind.before_fields)?;
    for (key, (column, cell)) in kind.keys.iter().zip(row.fields()) {
        place.piece(key)?;
        match column.form {
            Form::Text | Form::Word => copy(&mut place, row, cell)?,
            Form::List(separator) => list(&mut place, row, cell, separator)?,
        }
    }
    place.piece(&kind.before_tokens)?;
    tokens(&mut place, kind, row)?;
    let filled = place.filled();
    out.take(filled);
    Some(())
}

/// Adds a cell as it is.
#[inline]
fn copy(place: &mut Place<'_>, row: &Row<'_>, cell: &Cell) -> Option<()> {
    if cell.is_nothing {
        return Some(());
    }
    place.front(row.bytes.get(cell.start..)?, cell.end.checked_sub(cell.start)?)
}

/// Adds the texts of a list, as [`crate::annotation::Value::items`] tells them.
#[inline]
fn list(place: &mut Place<'_>, row: &Row<'_>, cell: &Cell, separator: u8) -> Option<()> {
    let text = row.text(cell);
    let stands_alone = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if text.is_empty() {
        return Some(());
    }
    if stands_alone(text.first()) && stands_alone(text.last()) && !holds(text, separator) {
        place.word(b"\"")?;
        copy(place, row, cell)?;
        return place.word(b"\"");
    }
    items(place, text, separator)
}

/// Whether a byte is in a text: most are short.
#[inline]
fn holds(text: &[u8], byte: u8) -> bool {
    let in_eight = |bytes: &[u8; 8]| {
        let rest = u64::from_ne_bytes(*bytes) ^ u64::from_ne_bytes([byte; 8]);
        // A byte that is zero borrows from its highest bit.
        rest.wrapping_sub(u64::from_ne_bytes([1; 8])) & !rest & u64::from_ne_bytes([0x80; 8]) != 0
    };
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) if text.len() <= 16 => in_eight(first) || in_eight(last),
        (Some(_), _) => memchr::memchr(byte, text).is_some(),
        _ => text.contains(&byte),
    }
}

/// Adds the texts of a list that has any number of them.
fn items(place: &mut Place<'_>, text: &[u8], separator: u8) -> Option<()> {
    let (mut rest, mut is_first) = (text, true);
    loop {
        let (item, behind) = match memchr::memchr(separator, rest) {
            Some(at) => (rest.get(..at)?, rest.get(at.saturating_add(1)..)),
            None => (rest, None),
        };
        let item = item.trim_ascii();
        if !item.is_empty() {
            if !is_first {
                place.word(b",")?;
            }
            place.word(b"\"")?;
            place.front(item, item.len())?;
            place.word(b"\"")?;
            is_first = false;
        }
        let Some(behind) = behind else { return Some(()) };
        rest = behind;
    }
}

/// Adds when the message was complete, where that is to be said, and its length.
#[inline]
fn length(place: &mut Place<'_>, completed_at: &[u8], row: &Row<'_>) -> Option<()> {
    if !completed_at.is_empty() {
        place.word(b",\"completed_at\":")?;
        place.text(completed_at)?;
    }
    place.word(b",\"length\":")?;
    place.number(row.span.len())
}

/// Adds the tokens behind the head of the first one, and all that follows them.
#[inline]
fn tokens(place: &mut Place<'_>, kind: &Text, row: &Row<'_>) -> Option<()> {
    let (mut at, mut digits) = (0_usize, Digits::of(0)?);
    for (tail, cell) in kind.tails.iter().zip(row.cells) {
        if cell.start > at {
            let start = Digits::of(cell.start)?;
            place.token(digits, start, &kind.separator)?;
            (at, digits) = (cell.start, start);
        }
        if cell.end > at {
            let end = Digits::of(cell.end)?;
            place.token(digits, end, tail)?;
            (at, digits) = (cell.end, end);
        }
    }
    place.token(digits, Digits::of(row.length)?, &kind.line_end)
}

/// Writes a row whose cells have to be looked at.
fn odd(
    opening: &mut Opening,
    (kind, completed_at): (&Text, &[u8]),
    event: &Event<'_>,
    row: &Row<'_>,
    out: &mut Room,
) -> io::Result<Option<()>> {
    opening.put(out, event);
    out.piece(&kind.before_number);
    out.number(row.number);
    out.piece(&kind.before_sentence);
    let (start, mut is_plain) = (out.len(), true);
    for (before, cell) in &kind.parts {
        out.piece(before);
        is_plain &= row.cells.get(*cell).is_some_and(|cell| text::put_part(out, row.text(cell)));
    }
    out.piece(&kind.last_part);
    if !is_plain {
        // The quotation mark before it is its own.
        out.cut(start.saturating_sub(1));
        text::general(out, &sentence(&row.annotation()))?;
    }
    let mut place = Place::new(out.next(completed_at.len().saturating_add(BESIDE)));
    let filled = length(&mut place, completed_at, row).and_then(|()| place.piece(&kind.before_fields)).map(|()| place.filled());
    let Some(filled) = filled else { return Ok(None) };
    out.take(filled);
    for (key, (column, cell)) in kind.odd_keys.iter().zip(row.fields()) {
        out.piece(key);
        super::value(out, &row.value(column, cell))?;
    }
    out.put(b"},\"tokens\":[");
    out.put(HEAD.as_bytes());
    let mut place = Place::new(out.next(row.cells.len().saturating_mul(AROUND).saturating_add(BESIDE)));
    let filled = tokens(&mut place, kind, row).map(|()| place.filled());
    Ok(filled.map(|filled| out.take(filled)))
}
