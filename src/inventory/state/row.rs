//! A row of the state file: a fact to columns, and back.

use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Grade;
use crate::fact::Known;
use crate::fact::Relation;
use crate::fact::Vlans;
use crate::inventory::Entry;
use crate::time::Timestamp;
use rusqlite::Result;
use rusqlite::Row;
use rusqlite::Statement;
use rusqlite::params;
use rusqlite::types::FromSqlError;
use rusqlite::types::Type;
use std::net::IpAddr;

/// The columns that name a relation: kind, client, server, port.
pub(super) fn key(relation: &Relation) -> (&'static str, String, String, u16) {
    let written = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
    (relation.kind(), written(relation.client()), written(relation.server()), relation.port())
}

/// Writes one row.
pub(super) fn save(save: &mut Statement<'_>, entry: &Entry) -> Result<()> {
    let (kind, client, server, port) = key(&entry.fact.relation);
    let known = &entry.fact.known;
    save.execute(params![
        kind,
        client,
        server,
        port,
        entry.fact.direction.map(Direction::name),
        known.grade.name(),
        known.syn_seen,
        known.first_at.nanos(),
        known.last_at.nanos(),
        i64::try_from(known.handshakes).unwrap_or(i64::MAX),
        known.vlans.to_string(),
        entry.told.map(Grade::name),
        entry.confirmed,
    ])?;
    Ok(())
}

/// Reads one row. Anybody may have written the file, so nothing in it is taken on trust.
pub(super) fn entry(row: &Row<'_>) -> Result<Entry> {
    let address = |index| -> Result<Option<IpAddr>> {
        let text: String = row.get(index)?;
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| odd(index)) }
    };
    let kind: String = row.get(0)?;
    let relation = Relation::of_parts(address(1)?, address(2)?, row.get(3)?).filter(|relation| relation.kind() == kind);
    let direction: Option<String> = row.get(4)?;
    let known = Known {
        grade: grade(row, 5)?.ok_or_else(|| odd(5))?,
        syn_seen: row.get(6)?,
        first_at: moment(row, 7)?,
        last_at: moment(row, 8)?,
        handshakes: u64::try_from(row.get::<_, i64>(9)?).map_err(|_| odd(9))?,
        vlans: row.get::<_, String>(10)?.parse::<Vlans>().map_err(|()| odd(10))?,
    };
    let direction = direction.map(|name| named(&Direction::ALL, Direction::name, &name).ok_or_else(|| odd(4))).transpose()?;
    let fact = Fact { relation: relation.ok_or_else(|| odd(0))?, direction, known };
    Ok(Entry { fact, told: grade(row, 11)?, confirmed: row.get(12)? })
}

fn grade(row: &Row<'_>, index: usize) -> Result<Option<Grade>> {
    let name: Option<String> = row.get(index)?;
    name.map(|name| named(&Grade::ALL, Grade::name, &name).ok_or_else(|| odd(index))).transpose()
}

/// The file does not say how many digits the capture had: six, unless there is more to show.
fn moment(row: &Row<'_>, index: usize) -> Result<Timestamp> {
    let nanos: i64 = row.get(index)?;
    Ok(Timestamp::from_nanos(nanos, nanos.checked_rem(1000) != Some(0)))
}

/// The one of all that has this name.
fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, wanted: &str) -> Option<T> {
    all.iter().copied().find(|one| name(*one) == wanted)
}

/// The error of a column that holds what it should not.
fn odd(index: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(FromSqlError::InvalidType))
}
