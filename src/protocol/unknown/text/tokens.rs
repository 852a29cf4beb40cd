//! The role of every byte of a line: its columns, what stands between them, what ends it.

use super::Text;
use super::fields::Part;
use super::kinds::Kind as MessageKind;
use super::lines::Line;
use super::lines::Split;
use super::naming::within;
use crate::annotation::Token;
use crate::grammar::Kind;
use crate::protocol::unknown::Typed;
use crate::protocol::unknown::framing::marked;

/// Adds the tokens of a line to those of its message; they tile it.
pub(super) fn add(typed: &mut Typed, text: &Text<'_>, place: usize, kind: Option<&MessageKind>) {
    let Some(line) = text.lines.get(place) else { return };
    let mut writer = Writer { typed, at: line.start };
    let Some(known) = text.known.get(place) else { return };
    let hidden = text.secrets.hidden.get(place).copied().unwrap_or_default();
    let (begin, leading) = (known.leading.0, &known.leading.1);
    let last = line.last_column();
    let mut column = 0;
    while let Some((start, end)) = line.columns.get(column).copied() {
        writer.between(line, start);
        let word = column.checked_sub(begin).and_then(|place| leading.get(place)).copied();
        let field = |part| kind.and_then(|kind| kind.field(part));
        if let Some(word) = word.filter(|_| !hidden.covers(column)) {
            writer.put(end, word, false, field(Part::Column(column)));
        } else if known.closed && column == last {
            writer.put(end, Kind::Marker, false, field(Part::Close));
        } else {
            let rest = kind.and_then(|kind| kind.plan.rest).is_some_and(|rest| column >= rest) && line.split != Split::Counted;
            let stop = if known.closed { last } else { line.columns.len() };
            let behind = if rest { stop.max(column.saturating_add(1)) } else { column.saturating_add(1) };
            let end = line.columns.get(behind.saturating_sub(1)).map_or(end, |(_, end)| *end);
            let value = line.bytes.get(start..end).unwrap_or_default();
            let secret = (column..behind).any(|place| hidden.covers(place) || text.secrets.knows(line.column(place)));
            let secret = secret || is_mixed(value);
            let part = if rest { Part::Rest(column) } else { Part::Column(column) };
            let data = kind.and_then(|kind| kind.plan.kinds.get(&column)).copied().unwrap_or(Kind::String);
            writer.data(end, value, data, secret, field(part));
            column = behind.saturating_sub(1);
        }
        column = column.saturating_add(1);
    }
    writer.between(line, line.end);
    writer.put(line.stop, Kind::Terminator, false, kind.and_then(|kind| kind.field(Part::Terminator)));
}

/// Whether binary bytes stand among the text: what is a secret there, nothing tells.
fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(|byte| (*byte < b' ' && !byte.is_ascii_whitespace()) || *byte == 0x7f)
}

/// Writes tokens one behind the other.
struct Writer<'t> {
    typed: &'t mut Typed,
    at: usize,
}

impl Writer<'_> {
    /// A token up to here; none when that is no byte.
    fn put(&mut self, end: usize, kind: Kind, secret: bool, field: Option<String>) {
        if end > self.at {
            let role = if secret { crate::annotation::Role::Data } else { kind.role() };
            self.typed.tokens.push(Token { start: self.at, end, role, kind: kind.name(), secret });
            self.typed.fields.push(field);
            self.at = end;
        }
    }

    /// Data, of which a part may be a secret by a name in front of it.
    fn data(&mut self, end: usize, value: &[u8], kind: Kind, secret: bool, field: Option<String>) {
        let begin = if secret { None } else { within(value) };
        if let Some(begin) = begin {
            self.put(self.at.saturating_add(begin), kind, false, field.clone());
        }
        self.put(end, kind, secret || begin.is_some(), field);
    }

    /// What stands before a column: a delimiter, or counts and line ends.
    fn between(&mut self, line: &Line<'_>, end: usize) {
        if line.split != Split::Counted {
            return self.put(end, Kind::Delimiter, false, None);
        }
        while self.at < end {
            let rest = line.bytes.get(self.at..end).unwrap_or_default();
            let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n');
            let ends = rest.iter().take_while(|byte| breaks(byte)).count();
            if ends > 0 {
                self.put(self.at.saturating_add(ends).min(end), Kind::Terminator, false, None);
                continue;
            }
            let count = rest.iter().take_while(|byte| !breaks(byte)).count();
            let is_count = rest.get(..count).and_then(marked).is_some();
            self.put(self.at.saturating_add(count.max(1)).min(end), if is_count { Kind::Length } else { Kind::Delimiter }, false, None);
        }
    }
}
