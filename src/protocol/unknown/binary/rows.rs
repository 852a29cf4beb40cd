//! Messages as rows of a table whose columns may begin anywhere: what all detectors look at.

use super::numbers::number;
use crate::grammar::ByteOrder;
use crate::peer::Endpoint;
use crate::peer::Peer;
use crate::protocol::unknown::Service;
use crate::protocol::unknown::Unit;

/// Bytes of a message that inference looks at; all of it gets tokens.
pub(super) const LOOKED_AT: usize = 4096;

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) bytes: &'a [u8],
    /// Bytes of the whole message; a sum at its end is no part of `bytes`.
    pub(super) total: usize,
    pub(super) from: Peer,
    pub(super) session: usize,
    /// Its connection, and its number in it: the name it has in documents.
    pub(super) name: (u64, u64),
    /// The last message of the other side before it.
    pub(super) ask: Option<usize>,
    /// Client and server.
    pub(super) ends: [Endpoint; 2],
}

/// A row from a certain byte on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    pub(super) row: Row<'a>,
    /// Which row of all.
    pub(super) place: usize,
    pub(super) start: usize,
}

impl<'a> Spot<'a> {
    /// The bytes from here on.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.row.bytes.get(self.start..).unwrap_or_default()
    }

    pub(super) fn part(&self, at: usize, size: usize) -> Option<&'a [u8]> {
        self.rest().get(at..at.saturating_add(size))
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.rest().get(at).copied()
    }

    pub(super) fn number(&self, at: usize, size: usize, order: ByteOrder) -> Option<u64> {
        self.part(at, size).map(|bytes| number(bytes, order))
    }

    /// The same row, further on.
    pub(super) fn on(&self, by: usize) -> Self {
        Self { start: self.start.saturating_add(by).min(self.row.bytes.len()), ..*self }
    }
}

/// The messages of a service as rows.
pub(super) fn rows<'a>(service: &Service, units: &[Unit<'a>]) -> Vec<Row<'a>> {
    let mut last: std::collections::BTreeMap<(usize, Peer), usize> = std::collections::BTreeMap::new();
    let mut rows = Vec::with_capacity(units.len());
    for (place, unit) in units.iter().enumerate() {
        let other = if unit.from == Peer::Client { Peer::Server } else { Peer::Client };
        let client = service.sessions.get(unit.session).map_or(service.server, |seen| seen.client);
        rows.push(Row {
            bytes: unit.bytes.get(..LOOKED_AT).unwrap_or(unit.bytes),
            total: unit.bytes.len(),
            from: unit.from,
            session: unit.session,
            name: (service.sessions.get(unit.session).map_or(0, |seen| seen.flow.0), unit.number),
            ask: last.get(&(unit.session, other)).copied(),
            ends: [client, service.server],
        });
        last.insert((unit.session, unit.from), place);
    }
    rows
}

/// All rows from their first byte on.
pub(super) fn spots<'a>(rows: &[Row<'a>]) -> Vec<Spot<'a>> {
    rows.iter().enumerate().map(|(place, row)| Spot { row: *row, place, start: 0 }).collect()
}

/// How many bytes all but one in fifty of them have; none where there are none.
pub(super) fn width(spots: &[Spot<'_>]) -> usize {
    let mut lengths: Vec<usize> = spots.iter().map(|spot| spot.rest().len()).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 50).copied().unwrap_or(0)
}
