//! Where fields are and what types ask of them, in Kaitai's expressions.

use super::Page;
use super::edges;
use super::scanner_of;
use super::within;
use crate::report::dissector::edges::Edge;
use crate::report::dissector::plan::Part;
use crate::report::dissector::plan::Place;
use crate::report::dissector::plan::Plan;
use crate::report::dissector::plan::Shape;
use crate::report::dissector::plan::Test;
use crate::report::dissector::plan::Wanted;
use crate::report::dissector::quote::identifier;
use crate::report::dissector::quote::yaml;
use crate::report::dissector::within::Within;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Columns of a line that are told apart.
pub(super) const COLUMNS: u64 = 1000;

/// How fields are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'p> {
    /// How some divide again.
    pub(super) ways: &'p within::Ways<'p>,
}

/// The fields that one type knows, each by a name of its own.
pub(super) struct Scope<'p, 'a> {
    plan: &'p Plan<'a>,
    names: BTreeMap<usize, String>,
    /// Whether only blanks divide lines.
    is_blank: bool,
    /// Whether they are shown: as text, with the names of numbers. Else they are compared.
    shown: Option<Shown<'p>>,
}

impl<'p, 'a> Scope<'p, 'a> {
    /// Some fields, and those that they depend on.
    pub(super) fn new(plan: &'p Plan<'a>, mut fields: BTreeSet<usize>, is_blank: bool, shown: Option<Shown<'p>>) -> Self {
        let mut open: Vec<usize> = fields.iter().copied().collect();
        while let Some(index) = open.pop() {
            if let Some(Place::After { after, size_from, .. }) = plan.fields.get(index).map(|part| &part.place) {
                open.extend([after, size_from].into_iter().flatten().copied().filter(|needed| fields.insert(*needed)));
            }
        }
        let mut taken = BTreeMap::new();
        let name = |index: &usize| Some((*index, identifier(&plan.fields.get(*index)?.field.name, &mut taken)));
        let names = fields.iter().filter_map(name).collect();
        Self { plan, names, is_blank, shown }
    }

    fn name(&self, index: usize) -> &str {
        self.names.get(&index).map_or("unknown", String::as_str)
    }

    fn place(&self, index: usize) -> Option<&Place> {
        self.plan.fields.get(index).map(|part| &part.place)
    }

    /// The first byte of a field.
    fn start(&self, index: usize) -> String {
        match self.place(index) {
            Some(Place::Bytes { offset, .. }) => offset.to_string(),
            Some(Place::Bits { offset, .. }) => (offset / 8).to_string(),
            Some(Place::Column(column)) if *column <= COLUMNS => format!("columns.c{column}.start"),
            Some(Place::After { .. }) => format!("at_{}", self.name(index)),
            _ => "0".to_owned(),
        }
    }

    /// Behind the last byte of a field.
    fn stop(&self, index: usize) -> String {
        match self.place(index) {
            Some(Place::Bytes { offset, size }) => offset.saturating_add(*size).to_string(),
            Some(Place::Bits { offset, size }) => offset.saturating_add(*size).div_ceil(8).to_string(),
            Some(Place::Column(column)) if *column <= COLUMNS => format!("(columns.c{column}.start + columns.c{column}.len)"),
            Some(Place::After { .. }) => format!("end_{}", self.name(index)),
            _ => "0".to_owned(),
        }
    }

    /// Where the next field begins.
    fn behind(&self, index: usize) -> String {
        match self.place(index) {
            Some(Place::After { size: None, size_from: None, until, .. }) if !until.is_empty() => {
                let name = self.name(index);
                format!("at_{name} + scan_{name}.count")
            }
            _ => self.stop(index),
        }
    }

    /// The number a field holds.
    fn number(&self, index: usize) -> String {
        let name = format!("f_{}", self.name(index));
        let Some(part) = self.plan.fields.get(index) else { return name };
        match part.shape {
            Shape::Number { .. } if self.has_names(index) => format!("{name}.to_i"),
            Shape::Number { .. } | Shape::Bits => name,
            _ if self.reader(part).is_some() => "0".to_owned(),
            _ if matches!(part.place, Place::Column(column) if column > COLUMNS) || part.place == Place::Nowhere => "0".to_owned(),
            Shape::Text if self.shown.is_some() => format!("{name}.to_i"),
            _ => format!("{name}.to_s(\"UTF-8\").to_i"),
        }
    }

    /// Whether it is a name, which says itself where it ends.
    fn is_name(&self, index: usize) -> bool {
        self.plan.fields.get(index).is_some_and(|part| part.inside() == Some(Within::Labels))
    }

    /// What reads the parts of a field that is shown.
    fn reader(&self, part: &Part<'_>) -> Option<String> {
        self.shown.and_then(|shown| within::reader(shown.ways, part))
    }

    /// Whether it is all the rest of its line.
    fn goes_on(&self, part: &Part<'_>) -> bool {
        part.edge == Edge::Rest && self.shown.is_some() && self.is_blank
    }

    /// Where it begins and ends, if that is told from the end of its line.
    fn bounds_of(&self, part: &Part<'_>) -> Option<(String, String)> {
        let Place::Column(column) = part.place else { return None };
        edges::bounds(part.edge, column, self.is_blank).filter(|_| column <= COLUMNS)
    }

    fn has_names(&self, index: usize) -> bool {
        self.shown.is_some()
            && self.plan.fields.get(index).is_some_and(|part| !part.names.is_empty() && matches!(part.shape, Shape::Number { .. }))
    }

    /// All fields.
    pub(super) fn instances(&self, page: &mut Page, side: &str) {
        if self.names.keys().any(|index| matches!(self.place(*index), Some(Place::Column(_)))) {
            for line in ["columns:", "  pos: 0", "  size: inside"] {
                page.line(3, line);
            }
            page.line(4, &format!("type: {side}_columns"));
        }
        let parts = self.names.keys().filter_map(|index| self.plan.fields.get(*index));
        if parts.into_iter().any(|part| self.bounds_of(part).is_some()) {
            for line in ["line:", "  pos: 0", "  size: inside"] {
                page.line(3, line);
            }
            page.line(4, &format!("type: {side}_line"));
        }
        for index in self.names.keys() {
            self.after(page, *index);
            self.instance(page, *index);
        }
    }

    /// Where a field is that stands behind another.
    fn after(&self, page: &mut Page, index: usize) {
        let Some(Place::After { after, size, size_from, until, .. }) = self.place(index) else { return };
        let name = self.name(index);
        page.value(&format!("at_{name}"), &after.map_or_else(|| "0".to_owned(), |after| self.behind(after)));
        let end = match (size, size_from) {
            (Some(size), _) => format!("at_{name} + {size}"),
            (None, Some(from)) => format!("at_{name} + {}", self.number(*from)),
            (None, None) if !until.is_empty() => {
                page.line(3, &format!("scan_{name}:"));
                page.line(4, &format!("pos: at_{name}"));
                page.line(4, &format!("size: inside - at_{name}"));
                page.line(4, &format!("type: {}(0)", scanner_of(self.plan, until)));
                let keeps = self.plan.fields.get(index).is_some_and(Part::keeps_its_end);
                format!("at_{name} + scan_{name}.{}", if keeps { "count" } else { "len" })
            }
            (None, None) if self.is_name(index) => {
                page.line(3, &format!("scan_{name}:"));
                page.line(4, &format!("pos: at_{name}"));
                page.line(4, &format!("size: inside - at_{name}"));
                page.line(4, &format!("type: {}", within::NAME));
                format!("at_{name} + scan_{name}.len")
            }
            (None, None) => "inside".to_owned(),
        };
        page.value(&format!("end_{name}"), &end);
    }

    /// A field.
    fn instance(&self, page: &mut Page, index: usize) {
        let Some(part) = self.plan.fields.get(index) else { return };
        let name = format!("f_{}", self.name(index));
        let (start, stop) = (self.start(index), self.stop(index));
        let text = part.shape == Shape::Text && self.shown.is_some();
        match (&part.place, part.shape) {
            (Place::Column(column), _) if *column <= COLUMNS && self.goes_on(part) => {
                page.line(3, &format!("{name}:"));
                page.line(4, &format!("pos: {start}"));
                page.line(4, &format!("size: inside - {start}"));
                page.line(4, "type: str");
            }
            (Place::Column(_), _) if let Some((start, stop)) = self.bounds_of(part) => {
                page.line(3, &format!("{name}:"));
                page.line(4, &format!("pos: {}", yaml(&start)));
                page.line(4, &format!("size: {}", yaml(&format!("{stop} - {start}"))));
                if text {
                    page.line(4, "type: str");
                }
            }
            (Place::Column(column), _) => {
                let value = format!("columns.c{column}.value{}", if text { ".to_s(\"UTF-8\")" } else { "" });
                page.value(&name, &if *column > COLUMNS { "0".to_owned() } else { value });
            }
            (_, Shape::Number { size, little }) => {
                bytes_at(page, &name, &start, size, little);
                page.line(4, &format!("if: _io.size >= {stop}"));
                if self.has_names(index) {
                    page.line(4, &format!("enum: e_{}", part.id));
                }
            }
            (Place::Bits { offset, size }, Shape::Bits) => {
                let bytes = offset.saturating_add(*size).div_ceil(8).saturating_sub(offset / 8);
                let below = bytes.saturating_mul(8).saturating_sub(offset % 8).saturating_sub(*size);
                let whole = bytes_at(page, &format!("bits_{}", self.name(index)), &start, bytes, false);
                let mask = 1_u64.checked_shl(u32::try_from(*size).unwrap_or(u32::MAX)).map_or(u64::MAX, |above| above.saturating_sub(1));
                page.value(&name, &format!("({whole} >> {below}) & {mask}"));
                page.line(4, &format!("if: _io.size >= {stop}"));
            }
            (Place::Nowhere, _) => page.value(&name, "0"),
            _ => {
                page.line(3, &format!("{name}:"));
                page.line(4, &format!("pos: {start}"));
                page.line(4, &format!("size: {stop} - {start}"));
                page.line(4, &format!("if: _io.size >= {stop}"));
                if let Some(reader) = self.reader(part) {
                    page.line(4, &format!("type: {reader}"));
                } else if text {
                    page.line(4, "type: str");
                }
            }
        }
    }
}

/// An instance that reads a number of some bytes at a place: the expression that has it.
pub(super) fn bytes_at(page: &mut Page, name: &str, place: &str, size: u64, little: bool) -> String {
    let kind = match (size, little) {
        (1, _) => "u1".to_owned(),
        (2 | 4 | 8, true) => format!("u{size}le"),
        (2 | 4 | 8, false) => format!("u{size}be"),
        (_, true) => format!("b{}le", size.saturating_mul(8)),
        (_, false) => format!("b{}be", size.saturating_mul(8)),
    };
    page.line(3, &format!("{name}:"));
    page.line(4, &format!("pos: {place}"));
    page.line(4, &format!("type: {kind}"));
    name.to_owned()
}

/// A list of bytes.
pub(super) fn literal(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    format!("[{}]", bytes.join(", "))
}

/// What a type asks; nothing where there are no words for it.
pub(super) fn condition(scope: &Scope<'_, '_>, test: &Test) -> Option<String> {
    let part = scope.plan.fields.get(test.field)?;
    let name = format!("f_{}", scope.name(test.field));
    if part.place == Place::Nowhere {
        return None;
    }
    let asked = match (&test.wanted, part.shape) {
        (Wanted::Number(number), _) => format!("{} == {number}", scope.number(test.field)),
        (Wanted::Bytes { bytes, mask }, Shape::Number { size, little }) => {
            let wanted = number(bytes, size, little)?;
            match mask {
                None => format!("{name} == {wanted}"),
                Some(mask) => {
                    let mask = number(mask, size, little)?;
                    format!("({name} & {mask}) == {}", wanted & mask)
                }
            }
        }
        (Wanted::OneOf(words), _) => {
            let words: Vec<String> =
                words.iter().filter(|word| !word.is_empty()).map(|word| format!("{name} == {}", literal(word))).collect();
            if words.is_empty() {
                return None;
            }
            format!("({})", words.join(" or "))
        }
        (Wanted::Bytes { .. }, Shape::Bits) => return None,
        (Wanted::Bytes { bytes, .. }, _) if bytes.is_empty() => format!("{name}.length == 0"),
        (Wanted::Bytes { bytes, mask: None }, _) => format!("{name} == {}", literal(bytes)),
        (Wanted::Bytes { .. }, _) => return None,
    };
    Some(match part.place {
        Place::Column(column) if column > COLUMNS => return None,
        Place::Column(_) => asked,
        _ => format!("(_io.size >= {} and {asked})", scope.stop(test.field)),
    })
}

/// Bytes as a number, where Kaitai has such a number.
fn number(bytes: &[u8], size: u64, little: bool) -> Option<i64> {
    let mut bytes = bytes.to_vec();
    if u64::try_from(bytes.len()) != Ok(size) {
        return None;
    }
    if little {
        bytes.reverse();
    }
    i64::try_from(bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))).ok()
}
