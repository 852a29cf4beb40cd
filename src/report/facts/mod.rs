//! Exports of who serves and who speaks: the facts of a run, or of a file of facts, as other tools read them.
//!
//! An export writes the facts in the order of their relations: services, then client ports, then connections, each by address
//! and port. The same facts give the same bytes: no export looks at a clock.

mod csv;
mod dot;
mod nessus;
mod row;
mod zeek;

pub(super) use row::Row;

use super::Sink;
use super::inventory::Inventory;
use super::page::Page;
use crate::anomaly::Anomaly;
use crate::event::Event;
use crate::event::EventKind;
use crate::fact::Fact;
use crate::fact::Facts;
use std::io;
use std::io::Write;

/// An export: what `ntp-sniff facts` offers.
#[derive(Debug)]
pub struct Export {
    /// Its name, which is its option on the command line.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Writes all facts.
    pub write: fn(&dyn Facts, &mut dyn Write) -> io::Result<()>,
}

/// All exports. A new one is a new file, its `mod` line and its entry here.
pub const EXPORTS: &[Export] = &[
    Export { name: "csv", about: "comma-separated values, one fact per line, with a header line", write: csv::write },
    Export { name: "dot", about: "a picture of the network for Graphviz: hosts, and who reached whom on which ports", write: dot::write },
    Export {
        name: "nessus",
        about: ".nessus (v2) XML as Nessus Network Monitor reports it: plugins 0, 2, 3, 14, 15, 16",
        write: nessus::write,
    },
    Export { name: "zeek", about: "tab-separated values with a header as Zeek writes its logs", write: zeek::write },
];

/// Facts in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed(pub Vec<Fact>);

impl Facts for Listed {
    fn each(&self, take: &mut dyn FnMut(&Fact)) {
        self.0.iter().for_each(take);
    }
}

/// Facts in the order of their relations, of which each has one.
fn sorted(facts: &dyn Facts) -> Vec<Fact> {
    let mut sorted = Vec::new();
    facts.each(&mut |fact| sorted.push(fact.clone()));
    sorted.sort_by_key(|fact| fact.relation);
    sorted
}

/// An output that keeps the facts of a run, and whether they are all.
#[derive(Debug, Default)]
pub struct Kept {
    /// The facts, once the run is over, in the order of their relations.
    pub facts: Vec<Fact>,
    /// The most facts that are remembered, if others gave way because of it.
    pub most: Option<u64>,
    /// Whether a service was flooded or a client scanned: of theirs, not all connections that have but a SYN-ACK are facts.
    pub rationed: bool,
}

impl Sink for Kept {
    fn wants_messages(&self) -> bool {
        false
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event.kind {
            EventKind::FactsKnown(facts) => self.facts = sorted(facts),
            EventKind::AnomalyFound(Anomaly::LimitReached { limit: "facts", value }) => self.most = Some(value),
            EventKind::FloodSeen(_) | EventKind::ScannerSeen(_) => self.rationed = true,
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Draws the two tables that end the default output, who serves and who speaks, over so many columns.
///
/// # Errors
///
/// What the writer says.
pub fn tables(facts: &dyn Facts, out: &mut dyn Write, width: usize, color: bool) -> io::Result<()> {
    let mut inventory = Inventory::default();
    inventory.take(facts);
    let mut page = Page::new(width, color);
    inventory.draw_services(&mut page);
    inventory.draw_clients(&mut page);
    out.write_all(page.text().as_bytes())
}
