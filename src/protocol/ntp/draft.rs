//! A message in the making: fields and tokens of one line, so that they tile it.

use crate::annotation::Field;
use crate::annotation::Role;
use crate::annotation::Token;
use crate::annotation::Value;
use crate::protocol::spare::Spare;
use std::ops::Range;

/// A line with its line end, and what is said of it so far.
///
/// Invariant: the tokens tile `0..cursor`.
pub(super) struct Draft<'a> {
    /// The line without its line end.
    pub(super) line: &'a [u8],
    /// Bytes of the line with its line end; of a prompt or blob those of `line`.
    pub(super) total: usize,
    /// Whether NUL ends it, so that what follows may be the rest of it.
    pub(super) ends_in_nul: bool,
    pub(super) fields: Vec<Field<'a>>,
    /// Room for the places of its fields.
    pub(super) cuts: Vec<Range<usize>>,
    tokens: Vec<Token>,
    cursor: usize,
}

impl<'a> Draft<'a> {
    /// Of a line and the bytes it has with its line end.
    pub(super) fn new(line: &'a [u8], total: usize) -> Self {
        Self { line, total, ends_in_nul: false, fields: Vec::new(), cuts: Vec::new(), tokens: Vec::new(), cursor: 0 }
    }

    /// The same, in memory of messages before it.
    pub(super) fn within(spare: &mut Spare, line: &'a [u8], total: usize) -> Self {
        let (fields, cuts) = (std::mem::take(&mut spare.fields), std::mem::take(&mut spare.cuts));
        let tokens = std::mem::take(&mut spare.tokens);
        Self { line, total, ends_in_nul: false, fields, cuts, tokens, cursor: 0 }
    }

    /// The bytes of a range of the line.
    pub(super) fn bytes(&self, range: &Range<usize>) -> &'a [u8] {
        self.line.get(range.clone()).unwrap_or_default()
    }

    /// Gives bytes a role; those between here and the last ones belong to a separator.
    #[inline]
    pub(super) fn token(&mut self, range: Range<usize>, role: Role, kind: &'static str, secret: bool) {
        if range.start > self.cursor {
            self.tokens.push(Token { start: self.cursor, end: range.start, role: Role::Keyword, kind: "separator", secret: false });
            self.cursor = range.start;
        }
        if range.end > self.cursor {
            self.tokens.push(Token { start: self.cursor, end: range.end, role, kind, secret });
            self.cursor = range.end;
        }
    }

    /// A word of the protocol.
    pub(super) fn keyword(&mut self, range: Range<usize>, kind: &'static str) {
        self.token(range, Role::Keyword, kind, false);
    }

    /// A field of text that stands in the line.
    pub(super) fn text(&mut self, range: Range<usize>, name: &'static str) {
        let value = Value::text(self.bytes(&range));
        self.value(range, name, value);
    }

    /// A field that stands in the line, with its meaning.
    #[inline]
    pub(super) fn value(&mut self, range: Range<usize>, name: &'static str, value: Value<'a>) {
        self.token(range, Role::Data, name, false);
        self.fields.push(Field::new(name, value));
    }

    /// A field of text that stands in the line and that nobody shall see.
    pub(super) fn secret(&mut self, range: Range<usize>, name: &'static str) {
        let value = Value::text(self.bytes(&range));
        self.token(range, Role::Data, name, true);
        self.fields.push(Field::secret(name, value));
    }

    /// A field that has no bytes of its own.
    pub(super) fn note(&mut self, name: &'static str, value: Value<'a>) {
        self.fields.push(Field::new(name, value));
    }

    /// The text of the field of that name, as the wire has it.
    pub(super) fn text_of(&self, name: &str) -> Option<&'a [u8]> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        if let Value::Text(std::borrow::Cow::Borrowed(text)) = field.value { Some(text) } else { None }
    }

    /// Whether a part of it is a secret.
    pub(super) fn holds_secret(&self) -> bool {
        self.tokens.iter().any(|token| token.secret)
    }

    /// Whether a field of that name is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// The fields and the tokens, the line end included, and the room for cuts. What the line has left over is a separator.
    pub(super) fn finish(mut self) -> (Vec<Field<'a>>, Vec<Token>, Vec<Range<usize>>) {
        let (end, total) = (self.line.len(), self.total);
        self.token(end..end, Role::Keyword, "separator", false);
        self.token(end..total, Role::Control, "line_end", false);
        (self.fields, self.tokens, self.cuts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_tile_the_line() {
        let mut draft = Draft::new(b"a <|> bc <|> ", 14);
        draft.text(0..1, "first");
        draft.secret(6..8, "second");
        let (_, tokens, _) = draft.finish();
        let spans: Vec<_> = tokens.iter().map(|token| (token.start, token.end, token.kind)).collect();
        assert_eq!(spans, [(0, 1, "first"), (1, 6, "separator"), (6, 8, "second"), (8, 13, "separator"), (13, 14, "line_end")]);
    }
}
