//! Tokens of a message: the steps it is read by, applied to its bytes.

use super::chain;
use super::chain::Chain;
use super::deltas;
use super::script::Step;
use super::words;
use crate::annotation::Token;
use crate::grammar::Kind;

/// The ids of the fields of one step: one for each column, or for the parts of a chain.
pub(super) type Ids = Vec<String>;

/// Tokens, and the field of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    pub(super) list: Vec<Token>,
    pub(super) fields: Vec<Option<String>>,
    at: usize,
}

impl Tokens {
    /// Adds the bytes up to `end`, if there are any.
    fn push(&mut self, end: usize, kind: Kind, field: Option<&String>) {
        if end > self.at {
            self.list.push(Token { start: self.at, end, role: kind.role(), kind: kind.name(), secret: false });
            self.fields.push(field.cloned());
            self.at = end;
        }
    }

    /// Reads the bytes by these steps from where it is; ids as many as steps.
    pub(super) fn read(&mut self, bytes: &[u8], steps: &[Step], ids: &[Ids]) {
        for (step, ids) in steps.iter().zip(ids) {
            let (start, rest) = (self.at, bytes.get(self.at..).unwrap_or_default());
            let upto = |by: usize| start.saturating_add(by).min(bytes.len());
            match step {
                Step::Fixed(columns, _) => {
                    for (column, id) in columns.iter().zip(ids) {
                        self.push(upto(column.end), column.kind, Some(id));
                    }
                }
                Step::Rest(Kind::List) => {
                    for (place, _) in rest.iter().enumerate().filter(|(_, byte)| **byte == 0) {
                        self.push(upto(place.saturating_add(1)), Kind::String, ids.first());
                    }
                    self.push(bytes.len(), Kind::String, ids.first());
                }
                Step::Rest(kind) => self.push(bytes.len(), *kind, ids.first()),
                Step::Chain(found @ Chain::Tagged { .. }) => self.tagged(rest, *found, chain::DEPTH, ids.first()),
                Step::Chain(Chain::Words) => {
                    for (end, kind) in words::parts(rest) {
                        self.push(upto(end), kind, ids.first());
                    }
                }
                Step::Chain(Chain::Deltas) => self.deltas(rest, ids.first()),
                Step::Chain(found) => {
                    let Some(end) = chain::extent(*found, bytes, start) else { break };
                    if let Chain::Counted { size, .. } = found {
                        self.push(upto(*size), Kind::Length, ids.first());
                    }
                    let kind = if let Chain::Sized(sized) = found { sized.kind } else { Kind::String };
                    self.push(upto(end), kind, ids.last());
                }
            }
        }
    }

    fn tagged(&mut self, rest: &[u8], found: Chain, depth: usize, id: Option<&String>) {
        let Chain::Tagged { form, size, nested, .. } = found else { return };
        let start = self.at;
        for link in chain::links(found, rest).unwrap_or_default() {
            let at = |place: usize| start.saturating_add(place);
            if !link.has_value() && link.tag == 0 {
                self.push(at(link.end), Kind::Padding, id);
                continue;
            }
            let behind_tag = link.start.saturating_add(form.tag);
            self.push(at(behind_tag), Kind::TypeCode, id);
            if link.has_value() {
                // A length that says how many bytes of length follow is two numbers.
                self.push(at(behind_tag.saturating_add(size)), Kind::Length, id);
                self.push(at(link.value), Kind::Length, id);
            }
            let value = rest.get(link.value..link.end).unwrap_or_default();
            if u8::try_from(link.tag).is_ok_and(|tag| nested.contains(tag)) && depth > 0 {
                self.tagged(value, found, depth.saturating_sub(1), id);
            }
            self.push(at(link.end), self::value(Some(value)), id);
            self.push(at(link.next), Kind::Padding, id);
        }
    }

    fn deltas(&mut self, rest: &[u8], id: Option<&String>) {
        let start = self.at;
        let at = |place: usize| start.saturating_add(place);
        let Some(chain) = deltas::read(rest) else { return };
        for link in chain.links {
            self.push(at(link.start.saturating_add(1)), Kind::TypeCode, id);
            self.push(at(link.tag_end), Kind::TypeCode, id);
            self.push(at(link.value), Kind::Length, id);
            self.push(at(link.end), value(rest.get(link.value..link.end)), id);
        }
        if let Some(behind) = chain.mark.map(|mark| mark.saturating_add(1)) {
            self.push(at(behind), Kind::Delimiter, id);
            self.push(at(rest.len()), value(rest.get(behind..)), id);
        }
    }

    /// What no step reached, and the sum at the end, of so many bytes.
    pub(super) fn finish(mut self, length: usize, sum: Option<(usize, &String)>) -> Self {
        if let Some((size, field)) = sum {
            let at = length.saturating_sub(size);
            self.push(at, Kind::Opaque, None);
            self.push(length, Kind::Checksum, Some(field));
        }
        self.push(length, Kind::Opaque, None);
        self
    }
}

/// What the value of a link is.
fn value(bytes: Option<&[u8]>) -> Kind {
    let is_letter = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    if bytes.is_some_and(|bytes| bytes.len() >= 3 && bytes.iter().all(is_letter)) { Kind::String } else { Kind::Integer }
}
