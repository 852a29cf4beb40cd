//! Tokens of a message in the making: runs of bytes, neighbours of one kind joined, bounded in number.

use crate::annotation::Role;
use crate::annotation::Token;
use crate::limits::HTTP_TOKENS;

/// What a run of bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) role: Role,
    pub(super) name: &'static str,
    pub(super) secret: bool,
}

impl Kind {
    pub(super) const fn control(name: &'static str) -> Self {
        Self { role: Role::Control, name, secret: false }
    }

    pub(super) const fn keyword(name: &'static str) -> Self {
        Self { role: Role::Keyword, name, secret: false }
    }

    pub(super) const fn data(name: &'static str, secret: bool) -> Self {
        Self { role: Role::Data, name, secret }
    }

    fn is(self, other: Self) -> bool {
        (self.role, self.secret) == (other.role, other.secret) && is_same(self.name, other.name)
    }

    fn is_of(self, token: &Token) -> bool {
        (self.role, self.secret) == (token.role, token.secret) && is_same(self.name, token.kind)
    }

    /// Bytes that are not read: they may hold a secret.
    pub(super) const WITHHELD: Self = Self::data("withheld", true);

    /// Of so many bytes of values and keys before these: now they are known to be a secret.
    pub(super) const ECHO: Self = Self::data("echo", true);
}

/// Whether two names are the same: they are constants of the program, so that most stand at one place if they are.
#[inline]
fn is_same(one: &'static str, other: &'static str) -> bool {
    std::ptr::eq(one, other) || (one.len() == other.len() && one == other)
}

/// The tokens so far. Invariant: they tile all bytes that were marked.
#[derive(Debug)]
pub(super) struct Marks {
    tokens: Vec<Token>,
    most: usize,
}

impl Default for Marks {
    fn default() -> Self {
        Self::new(HTTP_TOKENS)
    }
}

impl Marks {
    /// No more than so many.
    pub(super) fn new(most: usize) -> Self {
        Self { tokens: Vec::new(), most: most.min(HTTP_TOKENS) }
    }

    /// Gives the next bytes a role. Behind the last token there may be, all is withheld.
    pub(super) fn add(&mut self, bytes: usize, kind: Kind) {
        if kind.is(Kind::ECHO) {
            return self.hide(bytes);
        }
        let kind = if self.tokens.len() >= self.most { Kind::WITHHELD } else { kind };
        let start = match self.tokens.last_mut() {
            Some(last) if kind.is_of(last) => {
                last.end = last.end.saturating_add(bytes);
                return;
            }
            last => last.map_or(0, |last| last.end),
        };
        if bytes > 0 {
            let Kind { role, name, secret } = kind;
            self.tokens.push(Token { start, end: start.saturating_add(bytes), role, kind: name, secret });
        }
    }

    /// The newest bytes of values and keys are a secret. In doubt more are hidden.
    fn hide(&mut self, bytes: usize) {
        let mut left = bytes;
        for token in self.tokens.iter_mut().rev().filter(|token| matches!(token.kind, "value" | "key") && !token.secret) {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(token.end.saturating_sub(token.start));
            (token.role, token.secret) = (Role::Data, true);
        }
    }

    /// Takes them out: the next message begins.
    pub(super) fn take(&mut self) -> Vec<Token> {
        std::mem::take(&mut self.tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_joined_and_the_rest_is_withheld() {
        let mut marks = Marks::default();
        marks.add(1, Kind::data("a", false));
        marks.add(0, Kind::data("b", false));
        marks.add(2, Kind::data("a", false));
        assert_eq!(marks.tokens.len(), 1);
        for _ in 0..HTTP_TOKENS {
            marks.add(1, Kind::data("a", false));
            marks.add(1, Kind::data("b", false));
        }
        let tokens = marks.take();
        assert_eq!(tokens.len(), HTTP_TOKENS + 1);
        assert!(tokens.last().unwrap().secret && tokens.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
