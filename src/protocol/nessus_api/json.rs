//! Reads JSON as it comes, in one pass: where every value stands, and which values are secrets. Holds no more than one value.

mod keys;

use super::bare;
use super::marks::Kind;
use super::names::is_plain_list;
use super::names::unescaped;
use super::quoted::Quoted;
use crate::limits::API_TEXT_BYTES;
use keys::Keys;

/// Objects and arrays in one another. Real bodies have six.
const MOST_LEVELS: usize = 32;
/// Longest key. A longer one is no key of this API.
const KEY_BYTES: usize = 256;

/// Takes what is read.
pub(super) trait Listener {
    /// An item of an array, or a member of an object, begins.
    fn begins(&mut self, path: &str);
    /// Whether it looks at the text of a value. Of one it does not look at, it hears but the length.
    fn wants(&self, _path: &str) -> bool {
        true
    }
    /// A value that is no object and no array: as the wire has it, with quotes and escapes, cut at a bound.
    fn value(&mut self, path: &str, raw: &[u8], secret: bool);
    /// A text that it does not look at, of so many bytes without its quotes.
    fn passed(&mut self, _bytes: usize) {}
    /// Whether a text, as the wire has it without its quotes, tells a secret that was heard before.
    fn is_echo(&self, _text: &[u8]) -> bool {
        false
    }
}

/// A reader of one body.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Json {
    levels: Vec<Level>,
    /// Names of the members down to here: `hosts[].hostname`.
    path: String,
    state: State,
    /// The value at hand, or the key.
    text: Vec<u8>,
    /// Whether the text of the value at hand is looked at.
    wanted: bool,
    secret: bool,
    /// Whether it is not known what the key at hand stands for.
    obscure: bool,
    /// Bytes of the value at hand, or the key.
    length: usize,
    /// Those of a value before what of it is a secret by what it quotes.
    front: usize,
    /// Bytes that went by and are a secret after all.
    echoed: usize,
    /// What the text at hand quotes.
    quoted: Quoted,
    /// What the newest keys tell.
    keys: Keys,
    /// In a request, also what a list has no name for is a secret.
    is_response: bool,
    found_secret: bool,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    is_object: bool,
    /// Whether everything in it is a secret.
    secret: bool,
    /// Length of its own path.
    path: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value must come; in an array that has just begun also its end may.
    Value(bool),
    /// A key must come, or, when the object has just begun, its end may.
    Key(bool),
    /// In a string; whether it is a key, and whether a backslash came before.
    Text {
        key: bool,
        escaped: bool,
    },
    Colon,
    /// A number, or `true`, `false`, `null`.
    Bare,
    /// Behind a value.
    Behind,
    Broken,
}

const MARK: Kind = Kind::keyword("json");

impl Json {
    pub(super) fn new(is_response: bool) -> Self {
        Self {
            levels: Vec::new(),
            path: String::new(),
            state: State::Value(false),
            text: Vec::new(),
            wanted: true,
            secret: false,
            obscure: false,
            length: 0,
            front: 0,
            echoed: 0,
            quoted: Quoted::default(),
            keys: Keys::default(),
            is_response,
            found_secret: false,
        }
    }

    /// Whether a secret was in it, or something that was not understood.
    pub(super) fn holds_secret(&self) -> bool {
        self.found_secret || self.state == State::Broken
    }

    /// Whether a whole value was read; nothing at all is one, too.
    pub(super) fn is_whole(&self) -> bool {
        self.levels.is_empty() && matches!(self.state, State::Behind | State::Bare | State::Value(false))
    }

    /// Bytes of a value or key that was marked as no secret, and whose end has not come: it may still be one.
    pub(super) fn unfinished(&self) -> usize {
        let is_word = self.state == State::Bare && self.text.first().is_some_and(u8::is_ascii_lowercase);
        if !is_word && matches!(self.state, State::Text { .. } | State::Bare) { self.shown() } else { 0 }
    }

    /// Bytes of the value or key at hand that were marked as no secret.
    fn shown(&self) -> usize {
        if self.secret { self.front } else { self.length }
    }

    /// Reads on. `mark` hears what each run of bytes is.
    pub(super) fn take(&mut self, bytes: &[u8], listener: &mut dyn Listener, mark: &mut dyn FnMut(usize, Kind)) {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let (taken, kind) = match self.state {
                State::Broken => (rest.len(), Kind::WITHHELD),
                State::Text { key, escaped } => self.text(rest, key, escaped, listener),
                State::Bare => self.bare(rest, listener),
                _ if is_blank(*first) => {
                    let length = rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
                    (length, Kind::control("blank"))
                }
                _ => self.between(*first, listener),
            };
            self.found_secret |= kind.secret;
            mark(taken, kind);
            if self.echoed > 0 {
                self.found_secret = true;
                mark(std::mem::take(&mut self.echoed), Kind::ECHO);
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// The body is over: a number at its end is known to be whole.
    pub(super) fn end(&mut self, listener: &mut dyn Listener) {
        if self.state == State::Bare && bare::is_whole(&self.text) {
            self.tell(listener);
        }
    }

    /// A byte outside of text and numbers that is no blank.
    fn between(&mut self, byte: u8, listener: &mut dyn Listener) -> (usize, Kind) {
        let next = match (self.state, byte) {
            (State::Value(_), b'{' | b'[') => self.open(byte == b'{', listener),
            (State::Value(true), b']') | (State::Key(true), b'}') | (State::Behind, b'}' | b']') => self.close(byte == b'}'),
            (State::Value(_), b'"') => {
                self.begin(true, listener);
                Some(State::Text { key: false, escaped: false })
            }
            (State::Value(_), b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                // A password may be a number; a yes, no or nothing is none.
                self.begin(!byte.is_ascii_lowercase(), listener);
                // What it is, is told by all of it.
                self.wanted = true;
                self.state = State::Bare;
                return (0, MARK);
            }
            (State::Key(_), b'"') => {
                (self.length, self.front, self.secret, self.wanted) = (0, 0, false, true);
                self.text.clear();
                Some(State::Text { key: true, escaped: false })
            }
            (State::Colon, b':') => Some(State::Value(false)),
            (State::Behind, b',') => self.levels.last().map(|level| if level.is_object { State::Key(false) } else { State::Value(false) }),
            _ => None,
        };
        self.state = next.unwrap_or(State::Broken);
        if next.is_some() { (1, MARK) } else { (1, Kind::WITHHELD) }
    }

    /// A value begins, whose place is known: its path, and whether it is a secret.
    fn begin(&mut self, may_be_secret: bool, listener: &mut dyn Listener) {
        (self.length, self.front) = (0, 0);
        self.text.clear();
        self.quoted.begin();
        let inherited = self.levels.last().is_some_and(|level| level.secret);
        // A text that is all there is has no name to tell what it is.
        let bare_text = self.levels.is_empty();
        self.secret = may_be_secret && (inherited || bare_text || self.is_secret_here());
        self.step(listener);
        self.wanted = listener.wants(&self.path);
    }

    /// Whether the key at hand tells a secret.
    fn is_secret_here(&mut self) -> bool {
        let Some(level) = self.levels.last() else { return false };
        if !level.is_object {
            return self.is_secret_item(level.path);
        }
        let key = self.path.get(level.path..).unwrap_or_default().trim_start_matches('.').as_bytes();
        self.obscure || self.keys.tells_secret(key)
    }

    /// Whether the items of a list at this path are secrets, if they are texts or numbers.
    fn is_secret_item(&self, path: usize) -> bool {
        let list = self.path.get(..path).unwrap_or_default();
        let name = list.rsplit('.').next().unwrap_or_default();
        name.is_empty() || name.ends_with(']') || !(self.is_response || is_plain_list(name))
    }

    /// Tells that an item or a member begins.
    fn step(&mut self, listener: &mut dyn Listener) {
        if let Some(level) = self.levels.last().copied() {
            if !level.is_object {
                self.path.truncate(level.path);
                self.path.push_str("[]");
            }
            listener.begins(&self.path);
        }
    }

    fn open(&mut self, is_object: bool, listener: &mut dyn Listener) -> Option<State> {
        if self.levels.len() >= MOST_LEVELS {
            return None;
        }
        let inherited = self.levels.last().is_some_and(|level| level.secret);
        // What is in the items of a list has names of its own.
        let in_list = self.levels.last().is_none_or(|level| !level.is_object);
        let secret = inherited || (!in_list && self.is_secret_here());
        self.step(listener);
        self.levels.push(Level { is_object, secret, path: self.path.len() });
        Some(if is_object { State::Key(true) } else { State::Value(true) })
    }

    fn close(&mut self, is_object: bool) -> Option<State> {
        let level = self.levels.pop().filter(|level| level.is_object == is_object)?;
        self.path.truncate(level.path);
        Some(State::Behind)
    }

    /// Bytes of a string, up to its end.
    fn text(&mut self, rest: &[u8], key: bool, escaped: bool, listener: &mut dyn Listener) -> (usize, Kind) {
        let kind = if key { Kind::keyword("key") } else { Kind::data("value", self.secret) };
        if escaped {
            self.keep(rest.get(..1).unwrap_or_default());
            if !key && rest.first().is_some_and(|byte| self.quoted.escaped(*byte)) {
                self.turn();
            }
            self.state = State::Text { key, escaped: false };
            return (1, kind);
        }
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(0) if rest.first() == Some(&b'\\') => {
                self.keep(b"\\");
                self.state = State::Text { key, escaped: true };
                (1, kind)
            }
            Some(0) => {
                self.echo(listener);
                self.state = if key { self.named() } else { State::Behind };
                if !key {
                    self.tell_text(listener);
                }
                (1, MARK)
            }
            found => {
                let mut length = found.unwrap_or(rest.len());
                let plain = rest.get(..length).filter(|_| !key && !self.secret).unwrap_or_default();
                let told = self.quoted.run(plain);
                length = told.map_or(length, |place| place.saturating_add(1));
                self.keep(rest.get(..length).unwrap_or_default());
                if told.is_some() {
                    self.turn();
                }
                if key && self.text.len() > KEY_BYTES {
                    // What came of it before is withheld with it.
                    self.echoed = self.length.saturating_sub(length);
                    self.state = State::Broken;
                    return (length, Kind::WITHHELD);
                }
                (length, kind)
            }
        }
    }

    /// The key is whole: the path goes on with it.
    fn named(&mut self) -> State {
        let Some(level) = self.levels.last() else { return State::Broken };
        self.path.truncate(level.path);
        if !self.path.is_empty() {
            self.path.push('.');
        }
        if let Some(key) = str::from_utf8(&self.text).ok().filter(|key| !key.contains('\\')) {
            self.obscure = false;
            self.path.push_str(key);
        } else {
            let (key, known) = unescaped(&self.text);
            self.obscure = !known;
            self.path.push_str(&String::from_utf8_lossy(&key));
        }
        State::Colon
    }

    /// Bytes of a number or a word. What only begins like one is nothing that is known.
    fn bare(&mut self, rest: &[u8], listener: &mut dyn Listener) -> (usize, Kind) {
        let mut length = 0_usize;
        while let Some(byte) = rest.get(length) {
            if !bare::goes_on(&self.text, *byte) {
                let is_value = bare::is_whole(&self.text) && bare::may_follow(*byte);
                self.state = if is_value { State::Behind } else { State::Broken };
                self.echo(listener);
                if is_value {
                    self.tell(listener);
                }
                break;
            }
            self.keep(&[*byte]);
            length = length.saturating_add(1);
        }
        (length, Kind::data("value", self.secret))
    }

    /// What follows in the text at hand is a secret.
    fn turn(&mut self) {
        if !self.secret {
            (self.secret, self.front) = (true, self.length);
        }
    }

    /// A value or a key is whole: it may be a secret that was heard before, also where a part of it is a secret anyway.
    fn echo(&mut self, listener: &dyn Listener) {
        let shown = self.shown();
        if (shown > 0 || !self.secret) && listener.is_echo(&self.text) {
            self.secret = true;
            self.echoed = shown;
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len());
        if !self.wanted {
            return;
        }
        let room = API_TEXT_BYTES.saturating_sub(self.text.len());
        self.text.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn tell(&mut self, listener: &mut dyn Listener) {
        listener.value(&self.path, &self.text, self.secret);
    }

    fn tell_text(&mut self, listener: &mut dyn Listener) {
        if !self.wanted {
            return listener.passed(self.length);
        }
        self.text.insert(0, b'"');
        self.text.push(b'"');
        self.tell(listener);
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests;
