//! A message that is one line of many alike, told without being taken apart: where its cells are, and what all such lines have in common.
//!
//! Nine tenths of what big captures hold are such lines. Lists of fields and tokens need not be made of each for an output that writes
//! them down at once.

use crate::annotation::Annotation;
use crate::annotation::ByteSpan;
use crate::annotation::Field;
use crate::annotation::Payload;
use crate::annotation::Role;
use crate::annotation::Token;
use crate::annotation::Value;
use crate::event::Message;
use crate::peer::Peer;
use crate::time::Timestamp;

/// The most cells a row has; longer lines are messages like all others.
pub const MOST_CELLS: usize = 16;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// A word, or its number; a line with the number is no row, since its meaning is told, too.
    Word,
    /// Several texts with this between them.
    List(u8),
}

/// A column: the name of its field, and what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name of the field, and the kind of its token.
    pub name: &'static str,
    /// What stands in it.
    pub form: Form,
}

/// Where a cell is in its row, without what separates it from its neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Offset of its first byte, from the start of the message.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// Whether what stands there means nothing: the field is empty, though there are bytes.
    pub is_nothing: bool,
}

/// A line of cells. Nothing in it is a secret, it answers nothing, and it is one of many alike.
///
/// Invariant: there are as many cells as columns; they ascend, and all bytes between them are separators.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Protocol id.
    pub protocol: &'static str,
    /// Its number in the session, both directions together, from 1.
    pub number: u64,
    /// Who sent it.
    pub from: Peer,
    /// Ordinal of the phase it belongs to.
    pub phase: u16,
    /// Its name, as an annotation has it.
    pub name: &'static str,
    /// Its sentence, as an annotation has it.
    pub sentence: &'static str,
    /// Where in the stream of its sender.
    pub span: ByteSpan,
    /// Time of the frame that brought the last byte.
    pub completed_at: Timestamp,
    /// Its bytes, the line end included, and whatever stands behind them.
    pub bytes: &'a [u8],
    /// How many bytes are its own, the line end included.
    pub length: usize,
    /// What stands in its cells.
    pub columns: &'static [Column],
    /// Where its cells are.
    pub cells: &'a [Cell],
    /// Whether all of it but the line end is visible ASCII without quotation mark and backslash.
    pub is_plain: bool,
}

impl<'a> Row<'a> {
    /// Its columns with their cells.
    pub fn fields(&self) -> impl Iterator<Item = (&'static Column, &'a Cell)> {
        self.columns.iter().zip(self.cells)
    }

    /// The text of a cell, nothing where it means nothing.
    #[must_use]
    pub fn text(&self, cell: &Cell) -> &'a [u8] {
        if cell.is_nothing { &[] } else { self.bytes.get(cell.start..cell.end).unwrap_or_default() }
    }

    /// What a cell says.
    #[must_use]
    pub fn value(&self, column: &Column, cell: &Cell) -> Value<'a> {
        match column.form {
            Form::Text | Form::Word => Value::text(self.text(cell)),
            Form::List(separator) => Value::Parts(self.text(cell), separator),
        }
    }

    /// The same taken apart.
    #[must_use]
    pub fn annotation(&self) -> Annotation<'a> {
        let Self { name, span, phase, sentence, .. } = *self;
        let fields = self.fields().map(|(column, cell)| Field::new(column.name, self.value(column, cell))).collect();
        Annotation { name: name.into(), span, phase, response_to: None, sentence, fields, tokens: self.tokens(), bulk: true }
    }

    /// The role of every byte.
    fn tokens(&self) -> Vec<Token> {
        let (mut tokens, mut at) = (Vec::new(), 0_usize);
        let mut add = |end: usize, role, kind| {
            if end > at {
                tokens.push(Token { start: at, end, role, kind, secret: false });
                at = end;
            }
        };
        for (column, cell) in self.fields() {
            add(cell.start, Role::Keyword, "separator");
            add(cell.end, Role::Data, column.name);
        }
        add(self.length, Role::Control, "line_end");
        tokens
    }

    /// The message of its annotation.
    #[must_use]
    pub fn message<'m>(&self, annotation: &'m Annotation<'m>) -> Message<'m>
    where
        'a: 'm,
    {
        let Self { protocol, number, from, completed_at, .. } = *self;
        let payload = Payload::new(self.bytes.get(..self.length).unwrap_or_default(), &annotation.tokens, false);
        Message { protocol, number, from, annotation, payload, completed_at, parts: &[], inferred: None }
    }
}
