//! Columns over bytes that stand at the same place in all rows: what gives itself away is claimed first, the rest is divided by how it varies.

use super::amounts;
use super::boundary;
use super::identity;
use super::length;
use super::numbers::tally;
use super::numbers::wide;
use super::places;
use super::rows::Row;
use super::rows::Spot;
use super::time;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use crate::peer::Peer;
use crate::time::Timestamp;

/// Widest table of columns: headers of common protocols are shorter, the fixed part of DHCP has 240 bytes.
pub(super) const WIDTH: usize = 256;

/// Messages that contradict what is said, of which the names are told.
pub(super) const COUNTEREXAMPLES: usize = 5;

/// Bytes of all rows that are one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// From where the rows begin.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    pub(super) order: Option<ByteOrder>,
    /// What found it, and a sentence.
    pub(super) detector: &'static str,
    pub(super) statement: String,
    /// Rows that agree, and that do not.
    pub(super) support: u64,
    pub(super) violations: u64,
    /// Some of the messages that do not, by the numbers of their connection and their own.
    pub(super) contrary: Vec<(u64, u64)>,
    /// What is to be added to a length to have that of the message.
    pub(super) addend: Option<i64>,
}

impl Column {
    pub(super) fn new(start: usize, end: usize, kind: Kind, detector: &'static str, statement: String) -> Self {
        Self { start, end, kind, order: None, detector, statement, support: 0, violations: 0, contrary: Vec::new(), addend: None }
    }
}

/// What detectors know beside the rows they look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// All rows, for what a message answers.
    pub(super) rows: &'a [Row<'a>],
    /// First and last moment of the capture.
    pub(super) window: (Timestamp, Timestamp),
    /// The byte order that most lengths and times have.
    pub(super) order: ByteOrder,
}

/// Which bytes are taken.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    taken: Vec<bool>,
    pub(super) columns: Vec<Column>,
}

impl Claims {
    fn new(width: usize) -> Self {
        Self { taken: vec![false; width], columns: Vec::new() }
    }

    pub(super) fn width(&self) -> usize {
        self.taken.len()
    }

    pub(super) fn is_free(&self, start: usize, end: usize) -> bool {
        start < end && self.taken.get(start..end).is_some_and(|bytes| !bytes.contains(&true))
    }

    /// Takes the bytes if all are free.
    pub(super) fn claim(&mut self, column: Column) {
        if self.is_free(column.start, column.end) {
            self.taken.iter_mut().take(column.end).skip(column.start).for_each(|taken| *taken = true);
            self.columns.push(column);
        }
    }
}

/// How a byte varies over the rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Byte {
    pub(super) distinct: usize,
    /// Its value, where it has but one.
    pub(super) only: Option<u8>,
    /// Bits of one row, in parts of a bit.
    pub(super) bits: u64,
    /// Rows where it is a letter, a digit, a sign or a blank, or the zero that ends a text and the message.
    pub(super) printable: usize,
    /// Rows where it is zero.
    pub(super) zeros: usize,
    /// All bits that are set in any row.
    pub(super) any: u8,
    /// Whether it has one value for each side, and not the same.
    pub(super) is_sided: bool,
}

pub(super) fn bytes(spots: &[Spot<'_>], width: usize) -> Vec<Byte> {
    let byte = |at: usize| {
        let mut counts = [0_u64; 256];
        for value in spots.iter().filter_map(|spot| spot.byte(at)) {
            if let Some(count) = counts.get_mut(usize::from(value)) {
                *count = count.saturating_add(1);
            }
        }
        let seen = || counts.iter().zip(0_u8..=255).filter(|(count, _)| **count > 0);
        let all: u64 = counts.iter().sum();
        let graphic: u64 = seen().filter(|(_, value)| value.is_ascii_graphic() || *value == b' ').map(|(count, _)| count).sum();
        let distinct = seen().count();
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let ends = |spot: &&Spot<'_>| spot.rest().len() == at.saturating_add(1) && spot.byte(at) == Some(0) && is_typed(spot, at);
        let ended = if counts.first().is_some_and(|zeros| *zeros > 0) { spots.iter().filter(ends).count() } else { 0 };
        Byte {
            distinct,
            only: seen().next().map(|(_, value)| value).filter(|_| distinct == 1),
            bits: super::numbers::bits_of(seen().map(|(count, _)| *count)).checked_div(all).unwrap_or(0),
            printable: count(graphic).saturating_add(ended),
            zeros: count(counts.first().copied().unwrap_or(0)),
            any: seen().fold(0, |bits, (_, value)| bits | value),
            is_sided: distinct == 2 && is_sided(spots, at),
        }
    };
    (0..width).map(byte).collect()
}

/// Whether a byte that has two values has one of each side.
fn is_sided(spots: &[Spot<'_>], at: usize) -> bool {
    let of = |side: Peer| spots.iter().filter(move |spot| spot.row.from == side).filter_map(|spot| spot.byte(at));
    let same = |side: Peer| of(side).next().is_some_and(|first| of(side).all(|byte| byte == first));
    same(Peer::Client) && same(Peer::Server)
}

/// Whether the byte before this one can be typed.
fn is_typed(spot: &Spot<'_>, at: usize) -> bool {
    at.checked_sub(1).and_then(|before| spot.byte(before)).is_some_and(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// All columns of these bytes, in order; they tile the width.
pub(super) fn find(spots: &[Spot<'_>], width: usize, around: &Around<'_>) -> Vec<Column> {
    let width = width.min(WIDTH);
    let mut claims = Claims::new(width);
    let bytes = bytes(spots, width);
    length::claim(spots, &bytes, &mut claims);
    time::claim(spots, around, &mut claims);
    places::claim(spots, &mut claims);
    identity::claim(spots, &bytes, around, &mut claims);
    amounts::claim(spots, &bytes, &mut claims);
    places::text(&bytes, spots.len(), &mut claims);
    amounts::floats(spots, &bytes, &mut claims);
    let start = spots.first().map_or(0, |spot| spot.start);
    let start = if spots.iter().all(|spot| spot.start == start) { start } else { 0 };
    boundary::divide(&bytes, spots.len(), (around.order, start), &mut claims);
    claims.columns.sort_by_key(|column| column.start);
    claims.columns
}

/// How many different values these bytes have, up to `most`.
pub(super) fn distinct(spots: &[Spot<'_>], start: usize, end: usize, most: usize) -> usize {
    let values = spots.iter().filter_map(|spot| spot.part(start, end.saturating_sub(start)));
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        seen.insert(value);
        if seen.len() >= most {
            break;
        }
    }
    seen.len()
}

/// Rows of the most frequent value among these, and that value.
pub(super) fn most<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<(T, u64)> {
    // Of equally frequent ones the least.
    tally(values).into_iter().rev().max_by_key(|(_, count)| *count)
}

/// Names of the first of these rows that do not agree.
pub(super) fn contrary<'a>(spots: impl Iterator<Item = Spot<'a>>, agrees: impl Fn(&Spot<'a>) -> bool) -> Vec<(u64, u64)> {
    spots.filter(|spot| !agrees(spot)).map(|spot| spot.row.name).take(COUNTEREXAMPLES).collect()
}

/// Support and violations of a column.
pub(super) fn agreed(column: Column, agree: usize, of: usize) -> Column {
    Column { support: wide(agree), violations: wide(of.saturating_sub(agree)), ..column }
}
