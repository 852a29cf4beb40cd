//! The binary way: columns that give themselves away, the field that says the type, parts that say their own length.
//!
//! ```text
//! units ──► rows ──► script of all ──► type field ──► header, and a script for each type ──► tokens, fields, relations
//! ```
//!
//! Fields of the header are found over all messages; a type has fields of its own only where it has enough messages, or else those that
//! all messages have.

mod amounts;
mod boundary;
mod chain;
mod checksum;
mod columns;
mod deltas;
mod families;
mod framing;
mod identity;
mod language;
mod length;
mod numbers;
mod places;
mod rows;
mod script;
mod sized;
#[cfg(test)]
mod tests;
mod time;
mod tokens;
mod type_field;
mod words;

pub(super) use framing::cut;
pub(super) use framing::follows;
pub(super) use framing::framing;

use super::Language;
use super::Service;
use super::Unit;
use super::limits::looked_at;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use crate::peer::Peer;
use crate::peer::Transport;
use columns::Around;
use columns::Column;
use rows::Spot;
use script::Step;
use type_field::Place;
use type_field::TypeField;

/// Messages of a type from which on it has fields of its own.
const OWN_FIELDS: usize = 20;

/// What was found, before it is said.
struct Found {
    header: Vec<Step>,
    kind: Option<TypeField>,
    /// The sum all messages end with.
    sum: Option<checksum::Sum>,
    /// Rows of every type, in order of first sight, with the value of its field, and the steps behind the header.
    groups: Vec<Group>,
}

/// Messages of a type.
struct Group {
    from: Peer,
    value: Option<u8>,
    /// Further fields that tell it, each at a byte behind the header, with the bits that count and their value.
    told: Vec<families::Told>,
    rows: Vec<usize>,
    steps: Vec<Step>,
    /// What its family has behind those fields.
    inherited: Option<Vec<Step>>,
    /// Whether the steps are its own.
    own: bool,
}

/// Infers what messages are made of; one [`super::Typed`] for each unit.
pub(super) fn infer(service: &Service, units: &[Unit<'_>]) -> Language {
    let mut rows = rows::rows(service, units);
    let sum = checksum::find(&rows::spots(&rows));
    if let Some(sum) = &sum {
        rows.iter_mut().filter(|row| row.bytes.len() == row.total).for_each(|row| {
            row.bytes = row.bytes.get(..row.bytes.len().saturating_sub(sum.size)).unwrap_or_default();
        });
    }
    let spots = rows::spots(&rows);
    let around = Around { rows: &rows, window: service.window, order: ByteOrder::Big };
    let mut steps = script::find(&spots, &around);
    let around = Around { order: order(&steps), ..around };
    if around.order == ByteOrder::Little {
        steps = script::find(&spots, &around);
    }
    let is_wide = script::is_full(&steps);
    let found = Found { sum, ..find(steps, &spots, &around) };
    let mut language = language::say(service, units, &spots, &found);
    let is_wide = is_wide || found.groups.iter().any(|group| group.own && script::is_full(&group.steps));
    language.limitations.extend(is_wide.then(script::capped));
    let longest = units.iter().map(|unit| unit.bytes.len()).max().unwrap_or(0);
    let turns = service.sessions.iter().map(|seen| seen.turns.len()).fold(0, usize::saturating_add);
    let turns = looked_at("turns, for where messages end,", turns, framing::TURNS).filter(|_| service.transport == Transport::Tcp);
    language.limitations.extend(looked_at("bytes of the longest binary message", longest, rows::LOOKED_AT).into_iter().chain(turns));
    language
}

/// The byte order that most numbers have that give theirs away.
fn order(steps: &[Step]) -> ByteOrder {
    let columns = steps.iter().flat_map(|step| if let Step::Fixed(columns, _) = step { columns.as_slice() } else { &[] });
    let telling = columns.filter(|column| {
        matches!(column.kind, Kind::Length | Kind::Timestamp | Kind::Counter) && column.end.saturating_sub(column.start) > 1
    });
    let (little, big): (Vec<_>, Vec<_>) = telling.partition(|column| column.order == Some(ByteOrder::Little));
    if little.len() > big.len() { ByteOrder::Little } else { ByteOrder::Big }
}

fn find(steps: Vec<Step>, spots: &[Spot<'_>], around: &Around<'_>) -> Found {
    let kind = type_field::find(&steps, spots);
    let (mut header, tail) = divide(steps, kind.as_ref());
    if let Some(Place::Bits { steps, at, .. }) = kind.as_ref().map(|kind| kind.place)
        && let Some((before, Step::Fixed(columns, _))) =
            header.split_at_mut_checked(steps).and_then(|(before, rest)| Some((&*before, rest.first_mut()?)))
    {
        let here: Vec<Spot<'_>> = spots.iter().map(|spot| script::after(before, spot)).collect();
        isolate(columns, at, &here);
    }
    let mut groups = families::groups(&header, kind.as_ref(), spots, around);
    for group in &mut groups {
        let mut read = header.clone();
        read.extend(group.steps.iter().cloned());
        let here: Vec<Spot<'_>> = group.rows.iter().filter_map(|row| spots.get(*row)).map(|spot| script::after(&read, spot)).collect();
        group.own = here.len() >= OWN_FIELDS;
        let rest = if group.own { script::find(&here, around) } else { group.inherited.take().unwrap_or_else(|| tail.clone()) };
        group.steps.extend(rest);
    }
    Found { header, kind, sum: None, groups }
}

/// Header and what is behind it: the last columns that only some types may share are no header, unless something gave them away.
fn divide(steps: Vec<Step>, kind: Option<&TypeField>) -> (Vec<Step>, Vec<Step>) {
    let last_fixed = steps.iter().rposition(|step| matches!(step, Step::Fixed(..)));
    let is_last = last_fixed.is_some_and(|last| steps.iter().skip(last).all(|step| !matches!(step, Step::Chain(_))));
    let (Some(last), true, Some(kind)) = (last_fixed, is_last, kind) else {
        let rest = steps.iter().position(|step| matches!(step, Step::Rest(_)) || matches!(step, Step::Chain(chain) if chain.is_last()));
        let keep = if kind.is_none() {
            rest.unwrap_or(steps.len())
        } else {
            steps.iter().position(|step| matches!(step, Step::Rest(_))).unwrap_or(steps.len())
        };
        let mut header = steps;
        let tail = header.split_off(keep);
        return (header, tail);
    };
    let mut header = steps;
    let mut tail = header.split_off(last.saturating_add(1));
    if let Some(Step::Fixed(columns, width)) = header.pop() {
        let of_type = if let Place::Bits { steps, at, .. } = kind.place { if steps == last { at.saturating_add(1) } else { 0 } } else { 0 };
        let strong = columns.iter().filter(|column| is_strong(column.kind));
        let at = strong.map(|column| column.end).max().unwrap_or(0).max(of_type);
        let at = columns
            .iter()
            .find(|column| column.start < at && at < column.end)
            .map_or(at, |column| if is_splittable(column) { at } else { column.end });
        let (before, behind) = cut_columns(columns, at);
        if width > at {
            tail.insert(0, Step::Fixed(behind, width.saturating_sub(at)));
        }
        if at > 0 {
            header.push(Step::Fixed(before, at));
        }
    }
    (header, tail)
}

/// Whether a column of this kind gave itself away.
fn is_strong(kind: Kind) -> bool {
    let number = matches!(kind, Kind::Length | Kind::Count | Kind::Offset | Kind::Float | Kind::Counter);
    number || matches!(kind, Kind::Echo | Kind::Timestamp | Kind::Address)
}

fn is_splittable(column: &Column) -> bool {
    matches!(column.kind, Kind::Constant | Kind::Padding | Kind::Integer | Kind::Enum | Kind::Random)
}

/// Columns before and behind a place, which those behind then begin at.
fn cut_columns(columns: Vec<Column>, at: usize) -> (Vec<Column>, Vec<Column>) {
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    for column in columns {
        let shifted = Column { start: column.start.max(at).saturating_sub(at), end: column.end.saturating_sub(at), ..column.clone() };
        if column.end > at {
            behind.push(shifted);
        }
        if column.start < at {
            before.push(Column { end: column.end.min(at), ..column });
        }
    }
    (before, behind)
}

/// Whether the byte of the type says another one, too: it has one value for each type, but not merely one for each side.
fn goes_with(other: usize, at: usize, spots: &[Spot<'_>]) -> bool {
    let pairs = || spots.iter().filter_map(|spot| Some(((spot.row.from, spot.byte(at)?), spot.byte(other)?)));
    let (types, both) = (numbers::tally(pairs().map(|(kind, _)| kind)), numbers::tally(pairs()));
    both.len() == types.len() && numbers::tally(pairs().map(|((from, _), byte)| (from, byte))).len() > 2
}

/// The byte of the type becomes a column of its own, together with those before it that it says, where all are one number.
fn isolate(columns: &mut Vec<Column>, at: usize, spots: &[Spot<'_>]) {
    let Some(place) = columns.iter().position(|column| column.start <= at && at < column.end) else { return };
    let column = columns.remove(place);
    let is_zero = |other: usize| spots.iter().all(|spot| spot.byte(other).unwrap_or(0) == 0);
    let goes = match column.end.saturating_sub(column.start) {
        2 => is_zero(column.start) || goes_with(column.start, at, spots),
        4 => (column.start..at).all(is_zero),
        _ => false,
    };
    let is_number = goes && column.order == Some(ByteOrder::Big) && at.saturating_add(1) == column.end;
    let (start, end) = if is_number { (column.start, column.end) } else { (at, at.saturating_add(1)) };
    let parts = [(column.start, start, column.kind), (start, end, Kind::TypeCode), (end, column.end, column.kind)];
    let parts =
        parts.into_iter().filter(|(start, end, _)| start < end).map(|(start, end, kind)| Column { start, end, kind, ..column.clone() });
    columns.splice(place..place, parts);
}
