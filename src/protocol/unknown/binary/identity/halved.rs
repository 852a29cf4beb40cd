//! Numbers that count messages up by two: their lowest bit is another field, which says that it is one. Messages where it is set have
//! something else there.

use super::FEWEST;
use super::by_side;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use crate::peer::Peer;
use crate::protocol::unknown::binary::columns::Byte;
use crate::protocol::unknown::binary::columns::Claims;
use crate::protocol::unknown::binary::columns::Column;
use crate::protocol::unknown::binary::columns::agreed;
use crate::protocol::unknown::binary::columns::contrary;
use crate::protocol::unknown::binary::numbers::ORDERS;
use crate::protocol::unknown::binary::numbers::at_least;
use crate::protocol::unknown::binary::rows::Spot;
use std::collections::BTreeMap;

/// What found such a number.
pub(in crate::protocol::unknown::binary) const DETECTOR: &str = "halved_counter";

/// Bytes of one.
const SIZE: usize = 2;

/// Different values of its low byte, at least.
const FEWEST_VALUES: usize = 6;

/// Claims numbers that count by two where their lowest bit is not set, and those beside them that never fall.
pub(super) fn claim(spots: &[Spot<'_>], bytes: &[Byte], claims: &mut Claims) {
    for at in 0..claims.width().saturating_sub(1) {
        for order in ORDERS {
            let low = if order == ByteOrder::Big { at.saturating_add(1) } else { at };
            let varies = bytes.get(low).is_some_and(|byte| byte.distinct >= FEWEST_VALUES && byte.any & 1 == 1);
            if !varies || !claims.is_free(at, at.saturating_add(SIZE)) {
                continue;
            }
            let counting: Vec<Spot<'_>> = spots.iter().filter(|spot| spot.byte(low).is_some_and(|byte| byte & 1 == 0)).copied().collect();
            if !at_least(counting.len(), spots.len(), 50) {
                continue;
            }
            let by = by_side(&counting);
            let rises = |one: u64, two: u64| one.checked_add(2) == Some(two);
            let Some(column) = column(&by, (at, order), rises, |agree, of| agree >= FEWEST && at_least(agree, of, 90)) else { continue };
            claims.claim(column);
            beside(spots, bytes, (at.saturating_add(SIZE), order), claims);
        }
    }
}

/// Claims what stands behind such a number, is as wide and never falls: what was received.
fn beside(spots: &[Spot<'_>], bytes: &[Byte], (at, order): (usize, ByteOrder), claims: &mut Claims) {
    let low = if order == ByteOrder::Big { at.saturating_add(1) } else { at };
    if bytes.get(low).is_some_and(|byte| byte.distinct >= FEWEST_VALUES) && claims.is_free(at, at.saturating_add(SIZE)) {
        let column = column(&by_side(spots), (at, order), |one, two| one <= two, |agree, of| agree >= FEWEST && at_least(agree, of, 90));
        if let Some(column) = column {
            claims.claim(column);
        }
    }
}

/// The number at this place, if its steps are such.
fn column(
    by: &BTreeMap<(usize, Peer), Vec<Spot<'_>>>,
    (at, order): (usize, ByteOrder),
    is_step: impl Fn(u64, u64) -> bool,
    holds: impl Fn(usize, usize) -> bool,
) -> Option<Column> {
    let fits = |one: &Spot<'_>, two: &Spot<'_>| {
        one.number(at, SIZE, order).zip(two.number(at, SIZE, order)).is_none_or(|(one, two)| is_step(one, two))
    };
    let pairs =
        || by.values().flat_map(|list| list.windows(2)).filter_map(|pair| if let [one, two] = pair { Some((one, two)) } else { None });
    let (agree, of) = (pairs().filter(|(one, two)| fits(one, two)).count(), pairs().count());
    if !holds(agree, of) {
        return None;
    }
    let end = at.saturating_add(SIZE);
    let last = end.saturating_sub(1);
    let statement =
        format!("Bytes {at} to {last} count in all but their lowest bit: {agree} of {of} steps from message to message are such.");
    let contrary = contrary(pairs().filter(|(one, two)| !fits(one, two)).map(|(_, two)| *two), |_| false);
    let column = Column { order: Some(order), contrary, ..Column::new(at, end, Kind::Counter, DETECTOR, statement) };
    Some(agreed(column, agree, of))
}
