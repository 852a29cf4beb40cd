//! The edges of lines: what opens them as one word, what closes them, and which column goes on to the end.

use super::plan::Place;
use super::plan::Plan;
use crate::annotation::Role;
use crate::grammar::Kind;
use memchr::memmem;

/// How a column ends where a line has another number of columns than most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Edge {
    /// As other columns.
    #[default]
    Column,
    /// It is the last column, whichever that is.
    Closes,
    /// It is all the rest, if only blanks divide the line.
    Rest,
    /// The same, up to the column that closes.
    RestBeforeClose,
    /// It takes what a line has more than its type, with so many columns behind it: what divides lines may stand in it.
    Wide(u64),
    /// It is so many columns before the last one.
    Late(u64),
}

impl Plan<'_> {
    /// Finds the columns that end lines: a word behind data closes the line, and of data the last column goes on.
    pub(super) fn find_edges(&mut self) {
        let known = self.description.known_as.is_some();
        for form in &self.types {
            let column = |index: usize| match self.fields.get(index)?.place {
                Place::Column(column) => Some((column, index)),
                _ => None,
            };
            let mut columns: Vec<(u64, usize)> = form.fields.iter().filter_map(|index| column(*index)).collect();
            columns.sort_unstable();
            let is_word = |index: usize| self.fields.get(index).is_some_and(|part| part.field.role == Role::Keyword);
            let is_text = |index: usize| self.fields.get(index).is_some_and(|part| part.field.kind == Kind::String);
            let wide = columns.iter().rposition(|(_, index)| is_text(*index));
            let edges = match columns.as_slice() {
                [.., (last, word)] if known && is_word(*word) && wide.is_some() => {
                    let behind = columns.iter().skip(wide.unwrap_or(0));
                    let edge = |(place, (column, index)): (usize, &(u64, usize))| {
                        let left = last.saturating_sub(*column);
                        (*index, if place == 0 { Edge::Wide(left) } else { Edge::Late(left) })
                    };
                    behind.enumerate().map(edge).collect()
                }
                [.., (_, data), (_, word)] if is_word(*word) && !is_word(*data) => {
                    vec![(*word, Edge::Closes), (*data, Edge::RestBeforeClose)]
                }
                [.., (_, last)] if !is_word(*last) => vec![(*last, Edge::Rest)],
                _ => Vec::new(),
            };
            for (index, edge) in edges {
                if let Some(part) = self.fields.get_mut(index) {
                    part.edge = edge;
                }
            }
        }
    }

    /// Finds the words at the beginning of lines that dissectors take as one, whatever divides the line.
    pub(super) fn find_openings(&mut self) {
        let delimiters: Vec<Vec<u8>> = self.delimiters.iter().map(|bytes| bytes.trim_ascii().to_vec()).collect();
        let divided = |word: &Vec<u8>| {
            // A delimiter of one byte, or of blanks only, does not stand in words that blanks divide.
            let by =
                |bytes: &Vec<u8>| (bytes.len() <= 1 && word.contains(&b' ')) || (!bytes.is_empty() && memmem::find(word, bytes).is_some());
            delimiters.iter().any(by)
        };
        let known = self.description.known_as.is_some();
        for part in self.fields.iter_mut().filter(|part| known && part.place == Place::Column(0) && part.field.role == Role::Keyword) {
            part.words = part.values().filter(divided).collect();
        }
    }
}
