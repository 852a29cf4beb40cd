//! What changed between two sets of facts: relations that are new, that are gone, and those whose grade or direction is another one.
//!
//! Times, counts and VLAN tags alone are no change, nor is whether a SYN was seen: they are of the watching, not of the network.

use super::escape::JsonText;
use super::facts::Row;
use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Relation;
use serde::Serialize;
use serde_json::Serializer;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io;
use std::io::Write;

/// The version of the JSON records.
const VERSION: u8 = 1;

/// What became of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    New(Fact),
    /// It is not there any more.
    Gone(Fact),
    /// It is there, but its grade or direction is another one: as it was, and as it is.
    Changed(Fact, Fact),
}

impl Change {
    /// The fact as it is, or as it was last known.
    fn fact(&self) -> &Fact {
        match self {
            Self::New(fact) | Self::Gone(fact) | Self::Changed(_, fact) => fact,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::New(_) => "new",
            Self::Gone(_) => "gone",
            Self::Changed(..) => "changed",
        }
    }

    /// Services, connections, client ports; of each the new ones, those gone, those changed; then by address and port.
    fn order(&self, other: &Self) -> Ordering {
        let kind = |change: &Self| match change {
            Self::New(_) => 0,
            Self::Gone(_) => 1,
            Self::Changed(..) => 2,
        };
        let rank = |change: &Self| (heading(&change.fact().relation), kind(change), change.fact().relation);
        rank(self).cmp(&rank(other))
    }
}

/// The group of a relation, and what stands above it.
fn heading(relation: &Relation) -> (u8, &'static str) {
    match relation {
        Relation::Service(_) => (0, "services"),
        Relation::Connection(..) => (1, "connections"),
        Relation::ClientPort(..) => (2, "client ports"),
    }
}

/// All changes, in order, and how many relations are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What changed.
    pub changes: Vec<Change>,
    /// Relations without a change.
    pub same: u64,
}

impl Difference {
    /// Compares what was known with what is. Which ports clients use follows from their connections; they are left out unless `all`.
    #[must_use]
    pub fn between(old: Vec<Fact>, new: Vec<Fact>, all: bool) -> Self {
        let counts = |fact: &Fact| all || !matches!(fact.relation, Relation::ClientPort(..));
        let mut old: BTreeMap<Relation, Fact> = old.into_iter().filter(counts).map(|fact| (fact.relation, fact)).collect();
        let mut difference = Self::default();
        for fact in new.into_iter().filter(counts) {
            match old.remove(&fact.relation) {
                None => difference.changes.push(Change::New(fact)),
                Some(before) if (before.known.grade, before.direction) == (fact.known.grade, fact.direction) => {
                    difference.same = difference.same.saturating_add(1);
                }
                Some(before) => difference.changes.push(Change::Changed(before, fact)),
            }
        }
        difference.changes.extend(old.into_values().map(Change::Gone));
        difference.changes.sort_by(Change::order);
        difference
    }

    /// Writes the changes for people, a line each, and a line that counts them.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for group in self.changes.chunk_by(|one, next| heading(&one.fact().relation) == heading(&next.fact().relation)) {
            writeln!(out, "{}", group.first().map_or("", |change| heading(&change.fact().relation).1))?;
            let lines: Vec<[String; 5]> = group.iter().map(columns).collect();
            let width =
                |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|text| text.chars().count()).max().unwrap_or(0);
            let (relation_width, service_width, evidence_width) = (width(1), width(2), width(3));
            for [sign, relation, service, evidence, seen] in &lines {
                writeln!(out, "{sign} {relation:relation_width$}  {service:service_width$}  {evidence:evidence_width$}  {seen}")?;
            }
        }
        let count = |name| self.changes.iter().filter(|change| change.name() == name).count();
        writeln!(out, "{} new, {} gone, {} changed, {} the same", count("new"), count("gone"), count("changed"), self.same)
    }

    /// Writes the changes as JSON Lines.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        for change in &self.changes {
            line.clear();
            Record::of(change).serialize(&mut Serializer::with_formatter(&mut line, JsonText))?;
            line.push(b'\n');
            out.write_all(&line)?;
        }
        Ok(())
    }
}

/// A change as a JSON record: the fact as it is, or as it was last known; of a change also the grade before, and the direction where it was another one.
#[derive(Serialize)]
struct Record {
    v: u8,
    change: &'static str,
    #[serde(flatten)]
    fact: Row,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_grade: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_direction: Option<&'static str>,
}

impl Record {
    fn of(change: &Change) -> Self {
        let old = if let Change::Changed(old, _) = change { Some(old) } else { None };
        Self {
            v: VERSION,
            change: change.name(),
            fact: Row::of(change.fact()),
            old_grade: old.map(|old| old.known.grade.name()),
            old_direction: old.filter(|old| old.direction != change.fact().direction).and_then(|old| old.direction).map(Direction::name),
        }
    }
}

/// Sign, relation, service, evidence, when it was seen.
fn columns(change: &Change) -> [String; 5] {
    let fact = change.fact();
    let evidence = match change {
        Change::Changed(old, new) => {
            let grade = became(old.known.grade.name(), new.known.grade.name());
            let direction = |fact: &Fact| fact.direction.map_or("unknown", Direction::name);
            let direction = (old.direction != new.direction).then(|| became(direction(old), direction(new)));
            direction.map_or_else(|| grade.clone(), |direction| format!("{grade}, {direction}"))
        }
        Change::New(fact) | Change::Gone(fact) => match fact.direction.filter(|direction| *direction != Direction::Internal) {
            Some(direction) => format!("{}, {}", fact.known.grade.name(), direction.name()),
            None => fact.known.grade.name().to_owned(),
        },
    };
    let second = |at: crate::time::Timestamp| at.to_string().chars().take(19).collect::<String>().replace('T', " ");
    let (sign, seen) = match change {
        Change::New(_) => ("+", format!("first seen {}", second(fact.known.first_at))),
        Change::Gone(_) => ("-", format!("last seen {}", second(fact.known.last_at))),
        Change::Changed(..) => ("~", format!("last seen {}", second(fact.known.last_at))),
    };
    let service = super::services::name(fact.relation.port()).unwrap_or_default().to_owned();
    [sign.to_owned(), fact.relation.to_string(), service, evidence, seen]
}

/// `synack → data`, or once what stayed.
fn became(old: &str, new: &str) -> String {
    if old == new { new.to_owned() } else { format!("{old} → {new}") }
}
