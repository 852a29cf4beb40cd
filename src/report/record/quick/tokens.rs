//! The tokens of a message, half of all bytes written: pieces of fixed size, put down one over the end of the other and cut to their length.

use super::put;
use crate::annotation::Role;
use crate::annotation::Token;

/// Kinds of tokens whose text is remembered: a record of a plugin has nine.
const KINDS: usize = 256;

/// Bytes that a tail has at most, of all kinds there are; a longer one is written piece by piece.
const TAIL_BYTES: usize = 64;

/// Numbers below this are kept as text, with a comma behind: messages are short.
const NUMBERS: usize = 1000;

/// Bytes of such a number.
const NUMBER_BYTES: usize = 4;

/// What every token begins with.
const HEAD: &[u8; HEAD_BYTES] = b"{\"bytes\":[";
const HEAD_BYTES: usize = 10;

/// What a token takes, at most while its numbers are short.
const TOKEN_BYTES: usize = HEAD_BYTES + 2 * NUMBER_BYTES + TAIL_BYTES;

/// Writes tokens; remembers how their kinds and numbers look.
#[derive(Debug)]
pub(super) struct Tokens {
    tails: Vec<Tail>,
    numbers: Vec<Piece<NUMBER_BYTES>>,
}

/// Text in front of bytes that do not count: a copy of fixed size is quicker than one of the right size.
#[derive(Clone, Copy, Debug)]
struct Piece<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Piece<N> {
    /// Nothing where the text is longer.
    fn of(text: &str) -> Option<Self> {
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, len: text.len() })
    }

    /// Puts it at a place in a room: where it ends there. Nothing where the room is too small.
    #[inline]
    fn put(&self, room: &mut [u8; TOKEN_BYTES], at: usize) -> Option<usize> {
        *room.get_mut(at..)?.first_chunk_mut()? = self.bytes;
        Some(at.saturating_add(self.len))
    }
}

/// What stands behind the bytes of a token: its role and kind, as text.
#[derive(Debug, Default)]
struct Tail {
    of: Option<(Role, &'static str, bool)>,
    text: Option<Piece<TAIL_BYTES>>,
}

impl Tail {
    #[inline]
    fn is_of(&self, token: &Token) -> bool {
        self.of.is_some_and(|(role, kind, secret)| role == token.role && secret == token.secret && std::ptr::eq(kind, token.kind))
    }
}

fn text(token: &Token) -> String {
    let secret = if token.secret { ",\"secret\":true" } else { "" };
    format!("],\"role\":\"{}\",\"kind\":\"{}\"{secret}}},", token.role.name(), token.kind)
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            tails: (0..KINDS).map(|_| Tail::default()).collect(),
            numbers: (0..NUMBERS).filter_map(|number| Piece::of(&format!("{number},"))).collect(),
        }
    }
}

impl Tokens {
    /// Appends the list of these tokens.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, tokens: &[Token]) {
        put(out, b"[");
        let short = tokens.iter().take_while(|token| token.end < NUMBERS).count();
        let mut end = out.len();
        out.resize(end.saturating_add(short.saturating_mul(TOKEN_BYTES)), 0);
        let mut done = 0_usize;
        for token in tokens.iter().take(short) {
            let room = out.get_mut(end..).and_then(<[u8]>::first_chunk_mut);
            let Some(len) = room.and_then(|room| self.short(room, token)) else { break };
            end = end.saturating_add(len);
            done = done.saturating_add(1);
        }
        out.truncate(end);
        // Offsets ascend: behind the first that is not short, none is.
        tokens.get(done..).unwrap_or_default().iter().for_each(|token| self.long(out, token));
        if !tokens.is_empty() {
            // The comma behind the last one is one too many.
            out.pop();
        }
        put(out, b"]");
    }

    /// Writes a token, and a comma, into a room for one: how long it is. Nothing where it is not short.
    #[inline]
    fn short(&mut self, room: &mut [u8; TOKEN_BYTES], token: &Token) -> Option<usize> {
        let (start, end) = (self.numbers.get(token.start)?, self.numbers.get(token.end)?);
        *room.first_chunk_mut()? = *HEAD;
        let at = start.put(room, HEAD_BYTES)?;
        let at = end.put(room, at)?;
        // The comma behind the last number is one too many.
        self.tail(token)?.put(room, at.saturating_sub(1))
    }

    /// Writes a token of any length, and a comma.
    fn long(&mut self, out: &mut Vec<u8>, token: &Token) {
        put(out, HEAD);
        put(out, itoa::Buffer::new().format(token.start).as_bytes());
        put(out, b",");
        put(out, itoa::Buffer::new().format(token.end).as_bytes());
        match self.tail(token).and_then(|tail| tail.bytes.get(..tail.len)) {
            Some(tail) => put(out, tail),
            None => put(out, text(token).as_bytes()),
        }
    }

    /// The tail of a token, unless it is too long: it is in its place, or in the one beside it, or made anew.
    #[inline]
    fn tail(&mut self, token: &Token) -> Option<&Piece<TAIL_BYTES>> {
        let place = place_of(token);
        let place = if self.tails.get(place)?.is_of(token) { place } else { self.beside(place, token)? };
        self.tails.get(place)?.text.as_ref()
    }

    #[cold]
    fn beside(&mut self, place: usize, token: &Token) -> Option<usize> {
        let beside = place ^ 1;
        if self.tails.get(beside)?.is_of(token) {
            return Some(beside);
        }
        self.tails.swap(place, beside);
        *self.tails.get_mut(place)? = Tail { of: Some((token.role, token.kind, token.secret)), text: Piece::of(&text(token)) };
        Some(place)
    }
}

/// Where the tail of a token is remembered. Kinds are constants of the program: where they stand tells them apart.
#[inline]
fn place_of(token: &Token) -> usize {
    let role = match token.role {
        Role::Control => 0x1000_0000,
        Role::Keyword => 0x2000_0000,
        Role::Data => 0x3000_0000,
        Role::Unknown => 0x4000_0000,
    };
    let mixed = token.kind.as_ptr().addr().wrapping_add(role).wrapping_mul(0x9e37_79b1);
    (mixed >> 20) % KINDS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the general serializer would write it.
    fn plainly(tokens: &[Token]) -> String {
        let text = |token: &Token| {
            let secret = if token.secret { ",\"secret\":true" } else { "" };
            let (start, end, role) = (token.start, token.end, token.role.name());
            format!("{{\"bytes\":[{start},{end}],\"role\":\"{role}\",\"kind\":\"{}\"{secret}}}", token.kind)
        };
        format!("[{}]", tokens.iter().map(text).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn all_kinds_at_all_places_are_written_alike() {
        let kinds: Vec<&'static str> = (0..300).map(|number| &*format!("kind_{number}").leak()).collect();
        let mut tokens = Tokens::default();
        for first in [0, 5, 990, 9_990] {
            let token = |at: usize| Token {
                start: first + at,
                end: first + at + 1,
                role: [Role::Control, Role::Keyword, Role::Data, Role::Unknown][at % 4],
                kind: kinds[at * at % kinds.len()],
                secret: at.is_multiple_of(3),
            };
            let list: Vec<Token> = (0..400).map(token).collect();
            let mut out = Vec::new();
            tokens.write(&mut out, &list);
            assert_eq!(String::from_utf8(out).unwrap(), plainly(&list));
        }
    }

    #[test]
    fn long_numbers_and_long_kinds_are_written_too() {
        const LONG: &str = "a_kind_with_a_name_that_is_longer_than_any_that_there_is_and_then_some_more";
        let mut out = Vec::new();
        let token = |start, end, kind, secret| Token { start, end, role: Role::Data, kind, secret };
        Tokens::default()
            .write(&mut out, &[token(0, 999, "host", false), token(999, 1000, LONG, true), token(1000, 123_456, "host", true)]);
        let text = String::from_utf8(out).unwrap();
        let first = r#"{"bytes":[0,999],"role":"data","kind":"host"}"#;
        let last = r#"{"bytes":[1000,123456],"role":"data","kind":"host","secret":true}"#;
        assert_eq!(text, format!("[{first},{{\"bytes\":[999,1000],\"role\":\"data\",\"kind\":\"{LONG}\",\"secret\":true}},{last}]"));
        let mut none = Vec::new();
        Tokens::default().write(&mut none, &[]);
        assert_eq!(none, b"[]");
    }
}
