//! How fields divide again, ready for translation: only of fields whose place lets them.

use super::cut::hex;
use super::plan::Form;
use super::plan::Part;
use super::plan::Place;
use super::plan::Plan;
use crate::grammar::ByteOrder;
use crate::grammar::Inside;
use crate::grammar::Kind;

/// Bytes of a length, at most, that chains are read with.
const LENGTH_BYTES: u64 = 4;

/// Bytes of a tag, at most, and of what places of tags are multiples of.
const TAG_BYTES: u64 = 2;
const FURTHEST_ALIGNED: u64 = 16;

/// How a field divides again.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Within<'a> {
    /// A name of labels.
    Labels,
    /// Texts that these bytes end.
    Texts(Vec<u8>),
    /// A chain of half a tag, half a length, and value.
    Deltas,
    /// Numbers, and texts behind their length.
    Words,
    /// A chain of tag, length, value.
    Tagged { tag: u64, aligned: u64, size: u64, little: bool, whole: bool, nested: &'a [u8] },
}

impl<'a> Part<'a> {
    /// How it divides again, where it stands behind something: names say their own end, all else goes to that of the message.
    pub(super) fn inside(&self) -> Option<Within<'a>> {
        let Place::After { size: None, size_from: None, until, to_end, .. } = &self.place else { return None };
        if !until.is_empty() {
            return None;
        }
        match self.field.inside.as_ref()? {
            Inside::Labels if !to_end => Some(Within::Labels),
            Inside::Texts { until } if *to_end => hex(until).filter(|until| !until.is_empty()).map(Within::Texts),
            Inside::Deltas if *to_end => Some(Within::Deltas),
            Inside::Words if *to_end => Some(Within::Words),
            Inside::Tagged { tag_size, aligned_to, length_size, byte_order, whole, nested }
                if *to_end
                    && (1..=LENGTH_BYTES).contains(length_size)
                    && (1..=TAG_BYTES).contains(tag_size)
                    && (1..=FURTHEST_ALIGNED).contains(aligned_to) =>
            {
                Some(Within::Tagged {
                    tag: *tag_size,
                    aligned: *aligned_to,
                    size: *length_size,
                    little: *byte_order == ByteOrder::Little,
                    whole: *whole,
                    nested,
                })
            }
            _ => None,
        }
    }
}

impl Part<'_> {
    /// Whether it goes up to bytes that are a part of it.
    pub(super) fn keeps_its_end(&self) -> bool {
        let Place::After { until: bytes, .. } = &self.place else { return false };
        !bytes.is_empty() && matches!(&self.field.inside, Some(Inside::Texts { until }) if hex(until).as_ref() == Some(bytes))
    }
}

impl Plan<'_> {
    /// Bytes at the very end of all messages that are a field of their own: a sum.
    pub(super) fn tail(&self) -> u64 {
        let header = self.fields.iter().take(self.header).rev();
        let size = |part: &Part<'_>| match part.place {
            Place::After { size: Some(size), to_end: true, .. } => Some(size),
            _ => None,
        };
        header.filter_map(size).find(|size| *size <= crate::limits::EXPORT_MESSAGE_BYTES).unwrap_or(0)
    }

    /// The words that open lines as one, whatever divides lines, longest first.
    pub(super) fn openings(&self) -> Vec<&[u8]> {
        let mut words: Vec<&[u8]> = self.fields.iter().flat_map(|part| &part.words).map(Vec::as_slice).collect();
        words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
        words.dedup();
        words
    }

    /// What divides the lines of a type of a protocol that the program knows: nothing where that is not told.
    pub(super) fn between(&self, form: &Form<'_>) -> Vec<Vec<u8>> {
        let own = form.fields.iter().filter_map(|index| self.fields.get(*index));
        let of = own.filter(|part| self.description.known_as.is_some() && part.field.kind == Kind::Delimiter);
        let mut found: Vec<Vec<u8>> = of.flat_map(Part::values).collect();
        found.sort();
        found.dedup();
        found
    }

    /// What stands before the values of a type's further lines, longest first.
    pub(super) fn labels(&self, form: usize) -> Vec<Vec<u8>> {
        let fields = self.types.get(form).map(|form| form.fields.as_slice()).unwrap_or_default();
        let parts = fields.iter().filter_map(|index| self.fields.get(*index));
        let mut labels: Vec<Vec<u8>> = parts.filter(|part| part.field.kind == Kind::HeaderName).flat_map(Part::values).collect();
        labels.retain(|label| !label.is_empty());
        labels.sort_by_key(|label| (std::cmp::Reverse(label.len()), label.clone()));
        labels
    }

    /// Statuses of three digits that answers of lines begin with: a hyphen behind one says that the answer goes on.
    pub(super) fn codes(&self) -> Vec<Vec<u8>> {
        let status = |part: &&Part<'_>| part.field.kind == Kind::Status && part.place == Place::Column(0);
        let words = self.fields.iter().filter(status).flat_map(Part::values);
        let mut codes: Vec<Vec<u8>> = words.filter(|word| word.len() == 3 && word.iter().all(u8::is_ascii_digit)).collect();
        codes.sort();
        codes.dedup();
        codes
    }
}
