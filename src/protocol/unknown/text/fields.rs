//! The parts of one kind of line: which columns it has, what is in them, and its template.

use super::Line;
use super::Text;
use super::lines::Split;
use super::naming::within;
use super::types::Key;
use crate::annotation::Role;
use crate::grammar::BytePattern;
use crate::grammar::Field;
use crate::grammar::Kind;
use crate::grammar::Level;
use crate::grammar::Location;
use crate::grammar::Range;
use crate::grammar::Scalar;
use crate::grammar::Share;
use crate::grammar::ValueCount;
use crate::protocol::unknown::words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Columns that become fields of their own.
const MOST_FIELDS: usize = 24;
/// Values of a column that are told apart.
const MOST_VALUES: usize = 64;
/// Values of an enumeration.
const MOST_ENUM: usize = 12;

/// A part of a line that has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A column.
    Column(usize),
    /// All from a column on, up to what closes the line.
    Rest(usize),
    /// The word that closes it.
    Close,
    /// What ends it.
    Terminator,
}

/// Which parts the lines of a kind have.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Parts with a field, in the order of the fields.
    pub(super) parts: Vec<Part>,
    /// From which column on the rest is one part.
    pub(super) rest: Option<usize>,
    /// Kinds of data columns.
    pub(super) kinds: BTreeMap<usize, Kind>,
}

/// What was seen in a column.
#[derive(Default)]
struct Seen<'a> {
    lines: u64,
    hidden: u64,
    numbers: u64,
    addresses: u64,
    times: u64,
    lists: u64,
    min: Option<i64>,
    max: Option<i64>,
    values: BTreeMap<&'a [u8], (u64, BTreeSet<IpAddr>)>,
    /// Whether there were more values than are told apart.
    more: bool,
}

/// Plans the parts of a kind of lines: these, with the number of their kind. Its fields, and its template.
pub(super) fn plan(text: &Text<'_>, members: &[usize], number: usize) -> (Plan, Vec<Field>, String) {
    let line = |place: &usize| text.lines.get(*place);
    let Some(first) = members.first() else {
        return (Plan { parts: Vec::new(), rest: None, kinds: BTreeMap::new() }, Vec::new(), String::new());
    };
    let counts: BTreeSet<usize> = members.iter().filter_map(line).map(|line| line.columns.len()).collect();
    let known = text.known.get(*first);
    let closed = known.is_some_and(|known| known.closed);
    let (begin, leading) = known.map(|known| known.leading.clone()).unwrap_or_default();
    let behind = begin.saturating_add(leading.len());
    let answers = leading.last() == Some(&Kind::Status);
    // Lines of one kind may be divided or not: how they are divided is told by one that is.
    let divided = members.iter().filter_map(line).find(|line| matches!(line.split, Split::At(_))).or_else(|| line(first));
    let rest = rest(text, divided, &counts, (behind, answers));
    let longest = counts.last().copied().unwrap_or(0);
    // A delimiter at the end of the line opens what follows in other lines; behind it is no part.
    let open = longest > behind
        && members.iter().filter_map(line).all(|line| line.columns.len() == longest && line.column(longest.saturating_sub(1)).is_empty());
    let last = if closed || open { longest.saturating_sub(1) } else { longest };
    let mut maker = Maker { number, fields: Vec::new(), parts: Vec::new(), kinds: BTreeMap::new() };
    for column in 0..line(first).map_or(0, |line| line.lead).min(begin) {
        maker.name(Part::Column(column), column, &seen(text, members, (column, false)));
    }
    for (place, kind) in leading.iter().enumerate() {
        let column = begin.saturating_add(place);
        let word = line(first).map(|line| line.column(column)).unwrap_or_default();
        maker.word(Part::Column(column), *kind, column, word, members.len());
    }
    for column in behind..last.min(rest.unwrap_or(usize::MAX)) {
        maker.data(Part::Column(column), column, &seen(text, members, (column, false)), members.len());
    }
    if let Some(rest) = rest.filter(|rest| *rest < last) {
        maker.data(Part::Rest(rest), rest, &seen(text, members, (rest, true)), members.len());
    }
    if closed {
        let word = line(first).map(|line| line.column(line.last_column())).unwrap_or_default();
        maker.word(Part::Close, Kind::Marker, longest.saturating_sub(1), word, members.len());
    }
    let ended = members.iter().filter_map(line).filter(|line| line.is_ended()).count();
    let terminator = line(first).map(|line| line.bytes.get(line.end..line.stop).unwrap_or_default()).unwrap_or_default();
    if ended > 0 {
        maker.terminator(terminator, ended < members.len());
    }
    let template = template(text, divided, &maker, open, terminator);
    (Plan { parts: maker.parts, rest, kinds: maker.kinds }, maker.fields, template)
}

/// From which column on a line of such a kind stays together.
fn rest(text: &Text<'_>, line: Option<&Line<'_>>, counts: &BTreeSet<usize>, (behind, answers): (usize, bool)) -> Option<usize> {
    let Split::At(place) = line?.split else { return Some(behind.max(MOST_FIELDS)) };
    let blank = text.delimiters.get(place).is_none_or(|delimiter| delimiter.trim_ascii().is_empty());
    let many = blank && (answers || counts.len() > 1 || counts.last().is_some_and(|count| *count > behind.saturating_add(6)));
    Some(if many { behind } else { behind.max(MOST_FIELDS) })
}

/// What all lines have in a column, or from there on.
fn seen<'a>(text: &Text<'a>, members: &[usize], (column, to_end): (usize, bool)) -> Seen<'a> {
    let mut seen = Seen::default();
    for place in members {
        let Some(line) = text.lines.get(*place).filter(|line| line.columns.len() > column) else { continue };
        let value = if to_end {
            line.columns.get(column).and_then(|(start, _)| line.bytes.get(*start..line.end)).unwrap_or_default()
        } else {
            line.column(column)
        };
        let hidden = text.secrets.hidden.get(*place).copied().unwrap_or_default();
        // Of what reaches to the end every column counts, as it does for the tokens.
        let columns = column..if to_end { line.columns.len() } else { column.saturating_add(1) };
        let is_secret = |place: usize| hidden.covers(place) || text.secrets.knows(line.column(place));
        let hides = columns.into_iter().any(is_secret) || within(value).is_some();
        seen.add(value, hides, text.hosts.get(line.session).copied());
    }
    seen
}

impl<'a> Seen<'a> {
    fn add(&mut self, value: &'a [u8], hidden: bool, host: Option<IpAddr>) {
        self.lines = self.lines.saturating_add(1);
        if hidden {
            self.hidden = self.hidden.saturating_add(1);
            return;
        }
        let one = |yes: bool| u64::from(yes);
        let said = std::str::from_utf8(value).ok().filter(|said| said.len() <= 64).map(str::trim);
        let digits = said.is_some_and(|said| {
            !said.is_empty()
                && said.bytes().any(|byte| byte.is_ascii_digit())
                && said.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'/' | b'-' | b'%' | b','))
        });
        let address = said.is_some_and(|said| said.parse::<IpAddr>().is_ok());
        self.addresses = self.addresses.saturating_add(one(address));
        self.numbers = self.numbers.saturating_add(one(digits && !address));
        self.times = self.times.saturating_add(one(said.is_some_and(has_time)));
        self.lists = self.lists.saturating_add(one(value.contains(&b';') || (value.contains(&b',') && !value.contains(&b' '))));
        if let Some(number) = said.and_then(|said| said.parse::<i64>().ok()) {
            self.min = Some(self.min.map_or(number, |min| min.min(number)));
            self.max = Some(self.max.map_or(number, |max| max.max(number)));
        }
        if self.values.len() < MOST_VALUES || self.values.contains_key(value) {
            let entry = self.values.entry(value).or_default();
            entry.0 = entry.0.saturating_add(1);
            entry.1.extend(host);
        } else {
            self.more = true;
        }
    }

    /// What is in it.
    fn kind(&self) -> Kind {
        let open = self.lines.saturating_sub(self.hidden);
        let all = |part: u64| open > 0 && part.saturating_mul(100) >= open.saturating_mul(95);
        match self {
            _ if all(self.addresses) => Kind::Address,
            _ if all(self.times) => Kind::Timestamp,
            _ if all(self.lists) && open >= 2 => Kind::List,
            _ if all(self.numbers) => Kind::NumberText,
            _ if self.is_enum() && self.values.len() == 1 => Kind::Constant,
            _ if self.is_enum() => Kind::Enum,
            _ => Kind::String,
        }
    }

    /// Whether it takes few values, each said by several clients: only such may be shown.
    fn is_enum(&self) -> bool {
        let few = self.hidden == 0 && (1..=MOST_ENUM).contains(&self.values.len()) && self.lines >= 8;
        few && self.values.iter().all(|(value, (count, hosts))| *count >= 2 && hosts.len() >= 2 && value.len() <= 64)
    }
}

/// Whether a text holds a time of day.
fn has_time(text: &str) -> bool {
    // Digits but for the two colons.
    let is_time = |part: &[u8]| {
        part.iter().enumerate().all(|(place, byte)| if matches!(place, 2 | 5) { *byte == b':' } else { byte.is_ascii_digit() })
    };
    text.as_bytes().windows(8).any(is_time)
}

/// Makes the fields of a kind.
struct Maker {
    number: usize,
    fields: Vec<Field>,
    parts: Vec<Part>,
    kinds: BTreeMap<usize, Kind>,
}

impl Maker {
    fn add(&mut self, part: Part, field: Field) {
        let id = format!("f{}.{}", self.number, self.fields.len().saturating_add(1));
        self.fields.push(Field { id, ..field });
        self.parts.push(part);
    }

    fn word(&mut self, part: Part, kind: Kind, column: usize, word: &[u8], count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let values = vec![ValueCount { value: Scalar::Text(words::shown(word)), count }];
        let field = field(kind, kind.name(), column);
        self.add(part, Field { values, confidence: Share::ALL, ..field });
    }

    /// What says who speaks, or which order is meant.
    fn name(&mut self, part: Part, column: usize, seen: &Seen<'_>) {
        self.kinds.insert(column, Kind::Identifier);
        let confidence = Share::of(seen.lines, seen.lines.saturating_add(1));
        self.add(part, Field { confidence, ..field(Kind::Identifier, Kind::Identifier.name(), column) });
    }

    fn data(&mut self, part: Part, column: usize, seen: &Seen<'_>, members: usize) {
        let kind = seen.kind();
        self.kinds.insert(column, kind);
        let base = match kind {
            Kind::NumberText => "number",
            Kind::Timestamp => "time",
            Kind::String => "text",
            kind => kind.name(),
        };
        let same = self
            .fields
            .iter()
            .filter(|field| field.name.trim_end_matches(|digit: char| digit.is_ascii_digit() || digit == '_') == base)
            .count();
        let name = if same == 0 { base.to_owned() } else { format!("{base}_{}", same.saturating_add(1)) };
        let distinct = u64::try_from(seen.values.len()).unwrap_or(u64::MAX);
        let range = (kind == Kind::NumberText && seen.min.is_some()).then_some(Range {
            min: seen.min,
            max: seen.max,
            distinct,
            at_least: seen.more,
        });
        let values = if matches!(kind, Kind::Enum | Kind::Constant) { values(seen) } else { Vec::new() };
        let optional = usize::try_from(seen.lines).unwrap_or(usize::MAX) < members;
        let confidence = Share::of(seen.lines, seen.lines.saturating_add(1));
        self.add(part, Field { values, range, optional, confidence, ..field(kind, &name, column) });
    }

    fn terminator(&mut self, terminator: &[u8], optional: bool) {
        let after = self.fields.last().map(|field| field.id.clone());
        let size = u64::try_from(terminator.len()).ok();
        let location = Location::After { after, size, size_from: None, until: None, to_end: true };
        self.add(Part::Terminator, Field { location, optional, confidence: Share::ALL, ..field(Kind::Terminator, "terminator", 0) });
    }
}

fn field(kind: Kind, name: &str, column: usize) -> Field {
    Field {
        id: String::new(),
        name: name.to_owned(),
        role: kind.role(),
        kind,
        location: Location::Column { column: u64::try_from(column).unwrap_or(u64::MAX) },
        inside: None,
        byte_order: None,
        values: Vec::new(),
        range: None,
        optional: false,
        confidence: Share::default(),
        evidence: Vec::new(),
    }
}

/// The values of an enumeration, most frequent first.
fn values(seen: &Seen<'_>) -> Vec<ValueCount> {
    let mut list: Vec<(u64, &[u8])> = seen.values.iter().map(|(value, (count, _))| (*count, *value)).collect();
    list.sort_by(|one, two| (two.0, one.1).cmp(&(one.0, two.1)));
    list.into_iter().map(|(count, value)| ValueCount { value: Scalar::Text(words::shown(value)), count }).collect()
}

/// The words of a kind as they are, its data as their names and kinds.
fn template(text: &Text<'_>, line: Option<&Line<'_>>, maker: &Maker, open: bool, terminator: &[u8]) -> String {
    let Some(line) = line else { return String::new() };
    let braced = |bytes: &[u8]| words::shown(bytes).replace('{', "\\x7b").replace('}', "\\x7d");
    let delimiter = match line.split {
        Split::At(place) => text.delimiters.get(place).map(|delimiter| braced(delimiter)).unwrap_or_default(),
        Split::Whole => String::new(),
        Split::Counted => " ".to_owned(),
    };
    let parts = maker.parts.iter().zip(&maker.fields).filter(|(part, _)| **part != Part::Terminator);
    let shown = parts.map(|(_, field)| match (field.kind, field.values.as_slice()) {
        // What many say alike may still be one secret of all: only words of the protocol are shown as they are.
        (kind, [ValueCount { value: Scalar::Text(word), .. }]) if kind.role() == Role::Keyword => {
            braced(word.as_bytes()).replace("\\\\", "\\")
        }
        (kind, _) => format!("{{{}:{}}}", field.name, kind.name()),
    });
    let mut out = if line.front() > 0 { delimiter.trim_start().to_owned() } else { String::new() };
    out.push_str(&shown.collect::<Vec<_>>().join(&delimiter));
    if open {
        out.push_str(delimiter.trim_end());
    }
    out.push_str(&words::shown(terminator));
    out
}

/// What divides columns once more: lists in them.
pub(super) fn inner(text: &Text<'_>) -> Vec<BytePattern> {
    let mut patterns = Vec::new();
    for (sign, level) in [(b";", Level::List), (b",", Level::List), (b"=", Level::Pair)] {
        let (mut with, mut all) = (0_u64, 0_u64);
        for (place, line) in text.lines.iter().enumerate() {
            let words = matches!(text.known.get(place).map(|known| &known.key), Some(Key::Prompt(..) | Key::End(..)));
            let last = line.column(line.last_column());
            if words || line.columns.len() < 2 || last.is_empty() {
                continue;
            }
            all = all.saturating_add(1);
            let dense = memchr::memmem::find_iter(last, sign).count();
            with = with.saturating_add(u64::from(dense >= 2 || (level == Level::Pair && dense == 1)));
        }
        if with >= 2 && with.saturating_mul(20) >= all {
            patterns.push(words::pattern(sign, level, with, all, None));
        }
    }
    patterns
}
