//! Which messages are of one kind: those that begin with the same words of the protocol, or stand in the same place of the dialogue.

use super::Stand;
use super::keyword::Words;
use super::keyword::places;
use super::lines::Line;
use super::lines::Split;
use super::secret::Hidden;
use super::secret::Secrets;
use crate::grammar::Kind;
use crate::peer::Peer;
use crate::protocol::unknown::words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Columns that make kinds of lines without words.
const MOST_COLUMNS: usize = 9;
/// Kinds of messages; those that come later are of none.
pub(super) const MOST_TYPES: usize = 512;

/// What makes a kind of message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    /// It begins with these words, and may be closed by one.
    Words(Peer, Split, Vec<&'a [u8]>, bool),
    /// It closes a block.
    End(Peer, &'a [u8]),
    /// It asks, without an end.
    Prompt(Peer, &'a [u8]),
    /// It answers such a question.
    Answer(Peer, &'a [u8]),
    /// It is a line of a block that began with these words.
    Within(Peer, Vec<&'a [u8]>),
    /// A line without words, with so many columns.
    Line(Peer, Split, usize),
    /// A line without words, of a text with counts, that begins with this sign.
    Sign(Peer, u8),
    /// What the other side or the end cut off.
    Cut(Peer),
}

/// What is known of a line.
#[derive(Clone, Debug)]
pub(super) struct Known<'a> {
    pub(super) key: Key<'a>,
    /// Kinds of its leading columns, with the first of them.
    pub(super) leading: (usize, Vec<Kind>),
    /// Whether its last column closes it.
    pub(super) closed: bool,
    /// Whether it opens a block.
    pub(super) opens: bool,
    /// Whether it is of a block that something ends.
    pub(super) blocked: bool,
}

impl Known<'_> {
    /// Where it stands in its dialogue.
    pub(super) fn stand(&self) -> Stand {
        match self.key {
            Key::Prompt(..) => Stand::Prompt,
            Key::Answer(..) => Stand::Answer,
            Key::End(..) => Stand::Block,
            Key::Within(..) | Key::Words(..) if self.blocked => Stand::Block,
            Key::Within(..) | Key::Words(..) | Key::Line(..) | Key::Sign(..) | Key::Cut(_) => Stand::Plain,
        }
    }
}

/// Where a side of a session is.
#[derive(Default)]
struct State<'a> {
    /// The words of the block that is open.
    block: Option<Vec<&'a [u8]>>,
    /// The question that was asked.
    asked: Option<&'a [u8]>,
}

/// Says of every line what it is, in order.
pub(super) fn know<'a>(
    lines: &[Line<'a>],
    words: &Words<'a>,
    delimiters: &[Vec<u8>],
    (secrets, bodies): (&Secrets<'a>, &[bool]),
) -> Vec<Known<'a>> {
    let has_ends = lines.iter().any(|line| is_end(line, words).is_some());
    let regular = regular(lines, delimiters);
    let counts = lines.iter().any(|line| line.split == Split::Counted);
    let mut states: BTreeMap<(usize, Peer), State<'a>> = BTreeMap::new();
    let mut known: Vec<Known<'a>> = Vec::with_capacity(lines.len());
    let mut ended: BTreeSet<(Peer, Vec<&[u8]>)> = BTreeSet::new();
    for (place, line) in lines.iter().enumerate() {
        let hidden = secrets.hidden.get(place).copied().unwrap_or_default();
        let asked = states.entry((line.session, line.from.other())).or_default().asked.take();
        let state = states.entry((line.session, line.from)).or_default();
        let open = state.block.clone();
        let in_body = bodies.get(place).copied().unwrap_or(false);
        let one = one(line, hidden, words, (has_ends, in_body, counts, &regular), state, asked);
        if let (true, Some(block)) = (matches!(one.key, Key::End(..)) || (one.closed && matches!(one.key, Key::Within(..))), open) {
            ended.insert((line.from, block));
        }
        known.push(one);
    }
    for known in &mut known {
        let of = match &known.key {
            Key::Words(from, _, list, _) if known.opens => Some((*from, list)),
            Key::Within(from, list) => Some((*from, list)),
            _ => None,
        };
        known.blocked = of.is_some_and(|(from, list)| ended.contains(&(from, list.clone())));
    }
    known
}

/// What a line is.
fn one<'a>(
    line: &Line<'a>,
    hidden: Hidden,
    words: &Words<'a>,
    (has_ends, in_body, counts, regular): (bool, bool, bool, &BTreeSet<(Peer, Split)>),
    state: &mut State<'a>,
    asked: Option<&'a [u8]>,
) -> Known<'a> {
    let from = line.from;
    let plain = |key| Known { key, leading: (0, Vec::new()), closed: false, opens: false, blocked: false };
    if words.is_prompt(line, hidden) {
        state.asked = Some(line.text());
        return Known { leading: (0, vec![Kind::Prompt]), ..plain(Key::Prompt(from, line.text())) };
    }
    if let Some(end) = is_end(line, words) {
        state.block = None;
        return Known { leading: (line.first_column(), vec![Kind::Marker]), ..plain(Key::End(from, end)) };
    }
    let first = line.first_column();
    let kinds: Vec<Kind> =
        places(line).map_while(|(column, before)| words.kind(line, column, before).filter(|_| !hidden.covers(column))).collect();
    let last = line.last_column();
    let closed = last > first && !hidden.covers(last) && words.is_mark(from, line.column(last));
    let inside = in_body && state.block.is_some();
    if !kinds.is_empty() && !inside {
        // The word that closes a line is not one of those that begin it.
        let count = kinds.len().min(if closed { last.saturating_sub(first) } else { usize::MAX });
        let leading: Vec<&[u8]> = (first..first.saturating_add(count)).map(|column| line.column(column)).collect();
        let opens = has_ends && !closed && leading.first().is_some_and(|word| words.is_mark(from, word) || !has_marks(words));
        if opens {
            state.block = Some(leading.clone());
        } else if closed {
            state.block = None;
        }
        let kinds = kinds.into_iter().take(count).collect();
        return Known { key: Key::Words(from, line.split, leading, closed), leading: (first, kinds), closed, opens, blocked: false };
    }
    if let Some(asked) = asked {
        return plain(Key::Answer(from, asked));
    }
    if let Some(block) = &state.block {
        let key = Key::Within(from, block.clone());
        if closed {
            state.block = None;
        }
        return Known { closed, ..plain(key) };
    }
    if !line.is_ended() && line.split != Split::Counted && line.last_of_turn && !line.first {
        return plain(Key::Cut(from));
    }
    if let Some(sign) = line.bytes.first().filter(|sign| counts && sign.is_ascii_punctuation()) {
        return plain(Key::Sign(from, *sign));
    }
    let columns = if regular.contains(&(from, line.split)) { line.columns.len().min(MOST_COLUMNS) } else { 0 };
    let split = if columns == 0 { Split::Whole } else { line.split };
    Known { closed, ..plain(Key::Line(from, split, columns)) }
}

fn has_marks(words: &Words<'_>) -> bool {
    [Peer::Client, Peer::Server].iter().any(|from| words.has_marks(*from))
}

/// The word that ends a block, if this line does: it stands alone behind a delimiter, or is a dot.
fn is_end<'a>(line: &Line<'a>, words: &Words<'a>) -> Option<&'a [u8]> {
    let alone = line.columns.len() == 2 && line.first_column() == 1;
    let word = line.column(1);
    if alone && words.is_mark(line.from, word) {
        return Some(word);
    }
    (line.text() == b"." && line.is_ended()).then(|| line.text())
}

/// Where lines without words have few different numbers of columns, so that the number tells kinds apart.
fn regular(lines: &[Line<'_>], delimiters: &[Vec<u8>]) -> BTreeSet<(Peer, Split)> {
    let mut seen: BTreeMap<(Peer, Split), (BTreeSet<usize>, usize)> = BTreeMap::new();
    for line in lines {
        let entry = seen.entry((line.from, line.split)).or_default();
        entry.0.insert(line.columns.len());
        entry.1 = entry.1.saturating_add(1);
    }
    let is_regular = |split: &Split, counts: &BTreeSet<usize>, lines: usize| match split {
        Split::At(place) => {
            let is_blank = delimiters.get(*place).is_none_or(|delimiter| delimiter.trim_ascii().is_empty());
            counts.len() <= if is_blank { 1 } else { MOST_COLUMNS } && counts.len().saturating_mul(2) <= lines
        }
        Split::Whole | Split::Counted => false,
    };
    seen.into_iter().filter(|((_, split), (counts, lines))| is_regular(split, counts, *lines)).map(|(key, _)| key).collect()
}

/// What a sign is called.
fn sign_name(sign: u8) -> &'static str {
    match sign {
        b'+' => "plus",
        b'-' => "minus",
        b':' => "colon",
        b'$' => "dollar",
        b'*' => "star",
        _ => "sign",
    }
}

/// A name for a kind, of letters and digits only.
pub(super) fn name(key: &Key<'_>, common: &BTreeSet<&[u8]>) -> String {
    let joined = |list: &[&[u8]]| {
        // A word that opens most lines names none of them.
        let list = match list {
            [first, rest @ ..] if !rest.is_empty() && common.contains(first) => rest,
            all => all,
        };
        let mut names: Vec<String> = list.iter().map(|word| words::name(word)).filter(|word| !word.is_empty()).collect();
        names.dedup();
        names.join("_")
    };
    let name = match key {
        Key::Words(_, _, list, _) => joined(list),
        Key::End(from, _) => format!("{}_end", from.name()),
        Key::Prompt(_, text) => format!("{}_prompt", words::name(text)),
        Key::Answer(_, text) => format!("{}_answer", words::name(text)),
        Key::Within(_, list) => format!("{}_line", joined(list)),
        Key::Line(from, _, 0) => format!("{}_line", from.name()),
        Key::Line(from, _, columns) => format!("{}_line_of_{columns}", from.name()),
        Key::Cut(from) => format!("{}_part", from.name()),
        Key::Sign(from, sign) => format!("{}_{}", from.name(), sign_name(*sign)),
    };
    let name = name.trim_matches('_').to_owned();
    match name.as_bytes().first() {
        None => "message".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("reply_{name}"),
        Some(_) => name,
    }
}
