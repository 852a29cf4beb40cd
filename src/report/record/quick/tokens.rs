//! The tokens of a message, half of all bytes written: pieces of fixed size, put down one behind the other and cut to their length.

use super::put;
use crate::annotation::Role;
use crate::annotation::Token;

/// Kinds of tokens whose text is remembered: a record of a plugin has nine.
const KINDS: usize = 64;

/// Bytes that a tail has at most, of all kinds there are; a longer one is written piece by piece.
const TAIL_BYTES: usize = 64;

/// Numbers below this are kept as text, with a comma behind: messages are short.
const NUMBERS: usize = 1000;

/// Bytes of such a number.
const NUMBER_BYTES: usize = 4;

/// What a token takes, at most while its numbers are short.
const TOKEN_BYTES: usize = 11 + 2 * NUMBER_BYTES + TAIL_BYTES;

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

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        let end = out.len().saturating_add(self.len);
        out.extend_from_slice(&self.bytes);
        out.truncate(end);
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
    fn put(&mut self, token: &Token, out: &mut Vec<u8>) {
        let of = (token.role, token.kind, token.secret);
        if self.of.is_none_or(|(role, kind, secret)| role != of.0 || secret != of.2 || !std::ptr::eq(kind, of.1)) {
            self.of = Some(of);
            self.text = Piece::of(&text(token));
        }
        match &self.text {
            Some(piece) => piece.put(out),
            None => put(out, text(token).as_bytes()),
        }
    }
}

fn text(token: &Token) -> String {
    let secret = if token.secret { ",\"secret\":true" } else { "" };
    format!("],\"role\":\"{}\",\"kind\":\"{}\"{secret}}}", token.role.name(), token.kind)
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
        out.reserve(tokens.len().saturating_mul(TOKEN_BYTES));
        put(out, b"[");
        for token in tokens {
            put(out, b"{\"bytes\":[");
            self.number(out, token.start);
            self.number(out, token.end);
            // The comma behind the last number is one too many.
            out.pop();
            if let Some(tail) = self.tails.get_mut(place_of(token)) {
                tail.put(token, out);
            }
            put(out, b",");
        }
        if !tokens.is_empty() {
            out.pop();
        }
        put(out, b"]");
    }

    /// A number and a comma.
    #[inline]
    fn number(&self, out: &mut Vec<u8>, number: usize) {
        if let Some(piece) = self.numbers.get(number) {
            piece.put(out);
        } else {
            put(out, itoa::Buffer::new().format(number).as_bytes());
            put(out, b",");
        }
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
