//! The tokens of a message, half of all bytes written: pieces of fixed size, put down one over the end of the other and cut to their length.

use super::place::TAIL_BYTES;
use super::room::Piece;
use super::room::Room;
use crate::annotation::Role;
use crate::annotation::Token;
use foldhash::quality::RandomState;
use hashbrown::HashMap;

/// Tokens whose kinds are remembered by their place: messages of a kind mostly have the same ones at the same places.
const PLACES: usize = 64;

/// Numbers below this are kept as text: messages are short.
const NUMBERS: u32 = 1000;

/// Bytes for two such numbers and a comma between them.
const PAIR_BYTES: usize = 8;

/// What a token takes, at most while its numbers are short.
const TOKEN_BYTES: usize = PAIR_BYTES + TAIL_BYTES;

/// What every token begins with.
pub(super) const HEAD: &str = "{\"bytes\":[";

/// Writes tokens; remembers how their kinds and numbers look.
#[derive(Debug)]
pub(super) struct Tokens {
    /// The tails of the last tokens, by their place.
    tails: Vec<Tail>,
    /// All tails so far: as many as the program has kinds.
    known: Known,
    numbers: Vec<Number>,
}

/// The text of tails; nothing where one is too long.
type Known = HashMap<(Role, &'static str, bool), Option<Piece<TAIL_BYTES>>, RandomState>;

/// A number below [`NUMBERS`]: its digits, the first in the lowest byte, and how many bits they take.
#[derive(Clone, Copy, Debug)]
struct Number {
    digits: u32,
    bits: u8,
}

impl Number {
    fn of(number: u32) -> Self {
        let text = number.to_string();
        let digits = text.bytes().rev().fold(0_u32, |digits, digit| digits.wrapping_shl(u8::BITS) | u32::from(digit));
        Self { digits, bits: text.bytes().map(|_| 8).sum() }
    }

    /// This one and another one with a comma between them, and how many bits they take.
    #[inline]
    fn pair(self, other: Self) -> (u64, u32) {
        let (bits, more) = (u32::from(self.bits), u32::from(other.bits));
        let (comma, behind) = (u64::from(b',').wrapping_shl(bits), bits.saturating_add(u8::BITS));
        let pair = u64::from(self.digits) | comma | u64::from(other.digits).wrapping_shl(behind);
        (pair, behind.saturating_add(more))
    }
}

/// What stands behind the numbers of a token: its role and kind, and the head of the next one.
#[derive(Clone, Copy, Debug)]
struct Tail {
    of: (Role, &'static str, bool),
    /// Nothing where it is too long.
    text: Option<Piece<TAIL_BYTES>>,
}

impl Tail {
    #[cold]
    fn of(token: &Token, known: &mut Known) -> Self {
        let of = (token.role, token.kind, token.secret);
        Self { of, text: *known.entry(of).or_insert_with(|| Piece::of(text(token).as_bytes())) }
    }

    /// Kinds are constants of the program: where they stand tells them apart.
    #[inline]
    fn is_of(&self, token: &Token) -> bool {
        let (role, kind, secret) = self.of;
        std::ptr::eq(kind, token.kind) && role == token.role && secret == token.secret
    }
}

fn text(token: &Token) -> String {
    tail_of(token.role, token.kind, token.secret)
}

/// What stands behind the numbers of a token, and the head of the next one.
pub(super) fn tail_of(role: Role, kind: &str, is_secret: bool) -> String {
    let secret = if is_secret { ",\"secret\":true" } else { "" };
    format!("],\"role\":\"{}\",\"kind\":\"{kind}\"{secret}}},{HEAD}", role.name())
}

impl Default for Tokens {
    fn default() -> Self {
        let tails = vec![Tail { of: (Role::Unknown, "", false), text: None }; PLACES];
        Self { tails, known: HashMap::default(), numbers: (0..NUMBERS).map(Number::of).collect() }
    }
}

impl Tokens {
    /// Adds the list of these tokens.
    pub(super) fn write(&mut self, room: &mut Room, tokens: &[Token]) {
        room.word(b"[");
        room.put(HEAD.as_bytes());
        let mut rest = tokens;
        while let Some((token, behind)) = rest.split_first() {
            let done = self.short(room, rest);
            rest = rest.get(done..).unwrap_or_default();
            if done == 0 {
                self.long(room, token);
                rest = behind;
            }
        }
        // The head of the next one, and the comma before it, are one too many.
        room.cut(room.len().saturating_sub(HEAD.len().saturating_add(usize::from(!tokens.is_empty()))));
        room.word(b"]");
    }

    /// Writes tokens behind their heads as long as they are short, each in room of fixed size, over the end of the one before: how many.
    fn short(&mut self, room: &mut Room, tokens: &[Token]) -> usize {
        let Self { tails, known, numbers } = self;
        let mut place = room.next(tokens.len().min(PLACES).saturating_mul(TOKEN_BYTES));
        let (all, mut done) = (place.len(), 0_usize);
        for (token, tail) in tokens.iter().zip(tails) {
            if !tail.is_of(token) {
                *tail = Tail::of(token, known);
            }
            let (Some(start), Some(end), Some(text)) = (numbers.get(token.start), numbers.get(token.end), &tail.text) else { break };
            let Some(len) = put(&mut *place, start.pair(*end), text) else { break };
            place = place.get_mut(len..).unwrap_or_default();
            done = done.saturating_add(1);
        }
        let left = place.len();
        room.take(all.saturating_sub(left));
        done
    }

    /// Writes a token of any length behind its head.
    #[cold]
    fn long(&mut self, room: &mut Room, token: &Token) {
        let number = |number| u64::try_from(number).unwrap_or(u64::MAX);
        room.number(number(token.start));
        room.word(b",");
        room.number(number(token.end));
        match Tail::of(token, &mut self.known).text {
            Some(tail) => room.piece(&tail),
            None => room.put(text(token).as_bytes()),
        }
    }
}

/// Puts down numbers and a tail: how long they are.
#[inline]
fn put(place: &mut [u8], (pair, bits): (u64, u32), tail: &Piece<TAIL_BYTES>) -> Option<usize> {
    let place = place.first_chunk_mut::<TOKEN_BYTES>()?;
    *place.first_chunk_mut()? = pair.to_le_bytes();
    let len = usize::try_from(bits / u8::BITS).ok()?;
    *place.get_mut(len..)?.first_chunk_mut()? = tail.bytes;
    Some(len.saturating_add(tail.len()))
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
            let mut room = Room::default();
            tokens.write(&mut room, &list);
            assert_eq!(str::from_utf8(room.written()).unwrap(), plainly(&list));
        }
    }

    #[test]
    fn long_numbers_and_long_kinds_are_written_too() {
        const LONG: &str = "a_kind_with_a_name_that_is_longer_than_any_that_there_is_and_then_some_more";
        let mut room = Room::default();
        let token = |start, end, kind, secret| Token { start, end, role: Role::Data, kind, secret };
        Tokens::default()
            .write(&mut room, &[token(0, 999, "host", false), token(999, 1000, LONG, true), token(1000, 123_456, "host", true)]);
        let text = str::from_utf8(room.written()).unwrap();
        let first = r#"{"bytes":[0,999],"role":"data","kind":"host"}"#;
        let last = r#"{"bytes":[1000,123456],"role":"data","kind":"host","secret":true}"#;
        assert_eq!(text, format!("[{first},{{\"bytes\":[999,1000],\"role\":\"data\",\"kind\":\"{LONG}\",\"secret\":true}},{last}]"));
        let mut none = Room::default();
        Tokens::default().write(&mut none, &[]);
        assert_eq!(none.written(), b"[]");
    }
}
