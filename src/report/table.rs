//! The default output, for people: the timeline as it happens, then who serves, who speaks, and the account.

use super::Show;
use super::Sink;
use super::Style;
use super::account;
use super::inventory::Inventory;
use super::page::Page;
use super::timeline::Timeline;
use crate::event::Event;
use crate::event::EventKind;
use std::io;
use std::io::Write;

/// Columns when the terminal does not say.
const USUAL_WIDTH: usize = 100;
/// Fewer columns than this hold no timeline; lines are then longer than the terminal.
const LEAST_WIDTH: usize = 80;
/// Lines longer than this are not read.
const MOST_WIDTH: usize = 400;

/// Draws what comes. Keeps what [`Timeline`] and [`Inventory`] keep, both bounded, and the text of one event.
struct TableSink {
    writer: Box<dyn Write>,
    show: Show,
    hex: bool,
    page: Page,
    timeline: Timeline,
    inventory: Inventory,
    /// Whether something was written, so that parts are set apart by an empty line.
    begun: bool,
    /// Whether the closing tables are out.
    closed: bool,
}

/// Makes the sink; what an event adds reaches the writer in one piece.
pub(super) fn open(writer: Box<dyn Write>, style: &Style) -> Box<dyn Sink> {
    let width = style.width.unwrap_or(USUAL_WIDTH).clamp(LEAST_WIDTH, MOST_WIDTH);
    Box::new(TableSink {
        writer,
        show: style.show,
        hex: style.hex,
        page: Page::new(width, style.color),
        timeline: Timeline::new(style, width),
        inventory: Inventory::default(),
        begun: false,
        closed: false,
    })
}

impl TableSink {
    /// Draws what was held back, and the tables; once.
    fn close(&mut self) {
        if self.closed {
            return;
        }
        self.closed = true;
        self.timeline.finish(&mut self.page);
        let more = self.show.services || self.show.connections || self.show.summary;
        if more && (self.begun || !self.page.text().is_empty()) {
            self.page.end();
        }
        if self.show.services {
            self.inventory.draw_services(&mut self.page);
        }
        if self.show.connections {
            self.inventory.draw_clients(&mut self.page);
        }
        if self.show.services || self.show.connections {}
    }

    /// Hands the text to the writer.
    fn write(&mut self) -> io::Result<()> {
        if !self.page.text().is_empty() {
            self.begun = true;
            self.writer.write_all(self.page.text().as_bytes())?;
            self.page.clear();
        }
        Ok(())
    }
}

impl Sink for TableSink {
    fn wants_messages(&self) -> bool {
        self.show.timeline
    }

    fn wants_connections(&self) -> bool {
        false
    }

    fn wanted_tokens(&self) -> usize {
        match (self.show.timeline, self.hex) {
            (false, _) => 0,
            // A line has no room for more: each has a column at least.
            (true, false) => MOST_WIDTH.saturating_mul(2),
            (true, true) => usize::MAX,
        }
    }

    fn wants_rows(&self) -> bool {
        self.show.timeline
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.show.timeline {
            self.timeline.event(&mut self.page, event);
        }
        if let EventKind::FactsKnown(facts) = event.kind
            && (self.show.services || self.show.connections)
        {
            self.inventory.take(facts);
        }
        if let EventKind::Summary(summary) = event.kind {
            // Where nothing could be read, the lines that say why are the report.
            let nothing_read = summary.frames == 0 && !summary.damage.is_empty();
            self.closed = self.closed || nothing_read;
            self.close();
            if self.show.summary && !nothing_read {
                account::draw(&mut self.page, summary);
            }
        }
        self.write()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.close();
        self.write()?;
        self.writer.flush()
    }
}
