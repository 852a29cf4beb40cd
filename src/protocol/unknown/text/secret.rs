//! Which words are secrets: what answers a question for a password, what stands behind a name that says so, and what repeats such.

use super::lines::Line;
use super::naming;
use super::naming::behind_sign;
use super::naming::tells;
use super::naming::within;
use super::orders;
use super::pem;
use super::verdict;
use crate::peer::Peer;
use crate::protocol::telling;
use crate::protocol::unknown::framing::marked;
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
/// Bytes it must have to be known in the middle of other text.
const LEAST_WITHIN: usize = 6;
/// Bytes of a word that begins a login.
const MOST_VERB: usize = 64;
/// Lines of a client behind a word that begins a login, which may belong to it.
pub(super) const LOGIN_LINES: u8 = 3;

/// What is hidden, line by line, and the secrets themselves.
#[derive(Default)]
pub(super) struct Secrets<'a> {
    pub(super) hidden: Vec<Hidden>,
    /// Lines, and what of them surely is a secret, whatever else of them is hidden.
    sure: Vec<(usize, Hidden)>,
    values: BTreeSet<&'a [u8]>,
}

/// What is remembered of a session on the way.
#[derive(Default)]
struct Dialogue {
    /// The server asked for a secret.
    asked: Option<Asked>,
    /// Lines of the client that may belong to a login.
    login: u8,
    /// Lines the client said in its last turn, behind the first one.
    ahead: Vec<usize>,
}

impl Dialogue {
    /// The client began a login; this stands behind the word that says so.
    fn begin_login(&mut self, rest: &[u8]) {
        self.login = LOGIN_LINES;
        // Where that is nothing, the next line says it.
        self.asked = rest.is_empty().then_some(Asked { alone: false });
    }
}

/// How it asked.
#[derive(Clone, Copy)]
struct Asked {
    /// By a prompt: the answer stands alone.
    alone: bool,
}

impl<'a> Secrets<'a> {
    /// Goes through the lines in order; `cut_off` says of each message whether it may be the rest of another one.
    pub(super) fn find(lines: &[Line<'a>], cut_off: &[bool]) -> Self {
        let mut secrets = Self { hidden: vec![Hidden::Nothing; lines.len()], ..Self::default() };
        let mut dialogues: BTreeMap<usize, Dialogue> = BTreeMap::new();
        let (mut free, mut doubtful): (BTreeSet<&[u8]>, Vec<usize>) = Default::default();
        let (of_keys, judged, orders) = (pem::inside(lines), verdict::judged(lines), orders::find(lines));
        for (place, line) in lines.iter().enumerate() {
            let dialogue = dialogues.entry(line.session).or_default();
            if judged.contains(&place) {
                dialogue.asked = Some(Asked { alone: true });
            }
            // A count says how long the next line is.
            let counts = marked(line.text().trim_ascii()).is_some() && dialogue.asked.is_none_or(|asked| !asked.alone);
            if line.from == Peer::Client && !counts {
                // Words that are said where nobody asked are orders; the same word is one behind a question, too.
                match (dialogue.asked, dialogue.login) {
                    (None, 0) => _ = free.insert(line.text()),
                    (None, _) => {}
                    (Some(_), _) => doubtful.push(place),
                }
                let [answers, verb] = client(dialogue, place, line, &orders);
                secrets.hide(place, answers);
                secrets.hide(place, verb);
            } else if line.from == Peer::Server && asks(line) {
                dialogue.asked = Some(Asked { alone: is_prompt(line) });
                for ahead in dialogue.ahead.drain(..) {
                    let is_order = lines.get(ahead).is_some_and(|line| line.columns.len() > 1 && is_order(line.column(0), &orders));
                    secrets.hide(ahead, if is_order { Hidden::behind(1) } else { Hidden::All });
                }
            }
            for hidden in named(line) {
                secrets.hide(place, hidden);
            }
        }
        let is_word = |line: &Line<'_>| line.columns.len() == 1 && !free.contains(line.text());
        for place in doubtful.into_iter().filter(|place| lines.get(*place).is_some_and(is_word)) {
            secrets.hide(place, Hidden::All);
        }
        secrets.learn(lines);
        for (_, hidden) in of_keys.iter().zip(&mut secrets.hidden).filter(|(is_of_key, _)| **is_of_key) {
            *hidden = Hidden::All;
        }
        // Such a rest may be that of a password: it is hidden, but being one it tells nothing of others.
        let is_rest = |line: &Line<'_>| line.first && cut_off.get(line.unit) == Some(&true);
        for (_, hidden) in lines.iter().zip(&mut secrets.hidden).filter(|(line, _)| is_rest(line)) {
            *hidden = Hidden::All;
        }
        secrets
    }

    /// Hides more of a line.
    fn hide(&mut self, place: usize, hidden: Hidden) {
        if matches!(hidden, Hidden::All | Hidden::Columns(.., true)) {
            self.sure.push((place, hidden));
        }
        if let Some(slot) = self.hidden.get_mut(place) {
            *slot = slot.more(hidden);
        }
    }

    /// Notes what the parts are that surely are secrets.
    fn learn(&mut self, lines: &[Line<'a>]) {
        for (line, hidden) in self.sure.iter().filter_map(|(place, hidden)| Some((lines.get(*place)?, hidden))) {
            let whole = (*hidden == Hidden::All).then(|| line.text());
            let columns = (0..line.columns.len()).filter(|place| hidden.covers(*place)).map(|place| line.column(place));
            self.values.extend(whole.into_iter().chain(columns).map(<[u8]>::trim_ascii).filter(|value| value.len() >= LEAST_REPEATED));
        }
    }

    /// Whether these bytes are a secret that is known from elsewhere, or a word of them is.
    pub(super) fn knows(&self, bytes: &[u8]) -> bool {
        let word = |word: &[u8]| word.len() >= LEAST_WITHIN && self.values.contains(word);
        self.values.contains(bytes.trim_ascii())
            || bytes.split(u8::is_ascii_whitespace).any(word)
            || bytes.split(|byte| !byte.is_ascii_alphanumeric()).any(word)
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

/// A line of the client: what of it answers a question, and what stands behind a word that logs in.
fn client(dialogue: &mut Dialogue, place: usize, line: &Line<'_>, orders: &BTreeSet<&[u8]>) -> [Hidden; 2] {
    if line.first_of_turn && line.first {
        dialogue.ahead.clear();
    } else {
        dialogue.ahead.push(place);
    }
    let behind = |front: usize| front.saturating_add(usize::from(is_tag(line.column(front)))).saturating_add(1);
    let first = behind(line.first_column());
    let command = is_order(line.column(first.saturating_sub(1)), orders);
    let asked = dialogue.asked.take();
    let answers = match (asked, command, line.columns.len().saturating_sub(first.saturating_sub(1))) {
        (None, ..) if dialogue.login == 0 => Hidden::Nothing,
        // Behind a prompt stands an answer, however much it looks like an order.
        (Some(Asked { alone: true }), ..) => Hidden::All,
        // What an order says that may have nothing to do with the login is not looked for elsewhere.
        (_, true, 2..) => Hidden::Columns(first, usize::MAX, asked.is_some()),
        // One word is an order if it is one elsewhere.
        (_, true, _) => Hidden::Nothing,
        _ => Hidden::All,
    };
    dialogue.login = dialogue.login.saturating_sub(1);
    let text = |front: usize| line.bytes.get(line.columns.get(front).map_or(line.start, |(start, _)| *start)..line.end).unwrap_or_default();
    // What is taken for a tag may be the verb itself.
    let login = [line.front(), line.first_column()]
        .iter()
        .map(|front| (behind(*front), verb(text(*front))))
        .find(|(_, (verb, _))| begins_login(verb));
    let Some((behind, (_, rest))) = login else {
        let second = by_second(line);
        return [answers, if second == Hidden::Nothing { by_inner(dialogue, line) } else { second }];
    };
    dialogue.begin_login(rest);
    // What nothing divides behind the word is hidden with it.
    let column = line.columns.get(behind.saturating_sub(1)).map_or(line.end, |(_, end)| *end);
    let left = rest.len().saturating_sub(line.end.saturating_sub(column));
    let is_divided = rest.get(..left).is_some_and(|rest| rest.iter().all(u8::is_ascii_punctuation));
    [answers, if is_divided { Hidden::behind(behind) } else { Hidden::All }]
}

/// Whether the second word begins a login, and more stands behind it.
fn second_logs_in(text: &[u8]) -> bool {
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1);
    words.next().is_some_and(|word| VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word))) && words.next().is_some()
}

/// A login may stand at the beginning of a line inside of what is one here, since other bytes end messages: from it on all is hidden.
fn by_inner(dialogue: &mut Dialogue, line: &Line<'_>) -> Hidden {
    let text = line.text();
    let login = naming::lines(text).skip(1).find_map(|(start, inner)| {
        let (word, rest) = verb(inner);
        let behind = start.saturating_add(inner.len()).saturating_sub(rest.len());
        if begins_login(word) { Some(behind) } else { second_logs_in(inner).then_some(start) }
    });
    let Some(rest) = login.and_then(|behind| text.get(behind..)).map(<[u8]>::trim_ascii_start) else { return Hidden::Nothing };
    dialogue.begin_login(rest);
    if rest.is_empty() {
        return Hidden::Nothing;
    }
    let begin = line.end.saturating_sub(rest.len());
    let first = line.columns.iter().position(|(_, end)| *end > begin);
    // Much of it may be no secret: it is not looked for elsewhere.
    first.map_or(Hidden::All, |first| Hidden::Columns(first, usize::MAX, false))
}

/// Whatever stands in front of a login, what stands behind it is hidden.
fn by_second(line: &Line<'_>) -> Hidden {
    if !second_logs_in(line.text()) {
        return Hidden::Nothing;
    }
    let verb = |place: &usize| VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(line.column(*place).trim_ascii()));
    // Where signs divide lines, the word may stand within a text.
    let otherwise = if line.columns.len() < 2 { Hidden::All } else { Hidden::Nothing };
    (0..3).find(verb).map_or(otherwise, |place| Hidden::behind(place.saturating_add(1)))
}

/// The word that gives the order, and what stands behind it: the letters and digits in front, or behind a tag.
fn verb(text: &[u8]) -> (&[u8], &[u8]) {
    let of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let tag = text.split(u8::is_ascii_whitespace).next().filter(|tag| is_tag(tag)).unwrap_or_default();
    let text = text.get(tag.len()..).unwrap_or_default().trim_ascii_start();
    text.split_at_checked(text.iter().take_while(|byte| of_word(byte)).count()).unwrap_or_default()
}

/// Whether a word may stand in front of a verb to name the order: a short one with a digit in it that is no verb itself, or a sign.
fn is_tag(word: &[u8]) -> bool {
    let is_sign = matches!(word, [b'.' | b'*' | b'#']);
    let of_tag = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'#');
    let has_digit = word.iter().all(of_tag) && word.iter().any(u8::is_ascii_digit);
    let letters = word.split(u8::is_ascii_digit).next().unwrap_or_default();
    is_sign || ((1..=16).contains(&word.len()) && has_digit && !begins_login(letters))
}

/// Whether a word gives an order: by how it looks, or by what is known of it.
fn is_order(word: &[u8], orders: &BTreeSet<&[u8]>) -> bool {
    is_verb(word) || orders.contains(word)
}

/// Whether this is how commands look: capital letters.
fn is_verb(word: &[u8]) -> bool {
    (2..=16).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

pub(super) fn begins_login(word: &[u8]) -> bool {
    let lower = word.to_ascii_lowercase();
    word.len() <= MOST_VERB && (VERBS.contains(&lower.as_slice()) || tells(&lower))
}

/// Whether the server asks for a secret with this line: it names one, as a prompt or as the last it says.
pub(super) fn asks(line: &Line<'_>) -> bool {
    let lower = line.text().to_ascii_lowercase();
    let asks = |lower: &[u8]| tells(lower) || (is_prompt(line) && ends_in_a_name(lower));
    (line.last_of_turn || !line.is_ended()) && lower.len() <= 512 && asks(&lower)
}

/// Whether the last word ends as one that names a secret: where nothing ends lines, the one before may stand right before it.
fn ends_in_a_name(lower: &[u8]) -> bool {
    let end = lower.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last.saturating_add(1));
    lower.get(..end).is_some_and(|said| telling::WORDS.iter().any(|word| said.ends_with(word)))
}

/// Whether it waits for what is typed: nothing ends it, or a sign does.
pub(super) fn is_prompt(line: &Line<'_>) -> bool {
    !line.is_ended() || matches!(line.text().trim_ascii_end().last(), Some(b':' | b'?'))
}

/// What a line hides because its own words name a secret.
fn named(line: &Line<'_>) -> [Hidden; 3] {
    let last = line.columns.len().saturating_sub(1);
    // What stands right behind a name is its value, even if the line began with the same.
    let is_closed = last > 1 && line.column(last) == line.column(0) && !tells(&line.column(last.saturating_sub(1)).to_ascii_lowercase());
    let end = if is_closed { last } else { usize::MAX };
    [by_column(line, end), by_sentence(line, end), by_order(line)]
}

/// Two words of which the first is that of all logins are one, whoever is taken for the client.
fn by_order(line: &Line<'_>) -> Hidden {
    let first = naming::lines(line.text()).map(|(_, inner)| inner).find(|inner| !inner.trim_ascii().is_empty());
    let is_pass = first.into_iter().chain([line.text()]).any(|words| naming::passed(words).is_some());
    match (is_pass, line.columns.len()) {
        (false, _) => Hidden::Nothing,
        (true, 0 | 1) => Hidden::All,
        (true, _) => Hidden::Columns(1, usize::MAX, false),
    }
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
        if !(2..=80).contains(&column.len()) || !tells(&column.to_ascii_lowercase()) {
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

/// Where blanks divide a line, a sentence of it goes over several columns, and where signs do, a pair: all is hidden from the one on that
/// its value begins in.
fn by_sentence(line: &Line<'_>, end: usize) -> Hidden {
    let gap = line.columns.first().zip(line.columns.get(1)).and_then(|(one, two)| line.bytes.get(one.1..two.0));
    let by_blanks = gap.is_some_and(|gap| !gap.is_empty() && gap.trim_ascii().is_empty());
    let begin = if by_blanks { within(line.text()) } else { behind_sign(line.text()) };
    let Some(begin) = begin.map(|begin| line.start.saturating_add(begin)) else { return Hidden::Nothing };
    let Some(place) = line.columns.iter().position(|(_, end)| *end > begin) else { return Hidden::Nothing };
    // A pair in one column is hidden behind its name only.
    let is_pair = line.columns.get(place).is_some_and(|(start, _)| *start < begin) && within(line.column(place)).is_some();
    let first = place.saturating_add(usize::from(is_pair));
    if first < line.columns.len() { Hidden::Columns(first, end, false) } else { Hidden::Nothing }
}

#[cfg(test)]
mod tests {
    use crate::protocol::unknown::testing::inferred;
    use crate::protocol::unknown::testing::sessions;
    use crate::protocol::unknown::testing::shown;

    #[test]
    fn whatever_stands_before_a_login_hides_it() {
        for tag in ["2.1", "a-2", "C_2", "xa", "a.b-c", "XA", "LOGINS"] {
            let client =
                format!("S: * ready\\r\\n\nC: {tag} LOGIN anna Xy7Qumran\\r\\n\nS: {tag} OK\\r\\n\nC: {tag} LOOK here\\r\\n\nS: {tag} OK");
            let shown = shown(&inferred(&sessions(&[&format!("\n{client}\\r\\n\n")])));
            assert!(!shown.contains("Xy7Qumran") && shown.contains("ready"), "{shown}");
        }
    }
}
