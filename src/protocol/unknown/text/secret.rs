//! Which words are secrets: what answers a question for a password, what stands behind a name that says so, and what repeats such.

use super::lines::Line;
use super::naming::tells;
use super::naming::within;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What is hidden of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hidden {
    /// Nothing as a whole.
    #[default]
    Nothing,
    /// All of it.
    All,
    /// Columns from the one up to but without the other; whether they are surely secrets, to be known elsewhere.
    Columns(usize, usize, bool),
}

/// Words of a client behind which secrets stand, though no part above is in them.
const VERBS: [&[u8]; 4] = [b"login", b"apop", b"identify", b"oper"];
/// Bytes a secret must have to be known where it is repeated: shorter ones are everywhere.
const LEAST_REPEATED: usize = 3;
/// Lines of a client behind a word that begins a login, which may belong to it.
const LOGIN_LINES: u8 = 3;

/// What is hidden, line by line, and the secrets themselves.
#[derive(Default)]
pub(super) struct Secrets<'a> {
    pub(super) hidden: Vec<Hidden>,
    values: BTreeSet<&'a [u8]>,
}

/// What is remembered of a session on the way.
#[derive(Default)]
struct Dialogue {
    /// The server asked for a secret.
    asked: bool,
    /// Lines of the client that may belong to a login.
    login: u8,
    /// Lines the client said in its last turn, behind the first one.
    ahead: Vec<usize>,
}

impl<'a> Secrets<'a> {
    /// Goes through the lines in order.
    pub(super) fn find(lines: &[Line<'a>]) -> Self {
        let mut secrets = Self { hidden: vec![Hidden::Nothing; lines.len()], values: BTreeSet::new() };
        let mut dialogues: BTreeMap<usize, Dialogue> = BTreeMap::new();
        for (place, line) in lines.iter().enumerate() {
            let dialogue = dialogues.entry(line.session).or_default();
            let hidden = if line.from == Peer::Client {
                client(dialogue, place, line)
            } else {
                if asks(line) {
                    dialogue.asked = true;
                    for ahead in dialogue.ahead.drain(..) {
                        if let (Some(hidden), Some(line)) = (secrets.hidden.get_mut(ahead), lines.get(ahead)) {
                            *hidden = hidden.more(if line.columns.len() > 1 && is_verb(line.column(0)) {
                                Hidden::behind(1)
                            } else {
                                Hidden::All
                            });
                        }
                    }
                }
                Hidden::Nothing
            };
            if let Some(slot) = secrets.hidden.get_mut(place) {
                *slot = hidden.more(named(line));
            }
        }
        secrets.learn(lines);
        secrets
    }

    /// Notes what the hidden parts are.
    fn learn(&mut self, lines: &[Line<'a>]) {
        for (line, hidden) in lines.iter().zip(&self.hidden) {
            let (first, last, whole) = match hidden {
                Hidden::Columns(.., false) | Hidden::Nothing => continue,
                Hidden::All => (0, usize::MAX, Some(line.text())),
                Hidden::Columns(first, last, true) => (*first, *last, None),
            };
            let columns = (first..line.columns.len().min(last)).map(|place| line.column(place));
            self.values.extend(whole.into_iter().chain(columns).map(<[u8]>::trim_ascii).filter(|value| value.len() >= LEAST_REPEATED));
        }
    }

    /// Whether these bytes are, or say, a secret that is known from elsewhere.
    pub(super) fn knows(&self, bytes: &[u8]) -> bool {
        self.values.contains(bytes.trim_ascii())
    }
}

impl Hidden {
    /// All behind the first so many columns.
    fn behind(columns: usize) -> Self {
        Self::Columns(columns, usize::MAX, true)
    }

    /// Whether it hides this column of a line.
    pub(super) fn covers(self, place: usize) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Columns(first, last, _) => first <= place && place < last,
        }
    }

    /// Whether it hides a byte of this line.
    pub(super) fn hides(self, line: &Line<'_>) -> bool {
        self == Self::All || line.columns.iter().enumerate().any(|(place, (start, end))| end > start && self.covers(place))
    }

    /// The one that hides more.
    fn more(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Columns(from, to, sure), Self::Columns(other, end, certain)) => {
                Self::Columns(from.min(other), to.max(end), sure && certain)
            }
            (Self::Nothing, one) | (one, Self::Nothing) => one,
        }
    }
}

/// A line of the client.
fn client(dialogue: &mut Dialogue, place: usize, line: &Line<'_>) -> Hidden {
    if line.first_of_turn {
        dialogue.ahead.clear();
    } else {
        dialogue.ahead.push(place);
    }
    let first = line.first_column();
    let tagged = is_tag(line.column(first));
    let behind = first.saturating_add(usize::from(tagged)).saturating_add(1);
    let verb = line.column(behind.saturating_sub(1));
    let command = is_verb(verb);
    let asked = std::mem::take(&mut dialogue.asked);
    let hidden = if asked || dialogue.login > 0 {
        match (command, line.columns.len().saturating_sub(usize::from(tagged))) {
            // What an order says that may have nothing to do with the login is not looked for elsewhere.
            (true, 2..) => Hidden::Columns(behind, usize::MAX, asked),
            (true, _) if dialogue.login > 0 => Hidden::Nothing,
            _ => Hidden::All,
        }
    } else {
        Hidden::Nothing
    };
    dialogue.login = dialogue.login.saturating_sub(1);
    if begins_login(verb) && (!tagged || verb.iter().all(u8::is_ascii_alphabetic)) {
        dialogue.login = LOGIN_LINES;
        return hidden.more(Hidden::behind(behind));
    }
    hidden
}

/// Whether a word may stand in front of a verb to name the order: a short one with a digit in it, or a sign.
fn is_tag(word: &[u8]) -> bool {
    let is_sign = matches!(word, [b'.' | b'*' | b'#']);
    is_sign || ((1..=16).contains(&word.len()) && word.iter().all(u8::is_ascii_alphanumeric) && word.iter().any(u8::is_ascii_digit))
}

/// Whether this is how commands look: capital letters.
fn is_verb(word: &[u8]) -> bool {
    (2..=16).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

fn begins_login(word: &[u8]) -> bool {
    let lower = word.to_ascii_lowercase();
    word.len() <= 24 && (VERBS.contains(&lower.as_slice()) || tells(&lower))
}

/// Whether the server asks for a secret with this line: it names one, as a prompt or as the last it says.
fn asks(line: &Line<'_>) -> bool {
    line.last_of_turn && line.text().len() <= 512 && tells(&line.text().to_ascii_lowercase())
}

/// What a line hides because its own words name a secret.
fn named(line: &Line<'_>) -> Hidden {
    let is_closed = line.columns.len() > 2 && line.column(line.columns.len().saturating_sub(1)) == line.column(0);
    let end = if is_closed { line.columns.len().saturating_sub(1) } else { usize::MAX };
    by_column(line, end).more(by_sentence(line, end))
}

/// Behind a column that is a word and names a secret all is hidden, behind one that is prose the next. What closes a line as it was opened
/// hides nothing.
fn by_column(line: &Line<'_>, end: usize) -> Hidden {
    let last = line.columns.len().saturating_sub(1);
    for place in 0..last {
        let column = line.column(place);
        // Far behind only names of pairs are looked for: prose has every word.
        if place >= 6 && !(column.contains(&b'"') || column.ends_with(b":")) {
            continue;
        }
        if !(3..=80).contains(&column.len()) || !tells(&column.to_ascii_lowercase()) {
            continue;
        }
        let next = place.saturating_add(1);
        let is_word = !column.contains(&b' ');
        if is_word || last == 1 {
            return Hidden::Columns(next, end, last == 1 || column.iter().any(u8::is_ascii_uppercase));
        }
        return Hidden::Columns(next, next.saturating_add(1).min(end), false);
    }
    Hidden::Nothing
}

/// Where blanks divide a line, a sentence of it goes over several columns: all is hidden from the one on that its value begins in.
fn by_sentence(line: &Line<'_>, end: usize) -> Hidden {
    let gap = line.columns.first().zip(line.columns.get(1)).and_then(|(one, two)| line.bytes.get(one.1..two.0));
    if !gap.is_some_and(|gap| !gap.is_empty() && gap.trim_ascii().is_empty()) {
        return Hidden::Nothing;
    }
    let Some(begin) = within(line.text()).map(|begin| line.start.saturating_add(begin)) else { return Hidden::Nothing };
    let Some(place) = line.columns.iter().position(|(_, end)| *end > begin) else { return Hidden::Nothing };
    // A pair in one column is hidden behind its name only.
    let is_pair = line.columns.get(place).is_some_and(|(start, _)| *start < begin) && within(line.column(place)).is_some();
    let first = place.saturating_add(usize::from(is_pair));
    if first < line.columns.len() { Hidden::Columns(first, end, false) } else { Hidden::Nothing }
}
