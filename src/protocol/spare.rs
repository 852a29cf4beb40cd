//! Memory of messages that were told, for those to come: there are millions of them, each has some lists, and none of these need be made anew.

use crate::annotation::Field;
use crate::annotation::Token;
use crate::row::Cell;
use crate::row::MOST_CELLS;
use std::ops::Range;

/// Longer lists are let go: a message of many parts is rare.
const MOST: usize = 128;

/// Empty lists with room in them.
#[derive(Debug, Default)]
pub(super) struct Spare {
    pub(super) fields: Vec<Field<'static>>,
    pub(super) tokens: Vec<Token>,
    /// For places of fields in a line.
    pub(super) cuts: Vec<Range<usize>>,
    /// For places of cells in a row.
    pub(super) cells: [Cell; MOST_CELLS],
}

impl Spare {
    /// Takes back the lists of a message.
    pub(super) fn put_back(&mut self, fields: Vec<Field<'_>>, tokens: Vec<Token>) {
        // None is left that borrows anything, so that the memory is given another name.
        keep(&mut self.fields, fields.into_iter().map_while(|_| None).collect());
        keep(&mut self.tokens, tokens);
    }

    /// Takes back a list of places.
    pub(super) fn put_back_cuts(&mut self, cuts: Vec<Range<usize>>) {
        keep(&mut self.cuts, cuts);
    }
}

/// Keeps the larger one of two lists.
fn keep<T>(kept: &mut Vec<T>, mut list: Vec<T>) {
    if (kept.capacity()..=MOST).contains(&list.capacity()) {
        list.clear();
        *kept = list;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Value;

    #[test]
    fn memory_is_used_again_unless_it_is_much() {
        let mut spare = Spare::default();
        let mut fields = Vec::with_capacity(20);
        fields.push(Field::new("name", Value::text(b"text")));
        let place = fields.as_ptr().addr();
        spare.put_back(fields, Vec::with_capacity(MOST * 2));
        assert_eq!((spare.fields.as_ptr().addr(), spare.fields.capacity(), spare.fields.len()), (place, 20, 0));
        assert_eq!(spare.tokens.capacity(), 0);
        spare.put_back(Vec::with_capacity(5), Vec::with_capacity(5));
        assert_eq!((spare.fields.capacity(), spare.tokens.capacity()), (20, 5));
    }
}
