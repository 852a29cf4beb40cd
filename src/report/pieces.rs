//! The bytes of a message cut by role, every byte once, whatever the tokens say.

use crate::annotation::Payload;
use crate::annotation::Role;
use crate::annotation::Shown;

/// Bytes of one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Offset of its first byte in the message.
    pub(super) start: usize,
    /// What the bytes are for; none where no token covers them.
    pub(super) role: Option<Role>,
    /// The bytes, or how many are secret.
    pub(super) shown: Shown<'a>,
}

impl Piece<'_> {
    /// How many bytes.
    pub(super) fn len(&self) -> usize {
        match self.shown {
            Shown::Bytes(bytes) => bytes.len(),
            Shown::Redacted(bytes) => bytes,
        }
    }
}

/// The pieces of a payload, in order. Tokens are to tile it; where a dissector left bytes out, they are shown as a secret, and
/// a token that goes back is left out, so that offsets always add up to the length.
pub(super) fn pieces(payload: Payload<'_>) -> impl Iterator<Item = Piece<'_>> {
    let length = payload.len();
    let mut tokens = payload.pieces().filter(|(token, _)| token.start < token.end);
    let mut waiting = None;
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let (token, shown) = loop {
            match waiting.take().or_else(|| tokens.next()) {
                Some((token, _)) if token.start < at || token.end > length => {}
                Some(next) => break next,
                None if at < length => {
                    let rest = Piece { start: at, role: None, shown: Shown::Redacted(length.saturating_sub(at)) };
                    at = length;
                    return Some(rest);
                }
                None => return None,
            }
        };
        if token.start > at {
            let hole = Piece { start: at, role: None, shown: Shown::Redacted(token.start.saturating_sub(at)) };
            at = token.start;
            waiting = Some((token, shown));
            return Some(hole);
        }
        at = token.end;
        Some(Piece { start: token.start, role: Some(token.role), shown })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Token;

    #[test]
    fn bytes_without_a_token_are_a_secret() {
        let token = |start, end| Token { start, end, role: Role::Data, kind: "x", secret: false };
        let tokens = [token(1, 2), token(1, 1), token(0, 3), token(4, 5), token(5, 99)];
        let found: Vec<_> = pieces(Payload::new(b"abcdefg", &tokens, true)).map(|piece| (piece.start, piece.shown)).collect();
        let expected =
            [(0, Shown::Redacted(1)), (1, Shown::Bytes(b"b")), (2, Shown::Redacted(2)), (4, Shown::Bytes(b"e")), (5, Shown::Redacted(2))];
        assert_eq!(found, expected);
    }
}
