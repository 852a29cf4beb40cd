//! Numbers that the answer repeats, and numbers that count messages up.

pub(super) mod halved;

use super::columns::Around;
use super::columns::Byte;
use super::columns::Claims;
use super::columns::Column;
use super::columns::agreed;
use super::columns::contrary;
use super::columns::distinct;
use super::length::size_at;
use super::length::zeros_before;
use super::numbers::BIT;
use super::numbers::ORDERS;
use super::numbers::at_least;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use crate::peer::Peer;
use std::collections::BTreeMap;

/// Fewest pairs, and steps, that show something.
const FEWEST: usize = 10;

/// Pairs that are looked at for numbers that come back elsewhere.
const PAIRS: usize = 200;

/// Different values from which on a number names one message rather than a kind.
const MANY: usize = 16;

pub(super) fn claim(spots: &[Spot<'_>], bytes: &[Byte], around: &Around<'_>, claims: &mut Claims) {
    let pairs: Vec<(Spot<'_>, &[u8])> = spots
        .iter()
        .filter(|spot| spot.row.from == Peer::Server)
        .filter_map(|spot| Some((*spot, around.rows.get(spot.row.ask?)?.bytes)))
        .collect();
    if pairs.len() >= FEWEST {
        same_place(spots, bytes, &pairs, claims);
        elsewhere(&pairs, bytes, claims);
    }
    counters(spots, bytes, claims);
    halved::claim(spots, bytes, claims);
}

/// What the answer repeats at the same place.
fn same_place(spots: &[Spot<'_>], bytes: &[Byte], pairs: &[(Spot<'_>, &[u8])], claims: &mut Claims) {
    let many = |byte: &Byte| byte.distinct >= MANY.min(pairs.len() / 4).max(4);
    let repeated = |at: usize| {
        let same =
            |(spot, ask): &&(Spot<'_>, &[u8])| spot.byte(at).is_some_and(|byte| ask.get(spot.start.saturating_add(at)) == Some(&byte));
        pairs.iter().filter(same).count()
    };
    let holds = |claims: &Claims, at: usize| {
        claims.is_free(at, at.saturating_add(1)) && bytes.get(at).is_some_and(many) && at_least(repeated(at), pairs.len(), 90)
    };
    let by = by_side(spots);
    let mut at = 0_usize;
    while at < claims.width() {
        let mut end = (at..claims.width()).find(|place| !holds(claims, *place)).unwrap_or(claims.width());
        if end == at {
            at = at.saturating_add(1);
            continue;
        }
        let run = end.saturating_sub(at);
        let zeros = zeros_before(bytes, claims, at);
        // The high byte of a number that counts up has few values.
        let high = at.saturating_sub(1);
        let counts = || {
            let (agree, of) = steps(&by, (high, 2, ByteOrder::Big));
            agree >= FEWEST && at_least(agree, of, 90)
        };
        let start = if run == 1 && zeros == 0 && claims.is_free(high, at) && counts() {
            high
        } else if run == 1 {
            end.saturating_sub(size_at(zeros, end))
        } else {
            at.saturating_sub(usize::from(run == 3 && zeros > 0))
        };
        end = end.min(start.saturating_add(16));
        let agree = (at..end).map(repeated).min().unwrap_or(0);
        let statement = format!("The answer repeats bytes {start} to {} in {agree} of {} pairs.", end.saturating_sub(1), pairs.len());
        if distinct(spots, start, end, MANY) >= MANY.min(pairs.len() / 2) {
            let same = |spot: &Spot<'_>, ask: &[u8]| {
                spot.part(at, end.saturating_sub(at)) == ask.get(spot.start.saturating_add(at)..spot.start.saturating_add(end))
            };
            let others = pairs.iter().filter(|(spot, ask)| !same(spot, ask)).map(|(spot, _)| *spot);
            let column = Column { contrary: contrary(others, |_| false), ..Column::new(start, end, Kind::Echo, "echo", statement) };
            claims.claim(agreed(column, agree, pairs.len()));
        }
        at = end;
    }
}

/// What the answer repeats at another place: eight bytes; at the same, where not all answers do: up to sixteen, behind what hardly varies.
fn elsewhere(pairs: &[(Spot<'_>, &[u8])], bytes: &[Byte], claims: &mut Claims) {
    let looked: Vec<_> = pairs.iter().take(PAIRS).collect();
    let is_same = |(spot, ask): &(Spot<'_>, &[u8]), at: usize, from: usize, size: usize| {
        let (part, asked) = (spot.part(at, size), ask.get(from..from.saturating_add(size)));
        part.is_some() && part == asked && part.is_some_and(|part| part.iter().any(|byte| *byte != 0))
    };
    let hardly_varies = |at: usize| bytes.get(at..at.saturating_add(4)).is_some_and(|part| part.iter().all(|byte| byte.bits < BIT));
    for at in (0..claims.width().saturating_sub(7)).step_by(4) {
        if !claims.is_free(at, at.saturating_add(8)) {
            continue;
        }
        for from in (0..64_usize).step_by(4) {
            let here = looked.first().is_some_and(|(spot, _)| spot.start.saturating_add(at) == from);
            if here && hardly_varies(at) {
                continue;
            }
            let agree = |size: usize| looked.iter().filter(|pair| is_same(pair, at, from, size)).count();
            let holds = |size: &usize| {
                let end = at.saturating_add(*size);
                claims.is_free(at, end) && at_least(agree(*size), looked.len(), 80)
            };
            let sizes: &[usize] = if here { &[16, 12, 8] } else { &[8] };
            let Some(size) = sizes.iter().find(|size| holds(size)).copied() else { continue };
            let values = looked.iter().filter_map(|(spot, _)| spot.part(at, 8)).collect::<std::collections::BTreeSet<_>>().len();
            if values >= FEWEST {
                let last = from.saturating_add(size).saturating_sub(1);
                let statement = format!("The answer repeats bytes {from} to {last} of what it answers.");
                let column = Column::new(at, at.saturating_add(size), Kind::Echo, "echo", statement);
                claims.claim(agreed(column, agree(size), looked.len()));
            }
        }
    }
}

/// What counts up from message to message of one side of a session.
fn counters(spots: &[Spot<'_>], bytes: &[Byte], claims: &mut Claims) {
    let by = by_side(spots);
    for size in [4_usize, 2, 1] {
        for at in 0..claims.width() {
            let end = at.saturating_add(size);
            for order in ORDERS {
                let last = if order == ByteOrder::Big { end.saturating_sub(1) } else { at };
                let first = if order == ByteOrder::Big { at } else { end.saturating_sub(1) };
                let varies = |place: usize, least: usize| bytes.get(place).is_some_and(|byte| byte.distinct >= least);
                if !claims.is_free(at, end)
                    || !varies(last, 6)
                    || (size > 1 && !varies(first, 2))
                    || (size == 1 && order == ByteOrder::Little)
                {
                    continue;
                }
                let (agree, of) = steps(&by, (at, size, order));
                if agree >= FEWEST && at_least(agree, of, 90) {
                    let zeros = zeros_before(bytes, claims, at);
                    let start = if size == 1 { end.saturating_sub(size_at(zeros, end)) } else { at };
                    let statement = format!("Bytes {start} to {} rise by one in {agree} of {of} steps.", end.saturating_sub(1));
                    let number = |spot: &Spot<'_>| spot.number(at, size, order);
                    let rises = |one: &Spot<'_>, two: &Spot<'_>| {
                        number(one).zip(number(two)).is_none_or(|(one, two)| one.checked_add(1) == Some(two))
                    };
                    let pairs = by.values().flat_map(|list| list.windows(2));
                    let others = pairs.filter_map(|pair| if let [one, two] = pair { Some((one, two)) } else { None });
                    let others = others.filter(|(one, two)| !rises(one, two)).map(|(_, two)| *two);
                    let contrary = contrary(others, |_| false);
                    let column = Column { order: Some(order), contrary, ..Column::new(start, end, Kind::Counter, "counter", statement) };
                    claims.claim(agreed(column, agree, of));
                }
            }
        }
    }
}

/// The messages of each side of each session.
fn by_side<'a>(spots: &[Spot<'a>]) -> BTreeMap<(usize, Peer), Vec<Spot<'a>>> {
    let mut by: BTreeMap<(usize, Peer), Vec<Spot<'a>>> = BTreeMap::new();
    for spot in spots {
        by.entry((spot.row.session, spot.row.from)).or_default().push(*spot);
    }
    by
}

/// Steps by one, and all steps.
fn steps(by: &BTreeMap<(usize, Peer), Vec<Spot<'_>>>, (at, size, order): (usize, usize, ByteOrder)) -> (usize, usize) {
    let (mut agree, mut of) = (0_usize, 0_usize);
    for pair in by.values().flat_map(|list| list.windows(2)) {
        let [one, two] = pair else { continue };
        let (Some(one), Some(two)) = (one.number(at, size, order), two.number(at, size, order)) else { continue };
        of = of.saturating_add(1);
        agree = agree.saturating_add(usize::from(one.checked_add(1) == Some(two)));
        if of == 32 && agree < 16 {
            break;
        }
    }
    (agree, of)
}
