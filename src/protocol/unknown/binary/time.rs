//! Numbers that are times: the capture's own clock says which are.

use super::columns::Around;
use super::columns::Claims;
use super::columns::Column;
use super::columns::agreed;
use super::columns::contrary;
use super::numbers::ORDERS;
use super::numbers::at_least;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use crate::peer::Peer;

/// Seconds around the capture that a time may lie in: a day, as clocks differ and things are younger than that.
const AROUND: i64 = 86_400;

/// Seconds from 1900, and from 1601, to 1970.
const NTP: i64 = 2_208_988_800;
const FILETIME: i64 = 11_644_473_600;

/// Fewest rows that have a time.
const FEWEST: usize = 8;

/// Ways to write a time: bytes, seconds from its first day to 1970, how many of it make a second, bytes behind it that are its fraction.
const WAYS: [(usize, i64, u64, usize, &str); 4] = [
    (8, FILETIME, 10_000_000, 0, "100 ns since 1601"),
    (8, 0, 1000, 0, "milliseconds since 1970"),
    (4, NTP, 1, 4, "seconds since 1900"),
    (4, 0, 1, 0, "seconds since 1970"),
];

pub(super) fn claim(spots: &[Spot<'_>], around: &Around<'_>, claims: &mut Claims) {
    let seconds = |nanos: i64| nanos.div_euclid(1_000_000_000);
    let window = seconds(around.window.0.nanos()).saturating_sub(AROUND)..=seconds(around.window.1.nanos()).saturating_add(AROUND);
    for (size, epoch, parts, fraction, name) in WAYS {
        for at in 0..claims.width() {
            for order in ORDERS {
                if !claims.is_free(at, at.saturating_add(size)) {
                    continue;
                }
                let fits = |value: u64| {
                    let value = value.checked_div(parts).and_then(|value| i64::try_from(value).ok());
                    value.is_some_and(|value| window.contains(&value.saturating_sub(epoch)))
                };
                let Some((agree, of)) = agreement(spots, (at, size, order), &fits) else { continue };
                let whole = at.saturating_add(size).saturating_add(fraction);
                let end = if claims.is_free(at, whole) { whole } else { at.saturating_add(size) };
                let statement =
                    format!("Bytes {at} to {} are {name}: {agree} of {of} lie within a day of the capture.", end.saturating_sub(1));
                let column = Column::new(at, end, Kind::Timestamp, "timestamp", statement);
                let agrees = |spot: &Spot<'_>| spot.number(at, size, order).is_none_or(|value| value == 0 || fits(value));
                let contrary = if agree < of { contrary(spots.iter().copied(), agrees) } else { Vec::new() };
                claims.claim(agreed(Column { order: Some(order), contrary, ..column }, agree, of));
            }
        }
    }
}

/// Rows of one side that have such a time, and that have a number there at all; both sides where both do.
fn agreement(spots: &[Spot<'_>], (at, size, order): (usize, usize, ByteOrder), fits: &dyn Fn(u64) -> bool) -> Option<(usize, usize)> {
    let mut found: Option<(usize, usize)> = None;
    for side in [Peer::Client, Peer::Server] {
        let (mut agree, mut of) = (0_usize, 0_usize);
        for value in spots.iter().filter(|spot| spot.row.from == side).filter_map(|spot| spot.number(at, size, order)) {
            if value == 0 {
                continue;
            }
            of = of.saturating_add(1);
            agree = agree.saturating_add(usize::from(fits(value)));
            if of == FEWEST && agree == 0 {
                break;
            }
        }
        if agree >= FEWEST && at_least(agree, of, 95) {
            let before = found.unwrap_or_default();
            found = Some((before.0.saturating_add(agree), before.1.saturating_add(of)));
        }
    }
    found
}
