//! Numbers that say how many elements follow, where in the message something stands, or how much something is.

use super::columns::Byte;
use super::columns::Claims;
use super::columns::Column;
use super::columns::agreed;
use super::columns::contrary;
use super::columns::distinct;
use super::numbers::ORDERS;
use super::numbers::at_least;
use super::numbers::number;
use super::numbers::tally;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use std::collections::BTreeMap;

/// Fewest rows that show one, and different values.
const FEWEST: usize = 16;
const FEWEST_VALUES: usize = 4;
/// Bytes of an element, at most.
const LARGEST_ELEMENT: u64 = 64;
/// Different values of floats: fewer are an enumeration.
const FEWEST_FLOATS: usize = 8;

/// Claims counts and offsets.
pub(super) fn claim(spots: &[Spot<'_>], bytes: &[Byte], claims: &mut Claims) {
    if spots.len() < FEWEST {
        return;
    }
    for size in [4_usize, 2, 1] {
        for at in 0..claims.width() {
            let end = at.saturating_add(size);
            for order in ORDERS.into_iter().filter(|order| size > 1 || *order == ByteOrder::Big) {
                let outer = if order == ByteOrder::Big { end.saturating_sub(1) } else { at };
                let varies = bytes.get(outer).is_some_and(|byte| byte.distinct >= FEWEST_VALUES);
                if varies && claims.is_free(at, end) {
                    let found = count(spots, (at, size, order)).or_else(|| offset(spots, (at, size, order)));
                    if let Some(column) = found {
                        claims.claim(column);
                    }
                }
            }
        }
    }
}

/// A number of elements of more than one byte each: with each of them the message is longer by as much.
fn count(spots: &[Spot<'_>], (at, size, order): (usize, usize, ByteOrder)) -> Option<Column> {
    let pair = |spot: &Spot<'_>| Some((spot.number(at, size, order)?, super::numbers::wide(spot.row.total)));
    if !seems_to_count(spots.get(..FEWEST).unwrap_or(spots).iter().filter_map(pair)) {
        return None;
    }
    let mut totals: BTreeMap<u64, u64> = BTreeMap::new();
    for (value, total) in spots.iter().filter_map(pair) {
        totals.entry(value).or_insert(total);
    }
    if totals.len() < FEWEST_VALUES {
        return None;
    }
    // What most neighbours among the values say of an element.
    let steps = totals.iter().zip(totals.iter().skip(1)).filter_map(|((one, short), (two, long))| {
        let (more, longer) = (two.checked_sub(*one)?, long.checked_sub(*short)?);
        longer.checked_div(more).filter(|element| element.checked_mul(more) == Some(longer))
    });
    let (element, _) = super::columns::most(steps)?;
    if !(2..=LARGEST_ELEMENT).contains(&element) {
        return None;
    }
    let head = |(value, total): (u64, u64)| total.checked_sub(value.checked_mul(element)?);
    let (base, _) = super::columns::most(spots.iter().filter_map(pair).filter_map(head))?;
    let agrees = |spot: &Spot<'_>| pair(spot).and_then(head) == Some(base);
    let agree = spots.iter().filter(|spot| agrees(spot)).count();
    let values = tally(spots.iter().filter(|spot| agrees(spot)).filter_map(pair));
    let end = at.saturating_add(size);
    let is_inside = base >= super::numbers::wide(end);
    if values.len() < FEWEST_VALUES || !at_least(agree, spots.len(), 95) || !is_inside {
        return None;
    }
    let statement = format!(
        "Bytes {at} to {} count elements of {element} bytes: {agree} of {} messages are as long as {base} and those.",
        end.saturating_sub(1),
        spots.len()
    );
    let contrary = contrary(spots.iter().copied(), agrees);
    let column = Column { order: Some(order), contrary, ..Column::new(at, end, Kind::Count, "count", statement) };
    Some(agreed(column, agree, spots.len()))
}

/// A quick look at some numbers and lengths: whether most differ from one of the first two by elements of one size.
fn seems_to_count(pairs: impl Iterator<Item = (u64, u64)>) -> bool {
    let pairs: Vec<(i64, i64)> =
        pairs.filter_map(|(value, total)| Some((i64::try_from(value).ok()?, i64::try_from(total).ok()?))).collect();
    pairs.iter().take(2).any(|(value, total)| {
        let differ = pairs.iter().map(|(other, length)| (other.saturating_sub(*value), length.saturating_sub(*total)));
        let element = |(more, longer): (i64, i64)| longer.checked_div(more).filter(|element| element.checked_mul(more) == Some(longer));
        let (mut same, mut elements) = (0_usize, Vec::new());
        for (more, longer) in differ {
            same = same.saturating_add(usize::from((more, longer) == (0, 0)));
            elements.extend(element((more, longer)).filter(|element| *element >= 2));
        }
        let (_, most) = super::columns::most(elements.into_iter()).unwrap_or_default();
        most >= 2 && at_least(same.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)), pairs.len(), 80)
    })
}

/// A place in the message: what stands there is always the same, though the place is not.
fn offset(spots: &[Spot<'_>], place: (usize, usize, ByteOrder)) -> Option<Column> {
    let (at, size, order) = place;
    if size < 2 {
        return None;
    }
    let end = at.saturating_add(size);
    // A quick look first.
    let (_, some) = super::columns::most(spots.iter().take(FEWEST).filter_map(|spot| mark_at(spot, place, 0)))?;
    if !at_least(usize::try_from(some).unwrap_or(usize::MAX), FEWEST, 75) {
        return None;
    }
    let (mark, _) = super::columns::most(spots.iter().filter_map(|spot| mark_at(spot, place, 0)))?;
    let agrees = |spot: &Spot<'_>| mark_at(spot, place, 0) == Some(mark);
    let agree = spots.iter().filter(|spot| agrees(spot)).count();
    // Zeros are everywhere, and places that hardly differ prove nothing.
    if mark.iter().all(|byte| *byte == 0) || !at_least(agree, spots.len(), 95) || distinct(spots, at, end, FEWEST_VALUES) < FEWEST_VALUES {
        return None;
    }
    // One byte earlier something else must stand, or the place is but one in a run of the same.
    if spots.iter().any(|spot| mark_at(spot, place, 1) == Some(mark)) {
        return None;
    }
    let statement = format!(
        "Bytes {at} to {} say where in the message the same bytes always stand: in {agree} of {} they do.",
        end.saturating_sub(1),
        spots.len()
    );
    let contrary = contrary(spots.iter().copied(), agrees);
    let column = Column { order: Some(order), contrary, ..Column::new(at, end, Kind::Offset, "offset", statement) };
    Some(agreed(column, agree, spots.len()))
}

/// The two bytes of a message that a number in it points to, or so many before them; what stands before the number itself is none.
fn mark_at<'a>(spot: &Spot<'a>, (at, size, order): (usize, usize, ByteOrder), before: usize) -> Option<&'a [u8]> {
    let place = usize::try_from(spot.number(at, size, order)?).ok()?;
    let behind = spot.start.saturating_add(at).saturating_add(size);
    let start = place.checked_sub(before).filter(|_| place >= behind)?;
    spot.row.bytes.get(start..start.saturating_add(2))
}

/// Claims numbers of IEEE 754 whose values are such as people measure: neither tiny nor huge, and of few magnitudes beside their digits.
/// About a millionth to two thousand million, which the exponent alone tells.
pub(super) fn floats(spots: &[Spot<'_>], bytes: &[Byte], claims: &mut Claims) {
    if spots.len() < FEWEST {
        return;
    }
    for size in [8_usize, 4] {
        for at in 0..claims.width() {
            let end = at.saturating_add(size);
            for order in ORDERS {
                if !claims.is_free(at, end) || !is_shaped(bytes, (at, end, order)) {
                    continue;
                }
                // Messages that end before it say nothing of it.
                let there = || spots.iter().filter(|spot| spot.part(at, size).is_some());
                let agrees = |spot: &Spot<'_>| spot.part(at, size).is_some_and(|part| is_measure(part, order));
                let (all, agree) = (there().count(), there().filter(|spot| agrees(spot)).count());
                let zeros = there().filter(|spot| spot.number(at, size, order) == Some(0)).count();
                let enough = agree.saturating_sub(zeros) >= FEWEST && distinct(spots, at, end, FEWEST_FLOATS) >= FEWEST_FLOATS;
                if !enough || !at_least(agree, all, 98) {
                    continue;
                }
                let bits = size.saturating_mul(8);
                let statement = format!(
                    "Bytes {at} to {} are floats of {bits} bits: {agree} of {all} are zero, or in size at least 2^-20 and less than 2^31.",
                    end.saturating_sub(1),
                );
                let contrary = contrary(there().copied(), agrees);
                let column = Column { order: Some(order), contrary, ..Column::new(at, end, Kind::Float, "float", statement) };
                claims.claim(agreed(column, agree, all));
            }
        }
    }
}

/// Whether the first byte of a float (in reading order) varies less than those of its digits, and these do vary.
fn is_shaped(bytes: &[Byte], (at, end, order): (usize, usize, ByteOrder)) -> bool {
    let mut run: Vec<&Byte> = bytes.get(at..end).unwrap_or_default().iter().collect();
    if order == ByteOrder::Little {
        run.reverse();
    }
    let [first, second, third, ..] = run.as_slice() else { return false };
    first.only != Some(0)
        && first.distinct <= 16
        && second.distinct > first.distinct
        && (second.distinct >= FEWEST_FLOATS || third.distinct >= FEWEST_FLOATS)
}

/// Whether these bytes are zero, or a float that people measure; judged by its exponent.
fn is_measure(part: &[u8], order: ByteOrder) -> bool {
    let value = number(part, order);
    let (exponent, bias) = if part.len() == 8 { (value >> 52 & 0x7ff, 1023_u64) } else { (value >> 23 & 0xff, 127) };
    value == 0 || (bias.saturating_sub(20)..=bias.saturating_add(30)).contains(&exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_neither_tiny_nor_huge() {
        for value in [0.0_f32, 21.5, -3.25, 1e-5, 9e8] {
            assert!(is_measure(&value.to_be_bytes(), ByteOrder::Big) && is_measure(&value.to_le_bytes(), ByteOrder::Little), "{value}");
            assert!(is_measure(&f64::from(value).to_be_bytes(), ByteOrder::Big), "{value}");
        }
        let edges = [(2_f32.powi(-20), true), (2_f32.powi(-20) / 1.5, false), (2_f32.powi(31) / 1.5, true), (2_f32.powi(31), false)];
        for (value, is) in edges {
            assert_eq!(is_measure(&value.to_be_bytes(), ByteOrder::Big), is, "{value}: what is said is what is tested");
        }
        for other in [7_u32, 65_535, 0x6162_6364, u32::MAX] {
            assert!(!is_measure(&other.to_be_bytes(), ByteOrder::Big), "{other:#x}");
        }
    }
}
