//! Which words are secrets: what answers a question for a password, what stands behind a name that says so, and what repeats such.

use super::lines::Line;
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

/// Parts of words that name a secret, in small letters.
const NAMES: [&[u8]; 16] = [
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"auth",
    b"cookie",
    b"credential",
    b"community",
    b"apikey",
    b"api-key",
    b"api_key",
    b"private",
    b"passcode",
    b"accesskey",
    b"access_key",
    b"access-key",
];
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

    /// Where in a text a secret begins that a name in front of it tells: `password=…`.
    pub(super) fn within(text: &[u8]) -> Option<usize> {
        let lower = text.to_ascii_lowercase();
        let name = |name: &[u8]| {
            memchr::memmem::find_iter(&lower, name).find_map(|place| {
                let behind = place.saturating_add(name.len());
                let rest = lower.get(behind..)?;
                let word = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'"' | b'\'' | b']'))
                    .count();
                let sign = rest.get(word..)?;
                let blanks = sign.iter().take_while(|byte| **byte == b' ').count();
                let is_pair = matches!(sign.get(blanks), Some(b'=' | b':' | b'/'));
                let begin = behind.saturating_add(word).saturating_add(blanks).saturating_add(1);
                let value = text.get(begin..)?;
                let blanks = value.iter().take_while(|byte| **byte == b' ').count();
                (is_pair && value.len() > blanks).then_some(begin.saturating_add(blanks))
            })
        };
        NAMES.iter().filter_map(|part| name(part)).min()
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
    let verb = line.column(line.first_column());
    let command = is_verb(verb);
    let hidden = if std::mem::take(&mut dialogue.asked) || dialogue.login > 0 {
        match (command, line.columns.len()) {
            (true, 2..) => Hidden::behind(line.first_column().saturating_add(1)),
            (true, _) if dialogue.login > 0 => Hidden::Nothing,
            _ => Hidden::All,
        }
    } else {
        Hidden::Nothing
    };
    dialogue.login = dialogue.login.saturating_sub(1);
    if begins_login(verb) {
        dialogue.login = LOGIN_LINES;
        return hidden.more(Hidden::behind(line.first_column().saturating_add(1)));
    }
    hidden
}

/// Whether this is how commands look: capital letters.
fn is_verb(word: &[u8]) -> bool {
    (2..=16).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

fn begins_login(word: &[u8]) -> bool {
    let lower = word.to_ascii_lowercase();
    word.len() <= 24 && (VERBS.contains(&lower.as_slice()) || tells(&lower))
}

/// Whether these small letters name a secret.
fn tells(lower: &[u8]) -> bool {
    let names = |name: &&[u8]| {
        memchr::memmem::find_iter(lower, name).any(|place| {
            let behind = lower.get(place.saturating_add(name.len())..).unwrap_or_default();
            // Passive, passed, passenger and author name none.
            let other = (**name == *b"pass" && matches!(behind, [b'a' | b'e' | b'i', ..]))
                || (**name == *b"auth" && behind.starts_with(b"or") && !behind.starts_with(b"ori"));
            !other
        })
    };
    NAMES.iter().any(names)
}

/// Whether the server asks for a secret with this line: it names one, as a prompt or as the last it says.
fn asks(line: &Line<'_>) -> bool {
    line.last_of_turn && line.text().len() <= 512 && tells(&line.text().to_ascii_lowercase())
}

/// What a line hides because one of its own columns names a secret: behind a word all, behind prose the next column. What closes a line
/// as it was opened hides nothing.
fn named(line: &Line<'_>) -> Hidden {
    let last = line.columns.len().saturating_sub(1);
    let closed = last > 1 && line.column(last) == line.column(0);
    let end = if closed { last } else { usize::MAX };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_only_look_like_it_name_no_secret() {
        for named in ["331 please specify the password.", "pass", "x-auth-token", "authorization", "passwd", "passphrase:"] {
            assert!(tells(named.as_bytes()), "{named}");
        }
        for other in ["227 entering passive mode", "tests passed", "author: me", "authors"] {
            assert!(!tells(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn pairs_are_found_inside_of_text() {
        let at = |text: &str| Secrets::within(text.as_bytes()).map(|place| text.get(place..).unwrap().to_owned());
        assert_eq!(at("GET /?user=a&password=hunter2").as_deref(), Some("hunter2"));
        assert_eq!(at("{\"auth_token\": \"x\"}").as_deref(), Some("\"x\"}"));
        assert_eq!(at("/tokens/2fbfed35/status").as_deref(), Some("2fbfed35/status"));
        assert_eq!(at("{\"accessKey\":\"dca6\"").as_deref(), Some("\"dca6\""));
        assert_eq!(at("the password is secret"), None);
        assert_eq!(at("password="), None);
    }
}
