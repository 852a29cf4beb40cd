//! Bytes that are an address or a port of those who talk, or text.

use super::columns::Byte;
use super::columns::Claims;
use super::columns::Column;
use super::columns::agreed;
use super::columns::contrary;
use super::numbers::at_least;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use std::net::IpAddr;

/// Fewest rows that have an address.
const FEWEST: usize = 8;

/// Shortest run of letters that is text.
const SHORTEST_TEXT: usize = 4;

fn v4(spot: &Spot<'_>, which: usize) -> Option<[u8; 4]> {
    match spot.row.ends.get(which)?.ip {
        IpAddr::V4(ip) => Some(ip.octets()),
        IpAddr::V6(_) => None,
    }
}

fn v6(spot: &Spot<'_>, which: usize) -> Option<[u8; 16]> {
    match spot.row.ends.get(which)?.ip {
        IpAddr::V6(ip) => Some(ip.octets()),
        IpAddr::V4(_) => None,
    }
}

/// Claims addresses in the networks of those who talk, and ports of theirs.
pub(super) fn claim(spots: &[Spot<'_>], claims: &mut Claims) {
    let near = |spot: &Spot<'_>, part: &[u8]| [0, 1].into_iter().any(|end| v4(spot, end).is_some_and(|ip| part.get(..2) == ip.get(..2)));
    search(spots, claims, 4, (Kind::Address, "address", "an address in the network of those who talk"), &near);
    let same = |spot: &Spot<'_>, part: &[u8]| [0, 1].into_iter().any(|end| v6(spot, end).is_some_and(|ip| part == ip));
    search(spots, claims, 16, (Kind::Address, "address", "the address of one who talks"), &same);
    let port = |spot: &Spot<'_>, part: &[u8]| {
        let value = super::numbers::number(part, ByteOrder::Big);
        // The server's alone is a constant like any other.
        spot.row.ends.first().is_some_and(|end| u64::from(end.port) == value)
    };
    search(spots, claims, 2, (Kind::Port, "port", "the client's port"), &port);
}

fn search(spots: &[Spot<'_>], claims: &mut Claims, size: usize, what: (Kind, &'static str, &str), fits: &dyn Fn(&Spot<'_>, &[u8]) -> bool) {
    for at in 0..claims.width() {
        let end = at.saturating_add(size);
        if !claims.is_free(at, end) {
            continue;
        }
        let (mut agree, mut of) = (0_usize, 0_usize);
        for (spot, part) in spots.iter().filter_map(|spot| spot.part(at, size).map(|part| (spot, part))) {
            if part.iter().all(|byte| *byte == 0) {
                continue;
            }
            of = of.saturating_add(1);
            agree = agree.saturating_add(usize::from(fits(spot, part)));
            if of == FEWEST && agree == 0 {
                break;
            }
        }
        if agree >= FEWEST && at_least(agree, of, 95) {
            let statement = format!("Bytes {at} to {} are {} in {agree} of {of} messages.", end.saturating_sub(1), what.2);
            let agrees = |spot: &Spot<'_>| spot.part(at, size).is_none_or(|part| part.iter().all(|byte| *byte == 0) || fits(spot, part));
            let contrary = contrary(spots.iter().copied(), agrees);
            let column = Column { order: Some(ByteOrder::Big), contrary, ..Column::new(at, end, what.0, what.1, statement) };
            claims.claim(agreed(column, agree, of));
        }
    }
}

/// Claims runs of letters, digits, signs and blanks that are not always the same.
pub(super) fn text(bytes: &[Byte], rows: usize, claims: &mut Claims) {
    let is_text = |claims: &Claims, at: usize| {
        bytes.get(at).is_some_and(|byte| at_least(byte.printable, rows, 97)) && claims.is_free(at, at.saturating_add(1))
    };
    let mut at = 0_usize;
    while at < claims.width() {
        let end = (at..claims.width()).find(|place| !is_text(claims, *place)).unwrap_or(claims.width());
        let varies = bytes.get(at..end).is_some_and(|run| run.iter().any(|byte| byte.distinct > 1));
        if end.saturating_sub(at) >= SHORTEST_TEXT && varies {
            let statement = format!("Bytes {at} to {} can be typed in nearly all messages.", end.saturating_sub(1));
            claims.claim(agreed(Column::new(at, end, Kind::String, "text", statement), rows, rows));
        }
        at = end.max(at.saturating_add(1));
    }
}
