//! Events to what people and programs read. Outputs know only events: any protocol, any output.

mod account;
pub mod diff;
pub mod dissector;
pub mod document;
pub mod escape;
mod exchange;
pub mod explain;
pub mod facts;
mod fields;
mod frames;
mod graphviz;
pub mod held;
mod hexdump;
mod inventory;
pub mod jsonl;
mod message;
mod page;
mod pieces;
pub mod record;
pub mod scan;
#[cfg(test)]
mod script;
mod sentence;
mod services;
mod span;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod timeline;
#[cfg(feature = "watch")]
pub mod watch;
mod words;

pub use fields::Fields;
pub use tally::Tally;

use crate::event::Event;
use crate::event::Summary;
use document::model::RedactionPolicy;
use std::io;

/// An output. Gets every event in order, then the end.
pub trait Sink {
    /// Takes one event.
    ///
    /// # Errors
    ///
    /// What the writer below says; a broken pipe is one of them.
    fn event(&mut self, event: &Event<'_>) -> io::Result<()>;

    /// Whether it looks at what messages say; else it hardly gets to know more than how many there are.
    fn wants_messages(&self) -> bool {
        true
    }

    /// Whether it looks at every connection as it opens, and every fact as it is told. Else it need not be told of them: it gets the
    /// connections that are read, and all facts at the end.
    fn wants_connections(&self) -> bool {
        true
    }

    /// Whether it shows where every byte came from: messages carry their parts then.
    fn wants_parts(&self) -> bool {
        false
    }

    /// How many tokens of a message it looks at, from the first on: those behind them may be one, whose bytes are withheld.
    fn wanted_tokens(&self) -> usize {
        usize::MAX
    }

    /// Whether it takes messages that are lines of cells as [`Row`](crate::row::Row)s: not an output that shows where every byte came
    /// from, as rows do not say that.
    fn wants_rows(&self) -> bool {
        false
    }

    /// What was written so far may go to its reader. Called while the run goes on: where facts are kept from run to run, since nothing
    /// may be read that the next run would tell again; else when nothing comes for a moment.
    ///
    /// # Errors
    ///
    /// What the writer below says.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether it wants to see the counts so far. Asked now and then; they are no event, so that records do not depend on who looks.
    fn wants_counts(&self) -> bool {
        false
    }

    /// The counts so far, for who wants them.
    fn counts(&mut self, _so_far: &Summary) {}

    /// No more events will come: closes what is open and flushes.
    ///
    /// # Errors
    ///
    /// What the writer below says.
    fn finish(&mut self) -> io::Result<()>;
}

/// What the user wants to see, for every format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches of the command line")]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Whether big blocks are shown whole, and every message's sentence.
    pub verbose: bool,
    /// Whether hex dumps are shown (table).
    pub hex: bool,
    /// Whether records carry the payload as hex (JSON Lines).
    pub payload: bool,
    /// Whose names the fields of records have (JSON Lines).
    pub fields: Fields,
    /// Whether many records may go to the writer at once, since nobody waits for each (JSON Lines).
    pub gathered: bool,
    /// Columns of the terminal, when they are known (table).
    pub width: Option<usize>,
    /// Which parts the table shows.
    pub show: Show,
    /// What documents take out.
    pub redact: RedactionPolicy,
}

/// Parts of the table output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "four independent switches of --show")]
pub struct Show {
    /// Sessions, phases, messages.
    pub timeline: bool,
    /// Who speaks.
    pub connections: bool,
    /// Who serves.
    pub services: bool,
    /// The closing account.
    pub summary: bool,
}

impl Default for Show {
    fn default() -> Self {
        Self { timeline: true, connections: true, services: true, summary: true }
    }
}

/// An output format: what `--format` offers.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Whether it is one document: it cannot be cut, and can be made without its data.
    pub document: bool,
    /// Makes the sink over a writer.
    pub open: fn(Box<dyn io::Write>, &Style) -> Box<dyn Sink>,
}

/// All formats; the first is the default. A new one is a new file, its `mod` line and its entry here.
pub const FORMATS: &[Format] = &[
    Format { name: "table", about: "a timeline to read, who serves and who speaks, and a summary", document: false, open: table::open },
    Format { name: "jsonl", about: "JSON Lines: one record per event, see `ntp-sniff schema`", document: false, open: jsonl::open },
    Format {
        name: "json",
        about: "a document: sessions byte by byte, and the grammar of each protocol, see `ntp-sniff schema document`",
        document: true,
        open: document::json::open,
    },
    Format {
        name: "html",
        about: "the protocol document as one page for a browser, of 5 MB at most, that fetches nothing",
        document: true,
        open: document::html::open,
    },
];
