//! Numbers that say how long their message is.

use super::columns::Byte;
use super::columns::Claims;
use super::columns::Column;
use super::columns::agreed;
use super::columns::contrary;
use super::columns::most;
use super::numbers::ORDERS;
use super::numbers::at_least;
use super::numbers::wide;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use std::collections::BTreeMap;

/// Furthest a length may be from what it counts.
pub(super) const FURTHEST_ADDEND: i64 = 128;

/// Fewest different lengths that show a dependence.
const FEWEST_LENGTHS: usize = 3;

/// Different lengths that show it though one message in ten has another.
const MANY_LENGTHS: usize = 10;

/// A number at this place that depends on the length: what is to be added, rows that agree.
struct Found {
    addend: i64,
    agree: usize,
}

fn value(spot: &Spot<'_>, at: usize, size: usize, order: ByteOrder) -> Option<i64> {
    spot.number(at, size, order).and_then(|value| i64::try_from(value).ok())
}

fn test(spots: &[Spot<'_>], (at, size, order): (usize, usize, ByteOrder), is_wide: bool) -> Option<Found> {
    let all = |spot: &Spot<'_>| i64::try_from(spot.row.total).unwrap_or(i64::MAX);
    let addend = |spot: &Spot<'_>| value(spot, at, size, order).map(|value| all(spot).saturating_sub(value));
    // A quick look first.
    let first = most(spots.iter().take(16).filter_map(addend))?;
    if first.1 < 6 && spots.len() > 16 {
        return None;
    }
    let (best, _) = most(spots.iter().filter_map(addend))?;
    if !(-FURTHEST_ADDEND..=FURTHEST_ADDEND).contains(&best) {
        return None;
    }
    // Every length counts the same, so that one frequent length proves nothing.
    let mut lengths: BTreeMap<i64, (usize, usize)> = BTreeMap::new();
    let mut agree = 0_usize;
    for spot in spots {
        let fits = addend(spot) == Some(best);
        agree = agree.saturating_add(usize::from(fits));
        let of = lengths.entry(all(spot)).or_default();
        *of = (of.0.saturating_add(usize::from(fits)), of.1.saturating_add(1));
    }
    let fit = lengths.values().filter(|(fits, of)| fits.saturating_mul(2) > *of).count();
    // What many lengths of a wide number agree on is no chance, though some messages are made in another way.
    let (of_lengths, of_all) = if is_wide && fit >= MANY_LENGTHS { (80, 90) } else { (95, 95) };
    let holds = fit >= FEWEST_LENGTHS && at_least(fit, lengths.len(), of_lengths) && at_least(agree, spots.len(), of_all);
    holds.then_some(Found { addend: best, agree })
}

/// How many bytes the number has whose last (in reading order of its size) is here: zeros before it belong to it as far as its place allows.
pub(super) fn size_at(zeros: usize, end: usize) -> usize {
    if zeros >= 3 && end.is_multiple_of(4) {
        4
    } else if zeros >= 1 && end.is_multiple_of(2) {
        2
    } else if zeros >= 3 {
        4
    } else if zeros >= 1 {
        2
    } else {
        1
    }
}

/// Zeros right before this byte that nothing claims.
pub(super) fn zeros_before(bytes: &[Byte], claims: &Claims, at: usize) -> usize {
    let free = |place: &usize| claims.is_free(*place, place.saturating_add(1));
    (0..at).rev().take_while(|place| free(place) && bytes.get(*place).is_some_and(|byte| byte.only == Some(0))).count()
}

/// The same behind it.
fn zeros_behind(bytes: &[Byte], claims: &Claims, at: usize) -> usize {
    let free = |place: &usize| claims.is_free(*place, place.saturating_add(1));
    (at..bytes.len()).take_while(|place| free(place) && bytes.get(*place).is_some_and(|byte| byte.only == Some(0))).count()
}

/// Claims what says how long messages are.
pub(super) fn claim(spots: &[Spot<'_>], bytes: &[Byte], claims: &mut Claims) {
    for size in [4_usize, 2, 1] {
        for at in 0..claims.width().saturating_sub(size.saturating_sub(1)) {
            let end = at.saturating_add(size);
            let edge = |place: usize| bytes.get(place).is_some_and(|byte| byte.distinct > 1);
            for order in ORDERS {
                // The outermost byte must vary, or a shorter number says the same; then zeros are added.
                let outer = if order == ByteOrder::Big { at } else { end.saturating_sub(1) };
                if !edge(outer) || !claims.is_free(at, end) || (size == 1 && order == ByteOrder::Little) {
                    continue;
                }
                let is_wide = size > 1 || (order == ByteOrder::Big && zeros_before(bytes, claims, at) > 0);
                let Some(found) = test(spots, (at, size, order), is_wide) else { continue };
                let (mut start, mut stop) = (at, end);
                if size == 1 {
                    let little = zeros_behind(bytes, claims, end);
                    let before = size_at(zeros_before(bytes, claims, at), end);
                    if before > 1 || little < 1 {
                        start = end.saturating_sub(before);
                    } else {
                        stop = at.saturating_add(if little >= 3 { 4 } else { 2 });
                    }
                }
                let order = if stop > end { ByteOrder::Little } else { order };
                let addend = found.addend;
                let statement = format!(
                    "Bytes {start} to {} and {addend} are the length of {} of {} messages.",
                    stop.saturating_sub(1),
                    found.agree,
                    spots.len()
                );
                let column = Column::new(start, stop, Kind::Length, "length_field", statement);
                let agrees = |spot: &Spot<'_>| {
                    let sum = value(spot, start, stop.saturating_sub(start), order).and_then(|value| value.checked_add(addend));
                    sum.is_some_and(|sum| usize::try_from(sum) == Ok(spot.row.total))
                };
                let contrary = contrary(spots.iter().copied(), agrees);
                claims.claim(agreed(Column { order: Some(order), addend: Some(addend), contrary, ..column }, found.agree, spots.len()));
                debug_assert!(wide(found.agree) > 0);
            }
        }
    }
}
