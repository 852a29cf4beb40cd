//! Which words belong to the protocol and which are what somebody said with it: by support over sessions and hosts, by shape and place.

use super::lines::Line;
use super::lines::Split;
use super::naming::within;
use super::secret::Hidden;
use super::secret::Secrets;
use crate::grammar::Keyword;
use crate::grammar::Kind;
use crate::peer::Peer;
use crate::protocol::unknown::words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Bytes of a word.
const MOST_BYTES: usize = 40;
/// Columns of a line that may be words of the protocol, from its front.
pub(super) const MOST_LEADING: usize = 3;
/// Words that are counted; those that come later are data.
pub(super) const MOST_WORDS: usize = 1 << 16;

/// How a word looks, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `STATUS`, `PLUGIN_LIST`, `M-SEARCH`.
    Upper,
    /// `220`.
    Code,
    /// `+OK`.
    Sign,
    /// `Content-Length`.
    Header,
    Other,
}

/// Where a word stands: who says it, how its line is divided, in which column, behind which word.
type Place<'a> = (Peer, Split, usize, &'a [u8]);

/// How often a word was seen, in how many sessions, by which clients.
#[derive(Clone, Debug, Default)]
struct Support {
    count: u64,
    sessions: u64,
    last: Option<usize>,
    hosts: BTreeSet<IpAddr>,
    closes: u64,
    /// How often it begins a turn.
    opens: u64,
    /// How often it begins a turn that answers no question.
    orders: u64,
    /// How often it stands in a body.
    in_body: u64,
}

/// What is in a place.
#[derive(Clone, Debug, Default)]
struct Column {
    lines: u64,
    distinct: u64,
    styled: u64,
    codes: u64,
    headers: u64,
    /// Lines that begin with a name in letters, and those that begin a turn and answer no question.
    letters: u64,
    orders: u64,
}

impl Column {
    /// Whether what stands here are orders whatever their case: nearly all are names, of which there are few, and most begin what is said.
    fn gives_orders(&self) -> bool {
        self.distinct.saturating_mul(4) <= self.lines
            && self.letters.saturating_mul(10) >= self.lines.saturating_mul(9)
            && self.orders.saturating_mul(2) >= self.lines
    }
}

/// The words of the protocol.
#[derive(Default)]
pub(super) struct Words<'a> {
    known: BTreeMap<(Place<'a>, &'a [u8]), Kind>,
    /// Words that open and close lines.
    marks: BTreeSet<(Peer, &'a [u8])>,
    /// Whole messages that ask.
    prompts: BTreeSet<(Peer, &'a [u8])>,
    supports: BTreeMap<(Place<'a>, &'a [u8]), Support>,
}

pub(super) fn style(word: &[u8]) -> Style {
    let letters = |allowed: fn(&u8) -> bool| word.len() <= MOST_BYTES && word.iter().all(allowed);
    match word {
        [b'A'..=b'Z', b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-', ..]
            if letters(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-')) =>
        {
            Style::Upper
        }
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] => Style::Code,
        [b'+' | b'-', b'A'..=b'Z', b'A'..=b'Z', ..] if letters(|byte| matches!(byte, b'+' | b'-' | b'A'..=b'Z')) => Style::Sign,
        [b'A'..=b'Z' | b'a'..=b'z', ..] if letters(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') => Style::Header,
        _ => Style::Other,
    }
}

/// Whether a word may name an order: letters, digits, few signs.
fn is_name(word: &[u8]) -> bool {
    word.len() > 1
        && word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Whether a text asks: words, then a sign, perhaps a blank.
fn asks(text: &[u8]) -> bool {
    let trimmed = text.trim_ascii_end();
    let Some((sign, said)) = trimmed.split_last() else { return false };
    let said = said.trim_ascii_end();
    text.len() <= 64
        && matches!(sign, b':' | b'>' | b'?' | b'#' | b'$' | b'%')
        && said.first().is_some_and(u8::is_ascii_alphabetic)
        && said.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b' ')
}

/// Whether a line of which so much is hidden is no word of the protocol: a question of the server names a secret but has none in it.
fn holds_secret(line: &Line<'_>, hidden: Hidden) -> bool {
    hidden.covers(0) || (hidden.hides(line) && (line.from == Peer::Client || !asks(line.text())))
}

impl<'a> Words<'a> {
    /// Looks at all lines. `hosts` are the clients of the sessions; `delimiters` those that lines are divided at; `bodies` says which are
    /// lines of one.
    pub(super) fn find(lines: &[Line<'a>], hosts: &[IpAddr], delimiters: &[Vec<u8>], (secrets, bodies): (&Secrets<'a>, &[bool])) -> Self {
        let mut words = Self::default();
        let mut columns: BTreeMap<Place<'a>, Column> = BTreeMap::new();
        let mut asked: BTreeMap<(Peer, &[u8]), Support> = BTreeMap::new();
        // The session whose server asked last, without an end.
        let mut waiting = None;
        for (place, line) in lines.iter().enumerate() {
            let answers = std::mem::replace(&mut waiting, (line.from == Peer::Server && !line.is_ended()).then_some(line.session));
            let begins = line.first_of_turn && answers != Some(line.session);
            let hidden = secrets.hidden.get(place).copied().unwrap_or_default();
            let host = hosts.get(line.session).copied();
            let in_body = bodies.get(place).copied().unwrap_or(false);
            let is_open = !line.is_ended() && line.last_of_turn && line.split != Split::Counted;
            let is_question = line.from == Peer::Server && asks(line.text());
            let has_secret = || within(line.text()).is_some() || (!is_question && secrets.knows(line.text()));
            if is_open && !holds_secret(line, hidden) && !has_secret() {
                asked.entry((line.from, line.text())).or_default().add(line.session, host);
            }
            let first = line.first_column();
            for (column, before) in places(line) {
                let word = line.column(column);
                if word.is_empty() || word.len() > MOST_BYTES || hidden.covers(column) || secrets.knows(word) {
                    continue;
                }
                let place = (line.from, line.split, column, before);
                let key = (place, word);
                if words.supports.len() >= MOST_WORDS && !words.supports.contains_key(&key) {
                    continue;
                }
                let support = words.supports.entry(key).or_default();
                let new = support.count == 0;
                support.in_body = support.in_body.saturating_add(u64::from(in_body));
                support.add(line.session, host);
                support.opens = support.opens.saturating_add(u64::from(line.first_of_turn && column == first));
                let orders = u64::from(begins && column == first);
                support.orders = support.orders.saturating_add(orders);
                let closes =
                    column == first && line.columns.len() > 1 && line.column(line.last_column()) == word && line.last_column() > column;
                support.closes = support.closes.saturating_add(u64::from(closes));
                let known = columns.entry(place).or_default();
                known.lines = known.lines.saturating_add(1);
                known.distinct = known.distinct.saturating_add(u64::from(new));
                known.styled = known.styled.saturating_add(u64::from(matches!(style(word), Style::Upper | Style::Code | Style::Sign)));
                known.codes = known.codes.saturating_add(u64::from(style(word) == Style::Code));
                known.letters = known.letters.saturating_add(u64::from(is_name(word)));
                known.orders = known.orders.saturating_add(orders);
                known.headers = known.headers.saturating_add(u64::from(!matches!(style(word), Style::Other | Style::Code)));
            }
        }
        words.judge(&columns, delimiters, sessions(lines));
        words.prompts = asked
            .into_iter()
            .filter(|((from, text), support)| {
                // What clients say alike may be one password of all of them.
                let alike = *from == Peer::Server && support.sessions >= 2 && support.hosts.len() >= 2 && text.len() <= 64;
                alike || asks(text)
            })
            .map(|(key, _)| key)
            .collect();
        words
    }

    /// Judges each word by its support and its place.
    fn judge(&mut self, columns: &BTreeMap<Place<'a>, Column>, delimiters: &[Vec<u8>], sessions: u64) {
        let none = Column::default();
        let mut order: Vec<_> = self.supports.iter().collect();
        order.sort_by_key(|(((.., at, _), _), _)| *at);
        // Words that may stand in front of others, with their column.
        let mut leading: BTreeSet<(Peer, Split, usize, &[u8])> = BTreeSet::new();
        for (key, support) in order {
            let (place, word) = *key;
            let (from, split, at, before) = place;
            let column = columns.get(&place).unwrap_or(&none);
            let delimiter = if let Split::At(number) = split { delimiters.get(number).map(Vec::as_slice).unwrap_or_default() } else { &[] };
            let share = |part: u64, percent: u64| part.saturating_mul(100) >= column.lines.saturating_mul(percent);
            // Words that many say alike, where there are few of them, or in front of all that half of the sessions say in a turn.
            let begins =
                support.opens.saturating_mul(10) >= support.count.saturating_mul(9) && support.sessions.saturating_mul(2) >= sessions;
            let common = support.sessions >= sessions.div_ceil(4).max(2)
                && support.hosts.len() >= 2
                && (column.distinct.saturating_mul(4) <= column.lines || begins)
                && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            // Words that give orders begin what their side says; those of a text stand anywhere.
            let opens = support.opens.saturating_mul(3) >= support.count;
            let is_blank = delimiter.trim_ascii().is_empty();
            let closes = support.closes >= 1 && !is_blank && support.closes.saturating_mul(8) >= support.count;
            // Orders and answers stand outside of bodies; in these only names in front of a colon are looked for.
            let outside = support.count.saturating_sub(support.in_body);
            let repeated = outside >= 3 || (outside >= 2 && (support.sessions >= 2 || sessions == 1)) || closes;
            // An order that few give is one where all that stands in its place are.
            let ordered = from == Peer::Client
                && before.is_empty()
                && is_name(word)
                && column.gives_orders()
                && outside >= 3
                && support.sessions >= 2
                && support.orders >= 1;
            let behind_blank = !before.is_empty() && is_blank;
            let is_name = word.ends_with(b":") && word.first().is_some_and(u8::is_ascii_uppercase) && support.hosts.len() >= 2;
            let is_first = before.is_empty();
            let led = at.checked_sub(1).is_some_and(|at| leading.contains(&(from, split, at, before)));
            let is_header = delimiter.starts_with(b":")
                && delimiter.len() > 1
                && column.lines >= 3
                && column.distinct >= 2
                && share(column.headers, 60);
            let kind = match style(word) {
                Style::Code if is_first && from == Peer::Server && share(column.codes, 40) => Kind::Status,
                Style::Sign if is_first && share(column.styled, 40) => Kind::Status,
                Style::Upper if is_first && (share(column.styled, 40) || repeated) => kind_of(from, closes),
                Style::Upper if led && !behind_blank && (repeated || share(column.styled, 80)) => Kind::Command,
                Style::Header | Style::Upper if is_first && is_header && (repeated || word.first().is_some_and(u8::is_ascii_uppercase)) => {
                    Kind::HeaderName
                }
                Style::Other if is_first && is_name && is_blank && word.len() > 2 => Kind::HeaderName,
                Style::Other | Style::Header | Style::Upper if common && ((is_first && opens) || (led && !behind_blank)) => {
                    kind_of(from, closes)
                }
                Style::Other | Style::Header | Style::Upper if ordered => Kind::Command,
                _ => continue,
            };
            if outside == 0 && kind != Kind::HeaderName {
                continue;
            }
            self.known.insert(*key, kind);
            // Behind the name of a header stands its value.
            if kind != Kind::HeaderName {
                leading.insert((from, split, at, word));
            }
            if closes {
                self.marks.insert((from, word));
            }
        }
        // A word that closes lines is one also where it stands alone.
        for (((from, ..), word), kind) in &mut self.known {
            if self.marks.contains(&(*from, *word)) {
                *kind = Kind::Marker;
            }
        }
    }

    /// The kind of the word in this column of a line, if it is one of the protocol's own.
    pub(super) fn kind(&self, line: &Line<'a>, column: usize, before: &'a [u8]) -> Option<Kind> {
        self.known.get(&((line.from, line.split, column, before), line.column(column))).copied()
    }

    /// Whether the word closes lines that it opened.
    pub(super) fn is_mark(&self, from: Peer, word: &[u8]) -> bool {
        self.marks.contains(&(from, word))
    }

    /// Whether words were left out.
    pub(super) fn is_full(&self) -> bool {
        self.supports.len() >= MOST_WORDS
    }

    /// Words that open and close lines, of both sides.
    pub(super) fn marks(&self) -> BTreeSet<&'a [u8]> {
        self.marks.iter().map(|(_, word)| *word).collect()
    }

    /// Whether this side has such words.
    pub(super) fn has_marks(&self, from: Peer) -> bool {
        self.marks.iter().any(|(whose, _)| *whose == from)
    }

    /// Whether a whole message asks, of which so much is hidden.
    pub(super) fn is_prompt(&self, line: &Line<'a>, hidden: Hidden) -> bool {
        !line.is_ended() && !holds_secret(line, hidden) && self.prompts.contains(&(line.from, line.text()))
    }

    /// The list for the grammar, most frequent first; `refused` are orders the server does not know. `prompts` are counted by who makes the
    /// messages' types.
    pub(super) fn list(&self, prompts: &BTreeMap<(Peer, &'a [u8]), (u64, u64)>, refused: &BTreeSet<&'a [u8]>) -> Vec<Keyword> {
        let mut merged: BTreeMap<(&[u8], Kind), Merged> = BTreeMap::new();
        for (key, kind) in &self.known {
            let ((from, _, column, _), word) = *key;
            let Some(support) = self.supports.get(key) else { continue };
            merged.entry((word, *kind)).or_default().add(from, (support.count, support.sessions)).columns.insert(column);
        }
        for ((from, text), (count, sessions)) in prompts {
            merged.entry((text, Kind::Prompt)).or_default().add(*from, (*count, *sessions));
        }
        let mut list: Vec<Keyword> = merged
            .into_iter()
            .map(|((word, kind), Merged { count, sessions, from, columns })| Keyword {
                text: words::shown(word),
                hex: words::hex(word),
                kind,
                direction: from.iter().next().filter(|_| from.len() == 1).map(|from| from.name().to_owned()),
                column: columns.first().filter(|_| columns.len() == 1).and_then(|column| u64::try_from(*column).ok()),
                count,
                sessions,
                refused: kind == Kind::Command && refused.contains(word),
            })
            .collect();
        list.sort_by(|one, two| (two.count, &one.hex, one.kind).cmp(&(one.count, &two.hex, two.kind)));
        list
    }
}

/// What is known of a word in all its places.
#[derive(Default)]
struct Merged {
    count: u64,
    sessions: u64,
    from: BTreeSet<Peer>,
    columns: BTreeSet<usize>,
}

impl Merged {
    fn add(&mut self, from: Peer, (count, sessions): (u64, u64)) -> &mut Self {
        self.count = self.count.saturating_add(count);
        self.sessions = self.sessions.max(sessions);
        self.from.insert(from);
        self
    }
}

fn sessions(lines: &[Line<'_>]) -> u64 {
    let sessions: BTreeSet<usize> = lines.iter().map(|line| line.session).collect();
    u64::try_from(sessions.len()).unwrap_or(u64::MAX)
}

fn kind_of(from: Peer, closes: bool) -> Kind {
    match (closes, from) {
        (true, _) => Kind::Marker,
        (false, Peer::Client) => Kind::Command,
        (false, Peer::Server) => Kind::Status,
    }
}

/// The columns of a line that may be words of the protocol, each with the word in front of it.
pub(super) fn places<'a>(line: &Line<'a>) -> impl Iterator<Item = (usize, &'a [u8])> {
    let first = line.first_column();
    // Behind counts only the first word gives an order.
    let most = if line.split == Split::Counted { 1 } else { MOST_LEADING };
    let last = line.columns.len().min(first.saturating_add(most));
    let before = |column: usize| if column == first { &[][..] } else { line.column(column.saturating_sub(1)) };
    (first..last).map(|column| (column, before(column))).collect::<Vec<_>>().into_iter()
}

impl Support {
    fn add(&mut self, session: usize, host: Option<IpAddr>) {
        self.count = self.count.saturating_add(1);
        if self.last != Some(session) {
            self.last = Some(session);
            self.sessions = self.sessions.saturating_add(1);
        }
        if self.hosts.len() < 4 {
            self.hosts.extend(host);
        }
    }
}
