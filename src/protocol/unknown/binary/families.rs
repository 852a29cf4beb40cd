//! Messages of a type: those of one value of its field; where that only says how the rest is read, of one value of further fields, too.

use super::Group;
use super::OWN_FIELDS;
use super::columns::Around;
use super::cut_columns;
use super::isolate;
use super::numbers;
use super::rows::Spot;
use super::script;
use super::script::Step;
use super::type_field;
use super::type_field::Place;
use super::type_field::TypeField;
use crate::peer::Peer;
use std::collections::BTreeMap;

/// Lengths that are types where no field says them: as many, and as much of all messages.
const LENGTHS: usize = 6;

/// A further field of a type: its byte behind the header, bits of it that count, and their value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) at: usize,
    pub(super) mask: u8,
    pub(super) value: u8,
}

/// All types, in order of first sight; their steps are those of their further fields.
pub(super) fn groups(header: &[Step], kind: Option<&TypeField>, spots: &[Spot<'_>], around: &Around<'_>) -> Vec<Group> {
    let lengths = lengths(spots).filter(|_| kind.is_none());
    let length = |spot: &Spot<'_>| {
        lengths.as_ref().and_then(|lengths| lengths.iter().position(|length| *length == spot.row.bytes.len())).unwrap_or(0)
    };
    let values: Vec<Option<u8>> = spots.iter().map(|spot| kind.and_then(|kind| type_field::value(header, kind.place, spot))).collect();
    let mut rows_of: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    for (row, value) in values.iter().enumerate() {
        if let Some(value) = value {
            rows_of.entry(*value).or_default().push(row);
        }
    }
    let families: BTreeMap<u8, Family> =
        rows_of.into_iter().filter_map(|(value, rows)| Some((value, family(header, kind?, spots, &rows, around)?))).collect();
    let mut groups: Vec<Group> = Vec::new();
    let mut known: BTreeMap<(Peer, Option<u8>, usize, Vec<Told>), usize> = BTreeMap::new();
    for (row, (spot, value)) in spots.iter().zip(values).enumerate() {
        let family = value.and_then(|value| families.get(&value));
        let told: Vec<Told> = family.map(|family| family.told(&script::after(header, spot))).unwrap_or_default();
        let group = *known.entry((spot.row.from, value, length(spot), told.clone())).or_insert_with(|| {
            let (steps, inherited) = family.map(|family| (family.front.clone(), Some(family.tail.clone()))).unwrap_or_default();
            groups.push(Group { from: spot.row.from, value, told, rows: Vec::new(), steps, inherited, own: false });
            groups.len().saturating_sub(1)
        });
        groups.get_mut(group).into_iter().for_each(|group| group.rows.push(row));
    }
    groups
}

/// Messages of one value of the type field that further fields tell apart.
struct Family {
    /// Byte behind the header and bits of each such field.
    fields: Vec<(usize, u8)>,
    /// Columns up to the last of them, and what is behind those.
    front: Vec<Step>,
    tail: Vec<Step>,
}

impl Family {
    fn told(&self, here: &Spot<'_>) -> Vec<Told> {
        let told = |(at, mask): &(usize, u8)| here.byte(*at).map(|byte| Told { at: *at, mask: *mask, value: byte & mask });
        self.fields.iter().filter_map(told).collect()
    }
}

/// The fields that tell these rows apart, if there are some.
fn family(header: &[Step], kind: &TypeField, spots: &[Spot<'_>], rows: &[usize], around: &Around<'_>) -> Option<Family> {
    if rows.len() < OWN_FIELDS.saturating_mul(2) {
        return None;
    }
    let of: Vec<Spot<'_>> = rows.iter().filter_map(|row| spots.get(*row)).copied().collect();
    let here: Vec<Spot<'_>> = of.iter().map(|spot| script::after(header, spot)).collect();
    let mut steps = header.to_vec();
    steps.extend(script::find(&here, around));
    let behind = |field: &TypeField| match field.place {
        Place::Bits { steps, at, mask } if steps == header.len() => Some((at, mask)),
        _ => None,
    };
    let fields: Vec<(usize, u8)> = type_field::further(&steps, &of, kind, spots.len()).iter().map_while(behind).collect();
    let end = fields.iter().map(|(at, _)| at.saturating_add(1)).max()?;
    let mut tail = steps.split_off(header.len());
    let Step::Fixed(mut columns, width) = tail.drain(..1).next()? else { return None };
    for (at, _) in &fields {
        isolate(&mut columns, *at, &here);
    }
    let end = columns.iter().find(|column| column.start < end && end < column.end).map_or(end, |column| column.end);
    let (front, left) = cut_columns(columns, end);
    if width > end {
        tail.insert(0, Step::Fixed(left, width.saturating_sub(end)));
    }
    Some(Family { fields, front: vec![Step::Fixed(front, end)], tail })
}

/// Lengths that may stand for types: few, of nearly all messages.
fn lengths(spots: &[Spot<'_>]) -> Option<Vec<usize>> {
    let counts = numbers::tally(spots.iter().map(|spot| spot.row.bytes.len()));
    let mut often: Vec<(usize, u64)> = counts.into_iter().filter(|(_, count)| *count >= 5).collect();
    often.sort_by_key(|(length, count)| (std::cmp::Reverse(*count), *length));
    let covered: u64 = often.iter().take(LENGTHS).map(|(_, count)| count).sum();
    let few = often.len() <= LENGTHS && numbers::at_least(usize::try_from(covered).unwrap_or(0), spots.len(), 95);
    few.then(|| often.into_iter().map(|(length, _)| length).collect())
}
