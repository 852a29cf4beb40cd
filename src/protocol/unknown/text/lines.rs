//! Messages as lines and columns: what the words of a text are looked for in.

use super::tags;
use crate::peer::Peer;
use crate::protocol::unknown::Unit;
use crate::protocol::unknown::framing::Counted;
use crate::protocol::unknown::framing::Cut;
use crate::protocol::unknown::framing::Cuts;
use memchr::memmem;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Columns of one line; what is behind the last stays together.
pub(super) const MOST_COLUMNS: usize = 64;

/// How a line is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Split {
    /// Not at all.
    Whole,
    /// At this delimiter, by its place among those found.
    At(usize),
    /// By counts in front of its parts.
    Counted,
}

/// A line of a message. Offsets are those of the message.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// Which message.
    pub(super) unit: usize,
    /// Which session.
    pub(super) session: usize,
    pub(super) from: Peer,
    /// All bytes of the message.
    pub(super) bytes: &'a [u8],
    /// Where it begins, where its text ends, and where what ends it ends.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) stop: usize,
    pub(super) split: Split,
    /// Its columns, in order; what is between them are delimiters.
    pub(super) columns: Vec<(usize, usize)>,
    /// Columns in front that only say who speaks, or which order is meant.
    pub(super) lead: usize,
    /// Whether it is the first, and the last, of what its side said before the other did.
    pub(super) first_of_turn: bool,
    pub(super) last_of_turn: bool,
    /// Whether it is the first line of its message.
    pub(super) first: bool,
}

impl<'a> Line<'a> {
    /// Its text, without what ends it.
    pub(super) fn text(&self) -> &'a [u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether something ends it.
    pub(super) fn is_ended(&self) -> bool {
        self.stop > self.end
    }

    /// The text of a column.
    pub(super) fn column(&self, place: usize) -> &'a [u8] {
        self.columns.get(place).and_then(|(start, end)| self.bytes.get(*start..*end)).unwrap_or_default()
    }

    /// The first column that is not empty, whatever it is for.
    pub(super) fn front(&self) -> usize {
        self.columns.iter().position(|(start, end)| end > start).unwrap_or(0)
    }

    /// The first column that is not empty and says more than who speaks or which order is meant.
    pub(super) fn first_column(&self) -> usize {
        self.columns.iter().skip(self.lead).position(|(start, end)| end > start).map_or(0, |place| place.saturating_add(self.lead))
    }

    /// The last column that is not empty.
    pub(super) fn last_column(&self) -> usize {
        self.columns.iter().rposition(|(start, end)| end > start).unwrap_or(0)
    }
}

/// The lines of all messages, not taken apart yet but for those with counts.
pub(super) fn read<'a>(units: &[Unit<'a>], cuts: &Cuts) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for (place, unit) in units.iter().enumerate() {
        let near = |step: Option<usize>| {
            step.and_then(|place| units.get(place)).is_some_and(|other| other.session == unit.session && other.from == unit.from)
        };
        let (first, last) = (!near(place.checked_sub(1)), !near(place.checked_add(1)));
        let line = |start, end, stop| Line {
            unit: place,
            session: unit.session,
            from: unit.from,
            bytes: unit.bytes,
            start,
            end,
            stop,
            split: Split::Whole,
            columns: vec![(start, end)],
            lead: 0,
            first_of_turn: first,
            last_of_turn: last,
            first: start == 0,
        };
        match cuts.of(unit.from) {
            Cut::Lines(terminator) => {
                let ended = unit.bytes.ends_with(terminator);
                let end = if ended { unit.bytes.len().saturating_sub(terminator.len()) } else { unit.bytes.len() };
                lines.push(line(0, end, unit.bytes.len()));
            }
            Cut::Counted(counted) => {
                let ended = unit.bytes.ends_with(counted.terminator);
                let end = if ended { unit.bytes.len().saturating_sub(counted.terminator.len()) } else { unit.bytes.len() };
                let mut line = line(0, end, unit.bytes.len());
                if let Some(columns) = counted_columns(unit.bytes, *counted) {
                    (line.split, line.columns) = (Split::Counted, columns);
                }
                lines.push(line);
            }
            Cut::Datagram | Cut::Turn | Cut::Binary(_) => {
                lines.extend(several(unit.bytes).map(|(start, end, stop)| line(start, end, stop)));
            }
        }
    }
    lines
}

/// The lines of a message that may have several: start, end of the text, end.
fn several(bytes: &[u8]) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let length = memchr::memchr(b'\n', rest);
        at = length.map_or(bytes.len(), |length| start.saturating_add(length).saturating_add(1));
        let stop = at;
        let end = if length.is_some() { stop.saturating_sub(1) } else { stop };
        let carriage = end > start && length.is_some() && bytes.get(end.saturating_sub(1)) == Some(&b'\r');
        Some((start, end.saturating_sub(usize::from(carriage)), stop))
    })
}

/// The values of a message whose first line counts; nothing when it does not.
fn counted_columns(bytes: &[u8], counted: Counted) -> Option<Vec<(usize, usize)>> {
    let mut columns = Vec::new();
    let mut at = 0;
    let mut counts = false;
    while at < bytes.len() && columns.len() < MOST_COLUMNS {
        let rest = bytes.get(at..)?;
        let length = memmem::find(rest, counted.terminator)?;
        let next = at.saturating_add(length).saturating_add(counted.terminator.len());
        match rest.get(..length).and_then(super::super::framing::marked) {
            Some((mark, count)) if mark == counted.blob && bytes.len() > next => {
                counts = true;
                let end = next.saturating_add(count).min(bytes.len());
                columns.push((next, end));
                at = end.saturating_add(counted.terminator.len());
            }
            Some((mark, _)) if mark == counted.blob || Some(mark) == counted.list => {
                counts = true;
                at = next;
            }
            _ => {
                columns.push((at, at.saturating_add(length)));
                at = next;
            }
        }
    }
    counts.then_some(columns).filter(|columns| !columns.is_empty())
}

/// Takes lines apart, each at the first of these delimiters that it has. A number that goes on in the next line stands by itself, too.
pub(super) fn split(lines: &mut [Line<'_>], delimiters: &[Vec<u8>]) {
    apart(lines, delimiters);
    let codes: BTreeSet<Vec<u8>> = lines
        .iter()
        .filter(|line| line.from == Peer::Server)
        .map(|line| line.column(0))
        .filter(|word| is_code(word))
        .map(<[u8]>::to_vec)
        .collect();
    let blank = delimiters.iter().position(|delimiter| delimiter == b" ");
    for line in lines.iter_mut().filter(|line| line.from == Peer::Server && line.split != Split::Counted) {
        let (Some(&(start, end)), Some((code, rest))) = (line.columns.first(), line.column(0).split_at_checked(3)) else { continue };
        if rest.starts_with(b"-") && codes.contains(code) {
            let code_end = start.saturating_add(3);
            line.columns.splice(..1, [(start, code_end), (code_end.saturating_add(1), end)]);
            line.split = blank.map_or(line.split, Split::At);
        }
    }
    leads(lines);
    tags::find(lines);
}

/// Whether a word is a number of three digits.
fn is_code(word: &[u8]) -> bool {
    word.len() == 3 && word.iter().all(u8::is_ascii_digit)
}

/// Finds the sign behind which most lines of a side say who speaks before they say what: there the second column is the first that counts.
fn leads(lines: &mut [Line<'_>]) {
    for from in [Peer::Client, Peer::Server] {
        let mut signs: BTreeMap<u8, (usize, usize)> = BTreeMap::new();
        let mut all = 0_usize;
        for line in lines.iter().filter(|line| line.from == from && line.columns.len() > 2 && line.split != Split::Counted) {
            all = all.saturating_add(1);
            let Some(sign) = line.column(0).first().filter(|byte| byte.is_ascii_punctuation()) else { continue };
            let word = line.column(1);
            let says = is_code(word) || (word.len() >= 2 && word.iter().all(u8::is_ascii_uppercase));
            let entry = signs.entry(*sign).or_default();
            *entry = (entry.0.saturating_add(1), entry.1.saturating_add(usize::from(says)));
        }
        let most = |(count, says): (usize, usize)| {
            count >= 3 && count.saturating_mul(2) >= all && says.saturating_mul(10) >= count.saturating_mul(8)
        };
        let Some(sign) = signs.into_iter().find(|(_, counts)| most(*counts)).map(|(sign, _)| sign) else { continue };
        for line in lines.iter_mut().filter(|line| line.from == from && line.columns.len() > 2 && line.column(0).first() == Some(&sign)) {
            line.lead = 1;
        }
    }
}

/// Takes lines apart at delimiters.
fn apart(lines: &mut [Line<'_>], delimiters: &[Vec<u8>]) {
    for line in lines.iter_mut().filter(|line| line.split == Split::Whole) {
        let text = line.text();
        for (place, delimiter) in delimiters.iter().enumerate() {
            let columns = columns(text, delimiter);
            if columns.len() > 1 {
                let at = |offset: usize| line.start.saturating_add(offset);
                (line.split, line.columns) = (Split::At(place), columns.into_iter().map(|(start, end)| (at(start), at(end))).collect());
                break;
            }
        }
    }
}

/// The parts of a line between delimiters. At the edges of the line a delimiter may lack the blanks that would stand outside.
pub(super) fn columns(text: &[u8], delimiter: &[u8]) -> Vec<(usize, usize)> {
    let mut columns = Vec::new();
    let (mut start, mut stop) = (0, text.len());
    let (without_front, without_back) = (delimiter.trim_ascii_start(), delimiter.trim_ascii_end());
    let is_blank = without_front.is_empty();
    if !is_blank && text == delimiter.trim_ascii() {
        return vec![(0, 0), (stop, stop)];
    }
    if !is_blank && without_front.len() < delimiter.len() && text.starts_with(without_front) {
        columns.push((0, 0));
        start = without_front.len();
    }
    let open = !is_blank
        && without_back.len() < delimiter.len()
        && text.len() > start.saturating_add(without_back.len())
        && text.ends_with(without_back);
    if open {
        stop = stop.saturating_sub(without_back.len());
    }
    let body = text.get(start..stop).unwrap_or_default();
    let mut at = start;
    for place in memmem::find_iter(body, delimiter) {
        if columns.len().saturating_add(2) >= MOST_COLUMNS {
            break;
        }
        let place = start.saturating_add(place);
        columns.push((at, place));
        at = place.saturating_add(delimiter.len());
    }
    columns.push((at, stop));
    if open {
        columns.push((text.len(), text.len()));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(text: &'a str, delimiter: &str) -> Vec<&'a str> {
        columns(text.as_bytes(), delimiter.as_bytes()).into_iter().map(|(start, end)| text.get(start..end).unwrap()).collect()
    }

    #[test]
    fn a_delimiter_may_open_and_close_a_line() {
        assert_eq!(parts("a <|> b", " <|> "), ["a", "b"]);
        assert_eq!(parts("SERVER <|> RULES <|>", " <|> "), ["SERVER", "RULES", ""]);
        assert_eq!(parts("<|> SERVER", " <|> "), ["", "SERVER"]);
        assert_eq!(parts("<|>", " <|> "), ["", ""]);
        assert_eq!(parts("USER  x", " "), ["USER", "", "x"]);
        assert_eq!(parts("", " "), [""]);
        assert_eq!(parts("plain", " <|> "), ["plain"]);
    }
}
